// Who paid what the accounts of a run lost beyond their own margin: from the events, in wei, held against the rows of the chain.
import type { Entry } from "./market.js";

/** What the chain says when a run is over. */
export interface Rows {
  /** Cash of the market's deficit row, of insurance, and what all deficits come to. */
  deficitRow: bigint;
  insurance: bigint;
  total: bigint;
}

export interface Payers {
  /** What the accounts with a deficit had and lost of their own. */
  own: bigint;
  /** All deficits, and what insurance paid beside them for bankrupt accounts. */
  loss: bigint;
  insured: bigint;
  rewards: bigint;
  shared: bigint;
  /** Penalties that repaid what stood. */
  income: bigint;
  standing: bigint;
  /** The most that stood when a step of the market was over. */
  stood: bigint;
  deficits: number;
  /** Of what a share may take, the largest part that one took; 1 for all. */
  fraction: number;
  /** Where events and chain differ; empty when every law holds. */
  differences: string[];
}

const RAY = 10n ** 27n;
const AMOUNTS = {
  DeficitBooked: "booked",
  DeficitReduced: "reduced",
  DeficitInsured: "insured",
  InsuranceUsed: "used",
} as const;

export class Payments {
  private readonly sums = { booked: 0n, reduced: 0n, insured: 0n, used: 0n, shared: 0n, penalties: 0n };
  private fraction = 0n;
  private deficits = 0;
  private stood = 0n;

  /** @param fund what insurance began with */
  constructor(private readonly fund: bigint) {}

  get shared(): bigint {
    return this.sums.shared;
  }

  record({ name, args }: Entry): void {
    const amount = (key: string): bigint => args[key] as bigint;
    if (name in AMOUNTS) this.sums[AMOUNTS[name as keyof typeof AMOUNTS]] += amount("amount");
    if (name === "DeficitBooked") this.deficits++;
    // Half of a penalty, rounded up, is the insurance's.
    if (name === "Stepped" || name === "LotFilled") this.sums.penalties += amount("penalty") - amount("penalty") / 2n;
    if (name === "Looked") this.endStep();
    if (name !== "ProfitShared") return;
    this.sums.shared += amount("paid");
    if (amount("fraction") > this.fraction) this.fraction = amount("fraction");
  }

  private endStep(): void {
    const standing = this.sums.booked - this.sums.reduced;
    if (standing > this.stood) this.stood = standing;
  }

  /** Standing comes from the chain, all else from the events: the sum holds only if both tell the same. */
  close(own: bigint, rows: Rows): Payers {
    const { booked, reduced, insured, used, shared } = this.sums;
    const payers = {
      own,
      loss: booked + used - insured,
      insured,
      rewards: used - insured,
      shared,
      income: reduced - insured - shared,
      standing: -rows.deficitRow,
      stood: this.stood,
      deficits: this.deficits,
      fraction: Number((this.fraction * 1_000_000n) / RAY) / 1_000_000,
    };
    return { ...payers, differences: this.differences(payers, rows) };
  }

  private differences(payers: Omit<Payers, "differences">, rows: Rows): string[] {
    const { loss, insured, rewards, shared, income, standing } = payers;
    const found: string[] = [];
    const expect = (what: string, actual: bigint, expected: bigint): void => {
      if (actual !== expected) found.push(`${what}: ${actual} instead of ${expected}`);
    };
    expect("who paid", insured + rewards + shared + income + standing, loss);
    expect("total deficit", rows.total, standing);
    const kept = this.sums.penalties - income;
    expect("insurance", rows.insurance, this.fund + kept - this.sums.used);
    for (const [name, value] of Object.entries({ own: payers.own, rewards, income, standing })) {
      if (value < 0n) found.push(`${name} below nothing: ${value}`);
    }
    return found;
  }
}
