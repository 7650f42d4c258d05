// From candidates to transactions: what a call would do with each and what that is worth, the urgent first, in batches with
// a fixed gas per entry. Whoever is left out has a reason.
import { createHash } from "node:crypto";
import { FixedPoint } from "@ballast/math";
import { keyOf } from "@ballast/mirror";
import { GAS_PER_LIQUIDATION, MOST_GAS, liquidatorAbi } from "@ballast/sdk";
import { decodeFunctionResult, encodeFunctionData, type Address, type Hex } from "viem";
import type { Candidate } from "../book/exact.js";
import type { Watch } from "../book/watch.js";
import type { Intent } from "../send/intent.js";
import { callOf, type Call } from "./call.js";
import { gasOf, leastGas } from "./gas.js";
import { allSkipped } from "./objection.js";
import { gasCost, ofCall, type Costs, type Profit } from "./profit.js";
import type { Why } from "./reasons.js";
import { roomOf, type Room } from "./room.js";

export interface Orders {
  /** Who calls whom, and whose account is paid. */
  readonly liquidator: Address;
  readonly keeper: bigint;
  readonly costs: Costs;
  /** Where the plan was made. */
  readonly block: bigint;
  readonly marks?: ReadonlyMap<bigint, bigint>;
  readonly time?: bigint;
  /** Whether somebody is already at it, or it waits after a failure. */
  readonly busy?: (key: string) => boolean;
  /** Whether a transaction for it is on its way: what it will use is not there for others. */
  readonly underWay?: (key: string) => boolean;
  /** The most accounts that are looked at closely in one round; the others wait for the next. */
  readonly most?: number;
  /** How often in a row nothing was found for a deed: kept from round to round, so that those who wait get their turn. */
  readonly tries?: Map<string, number>;
  /** Whether only those are looked at for whom nothing has been found in vain before. */
  readonly onlyNew?: boolean;
  /** Quote that all deeds with a loss may lose together. */
  readonly mayLose?: bigint;
  readonly gasPerEntry?: bigint;
  /** The most gas of one transaction. */
  readonly gas?: bigint;
}

/** One account that is worth a call. */
export interface Planned {
  readonly candidate: Candidate;
  readonly call: Call;
  readonly profit: Profit;
  /** What it will use. */
  readonly gasUsed: bigint;
  readonly urgency: number;
}

/** One that is not, now. */
export interface Left {
  readonly candidate: Candidate;
  readonly why: Why;
}

export interface Plan {
  readonly intents: readonly Intent[];
  readonly planned: readonly Planned[];
  readonly left: readonly Left[];
  /** Accounts that were not looked at, because only new ones were asked for. */
  readonly waiting: number;
}

const MOST = 250;

/** A debt sale can wait; who is below maintenance, who nobody will take soon, whose loss is somebody else's already. */
export const Urgency = { DebtSale: 0, Below: 1, Orphaned: 2, Bankrupt: 3 } as const;

