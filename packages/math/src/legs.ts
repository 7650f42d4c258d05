// The assets an account holds: up to eight ids of twelve bits, packed from the low end without gaps.
import { asUint, shiftRight, uint } from "./integers.js";

export const MAX = 8n;
const BITS = 12n;
const MASK = 0xfffn;
const WIDTH = 96;

export class TooManyLegs extends Error {
  override name = "TooManyLegs";

  constructor(
    readonly legs: bigint,
    readonly bound: bigint,
  ) {
    super(`${legs} legs are more than ${bound}`);
  }
}

export class LegNotHeld extends Error {
  override name = "LegNotHeld";

  constructor(
    readonly asset: bigint,
    readonly held: readonly bigint[],
  ) {
    super(`asset ${asset} is not among ${held.join(", ")}`);
  }
}

export function count(legs: bigint): bigint {
  let n = 0n;
  for (let rest = legs; rest !== 0n; rest >>= BITS) ++n;
  return n;
}

export function legAt(legs: bigint, i: bigint): bigint {
  return shiftRight(legs, uint(BITS * i)) & MASK;
}

export function contains(legs: bigint, asset: bigint): boolean {
  return list(legs).includes(asset);
}

export function add(legs: bigint, asset: bigint): bigint {
  const n = count(legs);
  if (n >= MAX) throw new TooManyLegs(n + 1n, MAX);
  return legs | asUint(asset << (BITS * n), WIDTH);
}

/** The last id takes the place of the one that leaves. */
export function remove(legs: bigint, asset: bigint): bigint {
  const held = list(legs);
  const at = held.indexOf(asset);
  const moved = held.pop();
  if (at === -1 || moved === undefined) throw new LegNotHeld(asset, held);
  if (at < held.length) held[at] = moved;
  return held.reduceRight((packed, leg) => (packed << BITS) | leg, 0n);
}

export function list(legs: bigint): bigint[] {
  return Array.from({ length: Number(count(legs)) }, (_, i) => legAt(legs, BigInt(i)));
}
