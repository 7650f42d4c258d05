// One wallet: takes intents, and answers for every transaction until it is included for good.
import { randomUUID } from "node:crypto";
import type { Rpc } from "@ballast/mirror";
import type { Address, LocalAccount } from "viem";
import { KeeperError } from "../errors.js";
import { LeaseLost, NonceConflict, StoreFailed } from "../store/errors.js";
import type { Lease, Store } from "../store/store.js";
import { Delivery } from "./delivery.js";
import { GasAboveWorth, QueueFull, SenderInactive, SenderStopped, SimulationFailed, WalletEmpty } from "./errors.js";
import type { Observe } from "./events.js";
import { ceilingOf, first, type FeePolicy, type Fees } from "./fees.js";
import type { Intent, Outcome, Sender, Ticket } from "./intent.js";
import { SENDER_OPTIONS, type SenderOptions } from "./options.js";
import { Orphanage } from "./orphans.js";
import { Queue, type Appended, type Deed } from "./queue.js";
import { Rounds, type Head, type Parts } from "./rounds.js";
import { Tickets } from "./tickets.js";
import { Together } from "./together.js";
import { Wire } from "./wire.js";

export interface SenderParameters {
  readonly store: Store;
  readonly rpc: Rpc;
  /** Where transactions go first, unseen by others. */
  readonly relay?: Rpc;
  readonly account: LocalAccount;
  readonly chainId: number;
  /** This instance; another name after every start. */
  readonly owner: string;
  readonly policy: FeePolicy;
  readonly options?: Partial<SenderOptions>;
  readonly observe?: Observe;
}

/** Renewals in the time of a lease. */
const RENEWALS = 3;

export class WalletSender implements Sender {
  private readonly parts: Parts;
  private readonly rounds: Rounds;
  private readonly orphanage: Orphanage;
  /** Keys that are on their way into the journal, and the intents that have them. */
  private readonly planned = new Map<string, string>();
  private readonly writing: Together<Deed, Appended>;
  private readonly owner: string;
  private head: Head | undefined;
  private done: Head | undefined;
  private heldBy: string | undefined;
  /** Milliseconds of our clock, never later than the database's. */
  private leaseEnds = 0;
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;
  private round: Promise<void> | undefined;
  private stopped = false;

  constructor({ store, rpc, relay, account, chainId, owner, policy, ...rest }: SenderParameters) {
    const options = { ...SENDER_OPTIONS, ...rest.options };
    const observe = rest.observe ?? ((): void => undefined);
    const wire = new Wire(rpc, relay);
    const tickets = new Tickets();
    const queue = new Queue(store, account, chainId, options.cancelGas);
    const delivery = new Delivery(wire, tickets, observe, options.relayFallback);
    this.owner = owner;
    this.parts = { store, queue, wire, delivery, tickets, policy, options, observe };
    this.rounds = new Rounds(this.parts);
    this.writing = new Together(
      (round) => queue.alone(round),
      (deeds) => this.write(deeds),
    );
    this.orphanage = new Orphanage(store, wire, chainId, queue.key, options, observe);
  }

  get address(): Address {
    return this.parts.queue.address;
  }

  get pending(): number {
    return this.parts.queue.open.length;
  }

  /** Whether the wallet is ours and its journal read. */
  get active(): boolean {
    return !this.stopped && this.parts.queue.lease !== undefined && Date.now() < this.leaseEnds;
  }

  /** Takes the wallet, or waits for it; goes on with what an earlier process left. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.renew(), this.parts.options.leaseMs / RENEWALS);
    this.timer.unref();
    await Promise.all([this.renew(), this.parts.queue.rehearse()]);
  }

  /** The latest block, by which what is submitted now is priced. What is under way is looked at with `onBlock`. */
  notice(head: Head): void {
    this.head = head;
  }

  /** The latest block; when several come at once, the last one is enough. */
  async onBlock(head: Head): Promise<void> {
    this.head = head;
    while (this.done !== this.head && !this.stopped) {
      this.round ??= this.runRound(this.head).finally(() => (this.round = undefined));
      await this.round;
    }
  }

