// One leg in trouble, as every stage of the closing chain looks at it: the same arithmetic as the contracts'.
import {
  AssetKind,
  AssetState,
  Assessor,
  FixedPoint,
  Incentives,
  Margin,
  Planner,
  PriceStatus,
  WAD,
  type Account,
} from "@ballast/math";
import type { MarketState } from "./book.js";

/** What is left of a leg is at least so many tips, or it is closed whole. */
const DUST = 100n;
const MOST_INCENTIVE = (95n * WAD) / 100n;
/** The most that insurance pays for a step of a bankrupt account, in basis points of what is closed. */
const INSURED = 150n;
const BASIS_POINT = WAD / 10_000n;

export interface Situation {
  readonly account: bigint;
  /** The market at the price that is looked at. */
  readonly at: MarketState;
  readonly size: bigint;
  readonly standing: Assessor.Standing;
  /** What is left of the keeper's tip. */
  readonly tip: bigint;
  /** What insurance may pay for a step of a bankrupt account. */
  readonly insurable: bigint;
  /** clamp(health, 0, 1), and the margin that a unit of notional frees when closed; in 1e18. */
  readonly health: bigint;
  readonly margin: bigint;
}

/** What a step costs the account at most, and what insurance adds for a bankrupt one. */
export interface Deal {
  readonly size: bigint;
  readonly penalty: bigint;
  readonly tip: bigint;
  readonly premium: bigint;
  readonly insuredTip: bigint;
  readonly insuredPremium: bigint;
}

export function situation(
  account: bigint,
  at: MarketState,
  size: bigint,
  standing: Assessor.Standing,
  tip: bigint,
  insurable: bigint,
): Situation {
  const health = Incentives.health(standing.marginEquity, standing.maintenance);
  const { market, price } = at;
  const margin =
    market.config.kind === AssetKind.Spot
      ? FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000n) * BASIS_POINT
      : FixedPoint.mulDown(slope(at, size), health);
  return { account, at, size, standing, tip, insurable, health, margin };
}

export function isSpot({ at }: Situation): boolean {
  return at.market.config.kind === AssetKind.Spot;
}

export function isBankrupt({ standing }: Situation): boolean {
  return standing.equity < 0n || standing.maintenance === 0n;
}

/** Nobody knows what the leg is worth. */
export function isFrozen({ at: { price, market } }: Situation): boolean {
  return price.status === PriceStatus.Stale || market.config.state === AssetState.Settling;
}

/** A step is neither needed nor allowed any more. */
export function isDone({ size, standing: { marginEquity, maintenance } }: Situation): boolean {
  return size === 0n || marginEquity >= maintenance;
}

/** The tip of an episode that begins now. */
export function tipOf(s: Situation): bigint {
  const bound = FixedPoint.max(s.standing.maintenance, freed(s, FixedPoint.abs(s.size)));
  return FixedPoint.min(s.at.terms.tip, share(bound, Incentives.MOST_TIP));
}

/** The smallest reduction at a cost per notional that leaves no dust. */
export function plan(s: Situation, cost: bigint): bigint {
  return withoutDust(s, smallest(s, s.standing, cost), cost);
}

/** As `plan`, of an account that pays the tip besides. */
export function planAfterTip(s: Situation, cost: bigint): bigint {
  return withoutDust(s, smallestAfterTip(s, cost), cost);
}

export function smallestAfterTip(s: Situation, cost: bigint): bigint {
  const { equity, marginEquity } = s.standing;
  const paid = { ...s.standing, equity: equity - s.tip, marginEquity: marginEquity - s.tip };
  return smallest(s, paid, cost);
}

/** A step on n: its penalty, its part of the tip, and all that may be paid besides as premium. */
export function dealOf(s: Situation, n: bigint, planned: bigint): Deal {
  const margin = freed(s, n);
  const budget = FixedPoint.mulDown(margin, incentive(s));
  const penalty = isSpot(s) ? 0n : share(margin, s.at.terms.penalty);
  const whole = n >= planned ? s.tip : FixedPoint.mulDivDown(s.tip, n, planned);
  const tip = FixedPoint.min(whole, budget - penalty);
  const deal = { size: n, penalty, tip, premium: budget - penalty - tip, insuredTip: 0n, insuredPremium: 0n };
  if (s.standing.equity >= 0n || isSpot(s)) return deal;
  const insured = FixedPoint.min(s.insurable, share(notional(s, n), INSURED));
  const insuredTip = FixedPoint.min(whole, insured);
  return { ...deal, insuredTip, insuredPremium: insured - insuredTip };
}

