// Realised variance per second, in 1e15, as the larger of a quick and a patient average.
import * as Average from "./average.js";
import { lnWad, sqrt } from "./elementary.js";
import { WAD, max, min, mulDivDown } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";

/** Half-lives of 15 minutes and 24 hours as time constants: half-life / ln 2. */
export const SHORT = 1_298n;
export const LONG = 124_649n;
export const LEAST_INTERVAL = 60n;
/** (20 %)², (100 %)² and (1,000 %)² per year of 365 days. */
export const FLOOR = 1_268_391n;
export const INITIAL = 31_709_791n;
export const CAP = 3_170_979_198n;
const UNIT = 10n ** 21n;

/** ln(price / before)² / elapsed, down. */
export function sample(before: bigint, price: bigint, elapsed: bigint): bigint {
  const ratio = mulDivDown(price, WAD, before);
  const move = lnWad(ratio === 0n ? 1n : asInt(ratio));
  return mulDivDown(int(move * move), 1n, uint(UNIT * elapsed));
}

/** min(sample + (average − sample)·exp(−elapsed / constant), CAP). */
export function step(average: bigint, sample_: bigint, elapsed: bigint, constant: bigint): bigint {
  return min(Average.step(average, sample_, elapsed, constant), CAP);
}

/** σ = √max(short, long, FLOOR), per √second in 1e18. */
export function sigma(short: bigint, long: bigint): bigint {
  return sqrt(uint(max(max(short, long), FLOOR) * UNIT));
}
