// Those who come at about the same time go together: one round for all who came while the one before was on its way.
import { setImmediate } from "node:timers/promises";

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class Together<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];

  /**
   * @param alone runs one round after the other
   * @param work the results of all items in their order; one that has an error instead is rejected alone
   */
  constructor(
    private readonly alone: (round: () => Promise<void>) => Promise<void>,
    private readonly work: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
  ) {}

  join(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.waiting.length === 1) void this.alone(() => this.round());
    });
  }

  private async round(): Promise<void> {
    // What answers came meanwhile are read first.
    await setImmediate();
    const gone = this.waiting;
    this.waiting = [];
    try {
      const results = await this.work(gone.map(({ item }) => item));
      for (const [i, { resolve, reject }] of gone.entries()) {
        const result = results[i];
        if (result instanceof Error) reject(result);
        else resolve(result as Result);
      }
    } catch (error) {
      for (const { reject } of gone) reject(error);
    }
  }
}
