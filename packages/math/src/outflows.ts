// How much of a reserve may leave: a share of what was held when the hour began, net of what comes in, or a floor if that
// is more.
//
//     left = held − (start − max(share·start, floor))
import { divUp, max, min, mulDivDown } from "./fixedPoint.js";
import { asUint, uint } from "./integers.js";

/** A share of everything, in basis points: no limit. */
export const ALL = 10_000n;
export const HOUR = 3_600n;
/** What a window counts in: thousandths of a token. */
export const GRAIN = 10n ** 15n;
/** More than the rounding to a grain can keep back, so that a last withdrawal always comes. */
export const LEAST_FLOOR = 10n * GRAIN;
/** Of a spot's total limit, in basis points. */
export const SPOT_FLOOR = 100n;
const MOST_HELD = (1n << 56n) - 1n;

/** What a window of withdrawals reads of a reserve. */
export interface Reserve {
  /** When the hour began, and what was held then in thousandths of a token. */
  readonly windowStart: bigint;
  readonly windowHeld: bigint;
  readonly held: bigint;
}

/**
 * The reserve at `time`, with a window that ended begun again. Rounded up, so that no more than the share leaves.
 * `inflow` is what of it must not count: it could leave at once.
 */
export function current<R extends Reserve>(reserve: R, inflow: bigint, time: bigint): R {
  if (time < reserve.windowStart + HOUR) return reserve;
  const start = reserve.held > inflow ? reserve.held - inflow : 0n;
  return { ...reserve, windowStart: asUint(time, 32), windowHeld: min(divUp(start, GRAIN), MOST_HELD) };
}

/** What may leave a current reserve; `share` in basis points. */
export function left(reserve: Reserve, share: bigint, floor: bigint): bigint {
  const start = reserve.windowHeld * GRAIN;
  const most = max(mulDivDown(start, share, ALL), floor);
  const stays = start > most ? start - most : 0n;
  return reserve.held > stays ? reserve.held - stays : 0n;
}

/** In thousands of quote. */
export function quoteFloor(thousands: bigint): bigint {
  return max(uint(thousands * 10n ** 21n), LEAST_FLOOR);
}

export function spotFloor(total: bigint): bigint {
  return max(mulDivDown(total, SPOT_FLOOR, 10_000n), LEAST_FLOOR);
}
