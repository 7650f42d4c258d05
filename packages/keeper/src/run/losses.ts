// What deeds of all instances lost within the last hour: as planned while they are on their way, then by what they used.
import type { Intent, Outcome } from "../send/intent.js";
import type { Loss, Store } from "../store/store.js";

const HOUR = 3_600_000;

export class Losses {
  private readonly own = new Map<string, Loss>();
  /** Of other instances, and of this one before it was begun again. */
  private others: readonly Loss[] = [];
  private serial = 0;

  private constructor(
    private readonly store: Store,
    private readonly owner: string,
    private readonly now: () => number,
  ) {}

  /** With those of the last hour that are in the journal. */
  static async load(store: Store, owner: string, now: () => number = Date.now): Promise<Losses> {
    const losses = new Losses(store, owner, now);
    await losses.look();
    return losses;
  }

  /** What others have lost by now. */
  async look(): Promise<void> {
    this.others = await this.store.losses(this.now() - HOUR, this.owner);
  }

  /** Quote. */
  of(strategy: string): bigint {
    const begin = this.now() - HOUR;
    for (const [key, { at }] of this.own) if (at <= begin) this.own.delete(key);
    return [...this.own.values(), ...this.others]
      .filter((loss) => loss.strategy === strategy && loss.at > begin)
      .reduce((sum, { amount }) => sum + amount, 0n);
  }

  /** It is on its way. */
  begin({ key, strategy, loss = 0n }: Intent): void {
    this.own.set(key, { strategy, at: this.now(), amount: loss });
  }

  /**
   * @param id of the intent in the journal
   * @param costOf quote for so much gas
   */
  async end(id: string, intent: Intent, outcome: Outcome, costOf: (gas: bigint) => bigint): Promise<void> {
    const { key, strategy, profit } = intent;
    this.own.delete(key);
    if (outcome.kind !== "included") return;
    const amount = costOf(outcome.gasUsed) - (outcome.reverted ? 0n : profit);
    if (amount > 0n) this.own.set(`${key} ${this.serial++}`, { strategy, at: this.now(), amount });
    await this.store.lose(id, amount);
  }
}
