// The loop: a block comes, the mirror and the watch follow it, strategies plan, the sender sends.
import { setImmediate } from "node:timers/promises";
import { MirrorError, type Change, type Header, type Ledger, type Rpc } from "@ballast/mirror";
import { CallFailed, decodeError, type Client, type Deployment } from "@ballast/sdk";
import { KeeperError } from "../errors.js";
import type { Settings } from "../config/schema.js";
import type { Intent, Sender } from "../send/intent.js";
import type { Head } from "../send/rounds.js";
import type { Plan, Snapshot, Strategy } from "../strategies/strategy.js";
import type { Decision, Store } from "../store/store.js";
import type { Books } from "./books.js";
import { Dispatch } from "./dispatch.js";
import { LoopEnded } from "./errors.js";
import type { Health } from "./health.js";
import type { Log } from "./log.js";
import { Losses } from "./losses.js";
import { costIn, freshMarks, readPrices, type Quoted } from "./markets.js";
import type { Metrics } from "./metrics.js";
import { encodeRecording } from "./recording.js";
import { Rest } from "./rest.js";
import { skippedBy } from "./skipped.js";
import { now, type TimedHeads, type WatchedSource } from "./source.js";
import type { Webhook } from "./webhook.js";

type Prices = Quoted["prices"];

/** A sender that hears of every block. */
export interface HeadedSender extends Sender {
  notice(head: Head): void;
  onBlock(head: Head): Promise<void>;
}

/** Everything that a keeper is made of. */
export interface Parts {
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly owner: string;
  readonly payee: bigint;
  readonly books: Books;
  readonly source: WatchedSource;
  readonly heads: TimedHeads | undefined;
  readonly rpc: Rpc;
  readonly client: Client;
  readonly store: Store;
  /** Nobody in a dry run. */
  readonly sender: HeadedSender | undefined;
  readonly strategies: readonly Strategy[];
  /** Quote for one native token, at what is known of the prices. */
  readonly native: (ledger: Ledger, quoted: Quoted) => bigint;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly webhook: Webhook;
  readonly log: Log;
}

/** Blocks between two times that the store forgets. */
const PRUNED = 500;
/** Milliseconds of the longest pause before the loop begins again. */
const LONGEST_PAUSE = 30_000;

export class Keeper {
  private readonly stopping = new AbortController();
  private asking: Promise<void> | undefined;
  private writing: Promise<void> = Promise.resolve();
  /** How strategies failed last. */
  private readonly failed = new Map<string, string>();
  private headNumber = 0;
  /** Accounts that wait for a thorough look at the block. */
  private waiting = 0;
  private stalled = false;
  /** Asked for with word of a block, while the mirror reads it; nothing where the node does not have it yet. */
  private early: { readonly block: number; readonly prices: Promise<Prices | undefined> } | undefined;
  /** Quote for so much gas, as of the last block. */
  private costOf: (gas: bigint) => bigint = () => 0n;
  private onPlanned: () => void = () => undefined;
  /** The first block at the head was planned on, and everything was handed over. */
  readonly planned = new Promise<void>((resolve) => (this.onPlanned = resolve));

  private constructor(
    private readonly parts: Parts,
    private readonly dispatch: Dispatch,
    private readonly rest: Rest,
    private readonly losses: Losses,
  ) {}

  static async open(parts: Parts): Promise<Keeper> {
    const { store, settings, sender, log, metrics } = parts;
    const [rest, losses] = [await Rest.load(store, settings.backoff), await Losses.load(store, parts.owner)];
    const head = (): number => keeper.headNumber;
    const skipped = skippedBy(parts.client);
    const costOf = (gas: bigint): bigint => keeper.costOf(gas);
    const most = settings.send.pending;
    const dispatch: Dispatch = new Dispatch({ sender, rest, losses, costOf, log, metrics, most, head, skipped });
    const keeper: Keeper = new Keeper(parts, dispatch, rest, losses);
    return keeper;
  }

