// Exponentially time-weighted averages.
import { expWad } from "./elementary.js";
import { WAD, min, mulDown } from "./fixedPoint.js";
import { divide } from "./integers.js";

const YEAR = 31_536_000n;

/**
 * average' = held + (average − held)·exp(−elapsed / constant), between the two; `held` is the price that held during the
 * interval.
 */
export function step(average: bigint, held: bigint, elapsed: bigint, constant: bigint): bigint {
  if (average === held) return held;
  const left = decay(elapsed, constant);
  return average > held ? held + mulDown(average - held, left) : held - mulDown(held - average, left);
}

/** exp(−elapsed / constant) in 1e18: what is left of a difference. */
export function decay(elapsed: bigint, constant: bigint): bigint {
  return expWad(-divide(min(elapsed, YEAR) * WAD, constant));
}
