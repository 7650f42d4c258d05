// What each stage of the closing chain would take of a leg, and what it has left to give.
import {
  Account,
  AssetKind,
  AssetState,
  FixedPoint,
  Incentives,
  Margin,
  PriceStatus,
  Quotes,
  WAD,
  type Assessor,
} from "@ballast/math";
import { memberOf, type Book, type MarketState } from "./book.js";
import * as Situations from "./situations.js";
import type { Deal, Situation } from "./situations.js";

export const STAGES = ["reduce", "auction", "absorb", "offset"] as const;
export type Stage = (typeof STAGES)[number];

/** The backstop is paid at least σ·√60 s. */
const HOLDING = 60n;
const LEAST_PART = 10n;
const PER_ACCOUNT = 5n;
const ORPHANED = WAD / 2n;

/** What the stages of one market have left in one step, in notional; longs and shorts are what they take. */
export interface Capacity {
  /** Of the pool within its minute, and what its margin and its limits leave. */
  window: bigint;
  readonly pool: { long: bigint; short: bigint };
  /** What the pool holds. */
  inventory: bigint;
  /** On offer in auctions, and what bidders take. */
  auction: bigint;
  readonly backstop: { long: bigint; short: bigint };
}

export function capacityOf(book: Book, at: MarketState, bidders: bigint | undefined): Capacity {
  const { market, terms, price } = at;
  const depth = market.initialDepth;
  const most = Situations.share(depth, terms.inFlight);
  const onOffer = FixedPoint.mulDown(at.inFlight, price.mark);
  const room = most > onOffer ? most - onOffer : 0n;
  const allowance = Situations.share(depth, terms.window);
  const pool = at.pool === undefined ? undefined : holding(book, at.pool.id, at.asset);
  const backstop = book.backstop === undefined ? undefined : holding(book, book.backstop, at.asset);
  return {
    window: allowance > at.windowUsed ? allowance - at.windowUsed : 0n,
    pool: { long: poolRoom(at, pool, true), short: poolRoom(at, pool, false) },
    inventory: pool?.size ?? 0n,
    auction: bidders !== undefined && bidders < room ? bidders : room,
    backstop: { long: backstopRoom(at, backstop, true), short: backstopRoom(at, backstop, false) },
  };
}

/** What a stage would do with the leg now, if anything. */
export function offer(stage: Stage, s: Situation, book: Book, capacity: Capacity): Deal | undefined {
  if (stage === "reduce") return reduce(s, book, capacity);
  if (stage === "auction") return auction(s, capacity);
  if (stage === "absorb") return absorb(s, book, capacity);
  return offset(s);
}

/** Takes what a deal uses off what is left. */
export function use(stage: Stage, s: Situation, capacity: Capacity, size: bigint): void {
  const value = Situations.notional(s, size);
  const side = s.size > 0n ? "long" : "short";
  if (stage === "auction") capacity.auction = less(capacity.auction, value);
  if (stage === "absorb") capacity.backstop[side] = less(capacity.backstop[side], value);
  if (stage !== "reduce") return;
  capacity.window = less(capacity.window, value);
  capacity.pool[side] = less(capacity.pool[side], value);
  capacity.inventory += s.size > 0n ? size : -size;
}

/** The pool takes at its own quote, which may be toxic. */
function reduce(s: Situation, book: Book, capacity: Capacity): Deal | undefined {
  const { at } = s;
  const open = at.price.status === PriceStatus.Fresh && at.market.config.state < AssetState.Halted;
  if (at.pool === undefined || at.pool.id === s.account || !open || s.health === 0n) return undefined;
  const room = FixedPoint.min(capacity.pool[s.size > 0n ? "long" : "short"], impactRoom(s, capacity));
  const most = Situations.sizeOf(s, FixedPoint.min(capacity.window, room));
  if (most === 0n) return undefined;
  const taken = s.size > 0n ? -most : most;
  const { terms } = at.pool;
  const price = Quotes.price(terms, at.price, capacity.inventory, taken, at.market.initialDepth, book.time);
  const cost = rateOf(s, price) + Situations.penaltyRate(s);
  if (cost > Situations.mostCost(s)) return undefined;
  const planned = Situations.planAfterTip(s, cost);
  const size = FixedPoint.min(planned, most);
  if (size === 0n || size * LEAST_PART < planned) return undefined;
  const deal = Situations.dealOf(s, size, planned);
  const premium = FixedPoint.mulUp(Situations.notional(s, size), rateOf(s, price));
  const tip = premium > deal.premium ? deal.tip - FixedPoint.min(deal.tip, premium - deal.premium) : deal.tip;
  return { ...deal, premium, tip, insuredPremium: 0n };
}

/** One slice, sold at the top of its premium. */
function auction(s: Situation, capacity: Capacity): Deal | undefined {
  if (capacity.auction === 0n || Situations.isFrozen(s)) return undefined;
  const depth = s.at.market.initialDepth;
  const perAccount = Situations.share(depth, s.at.terms.inFlight) / PER_ACCOUNT;
  const planned = Situations.plan(s, Situations.mostCost(s));
  const slice = Situations.sizeOf(s, FixedPoint.min(Incentives.slice(s.margin, depth), perAccount));
  const wanted = FixedPoint.min(planned, slice);
  const size = FixedPoint.min(wanted, Situations.sizeOf(s, capacity.auction));
  if (size === 0n || size * LEAST_PART < wanted) return undefined;
  const whole = FixedPoint.abs(s.size);
  const taken = planned === whole && Situations.isDust(s, whole - size) ? whole : size;
  return Situations.dealOf(s, taken, planned);
}

