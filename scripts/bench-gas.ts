// Receipt gas of every published operation: production build, contracts wired as deployed, each call a cold transaction in a new block.
//   npm run -s bench:gas                  prints the rows beside their floors and peers; writes test/gas/figures.json and docs/performance.md
//   npm run -s bench:gas -- --only ROW    the same of some rows; the others stay
//   npm run -s bench:gas -- --json        one object {row: gas} on the last line; nothing is written
//   npm run -s bench:gas -- --where ROW   where its gas goes: by kind, call, function, slot and log
//   npm run -s bench:gas -- --growth      measures and draws how cost grows
//   npm run -s gas:check                  fails when a row is above its bound without a reason or more than 1 % above docs/performance.md
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { scenarios as all, type Scenario } from "../test/gas/scenarios.js";
import { Codes } from "./gas/code.js";
import { drawGrowth, measureGrowth } from "./gas/growth.js";
import { gasOf, runAll, traceOf } from "./gas/measure.js";
import {
  FIGURES,
  GROWTH,
  pretty,
  PAGE,
  comparison,
  outdated,
  readFigures,
  readGrowth,
  writePages,
  type Snapshot,
} from "./gas/performance.js";
import { count } from "./gas/text.js";
import { describe, figuresOf, floorOf, type Figures, type Traced } from "./gas/where.js";
import { buildProduction } from "./production.js";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    where: { type: "string", multiple: true },
  },
});
const TOLERANCE = 1.01;

const chosen = (keys: readonly string[] | undefined): Scenario[] =>
  all.filter(({ key }) => keys?.includes(key) ?? true);

async function tracedRows(keys: readonly string[] | undefined): Promise<Map<string, Traced[]>> {
  const rows = new Map<string, Traced[]>();
  await runAll(chosen(keys), async ({ key }, receipts, connection) => {
    rows.set(key, await Promise.all(receipts.map((receipt) => traceOf(connection, receipt))));
  });
  return rows;
}

async function gasOfRows(): Promise<Record<string, number>> {
  const gas: Record<string, number> = {};
  await runAll(chosen(flags.only), ({ key }, receipts) => Promise.resolve(void (gas[key] = gasOf(receipts))));
  return gas;
}

function print(scenario: Scenario, figures: Figures): void {
  const { peer, ratio } = comparison(scenario.key, figures.gas);
  const cells = [figures.gas, scenario.bound, floorOf(figures)].map((value) => count(value).padStart(11));
  console.log(`${scenario.key.padEnd(34)}${cells.join("")}  ${ratio.padEnd(9)} ${peer}`);
}

/** Measures, writes down, prints. */
async function report(): Promise<void> {
  const rows = await tracedRows(flags.only);
  const measured = Object.fromEntries([...rows].map(([key, traced]) => [key, figuresOf(traced)]));
  const before = flags.only === undefined ? {} : readFigures();
  const figures: Snapshot = { ...before, ...measured };
  writeFileSync(FIGURES, await pretty(FIGURES, JSON.stringify(figures, null, 2)));
  await writePages(figures, readGrowth());
  console.log(`${"row".padEnd(34)}        gas      bound      floor  ratio     best elsewhere`);
  for (const scenario of chosen(flags.only)) {
    const row = measured[scenario.key];
    if (row !== undefined) print(scenario, row);
  }
}

async function where(keys: readonly string[]): Promise<void> {
  const codes = await Codes.read();
  for (const [key, traced] of await tracedRows(keys)) console.log(`${describe(key, traced, codes)}\n`);
}

async function grow(): Promise<void> {
  const growth = await measureGrowth((line) => console.error(line));
  writeFileSync(GROWTH, await pretty(GROWTH, JSON.stringify(growth, null, 2)));
  drawGrowth(growth);
  await writePages(readFigures(), growth);
}

async function complaints(): Promise<string[]> {
  const figures = readFigures();
  const gas = await gasOfRows();
  const rows = chosen(flags.only).flatMap(({ key, bound, above }) => {
    const [now, before] = [gas[key] ?? Number.NaN, figures[key]?.gas];
    if (now > bound && above === undefined) return [`${key}: ${now} gas is above its bound of ${bound}`];
    if (before === undefined) return [`${key}: not in ${PAGE}; run npm run -s bench:gas`];
    return now <= before * TOLERANCE ? [] : [`${key}: ${now} gas is more than 1 % above the ${before} of ${PAGE}`];
  });
  const pages = (await outdated(figures, readGrowth())).map((file) => `${file} does not say what ${FIGURES} says`);
  return [...rows, ...pages];
}

await buildProduction();
let found: string[] = [];
if (flags.json) console.log(JSON.stringify(await gasOfRows()));
else if (flags.check) found = await complaints();
else if (flags.where !== undefined) await where(flags.where);
else if (flags.growth) await grow();
else await report();
for (const complaint of found) console.error(complaint);
process.exit(found.length === 0 ? 0 : 1);
