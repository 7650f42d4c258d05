import { gunzipSync } from "node:zlib";
import { existsSync, readFileSync } from "node:fs";
import { Random } from "./random.js";

/** Seconds between two prices of a path. */
export const STEP = 5;
export const DAY = 86_400;
const YEAR = 365 * DAY;
/** The day before a made-up crash: 80 % a year. */
const CALM = 0.8;
/** A made-up fall is so many standard deviations of the noise on its way. */
const DEVIATIONS = 3;
const AFTERMATH = 1_800;

/** Prices every `STEP` seconds, the first one 1; accounts are opened until `crash`. */
export interface Path {
  prices: Float64Array;
  /** Seconds. */
  crash: number;
  end: number;
}

export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
}

export interface Recorded {
  kind: "recorded";
  name: string;
  file: string;
  /** When the worst of it begins, and how many hours of it. */
  from: string;
  hours: number;
}

export interface MadeUp {
  kind: "made up";
  name: string;
  /** In percent, within so many seconds. */
  fall: number;
  seconds: number;
}

export type Scenario = Recorded | MadeUp;

export const SCENARIOS: readonly Scenario[] = [
  { kind: "made up", name: "fall-17-5m", fall: 17, seconds: 300 },
  { kind: "made up", name: "fall-31-1h", fall: 31, seconds: 3_600 },
  { kind: "made up", name: "fall-51-1d", fall: 51, seconds: DAY },
  recorded("eth-2021-05-19", "eth-2021-05-19-1m-binance-spot", "2021-05-19T11:00:00Z", 3),
  recorded("btc-2020-03-12", "btc-2020-03-12-15m-binance-spot", "2020-03-12T23:00:00Z", 4),
  recorded("eth-2022-11-08", "eth-2022-11-08-5m-binance-perp", "2022-11-08T16:30:00Z", 4),
  recorded("btc-2022-11-08", "btc-2022-11-08-5m-binance-perp", "2022-11-08T16:30:00Z", 4),
  recorded("sol-2022-11-08", "sol-2022-11-08-5m-binance-spot", "2022-11-08T16:30:00Z", 4),
];

function recorded(name: string, file: string, from: string, hours: number): Recorded {
  return { kind: "recorded", name, file: `${file}.csv.gz`, from, hours };
}

/** The path of a scenario, or nothing when its candles are not there. */
export function pathOf(scenario: Scenario, seed: number, folder: string): Path | undefined {
  if (scenario.kind === "made up") return madeUp(scenario, new Random(seed * 2 + 1));
  const file = `${folder}/${scenario.file}`;
  if (!existsSync(file)) return undefined;
  return fromCandles(readCandles(file), Date.parse(scenario.from) / 1_000, scenario.hours * 3_600);
}

/** The same moves upwards. */
export function mirrored(path: Path): Path {
  return { ...path, prices: path.prices.map((price) => 1 / price) };
}

export function readCandles(file: string): Candle[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n").slice(1);
  return lines.map((line) => {
    const [time, open, high, low, close] = line.split(",").map(Number) as [number, number, number, number, number];
    return { time, open, high, low, close };
  });
}

/** Inside a bar open, the nearer extreme for its direction, the other one, close, in straight lines. */
export function fromCandles(candles: readonly Candle[], crash: number, seconds: number): Path {
  const bar = (candles[1]?.time ?? 0) - (candles[0]?.time ?? 0);
  const part = candles.filter(({ time }) => time >= crash - DAY && time < crash + seconds);
  const first = part[0];
  if (first === undefined || bar < STEP) throw new RangeError("no candles in the window");
  const prices: number[] = [];
  for (const candle of part) {
    const corners = cornersOf(candle);
    for (let at = 0; at < bar; at += STEP) prices.push(between(corners, (3 * at) / bar) / first.open);
  }
  return { prices: Float64Array.from(prices), crash: crash - first.time, end: (prices.length - 1) * STEP };
}

function cornersOf({ open, high, low, close }: Candle): number[] {
  return close > open ? [open, low, high, close] : [open, high, low, close];
}

function between(corners: readonly number[], at: number): number {
  const left = Math.min(Math.floor(at), corners.length - 2);
  const [from, to] = [corners[left], corners[left + 1]];
  if (from === undefined || to === undefined) throw new RangeError("outside the bar");
  return from + (to - from) * (at - left);
}

/** A calm day, then a fall that ends where it should, with noise of a third of it on the way, then half an hour of noise. */
function madeUp({ fall, seconds }: MadeUp, random: Random): Path {
  const drop = Math.log(1 - fall / 100);
  const logs = [0];
  walk(logs, random, DAY / STEP, CALM / Math.sqrt(YEAR));
  const before = logs.length - 1;
  const sigma = -drop / DEVIATIONS / Math.sqrt(seconds);
  const steps = Math.round(seconds / STEP);
  walk(logs, random, steps, sigma);
  bend(logs, before, (logs[before] ?? 0) + drop);
  walk(logs, random, AFTERMATH / STEP, sigma / 2);
  return { prices: Float64Array.from(logs, Math.exp), crash: DAY, end: (logs.length - 1) * STEP };
}

function walk(logs: number[], random: Random, steps: number, sigma: number): void {
  for (let i = 0; i < steps; i++) logs.push((logs.at(-1) ?? 0) + sigma * Math.sqrt(STEP) * random.normal());
}

/** Adds the drift that makes the walk since `from` end at `to`. */
function bend(logs: number[], from: number, to: number): void {
  const steps = logs.length - 1 - from;
  const drift = (to - (logs.at(-1) ?? 0)) / steps;
  for (let i = 1; i <= steps; i++) logs[from + i] = (logs[from + i] ?? 0) + drift * i;
}
