// Whether the loop goes round, and whether what it does is of use: by what it last did, not by what it was told to do.
import type { Metrics } from "./metrics.js";

export interface State {
  readonly ok: boolean;
  readonly faults: readonly string[];
  readonly block: number | undefined;
  /** Seconds. */
  readonly age: number | undefined;
}

export interface HealthOptions {
  /** Seconds without a new block that count as a stall. */
  readonly stall: number;
  /** Seconds without a look at the head after which the loop counts as dead. */
  readonly silence: number;
  /** Fails when the store does not answer. */
  readonly tryStore: () => Promise<void>;
  readonly now?: () => number;
}

/** Milliseconds that the store has to answer. */
const STORE_TIME = 2_000;

export class Health {
  private readonly began: number;
  private lookedAt: number;
  private answeredAt: number | undefined;
  private handled: { block: number; timestamp: bigint; at: number } | undefined;
  private caughtUp = false;
  private ended: string | undefined;

  constructor(
    private readonly options: HealthOptions,
    private readonly metrics: Metrics,
  ) {
    this.began = this.now();
    this.lookedAt = this.began;
  }

  /** The loop asked for the head, and whether a node told it. */
  looked(answered: boolean): void {
    this.lookedAt = this.now();
    if (answered) this.answeredAt = this.lookedAt;
  }

  handle(block: number, timestamp: bigint, isHead: boolean): void {
    this.handled = { block, timestamp, at: this.now() };
    if (isHead) this.caughtUp = true;
  }

  end(reason: string): void {
    this.ended = reason;
  }

  /** Seconds since the block handled last: since it came, or by its own time where that is longer ago. */
  get age(): number | undefined {
    if (this.handled === undefined) return undefined;
    const { at, timestamp } = this.handled;
    return Math.max(0, (this.now() - Math.min(at, Number(timestamp) * 1_000)) / 1_000);
  }

  /** Seconds in which no block came. */
  get quiet(): number {
    return (this.now() - (this.handled?.at ?? this.began)) / 1_000;
  }

  measure(): void {
    if (this.handled !== undefined) this.metrics.block.set(this.handled.block);
    if (this.age !== undefined) this.metrics.blockAge.set(this.age);
  }

  /** A loop that does not go round any more should be begun again. */
  alive(): Promise<State> {
    const silent = (this.now() - this.lookedAt) / 1_000;
    const faults = [
      this.ended === undefined ? "" : `the loop ended: ${this.ended}`,
      silent > this.options.silence ? `no look at the head for ${silent.toFixed(1)} s` : "",
    ];
    return Promise.resolve(this.state(faults));
  }

  /** One that is not ready sends nothing that can be relied on. */
  async ready(): Promise<State> {
    const { stall } = this.options;
    const age = this.age;
    const answered = (this.now() - (this.answeredAt ?? this.began)) / 1_000;
    const faults = [
      this.ended === undefined ? "" : `the loop ended: ${this.ended}`,
      this.caughtUp ? "" : "not yet at the head",
      age !== undefined && age > stall ? `the last block is ${age.toFixed(1)} s old, more than ${stall} s` : "",
      answered > stall ? `no node told the head for ${answered.toFixed(1)} s, more than ${stall} s` : "",
      await this.storeFault(),
    ];
    return this.state(faults);
  }

  private state(told: readonly string[]): State {
    const faults = told.filter((fault) => fault !== "");
    return { ok: faults.length === 0, faults, block: this.handled?.block, age: this.age };
  }

  private async storeFault(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`the store does not answer within ${STORE_TIME} ms`), STORE_TIME);
    });
    const asked = this.options.tryStore().then(
      () => "",
      (error: unknown) => `the store failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    return Promise.race([asked, late]).finally(() => clearTimeout(timer));
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}
