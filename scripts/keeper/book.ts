// The parts of a keeper that no chain is needed for: who falls at a price, and what to do with them.
import { Account, WAD } from "@ballast/math";
import { COSTS, Watch, plan, type Orders } from "@ballast/keeper";
import { accountId } from "@ballast/mirror";
import { crowdOf } from "../../test/support/pairs.js";

const SCANS = 200;
const CRASHES = 7;
const CRASH = 1_700n;
/** Of every price in between: up to so many basis points. */
const MOVE = 30;

export interface BookFigures {
  readonly accounts: number;
  readonly markets: number;
  /** From the ledger to columns. */
  readonly open_ms: number;
  /** Exact set after one price: median, 99th percentile, most that fell in one of them. */
  readonly scan_ms: number;
  readonly scan_p99_ms: number;
  readonly scan_fell: number;
  /** −17 % in all markets: exact set of all who fall, the first time and in the median. */
  readonly crash_first_ms: number;
  readonly crash_ms: number;
  readonly crash_fell: number;
  /** Plans of the most urgent, the first time and in the median, and of all of them. */
  readonly plan_first_ms: number;
  readonly plan_250_ms: number;
  readonly plan_all_ms: number;
  readonly planned: number;
  /** Accounts whose verdict was compared with the twin's, one by one. */
  readonly compared: number;
}

export class NotExact extends Error {
  override name = "NotExact";

  constructor(
    readonly found: number,
    readonly expected: number,
    readonly first: bigint,
  ) {
    super(`${found} were found, ${expected} can be liquidated; they differ at account ${first}`);
  }
}

export function benchBook(accounts: number, markets: number): BookFigures {
  const economy = crowdOf({ accounts, markets });
  economy.beginBlock();
  economy.setTerms();
  economy.endBlock();
  const { ledger } = economy;
  const [watch, open_ms] = timed(() => new Watch(ledger));
  watch.rehearse();
  let scan_fell = 0;
  const scans = Array.from({ length: SCANS }, (_, i) => {
    const asset = economy.markets[i % markets] ?? 1;
    const bps = BigInt(economy.random.below(2 * MOVE + 1) - MOVE);
    const marks = new Map([[BigInt(asset), moved(ledger.prices.markOf(asset), bps)]]);
    const [found, ms] = timed(() => watch.liquidatable(marks, watch.time + 2n));
    scan_fell = Math.max(scan_fell, found.length);
    if (i === 0) requireExact(watch, marks);
    return ms;
  }).sort((a, b) => a - b);
  const marks = new Map(economy.markets.map((asset) => [BigInt(asset), moved(ledger.prices.markOf(asset), -CRASH)]));
  const crashes = Array.from({ length: CRASHES }, () => timed(() => watch.liquidatable(marks, watch.time + 2n)));
  const [fallen = []] = crashes[0] ?? [];
  const orders = ordersAt(marks, watch.time + 2n);
  const plans = Array.from({ length: CRASHES }, () => timed(() => plan(watch, fallen, orders))[1]);
  const [{ planned }, plan_all_ms] = timed(() => plan(watch, fallen, { ...orders, most: fallen.length }));
  return {
    accounts: watch.size,
    markets,
    open_ms,
    scan_ms: at(scans, 0.5),
    scan_p99_ms: at(scans, 0.99),
    scan_fell,
    crash_first_ms: crashes[0]?.[1] ?? 0,
    crash_ms: at(
      crashes.map(([, ms]) => ms).sort((a, b) => a - b),
      0.5,
    ),
    crash_fell: fallen.length,
    plan_first_ms: plans[0] ?? 0,
    plan_250_ms: at(
      plans.toSorted((a, b) => a - b),
      0.5,
    ),
    plan_all_ms,
    planned: planned.length,
    compared: 2 * requireExact(watch, marks),
  };
}

function ordersAt(marks: ReadonlyMap<bigint, bigint>, time: bigint): Orders {
  const costs = { ...COSTS, gasPrice: 10n ** 8n, nativePrice: 2_000n * WAD };
  const keeper = accountId(`0x${"77".repeat(20)}`);
  return { liquidator: `0x${"b3".repeat(20)}`, keeper, costs, block: 1n, marks, time };
}

/** Everybody one by one in the twin's own assessment, against the set. */
function requireExact(watch: Watch, marks: ReadonlyMap<bigint, bigint>): number {
  const time = watch.time + 2n;
  const found = new Set(watch.liquidatable(marks, time).map(({ account }) => account));
  let [looked, expected] = [0, 0];
  for (const id of watch.ledger.accounts()) {
    if (watch.ledger.legsOf(id).length === 0) continue;
    const falls = Account.view(watch.snapshotOf(id, marks, time)).liquidatable;
    looked++;
    if (falls) expected++;
    if (falls !== found.has(id)) throw new NotExact(found.size, expected, id);
  }
  return looked;
}

function moved(mark: bigint, bps: bigint): bigint {
  return (mark * (10_000n + bps)) / 10_000n;
}

export function timed<T>(work: () => T): [T, number] {
  const started = performance.now();
  const result = work();
  return [result, round(performance.now() - started)];
}

export function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