/** The backstop takes at mark less all that may be paid, if that pays for a minute of the market. */
function absorb(s: Situation, book: Book, capacity: Capacity): Deal | undefined {
  const room = capacity.backstop[s.size > 0n ? "long" : "short"];
  if (room === 0n || book.backstop === s.account || Situations.isFrozen(s)) return undefined;
  const least = Incentives.move(s.at.price.sigma, HOLDING);
  // No part of a leg pays more than the whole of m; a wei for rounding.
  if (Situations.mostCost(s) + 1n < least) return undefined;
  const planned = Situations.plan(s, Situations.mostCost(s));
  const size = FixedPoint.min(planned, Situations.sizeOf(s, room));
  if (size === 0n) return undefined;
  const deal = Situations.dealOf(s, size, planned);
  const paid = FixedPoint.mulDivDown(deal.premium, WAD, FixedPoint.max(Situations.notional(s, size), 1n));
  return paid >= least ? { ...deal, insuredPremium: 0n } : undefined;
}

/** At mark against the other side: the whole leg of a bankrupt account, else the smallest reduction. */
function offset(s: Situation): Deal | undefined {
  if (Situations.isSpot(s) || Situations.isFrozen(s)) return undefined;
  const bankrupt = Situations.isBankrupt(s);
  if (!bankrupt && s.health >= ORPHANED) return undefined;
  const size = bankrupt ? FixedPoint.abs(s.size) : Situations.smallestAfterTip(s, Situations.penaltyRate(s));
  return size === 0n ? undefined : { ...Situations.dealOf(s, size, size), premium: 0n, insuredPremium: 0n };
}

/** What moves the pool's price by no more than the bound. */
function impactRoom(s: Situation, { inventory }: Capacity): bigint {
  const { market, price, terms } = s.at;
  const against = Margin.value(s.size < 0n ? -inventory : inventory, price.mark);
  const free = 2n * (Situations.share(market.initialDepth, terms.reduceImpact) - against);
  return free > 0n ? free : 0n;
}

/** What a price is from mark against the account, per notional. */
function rateOf({ size, at: { price } }: Situation, offered: bigint): bigint {
  const { mark } = price;
  const lost = size > 0n ? mark - FixedPoint.min(mark, offered) : FixedPoint.max(mark, offered) - mark;
  return FixedPoint.mulDivUp(lost, WAD, mark);
}

/** An account that may take of a market: what it has of it, and where it stands. */
interface Holding {
  readonly size: bigint;
  readonly assessment: Assessor.Assessment;
}

function holding(book: Book, id: bigint, asset: bigint): Holding {
  const { account } = memberOf(book, id);
  const legs = account.legs.map((leg) => {
    const state = book.markets.get(leg.asset);
    if (state === undefined) throw new Account.MarketUnknown(leg.asset);
    return { ...leg, market: state.market, price: state.price };
  });
  const size = legs.find((leg) => leg.asset === asset)?.position.size ?? 0n;
  return { size, assessment: Account.assess({ ...account, legs }) };
}

/** Without what a single account may move the price by. */
function poolRoom(at: MarketState, pool: Holding | undefined, long: boolean): bigint {
  if (at.pool === undefined || pool === undefined) return 0n;
  const { mark } = at.price;
  const { terms } = at.pool;
  const { size, assessment } = pool;
  const room = Quotes.room(terms, assessment.equity, size, !long, mark, at.market.initialDepth);
  const against = Margin.value(long ? size : -size, mark);
  const carried = Situations.carriedBy(at, long ? 1n : -1n, assessment, terms.inventoryLimit);
  const relieved = against < 0n ? -against : 0n;
  return FixedPoint.min(FixedPoint.mulDown(room, mark), carried === 0n ? 0n : relieved + carried);
}

/** Up to its share of depth and to what its free margin carries; what it holds against the leg comes on top. */
function backstopRoom(at: MarketState, backstop: Holding | undefined, long: boolean): bigint {
  if (backstop === undefined) return 0n;
  const { size, assessment } = backstop;
  const cap = Situations.share(at.market.initialDepth, at.terms.backstop);
  const held = Margin.notionalOf(size, at.price.mark);
  const spot = at.market.config.kind === AssetKind.Spot;
  const carried = spot
    ? freeCash(assessment)
    : Situations.carriedBy(at, long ? 1n : -1n, assessment, at.terms.backstop);
  if (carried === 0n) return 0n;
  if (size !== 0n && size > 0n !== long) return held + FixedPoint.min(cap, carried);
  return FixedPoint.min(cap > held ? cap - held : 0n, carried);
}

function freeCash({ initialEquity, initial, quoteEquity }: Assessor.Assessment): bigint {
  const free = FixedPoint.min(initialEquity - initial, quoteEquity);
  return free > 0n ? free : 0n;
}

function less(left: bigint, used: bigint): bigint {
  return left > used ? left - used : 0n;
}
