// An account as the views over the ledger show it: what it is worth, what it must hold, whether it may be liquidated, and
// what would bring it back.
import * as Assessor from "./assessor.js";
import * as Debts from "./debts.js";
import { WAD, mulDivDown } from "./fixedPoint.js";
import { AssetKind, type Accrual, type AssetConfig, type Debt, type Price } from "./ledger.js";
import * as Markets from "./markets.js";
import * as Planner from "./planner.js";
import * as Positions from "./positions.js";
import type { Plan } from "./reduction.js";

export const MAX_TARGET = 100n * WAD;
/** The health of an account that needs no margin. */
export const UNBOUNDED = (1n << 256n) - 1n;

/** Why an account may be liquidated, or what keeps it from it. */
export const Verdict = {
  /** Margin equity covers maintenance. */
  Healthy: 0n,
  /** Below maintenance at mark, not yet at the fast average, and not far below. */
  Guarded: 1n,
  /** Below maintenance at mark and at the fast average. */
  Below: 2n,
  /** So far below maintenance at mark that the average does not protect it. */
  FarBelow: 3n,
  /** Healthy, but its spot may be sold: more quote is owed against it than the cap. */
  Overborrowed: 4n,
} as const;

export interface Leg extends Assessor.Holding {
  readonly asset: bigint;
}

/** An account as of now; `cash` as it is stored, and the interest that was not charged yet. */
export interface Snapshot {
  readonly cash: bigint;
  readonly interest: bigint;
  readonly legs: readonly Leg[];
  /** The most that may be owed, in basis points of the spot's value. */
  readonly debtCap: bigint;
}

/** An account as it is stored. */
export interface Stored {
  readonly cash: bigint;
  readonly debt: Debt;
  readonly legs: readonly { readonly asset: bigint; readonly position: Positions.Position }[];
}

/** What is stored of a market, and its price; of a spot `perp` says nothing. */
export interface MarketState {
  readonly config: AssetConfig;
  readonly perp: Accrual & Pick<Positions.Perp, "long" | "short">;
  readonly price: Price;
}

/** The rate of interest per year in 1e18, and the most that may be owed in basis points of the spot. */
export interface Terms {
  readonly debtRate: bigint;
  readonly debtCap: bigint;
}

export interface LegView {
  readonly asset: bigint;
  readonly size: bigint;
  readonly basis: bigint;
  readonly mark: bigint;
  readonly value: bigint;
  /** What of the value counts as margin equity. */
  readonly counted: bigint;
  readonly maintenance: bigint;
  /** At the worse of mark and slow, the reserve on profit included. */
  readonly initial: bigint;
}

export interface AccountView {
  /** With what pick-ups would pay and the interest so far. */
  readonly cash: bigint;
  readonly legs: readonly LegView[];
  readonly assessment: Assessor.Assessment;
  /** Margin equity / maintenance in 1e18; `UNBOUNDED` for an account that needs none. */
  readonly health: bigint;
  /** A `Verdict`. */
  readonly verdict: bigint;
  readonly liquidatable: boolean;
  readonly bankrupt: boolean;
  /** Quote owed against spot at mark, and the most before spot may be sold. */
  readonly debt: bigint;
  readonly debtCap: bigint;
}

export class TargetOutOfBounds extends Error {
  override name = "TargetOutOfBounds";

  constructor(
    readonly target: bigint,
    readonly lower: bigint,
    readonly upper: bigint,
  ) {
    super(`a health of ${target} is not from ${lower} to ${upper}`);
  }
}

export class CostAboveBound extends Error {
  override name = "CostAboveBound";

  constructor(
    readonly cost: bigint,
    readonly bound: bigint,
  ) {
    super(`a cost of ${cost} is above ${bound}`);
  }
}

export class MarketUnknown extends Error {
  override name = "MarketUnknown";

  constructor(readonly asset: bigint) {
    super(`nothing is known of the market of asset ${asset}`);
  }
}

export class LegUnknown extends Error {
  override name = "LegUnknown";

  constructor(readonly asset: bigint) {
    super(`the account has no leg in asset ${asset}`);
  }
}

export class CostsDoNotMatchLegs extends Error {
  override name = "CostsDoNotMatchLegs";

  constructor(
    readonly costs: number,
    readonly legs: number,
  ) {
    super(`${costs} costs for ${legs} legs`);
  }
}