  submit(intent: Intent): Promise<Ticket> {
    const id = randomUUID();
    const ticket = this.parts.tickets.open(id);
    void this.process(id, intent);
    return Promise.resolve(ticket);
  }

  /** Gives a deed up: it is cancelled with the next block, unless it is included before. */
  withdraw(key: string, why: string): boolean {
    const slot = this.parts.queue.open.find(({ intent }) => intent?.intent.key === key);
    if (slot !== undefined) slot.withdrawn = why;
    return slot !== undefined;
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    const { queue, delivery, tickets, store } = this.parts;
    await Promise.allSettled([this.round, this.renewal, delivery.stop(), queue.alone(() => Promise.resolve())]);
    queue.lease = undefined;
    tickets.abandon(new SenderStopped(this.address));
    await store.release(queue.key, this.owner);
  }

  private async process(id: string, intent: Intent): Promise<void> {
    const { tickets, queue, observe } = this.parts;
    const taken = this.takenBy(intent);
    if (taken !== undefined) return tickets.end(id, { kind: "taken", by: taken });
    this.planned.set(intent.key, id);
    try {
      const appended = await this.send(id, intent);
      if ("takenBy" in appended) tickets.end(id, { kind: "taken", by: appended.takenBy });
    } catch (error) {
      // Nobody knows whether it is in the journal: reading it again will tell.
      if (isDoubtful(error)) {
        queue.lease = undefined;
        observe({ kind: "trouble", error });
        void this.renew();
      } else tickets.end(id, refused(error));
    } finally {
      queue.forget(id);
      this.planned.delete(intent.key);
    }
  }

  private takenBy({ key }: Intent): string | undefined {
    if (!this.active && this.heldBy !== undefined) return this.heldBy;
    return this.planned.has(key) || this.parts.queue.has(key) ? this.owner : undefined;
  }

  private async send(id: string, intent: Intent): Promise<Appended> {
    const { wire, queue } = this.parts;
    const head = this.ready();
    const fees = this.fees(intent, head);
    const deed = { id, intent, terms: { fees, block: head.number } };
    queue.draft(deed);
    await wire.simulate(this.address, intent, fees);
    return this.writing.join(deed);
  }

  /** Into the journal, all in one transaction, and then to nodes. */
  private async write(deeds: readonly Deed[]): Promise<(Appended | Error)[]> {
    const { queue, delivery } = this.parts;
    const head = this.ready();
    const refusals = this.refusals(deeds);
    const admitted = deeds.filter((deed) => !refusals.has(deed));
    const appended = await queue.append(admitted);
    for (const one of appended) if ("slot" in one) delivery.deliver(one.slot, head.number);
    const results = new Map(admitted.map((deed, i) => [deed, appended[i]]));
    return deeds.map((deed) => results.get(deed) ?? refusals.get(deed) ?? new SenderInactive(this.address));
  }

  /** What cannot be paid beside the others. */
  private refusals(deeds: readonly Deed[]): Map<Deed, Error> {
    const refusals = new Map<Deed, Error>();
    let promised = 0n;
    for (const deed of deeds) {
      const shortage = this.shortage(deed.intent, deed.terms.fees, promised);
      if (shortage === undefined) promised += costOf(deed.intent, deed.terms.fees);
      else refusals.set(deed, shortage);
    }
    return refusals;
  }

  private ready(): Head {
    if (this.stopped) throw new SenderStopped(this.address);
    if (!this.active || this.head === undefined) throw new SenderInactive(this.address);
    return this.head;
  }

  private fees(intent: Intent, head: Head): Fees {
    const { policy, options } = this.parts;
    const underWay = this.pending + this.planned.size - 1;
    if (underWay >= options.pendingLimit) throw new QueueFull(this.address, underWay, options.pendingLimit);
    if (intent.deadline !== undefined && head.timestamp > intent.deadline) throw new Expired(intent.key);
    const ceiling = ceilingOf(intent, policy);
    const fees = first(head.baseFee, policy.tip, ceiling);
    if (fees === undefined) throw new GasAboveWorth(intent.key, head.baseFee + policy.tip, ceiling);
    const shortage = this.shortage(intent, fees);
    if (shortage !== undefined) throw shortage;
    return fees;
  }

