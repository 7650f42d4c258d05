// What a market came to: who lost what, who paid, how fast, at what cost, and whether every law held.
import { WAD } from "@ballast/math";
import { DUST, FEES, INSURANCE, TREASURY, deficitRow } from "@ballast/mirror";
import { accountId } from "@ballast/sdk";
import { createHash } from "node:crypto";
import type { Actor } from "./actors.js";
import { LAWS, type Law } from "./laws.js";
import { quantile } from "./numbers.js";
import { toNumber, type Frame, type Observer } from "./observer.js";
import type { Trades } from "./play.js";
import type { HolderPlan, Population } from "./population.js";
import { remainsOf, type Remains } from "./remains.js";
import type { Scenario, Tick } from "./scenarios.js";
import { CLOSING, type Closing } from "./tally.js";
import { PERPS, vaultOf, type World } from "./world.js";

export interface LawReport {
  readonly says: string;
  readonly held: boolean;
  readonly checked: number;
  readonly broken: readonly string[];
}

export interface StageReport {
  readonly steps: number;
  readonly accounts: number;
  readonly notional: number;
  /** Paid by the accounts beyond mark. */
  readonly cost: number;
}

export interface Group {
  readonly name: string;
  readonly accounts: number;
  readonly brought: number;
  readonly equity: number;
  /** With what spot gained or lost. */
  readonly change: number;
}

export interface ProcessReport {
  readonly name: string;
  readonly sent: number;
  readonly bySort: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Milliseconds from word of a block to the wire. */
  readonly latency: { readonly median: number; readonly p95: number; readonly most: number };
  readonly warnings: number;
  readonly errors: number;
}

export interface Report {
  readonly scenario: string;
  readonly what: string;
  readonly seed: number;
  readonly node: string;
  /** Of path and people: the same for the same seed. */
  readonly market: string;
  readonly accounts: {
    readonly opened: number;
    readonly refused: number;
    /** Why somebody could not open what he planned, each reason once. */
    readonly refusals: readonly string[];
    readonly liquidated: number;
    readonly bankrupt: number;
  };
  readonly blocks: number;
  /** Seconds of the chain, and of the clock. */
  readonly seconds: number;
  readonly took: number;
  readonly laws: Readonly<Record<string, LawReport>>;
  readonly stages: {
    readonly closing: Readonly<Record<Closing, StageReport>>;
    readonly paying: {
      readonly ownMargin: number;
      readonly insurance: number;
      readonly share: number;
      readonly standing: number;
    };
    /** Stages that did nothing. */
    readonly idle: readonly string[];
  };
  /** Beyond all margin, in wei of quote. */
  readonly loss: string;
  readonly paid: Readonly<Record<"insurance" | "rewards" | "shares" | "income" | "standing", string>>;
  /** Loss that nobody paid and that stands nowhere, in wei. */
  readonly unaccounted: string;
  readonly groups: readonly Group[];
  /** Seconds of the chain from a lot's opening to a fill. */
  readonly fill: {
    readonly lots: number;
    readonly fills: number;
    readonly median: number;
    readonly p90: number;
    readonly most: number;
  };
  /** Of transactions that did something with an account or a lot. */
  readonly gas: { readonly transactions: number; readonly median: number; readonly most: number };
  readonly keeper: ProcessReport;
  readonly processes: readonly ProcessReport[];
  readonly trades: Trades;
  /** Who still fails at the end, leg by leg. */
  readonly remains: readonly Remains[];
  readonly compared: number;
  /** The furthest that rows were from what is held, in wei. */
  readonly dust: string;
  readonly batches: { readonly skipped: number; readonly failedStages: number };
  readonly frames: readonly Frame[];
}

export interface Finished {
  readonly world: World;
  readonly scenario: Scenario;
  readonly seed: number;
  readonly node: string;
  readonly path: readonly Tick[];
  readonly plans: readonly HolderPlan[];
  readonly population: Population;
  readonly actors: readonly Actor[];
  readonly observer: Observer;
  readonly trades: Trades;
  readonly took: number;
}

const MOST_REASONS = 10;

export async function reportOf(run: Finished): Promise<Report> {
  const { observer, scenario, population, seed, node, actors, trades, took } = run;
  const { tally, laws, frames } = observer;
  const stages = closing(observer);
  const { loss, paid, unaccounted, ownMargin } = lossOf(run);
  const liquidated = new Set(CLOSING.flatMap((name) => [...tally.stages[name].accounts]));
  const paying = {
    ownMargin: toNumber(ownMargin),
    insurance: toNumber(BigInt(paid.insurance) + BigInt(paid.rewards)),
    share: toNumber(BigInt(paid.shares)),
    standing: toNumber(observer.stood),
  };
  const processes = actors.map(processOf);
  return {
    ...{ scenario: scenario.name, what: scenario.what, seed, node, market: fingerprint(run) },
    accounts: {
      ...{ opened: population.holders.length, refused: population.refused.length },
      refusals: [...new Set(population.refused)].slice(0, MOST_REASONS),
      ...{ liquidated: liquidated.size, bankrupt: tally.bankrupt.size },
    },
    ...{ blocks: frames.length, seconds: frames.at(-1)?.time ?? 0, took },
    laws: Object.fromEntries(Object.entries(LAWS).map(([law, says]) => [law, lawOf(says, observer, law as Law)])),
    stages: { closing: stages, paying, idle: idleOf(stages, paying) },
    ...{ loss: String(loss), paid, unaccounted: String(unaccounted) },
    groups: groupsOf(run),
    fill: fillOf(observer),
    gas: await gasOf(run),
    keeper: processes[0] ?? NOBODY,
    remains: await remainsOf(run.world, observer),
    ...{ processes, trades, compared: laws.compared, dust: String(laws.dust) },
    batches: { skipped: tally.counts.skipped, failedStages: tally.counts.failed },
    frames,
  };
}

