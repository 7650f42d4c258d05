// Hands intents to the sender, once each, and waits for what becomes of them.
import type { Intent, Outcome, Sender, Sent, Ticket } from "../send/intent.js";
import { keyOf } from "@ballast/mirror";
import type { Hash } from "viem";
import { SenderStopped } from "../send/errors.js";
import type { Log } from "./log.js";
import type { Losses } from "./losses.js";
import type { Metrics } from "./metrics.js";
import type { Rest } from "./rest.js";

export interface DispatchOptions {
  /** Nobody in a dry run: then intents are only logged. */
  readonly sender: Sender | undefined;
  readonly rest: Rest;
  readonly losses: Losses;
  /** Quote for so much gas now. */
  readonly costOf: (gas: bigint) => bigint;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Transactions without an outcome at a time. */
  readonly most: number;
  /** The block handled last. */
  readonly head: () => number;
  /** Accounts of a batch for which nothing was done, although it was included. */
  readonly skipped: (intent: Intent, hash: Hash) => Promise<readonly bigint[]>;
}

interface Ended {
  /** Of the intent in the journal. */
  readonly id: string;
  readonly outcome: Outcome;
}

/** Milliseconds that notes wait for what is to be sent. */
const PATIENCE = 250;

export class Dispatch {
  private readonly alive = new Map<string, Promise<void>>();
  private readonly busy = new Map<string, number>();
  /** Those that are on no wire yet. */
  private readonly handing = new Set<Promise<unknown>>();
  private ended = false;
  /** Whether something had to wait, since somebody last said that nothing has. */
  full = false;

  constructor(private readonly options: DispatchOptions) {}

  get closed(): boolean {
    return this.ended;
  }

  get size(): number {
    return this.alive.size;
  }

  isBusy(strategy: string, account: bigint): boolean {
    return this.isUnderWay(strategy, account) || this.options.rest.has(strategy, account, this.options.head());
  }

  isUnderWay(strategy: string, account: bigint): boolean {
    return this.busy.has(nameOf(strategy, account));
  }

  isKeyBusy(key: string): boolean {
    return this.alive.has(key) || this.options.rest.hasKey(key, this.options.head());
  }

  /** The most urgent ones, as many as may be on their way. @param priceAt unix milliseconds of what they were planned on */
  submit(intents: readonly Intent[], priceAt: number): void {
    const { log, sender, most } = this.options;
    for (const intent of intents) {
      if (this.ended || this.isKeyBusy(intent.key)) continue;
      if (intent.accounts.some((account) => this.isBusy(intent.strategy, account))) continue;
      if (this.alive.size >= most) {
        this.full = true;
        return void log.debug({ key: intent.key, most }, "too many on their way");
      }
      if (sender === undefined) this.tell(intent, priceAt);
      else this.begin(sender, intent, priceAt);
    }
  }

  /** Until what was handed over is on the wire, but not for long: what is written down besides has time. */
  async handed(): Promise<void> {
    if (this.handing.size === 0) return;
    await this.within(Promise.all(this.handing), PATIENCE);
  }

  /** Takes nothing more. */
  close(): void {
    this.ended = true;
  }

  /** Until everything has an outcome, at most so many seconds. @returns how many have none */
  async drain(seconds: number): Promise<number> {
    await this.within(Promise.all(this.alive.values()), seconds * 1_000);
    return this.alive.size;
  }

  private async within(work: Promise<unknown>, milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([work, late]);
    clearTimeout(timer);
  }

  private tell({ data, ...intent }: Intent, priceAt: number): void {
    this.options.log.info({ ...intent, bytes: data.length / 2 - 1, price_at: priceAt }, "would send");
  }

  private begin(sender: Sender, intent: Intent, priceAt: number): void {
    this.hold(intent, 1);
    this.options.losses.begin(intent);
    this.options.metrics.planned.inc({ strategy: intent.strategy });
    const work = this.follow(sender, intent, priceAt)
      .catch((error: unknown) => this.options.log.error({ key: intent.key, error }, "sending failed"))
      .finally(() => {
        this.alive.delete(intent.key);
        this.hold(intent, -1);
      });
    this.alive.set(intent.key, work);
  }

