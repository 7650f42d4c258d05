// The mirror's nodes, watched: what is asked is counted, heads and logs are remembered as they come, word of a block is timed.
import type { HeadFeed, Header, LogSource, Rpc, RpcCall, SourceHeader, SourceLog } from "@ballast/mirror";
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
  onHeard: () => void = () => undefined;

  constructor(private readonly inner: HeadFeed) {}

  subscribe(onHead: () => void, onLost: () => void): Promise<() => void> {
    const heard = () => {
      this.heardAt ??= now();
      this.onHeard();
      onHead();
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

export class WatchedSource implements LogSource {
  /** The head that was told last. */
  told = -1;
  private readonly logsOf = new Map<number, SourceLog[]>();
  private readonly cameAt = new Map<number, number>();

  constructor(
    private readonly inner: LogSource,
    private readonly health: Health,
  ) {}

  chainId(): Promise<number> {
    return this.inner.chainId();
  }

  async head(): Promise<number> {
    try {
      this.told = await this.inner.head();
      this.health.looked(true);
      return this.told;
    } catch (error) {
      this.health.looked(false);
      throw error;
    }
  }

  headers(numbers: readonly number[]): Promise<SourceHeader[]> {
    return this.inner.headers(numbers);
  }

  async logs(addresses: readonly string[], from: number, to: number): Promise<SourceLog[]> {
    const logs = await this.inner.logs(addresses, from, to);
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

  /** The logs of a block and when they came, once. */
  take(block: number): { readonly logs: readonly SourceLog[]; readonly at: number } {
    const taken = { logs: this.logsOf.get(block) ?? [], at: this.cameAt.get(block) ?? now() };
    this.logsOf.delete(block);
    this.cameAt.delete(block);
    return taken;
  }

  private keep(block: number, logs: readonly SourceLog[]): void {
    this.logsOf.set(block, [...logs]);
    for (const oldest of this.logsOf.keys()) {
      if (this.logsOf.size <= 2 * KEPT) break;
      this.logsOf.delete(oldest);
      this.cameAt.delete(oldest);
    }
  }
}
