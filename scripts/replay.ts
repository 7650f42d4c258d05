// Crashes replayed on a local chain with the contracts as deployed: how many accounts end bankrupt, and what each stage of
// the closing chain did.
//   npm run -s replay -- [--scenario NAME|all] [--seeds N] [--first N] [--accounts N] [--impact] [--up] [--json]
//                        [--insurance N | --thin] [--capital N] [--backstop N] [--outage N]
//                        [--terms NAME=VALUE,...]
// Candles come from BALLAST_DATA, else ../shared/data; a scenario whose file is not there is left out. With --impact what is
// liquidated moves the price, and each seed runs twice. Exit 0 unless a unit of quote or of size is unaccounted for, who paid
// does not add up to what was lost, or a call failed that must not.
import { parseArgs } from "node:util";
import { tasks } from "hardhat";
import { SCENARIOS, mirrored, pathOf, type Scenario } from "../packages/reference/src/paths.js";
import { STAGE_TERMS } from "./local.js";
import { Chain, FUNDS, type Funds, type Overrides } from "./replay/market.js";
import { lines, reportOf, type Report } from "./replay/report.js";
import { Run, type Outcome } from "./replay/run.js";

const DATA = process.env["BALLAST_DATA"] ?? "../shared/data";
/** Funds of `--thin`. */
const THIN: Funds = { insurance: 10_000, backstop: 250_000, capital: 25_000 };
/** Wei that rounding may leave over. */
const SLACK = 1_000_000_000n;

class UsageError extends Error {}

interface Options {
  scenarios: Scenario[];
  seeds: number;
  first: number;
  accounts: number;
  impact: boolean;
  up: boolean;
  json: boolean;
  thin: boolean;
  outage: number;
  funds: Funds;
  terms: Overrides;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      scenario: { type: "string", default: "all" },
      seeds: { type: "string", default: "20" },
      first: { type: "string", default: "1" },
      accounts: { type: "string", default: "240" },
      impact: { type: "boolean", default: false },
      up: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      thin: { type: "boolean", default: false },
      outage: { type: "string" },
      insurance: { type: "string" },
      backstop: { type: "string" },
      capital: { type: "string" },
      terms: { type: "string", default: "" },
    },
  });
  const whole = (name: string, text: string, upper: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= upper) return value;
    throw new UsageError(`--${name} ${text}: a whole number from 1 to ${upper}`);
  };
  const scenarios = SCENARIOS.filter(({ name }) => values.scenario === "all" || values.scenario === name);
  if (scenarios.length === 0) {
    throw new UsageError(`--scenario ${values.scenario}: all, ${SCENARIOS.map(({ name }) => name).join(", ")}`);
  }
  const { impact, up, json, thin } = values;
  const usual = thin ? THIN : FUNDS;
  const fund = (name: keyof Funds): number => whole(name, values[name] ?? String(usual[name]), 1_000_000_000);
  return {
    scenarios,
    seeds: whole("seeds", values.seeds, 1_000),
    first: whole("first", values.first, 1_000_000),
    accounts: whole("accounts", values.accounts, 2_000),
    funds: { insurance: fund("insurance"), backstop: fund("backstop"), capital: fund("capital") },
    outage: values.outage === undefined ? 0 : whole("outage", values.outage, 86_400),
    terms: readTerms(values.terms),
    ...{ impact, up, json, thin },
  };
}

function readTerms(text: string): Overrides {
  const terms: Record<string, bigint> = {};
  for (const part of text.split(",").filter((part) => part !== "")) {
    const [name = "", value = ""] = part.split("=");
    if (!(name in STAGE_TERMS) || !/^\d+$/.test(value)) {
      throw new UsageError(`--terms ${part}: one of ${Object.keys(STAGE_TERMS).join(", ")}, = and a number`);
    }
    terms[name] = BigInt(value);
  }
  return terms;
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

class Campaign {
  broken = 0;

  constructor(
    private readonly chain: Chain,
    private readonly options: Options,
  ) {}

  async replay(scenario: Scenario): Promise<Report | undefined> {
    const { first, seeds, impact } = this.options;
    const outcomes: Outcome[] = [];
    const caused: number[] = [];
    for (let seed = first; seed < first + seeds; seed++) {
      const outcome = await this.run(scenario, seed, impact);
      if (outcome === undefined) return undefined;
      outcomes.push(outcome);
      if (!impact) continue;
      const without = await this.run(scenario, seed, false);
      if (without !== undefined) caused.push(outcome.liquidated - without.liquidated);
    }
    return reportOf(this.nameOf(scenario), outcomes, caused);
  }

  private async run(scenario: Scenario, seed: number, impact: boolean): Promise<Outcome | undefined> {
    const path = pathOf(scenario, seed, DATA);
    if (path === undefined) return undefined;
    const { accounts, up, outage } = this.options;
    const run = new Run(this.chain, up ? mirrored(path) : path, { seed, accounts, impact, up, outage });
    const started = Date.now();
    const outcome = await run.go();
    const { liquidated, everBankrupt } = outcome;
    const seconds = Math.round((Date.now() - started) / 1_000);
    const kind = impact ? " with impact" : "";
    tell(`${scenario.name} seed ${seed}${kind}: ${everBankrupt} of ${liquidated} bankrupt, ${seconds} s`);
    for (const what of violations(outcome)) {
      tell(`LAW BROKEN: ${what}`);
      this.broken++;
    }
    return outcome;
  }

  private nameOf({ name }: Scenario): string {
    const { up, impact, thin, outage } = this.options;
    const out = outage > 0 && `nobody at work for ${outage} s`;
    return [name, up && "upwards", impact && "with impact", thin && "thin", out].filter(Boolean).join(", ");
  }
}

function violations({ unaccounted, sizes, payers, refused }: Outcome): string[] {
  const found = [...payers.differences];
  for (const [what, left] of Object.entries({ quote: unaccounted, size: sizes })) {
    if (BigInt(left) > SLACK || BigInt(left) < -SLACK) found.push(`${left} wei of ${what} unaccounted for`);
  }
  if (refused > 0) found.push(`${refused} accounts that could not be worked on`);
  return found;
}

const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

async function main(options: Options): Promise<number> {
  tell("building ...");
  await tasks.getTask("build").run({ noTests: true, quiet: true });
  const chain = await Chain.create(options.terms, options.funds);
  const campaign = new Campaign(chain, options);
  const reports: Report[] = [];
  for (const scenario of options.scenarios) {
    const report = await campaign.replay(scenario);
    if (report === undefined) tell(`${scenario.name}: left out, no candles in ${DATA}`);
    else {
      reports.push(report);
      for (const line of lines(report)) (options.json ? tell : console.log)(line);
    }
  }
  if (options.json) console.log(JSON.stringify({ reports, broken: campaign.broken }, plain));
  return campaign.broken === 0 ? 0 : 1;
}

try {
  process.exit(await main(readOptions()));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exit(2);
}
