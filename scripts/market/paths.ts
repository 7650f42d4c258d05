// A scenario by its name, or prices from a file.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Exit, FileInvalid, MarketError } from "./errors.js";
import { SCENARIOS, pathOf, type Scenario, type Tick } from "./scenarios.js";
import { PERPS } from "./world.js";

const MOST_ROWS = 5_000;
const LARGEST_STEP = 3_600;

export interface Chosen {
  readonly scenario: Scenario;
  readonly path: readonly Tick[];
}

export function choose(name: string, seed: number): Chosen {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario !== undefined) return { scenario, path: pathOf(scenario, seed) };
  if (name.endsWith(".csv")) return fromFile(name);
  const names = SCENARIOS.map((each) => each.name).join(", ");
  throw new MarketError(`there is no scenario ${name}`, `there are ${names}, or give a .csv file`, Exit.badInput);
}

/** Only the moves of its prices count: the market opens where every market here opens. */
function fromFile(file: string): Chosen {
  const rows = rowsOf(file, read(file));
  const first = rows[0];
  const path = rows.slice(1).map(({ time, prices }, i) => {
    const seconds = time - (rows[i]?.time ?? time);
    const scaled = PERPS.map(({ name, price }, k) => [name, (price * (prices[k] ?? 1)) / (first?.prices[k] ?? 1)]);
    return { phase: basename(file), seconds, prices: Object.fromEntries(scaled) as Record<string, number> };
  });
  const [usual] = SCENARIOS;
  if (usual === undefined) throw new FileInvalid(file, "no scenario to take the people from");
  return { scenario: { ...usual, name: basename(file, ".csv"), what: `prices of ${file}`, phases: [] }, path };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FileInvalid(file, `cannot be read (${(error as { code?: string }).code ?? "unknown"})`);
  }
}

function rowsOf(file: string, text: string): { time: number; prices: number[] }[] {
  const [head = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const columns = ["time", ...PERPS.map(({ name }) => name)];
  if (head.replaceAll(" ", "") !== columns.join(","))
    throw new FileInvalid(file, `the first line is "${head.slice(0, 60)}"`);
  if (lines.length < 2 || lines.length > MOST_ROWS)
    throw new FileInvalid(file, `${lines.length} rows of prices, where 2 to ${MOST_ROWS} are possible`);
  let last = -Infinity;
  return lines.map((line, i) => {
    const [time = NaN, ...prices] = line.split(",").map((cell) => (cell.trim() === "" ? NaN : Number(cell)));
    const fault = faultOf(time, prices, last);
    if (fault !== undefined) throw new FileInvalid(file, `line ${i + 2}: ${fault}`);
    last = time;
    return { time, prices };
  });
}

function faultOf(time: number, prices: readonly number[], last: number): string | undefined {
  if (!Number.isInteger(time)) return "the time is no whole number of seconds";
  if (time <= last) return `the time ${time} is not after ${last}`;
  if (last !== -Infinity && time - last > LARGEST_STEP)
    return `${time - last} s after the line before, more than an hour`;
  if (prices.length !== PERPS.length) return `${prices.length} prices, where ${PERPS.length} are expected`;
  return prices.every((price) => Number.isFinite(price) && price > 0) ? undefined : "a price is no number above zero";
}
