// Intents of instances that are gone: what was sent is watched and sent again, and their keys get free.
import type { Address } from "viem";
import type { Orphan, Store } from "../store/store.js";
import type { Observe } from "./events.js";
import type { Outcome } from "./intent.js";
import type { SenderOptions } from "./options.js";
import { outcomeOf, type Head } from "./rounds.js";
import { ageOf, latestOf, slotOf } from "./slot.js";
import type { Wire } from "./wire.js";

export class Orphanage {
  private readonly missing = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly wire: Wire,
    private readonly chainId: number,
    private readonly own: string,
    private readonly options: SenderOptions,
    private readonly observe: Observe,
  ) {}

  async run(head: Head): Promise<void> {
    for (const orphan of await this.store.orphans()) {
      const [chain] = orphan.wallet.split(":");
      if (orphan.wallet === this.own || chain !== String(this.chainId)) continue;
      const outcome = await this.outcome(orphan, head);
      if (outcome !== undefined) await this.conclude(orphan, outcome);
    }
  }

  private async conclude({ wallet, slot: { intent } }: Orphan, outcome: Outcome): Promise<void> {
    this.missing.delete(intent.id);
    if (!(await this.store.conclude(wallet, intent.id, outcome))) return;
    this.observe({ kind: "outcome", id: intent.id, key: intent.intent.key, outcome });
  }

  private async outcome({ wallet, slot }: Orphan, head: Head): Promise<Outcome | undefined> {
    const address = wallet.slice(wallet.indexOf(":") + 1) as Address;
    const hashes = slot.attempts.map(({ hash }) => hash);
    const { count, receipts } = await this.wire.standing(address, hashes);
    for (const attempt of slot.attempts) {
      const receipt = receipts.get(attempt.hash);
      if (receipt !== undefined) return outcomeOf(attempt, receipt);
    }
    const { id, intent } = slot.intent;
    if (count > slot.nonce) return this.lost(id, slot.nonce);
    const late = intent.deadline !== undefined && head.timestamp > intent.deadline;
    const age = ageOf(slotOf(slot), head.number);
    if (late || age > this.options.orphanBlocks) return { kind: "expired" };
    const { raw, hash } = latestOf(slotOf(slot));
    if (age % this.options.resendBlocks === 0)
      await this.wire.broadcast(raw, hash, this.wire.private ? "relay" : "everywhere");
    return undefined;
  }

  private lost(id: string, nonce: number): Outcome | undefined {
    const times = (this.missing.get(id) ?? 0) + 1;
    this.missing.set(id, times);
    if (times < this.options.lostBlocks) return undefined;
    return { kind: "cancelled", by: `another transaction with nonce ${nonce}` };
  }
}
