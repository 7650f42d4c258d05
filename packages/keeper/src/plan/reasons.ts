// Why an account is not liquidated now, with the numbers that say so.
import { Account } from "@ballast/math";
import type { Stage } from "@ballast/risk";
import type { Candidate } from "../book/exact.js";
import type { Watch } from "../book/watch.js";
import type { Hindrance } from "./hindrances.js";
import { deedOf, weigh, type Orders, type Planned } from "./plan.js";
import type { Profit } from "./profit.js";
import { roomOf } from "./room.js";

export type Why =
  /** It has no leg: nothing can be taken. */
  | { readonly kind: "flat" }
  /** Margin equity covers maintenance. */
  | { readonly kind: "healthy"; readonly marginEquity: bigint; readonly maintenance: bigint }
  /** Below maintenance at mark, but not at the fast average, and not below `bound`. */
  | {
      readonly kind: "guarded";
      readonly marginEquity: bigint;
      readonly maintenance: bigint;
      readonly bound: bigint;
      readonly fastMarginEquity: bigint;
      readonly fastMaintenance: bigint;
    }
  /** A lot is on offer until then: bids, no call. */
  | { readonly kind: "lot"; readonly asset: bigint; readonly until: bigint }
  /** No stage has capacity. */
  | { readonly kind: "nothing"; readonly asset: bigint; readonly passed: Readonly<Partial<Record<Stage, Hindrance>>> }
  | { readonly kind: "unprofitable"; readonly asset: bigint; readonly profit: Profit; readonly least: bigint }
  /** It costs more than what may be lost within the hour has left. */
  | { readonly kind: "spent"; readonly asset: bigint; readonly profit: Profit; readonly mayLose: bigint }
  /** Even the most that it could bring is too little. */
  | {
      readonly kind: "hopeless";
      readonly asset: bigint;
      readonly most: bigint;
      readonly gas: bigint;
      readonly least: bigint;
    }
  /** A transaction is on its way, or one failed and its pause is not over. */
  | { readonly kind: "busy"; readonly key: string }
  /** So many more urgent ones were planned before it. */
  | { readonly kind: "queued"; readonly ahead: number };

const GUARD = 8_000n;

/** What the keeper would do with one account now, or why nothing. */
export function explain(watch: Watch, account: bigint, orders: Orders): Planned | Why {
  const room = roomOf(watch, orders.marks, orders.time);
  const candidate = watch.standingIn(account, room.markets, room.book.time);
  if (candidate === undefined) return { kind: "flat" };
  const spared = sparedBy(watch, candidate, orders);
  if (spared !== undefined) return spared;
  const key = deedOf(account);
  return orders.busy?.(key) === true ? { kind: "busy", key } : weigh(room, candidate, orders.costs);
}

/** What keeps the chain from it, whatever a keeper wants. */
function sparedBy(watch: Watch, candidate: Candidate, { marks, time }: Orders): Why | undefined {
  const { account, marginEquity, maintenance, verdict } = candidate;
  if (verdict === Account.Verdict.Healthy) return { kind: "healthy", marginEquity, maintenance };
  if (verdict !== Account.Verdict.Guarded) return undefined;
  const { fastMarginEquity, fastMaintenance } = Account.assess(watch.snapshotOf(account, marks, time));
  const bound = (maintenance * GUARD) / 10_000n;
  return { kind: "guarded", marginEquity, maintenance, bound, fastMarginEquity, fastMaintenance };
}

/** One line for people; amounts in quote. */
export function sentenceOf(why: Why): string {
  switch (why.kind) {
    case "flat":
      return "it holds nothing that could be taken";
    case "healthy":
      return `margin equity ${quote(why.marginEquity)} covers maintenance ${quote(why.maintenance)}`;
    case "guarded":
      return (
        `below maintenance ${quote(why.maintenance)} at mark with ${quote(why.marginEquity)}, which is not below ` +
        `${quote(why.bound)}; at the fast average ${quote(why.fastMarginEquity)} covers ${quote(why.fastMaintenance)}`
      );
    case "lot":
      return `a lot of asset ${why.asset} is on offer until ${why.until}: bid on it`;
    case "nothing":
      return `no stage has capacity for asset ${why.asset}: ${stages(why.passed)}`;
    case "unprofitable":
      return `asset ${why.asset} brings ${quote(why.profit.net)}, less than ${quote(why.least)}: ${parts(why.profit)}`;
    case "spent":
      return `asset ${why.asset} brings ${quote(why.profit.net)}, and ${quote(why.mayLose)} is left to lose in this hour`;
    case "hopeless":
      return (
        `asset ${why.asset} brings at most ${quote(why.most)}, and ${quote(why.gas)} of gas leaves less than ` +
        quote(why.least)
      );
    case "busy":
      return `${why.key} is on its way or waits after a failure`;
    case "queued":
      return `${why.ahead} more urgent ones come before it`;
  }
}

function stages(passed: Readonly<Partial<Record<Stage, Hindrance>>>): string {
  const all = Object.entries(passed).map(([stage, hindrance]) => `${stage} ${hindrance}`);
  return all.length === 0 ? "it has no terms" : all.join(", ");
}

/** The sum as it adds up. */
export function parts({ reward, later, premium, gas, hedge, inventory, net }: Profit): string {
  const gains = `${quote(reward)} reward + ${quote(later)} later + ${quote(premium)} premium`;
  return `${gains} − ${quote(gas)} gas − ${quote(hedge)} hedge − ${quote(inventory)} inventory = ${quote(net)}`;
}

/** Six digits after the point, towards nothing. */
function quote(value: bigint): string {
  const micros = (value < 0n ? -value : value) / 10n ** 12n;
  const text = micros.toString().padStart(7, "0");
  return `${value < 0n ? "-" : ""}${text.slice(0, -6)}.${text.slice(-6)}`;
}
