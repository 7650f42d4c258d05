// Reduction plans of an account's legs, from the same numbers that its margin is computed from.
import * as Assessor from "./assessor.js";
import { WAD, abs, min } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";
import { AssetKind, type Price } from "./ledger.js";
import type { Market } from "./markets.js";
import * as Reduction from "./reduction.js";

/** `target` is the health to reach, `cost` that of closing per notional; in 1e18. */
export function plan(
  s: Assessor.Standing,
  market: Market,
  size: bigint,
  price: Price,
  target: bigint,
  cost: bigint,
): Reduction.Plan {
  return Reduction.plan(legOf(s, market, size, price, target, cost));
}

/** A leg and the account around it, as a plan sees them. */
export function legOf(
  s: Assessor.Standing,
  market: Market,
  size: bigint,
  price: Price,
  target: bigint,
  cost: bigint,
): Reduction.Leg {
  const spot = market.config.kind === AssetKind.Spot;
  return {
    spot,
    equity: s.marginEquity,
    otherMaintenance: uint(s.maintenance - (spot ? 0n : Assessor.maintenance(market, size, price))),
    size: abs(size),
    price: price.mark,
    rate: Assessor.maintenanceRate(market, price.status),
    depth: market.maintenanceDepth,
    haircut: min(Assessor.haircut(market.config, price.status), 10_000n),
    target,
    cost,
    gross: s.equity,
  };
}

/** The health up to which a solvent account is offset at most. */
const MOST_TARGET = 2n * WAD;

/**
 * What of an orphaned leg is offset at most: the whole one of a bankrupt account, else what brings it well above
 * maintenance when it has paid for the step.
 */
export function orphaned(s: Assessor.Standing, market: Market, size: bigint, price: Price, cost: bigint): bigint {
  if (s.equity < 0n) return abs(size);
  const paid = { ...s, equity: int(s.equity - cost), marginEquity: int(s.marginEquity - cost) };
  return plan(paid, market, size, price, MOST_TARGET, 0n).size;
}

/**
 * Whether a plan should be taken rather than another: one that reaches the target at the least expense; if none does, the
 * one that leaves the account healthiest.
 */
export function better(a: Reduction.Plan, b: Reduction.Plan): boolean {
  if (a.toxic || b.toxic) return !a.toxic;
  if (a.reaches !== b.reaches) return a.reaches;
  if (a.reaches) return a.expense < b.expense;
  return int(a.equity * asInt(b.maintenance)) > int(b.equity * asInt(a.maintenance));
}
