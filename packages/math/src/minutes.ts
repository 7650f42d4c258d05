// How much notional may go through a market within a minute: a share of its depth.
import { mulDivDown } from "./fixedPoint.js";
import { asUint, uint } from "./integers.js";

export const SECONDS = 60n;

/** The notional used in the minute since `start`. */
export interface Minute {
  readonly used: bigint;
  readonly start: bigint;
}

/** The minute at `time`; one that ended begins again. */
export function current(minute: Minute, time: bigint): Minute {
  return time < uint(minute.start + SECONDS, 48) ? minute : { used: 0n, start: asUint(time, 48) };
}

/** The minute when `notional` more goes through it. */
export function plus(minute: Minute, notional: bigint, time: bigint): Minute {
  const { used, start } = current(minute, time);
  return { used: uint(used + asUint(notional, 112), 112), start };
}

/** What is left of this minute's `rate`, in basis points of depth. */
export function left(minute: Minute, depth: bigint, rate: bigint, time: bigint): bigint {
  const most = mulDivDown(depth, rate, 10_000n);
  const { used } = current(minute, time);
  return most > used ? most - used : 0n;
}
