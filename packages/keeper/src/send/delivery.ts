// Brings what is in the journal to nodes: the same bytes again until a node answers.
import { KeeperError } from "../errors.js";
import type { Attempt } from "../store/store.js";
import type { Observe } from "./events.js";
import type { Sent } from "./intent.js";
import { isOpen, keyOf, latestOf, type Slot } from "./slot.js";
import type { Tickets } from "./tickets.js";
import type { Reception, Wire } from "./wire.js";

/** Milliseconds between two tries, doubling. */
const PAUSE = 250;
const LONGEST_PAUSE = 4_000;

/** Milliseconds with fractions, since 1970. */
export const now = (): number => performance.timeOrigin + performance.now();

export class Delivery {
  private readonly running = new Map<Slot, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly wire: Wire,
    private readonly tickets: Tickets,
    private readonly observe: Observe,
    /** Whether what the relay does not take may be seen by everybody. */
    private readonly fallback: boolean,
  ) {}

  /** At most one delivery of a slot at a time; it goes on with the latest attempt. */
  deliver(slot: Slot, head: number): void {
    if (this.running.has(slot)) return;
    slot.deliveredAt = head;
    const done = this.persist(slot)
      .catch((error: unknown) => this.observe({ kind: "trouble", error, nonce: slot.nonce }))
      .finally(() => this.running.delete(slot));
    this.running.set(slot, done);
  }

  /** Lets requests that are under way end. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running.values());
  }

  private async persist(slot: Slot): Promise<void> {
    for (let pause = PAUSE; !this.stopped && isOpen(slot); pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const attempt = latestOf(slot);
      const answered = await this.attempt(slot, attempt);
      if (answered && latestOf(slot) === attempt) return;
      if (!answered) await this.rest(pause);
    }
  }

  /** Whether a node answered. */
  private async attempt(slot: Slot, attempt: Attempt): Promise<boolean> {
    const hidden = this.wire.private && !slot.exposed;
    const route = hidden ? "relay" : slot.delivered === attempt.hash ? "everywhere" : "node";
    const at = now();
    try {
      const reception = await this.wire.broadcast(attempt.raw, attempt.hash, route);
      this.received(slot, attempt, reception, { hash: attempt.hash, at });
      if (!hidden || !("why" in reception) || !this.fallback) return true;
    } catch (error) {
      this.observe({ kind: "trouble", error, nonce: slot.nonce });
      if (!hidden || !this.fallback) return false;
    }
    slot.exposed = true;
    return this.attempt(slot, attempt);
  }

  private received(slot: Slot, attempt: Attempt, reception: Reception, sent: Sent): void {
    const { nonce, hash, purpose } = attempt;
    if (reception.kind === "accepted") {
      if (slot.delivered !== hash) this.observe({ kind: "sent", nonce, hash, purpose, ...keyOf(slot) });
      slot.delivered = hash;
      if (slot.intent !== undefined) this.tickets.sent(slot.intent.id, sent);
      return;
    }
    slot.cheap ||= reception.kind === "cheap";
    if ("why" in reception) this.observe({ kind: "trouble", error: new Refused(nonce, reception.why), nonce });
  }

  private rest(milliseconds: number): Promise<void> {
    return new Promise((done) => setTimeout(done, milliseconds).unref());
  }
}

/** A node did not take a transaction; the next block may change that. */
export class Refused extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly nonce: number,
    readonly why: string,
  ) {
    super(`nonce ${nonce} was refused: ${why}`);
  }
}
