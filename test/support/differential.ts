// The twin against the contracts: every formula is asked the same questions on both sides, and must answer, or refuse, the
// same.
import { readFileSync } from "node:fs";
import { AbiCoder, type FunctionFragment, type Interface, type Result } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import * as Twin from "@ballast/math";
import { Random } from "../../packages/reference/src/random.js";
import { Mood, NOW, entangle, inputOf, makeLeg, packLegs, spread, type Input } from "./inputs.js";

const LIBRARIES = [
  ...["Average", "Budgets", "Deleverage", "Entries", "Funding", "Incentives", "Legs", "Margin", "Minutes"],
  ...["Outflows", "Quoting", "Reduction", "Shares", "Ticks", "Vesting", "Volatility", "FixedPoint"],
];
const CORE = ["Accounting", "Assessor", "Markets", "Planner", "Quotes"];
const CALLS_PER_BATCH = 250;
const GAS = 900_000_000n;
/** Formulas that look at the clock: the twin is told the time. */
const TIMED = new Set([
  ...["Entries.room", "Entries.enter", "Quotes.price"],
  ...["Minutes.current", "Minutes.plus", "Minutes.left"],
]);
/** What is searched for step by step is asked more often. */
const WEIGHTS: Record<string, number> = {
  "Reduction.plan": 10,
  "Planner.plan": 4,
  "Planner.better": 4,
  "Assessor.noWorse": 4,
};
/** Panics, and what the contracts' arithmetic refuses with, by the first bytes of the answer. */
const ARITHMETIC = new Set(["0x4e487b71", "0xae47f702", "0x65244e4e", "0x1615e638", "0xa37bfec9"]);

interface Formula {
  name: string;
  fragment: FunctionFragment;
  interface: Interface;
  twin: (...inputs: unknown[]) => unknown;
}

interface Batching {
  batch: { staticCall: (calls: string[], options: object) => Promise<[bigint, { answered: boolean; data: string }[]]> };
}

export interface Mismatch {
  formula: string;
  inputs: Input[];
  contract: string;
  twin: string;
}

export interface Report {
  cases: number;
  functions: number;
  /** Cases that both sides refused. */
  refused: number;
  seed: number;
  mismatches: Mismatch[];
}

/** Asks so many questions, spread over all formulas. */
export async function differential(connection: NetworkConnection, cases: number, seed: number): Promise<Report> {
  const report: Report = { cases: 0, functions: 0, refused: 0, seed, mismatches: [] };
  const harnesses = await Promise.all([...LIBRARIES, ...CORE].map((name) => harnessOf(connection, name)));
  const formulas = harnesses.flatMap(({ formulas }) => formulas);
  const weights = formulas.reduce((sum, { name }) => sum + (WEIGHTS[name] ?? 1), 0);
  report.functions = formulas.length;
  for (const { harness, formulas } of harnesses) {
    for (const formula of formulas) {
      const count = Math.ceil((cases * (WEIGHTS[formula.name] ?? 1)) / weights);
      await ask(harness, formula, count, new Random(seed ^ hash(formula.name)), report);
    }
  }
  return report;
}

/** The name of a formula; a harness adds a line to one that bindings have a meaning for. */
export function plain(name: string): string {
  return name.replace(/_$/, "");
}

/** What must be asked: the functions in the source of a library that read no ledger. */
export function functionsOf(library: string): string[] {
  const folder = library === "FixedPoint" ? "libraries/math" : LIBRARIES.includes(library) ? "libraries" : "core";
  const source = readFileSync(`contracts/${folder}/${library}.sol`, "utf8");
  const found = source.matchAll(/function (\w+)\(([^)]*)\)\s+internal (?:pure|view)?/g);
  const asked = [...found].filter(([, , parameters = ""]) => !/(Ledger|Perp) storage|Change memory/.test(parameters));
  return asked.map(([, name = ""]) => name);
}

export { CORE, LIBRARIES };

async function harnessOf(connection: NetworkConnection, library: string) {
  const linked = library === "Planner" ? { Planning: await connection.ethers.deployContract("Planning") } : {};
  const contract = await connection.ethers.deployContract(`${library}Formulas`, { libraries: linked });
  await contract.waitForDeployment();
  const { interface: abi } = contract;
  const formulas: Formula[] = [];
  abi.forEachFunction((fragment) => {
    if (fragment.name !== "batch") formulas.push(formulaOf(library, fragment, abi));
  });
  return { harness: contract as unknown as Batching, formulas };
}

function formulaOf(library: string, fragment: FunctionFragment, abi: Interface): Formula {
  const modules = Twin as unknown as Record<string, Record<string, Formula["twin"]> | undefined>;
  const name = plain(fragment.name);
  const twin = modules[library]?.[name];
  if (twin === undefined) throw new TypeError(`the twin has no ${library}.${name}`);
  return { name: `${library}.${name}`, fragment, interface: abi, twin };
}

