// How much of the insurance fund one market may use: shares of the fund as it was when the window began.
import { max, min, mulDivDown } from "./fixedPoint.js";
import { asUint } from "./integers.js";

export const HOUR_SHARE = 1_000n;
export const DAY_SHARE = 2_500n;
const HOUR = 3_600n;
const DAY = 86_400n;

/** What one market used of the insurance fund in the current windows, and the fund when they began. */
export interface Budget {
  readonly hourUsed: bigint;
  readonly hourFund: bigint;
  readonly dayUsed: bigint;
  readonly dayFund: bigint;
  readonly hourStart: bigint;
  readonly dayStart: bigint;
}

/** The budget at `time`, with windows that ended begun again at the present fund. */
export function current(budget: Budget, fund: bigint, time: bigint): Budget {
  let { hourStart, hourUsed, hourFund, dayStart, dayUsed, dayFund } = budget;
  if (time >= hourStart + HOUR) [hourStart, hourUsed, hourFund] = [asUint(time, 40), 0n, asUint(fund, 128)];
  if (time >= dayStart + DAY) [dayStart, dayUsed, dayFund] = [asUint(time, 40), 0n, asUint(fund, 128)];
  return { hourUsed, hourFund, dayUsed, dayFund, hourStart, dayStart };
}

/** What may still be used of a current budget. */
export function available({ hourFund, hourUsed, dayFund, dayUsed }: Budget): bigint {
  return min(left(hourFund, HOUR_SHARE, hourUsed), left(dayFund, DAY_SHARE, dayUsed));
}

/** When a budget with nothing left has something again. */
export function refilledAt({ hourFund, hourUsed, hourStart, dayFund, dayUsed, dayStart }: Budget): bigint {
  const time = left(hourFund, HOUR_SHARE, hourUsed) === 0n ? hourStart + HOUR : 0n;
  return left(dayFund, DAY_SHARE, dayUsed) === 0n ? max(time, dayStart + DAY) : time;
}

function left(fund: bigint, share: bigint, used: bigint): bigint {
  const most = mulDivDown(fund, share, 10_000n);
  return most > used ? most - used : 0n;
}
