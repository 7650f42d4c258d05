// The nonces of one wallet. Each is signed here, and in the journal before anybody else sees it.
import type { Address, LocalAccount } from "viem";
import { keccak256 } from "viem";
import type { Attempt, Begun, Inclusion, Lease, Opening, Purpose, SlotRow, Store } from "../store/store.js";
import type { Fees } from "./fees.js";
import type { Intent, Outcome } from "./intent.js";
import { isOpen, latestOf, slotOf, type Slot } from "./slot.js";
import { Drafts } from "./drafts.js";
import { SenderInactive } from "./errors.js";

export interface Terms {
  readonly fees: Fees;
  /** The head now. */
  readonly block: number;
}

interface Body {
  readonly to: Address;
  readonly data: `0x${string}`;
  readonly value: bigint;
  readonly gas: bigint;
}

export interface Deed {
  readonly id: string;
  readonly intent: Intent;
  readonly terms: Terms;
}

export type Appended = { readonly slot: Slot } | { readonly takenBy: string };

const BEGUN: Begun = { kind: "begun" };

export class Queue {
  /** How leases and journal call the wallet. */
  readonly key: string;
  lease: Lease | undefined;
  private next = 0;
  private readonly bySlot = new Map<number, Slot>();
  private readonly drafts: Drafts;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly account: LocalAccount,
    private readonly chainId: number,
    private readonly cancelGas: bigint,
  ) {
    this.key = `${chainId}:${account.address.toLowerCase()}`;
    this.drafts = new Drafts((deed, nonce) => this.signDeed(deed, nonce));
  }

  get address(): Address {
    return this.account.address;
  }

  /** By nonce. */
  get slots(): Slot[] {
    return [...this.bySlot.values()].sort((a, b) => a.nonce - b.nonce);
  }

  get open(): Slot[] {
    return this.slots.filter(isOpen);
  }

  /** Wei that what is open may cost. */
  get promised(): bigint {
    const costs = this.open.map((slot) => {
      const { maxFee, gas, purpose } = latestOf(slot);
      return maxFee * gas + (purpose === "deed" ? (slot.intent?.intent.value ?? 0n) : 0n);
    });
    return costs.reduce((sum, cost) => sum + cost, 0n);
  }

  has(key: string): boolean {
    return this.open.some(({ intent }) => intent?.intent.key === key);
  }

  /** One after the other: whatever takes a nonce or writes one down. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** The first signature takes ten times as long as those after it. */
  async rehearse(): Promise<void> {
    await this.sign(this.nothing(), 0, 0, "fill", { fees: { maxFee: 0n, tip: 0n }, block: 0 });
  }

  load(lease: Lease, next: number, rows: readonly SlotRow[]): void {
    this.lease = lease;
    this.next = next;
    this.bySlot.clear();
    for (const row of rows) this.bySlot.set(row.nonce, slotOf(row));
  }

  /** Signs for the nonce that it gets if all who came before it are sent. */
  draft(deed: Deed): void {
    this.drafts.begin(deed, this.next);
  }

  /** It has been sent, or will not be. */
  forget(id: string): void {
    this.drafts.forget(id);
  }

  /** All in one transaction; what is taken by somebody else uses no nonce. In the order of the deeds. */
  async append(deeds: readonly Deed[]): Promise<Appended[]> {
    const lease = this.held();
    const taken = new Map<string, string>();
    for (;;) {
      const free = deeds.filter(({ intent }) => !taken.has(intent.key));
      const signed = await this.drafts.attempts(free, this.next);
      const openings = signed.map(({ deed: { id, intent }, attempt }) => ({ id, intent, attempt }));
      const begun = openings.length === 0 ? BEGUN : await this.store.begin(lease, openings);
      if (begun.kind === "begun") return this.opened(deeds, openings, taken);
      for (const [key, owner] of begun.by) taken.set(key, owner);
    }
  }

  /** A deed again, or a transfer of nothing to oneself. */
  async replace(slot: Slot, purpose: Purpose, terms: Terms, verdict?: Outcome): Promise<void> {
    const intent = purpose === "deed" ? slot.intent?.intent : undefined;
    const { to, data, value = 0n, gas } = intent ?? this.nothing();
    const serial = latestOf(slot).serial + 1;
    const attempt = await this.sign({ to, data, value, gas }, slot.nonce, serial, purpose, terms, verdict);
    await this.store.attempt(this.held(), attempt);
    slot.attempts.push(attempt);
    slot.cheap = false;
  }

  async fill(nonce: number, terms: Terms): Promise<Slot> {
    const attempt = await this.sign(this.nothing(), nonce, 0, "fill", terms);
    await this.store.attempt(this.held(), attempt);
    const slot = slotOf({ nonce, attempts: [attempt] });
    this.bySlot.set(nonce, slot);
    return slot;
  }

  /** Used by one of its attempts, or by a transaction that is not ours. */
  async settle(slot: Slot, inclusion: Inclusion | undefined, outcome: Outcome | undefined): Promise<void> {
    await this.store.settle(this.held(), slot.nonce, inclusion, outcome);
    if (inclusion === undefined) this.bySlot.delete(slot.nonce);
    else slot.inclusion = inclusion;
  }

  async reopen(slot: Slot): Promise<void> {
    const found = await this.store.reopen(this.held(), slot.nonce);
    slot.intent = found && { ...found, intent: slot.intent?.intent ?? found.intent };
    slot.inclusion = undefined;
    slot.delivered = undefined;
  }

  /** Nonces that are neither open nor included here, from the chain's next one on. */
  gaps(count: number, limit: number): number[] {
    const missing: number[] = [];
    for (let nonce = count; nonce < this.next && missing.length < limit; nonce++) {
      if (!this.bySlot.has(nonce)) missing.push(nonce);
    }
    return missing;
  }

  /** What was thought final is open again. */
  async revive(row: SlotRow, head: number): Promise<Slot> {
    const slot = { ...slotOf(row), since: head };
    await this.reopen(slot);
    this.bySlot.set(slot.nonce, slot);
    return slot;
  }

  async finalize(block: number): Promise<void> {
    const deep = this.slots.filter(({ inclusion }) => inclusion !== undefined && inclusion.block <= block);
    if (deep.length === 0) return;
    await this.store.finalize(this.held(), block);
    for (const { nonce } of deep) this.bySlot.delete(nonce);
  }

  private signDeed({ intent, terms }: Deed, nonce: number): Promise<Attempt> {
    const { to, data, value = 0n, gas } = intent;
    return this.sign({ to, data, value, gas }, nonce, 0, "deed", terms);
  }

  private opened(deeds: readonly Deed[], openings: readonly Opening[], taken: ReadonlyMap<string, string>): Appended[] {
    this.next += openings.length;
    for (const { id, intent, attempt } of openings)
      this.bySlot.set(attempt.nonce, slotOf({ nonce: attempt.nonce, intent: { id, intent }, attempts: [attempt] }));
    const nonces = new Map(openings.map(({ id, attempt }) => [id, attempt.nonce]));
    return deeds.map(({ id, intent }) => {
      const slot = this.bySlot.get(nonces.get(id) ?? -1);
      return slot === undefined ? { takenBy: taken.get(intent.key) ?? "another" } : { slot };
    });
  }

  private held(): Lease {
    if (this.lease === undefined) throw new SenderInactive(this.address);
    return this.lease;
  }

  private nothing(): Body {
    return { to: this.address, data: "0x", value: 0n, gas: this.cancelGas };
  }

  private async sign(
    body: Body,
    nonce: number,
    serial: number,
    purpose: Purpose,
    { fees: { maxFee, tip }, block }: Terms,
    verdict?: Outcome,
  ): Promise<Attempt> {
    const raw = await this.account.signTransaction({
      ...body,
      type: "eip1559",
      chainId: this.chainId,
      nonce,
      maxFeePerGas: maxFee,
      maxPriorityFeePerGas: tip,
    });
    const signed = { hash: keccak256(raw), nonce, serial, purpose, maxFee, tip, gas: body.gas, raw, block };
    return { ...signed, at: Date.now(), ...(verdict && { verdict }) };
  }
}
