// What a shock comes to: every unit of loss in a named row.
//
//     moved + costs + earlier = own + deficit               over all who fell
//     deficit = unbooked + Σ rows of booked
//     booked = insured + shared + standing                  of every row
//     Σ costs of closings + insured costs = pools + bidders + backstop + insurance + keepers
import type { Stage } from "./stages.js";

/** Whose loss it was; of a spot nobody can tell. */
export type Loser = "longs" | "shorts" | "unknown";

/** One step of the closing chain on one leg. */
export interface Closing {
  readonly asset: bigint;
  readonly stage: Stage;
  readonly size: bigint;
  readonly notional: bigint;
  /** What the account pays. */
  readonly premium: bigint;
  readonly penalty: bigint;
  readonly tip: bigint;
  /** What insurance pays for it, to the taker and to the keeper. */
  readonly insuredPremium: bigint;
  readonly insuredTip: bigint;
}

/** What of a leg should be closed and finds no stage. */
export interface Waiting {
  readonly asset: bigint;
  readonly size: bigint;
}

export interface Booking {
  readonly asset: bigint;
  readonly loser: Loser;
  readonly amount: bigint;
}

/** An account that became liquidatable. */
export interface Fall {
  readonly id: bigint;
  /** Equity before the move, after it, and after all that could be closed. */
  readonly before: bigint;
  readonly moved: bigint;
  readonly end: bigint;
  readonly closings: readonly Closing[];
  readonly waiting: readonly Waiting[];
  /** What equity ends below nothing, and what of it is booked where. */
  readonly deficit: bigint;
  readonly bookings: readonly Booking[];
}

/** What was lost in a market, and who pays. */
export interface Row {
  readonly asset: bigint;
  readonly loser: Loser;
  readonly booked: bigint;
  readonly insured: bigint;
  readonly shared: bigint;
  readonly standing: bigint;
}

/** Of all who fell. */
export interface Losses {
  /** What the move took from them. */
  readonly moved: bigint;
  readonly costs: bigint;
  /** What they owed before the move already. */
  readonly earlier: bigint;
  /** What they paid themselves. */
  readonly own: bigint;
  readonly deficit: bigint;
  /** Of the deficit, what belongs to legs that nobody could close yet. */
  readonly unbooked: bigint;
}

/** Who gets what the closings cost. */
export interface Receipts {
  readonly pools: bigint;
  readonly bidders: bigint;
  readonly backstop: bigint;
  readonly insurance: bigint;
  readonly keepers: bigint;
}

export interface Waterfall {
  readonly falls: readonly Fall[];
  /** Below maintenance at mark, protected by the average. */
  readonly guarded: number;
  readonly bankrupt: number;
  readonly losses: Losses;
  readonly rows: readonly Row[];
  /** What insurance pays besides deficits: premiums and tips of bankrupt accounts. */
  readonly insuredCosts: bigint;
  readonly receipts: Receipts;
  /** Notional that each stage takes, and what waits. */
  readonly taken: Readonly<Record<Stage, bigint>>;
  readonly waiting: bigint;
}

export function lossesOf(falls: readonly Fall[]): Losses {
  const sum = (part: (fall: Fall) => bigint) => falls.reduce((total, fall) => total + part(fall), 0n);
  const booked = sum(({ bookings }) => bookings.reduce((total, { amount }) => total + amount, 0n));
  const deficit = sum((fall) => fall.deficit);
  return {
    moved: sum(({ before, moved }) => before - moved),
    costs: sum(({ closings }) => closings.reduce((total, closing) => total + costOf(closing), 0n)),
    earlier: sum(({ before }) => below(before)),
    own: sum(({ before, end }) => above(before) - above(end)),
    deficit,
    unbooked: deficit - booked,
  };
}

export function receiptsOf(falls: readonly Fall[]): Receipts {
  const to = { pools: 0n, bidders: 0n, backstop: 0n, insurance: 0n, keepers: 0n };
  const taker = { reduce: "pools", auction: "bidders", absorb: "backstop", offset: "insurance" } as const;
  for (const { closings } of falls)
    for (const { stage, premium, penalty, tip, insuredPremium, insuredTip } of closings) {
      to[taker[stage]] += premium + insuredPremium;
      to.keepers += tip + insuredTip + penalty / 2n;
      to.insurance += penalty - penalty / 2n;
    }
  return to;
}

export function takenBy(falls: readonly Fall[]): Record<Stage, bigint> {
  const taken = { reduce: 0n, auction: 0n, absorb: 0n, offset: 0n };
  for (const { closings } of falls) for (const { stage, notional } of closings) taken[stage] += notional;
  return taken;
}

/** What the account pays for a closing. */
export function costOf({ premium, penalty, tip }: Closing): bigint {
  return premium + penalty + tip;
}

export function above(equity: bigint): bigint {
  return equity > 0n ? equity : 0n;
}

export function below(equity: bigint): bigint {
  return equity < 0n ? -equity : 0n;
}
