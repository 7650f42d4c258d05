// Reduction plans of an account's legs, from the same numbers that its margin is computed from.
import * as Assessor from "./assessor.js";
import { abs, min } from "./fixedPoint.js";
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
  return {
    spot: market.config.kind === AssetKind.Spot,
    equity: s.marginEquity,
    otherMaintenance: uint(s.maintenance - Assessor.leg(market, size, price).maintenance),
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
