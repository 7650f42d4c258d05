// What transactions use, as the receipts of `bench:gas` say: by what a call does and how many legs it has to look at.
import type { Stage } from "@ballast/risk";
import type { Call } from "./call.js";

/** The transaction, and the look at an account with one leg. */
const LOOK = 82_000n;
/** Every further leg; and again when something has moved. */
const LEG = 62_000n;
const LEG_AGAIN = 13_000n;
const STAGES: Record<Stage, bigint> = { reduce: 263_000n, auction: 100_000n, absorb: 310_000n, offset: 270_000n };

/** Taking a lot; and running one through the pool. */
export const GAS_OF_BID = 370_000n;
export const GAS_OF_RUN = 700_000n;

/** @param legs of the account */
export function gasOf({ steps, lot }: Call, legs: number): bigint {
  const moved = steps.reduce((sum, { stage }) => sum + STAGES[stage] + LEG_AGAIN * further(legs), 0n);
  return lookAt(legs) + moved + (lot === undefined ? 0n : STAGES.auction);
}

/** The least that can be done with an account: a lot. */
export function leastGas(legs: number): bigint {
  return lookAt(legs) + STAGES.auction;
}

const further = (legs: number): bigint => BigInt(Math.max(0, legs - 1));

const lookAt = (legs: number): bigint => LOOK + LEG * further(legs);