  /** @param promised wei to others that are in no journal yet */
  private shortage(intent: Intent, fees: Fees, promised = 0n): WalletEmpty | undefined {
    const { queue } = this.parts;
    if (this.rounds.balance === undefined) return undefined;
    const needed = costOf(intent, fees);
    const free = this.rounds.balance - queue.promised - promised;
    if (free >= needed) return undefined;
    this.rounds.look();
    return new WalletEmpty(this.address, needed, free);
  }

  private async runRound(head: Head): Promise<void> {
    try {
      if (!this.active) await this.renew();
      if (this.active) await this.rounds.run(head);
      await this.orphanage.run(head);
    } catch (error) {
      this.parts.observe({ kind: "trouble", error });
      if (isDoubtful(error)) this.parts.queue.lease = undefined;
    }
    this.done = head;
  }

  private renew(): Promise<void> {
    this.renewal ??= this.claim()
      .catch((error: unknown) => this.parts.observe({ kind: "trouble", error }))
      .finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async claim(): Promise<void> {
    if (this.stopped) return;
    const { store, queue, options, observe } = this.parts;
    const asked = Date.now();
    const lease = await store.claim(queue.key, this.owner, options.leaseMs);
    if (lease === undefined) {
      const holder = await store.holder(queue.key);
      if (this.heldBy === undefined || queue.lease !== undefined)
        observe({ kind: "standby", ...(holder && { holder }) });
      this.heldBy = holder ?? "another";
      queue.lease = undefined;
      return;
    }
    if (queue.lease?.token !== lease.token) await queue.alone(() => this.resume(lease));
    this.heldBy = undefined;
    this.leaseEnds = asked + options.leaseMs;
  }

  /** Reads the journal and goes on with it. */
  private async resume(lease: Lease): Promise<void> {
    const { store, queue, wire, delivery, observe } = this.parts;
    const journal = await store.journal(queue.key);
    const count = await wire.count(this.address);
    const next = Math.max(journal.next ?? 0, count);
    if (next !== journal.next) await store.advance(lease, next);
    queue.load(lease, next, journal.slots);
    this.rounds.balance ??= await wire.balance(this.address);
    await this.answer();
    for (const slot of queue.open) delivery.deliver(slot, this.head?.number ?? -1);
    observe({ kind: "active", open: queue.open.length });
  }

  /** Who waits for an intent that ended elsewhere, or never was written down. */
  private async answer(): Promise<void> {
    const { store, queue, tickets } = this.parts;
    const underWay = new Set([...queue.open.map(({ intent }) => intent?.id), ...this.planned.values()]);
    for (const id of tickets.ids) {
      if (underWay.has(id)) continue;
      const found = await store.intent(id);
      if (found?.outcome !== undefined) tickets.end(id, found.outcome);
      else if (found === undefined) tickets.end(id, refused(new SenderInactive(this.address)));
    }
  }
}

/** Wei that it may cost. */
const costOf = ({ gas, value = 0n }: Intent, { maxFee }: Fees): bigint => maxFee * gas + value;

function refused(error: unknown): Outcome {
  if (error instanceof Expired) return { kind: "expired" };
  if (error instanceof SimulationFailed) {
    const { kind: reason, message, retryable } = error;
    return { kind: "refused", reason, error: message, retryable, simulated: true };
  }
  const { name, message } = error instanceof Error ? error : new TypeError(String(error));
  return { kind: "refused", reason: name, error: message, retryable: true };
}

const isDoubtful = (error: unknown): boolean =>
  error instanceof StoreFailed || error instanceof LeaseLost || error instanceof NonceConflict;

class Expired extends KeeperError {
  readonly retryable = false;

  constructor(readonly key: string) {
    super(`${key} is worth nothing any more`);
  }
}