  /** Plans no more; `run` ends when everything has been waited for. Until then blocks are followed: they tell outcomes. */
  stop(): void {
    if (this.dispatch.closed) return;
    this.dispatch.close();
    void this.dispatch.drain(this.parts.settings.grace).then(() => this.stopping.abort());
  }

  /** Until it is stopped. What cannot pass by itself is thrown, after everything that is on its way was waited for. */
  async run(): Promise<void> {
    const { health, heads, log, settings } = this.parts;
    const guard = setInterval(() => this.watchHead(), Math.min(settings.stall * 500, 5_000));
    if (heads !== undefined) heads.onHeard = (number) => this.hear(number);
    try {
      await this.follow();
    } catch (error) {
      health.end(error instanceof Error ? error.message : String(error));
      this.parts.webhook.tell({ kind: "ended", text: "the keeper ended", error: String(error) });
      throw new LoopEnded(error);
    } finally {
      clearInterval(guard);
      await this.finish();
      log.info({ block: this.headNumber }, "stopped");
    }
  }

  /** There is word of a block: what will be asked about it is asked at once. */
  private hear(number: number | undefined): void {
    const { source, books } = this.parts;
    const { head, addresses } = books.mirror.ledger;
    if (number !== undefined && number === (head?.number ?? 0) + 1) source.expect(addresses, number);
    if (number !== undefined) this.early = { block: number, prices: this.read(number).catch(() => undefined) };
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.begin();
        for await (const change of this.parts.books.mirror.follow(signal)) {
          await this.handle(change);
          failures = 0;
        }
      } catch (error) {
        if (await this.parts.books.recover(error)) continue;
        if (!(error instanceof MirrorError) || !error.retryable) throw error;
        this.trouble(error);
        const pause = Math.min(this.parts.settings.poll * 2 ** failures++, LONGEST_PAUSE);
        await abortable(pause, signal);
      }
    }
  }

  /** One that goes on where it stopped may be at the head already: it does not wait for the next block to plan. */
  private async begin(): Promise<void> {
    const { source } = this.parts;
    const { mirror } = this.parts.books;
    const fresh = mirror.ledger.head === undefined;
    if (!fresh) this.rehearse();
    for await (const change of mirror.toHead(this.stopping.signal)) await this.handle(change);
    if (fresh) this.rehearse();
    const { head } = mirror.ledger;
    if (head === undefined || head.number === this.headNumber) return;
    const [header] = await source.headers([head.number]);
    if (header?.hash === head.hash) await this.arrive(header);
  }

  /** Everything once, so that the first price that matters finds warm code. */
  private rehearse(): void {
    const { strategies, books } = this.parts;
    const { watch, mirror } = books;
    watch.rehearse();
    const { head } = mirror.ledger;
    if (head === undefined) return;
    const quoted = { prices: new Map(), marks: new Map() };
    const snapshot = this.snapshot({ ...head, timestamp: watch.time }, quoted, 0n);
    for (const strategy of strategies) strategy.rehearse?.(snapshot);
  }

  /** A failure that may pass. */
  trouble(error: Error): void {
    this.parts.metrics.troubles.inc({ kind: error.name });
    this.parts.log.warn({ error: error.message, kind: error.name }, "trouble");
  }

  private async handle(change: Change): Promise<void> {
    const { metrics, log, books } = this.parts;
    books.watch.apply(change);
    if (change.kind === "undone") {
      metrics.undone.inc();
      return void log.warn({ block: change.block.number, hash: change.block.hash }, "block undone");
    }
    metrics.blocks.inc();
    await this.arrive(change.header);
  }

  private async arrive(header: Header): Promise<void> {
    const { health, source } = this.parts;
    const { logs, at, baseFee } = source.take(header.number);
    const isHead = header.number >= source.told;
    this.headNumber = header.number;
    health.handle(header.number, header.timestamp, isHead);
    if (isHead) await this.plan({ ...header, baseFee }, logs, this.parts.heads?.take() ?? at);
  }

  private async plan(head: Head, logs: readonly object[], priceAt: number): Promise<void> {
    const { metrics, log, books, settings } = this.parts;
    const began = now();
    const prices = await this.look(head.number);
    if (prices === undefined) return;
    this.parts.sender?.notice(head);
    if (this.dispatch.closed) return void this.parts.sender?.onBlock(head);
    const gasPrice = head.baseFee + settings.gas.tip;
    const snapshot = this.snapshot(head, { prices, marks: freshMarks(books.watch.ledger, prices) }, gasPrice);
    metrics.accounts.set(books.watch.size);
    const decisions = await this.planQuick({ ...snapshot, hand: (intent) => this.hand(intent, priceAt) }, priceAt);
    metrics.planSeconds.observe((now() - began) / 1_000);
    metrics.pending.set(this.dispatch.size);
    metrics.resting.set(this.rest.size);
    log.debug({ block: head.number, price_at: priceAt, planned_at: now() }, "planned");
    this.note(head, { logs: logs as never, prices, gasPrice }, decisions);
    this.ask(snapshot, priceAt);
    void this.tend(head, snapshot, priceAt);
  }

  /** What was sent before, after what is to be sent now: outcomes make room for what had to wait. */
  private async tend(head: Head, snapshot: Snapshot, priceAt: number): Promise<void> {
    await this.dispatch.handed();
    await this.parts.sender?.onBlock(head);
    if ((!this.dispatch.full && this.waiting === 0) || head.number !== this.headNumber) return;
    this.noteDecisions(head.number, await this.planQuick({ ...snapshot, thorough: true }, priceAt));
  }

  private async planQuick(snapshot: Snapshot, priceAt: number): Promise<Decision[]> {
    const decisions: Decision[] = [];
    [this.waiting, this.dispatch.full] = [0, false];
    for (const strategy of this.parts.strategies)
      if (!strategy.asks) decisions.push(...(await this.planOne(strategy, snapshot, priceAt)));
    return decisions;
  }

  /** What was asked for with word of the block, if it is of this block; else what is now. */
  private async look(block: number): Promise<Prices | undefined> {
    const { early } = this;
    this.early = undefined;
    try {
      return (early?.block === block ? await early.prices : undefined) ?? (await this.read());
    } catch (error) {
      this.trouble(error instanceof Error ? error : new TypeError(String(error)));
      return undefined;
    }
  }

  private read(block?: number): Promise<Prices> {
    const { client, deployment, books } = this.parts;
    return readPrices(client.publicClient, deployment, books.watch.ledger, block);
  }

  private snapshot(header: Snapshot["head"], quoted: Quoted, gasPrice: bigint): Snapshot {
    const { client, deployment, payee, metrics, books } = this.parts;
    const { watch } = books;
    const { prices, marks } = quoted;
    const native = this.parts.native(watch.ledger, quoted);
    this.costOf = costIn(gasPrice, native);
    return {
      head: { number: header.number, hash: header.hash, timestamp: header.timestamp },
      ...{ watch, ledger: watch.ledger, prices, marks, gasPrice, native, client, deployment, payee },
      costOf: this.costOf,
      thorough: false,
      lost: (strategy) => this.losses.of(strategy),
      count: (candidates) => metrics.candidates.set(candidates),
      isBusy: (strategy, account) => this.dispatch.isBusy(strategy, account),
      isUnderWay: (strategy, account) => this.dispatch.isUnderWay(strategy, account),
      isKeyBusy: (key) => this.dispatch.isKeyBusy(key),
    };
  }

  /** Then whatever is to be written is written, before more is planned. */
  private async hand(intent: Intent, priceAt: number): Promise<void> {
    this.dispatch.submit([intent], priceAt);
    await setImmediate();
  }

  /** A strategy that fails keeps no other from its work. */
  private async planOne(strategy: Strategy, snapshot: Snapshot, priceAt: number): Promise<readonly Decision[]> {
    const { metrics } = this.parts;
    try {
      const plan: Plan = await strategy.plan(snapshot);
      this.dispatch.submit(ordered(plan.intents), priceAt);
      this.waiting += plan.waiting ?? 0;
      if (plan.troubles === undefined) this.failed.delete(strategy.name);
      for (const error of plan.troubles ?? []) this.tellFailed(strategy, snapshot.head.number, error);
      return plan.decisions;
    } catch (error) {
      metrics.strategyErrors.inc({ strategy: strategy.name });
      this.tellFailed(strategy, snapshot.head.number, error);
      return [];
    }
  }

  /** The same failure again is no news. */
  private tellFailed({ name: strategy }: Strategy, block: number, error: unknown): void {
    const known = error instanceof KeeperError || error instanceof MirrorError ? error : decodeError(error);
    const { name: kind, message } = known;
    const level = this.failed.get(strategy) === kind ? "debug" : "error";
    this.failed.set(strategy, kind);
    const stack = known instanceof CallFailed && error instanceof Error ? { stack: error.stack } : {};
    this.parts.log[level]({ strategy, block, kind, error: message, ...stack }, "planning failed");
  }

  /** Strategies that ask nodes run beside the loop, one round at a time. */
  private ask(snapshot: Snapshot, priceAt: number): void {
    const slow = this.parts.strategies.filter(({ asks }) => asks);
    if (this.asking !== undefined) return;
    const round = async (): Promise<void> => {
      const found = await Promise.all(slow.map((strategy) => this.planOne(strategy, snapshot, priceAt)));
      this.noteDecisions(snapshot.head.number, found.flat());
    };
    this.asking = round().finally(() => {
      this.asking = undefined;
      this.onPlanned();
    });
  }

  private note(header: Header, recording: Parameters<typeof encodeRecording>[0], decisions: readonly Decision[]): void {
    const { number, hash, parentHash, timestamp } = header;
    const block = { number, hash, parentHash, timestamp: Number(timestamp), content: encodeRecording(recording) };
    this.write(() => this.parts.store.see(block));
    this.write(() => this.losses.look());
    const { remember } = this.parts.settings;
    if (number % PRUNED === 0) this.write(() => this.parts.store.prune(number - remember));
    this.noteDecisions(number, decisions);
  }

  private noteDecisions(block: number, decisions: readonly Decision[]): void {
    const { store, owner } = this.parts;
    if (decisions.length > 0) this.write(() => store.decide(owner, block, decisions));
  }

  /** One after the other, and never in the way of what is to be sent. */
  private write(deed: () => Promise<void>): void {
    const turn = async (): Promise<void> => {
      await this.dispatch.handed();
      await deed();
    };
    this.writing = this.writing.then(turn).catch((error: unknown) => {
      this.trouble(error instanceof Error ? error : new TypeError(String(error)));
    });
  }

  /** A head that stands still: another node may know more. */
  private watchHead(): void {
    const { health, settings, rpc, webhook, log } = this.parts;
    const stalled = health.quiet > settings.stall;
    if (stalled) rpc.distrust();
    if (stalled === this.stalled) return;
    this.stalled = stalled;
    if (!stalled) return void log.info({ block: this.headNumber }, "blocks come again");
    const seconds = Math.round(health.quiet);
    webhook.tell({ kind: "stalled", text: `no block for ${seconds} s`, block: this.headNumber, seconds });
  }

  private async finish(): Promise<void> {
    const { settings, sender, log, webhook } = this.parts;
    this.dispatch.close();
    await this.asking;
    await this.dispatch.handed();
    const left = this.dispatch.size;
    if (left > 0) log.warn({ left, grace: settings.grace }, "stopped waiting: the journal has them");
    await sender?.stop();
    await this.writing;
    await webhook.flush();
  }

  /** Until everything that was handed over has an outcome. */
  async settled(seconds: number): Promise<number> {
    return this.dispatch.drain(seconds);
  }
}

const ordered = (intents: Plan["intents"]): Plan["intents"] =>
  [...intents].sort((a, b) => b.urgency - a.urgency || (a.profit < b.profit ? 1 : -1));

function abortable(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
