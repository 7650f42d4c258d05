// The price a pool quotes. It rounds against the taker.
//
// rate = half spread + the average, over the trade, of max(0, age + x / D), where x is the notional the pool is short (for
// a buyer; long for a seller) and D its market's depth.
import { WAD, divUp, max, min, mulDivCeil, mulDivUp, mulDown, mulUp, sqrtUp } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";

/** Rates are in 1e18; nothing is quoted further from its base than this. */
export const MAX_RATE = WAD / 2n;

/** min(deviation, factor·σ·√age): the factor is in hundredths, the deviation in 1e18, σ per √second. */
export function ageRate(sigma: bigint, age: bigint, factor: bigint, deviation: bigint): bigint {
  const root = sqrtUp(uint(uint(age * WAD) * WAD));
  return min(deviation, mulDivUp(uint(factor * sigma), root, 100n * WAD));
}

/**
 * The average of max(0, age + x / D) for x from `from` to `from + notional`: the mean of its ends, or the part above zero
 * as ½·D·end² / notional.
 */
export function inventoryRate(age: bigint, from: bigint, notional: bigint, depth: bigint): bigint {
  const start = int(asInt(age) + mulDivCeil(from, WAD, depth));
  const end = int(asInt(age) + mulDivCeil(int(from + asInt(notional)), WAD, depth));
  if (end <= 0n) return 0n;
  if (start >= 0n) return divUp(int(start + end), 2n);
  return mulDivUp(mulUp(end, end), depth, uint(2n * notional));
}

/** The worse of mark and fast for the taker, moved against him by `rate`. */
export function price(buys: boolean, mark: bigint, fast: bigint, rate: bigint): bigint {
  const bounded = min(rate, MAX_RATE);
  return buys ? mulUp(max(mark, fast), WAD + bounded) : mulDown(min(mark, fast), WAD - bounded);
}
