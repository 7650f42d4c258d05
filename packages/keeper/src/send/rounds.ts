// What is done for everything under way when a block comes.
import type { Header } from "@ballast/mirror";
import type { Hex } from "viem";
import type { Attempt, Store } from "../store/store.js";
import type { Delivery } from "./delivery.js";
import { SimulationFailed } from "./errors.js";
import type { Observe } from "./events.js";
import { cancelCeiling, ceilingOf, first, instead, type FeePolicy, type Fees } from "./fees.js";
import type { Outcome } from "./intent.js";
import type { SenderOptions } from "./options.js";
import type { Queue } from "./queue.js";
import { ageOf, isOpen, keyOf, latestOf, type Slot } from "./slot.js";
import type { Tickets } from "./tickets.js";
import type { Receipt, Standing, Wire } from "./wire.js";

export interface Head extends Header {
  /** Wei per gas. */
  readonly baseFee: bigint;
}

export interface Parts {
  readonly store: Store;
  readonly queue: Queue;
  readonly wire: Wire;
  readonly delivery: Delivery;
  readonly tickets: Tickets;
  readonly policy: FeePolicy;
  readonly options: SenderOptions;
  readonly observe: Observe;
}

/** Rounds in which a nonce has to be missing: a node may lag behind. */
const GAP_ROUNDS = 2;
const GAPS_AT_ONCE = 16;

export class Rounds {
  /** Wei, as of the last look. */
  balance: bigint | undefined;
  private doubted = false;
  private last: Head | undefined;
  /** Included transactions have to be looked at again. */
  private suspect = true;
  private unclear = false;
  private gapRounds = 0;

  constructor(private readonly parts: Parts) {}

  async run(head: Head): Promise<void> {
    this.suspect ||= this.last !== undefined && !follows(this.last, head);
    this.last = head;
    const { queue, wire, options } = this.parts;
    // What was signed at this head is in no block yet.
    const watched = this.suspect ? queue.slots : queue.open.filter((slot) => latestOf(slot).block !== head.number);
    if (watched.length > 0 || this.balance === undefined || this.doubted) {
      const hashes = watched.flatMap(({ attempts }) => attempts.map(({ hash }) => hash));
      const standing = await wire.standing(queue.address, hashes);
      this.balance = standing.balance;
      this.doubted = false;
      this.unclear = false;
      for (const slot of watched) await this.tend(slot, head, standing);
      this.suspect = this.unclear;
      await this.repair(standing.count, head);
    }
    await queue.alone(() => queue.finalize(head.number - options.depth));
  }

  /** The next round looks at the balance even if nothing is under way. */
  look(): void {
    this.doubted = true;
  }

  private async tend(slot: Slot, head: Head, { count, receipts }: Standing): Promise<void> {
    const found = slot.attempts.flatMap(({ hash }) => receipts.get(hash) ?? []);
    const receipt = found.find((one) => isOf(head, one));
    if (receipt !== undefined) return this.included(slot, receipt);
    // Of a block that is ahead of ours, or not of our chain.
    this.unclear ||= found.length > 0;
    if (found.length > 0) return;
    if (!isOpen(slot)) await this.reopen(slot, head);
    if (count > slot.nonce) return this.missing(slot);
    slot.missing = 0;
    await this.urge(slot, head);
  }

  private async included(slot: Slot, receipt: Receipt): Promise<void> {
    const { hash, block, blockHash } = receipt;
    if (slot.inclusion?.blockHash === blockHash && slot.inclusion.hash === hash) return;
    const attempt = slot.attempts.find((one) => one.hash === hash);
    const outcome = attempt && outcomeOf(attempt, receipt);
    const { queue } = this.parts;
    await queue.alone(() => queue.settle(slot, { hash, block, blockHash }, outcome));
    this.ended(slot, outcome);
  }

  private ended({ intent }: Slot, outcome: Outcome | undefined): void {
    if (intent === undefined || outcome === undefined) return;
    this.parts.tickets.end(intent.id, outcome);
    this.parts.observe({ kind: "outcome", id: intent.id, key: intent.intent.key, outcome });
  }

  private async reopen(slot: Slot, head: Head): Promise<void> {
    const hash = slot.inclusion?.hash ?? latestOf(slot).hash;
    const { queue, observe } = this.parts;
    await queue.alone(() => queue.reopen(slot));
    slot.since = head.number;
    observe({ kind: "reopened", nonce: slot.nonce, hash, ...keyOf(slot) });
  }

  /** The nonce is used, but by none of ours, as far as the node knows. */
  private async missing(slot: Slot): Promise<void> {
    slot.missing++;
    const { queue, options } = this.parts;
    if (slot.missing < options.lostBlocks) return;
    const outcome = { kind: "cancelled", by: `another transaction with nonce ${slot.nonce}` } as const;
    await queue.alone(() => queue.settle(slot, undefined, slot.intent?.outcome ? undefined : outcome));
    this.ended(slot, outcome);
  }