  private hold({ strategy, accounts }: Intent, change: number): void {
    for (const account of accounts) {
      const name = nameOf(strategy, account);
      const count = (this.busy.get(name) ?? 0) + change;
      if (count > 0) this.busy.set(name, count);
      else this.busy.delete(name);
    }
  }

  private async follow(sender: Sender, intent: Intent, priceAt: number): Promise<void> {
    let ended: Ended;
    try {
      ended = await this.hand(sender, intent, priceAt);
    } catch (error) {
      // Its bytes are in the journal, for who comes next.
      if (error instanceof SenderStopped) return void this.options.log.info({ key: intent.key }, "left to the journal");
      const { name, message } = error instanceof Error ? error : new TypeError(String(error));
      await this.settle(intent, {
        id: "",
        outcome: { kind: "refused", reason: name, error: message, retryable: true },
      });
      throw error;
    }
    await this.settle(intent, ended);
  }

  private async hand(sender: Sender, intent: Intent, priceAt: number): Promise<Ended> {
    const submitted = sender.submit(intent);
    const sending = submitted.then((ticket) => this.noteSent(intent, ticket, priceAt));
    const handed = sending.catch(() => undefined).finally(() => this.handing.delete(handed));
    this.handing.add(handed);
    await sending;
    const { id, outcome } = await submitted;
    return { id, outcome: await outcome };
  }

  private async noteSent({ key, strategy, block }: Intent, ticket: Ticket, priceAt: number): Promise<void> {
    const { log, metrics } = this.options;
    const sent: Sent | Outcome = await ticket.sent;
    if ("kind" in sent) return;
    metrics.sent.inc({ strategy });
    metrics.sentSeconds.observe(Math.max(0, sent.at - priceAt) / 1_000);
    log.info({ key, strategy, block, hash: sent.hash, price_at: priceAt, sent_at: sent.at }, "sent");
  }

  /** Pauses begin only here: what has no outcome yet is on its way. */
  private async settle(intent: Intent, { id, outcome }: Ended): Promise<void> {
    const { key, strategy, accounts } = intent;
    const { log, metrics, rest, head, losses, costOf } = this.options;
    const kind = outcome.kind === "included" && outcome.reverted ? "reverted" : outcome.kind;
    metrics.outcomes.inc({ strategy, kind });
    const again = outcome.kind === "refused" && rest.failuresOf(key) > 0;
    log[again ? "debug" : "info"]({ key, strategy, ...outcome, outcome: kind }, "outcome");
    await losses.end(id, intent, outcome, costOf);
    if (outcome.kind === "included" && !outcome.reverted) return this.succeed(intent, outcome.hash);
    await rest.fail(key, strategy, accounts, head(), !isSoon(intent, outcome));
  }

  private async succeed(intent: Intent, hash: Hash): Promise<void> {
    const { key, strategy, accounts } = intent;
    const { log, rest, head, skipped } = this.options;
    const without = accounts.length > 1 ? await skipped(intent, hash) : [];
    const done = accounts.filter((account) => !without.includes(account));
    await rest.succeed(key, strategy, done);
    if (without.length === 0) return;
    log.info({ key, strategy, hash, skipped: without.length }, "entries were skipped");
    await rest.failAccounts(strategy, without, head());
  }
}

/** Whether it may succeed on the next block. What belongs to no account and the chain refuses can wait. */
function isSoon({ accounts }: Intent, outcome: Outcome): boolean {
  if (outcome.kind !== "refused") return outcome.kind === "taken";
  return outcome.retryable && (outcome.simulated !== true || accounts.length > 0);
}

const nameOf = (strategy: string, account: bigint): string => `${strategy} ${keyOf(account)}`;
