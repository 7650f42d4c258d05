// What the closing chain does with one account that fell: perps by what they weigh, then spot, each through the stages.
import { Account, AssetKind, Assessor, FixedPoint } from "@ballast/math";
import type { Book, MarketState, Member } from "./book.js";
import * as Situations from "./situations.js";
import type { Deal, Situation } from "./situations.js";
import { STAGES, offer, use, type Capacity, type Stage } from "./stages.js";
import { below, type Booking, type Closing, type Fall, type Waiting } from "./waterfall.js";

/** What one step of a shock uses up as it goes from account to account. */
export interface Run {
  readonly book: Book;
  readonly capacities: ReadonlyMap<bigint, Capacity>;
  /** Takes from insurance what a market may use, at most `wanted`. */
  readonly insure: (asset: bigint, wanted: bigint) => bigint;
  readonly insurable: (asset: bigint) => bigint;
}

/** A leg that is being closed, and the account around it. */
interface Progress {
  size: bigint;
  standing: Assessor.Standing;
  tip: bigint | undefined;
  insurable: bigint;
}

/** What a closing releases of maintenance. */
interface Released {
  readonly asset: bigint;
  readonly long: boolean;
  readonly maintenance: bigint;
}

/** @param standing of the account after the move, @param before its equity before it */
export function resolve(run: Run, member: Member, before: bigint, standing: Assessor.Standing): Fall {
  const closings: Closing[] = [];
  const waiting: Waiting[] = [];
  const released: Released[] = [];
  const progress: Progress = { size: 0n, standing, tip: undefined, insurable: 0n };
  for (const { at, size } of ordered(run.book, member)) {
    progress.size = size;
    progress.insurable = standing.equity < 0n ? run.insurable(at.asset) : 0n;
    closeLeg(run, member.id, at, progress, closings, released);
    if (progress.size !== 0n && !isSafe(progress.standing)) waiting.push({ asset: at.asset, size: progress.size });
  }
  const end = progress.standing.equity;
  const fall = { id: member.id, before, moved: standing.equity, end, closings, waiting, deficit: below(end) };
  return { ...fall, bookings: bookingsOf(fall, released, standing.maintenance, member.lastClosed) };
}

function closeLeg(
  run: Run,
  account: bigint,
  at: MarketState,
  progress: Progress,
  closings: Closing[],
  released: Released[],
): void {
  const capacity = run.capacities.get(at.asset);
  if (capacity === undefined) throw new Account.MarketUnknown(at.asset);
  for (const stage of STAGES) {
    const s = look(account, at, progress);
    if (Situations.isDone(s)) return;
    const deal = offer(stage, s, run.book, capacity);
    const after = deal && standingAfter(s, deal);
    // The ledger refuses what would leave the account less healthy; the stage is passed.
    if (deal === undefined || after === undefined || !Assessor.noWorse(s.standing, after)) continue;
    use(stage, s, capacity, deal.size);
    const maintenance = s.standing.maintenance - after.maintenance;
    if (maintenance !== 0n) released.push({ asset: at.asset, long: s.size > 0n, maintenance });
    progress.standing = after;
    closings.push(take(run, stage, s, deal, progress));
  }
}

function look(account: bigint, at: MarketState, progress: Progress): Situation {
  const { size, standing, tip, insurable } = progress;
  const s = Situations.situation(account, at, size, standing, tip ?? 0n, insurable);
  if (tip !== undefined) return s;
  progress.tip = Situations.tipOf(s);
  return { ...s, tip: progress.tip };
}

/** Closed at mark, and paid for. */
function standingAfter(s: Situation, deal: Deal): Assessor.Standing {
  const { market, price } = s.at;
  const left = leftOf(s, deal);
  const cash = Assessor.leg(market, s.size, price).equity - Assessor.leg(market, left, price).equity;
  return Assessor.shifted(s.standing, market, price, s.size, left, cash - deal.premium - deal.penalty - deal.tip);
}

function leftOf({ size }: Situation, deal: Deal): bigint {
  return size > 0n ? size - deal.size : size + deal.size;
}

/** What a step leaves behind; what insurance pays for it is taken from it here. */
function take(run: Run, stage: Stage, s: Situation, deal: Deal, progress: Progress): Closing {
  const { asset } = s.at;
  const paid = run.insure(asset, deal.insuredTip + deal.insuredPremium);
  const insuredPremium = FixedPoint.min(paid, deal.insuredPremium);
  const closing = {
    asset,
    stage,
    size: deal.size,
    notional: Situations.notional(s, deal.size),
    premium: deal.premium,
    penalty: deal.penalty,
    tip: deal.tip,
    insuredPremium,
    insuredTip: paid - insuredPremium,
  };
  progress.size = leftOf(s, deal);
  progress.insurable = 0n;
  progress.tip = FixedPoint.max(0n, s.tip - deal.tip - closing.insuredTip);
  return closing;
}

/** Perps by maintenance, the heaviest first, then spot. */
function ordered(book: Book, { account }: Member): { at: MarketState; size: bigint; weight: bigint }[] {
  const legs = account.legs.map(({ asset, position: { size } }) => {
    const at = book.markets.get(asset);
    if (at === undefined) throw new Account.MarketUnknown(asset);
    const spot = at.market.config.kind === AssetKind.Spot;
    return { at, size, weight: spot ? -1n : Assessor.leg(at.market, size, at.price).maintenance };
  });
  return legs.length < 2 ? legs : legs.sort((a, b) => (a.weight === b.weight ? 0 : a.weight < b.weight ? 1 : -1));
}

/**
 * Each closing books its part of what is owed: ⌈owed · released / maintenance⌉, both as they were before it. What is still
 * owed when nothing is left to close goes to the perp that was closed last.
 */
function bookingsOf(
  { moved, deficit, closings, waiting }: Omit<Fall, "bookings">,
  released: readonly Released[],
  maintenance: bigint,
  lastClosed: bigint | undefined,
): Booking[] {
  let [owed, held] = [below(moved), maintenance];
  const bookings: Booking[] = [];
  for (const { asset, long, maintenance: part } of released) {
    const amount = FixedPoint.mulDivUp(owed, part, held);
    if (amount !== 0n) bookings.push({ asset, loser: long ? "longs" : "shorts", amount });
    owed -= amount;
    held -= part;
  }
  const rest = deficit - bookings.reduce((sum, { amount }) => sum + amount, 0n);
  const last = released.at(-1);
  const row = last?.asset ?? lastClosed ?? closings.at(-1)?.asset;
  if (rest === 0n || waiting.length !== 0 || row === undefined) return bookings;
  return [
    ...bookings,
    { asset: row, loser: last === undefined ? "unknown" : last.long ? "longs" : "shorts", amount: rest },
  ];
}

function isSafe({ marginEquity, maintenance }: Assessor.Standing): boolean {
  return marginEquity >= maintenance;
}
