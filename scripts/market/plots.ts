// Plots as SVG, in colours that light and dark pages both carry.
import { clock } from "./numbers.js";

const [WIDTH, HEIGHT] = [760, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 12, 10, 26];
const GRID = 4;
export const COLOURS = ["#4c78a8", "#f58518", "#54a24b", "#e45756", "#b279a2", "#9d755d"] as const;

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const short = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(size >= 1e7 ? 0 : 1)}M`;
  if (size >= 1e3) return `${(value / 1e3).toFixed(size >= 1e4 ? 0 : 1)}k`;
  return size >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(2);
};

interface Frame {
  readonly low: number;
  readonly high: number;
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
}

function frameOf(times: readonly number[], low: number, high: number): Frame {
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 1];
  const top = high === low ? low + 1 : high;
  return {
    ...{ low, high: top },
    x: (time) => LEFT + ((WIDTH - LEFT - RIGHT) * (time - from)) / Math.max(1, to - from),
    y: (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - low)) / (top - low),
  };
}

/** Lines over time; times in seconds. */
export function linePlot(title: string, times: readonly number[], series: readonly Series[], fromZero = false): string {
  const all = series.flatMap(({ values }) => values);
  const low = fromZero ? Math.min(0, ...all) : Math.min(...all);
  const frame = frameOf(times, low, Math.max(...all, low));
  const lines = series.map(({ values }, i) => {
    const points = values.map((value, k) => `${frame.x(times[k] ?? 0).toFixed(1)},${frame.y(value).toFixed(1)}`);
    return `<polyline fill="none" stroke="${colour(i)}" stroke-width="1.6" points="${points.join(" ")}"/>`;
  });
  return figure(title, series, [...grid(frame, times), ...lines]);
}

/** Areas on top of each other over time. */
export function areaPlot(title: string, times: readonly number[], series: readonly Series[]): string {
  const sums = times.map((_, k) => series.reduce((sum, { values }) => sum + (values[k] ?? 0), 0));
  const frame = frameOf(times, 0, Math.max(...sums, 0));
  const below = times.map(() => 0);
  const areas = series.map(({ values }, i) => {
    const under = times.map((time, k) => `${frame.x(time).toFixed(1)},${frame.y(below[k] ?? 0).toFixed(1)}`);
    values.forEach((value, k) => (below[k] = (below[k] ?? 0) + value));
    const over = times.map((time, k) => `${frame.x(time).toFixed(1)},${frame.y(below[k] ?? 0).toFixed(1)}`);
    return `<polygon fill="${colour(i)}" fill-opacity="0.75" points="${[...over, ...under.reverse()].join(" ")}"/>`;
  });
  return figure(title, series, [...grid(frame, times), ...areas]);
}

const BAR = 26;

/** One bar for each name, none of them below zero. */
export function barPlot(title: string, bars: readonly { name: string; value: number }[]): string {
  const most = Math.max(...bars.map(({ value }) => value), 1e-9);
  const room = WIDTH - 190 - 90;
  const rows = bars.map(({ name, value }, i) => {
    const [y, width] = [i * BAR + 4, Math.max(0, (room * value) / most)];
    const middle = y + BAR / 2;
    return [
      `<text x="180" y="${middle}" text-anchor="end" dominant-baseline="middle">${escaped(name)}</text>`,
      `<rect x="188" y="${y}" width="${width.toFixed(1)}" height="${BAR - 8}" fill="${colour(i)}"/>`,
      `<text x="${(194 + width).toFixed(1)}" y="${middle - 2}" dominant-baseline="middle">${short(value)}</text>`,
    ].join("");
  });
  return figure(title, [], rows, bars.length * BAR + 8);
}

const colour = (i: number): string => COLOURS[i % COLOURS.length] ?? COLOURS[0];

function grid({ low, high, x, y }: Frame, times: readonly number[]): string[] {
  const steps = Array.from({ length: GRID + 1 }, (_, i) => i / GRID);
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 1];
  const across = steps.map((part) => {
    const value = low + (high - low) * part;
    const at = y(value).toFixed(1);
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${short(value)}</text>`;
  });
  const down = steps.map((part) => {
    const time = Math.round(from + (to - from) * part);
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    return `<text x="${x(time).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="${anchor}">${clock(time)}</text>`;
  });
  return [...across, ...down];
}

function figure(title: string, series: readonly Series[], parts: readonly string[], height = HEIGHT): string {
  const keys = series.map(({ name }, i) => `<span><i style="background:${colour(i)}"></i>${escaped(name)}</span>`);
  const svg = `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">${parts.join("")}</svg>`;
  return `<figure><figcaption>${escaped(title)}</figcaption>${svg}<p class="key">${keys.join("")}</p></figure>`;
}
