// Brings a ledger up to the head of the chain and keeps it there: chunk by chunk, back to the common ancestor when the
// chain forks, again from another node when logs are missing.
import { BrokenLog, MirrorError, RangeTooLarge, WrongChain } from "./errors.js";
import type { HeadFeed } from "./heads.js";
import type { BlockRef, Touched } from "./journal.js";
import { Ledger, type Block, type Deployment, type Header, type LedgerOptions } from "./ledger.js";
import { pause } from "./rpc.js";
import { ledgerOf, linesOf } from "./snapshot.js";
import { readBlocks, type LogSource } from "./source.js";
import type { Store } from "./store.js";

/** What a block did to the ledger: a block that came, or one that the chain left behind. */
export type Change =
  | { readonly kind: "applied"; readonly header: Header; readonly touched: readonly Touched[] }
  | { readonly kind: "undone"; readonly block: BlockRef };

export interface Progress {
  readonly from: number;
  readonly block: number;
  readonly head: number;
  readonly logs: number;
}

export interface MirrorOptions extends LedgerOptions {
  readonly store?: Store;
  /** Blocks between two snapshots. */
  readonly saveEvery?: number;
  /** Blocks read at once; fewer as long as a node refuses so many. */
  readonly chunk?: number;
  /** Whether a block's own filter is asked if logs are missing. */
  readonly bloom?: boolean;
  /** Whether the header of every block is read, however old: then a block whose logs are all missing is found at once. */
  readonly thorough?: boolean;
  /** Where word of new blocks comes from. */
  readonly heads?: HeadFeed;
  /** Milliseconds between two looks at the head without word of it. */
  readonly poll?: number;
  /** Milliseconds without word, while there are blocks, after which the feed counts as dead. */
  readonly silence?: number;
  /** How often a failure that may pass is tried again in a row, and the first pause. */
  readonly retries?: number;
  readonly retryPause?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly onTrouble?: (error: MirrorError) => void;
}

export class Mirror {
  private readonly options: MirrorOptions & {
    saveEvery: number;
    chunk: number;
    bloom: boolean;
    poll: number;
    silence: number;
    retries: number;
    retryPause: number;
  };
  private chunk: number;
  private savedAt: number;
  private checked = false;

  constructor(
    readonly ledger: Ledger,
    private readonly source: LogSource,
    options: MirrorOptions = {},
  ) {
    const defaults = {
      saveEvery: 1_000,
      chunk: 2_000,
      bloom: true,
      poll: 4_000,
      silence: 60_000,
      retries: 5,
      retryPause: 250,
    };
    this.options = { ...defaults, ...options };
    this.chunk = this.options.chunk;
    this.savedAt = ledger.head?.number ?? 0;
  }

  /** From the store, or from the first block when nothing is stored. */
  static async open(deployment: Deployment, source: LogSource, options: MirrorOptions = {}): Promise<Mirror> {
    const lines = await options.store?.load();
    const ledger =
      lines === undefined
        ? new Ledger(deployment, options)
        : await ledgerOf(lines, deployment, options.store?.name ?? "", options);
    return new Mirror(ledger, source, options);
  }

  /** Applies everything up to the head of the chain. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    const changes = this.toHead(signal);
    while ((await changes.next()).done !== true);
    await this.save();
  }

  /** Everything up to the head and then block by block, until it is stopped; then the state is stored. */
  async *follow(signal?: AbortSignal): AsyncGenerator<Change> {
    const bell = new Bell(this.options, signal);
    try {
      while (signal?.aborted !== true) {
        let news = false;
        for await (const change of this.toHead(signal)) {
          news = true;
          yield change;
        }
        await bell.next(news);
      }
    } finally {
      bell.end();
      await this.save();
    }
  }

  /** Stores what there is. */
  async save(): Promise<void> {
    await this.options.store?.save(linesOf(this.ledger));
    this.savedAt = this.ledger.head?.number ?? 0;
  }

  /** Everything up to the head, then no more. */
  async *toHead(signal?: AbortSignal): AsyncGenerator<Change> {
    let failures = 0;
    while (signal?.aborted !== true) {
      try {
        let moved = false;
        for await (const change of this.advance()) {
          moved = true;
          yield change;
        }
        if (!moved) return;
        failures = 0;
      } catch (error) {
        if (!(error instanceof MirrorError) || !error.retryable || ++failures > this.options.retries) throw error;
        this.options.onTrouble?.(error);
        await pause(this.options.retryPause * 2 ** (failures - 1));
      }
      await this.saveSometimes();
    }
  }

