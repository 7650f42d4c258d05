// What a deed is worth in quote. Every number stands by itself, so that the sum can be checked by hand.
import { FixedPoint, Incentives, WAD } from "@ballast/math";
import type { Call } from "./call.js";
import { GAS_OF_BID, gasOf } from "./gas.js";

export interface Costs {
  /** Wei per gas that a transaction would be included at now, and quote per whole native coin in 1e18. */
  readonly gasPrice: bigint;
  readonly nativePrice: bigint;
  /** What counts now of a reward that comes only when somebody takes the lot, in 1e18. */
  readonly later: bigint;
  /** Of the notional taken, for closing it elsewhere; in 1e18. */
  readonly hedge: bigint;
  /** How long what is taken is held before it is hedged, and how many standard deviations of that are charged, in 1e18. */
  readonly holding: bigint;
  readonly aversion: bigint;
  /** The least a deed must bring after all costs; below zero it may cost so much. */
  readonly least: bigint;
}

export const COSTS = {
  later: WAD / 2n,
  hedge: (6n * WAD) / 10_000n,
  holding: 10n,
  aversion: WAD / 2n,
  least: 0n,
} as const;

export interface Profit {
  /** Half the penalty and the tip of what is closed at once, and the part that counts of what a lot brings later. */
  readonly reward: bigint;
  readonly later: bigint;
  /** Of a bid; below zero when it is paid for the lot. */
  readonly premium: bigint;
  readonly gas: bigint;
  readonly hedge: bigint;
  readonly inventory: bigint;
  readonly net: bigint;
}

export function gasCost({ gasPrice, nativePrice }: Costs, gas: bigint): bigint {
  return FixedPoint.mulUp(gas * gasPrice, nativePrice);
}

/** The keeper takes nothing over: no hedge and no inventory. @param legs of the account */
export function ofCall(call: Call, legs: number, costs: Costs): Profit {
  const { steps, lot } = call;
  const reward = steps.reduce((sum, step) => sum + step.reward, 0n);
  const later = FixedPoint.mulDown(lot?.reward ?? 0n, costs.later);
  return sum({ reward, later, premium: 0n, gas: gasCost(costs, gasOf(call, legs)), hedge: 0n, inventory: 0n });
}

/** Somebody takes `notional` at a premium and gets rid of it elsewhere. @param sigma per √second in 1e18 */
export function ofBid(notional: bigint, premium: bigint, sigma: bigint, costs: Costs, hedged = true): Profit {
  const move = FixedPoint.mulUp(Incentives.move(sigma, costs.holding), costs.aversion);
  return sum({
    reward: 0n,
    later: 0n,
    premium,
    gas: gasCost(costs, GAS_OF_BID),
    hedge: hedged ? FixedPoint.mulUp(notional, costs.hedge) : 0n,
    inventory: FixedPoint.mulUp(notional, move),
  });
}

function sum(parts: Omit<Profit, "net">): Profit {
  const { reward, later, premium, gas, hedge, inventory } = parts;
  return { ...parts, net: reward + later + premium - gas - hedge - inventory };
}
