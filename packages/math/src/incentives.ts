// What a step may cost its account, who gets it, and when.
import { WAD, divUp, max, min, mulDivDown, mulDivFloor, mulDivUp, mulDown, mulUp, sqrtUp } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";
import { MAX_PRICE } from "./ledger.js";

export const LEAST_DURATION = 20n;
export const MOST_DURATION = 600n;
/** What a lot may move the market by: a quarter of m, or of 1 % where m is less. */
export const LEAST_MARGIN = WAD / 100n;
/** The most of a tip, in basis points of what the account must hold. */
export const MOST_TIP = 200n;
/** The most that insurance pays for a step of a bankrupt account, in basis points of what is closed. */
export const MOST_INSURED = 150n;

/** clamp(margin equity / maintenance, 0, 1) in 1e18. */
export function health(equity: bigint, maintenance: bigint): bigint {
  if (equity <= 0n) return 0n;
  return equity >= maintenance ? WAD : mulDivDown(equity, WAD, maintenance);
}

/** σ·√seconds. */
export function move(sigma: bigint, elapsed: bigint): bigint {
  return mulDivUp(sigma, sqrtUp(uint(uint(elapsed * WAD) * WAD)), WAD);
}

/** clamp((m / 4σ)², 20 s, 600 s): as long as it takes the market to eat a quarter of the margin. */
export function duration(margin: bigint, sigma: bigint): bigint {
  const ratio = mulDivUp(margin, WAD, uint(4n * sigma));
  const time = ratio >= 1_000n * WAD ? MOST_DURATION : divUp(ratio * ratio, WAD * WAD);
  return max(LEAST_DURATION, min(time, MOST_DURATION));
}

/** max(m, 1 %)/4 of depth: the notional of a slice. */
export function slice(margin: bigint, depth: bigint): bigint {
  return mulDown(max(margin, LEAST_MARGIN) / 4n, depth);
}

/** The most that insurance pays somebody for closing `notional` of a bankrupt account. */
export function insured(notional: bigint): bigint {
  return mulDivDown(notional, MOST_INSURED, 10_000n);
}

/** −z₀·V + (z₀·V + top)·min(1, t / duration), down: what the account pays above mark for the notional V. */
export function premium(notional: bigint, floor: bigint, top: bigint, elapsed: bigint, duration_: bigint): bigint {
  const below = mulUp(notional, floor);
  const climbed = mulDivDown(uint(below + top), min(elapsed, duration_), duration_);
  return int(asInt(climbed) - asInt(below));
}

/** Mark less (plus, for who gives a short) the premium per unit; for the account by rounding; never nothing, never above what a price can be. */
export function price(long: boolean, mark: bigint, premium_: bigint, size: bigint): bigint {
  const perUnit = mulDivFloor(premium_, WAD, size);
  const offered = int(long ? asInt(mark) - perUnit : asInt(mark) + perUnit);
  return offered > 0n ? min(offered, MAX_PRICE) : 1n;
}
