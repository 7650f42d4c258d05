// A plot as a picture of its own, in colours that light and dark pages both carry.
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT] = [720, 260];
const [LEFT, RIGHT, TOP, BOTTOM] = [72, 20, 34, 44];
const COLOURS = ["#4c78a8", "#f58518", "#54a24b", "#e45756"];
const STEPS = [1, 2, 2.5, 5, 10];
const LINES = 5;

/** Points joined by lines; y begins at nothing. */
export function plot(title: string, axis: string, series: readonly Series[], logarithmic = false): string {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const step = stepOf(Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y))) / LINES);
  const top = step * LINES;
  const scale = logarithmic ? Math.log10 : (x: number) => x;
  const [from, to] = [logarithmic ? scale(xs[0] ?? 1) : 0, scale(xs.at(-1) ?? 1)];
  const place = (x: number): string => (LEFT + ((WIDTH - LEFT - RIGHT) * (scale(x) - from)) / (to - from)).toFixed(1);
  const height = (y: number): string => (HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * y) / top).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}" font-family="sans-serif" font-size="12" fill="#808080">`,
    ...Array.from({ length: LINES + 1 }, (_, i) => gridLine(i * step, height(i * step))),
    ...xs.map((x) => text(place(x), HEIGHT - BOTTOM + 16, "middle", grouped(x))),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", axis),
    ...series.flatMap(({ name, points }, i) => {
      const at = points.map(([x, y]) => [place(x), height(y)] as const);
      return line(name, at, COLOURS[i % COLOURS.length] ?? "", i);
    }),
    "</svg>\n",
  ].join("\n");
}

/** The least round number that is not below. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (STEPS.find((step) => step * power >= least) ?? 10);
}

const gridLine = (value: number, y: string): string =>
  `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#808080" stroke-opacity="0.3"/>` +
  text(LEFT - 8, Number(y) + 4, "end", grouped(value));

function line(name: string, at: readonly (readonly [string, string])[], colour: string, index: number): string[] {
  const points = at.map((point) => point.join(",")).join(" ");
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points}"/>`,
    ...at.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
    `<text x="${LEFT + 190 * index}" y="16" fill="${colour}">${name}</text>`,
  ];
}

const text = (x: number | string, y: number, anchor: string, content: string): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;

const grouped = (value: number): string => value.toLocaleString("en-US");
