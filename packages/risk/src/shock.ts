// What a shock does: to an account, and to the whole book as a first-order waterfall. What that leaves out is in the page of
// the risk views; nothing of what it counts is lost.
import { Account, Assessor, Budgets, FixedPoint, Minutes, type Price } from "@ballast/math";
import { afterwards } from "./aftermath.js";
import type { Book, MarketState, Member } from "./book.js";
import { resolve, type Run } from "./closing.js";
import { accountAfter, priceAfter, withMark, type Moves } from "./moves.js";
import { shareable, tolerated } from "./profits.js";
import { nearMaintenance } from "./scan.js";
import { NOTHING, isBelow, plus, plusCash } from "./standing.js";
import { capacityOf } from "./stages.js";
import { lossesOf, receiptsOf, takenBy, type Fall, type Loser, type Row, type Waterfall } from "./waterfall.js";

/** The part of a deficit that insurance may pay, in basis points. */
export const COVERABLE = 8_000n;

/** Prices jump, stand for `seconds`, then the closing chain acts once. */
export interface Step {
  readonly moves: Moves;
  readonly seconds: bigint;
  /** The most notional of a market that bidders take; without it all that is on offer. */
  readonly bidders?: bigint;
}

/** An account that fell, before its legs are closed. */
interface Fallen {
  readonly member: Member;
  readonly before: bigint;
  readonly standing: Assessor.Standing;
  readonly health: number;
}

/** A row while it fills. */
type OpenRow = { -readonly [key in keyof Row]: Row[key] };

/** An account after moves that have stood for `seconds`, as the views over the ledger would show it. */
export function account(held: Account.Snapshot, moves: Moves, seconds: bigint): Account.AccountView {
  return Account.view(accountAfter(held, moves, seconds));
}

/** One waterfall for each step; what a step leaves is where the next one begins. */
export function book(start: Book, steps: readonly Step[]): Waterfall[] {
  let now = start;
  return steps.map((step, i) => {
    const moved = bookAfter(now, step);
    const { waterfall, run } = fall(now, moved, step);
    if (i < steps.length - 1) now = afterwards(moved, waterfall, run.spent());
    return waterfall;
  });
}

/** The book that steps leave. */
export function bookAfterAll(start: Book, steps: readonly Step[]): Book {
  return steps.reduce((now, step) => {
    const moved = bookAfter(now, step);
    const { waterfall, run } = fall(now, moved, step);
    return afterwards(moved, waterfall, run.spent());
  }, start);
}

/** The book after the move, before anybody is liquidated. */
export function bookAfter(before: Book, { moves, seconds }: Step): Book {
  const time = before.time + seconds;
  const markets = [...before.markets].map(([asset, state]): [bigint, MarketState] => {
    const price = priceAfter(state.price, moves.get(asset) ?? 0n, seconds);
    const windowUsed = seconds < Minutes.SECONDS ? state.windowUsed : 0n;
    return [asset, { ...state, price, windowUsed, budget: Budgets.current(state.budget, before.fund, time) }];
  });
  return { ...before, time, markets: new Map(markets) };
}

function fall(before: Book, moved: Book, step: Step): { waterfall: Waterfall; run: Ledger } {
  const { fallen, guarded } = whoFalls(before, moved);
  const run = runOf(moved, step);
  const rows = new Map<string, OpenRow>();
  const falls = fallen.map(({ member, before: equity, standing }) => {
    const resolved = resolve(run, member, equity, standing);
    for (const { asset, loser, amount } of resolved.bookings) enter(run, rows, asset, loser, amount);
    return resolved;
  });
  for (const row of rows.values()) share(moved, row);
  const insured = [...rows.values()].reduce((sum, row) => sum + row.insured, 0n);
  const waterfall = {
    falls,
    guarded,
    bankrupt: falls.filter(({ deficit }) => deficit !== 0n).length,
    losses: lossesOf(falls),
    rows: [...rows.values()],
    insuredCosts: run.total() - insured,
    receipts: receiptsOf(falls),
    taken: takenBy(falls),
    waiting: waitingOf(moved, falls),
  };
  return { waterfall, run };
}

