// Plots over time: shapes in SVG that stretch to any width, words in HTML that keep their size. No script.

/** What shapes are drawn in; the page stretches it. */
const [WIDTH, HEIGHT] = [1_000, 300];
const TICKS = 4;
const TIME_STEPS = [60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const MOST_TIMES = 6;
/** Of the width: a phase that is shorter has no room for its name, or is a moment. */
const NAMED = 0.09;
const SHORT = 0.008;

/** `colour` is a variable of the page. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

/** Part of the time, in seconds. */
export interface Band {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Plot {
  readonly title: string;
  readonly unit: string;
  /** Seconds, one for each value. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** Lines as they are, or areas and bars on top of each other. */
  readonly shape: "lines" | "areas" | "bars";
  readonly bands: readonly Band[];
  readonly named?: boolean;
  readonly fromZero?: boolean;
  /** Where the time ends, if that is after the last value. */
  readonly until?: number;
}

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export const short = (value: number): string => {
  const size = Math.abs(value);
  const [unit, name] = size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  const digits = size / unit >= 100 || size === 0 ? 0 : size / unit >= 10 ? 1 : 2;
  return `${Number((value / unit).toFixed(digits)).toLocaleString("en-US")}${name}`.replace("-", "−");
};

/** Hours and minutes. */
const hours = (seconds: number): string => {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
};

interface Scale {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

const x = ({ from, to }: Scale, time: number): number => (time - from) / Math.max(1, to - from);
const y = ({ low, high }: Scale, value: number): number => (value - low) / (high - low);
const point = (scale: Scale, time: number, value: number): string =>
  `${(WIDTH * x(scale, time)).toFixed(1)},${(HEIGHT * (1 - y(scale, value))).toFixed(1)}`;

export function plotOf(plot: Plot): string {
  const scale = scaleOf(plot);
  const shapes = { lines, areas, bars }[plot.shape](plot, scale);
  const inside = [...grid(scale), ...bands(plot, scale), ...shapes].join("");
  const box = `viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"`;
  const svg = `<svg ${box} role="img" aria-label="${escaped(plot.title)}">${inside}</svg>`;
  const head = `<figcaption>${escaped(plot.title)}<small>${escaped(plot.unit)}</small></figcaption>`;
  const words = [...names(plot, scale), ...axes(scale)].join("");
  return `<figure>${head}${legend(plot.series)}<div class="plot">${svg}${words}</div></figure>`;
}

function scaleOf({ times, series, shape, until, fromZero = shape !== "lines" }: Plot): Scale {
  const sums = times.map((_, k) => series.reduce((sum, { values }) => sum + (values[k] ?? 0), 0));
  const all = shape === "lines" ? series.flatMap(({ values }) => values) : sums;
  const least = all.reduce((low, value) => Math.min(low, value), fromZero ? 0 : Infinity);
  const most = all.reduce((high, value) => Math.max(high, value), fromZero ? 0 : -Infinity);
  const step = stepOf(Math.max(most - least, Math.abs(most) * 1e-3, 1e-6) / TICKS);
  const [first, last] = [Math.floor(least / step), Math.max(Math.ceil(most / step), Math.floor(least / step) + 1)];
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { from: times[0] ?? 0, to: until ?? times.at(-1) ?? 1, low: first * step, high: last * step, ticks };
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 2.5, 5].find((factor) => factor * power >= least * 0.999) ?? 10);
}

function lines({ times, series }: Plot, scale: Scale): string[] {
  return series.map(({ values, colour }) => {
    const points = values.map((value, k) => point(scale, times[k] ?? 0, value)).join(" ");
    return `<polyline class="line" style="stroke:var(--${colour})" points="${points}"/>`;
  });
}

function areas({ times, series }: Plot, scale: Scale): string[] {
  const below = times.map(() => 0);
  return series.map(({ values, colour }) => {
    const under = times.map((time, k) => point(scale, time, below[k] ?? 0));
    values.forEach((value, k) => (below[k] = (below[k] ?? 0) + value));
    const over = times.map((time, k) => point(scale, time, below[k] ?? 0));
    return `<polygon style="fill:var(--${colour})" points="${[...over, ...under.reverse()].join(" ")}"/>`;
  });
}

/** Each from its time to the next. */
function bars({ times, series }: Plot, scale: Scale): string[] {
  const below = times.map(() => 0);
  return series.flatMap(({ values, colour }) =>
    values.map((value, k) => {
      const [from, to] = [times[k] ?? 0, times[k + 1] ?? scale.to];
      const bottom = below[k] ?? 0;
      below[k] = bottom + value;
      if (value === 0) return "";
      const [left, top] = point(scale, from, bottom + value).split(",");
      const [width, height] = [WIDTH * (x(scale, to) - x(scale, from)), HEIGHT * (value / (scale.high - scale.low))];
      const size = `width="${Math.max(1, width * 0.85).toFixed(1)}" height="${height.toFixed(1)}"`;
      return `<rect style="fill:var(--${colour})" x="${left}" y="${top}" ${size}/>`;
    }),
  );
}

const grid = (scale: Scale): string[] =>
  scale.ticks.map((tick) => {
    const at = (HEIGHT * (1 - y(scale, tick))).toFixed(1);
    return `<line class="${tick === 0 ? "zero" : "grid"}" x1="0" x2="${WIDTH}" y1="${at}" y2="${at}"/>`;
  });

/** Every other phase is shaded; one of a single block is a line. */
function bands({ bands: all }: Plot, scale: Scale): string[] {
  let shaded = true;
  return all.map(({ from, to }) => {
    const [left, right] = [WIDTH * x(scale, from), WIDTH * x(scale, to)];
    if (right - left < SHORT * WIDTH)
      return `<line class="moment" x1="${left.toFixed(1)}" x2="${left.toFixed(1)}" y1="0" y2="${HEIGHT}"/>`;
    shaded = !shaded;
    if (!shaded) return "";
    return `<rect class="band" x="${left.toFixed(1)}" width="${(right - left).toFixed(1)}" y="0" height="${HEIGHT}"/>`;
  });
}

function names({ bands: all, named = false }: Plot, scale: Scale): string[] {
  if (!named) return [];
  return all.map(({ name, from, to }) => {
    const [left, width] = [x(scale, from), x(scale, to) - x(scale, from)];
    const place = `left:${(100 * left).toFixed(2)}%`;
    if (width < SHORT) return `<span class="moment" style="${place}">${escaped(name)}</span>`;
    const kind = width < NAMED ? "phase small" : "phase";
    return `<span class="${kind}" style="${place};width:${(100 * width).toFixed(2)}%">${escaped(name)}</span>`;
  });
}

function axes(scale: Scale): string[] {
  const values = scale.ticks.map(
    (tick) => `<span class="value" style="bottom:${(100 * y(scale, tick)).toFixed(2)}%">${short(tick)}</span>`,
  );
  const span = scale.to - scale.from;
  const step = TIME_STEPS.find((seconds) => span / seconds <= MOST_TIMES) ?? span;
  const count = Math.floor((scale.to - Math.ceil(scale.from / step) * step) / step) + 1;
  const times = Array.from({ length: count }, (_, i) => (Math.ceil(scale.from / step) + i) * step);
  const marks = times.map(
    (time) => `<span class="time" style="left:${(100 * x(scale, time)).toFixed(2)}%">${hours(time)}</span>`,
  );
  return [...values, ...marks];
}

const legend = (series: readonly Pick<Series, "name" | "colour">[]): string => {
  if (series.length < 2) return "";
  const keys = series.map(
    ({ name, colour }) => `<span><i style="background:var(--${colour})"></i>${escaped(name)}</span>`,
  );
  return `<p class="key">${keys.join("")}</p>`;
};
