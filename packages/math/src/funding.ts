// The funding index of a perp: quote per unit of size in ray; longs pay when it rises, shorts when it falls.
import * as Average from "./average.js";
import { RAY, WAD, abs, max, min, mulDivDown, mulDivFloor, mulDown } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";

/** Beyond ±LIMIT the index stands still. */
export const LIMIT = 1n << 110n;
/** The time constant of the average, and the unit of rates: parts per day in 1e9. */
export const CONSTANT = 3_600n;
export const UNIT = 10n ** 9n;
const DAY = 86_400n;

/**
 * clamp(slope · skew / max(depth, open interest) · min(1, |skew| / open interest), ±cap). Slope and cap are in basis
 * points, the result in 1e9 per day.
 */
export function target(skew: bigint, depth: bigint, openInterest: bigint, slope: bigint, cap: bigint): bigint {
  const size = abs(skew);
  let rate = mulDivDown(size, uint(slope * UNIT), uint(max(depth, openInterest) * 10_000n));
  if (size < openInterest) rate = mulDivDown(rate, size, openInterest);
  rate = min(rate, mulDivDown(cap, UNIT, 10_000n));
  return skew < 0n ? int(-asInt(rate)) : asInt(rate);
}

/**
 * rate' = target + (rate − target)·exp(−elapsed / hour), and Σ rate·seconds in 1e18: however the interval is cut, the sum
 * is the same.
 */
export function averaged(rate: bigint, target_: bigint, elapsed: bigint): { next: bigint; accrued: bigint } {
  const held = int(target_ * asInt(uint(elapsed * (WAD / UNIT))));
  if (rate === target_) return { next: rate, accrued: held };
  const decay = Average.decay(elapsed, CONSTANT);
  const left = asInt(mulDown(abs(int(rate - target_)), decay));
  const next = int(rate > target_ ? target_ + left : target_ - left);
  const faded = int(int(rate - target_) * asInt(uint(CONSTANT * uint(WAD - decay)) / UNIT));
  return { next, accrued: int(held + faded) };
}

/** index' = clamp(index + ⌊accrued · mark / day⌋, ±LIMIT). */
export function accrue(index: bigint, accrued: bigint, mark: bigint): bigint {
  const next = int(index + mulDivFloor(accrued, uint(mark * (RAY / WAD)), WAD * DAY));
  if (next > LIMIT) return LIMIT;
  return next < -LIMIT ? -LIMIT : next;
}

/** ⌊size · (from − to)⌋: the payer pays rounded up, the receiver gets rounded down. */
export function cash(size: bigint, from: bigint, to: bigint): bigint {
  return mulDivFloor(int(size * int(from - to)), 1n, RAY);
}