export function plan(watch: Watch, candidates: readonly Candidate[], orders: Orders): Plan {
  const steps = planning(watch, candidates, orders);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** As `plan`, with every transaction told as soon as nothing more fits into it: it need not wait for those after it. */
export function* planning(
  watch: Watch,
  candidates: readonly Candidate[],
  orders: Orders,
): Generator<Intent, Plan, undefined> {
  const room = roomOf(watch, orders.marks, orders.time);
  const { most = MOST, busy = () => false, tries = new Map<string, number>() } = orders;
  const [planned, left, intents]: [Planned[], Left[], Intent[]] = [[], [], []];
  let [looked, mayLose, batch]: [number, bigint | undefined, Planned[]] = [0, orders.mayLose, []];
  const close = (): Intent => {
    batch.sort((a, b) => b.urgency - a.urgency || (a.profit.net < b.profit.net ? 1 : -1));
    const intent = intentOf(batch, orders);
    planned.push(...batch);
    intents.push(intent);
    batch = [];
    return intent;
  };
  const all = ordered(candidates, tries);
  reserve(room, all, orders);
  const due = orders.onlyNew === true ? all.filter(({ tried }) => tried === 0) : all;
  for (const { candidate, key } of due) {
    const why = busy(key) ? { kind: "busy" as const, key } : hopeless(room, candidate, orders.costs);
    const found =
      why ??
      (looked++ < most ? afford(weigh(room, candidate, orders.costs), mayLose) : { kind: "queued", ahead: most });
    if ("kind" in found) {
      left.push({ candidate, why: found });
      if (found.kind !== "queued") tries.set(key, (tries.get(key) ?? 0) + 1);
      continue;
    }
    batch.push(found);
    tries.delete(key);
    if (mayLose !== undefined) mayLose -= lossOf(found);
    room.capacities.set(found.call.asset, found.call.left);
    if (batch.length === entriesOf(orders)) yield close();
  }
  if (batch.length > 0) close();
  return { intents, planned, left, waiting: all.length - due.length };
}

/** What the stages have left is less by what is on its way and in no block yet. */
function reserve(
  room: Room,
  all: readonly { candidate: Candidate; key: string }[],
  { underWay = () => false, costs }: Orders,
): void {
  for (const { candidate, key } of all) {
    const sent = underWay(key) ? weigh(room, candidate, costs) : undefined;
    if (sent !== undefined && "call" in sent) room.capacities.set(sent.call.asset, sent.call.left);
  }
}

/** The most urgent first and the largest first, so that what the stages have left goes where it matters. */
function ordered(
  candidates: readonly Candidate[],
  tries: Map<string, number>,
): { candidate: Candidate; key: string; tried: number; urgency: number }[] {
  // As text: engines hash a large integer by its lowest digits, and those of most accounts are zero.
  const weighed = candidates.map((candidate) => {
    const key = deedOf(candidate.account);
    return { candidate, key, tried: tries.get(key) ?? 0, urgency: urgencyOf(candidate) };
  });
  const known = new Set(weighed.map(({ key }) => key));
  for (const key of tries.keys()) if (!known.has(key)) tries.delete(key);
  weighed.sort(
    (a, b) =>
      a.tried - b.tried || b.urgency - a.urgency || (a.candidate.maintenance < b.candidate.maintenance ? 1 : -1),
  );
  return weighed;
}

/** Without a closer look: a keeper never gets more than the tip and half the penalty on all that is held. */
export function hopeless(room: Room, candidate: Candidate, costs: Costs): Why | undefined {
  const most = room.ledger
    .legsOf(candidate.account)
    .map((asset) => mostOf(room, candidate, asset))
    .reduce(FixedPoint.max, 0n);
  const gas = gasCost(costs, leastGas(room.ledger.legsOf(candidate.account).length));
  const { asset } = candidate;
  return most - gas < costs.least ? { kind: "hopeless", asset, most, gas, least: costs.least } : undefined;
}

function mostOf({ book, insurable }: Room, { bankrupt, maintenance }: Candidate, asset: number): bigint {
  const terms = book.markets.get(BigInt(asset))?.terms;
  if (terms === undefined) return 0n;
  if (!bankrupt) return terms.tip + FixedPoint.mulDivUp(maintenance, terms.penalty, 20_000n);
  return (insurable.get(asset) ?? 0n) > 0n ? terms.tip : 0n;
}

/** The leg to begin with, or the first other one with which something can be done. */
export function weigh(room: Room, candidate: Candidate, costs: Costs): Planned | Why {
  let why: Why | undefined;
  const legs = legsOf(room, candidate);
  for (const asset of legs) {
    const call = callOf(room, candidate, asset);
    if (call === undefined) continue;
    const profit = ofCall(call, legs.length, costs);
    const unable = hinders(call, profit, costs);
    if (unable === undefined)
      return { candidate, call, profit, gasUsed: gasOf(call, legs.length), urgency: urgencyOf(candidate) };
    why ??= unable;
  }
  return why ?? { kind: "nothing", asset: candidate.asset, passed: {} };
}

function hinders(call: Call, profit: Profit, { least }: Costs): Why | undefined {
  const { asset, steps, lot, until, passed } = call;
  if (until !== undefined) return { kind: "lot", asset, until };
  if (steps.length === 0 && lot === undefined) return { kind: "nothing", asset, passed };
  return profit.net < least ? { kind: "unprofitable", asset, profit, least } : undefined;
}

/** What loses more than may still be lost has to wait. */
function afford(found: Planned | Why, mayLose: bigint | undefined): Planned | Why {
  if ("kind" in found || mayLose === undefined || lossOf(found) <= FixedPoint.max(0n, mayLose)) return found;
  return { kind: "spent", asset: found.call.asset, profit: found.profit, mayLose };
}

function lossOf({ profit: { net } }: Planned): bigint {
  return net < 0n ? -net : 0n;
}

function legsOf({ ledger }: Room, { account, asset }: Candidate): bigint[] {
  const others = ledger.legsOf(account).map(BigInt);
  return [asset, ...others.filter((leg) => leg !== asset)];
}

export function urgencyOf({ bankrupt, marginEquity, maintenance }: Candidate): number {
  if (bankrupt) return Urgency.Bankrupt;
  if (marginEquity >= maintenance) return Urgency.DebtSale;
  return 2n * marginEquity < maintenance ? Urgency.Orphaned : Urgency.Below;
}

/** The same deed whoever plans it. */
export function deedOf(account: bigint): string {
  return `liquidate:${keyOf(account)}`;
}

/** As many entries as the gas of one transaction carries, with one entry's gas for the batch itself. */
function entriesOf({ gas = MOST_GAS, gasPerEntry = GAS_PER_LIQUIDATION }: Orders): number {
  return Math.max(1, Number(gas / gasPerEntry) - 1);
}

function intentOf(entries: readonly Planned[], orders: Orders): Intent {
  const { liquidator, block, costs, gas = MOST_GAS, gasPerEntry = GAS_PER_LIQUIDATION } = orders;
  const accounts = entries.map(({ candidate }) => candidate.account);
  const [only] = entries.length === 1 ? entries : [];
  const profit = entries.reduce((sum, entry) => sum + entry.profit.net + entry.profit.gas, 0n);
  return {
    key: only === undefined ? batchOf(accounts) : deedOf(only.candidate.account),
    strategy: "liquidate",
    to: liquidator,
    data: encode(entries, orders.keeper),
    gas: FixedPoint.min(gas, gasPerEntry * BigInt(entries.length + (only === undefined ? 1 : 0))),
    accounts,
    gasUsed: entries.reduce((sum, entry) => sum + entry.gasUsed, 0n),
    ...(only === undefined ? { objection: objectionTo } : { asset: only.call.asset }),
    profit,
    budget: profit - costs.least * BigInt(entries.length),
    loss: entries.reduce((sum, entry) => sum + lossOf(entry), 0n),
    urgency: Math.max(...entries.map(({ urgency }) => urgency)),
    block,
  };
}

/** The same for the same accounts, in whatever order. */
function batchOf(accounts: readonly bigint[]): string {
  const keys = accounts.map(keyOf).sort().join(" ");
  return `liquidate:${createHash("sha256").update(keys).digest("hex").slice(0, 16)}:${accounts.length}`;
}

function encode(entries: readonly Planned[], keeper: bigint): Hex {
  const legs = entries.map(({ call }) => ({ account: call.account, asset: Number(call.asset) }));
  const [first] = legs;
  if (legs.length === 1 && first !== undefined) {
    const args = [first.account, first.asset, keeper] as const;
    return encodeFunctionData({ abi: liquidatorAbi, functionName: "liquidate", args });
  }
  return encodeFunctionData({ abi: liquidatorAbi, functionName: "liquidateMany", args: [legs, keeper] });
}

const objectionTo = (returned: Hex): string | undefined =>
  allSkipped(decodeFunctionResult({ abi: liquidatorAbi, functionName: "liquidateMany", data: returned }));
