// The arithmetic of offset and share: one multiplier and one cash index relate every member of a side to its open
// interest. Units: multipliers start at ONE = 2¹⁰³; cash indices are ray per unit of size, times ONE, over 2⁶⁴.
import { RAY, WAD, divUp, min, mulDivDown, mulDivFloor, mulDivUp, mulDown, mulUp } from "./fixedPoint.js";
import { asInt, int, uint } from "./integers.js";

export const ONE = 1n << 103n;
/** An epoch ends when the multiplier falls below this, long before its precision is gone. */
export const EPOCH_FLOOR = 1n << 80n;

/** What a member of a side is related to at one moment. */
export interface Index {
  readonly multiplier: bigint;
  readonly cash: bigint;
  readonly funding: bigint;
}

/** m' = m·S'/S, down for longs, up for shorts. */
export function offsetMultiplier(long: boolean, m: bigint, openInterest: bigint, closed: bigint): bigint {
  const left = uint(openInterest - closed);
  return long ? mulDivDown(m, left, openInterest) : mulDivUp(m, left, openInterest);
}

/** K' = K + ⌊(dK − s·(m − m')·F) / 2⁶⁴⌋ with dK = s·d·P·m/S, down for longs, up in size for shorts. */
export function offsetCash(
  long: boolean,
  index: Index,
  multiplierAfter: bigint,
  openInterest: bigint,
  closed: bigint,
  price: bigint,
): bigint {
  const value = uint(uint(closed * price) * (RAY / WAD));
  const funded = int(asInt(uint(index.multiplier - multiplierAfter)) * index.funding);
  const change = long
    ? int(asInt(mulDivDown(value, index.multiplier, openInterest)) - funded)
    : int(funded - asInt(mulDivUp(value, index.multiplier, openInterest)));
  return int(index.cash + (change >> 64n));
}

/** What the account whose exposure is offset gets (a long) or pays (a short) for the closed size. */
export function offsetProceeds(long: boolean, closed: bigint, price: bigint): bigint {
  return long ? asInt(mulDown(closed, price)) : int(-asInt(mulUp(closed, price)));
}

/** |size'| = |size|·m/m₀, down for longs, up for shorts: a pick-up cannot change a sign. */
export function pickUpSize(long: boolean, size: bigint, from: bigint, to: bigint): bigint {
  return long ? mulDivDown(size, to, from) : mulDivUp(size, to, from);
}

/** ⌊|size|·[(K − K₀ − ΔX)·2⁶⁴ − s·(m·F − m₀·F₀)] / (m₀·1e27)⌋ with one rounding. */
export function pickUpCash(long: boolean, size: bigint, from: Index, to: Index, charged: bigint): bigint {
  const moved = int(int(int(to.cash - from.cash) - asInt(charged)) * (1n << 64n));
  const funded = int(int(asInt(to.multiplier) * to.funding) - int(asInt(from.multiplier) * from.funding));
  return mulDivFloor(int(long ? moved - funded : moved + funded), size, uint(from.multiplier * RAY));
}

/** w = max(0, ⌊maxHaircut·(profit of the tick, from the edge nearest the mark)⌋ − taken), in 1e18. */
export function shareCapacity(long: boolean, mark: bigint, edge: bigint, maxHaircut: bigint, taken: bigint): bigint {
  if (long ? mark <= edge : edge <= mark) return 0n;
  const cap = mulDown(maxHaircut, long ? mark - edge : edge - mark);
  return cap > taken ? cap - taken : 0n;
}

/** h = min(1, ⌈deficit / capacity⌉) in ray; `capacity` is Σ size·w, in 1e36. */
export function shareFraction(deficit: bigint, capacity: bigint): bigint {
  const scaled = uint(deficit * WAD);
  return scaled >= capacity ? RAY : mulDivUp(scaled, RAY, capacity);
}

/** c = ⌊h·w⌋ in ray per unit of size. */
export function shareCharge(fraction: bigint, capacityPerUnit: bigint): bigint {
  return mulDown(fraction, capacityPerUnit);
}

/** What a tick of this size pays at this charge. */
export function sharePaid(size: bigint, charge: bigint): bigint {
  return mulDivDown(size, charge, RAY);
}

/** ΔX = ⌈c·m / 2⁶⁴⌉. */
export function shareCash(charge: bigint, multiplier: bigint): bigint {
  return mulDivUp(charge, multiplier, 1n << 64n);
}

/** What is taken per unit, from ray up to 1e18. */
export function shareTaken(charge: bigint): bigint {
  return divUp(charge, RAY / WAD);
}

/** Moves the basis by ⌈taken / maxHaircut⌉ towards the mark, so that a profit is never shared twice. */
export function absorb(long: boolean, basis: bigint, taken: bigint, maxHaircut: bigint): bigint {
  const shift = mulDivUp(taken, WAD, maxHaircut);
  return long ? uint(basis + shift) : basis - min(shift, basis);
}