async function ask(harness: Batching, formula: Formula, count: number, random: Random, report: Report): Promise<void> {
  for (let left = count; left > 0; left -= CALLS_PER_BATCH) {
    const inputs = Array.from({ length: Math.min(left, CALLS_PER_BATCH) }, () => makeInputs(formula, random));
    const calls = inputs.map((values) => formula.interface.encodeFunctionData(formula.fragment, values));
    const [time, outcomes] = await harness.batch.staticCall(calls, { gasLimit: GAS });
    for (const [i, values] of inputs.entries()) {
      const outcome = outcomes[i];
      if (outcome !== undefined) judge(formula, values, time, outcome, report);
    }
  }
}

function judge(
  formula: Formula,
  inputs: Input[],
  time: bigint,
  outcome: { answered: boolean; data: string },
  report: Report,
): void {
  const contract = outcome.answered ? outcome.data : refusalOf(formula, outcome.data);
  const twin = answerOf(formula, TIMED.has(formula.name) ? [...inputs, time] : inputs);
  report.cases++;
  if (!outcome.answered) report.refused++;
  if (contract !== twin) report.mismatches.push({ formula: formula.name, inputs, contract, twin });
}

/** Which of two operands that fail is met first is the compiler's own business: all that arithmetic refuses is one. */
function refusalOf({ interface: abi }: Formula, data: string): string {
  if (ARITHMETIC.has(data.slice(0, 10))) return Twin.ArithmeticError.name;
  return abi.parseError(data)?.name ?? data;
}

/** What the twin answers, as the contract would write it, or the name of what it throws. */
function answerOf({ twin, fragment: { outputs } }: Formula, inputs: unknown[]): string {
  try {
    const answer = twin(...inputs);
    const values = outputs.length === 1 ? [answer] : outputs.map(({ name }) => (answer as Result)[name] as unknown);
    return AbiCoder.defaultAbiCoder().encode(outputs, values);
  } catch (error) {
    if (error instanceof Twin.ArithmeticError) return Twin.ArithmeticError.name;
    return error instanceof Error ? error.name : String(error);
  }
}

const MOODS = [() => [1, 0, 0], () => [0.85, 0.1, 0.05], () => [0.1, 0.8, 0.1], () => [0, 0.2, 0.8]] as const;

function makeInputs({ name, fragment }: Formula, random: Random): Input[] {
  const special = SPECIAL[name];
  if (special !== undefined && (name === "Legs.remove" || random.below(4) !== 0)) return special(random);
  const [usual = 1, edge = 0] = random.pick([MOODS[0], MOODS[0], MOODS[1], MOODS[1], MOODS[2], MOODS[3]])();
  const mood = () => {
    const draw = random.fraction();
    return draw < usual ? Mood.Usual : draw < usual + edge ? Mood.Edge : Mood.Wild;
  };
  const inputs = fragment.inputs.map((param) => inputOf(random, param, mood));
  const alike = new Set(fragment.inputs.map(({ type }) => type)).size === 1;
  if (alike && random.below(8) === 0) entangle(random, inputs);
  return inputs;
}

/** Inputs that belong together. */
const SPECIAL: Record<string, (random: Random) => Input[]> = {
  "Reduction.plan": (random) => [makeLeg(random, true)],
  "Reduction.closing": (random) => {
    const leg = makeLeg(random, false);
    return [leg, random.below(8) === 0 ? leg.size : spread(random, leg.size)];
  },
  "Planner.plan": makeCase,
  "Planner.legOf": makeCase,
  "Planner.orphaned": (random) => [...makeCase(random).slice(0, 4), spread(random, 10n ** 24n)],
  "Planner.better": makePlans,
  "Assessor.liquidatable": makeAssessment,
  "Assessor.overborrowed": makeDebt,
  "Assessor.noWorse": makeStandings,
  "Legs.count": (random) => [makeLegs(random).packed],
  "Legs.list": (random) => [makeLegs(random).packed],
  "Legs.legAt": (random) => [makeLegs(random).packed, BigInt(random.below(9))],
  "Legs.contains": withLeg,
  "Legs.add": (random) => [makeLegs(random).packed, BigInt(1 + random.below(4_095))],
  "Legs.remove": withLeg,
  "Minutes.current": (random) => [makeMinute(random)],
  "Minutes.plus": (random) => [makeMinute(random), spread(random, 10n ** 32n)],
  "Minutes.left": makeAllowance,
  "Vesting.lockedAt": (random) => [makeLocked(random), makeTime(random)],
  "Vesting.gain": (random) => [makeLocked(random), spread(random, 10n ** 30n), makeTime(random)],
  "Vesting.lose": (random) => [makeLocked(random), spread(random, 10n ** 30n), makeTime(random)],
  "Vesting.follow": (random) => {
    const before = spread(random, 10n ** 30n);
    return [makeLocked(random), before, random.pick([before, spread(random, 10n ** 30n)]), makeTime(random)];
  },
};

