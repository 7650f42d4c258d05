// What a transaction offers, and what it may offer at most.
import type { Intent } from "./intent.js";

export interface Fees {
  /** Wei per gas, all in all. */
  readonly maxFee: bigint;
  /** Wei per gas to the producer of the block. */
  readonly tip: bigint;
}

export interface FeePolicy {
  /** Wei per gas that a deed never exceeds. */
  readonly maxFee: bigint;
  /** Wei per gas with which a deed begins. */
  readonly tip: bigint;
  /** Quote that the gas of one deed may cost; a duty's whole budget. */
  readonly maxCost: bigint;
  /** Quote for one native coin. */
  readonly nativePrice: () => bigint;
}

const ONE = 10n ** 18n;
/** Nodes take another transaction for the same nonce when both fees are an eighth higher. */
const BUMP = 1_125n;
/** Six blocks of base fees that rise as fast as they can. */
const HEADROOM = 2n;
/** Times the policy's fee for a cancel: the nonce has to be used. */
const CANCEL_ROOM = 2n;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Wei per gas that the deed is worth: its budget, or what it earns; a duty costs no more than the policy says. */
export function ceilingOf(intent: Intent, { maxFee, maxCost, nativePrice }: FeePolicy): bigint {
  const budget = least(intent.budget ?? (intent.profit > 0n ? intent.profit : maxCost), maxCost);
  const gasInQuote = (intent.gasUsed ?? intent.gas) * nativePrice();
  return gasInQuote === 0n ? maxFee : least(maxFee, (budget * ONE) / gasInQuote);
}

export const cancelCeiling = ({ maxFee }: FeePolicy): bigint => maxFee * CANCEL_ROOM;

export const offer = (baseFee: bigint, tip: bigint): Fees => ({ maxFee: baseFee * HEADROOM + tip, tip });

/** The least that a node takes instead of it. */
const bumped = ({ maxFee, tip }: Fees): Fees => ({ maxFee: eighthMore(maxFee), tip: eighthMore(tip) });

const eighthMore = (fee: bigint): bigint => (fee * BUMP) / 1_000n + 1n;

/** Nothing when even the next block costs more than the ceiling. */
export function first(baseFee: bigint, tip: bigint, ceiling: bigint): Fees | undefined {
  if (ceiling < baseFee + tip) return undefined;
  const wanted = offer(baseFee, tip);
  return { maxFee: least(wanted.maxFee, ceiling), tip };
}

/** Instead of another; nothing when it would exceed the ceiling. */
export function instead(last: Fees, baseFee: bigint, ceiling: bigint): Fees | undefined {
  const needed = bumped(last);
  if (needed.maxFee > ceiling) return undefined;
  const wanted = offer(baseFee, needed.tip);
  return { maxFee: least(most(needed.maxFee, wanted.maxFee), ceiling), tip: least(needed.tip, ceiling) };
}