/** The account as a touch of all its legs at `time` would find it. */
export function load(
  { cash, debt, legs }: Stored,
  markets: ReadonlyMap<bigint, MarketState>,
  { debtRate, debtCap }: Terms,
  time: bigint,
): Snapshot {
  const interest = Debts.interest(debt, debtRate, time);
  return { cash, interest, legs: legs.map(({ asset, position }) => loadLeg(asset, position, markets, time)), debtCap };
}

export function assess({ cash, interest, legs }: Snapshot): Assessor.Assessment {
  return Assessor.assess(cash - interest, legs);
}

export function view(account: Snapshot): AccountView {
  const assessment = assess(account);
  const standing = Assessor.standing(assessment);
  return {
    cash: account.legs.reduce((sum, { position }) => sum + position.cash, account.cash - account.interest),
    legs: account.legs.map(legView),
    assessment,
    health: healthOf(assessment),
    verdict: verdictOf(assessment, account.debtCap),
    liquidatable: Assessor.liquidatable(assessment),
    bankrupt: assessment.equity < 0n,
    debt: Assessor.debt(standing),
    debtCap: (standing.collateral * account.debtCap) / 10_000n,
  };
}

/** Margin equity / maintenance in 1e18. */
export function healthOf({ marginEquity, maintenance }: Assessor.Assessment): bigint {
  if (maintenance === 0n) return marginEquity < 0n ? 0n : UNBOUNDED;
  return marginEquity <= 0n ? 0n : mulDivDown(marginEquity, WAD, maintenance);
}

export function verdictOf(a: Assessor.Assessment, debtCap: bigint): bigint {
  if (a.marginEquity >= a.maintenance)
    return Assessor.overborrowed(Assessor.standing(a), debtCap) ? Verdict.Overborrowed : Verdict.Healthy;
  if (!Assessor.liquidatable(a)) return Verdict.Guarded;
  return a.fastMarginEquity < a.fastMaintenance ? Verdict.Below : Verdict.FarBelow;
}

/** The smallest reduction of one leg that brings the account to a health of `target`, closing at a cost per notional. */
export function reduction(account: Snapshot, asset: bigint, target: bigint, cost: bigint): Plan {
  if (target < WAD || target > MAX_TARGET) throw new TargetOutOfBounds(target, WAD, MAX_TARGET);
  if (cost > WAD) throw new CostAboveBound(cost, WAD);
  const leg = account.legs.find((held) => held.asset === asset);
  if (leg === undefined) throw new LegUnknown(asset);
  const standing = Assessor.standing(assess(account));
  return Planner.plan(standing, leg.market, leg.position.size, leg.price, target, cost);
}

/** Which leg to reduce first, given what closing each costs, in the order of the legs; none without legs. */
export function firstReduction(
  account: Snapshot,
  target: bigint,
  costs: readonly bigint[],
): { first: bigint; plan: Plan } | undefined {
  if (costs.length !== account.legs.length) throw new CostsDoNotMatchLegs(costs.length, account.legs.length);
  const options = account.legs.map(({ asset }, i) => ({
    first: asset,
    plan: reduction(account, asset, target, costs[i] ?? 0n),
  }));
  return options
    .slice(1)
    .reduce((best, other) => (best && !Planner.better(other.plan, best.plan) ? best : other), options[0]);
}

function loadLeg(
  asset: bigint,
  stored: Positions.Position,
  markets: ReadonlyMap<bigint, MarketState>,
  time: bigint,
): Leg {
  const state = markets.get(asset);
  if (state === undefined) throw new MarketUnknown(asset);
  const { config, perp, price } = state;
  const market = Markets.current(config, perp, price, time);
  if (config.kind === AssetKind.Spot)
    return { asset, market, price, position: { size: stored.size, cash: 0n, basis: 0n } };
  const haircut = config.haircut * (WAD / 10_000n);
  return { asset, market, price, position: Positions.preview(perp, stored, market.fundingIndex, haircut) };
}

function legView({ asset, market, price, position: { size, basis } }: Leg): LegView {
  const { equity, marginEquity, maintenance } = Assessor.leg(market, size, price);
  return {
    asset,
    size,
    basis,
    mark: price.mark,
    value: equity,
    counted: marginEquity,
    maintenance,
    initial: market.config.kind === AssetKind.Perp ? Assessor.initial(market, size, basis, price) : 0n,
  };
}