/** Two that are hardly different. */
function twins<T extends Record<string, Input>>(random: Random, one: T): [T, Input] {
  const near = (value: Input) =>
    typeof value === "bigint" && value !== 0n ? value + BigInt(random.below(3) - 1) : value;
  return [one, Object.fromEntries(Object.entries(one).map(([name, value]) => [name, near(value)]))];
}

function makeStandings(random: Random): Input[] {
  const signed = () => spread(random, 10n ** 24n) * random.pick([1n, -1n]);
  const [equity, marginEquity, maintenance] = [signed(), signed(), spread(random, 10n ** 24n)];
  return twins(random, { equity, marginEquity, maintenance, collateral: 0n });
}

/** Around the lines of the wick guard. */
function makeAssessment(random: Random): Input[] {
  const [maintenance, fastMaintenance] = [10_000n * spread(random, 10n ** 24n), spread(random, 10n ** 24n)];
  const near = (value: bigint) => value + BigInt(random.below(3) - 1);
  const marginEquity = near(random.pick([maintenance, (maintenance * 8n) / 10n, maintenance / 2n]));
  const fastMarginEquity = near(fastMaintenance);
  const rest = { equity: 0n, initialEquity: 0n, initial: 0n, quoteEquity: 0n, collateral: 0n, diverged: false };
  return [{ marginEquity, maintenance, fastMarginEquity, fastMaintenance, ...rest }];
}

/** Around the cap of what may be owed against spot. */
function makeDebt(random: Random): Input[] {
  const [collateral, cap] = [10_000n * spread(random, 10n ** 24n), random.between(0n, 10_000n)];
  const owed = (collateral * cap) / 10_000n + BigInt(random.below(3) - 1);
  return [{ equity: collateral - owed, marginEquity: 0n, maintenance: 0n, collateral }, cap];
}

function makePlans(random: Random): Input[] {
  const [size, expense] = [spread(random, 10n ** 24n), spread(random, 10n ** 24n)];
  const [equity, maintenance] = [spread(random, 10n ** 24n), spread(random, 10n ** 24n)];
  return twins(random, { size, toxic: false, reaches: random.below(2) === 0, expense, equity, maintenance });
}

function makeLegs(random: Random): { packed: bigint; legs: bigint[] } {
  const legs = packLegs(random, 1 + random.below(8));
  return { packed: legs.reduceRight((packed, leg) => (packed << 12n) | leg, 0n), legs };
}

function withLeg(random: Random): Input[] {
  const { packed, legs } = makeLegs(random);
  return [packed, random.pick(legs)];
}

/** One that may have ended. */
function makeMinute(random: Random): { used: bigint; start: bigint } {
  return { used: spread(random, 10n ** 32n), start: NOW + random.between(-90n, 180n) };
}

/** Around what a minute allows. */
function makeAllowance(random: Random): Input[] {
  const [{ start }, depth, rate] = [makeMinute(random), spread(random, 10n ** 28n), random.between(0n, 10_000n)];
  const most = (depth * rate) / 10_000n;
  return [{ used: random.pick([most, most + 1n, spread(random, most)]), start }, depth, rate];
}

function makeTime(random: Random): bigint {
  return NOW + random.between(0n, 100_000n);
}

function makeLocked(random: Random): Input {
  const start = (NOW - random.between(0n, 86_400n)) * 1_000_000n;
  return { amount: spread(random, 10n ** 30n), start, end: start + 1n + random.between(0n, 86_400_000_000n) };
}

/** A leg as a plan of the ledger meets it. */
function makeCase(random: Random): Input[] {
  const { spot, equity, otherMaintenance, size, price, rate, depth, haircut, target, cost, gross } = makeLeg(
    random,
    false,
  );
  const none = { floorRate: 0n, capRate: 0n, initialFactor: 0n, initialCap: 0n, deviations: 0n, horizon: 0n };
  const funding = { fundingSlope: 0n, fundingCap: 0n };
  const state = BigInt(random.below(4));
  const config = { kind: spot ? 2n : 1n, state, haircut, ...none, ...funding, depth: depth % (1n << 96n) };
  const rates = { maintenanceRate: rate, initialRate: 2n * rate };
  const market = { config, fundingIndex: 0n, ...rates, maintenanceDepth: depth, initialDepth: depth };
  const latched = { mark: price, fast: price, slow: price, sigma: 0n, updatedAt: 0n, status: BigInt(random.below(3)) };
  const held = random.below(2) === 0 && !spot ? -size : size;
  const { maintenance } = Twin.Assessor.leg(market, held, latched);
  const standing = { equity: gross, marginEquity: equity, maintenance: maintenance + otherMaintenance, collateral: 0n };
  return [standing, market, held, latched, target, cost];
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0;
  return sum;
}
