// What deeds lost within the last hour: as planned while they are on their way, then by what they used.
import type { Intent, Outcome } from "../send/intent.js";
import type { Store } from "../store/store.js";

const HOUR = 3_600_000;

interface Loss {
  readonly strategy: string;
  readonly at: number;
  readonly amount: bigint;
}

export class Losses {
  private readonly byKey = new Map<string, Loss>();
  private serial = 0;

  private constructor(private readonly now: () => number) {}

  /** With those of the last hour that are in the journal. */
  static async load(store: Store, now: () => number = Date.now): Promise<Losses> {
    const losses = new Losses(now);
    for (const { intent, opened } of await store.doneSince(now() - HOUR)) losses.add(intent, opened, intent.loss ?? 0n);
    return losses;
  }

  /** Quote. */
  of(strategy: string): bigint {
    this.forget();
    return [...this.byKey.values()].reduce((sum, loss) => (loss.strategy === strategy ? sum + loss.amount : sum), 0n);
  }

  /** It is on its way. */
  begin(intent: Intent): void {
    this.byKey.set(intent.key, { strategy: intent.strategy, at: this.now(), amount: intent.loss ?? 0n });
  }

  /** @param costOf quote for so much gas */
  end(intent: Intent, outcome: Outcome, costOf: (gas: bigint) => bigint): void {
    this.byKey.delete(intent.key);
    if (outcome.kind !== "included") return;
    const loss = costOf(outcome.gasUsed) - (outcome.reverted ? 0n : intent.profit);
    this.add(intent, this.now(), loss);
  }

  private add({ key, strategy }: Intent, at: number, amount: bigint): void {
    if (amount > 0n) this.byKey.set(`${key} ${this.serial++}`, { strategy, at, amount });
  }

  private forget(): void {
    const end = this.now() - HOUR;
    for (const [key, { at }] of this.byKey) if (at <= end) this.byKey.delete(key);
  }
}
