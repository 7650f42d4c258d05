// Quote owed against spot: it bears interest to insurance.
import { WAD, mulDivUp } from "./fixedPoint.js";
import { uint } from "./integers.js";
import type { Debt } from "./ledger.js";

const YEAR = 31_536_000n;

/** amount·rate·elapsed / year, up: what has not been charged yet; the rate is per year in 1e18. */
export function interest(debt: Debt, rate: bigint, time: bigint): bigint {
  return mulDivUp(debt.amount, uint(rate * uint(time - debt.since)), WAD * YEAR);
}
