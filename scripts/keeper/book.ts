// The parts of a keeper that no chain is needed for: who falls at a price, and what to do with them.
import { Account, WAD } from "@ballast/math";
import { COSTS, Watch, plan, type Orders } from "@ballast/keeper";
import { accountId, type Ledger } from "@ballast/mirror";
import { crowdOf } from "../../test/support/pairs.js";

const SCANS = 200;
const CRASHES = 7;
const CRASH = 1_700n;
/** Of every price in between: up to so many basis points. */
const MOVE = 30;
/** Of a price at which some fall: so many at least, looked for in steps of so many basis points. */
const SOME = 50;
const STEP = 10n;
const MOST = 5_000n;
/** How much prices at which some fall differ. */
const WOBBLE = 7;

export interface BookFigures {
  readonly accounts: number;
  readonly markets: number;
  /** From the ledger to columns. */
  readonly open_ms: number;
  /** Exact set after one price at which nobody falls: median and 99th percentile. */
  readonly calm_ms: number;
  readonly calm_p99_ms: number;
  /** The same after one price of one market at which some fall, and how many of them. */
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

export type Marks = ReadonlyMap<bigint, bigint>;

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
  const { ledger, random } = economy;
  const [watch, open_ms] = timed(() => new Watch(ledger));
  watch.rehearse();
  const calm = scansOf(watch, (i) => {
    const bps = BigInt(random.below(2 * MOVE + 1) - MOVE);
    return marksAt(ledger, [economy.markets[i % markets] ?? 1], bps);
  });
  const [asset = 1] = economy.markets;
  const edge = edgeOf(watch, asset);
  const scan = scansOf(watch, () => marksAt(ledger, [asset], -edge - BigInt(random.below(WOBBLE))));
  const crash = crashOf(watch, marksAt(ledger, economy.markets, -CRASH));
  return {
    accounts: watch.size,
    markets,
    open_ms,
    ...{ calm_ms: calm.median, calm_p99_ms: calm.p99 },
    ...{ scan_ms: scan.median, scan_p99_ms: scan.p99, scan_fell: scan.fell },
    ...crash,
    compared: calm.compared + scan.compared + crash.compared,
  };
}

/** Basis points down at which some accounts fall. */
export function edgeOf(watch: Watch, asset: number): bigint {
  const fallen = (bps: bigint) => watch.liquidatable(marksAt(watch.ledger, [asset], -bps), watch.time + 2n).length;
  let bps = STEP;
  while (bps < MOST && fallen(bps) < SOME) bps += STEP;
  return bps;
}

interface Scans {
  readonly median: number;
  readonly p99: number;
  /** In the median. */
  readonly fell: number;
  readonly compared: number;
}

/** Many prices in a row; everybody is compared at the first one. */
function scansOf(watch: Watch, marksOf: (i: number) => Marks): Scans {
  const first = marksOf(0);
  const scans = Array.from({ length: SCANS }, (_, i) => {
    const marks = i === 0 ? first : marksOf(i);
    return timed(() => watch.liquidatable(marks, watch.time + 2n).length);
  });
  const [times, counts] = [scans.map(([, ms]) => ms), scans.map(([fell]) => fell)];
  const [sorted, fell] = [times.toSorted((a, b) => a - b), counts.toSorted((a, b) => a - b)];
  const compared = requireExact(watch, first);
  return { median: at(sorted, 0.5), p99: at(sorted, 0.99), fell: at(fell, 0.5), compared };
}

function crashOf(watch: Watch, marks: Marks) {
  const crashes = Array.from({ length: CRASHES }, () => timed(() => watch.liquidatable(marks, watch.time + 2n)));
  const [fallen = []] = crashes[0] ?? [];
  const orders = ordersAt(marks, watch.time + 2n);
  const plans = Array.from({ length: CRASHES }, () => timed(() => plan(watch, fallen, orders))[1]);
  const [{ planned }, plan_all_ms] = timed(() => plan(watch, fallen, { ...orders, most: fallen.length }));
  return {
    crash_first_ms: crashes[0]?.[1] ?? 0,
    crash_ms: medianOf(crashes.map(([, ms]) => ms)),
    crash_fell: fallen.length,
    plan_first_ms: plans[0] ?? 0,
    plan_250_ms: medianOf(plans),
    plan_all_ms,
    planned: planned.length,
    compared: requireExact(watch, marks),
  };
}

const medianOf = (times: readonly number[]): number =>
  at(
    times.toSorted((a, b) => a - b),
    0.5,
  );

function ordersAt(marks: Marks, time: bigint): Orders {
  const costs = { ...COSTS, gasPrice: 10n ** 8n, nativePrice: 2_000n * WAD };
  const keeper = accountId(`0x${"77".repeat(20)}`);
  return { liquidator: `0x${"b3".repeat(20)}`, keeper, costs, block: 1n, marks, time };
}

/** Everybody one by one in the twin's own assessment, against the set. */
function requireExact(watch: Watch, marks: Marks): number {
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

/** So many basis points from what was latched last. */
export function marksAt({ prices }: Ledger, assets: readonly number[], bps: bigint): Marks {
  return new Map(assets.map((asset) => [BigInt(asset), (prices.markOf(asset) * (10_000n + bps)) / 10_000n]));
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
