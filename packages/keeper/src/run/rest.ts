// Who has to wait after an outcome that was none. It is counted in blocks: nothing changes in between.
import { keyOf } from "@ballast/mirror";
import type { Backoff, Store } from "../store/store.js";

export interface RestOptions {
  /** Blocks of the first pause and of the longest. */
  readonly first: number;
  readonly most: number;
}

interface Pause {
  failures: number;
  /** The first block at which it is tried again. */
  until: number;
}

export class Rest {
  private readonly accounts = new Map<string, Pause>();
  private readonly keys = new Map<string, Pause>();

  private constructor(
    private readonly store: Store,
    private readonly options: RestOptions,
  ) {}

  /** With what was on when the last keeper stopped. */
  static async load(store: Store, options: RestOptions): Promise<Rest> {
    const rest = new Rest(store, options);
    for (const { account, strategy, failures, until } of await store.backoffs())
      rest.accounts.set(nameOf(strategy, account), { failures, until });
    return rest;
  }

  get size(): number {
    return this.accounts.size + this.keys.size;
  }

  has(strategy: string, account: bigint, block: number): boolean {
    return (this.accounts.get(nameOf(strategy, account))?.until ?? 0) > block;
  }

  hasKey(key: string, block: number): boolean {
    return (this.keys.get(key)?.until ?? 0) > block;
  }

  /** In a row. */
  failuresOf(key: string): number {
    return this.keys.get(key)?.failures ?? 0;
  }

  /** Longer every time. @param longer whether trying again soon is of no use */
  async fail(
    key: string,
    strategy: string,
    accounts: readonly bigint[],
    block: number,
    longer: boolean,
  ): Promise<void> {
    for (const [old, { until }] of this.keys) if (until + this.options.most < block) this.keys.delete(old);
    this.keys.set(key, this.next(this.keys.get(key), block, longer));
    await this.failAccounts(strategy, accounts, block, longer);
  }

  async failAccounts(strategy: string, accounts: readonly bigint[], block: number, longer = true): Promise<void> {
    for (const account of accounts) {
      const pause = this.next(this.accounts.get(nameOf(strategy, account)), block, longer);
      this.accounts.set(nameOf(strategy, account), pause);
      await this.store.backOff({ account, strategy, ...pause } satisfies Backoff);
    }
  }

  async succeed(key: string, strategy: string, accounts: readonly bigint[]): Promise<void> {
    this.keys.delete(key);
    for (const account of accounts) {
      if (!this.accounts.delete(nameOf(strategy, account))) continue;
      await this.store.backOff({ account, strategy, failures: 0, until: 0 });
    }
  }

  private next(before: Pause | undefined, block: number, longer: boolean): Pause {
    const { first, most } = this.options;
    const failures = (before?.failures ?? 0) + 1;
    const blocks = longer ? first * 2 ** Math.min(failures - 1, 30) : first;
    return { failures, until: block + 1 + Math.min(blocks, most) };
  }
}

const nameOf = (strategy: string, account: bigint): string => `${strategy} ${keyOf(account)}`;