  /** One chunk, or the blocks that are to be taken back; nothing at the head. */
  private async *advance(): AsyncGenerator<Change> {
    await this.requireChain();
    const head = await this.source.head();
    const from = this.next;
    if (yield* this.leaveFork(head)) return;
    if (from > head) return;
    const blocks = await this.read(from, head);
    for (const block of blocks) {
      const touched = await this.apply(block);
      if (touched === undefined) return void (yield this.undo());
      yield { kind: "applied", header: block.header, touched };
    }
    const logs = blocks.reduce((sum, block) => sum + block.logs.length, 0);
    this.options.onProgress?.({ from, block: this.next - 1, head, logs });
  }

  private get next(): number {
    return (this.ledger.head?.number ?? this.ledger.deployment.fromBlock - 1) + 1;
  }

  private async requireChain(): Promise<void> {
    if (this.checked) return;
    const [expected, actual] = [this.ledger.deployment.chainId, await this.source.chainId()];
    if (expected !== actual) throw new WrongChain(expected, actual);
    this.checked = true;
  }

  /** A node that has no more than we have is behind, or on a fork: it is one if it has another block where we had ours. */
  private async *leaveFork(head: number): AsyncGenerator<Change, boolean> {
    const ours = this.ledger.head;
    if (ours === undefined || head > ours.number) return false;
    const known = head === ours.number ? ours : this.ledger.journal.at(head);
    if (known === undefined) return false;
    const [header] = await this.source.headers([head]);
    if (header?.hash === known.hash) return false;
    while (this.next > head) yield this.undo();
    return true;
  }

  private undo(): Change {
    return { kind: "undone", block: this.ledger.undo() };
  }

  /** What can still be taken back is read block by block, the rest only where there are logs. */
  private async read(from: number, head: number): Promise<Block[]> {
    const final = head - this.ledger.journal.depth;
    for (;;) {
      const most = Math.min(head, from + this.chunk - 1);
      const to = from <= final ? Math.min(most, final) : most;
      try {
        const all = to > final || this.options.thorough === true;
        const blocks = await readBlocks(this.source, this.ledger, from, to, { all, bloom: this.options.bloom });
        this.chunk = Math.min(this.options.chunk, Math.ceil(this.chunk * 1.25));
        return blocks;
      } catch (error) {
        if (!(error instanceof RangeTooLarge) || to === from) throw error;
        this.chunk = Math.max(1, Math.floor((to - from + 1) / 2));
      }
    }
  }

  /** Nothing when the block does not follow the one before it. */
  private async apply(block: Block): Promise<Touched[] | undefined> {
    const { head } = this.ledger;
    const { number, parentHash } = block.header;
    if (head !== undefined && number === head.number + 1 && parentHash !== head.hash) return undefined;
    try {
      return this.ledger.apply(block);
    } catch (error) {
      if (!(error instanceof BrokenLog)) throw error;
      this.options.onTrouble?.(error);
      const logs = await this.source.logsAgain(this.ledger.addresses, block.header);
      return this.ledger.apply({ header: block.header, logs });
    }
  }

  private async saveSometimes(): Promise<void> {
    const { store, saveEvery } = this.options;
    if (store !== undefined && this.next - 1 - this.savedAt >= saveEvery) await this.save();
  }
}

/** Wakes when there is word of a block, and at the latest after a while; a feed that has gone quiet is begun again. */
class Bell {
  private wake: () => void = () => undefined;
  private stop: (() => void) | undefined;
  private heardAt = Date.now();
  private rung = false;
  private readonly onAbort = () => this.ring();

  constructor(
    private readonly options: {
      heads?: HeadFeed;
      poll: number;
      silence: number;
      onTrouble?: (error: MirrorError) => void;
    },
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener("abort", this.onAbort);
  }

  /** @param news whether the last look found something */
  async next(news: boolean): Promise<void> {
    if (this.signal?.aborted === true) return;
    if (news && this.stop !== undefined && Date.now() - this.heardAt > this.options.silence) this.lose();
    await this.listen();
    await this.wait();
  }

  end(): void {
    this.signal?.removeEventListener("abort", this.onAbort);
    this.lose();
  }

  private async listen(): Promise<void> {
    if (this.stop !== undefined || this.options.heads === undefined) return;
    try {
      this.heardAt = Date.now();
      const onLost = () => this.lose();
      this.stop = await this.options.heads.subscribe(() => this.ring(), onLost);
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      this.options.onTrouble?.(error);
    }
  }

  private ring(): void {
    this.heardAt = Date.now();
    this.rung = true;
    this.wake();
  }

  private lose(): void {
    const stop = this.stop;
    this.stop = undefined;
    stop?.();
  }

  private async wait(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.rung)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        timer = setTimeout(resolve, this.options.poll);
      });
    clearTimeout(timer);
    this.rung = false;
  }
}
