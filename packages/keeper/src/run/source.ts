// The mirror's nodes, watched: what is asked is counted, heads and logs are remembered as they come, word of a block is timed.
import type { Glimpse, HeadFeed, Header, LogSource, Rpc, RpcCall, SourceHeader, SourceLog } from "@ballast/mirror";
import type { Health } from "./health.js";
import type { Metrics } from "./metrics.js";

export class CountedRpc implements Rpc {
  readonly nodes: readonly Rpc[];

  constructor(
    private readonly inner: Rpc,
    private readonly metrics: Metrics,
  ) {
    this.nodes = inner.nodes;
  }

  batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    for (const { method } of calls) this.metrics.rpc.inc({ method });
    return this.inner.batch(calls);
  }

  distrust(): void {
    this.inner.distrust();
  }
}

/** Remembers when word came. */
export class TimedHeads implements HeadFeed {
  /** Unix milliseconds of the last word, until somebody takes it. */
  private heardAt: number | undefined;
  /** Is called with every word. */
  onHeard: (number?: number) => void = () => undefined;

  constructor(private readonly inner: HeadFeed) {}

  subscribe(onHead: (number?: number) => void, onLost: () => void): Promise<() => void> {
    const heard = (number?: number) => {
      this.heardAt ??= now();
      this.onHeard(number);
      onHead(number);
    };
    return this.inner.subscribe(heard, onLost);
  }

  take(): number | undefined {
    const { heardAt } = this;
    this.heardAt = undefined;
    return heardAt;
  }
}

/** Unix milliseconds, with fractions. */
export const now = (): number => performance.timeOrigin + performance.now();

/** Blocks whose logs are kept until they are taken. */
const KEPT = 512;

/** A source that tells all of one block at once. */
export interface Glimpsing extends LogSource {
  glimpse(addresses: readonly string[], number: number): Promise<Glimpse>;
}

interface Expected {
  readonly block: number;
  /** Nothing, when no node has told. */
  readonly seen: Promise<Glimpse | undefined>;
  /** Whether its height has been told. */
  told: boolean;
}

export class WatchedSource implements LogSource {
  /** The head that was told last. */
  told = -1;
  private readonly logsOf = new Map<number, SourceLog[]>();
  private readonly cameAt = new Map<number, number>();
  private readonly feeOf = new Map<number, bigint>();
  private expected: Expected | undefined;

  constructor(
    private readonly inner: Glimpsing,
    private readonly health: Health,
  ) {}

  chainId(): Promise<number> {
    return this.inner.chainId();
  }

  async head(): Promise<number> {
    try {
      this.told = (await this.expectedHead()) ?? (await this.inner.head());
      this.health.looked(true);
      return this.told;
    } catch (error) {
      this.health.looked(false);
      throw error;
    }
  }

  /** Asks for a block that there is word of: what is not of use is dropped. */
  expect(addresses: readonly string[], block: number): void {
    const seen = this.inner.glimpse(addresses, block).catch(() => undefined);
    this.expected = { block, seen, told: false };
  }

  async headers(numbers: readonly number[]): Promise<SourceHeader[]> {
    const [block] = numbers;
    const { expected } = this;
    this.expected = undefined;
    const seen = numbers.length === 1 && expected?.block === block ? await expected?.seen : undefined;
    const headers = seen === undefined ? await this.inner.headers(numbers) : [seen.header];
    for (const { number, baseFee } of headers) this.feeOf.set(number, baseFee);
    forgetFirst(this.feeOf);
    return headers;
  }

  async logs(addresses: readonly string[], from: number, to: number): Promise<SourceLog[]> {
    const seen = from === to && this.expected?.block === from ? await this.expected.seen : undefined;
    const logs = seen?.logs ?? (await this.inner.logs(addresses, from, to));
    const [first, at] = [Math.max(from, to - KEPT + 1), now()];
    for (let block = first; block <= to; block++) {
      this.keep(block, []);
      this.cameAt.set(block, at);
    }
    for (const log of logs) if (log.blockNumber >= first) this.logsOf.get(log.blockNumber)?.push(log);
    return logs;
  }

  async logsAgain(addresses: readonly string[], header: Header): Promise<SourceLog[]> {
    const logs = await this.inner.logsAgain(addresses, header);
    this.keep(header.number, logs);
    return logs;
  }

  /** The logs of a block, when they came and what gas costs in it, once. */
  take(block: number): { readonly logs: readonly SourceLog[]; readonly at: number; readonly baseFee: bigint } {
    const [logs, at] = [this.logsOf.get(block) ?? [], this.cameAt.get(block) ?? now()];
    const baseFee = this.feeOf.get(block) ?? 0n;
    for (const kept of [this.logsOf, this.cameAt, this.feeOf]) kept.delete(block);
    return { logs, at, baseFee };
  }

  /** Once: whoever looks again wants to know what came since. */
  private async expectedHead(): Promise<number | undefined> {
    const { expected } = this;
    if (expected === undefined || expected.told) return undefined;
    expected.told = true;
    return (await expected.seen)?.head;
  }

  private keep(block: number, logs: readonly SourceLog[]): void {
    this.logsOf.set(block, [...logs]);
    for (const kept of [this.logsOf, this.cameAt]) forgetFirst(kept);
  }
}

function forgetFirst(kept: Map<number, unknown>): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= 2 * KEPT) break;
    kept.delete(oldest);
  }
}