/** Who is liquidatable, the least healthy first. */
function whoFalls(before: Book, moved: Book): { fallen: Fallen[]; guarded: number } {
  const [old, now, fast] = [pricesOf(before), pricesOf(moved), fastOf(moved)];
  const fallen: Fallen[] = [];
  let guarded = 0;
  for (const i of nearMaintenance(moved.members, moved.markets)) {
    const member = moved.members[i];
    if (member === undefined) continue;
    const standing = standingAt(member, moved, now);
    if (!isBelow(standing, "maintenance")) continue;
    if (!isBelow(standing, "guard") && !isBelow(standingAt(member, moved, fast), "maintenance")) {
      guarded++;
      continue;
    }
    const health = standing.maintenance === 0n ? -1 : Number(standing.marginEquity) / Number(standing.maintenance);
    fallen.push({ member, before: standingAt(member, before, old).equity, standing, health });
  }
  return { fallen: fallen.sort((a, b) => a.health - b.health), guarded };
}

/** What insurance has left for whom, besides what a run needs. */
interface Ledger extends Run {
  readonly spent: () => ReadonlyMap<bigint, bigint>;
  readonly total: () => bigint;
}

function runOf(moved: Book, { bidders }: Step): Ledger {
  const spent = new Map<bigint, bigint>();
  let fund = moved.fund;
  const insurable = (asset: bigint) => {
    const budget = moved.markets.get(asset)?.budget;
    if (budget === undefined) return 0n;
    return FixedPoint.max(0n, FixedPoint.min(fund, Budgets.available(budget) - (spent.get(asset) ?? 0n)));
  };
  const insure = (asset: bigint, wanted: bigint) => {
    const paid = wanted === 0n ? 0n : FixedPoint.min(wanted, insurable(asset));
    if (paid === 0n) return 0n;
    spent.set(asset, (spent.get(asset) ?? 0n) + paid);
    fund -= paid;
    return paid;
  };
  const capacities = new Map([...moved.markets].map(([asset, at]) => [asset, capacityOf(moved, at, bidders)]));
  return { book: moved, capacities, insure, insurable, spent: () => spent, total: () => moved.fund - fund };
}

/** Books a loss; insurance pays its part at once. */
function enter(run: Run, rows: Map<string, OpenRow>, asset: bigint, loser: Loser, amount: bigint): void {
  const key = `${asset}/${loser}`;
  const row = rows.get(key) ?? { asset, loser, booked: 0n, insured: 0n, shared: 0n, standing: 0n };
  rows.set(key, row);
  row.booked += amount;
  row.insured += run.insure(asset, FixedPoint.mulDivDown(amount, COVERABLE, 10_000n));
  row.standing = row.booked - row.insured;
}

/** What is more than tolerated is shared by who won. */
function share(moved: Book, row: OpenRow): void {
  if (row.loser === "unknown") return;
  const earlier = moved.markets.get(row.asset)?.standing ?? 0n;
  if (earlier + row.standing <= tolerated(moved, row.asset)) return;
  const capacity = shareable(moved, row.asset, row.loser === "longs" ? "short" : "long");
  row.shared = FixedPoint.min(row.standing, capacity);
  row.standing -= row.shared;
}

function standingAt(
  { account: held }: Member,
  { markets }: Book,
  prices: ReadonlyMap<bigint, Price>,
): Assessor.Standing {
  return held.legs.reduce(
    (sum, { asset, position }) => {
      const [state, price] = [markets.get(asset), prices.get(asset)];
      if (state === undefined || price === undefined) throw new Account.MarketUnknown(asset);
      return plus(plusCash(sum, position.cash), state.market, position.size, price);
    },
    plusCash(NOTHING, held.cash - held.interest),
  );
}

function pricesOf({ markets }: Book): ReadonlyMap<bigint, Price> {
  return new Map([...markets].map(([asset, { price }]) => [asset, price]));
}

/** With the fast average for the mark. */
function fastOf({ markets }: Book): ReadonlyMap<bigint, Price> {
  return new Map([...markets].map(([asset, { price }]) => [asset, withMark(price, price.fast)]));
}

function waitingOf({ markets }: Book, falls: readonly Fall[]): bigint {
  let sum = 0n;
  for (const { waiting } of falls)
    for (const { asset, size } of waiting)
      sum += FixedPoint.mulDown(FixedPoint.abs(size), markets.get(asset)?.price.mark ?? 0n);
  return sum;
}