  private async urge(slot: Slot, head: Head): Promise<void> {
    const end = latestOf(slot).purpose === "deed" ? await this.verdict(slot, head) : undefined;
    if (end !== undefined && (await this.cancel(slot, head, end.outcome))) return;
    const stuck =
      slot.cheap || head.number - Math.max(latestOf(slot).block, slot.since) >= this.parts.options.bumpBlocks;
    if (end === undefined && stuck && (await this.bump(slot, head))) return;
    this.deliverAgain(slot, head);
  }

  private deliverAgain(slot: Slot, head: Head): void {
    const { delivery, options } = this.parts;
    if (options.relayFallback && ageOf(slot, head.number) >= options.relayBlocks) slot.exposed = true;
    const due = slot.delivered === undefined || head.number - slot.deliveredAt >= options.resendBlocks;
    if (due) delivery.deliver(slot, head.number);
  }

  /** Why a deed should not be done any more. */
  private async verdict(slot: Slot, head: Head): Promise<{ outcome: Outcome | undefined } | undefined> {
    if (slot.intent === undefined || slot.intent.outcome !== undefined) return { outcome: undefined };
    const { intent } = slot.intent;
    const age = ageOf(slot, head.number);
    if (slot.withdrawn !== undefined) return { outcome: { kind: "cancelled", by: slot.withdrawn } };
    if (intent.deadline !== undefined && head.timestamp > intent.deadline) return { outcome: { kind: "expired" } };
    if (age > this.parts.options.lifetime) return { outcome: { kind: "expired" } };
    return age > 0 && (await this.isGone(slot)) ? { outcome: { kind: "taken" } } : undefined;
  }

  /** Whether the same transaction would fail now. */
  private async isGone({ intent, nonce }: Slot): Promise<boolean> {
    const { wire, queue, observe } = this.parts;
    if (intent === undefined) return false;
    try {
      await wire.simulate(queue.address, intent.intent);
      return false;
    } catch (error) {
      if (error instanceof SimulationFailed) return true;
      observe({ kind: "trouble", error, nonce });
      return false;
    }
  }

  private async cancel(slot: Slot, head: Head, verdict: Outcome | undefined): Promise<boolean> {
    const { queue, policy, observe, delivery } = this.parts;
    const fees = instead(latestOf(slot), head.baseFee, cancelCeiling(policy));
    if (fees === undefined) return false;
    await queue.alone(() => queue.replace(slot, "cancel", { fees, block: head.number }, verdict));
    observe({ kind: "cancelling", nonce: slot.nonce, hash: latestOf(slot).hash, ...keyOf(slot) });
    delivery.deliver(slot, head.number);
    return true;
  }

  private async bump(slot: Slot, head: Head): Promise<boolean> {
    const { queue, observe, delivery } = this.parts;
    const last = latestOf(slot);
    const fees = instead(last, head.baseFee, this.ceiling(slot, last));
    if (fees === undefined) return false;
    const terms = { fees, block: head.number };
    await queue.alone(() => queue.replace(slot, last.purpose, terms, last.verdict));
    observe({ kind: "bumped", nonce: slot.nonce, hash: latestOf(slot).hash, ...keyOf(slot) });
    delivery.deliver(slot, head.number);
    return true;
  }

  private ceiling({ intent }: Slot, { purpose }: Attempt): bigint {
    const { policy } = this.parts;
    return purpose === "deed" && intent !== undefined ? ceilingOf(intent.intent, policy) : cancelCeiling(policy);
  }

  /** A nonce below ours that nobody uses stops all that come after it. */
  private async repair(count: number, head: Head): Promise<void> {
    const { queue, store } = this.parts;
    const gaps = queue.gaps(count, GAPS_AT_ONCE);
    this.gapRounds = gaps.length === 0 ? 0 : this.gapRounds + 1;
    if (this.gapRounds < GAP_ROUNDS) return;
    const { slots } = await store.journal(queue.key, count);
    for (const nonce of gaps) {
      const row = slots.find((one) => one.nonce === nonce && one.attempts.length > 0);
      const slot =
        row === undefined ? await this.fill(nonce, head) : await queue.alone(() => queue.revive(row, head.number));
      if (slot !== undefined) this.parts.delivery.deliver(slot, head.number);
    }
  }

  private async fill(nonce: number, head: Head): Promise<Slot | undefined> {
    const { queue, policy, observe } = this.parts;
    const fees: Fees | undefined = first(head.baseFee, policy.tip, cancelCeiling(policy));
    if (fees === undefined) return undefined;
    const slot = await queue.alone(() => queue.fill(nonce, { fees, block: head.number }));
    observe({ kind: "filled", nonce, hash: latestOf(slot).hash });
    return slot;
  }
}

const follows = (last: Head, head: Head): boolean => head.hash === last.hash || head.parentHash === last.hash;

const isOf = (head: Head, { block, blockHash }: Receipt): boolean =>
  block < head.number || (block === head.number && blockHash === (head.hash as Hex));

export function outcomeOf({ purpose, verdict }: Attempt, receipt: Receipt): Outcome | undefined {
  if (purpose !== "deed") return verdict;
  const { hash, block, gasUsed, reverted } = receipt;
  return { kind: "included", hash, block: BigInt(block), gasUsed, reverted };
}
