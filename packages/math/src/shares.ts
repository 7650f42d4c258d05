// What shares cost who enters and bring who leaves; against him by every rounding.
import { max, min, mulDivDown, mulDivUp } from "./fixedPoint.js";
import { uint } from "./integers.js";

/** A row at mark, to one who enters (never less) and to one who leaves (never more). */
export interface Worth {
  readonly equity: bigint;
  readonly entry: bigint;
  readonly exit: bigint;
}

/** So many shares for so much value. */
export interface Rate {
  readonly shares: bigint;
  readonly value: bigint;
}

export interface Request {
  readonly shares: bigint;
  readonly value: bigint;
  readonly claimableAt: bigint;
  readonly generation: bigint;
}

/** As if somebody had paid a millionth of quote for a millionth of a share and never left. */
export const VIRTUAL_SHARES = 10n ** 12n;
export const VIRTUAL_VALUE = 10n ** 12n;
const MOST_SHARES = (1n << 128n) - 1n;

/** (supply + virtual) shares for (worth to who enters + virtual). */
export function entryRate(supply: bigint, entry: bigint): Rate {
  return { shares: uint(supply + VIRTUAL_SHARES), value: positive(entry) + VIRTUAL_VALUE };
}

/** (supply + virtual) shares for max(0, worth to who leaves − locked). */
export function exitRate(supply: bigint, value: bigint, locked: bigint): Rate {
  return { shares: uint(supply + VIRTUAL_SHARES), value: value > locked ? value - locked : 0n };
}

/** What can still come in without more shares than fit 128 bits. */
export function room(rate: Rate): bigint {
  return valueDown(rate, uint(MOST_SHARES + VIRTUAL_SHARES - rate.shares));
}

export function sharesDown(rate: Rate, value: bigint): bigint {
  return mulDivDown(value, rate.shares, rate.value);
}

export function valueDown(rate: Rate, shares: bigint): bigint {
  return mulDivDown(shares, rate.value, rate.shares);
}

export function valueUp(rate: Rate, shares: bigint): bigint {
  return mulDivUp(shares, rate.value, rate.shares);
}

/** min(value at the request in proportion, value now) */
export function due(request: Request, rate: Rate, shares: bigint): bigint {
  if (shares === 0n) return 0n;
  const most = mulDivDown(request.value, shares, request.shares);
  return min(most, valueDown(rate, shares));
}

/** The fewest shares to which `value` is due. `value` is at most what is due to the whole request. */
export function sharesDue(request: Request, rate: Rate, value: bigint): bigint {
  if (value === 0n) return 0n;
  const least = mulDivUp(value, request.shares, request.value);
  return max(least, mulDivUp(value, rate.shares, rate.value));
}

export function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