/** The penalty per notional closed. */
export function penaltyRate(s: Situation): bigint {
  return isSpot(s) ? 0n : FixedPoint.mulDivUp(s.margin, s.at.terms.penalty, 10_000n);
}

/** The most that a step costs per notional: κ·m. */
export function mostCost(s: Situation): bigint {
  return FixedPoint.mulUp(s.margin, incentive(s));
}

export function notional(s: Situation, n: bigint): bigint {
  return FixedPoint.mulDown(n, s.at.price.mark);
}

/** The size of a notional, never more than the leg. */
export function sizeOf(s: Situation, value: bigint): bigint {
  return FixedPoint.min(FixedPoint.mulDivDown(value, WAD, s.at.price.mark), FixedPoint.abs(s.size));
}

export function isDust(s: Situation, size: bigint): boolean {
  return notional(s, size) < DUST * s.at.terms.tip;
}

/** What free margin carries when all of it is added to one side of a market. */
export function carriedBy(
  at: MarketState,
  size: bigint,
  held: Account.AccountView["assessment"],
  limit: bigint,
): bigint {
  const free = held.initialEquity - held.initial;
  if (free <= 0n) return 0n;
  const { mark, slow } = at.price;
  const worse = Margin.worse(size, mark, slow);
  const gap = worse > mark ? worse - mark : mark - worse;
  const { initialRate, maintenanceRate } = at.market;
  const frozen = Assessor.maintenanceRate(at.market, at.price.status) - maintenanceRate;
  const rate = FixedPoint.mulDivUp(frozen + initialRate + limit * BASIS_POINT, worse + gap, mark);
  return FixedPoint.mulDivDown(free, WAD, rate + FixedPoint.mulDivUp(gap, WAD, mark));
}

export function share(value: bigint, points: bigint): bigint {
  return FixedPoint.mulDivDown(value, points, 10_000n);
}

/** r = dMM/dn at the leg's size. */
function slope({ market, price }: MarketState, size: bigint): bigint {
  const held = Margin.notionalOf(size, price.mark);
  return Assessor.maintenanceRate(market, price.status) + FixedPoint.mulDivDown(held, WAD, market.maintenanceDepth);
}

/** The margin that closing n frees: what it may be paid from. */
function freed(s: Situation, n: bigint): bigint {
  if (isSpot(s)) return FixedPoint.mulDown(notional(s, n), s.margin);
  if (s.health === 0n) return 0n;
  const { market, price } = s.at;
  const left = s.size > 0n ? s.size - n : s.size + n;
  const before = Assessor.leg(market, s.size, price).maintenance;
  return FixedPoint.mulDown(before - Assessor.leg(market, left, price).maintenance, s.health);
}

/** κ + (95 % − κ)·(1 − health); of a spot κ. */
function incentive(s: Situation): bigint {
  const least = s.at.terms.incentive * BASIS_POINT;
  return isSpot(s) ? least : least + FixedPoint.mulDown(MOST_INCENTIVE - least, WAD - s.health);
}

function smallest(s: Situation, standing: Assessor.Standing, cost: bigint): bigint {
  const { market, price, terms } = s.at;
  // Who has nothing left reaches no target: what closes for nothing closes whole.
  if (standing.marginEquity < 0n && cost === 0n && !isSpot(s)) return FixedPoint.abs(s.size);
  return Planner.plan(standing, market, s.size, price, terms.target * BASIS_POINT, cost).size;
}

function withoutDust(s: Situation, size: bigint, cost: bigint): bigint {
  const whole = FixedPoint.abs(s.size);
  return size !== 0n && isDust(s, whole - size) && isPaid(s, whole, cost) ? whole : size;
}

/** A solvent account with positions pays for a sale of spot out of its equity. */
function isPaid(s: Situation, n: bigint, cost: bigint): boolean {
  const { equity, maintenance } = s.standing;
  if (!isSpot(s) || equity < 0n || maintenance === 0n) return true;
  return FixedPoint.mulUp(FixedPoint.mulUp(n, s.at.price.mark), cost) + s.tip <= equity;
}
