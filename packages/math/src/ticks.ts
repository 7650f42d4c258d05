// Price bands of basis: 64 to a doubling, 0.8 to 1.6 % wide, with exact edges and no tables.
//
//     e = ⌊log₂ price⌋ − 6      tick = 64·e + (⌊price / 2^e⌋ mod 64)
import { log2 } from "./elementary.js";
import { shiftLeft, uint } from "./integers.js";

export function tickOf(price: bigint): bigint {
  const exponent = uint(log2(price) - 6n);
  return (exponent << 6n) | ((price >> exponent) & 63n);
}

/** The lowest price of the band. */
export function lower(tick: bigint): bigint {
  return shiftLeft(64n + (tick & 63n), tick >> 6n);
}

/** The lowest price above the band. */
export function upper(tick: bigint): bigint {
  return shiftLeft(65n + (tick & 63n), tick >> 6n);
}