/** Whether every law held and every loss is somewhere. */
export const isSound = ({ laws, unaccounted }: Report): boolean =>
  unaccounted === "0" && Object.values(laws).every(({ held }) => held);

const fingerprint = ({ path, plans }: Finished): string => {
  const text = JSON.stringify([path.map(({ seconds, prices }) => [seconds, prices]), plans]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
};

function lawOf(says: string, { laws }: Observer, law: Law): LawReport {
  const { checked, broken } = laws.figures[law];
  return { says, held: broken.length === 0, checked, broken };
}

function closing({ tally }: Observer): Report["stages"]["closing"] {
  const figures = CLOSING.map((name) => {
    const { steps, accounts, notional, cost } = tally.stages[name];
    return [name, { steps, accounts: accounts.size, notional: toNumber(notional), cost: toNumber(cost) }] as const;
  });
  return Object.fromEntries(figures) as Record<Closing, StageReport>;
}

function idleOf(stages: Report["stages"]["closing"], paying: Report["stages"]["paying"]): string[] {
  const closed = CLOSING.filter((name) => stages[name].steps === 0);
  const paid = Object.entries(paying).filter(([, amount]) => amount === 0);
  return [...closed, ...paid.map(([name]) => name)];
}

/** Standing comes from the rows, all else from the events: the sum is the loss only if both tell the same. */
function lossOf({ observer, population }: Finished) {
  const { tally, ledger } = observer;
  const { booked, reduced, insured, used, shared } = tally.total();
  const standing = PERPS.reduce((sum, { asset }) => sum - ledger.cashOf(deficitRow(asset)), 0n);
  const [rewards, income] = [used - insured, reduced - insured - shared];
  const loss = booked + rewards;
  const paid = { insurance: insured, rewards, shares: shared, income, standing };
  const unaccounted = loss - Object.values(paid).reduce((sum, part) => sum + part, 0n);
  const ownMargin = population.holders
    .filter(({ account }) => tally.bankrupt.has(account))
    .reduce((sum, { account, brought }) => sum + brought - ledger.equityOf(account), 0n);
  const texts = Object.fromEntries(Object.entries(paid).map(([name, part]) => [name, String(part)]));
  return { loss, paid: texts as Report["paid"], unaccounted, ownMargin };
}

function groupsOf({ world, population, actors, observer }: Finished): Group[] {
  const { addresses } = world.deployment;
  const traders = population.holders.map(({ account }) => account);
  const failed = traders.filter((account) => observer.tally.bankrupt.has(account));
  const others = traders.filter((account) => !observer.tally.bankrupt.has(account));
  const sets: [string, bigint[]][] = [
    ["traders who went bankrupt", failed],
    ["other traders", others],
    ["hedgers (other side of the opening)", population.hedgers.map(({ account }) => account)],
    ...actors.map(({ name, account }): [string, bigint[]] => [name, [account]]),
    ["pools", world.pools.map(({ pool }) => accountId(pool))],
    ["backstop", [accountId(vaultOf(addresses, "backstopPool"))]],
    ["insurance", [INSURANCE]],
    ["treasury and fees", [TREASURY, FEES]],
    ["deficits", PERPS.map(({ asset }) => deficitRow(asset))],
    ["dust", [DUST]],
  ];
  return sets.map(([name, accounts]) => groupOf(observer, name, accounts));
}

function groupOf({ tally, ledger }: Observer, name: string, accounts: readonly bigint[]): Group {
  const sum = (of: (account: bigint) => bigint): bigint => accounts.reduce((total, account) => total + of(account), 0n);
  const spot = (account: bigint): bigint => ((tally.broughtSpot.get(account) ?? 0n) * 2_000n * WAD) / WAD;
  const brought = sum((account) => (tally.brought.get(account) ?? 0n) + spot(account));
  const equity = sum((account) => ledger.equityOf(account));
  const change = toNumber(equity - brought);
  return { name, accounts: accounts.length, brought: toNumber(brought), equity: toNumber(equity), change };
}

function fillOf({ tally }: Observer): Report["fill"] {
  const { fills, counts } = tally;
  const at = (share: number): number => quantile(fills, share);
  return { lots: counts.lots, fills: fills.length, median: at(0.5), p90: at(0.9), most: at(1) };
}

/** Of what keepers and bidders sent. */
async function gasOf({ world, observer }: Finished): Promise<Report["gas"]> {
  const hashes = [...observer.tally.transactions];
  const calls = hashes.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] }));
  const receipts = calls.length === 0 ? [] : await world.chain.batch(calls);
  const used = receipts.map((receipt) => Number((receipt as { gasUsed: string }).gasUsed));
  return { transactions: used.length, median: quantile(used, 0.5), most: quantile(used, 1) };
}

const NOBODY: ProcessReport = {
  ...{ name: "nobody", sent: 0, bySort: {}, outcomes: {}, latency: { median: 0, p95: 0, most: 0 } },
  ...{ warnings: 0, errors: 0 },
};

function processOf({ name, deeds }: Actor): ProcessReport {
  const { latencies, sent, outcomes, warnings, errors } = deeds;
  const at = (share: number): number => Math.round(quantile(latencies, share));
  return {
    ...{ name, sent: latencies.length, bySort: Object.fromEntries(sent), outcomes: Object.fromEntries(outcomes) },
    ...{ latency: { median: at(0.5), p95: at(0.95), most: at(1) }, warnings, errors },
  };
}
