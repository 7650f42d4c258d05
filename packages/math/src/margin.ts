// The margin rule of one leg, and the rates it takes. Requirements round up, values round down.
import { clamp, sqrt } from "./elementary.js";
import { WAD, abs, max, min, mulCeil, mulDivDown, mulDivFloor, mulDivUp, mulFloor, mulUp } from "./fixedPoint.js";
import { int, uint } from "./integers.js";

/** How fast the maintenance rate of open positions may move, per hour. */
export const RISE = WAD / 50n;
export const FALL = WAD / 100n;
/** How fast the depth that maintenance sees may fall, per hour, and its least share of the configured depth; in 1e9. */
export const WHOLE = 10n ** 9n;
export const DEPTH_FALL = WHOLE / 10n;
export const LEAST_DEPTH = WHOLE / 10n;
/** A pool's equity times this is the depth it lends its market. */
export const DEPTH_PER_EQUITY = 10n;
/** The initial rate of a new position in a market that is full. */
export const CROWDED_RATE = WAD / 2n;
const HOUR = 3_600n;
const BASIS_POINT = WAD / 10_000n;

/** clamp(z·σ·√horizon, floor, cap): z in hundredths, the bounds in basis points, σ per √second. */
export function targetRate(
  deviations: bigint,
  horizon: bigint,
  sigma: bigint,
  floorRate: bigint,
  capRate: bigint,
): bigint {
  const root = sqrt(uint(uint(horizon * WAD) * WAD));
  const rate = mulDivUp(uint(deviations * sigma), root, 100n * WAD);
  return clamp(rate, uint(floorRate * BASIS_POINT), uint(capRate * BASIS_POINT));
}

/** The rate after `elapsed` seconds on its way to a target. */
export function ramped(rate: bigint, target: bigint, elapsed: bigint): bigint {
  if (target > rate) return rate + min(target - rate, mulDivDown(RISE, elapsed, HOUR));
  return rate - min(rate - target, mulDivDown(FALL, elapsed, HOUR));
}

/** max(min(factor·max(target, rate), cap), rate): never below what maintenance asks for. */
export function initialRate(rate: bigint, target: bigint, factor: bigint, cap: bigint): bigint {
  const wanted = mulDivUp(max(rate, target), factor, 10_000n);
  return max(min(wanted, uint(cap * BASIS_POINT)), rate);
}

/** From the initial rate linearly up to 50 %, as open interest goes from `lower` to `upper`. */
export function crowdedRate(rate: bigint, openInterest: bigint, lower: bigint, upper: bigint): bigint {
  if (openInterest <= lower || rate >= CROWDED_RATE) return rate;
  if (openInterest >= upper) return CROWDED_RATE;
  return rate + mulDivUp(CROWDED_RATE - rate, openInterest - lower, upper - lower);
}

/** clamp(10·equity / depth, 10 %, 100 %) in 1e9. */
export function depthShare(equity: bigint, depth: bigint): bigint {
  if (equity <= 0n) return LEAST_DEPTH;
  return clamp(mulDivDown(equity, DEPTH_PER_EQUITY * WHOLE, depth), LEAST_DEPTH, WHOLE);
}

/** The share that maintenance sees: rises at once, falls by at most 10 % of the whole per hour. */
export function heldShare(held: bigint, live: bigint, elapsed: bigint): bigint {
  if (live >= held) return live;
  return held - min(held - live, mulDivDown(DEPTH_FALL, elapsed, HOUR));
}

/** N·(rate + N / 2D): the second term is what closing N costs at depth D, so there are no tiers. */
export function required(notional: bigint, rate: bigint, depth: bigint): bigint {
  return uint(mulUp(notional, rate) + mulDivUp(notional, notional, uint(2n * depth)));
}

/** haircut · max(profit, 0), haircut in basis points: the part of unrealised profit that does not count. */
export function reserve(size: bigint, price: bigint, basis: bigint, haircut: bigint): bigint {
  const profit = int(mulCeil(size, price) - mulFloor(size, basis));
  return profit > 0n ? mulDivUp(profit, haircut, 10_000n) : 0n;
}

/** |size|·price, up: what requirements are computed from. */
export function notionalOf(size: bigint, price: bigint): bigint {
  return mulUp(abs(size), price);
}

/** size·price, down. */
export function value(size: bigint, price: bigint): bigint {
  return mulFloor(size, price);
}

/** The part of a spot's value that counts, haircut in basis points. */
export function counted(gross: bigint, haircut: bigint): bigint {
  return haircut >= 10_000n ? 0n : mulDivFloor(gross, 10_000n - haircut, 10_000n);
}

/** The worse of two prices for the holder. */
export function worse(size: bigint, a: bigint, b: bigint): bigint {
  return a < b === size > 0n ? a : b;
}
