// How much may come into a vault that holds inventory. While that is more than a tenth of its equity, a day's entries are
// at most a fifth of it.
import { min, mulDivDown } from "./fixedPoint.js";
import { asUint, uint } from "./integers.js";

export const CALM = 10n;
export const PART = 5n;
export const PERIOD = 86_400n;
const MOST = (1n << 96n) - 1n;
const WIDEST = (1n << 104n) - 1n;

/** What came in since the window began, and what may. */
export interface Window {
  readonly entered: bigint;
  readonly most: bigint;
  readonly start: bigint;
}

/** The value that may still come in at `time`. */
export function room(window: Window, equity: bigint, inventory: bigint, time: bigint): bigint {
  if (equity <= 0n && inventory !== 0n) return 0n;
  if (isCalm(equity, inventory)) return MOST;
  const { most, entered } = current(window, equity, time);
  return most > entered ? most - entered : 0n;
}

/** The window after `value` came in, which is within the room. */
export function enter(window: Window, equity: bigint, inventory: bigint, value: bigint, time: bigint): Window {
  if (isCalm(equity, inventory)) return window;
  const w = current(window, equity, time);
  return { ...w, entered: uint(w.entered + asUint(value, 104), 104) };
}

/** A row with nothing in it opens to everybody. */
function isCalm(equity: bigint, inventory: bigint): boolean {
  return equity <= 0n || uint(inventory * CALM) <= equity;
}

function current(window: Window, equity: bigint, time: bigint): Window {
  if (time < window.start + PERIOD) return window;
  return { entered: 0n, most: min(mulDivDown(equity, 1n, PART), WIDEST), start: asUint(time, 48) };
}
