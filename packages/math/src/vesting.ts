// Gains that are locked first and vest linearly. What is locked is rounded up and ends late: against who leaves. Moments
// are kept in microseconds.
import { mulDivUp } from "./fixedPoint.js";
import { asUint, uint } from "./integers.js";

export interface Locked {
  /** What was locked at `start`; it falls to nothing at `end`. */
  readonly amount: bigint;
  readonly start: bigint;
  readonly end: bigint;
}

export const MICROSECONDS = 10n ** 6n;
export const PERIOD = 86_400n * MICROSECONDS;

/** locked = amount · (end − now) / (end − start), with `time` in seconds. */
export function lockedAt(gains: Locked, time: bigint): bigint {
  const now = uint(time * MICROSECONDS);
  if (gains.amount === 0n || now >= gains.end) return 0n;
  return mulDivUp(gains.amount, gains.end - now, uint(gains.end - gains.start));
}

/** What is locked after a value went from `before` to `present`; the same gains when it did not move. */
export function follow(gains: Locked, before: bigint, present: bigint, time: bigint): Locked {
  if (present > before) return gain(gains, present - before, time);
  return present < before ? lose(gains, before - present, time) : gains;
}

/** R of what is left for r more, and a gain g: R + g for (R·r + g·24 h) / (R + g). */
export function gain(gains: Locked, amount: bigint, time: bigint): Locked {
  const now = uint(time * MICROSECONDS);
  const left = lockedAt(gains, time);
  const rest = left === 0n ? 0n : gains.end - now;
  const total = uint(left + amount);
  const duration = rest + mulDivUp(uint(PERIOD - rest), amount, total);
  return { amount: asUint(total, 128), start: asUint(now, 64), end: asUint(now + duration, 64) };
}

/** A loss eats what is locked and leaves its end where it is; what it exceeds that by is nobody's gain. */
export function lose(gains: Locked, amount: bigint, time: bigint): Locked {
  const left = lockedAt(gains, time);
  if (left <= amount) return { amount: 0n, start: 0n, end: 0n };
  return { amount: asUint(left - amount, 128), start: asUint(time * MICROSECONDS, 64), end: gains.end };
}
