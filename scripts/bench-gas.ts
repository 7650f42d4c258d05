// Receipt gas of every published operation: production build, contracts wired as deployed, each call a cold transaction
// in a new block.   npm run -s bench:gas [-- --json | --check | --update | --only KEY ...]
// --check fails when a row is above its bound or more than 1 % above test/gas/baseline.json.
import type { ContractTransactionResponse } from "ethers";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildProduction, hre } from "./production.js";
import { deployLocal } from "./local.js";
import { scenarios as all } from "../test/gas/scenarios.js";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
  },
});
const scenarios = all.filter(({ key }) => flags.only?.includes(key) ?? true);

const BASELINE = "test/gas/baseline.json";
const TOLERANCE = 1.01;

type Figures = Record<string, number>;

async function gasOf(measured: ContractTransactionResponse | ContractTransactionResponse[]): Promise<number> {
  let gas = 0;
  for (const transaction of [measured].flat()) gas += Number((await transaction.wait())?.gasUsed ?? Number.NaN);
  return gas;
}

async function measure(): Promise<Figures> {
  const connection = await hre.network.create();
  const world = await deployLocal(connection);
  const clean = await connection.networkHelpers.takeSnapshot();
  const figures: Figures = {};
  for (const scenario of scenarios) {
    // A scenario may give assets other feeds, which end with it.
    figures[scenario.key] = await gasOf(await scenario.run({ ...world, feeds: new Map(world.feeds) }));
    await clean.restore();
  }
  return figures;
}

function complaints(figures: Figures): string[] {
  const baseline = JSON.parse(readFileSync(BASELINE, "utf8")) as Figures;
  return scenarios.flatMap(({ key, bound, above }) => {
    const gas = figures[key] ?? Number.NaN;
    const before = baseline[key];
    if (Number.isNaN(gas)) return [`${key}: not measured`];
    if (gas > bound && above === undefined) return [`${key}: ${gas} gas is above its bound of ${bound}`];
    if (before === undefined) return [`${key}: no baseline; run with --update`];
    return gas <= before * TOLERANCE ? [] : [`${key}: ${gas} gas is more than 1 % above the baseline of ${before}`];
  });
}

await buildProduction();
const figures = await measure();
if (flags.json) console.log(JSON.stringify(figures));
else {
  for (const { key, bound, above } of scenarios) {
    const gas = figures[key] ?? Number.NaN;
    console.log(`${key.padEnd(34)} ${gas} of ${bound}${gas > bound && above !== undefined ? ` (${above})` : ""}`);
  }
}
if (flags.update) {
  const before = JSON.parse(readFileSync(BASELINE, "utf8")) as Figures;
  writeFileSync(
    BASELINE,
    `${JSON.stringify(flags.only === undefined ? figures : { ...before, ...figures }, null, 2)}\n`,
  );
}
const found = flags.check ? complaints(figures) : [];
for (const complaint of found) console.error(complaint);
process.exit(found.length === 0 ? 0 : 1);
