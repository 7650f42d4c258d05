// What the ledger holds of each token, what it owes in all, its terms, and who may do what.
import { FixedPoint, WAD } from "@ballast/math";
import type { EventArgs } from "./events.js";
import { numberTable, textTable, type Journal, type Table } from "./journal.js";
import type { Handlers } from "./ledger.js";
import { QUOTE, keyOf } from "./rows.js";

export interface Reserve {
  readonly held: bigint;
  /** The hour of withdrawals: when it began, and what was held then. */
  readonly windowStart: bigint;
  readonly windowHeld: bigint;
}

export type HouseTerms = EventArgs<"clearingHouse", "HouseTermsSet">["terms"];

/** Quote owed against spot: the amount that bears interest, and since when. */
export interface Debt {
  readonly amount: bigint;
  readonly since: bigint;
}

interface House {
  readonly deficit: bigint;
  readonly terms: HouseTerms;
}

const NO_RESERVE: Reserve = { held: 0n, windowStart: 0n, windowHeld: 0n };
const NO_DEBT: Debt = { amount: 0n, since: 0n };
/** Before terms are set any part of a reserve may leave. */
const NO_HOUSE: House = {
  deficit: 0n,
  terms: {
    leastMargin: 0n,
    debtRate: 0n,
    debtCap: 0,
    pegBound: 0,
    insuranceShare: 0,
    listed: 0,
    outflow: 10_000,
    outflowFloor: 0,
  },
};
const YEAR = 31_536_000n;

export class Reserves {
  private readonly reserves: Table<number, Reserve>;
  private readonly houses: Table<number, House>;
  private readonly debts: Table<string, Debt>;
  private readonly capabilities: Table<string, { readonly granted: number }>;
  private readonly operators: Table<string, { readonly approved: true }>;

  constructor(
    journal: Journal,
    private readonly quoteUnit: bigint,
  ) {
    this.reserves = numberTable<Reserve>(journal, "reserves");
    this.houses = numberTable<House>(journal, "houses");
    this.debts = textTable<Debt>(journal, "debts");
    this.capabilities = textTable(journal, "capabilities");
    this.operators = textTable(journal, "operators");
  }

  readonly on: Handlers<"clearingHouse"> = {
    Deposited: ({ asset, value }) => this.add(asset, value),
    Withdrawn: ({ asset, value, paid }) => this.add(asset, asset === QUOTE ? -paid * this.quoteUnit : -value),
    Skimmed: ({ asset, value }) => this.add(asset, value),
    OutflowWindow: ({ asset, start, held }) =>
      this.reserves.set(asset, { held: this.of(asset).held, windowStart: start, windowHeld: held }),
    DeficitBooked: ({ amount }) => this.houses.set(0, { ...this.house, deficit: this.deficit + amount }),
    DeficitReduced: ({ amount }) => this.houses.set(0, { ...this.house, deficit: this.deficit - amount }),
    HouseTermsSet: ({ terms }) => this.houses.set(0, { ...this.house, terms }),
    DebtChanged: ({ account, amount }, { timestamp }) => this.debts.set(keyOf(account), { amount, since: timestamp }),
    InterestCharged: ({ account }, { timestamp }) =>
      this.debts.set(keyOf(account), { amount: this.debtOf(account).amount, since: timestamp }),
    OperatorSet: ({ owner, operator, approved }) => {
      if (approved) this.operators.set(`${owner}/${operator}`, { approved });
      else this.operators.delete(`${owner}/${operator}`);
    },
    CapabilityChanged: ({ stage, capability, granted }) => {
      const bit = 1 << capability;
      const before = this.capabilities.get(stage)?.granted ?? 0;
      this.capabilities.set(stage, { granted: granted ? before | bit : before & ~bit });
    },
  };

  of(asset: number): Reserve {
    return this.reserves.get(asset) ?? NO_RESERVE;
  }

  /** What nobody has paid yet, over all markets. */
  get deficit(): bigint {
    return this.house.deficit;
  }

  /** As they were set: how many markets are listed is not one of them. */
  get terms(): HouseTerms {
    return this.house.terms;
  }

  debtOf(account: bigint): Debt {
    return this.debts.get(keyOf(account)) ?? NO_DEBT;
  }

  /** What has not been charged yet at this time. */
  interest(account: bigint, time: bigint): bigint {
    const { amount, since } = this.debtOf(account);
    return FixedPoint.mulDivUp(amount, this.terms.debtRate * (time - since), WAD * YEAR);
  }

  isOperator(owner: string, operator: string): boolean {
    return this.operators.get(`${owner.toLowerCase()}/${operator.toLowerCase()}`) !== undefined;
  }

  hasCapability(stage: string, capability: number): boolean {
    return ((this.capabilities.get(stage.toLowerCase())?.granted ?? 0) & (1 << capability)) !== 0;
  }

  private get house(): House {
    return this.houses.get(0) ?? NO_HOUSE;
  }

  private add(asset: number, value: bigint): void {
    const reserve = this.of(asset);
    this.reserves.set(asset, { ...reserve, held: reserve.held + value });
  }
}
