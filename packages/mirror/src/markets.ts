// What is known of each asset: its configuration, and of a perp its open interest, funding, conditions and losses.
import { Budgets, FixedPoint } from "@ballast/math";
import type { Cash } from "./cash.js";
import type { Conservation } from "./conservation.js";
import type { EventArgs } from "./events.js";
import { numberTable, type Journal } from "./journal.js";
import type { Handlers } from "./ledger.js";
import type { Prices } from "./prices.js";
import { INSURANCE, QUOTE, deficitRow } from "./rows.js";

type Listed = EventArgs<"clearingHouse", "AssetListed">;
export type AssetConfig = Listed["config"];
export type AssetLimits = Listed["limits"];
export type Conditions = EventArgs<"clearingHouse", "ConditionsChanged">["conditions"];
export type Pool = EventArgs<"clearingHouse", "PoolSet">["pool"];

export const AssetKind = { None: 0, Perp: 1, Spot: 2 } as const;
export const AssetState = { Active: 0, ReduceOnly: 1, Halted: 2, Settling: 3 } as const;

export interface Market {
  readonly config: AssetConfig;
  readonly limits: AssetLimits;
  readonly token: string;
  readonly fundingIndex: bigint;
  readonly openInterest: bigint;
  /** When something last changed by the passing of time: what stands still since then does not say so. */
  readonly accruedAt: bigint;
  readonly conditions: Conditions;
  readonly pool: Pool;
  /** What insurance may still pay of the standing deficit. */
  readonly coverable: bigint;
  /** The side whose loss most of it is: nobody, longs, shorts. */
  readonly loser: number;
  /** The mark at which there was no more profit to share in it; zero while that is not known. */
  readonly sharedAt: bigint;
  readonly spentUntil: bigint;
  readonly budget: Budgets.Budget;
}

const ZERO_ADDRESS = `0x${"0".repeat(40)}` as const;
const NO_POOL: Pool = {
  owner: ZERO_ADDRESS,
  halfSpread: 0,
  ageFactor: 0,
  deviation: 0,
  inventoryLimit: 0,
  oneSided: 0,
  leverageLimit: 0,
};
const NO_CONFIG: AssetConfig = {
  kind: AssetKind.None,
  state: AssetState.Active,
  haircut: 0,
  floorRate: 0,
  capRate: 0,
  initialFactor: 0,
  initialCap: 0,
  deviations: 0,
  horizon: 0,
  fundingSlope: 0,
  fundingCap: 0,
  depth: 0n,
};
const NO_MARKET: Market = {
  config: NO_CONFIG,
  limits: { total: 0n, crowdedFrom: 0n, perAccount: 0n },
  token: ZERO_ADDRESS,
  fundingIndex: 0n,
  openInterest: 0n,
  accruedAt: 0n,
  conditions: {
    maintenanceRate: 0n,
    targetRate: 0n,
    fundingRate: 0,
    fundingTarget: 0,
    depthShare: 0,
    maintenanceDepthShare: 0,
  },
  pool: NO_POOL,
  coverable: 0n,
  loser: 0,
  sharedAt: 0n,
  spentUntil: 0n,
  budget: { hourUsed: 0n, hourFund: 0n, dayUsed: 0n, dayFund: 0n, hourStart: 0n, dayStart: 0n },
};

/** The part of a deficit that insurance may pay, in basis points. */
const INSURED = 8_000n;
/** What shares of depth count in. */
const DEPTH_WHOLE = 10n ** 9n;

export class Markets {
  private readonly table;

  constructor(
    journal: Journal,
    private readonly cash: Cash,
    private readonly prices: Prices,
    private readonly conservation: Conservation,
  ) {
    this.table = numberTable<Market>(journal, "markets");
  }

  readonly on: Handlers<"clearingHouse"> = {
    AssetListed: ({ asset, config, limits, token }, { timestamp }) =>
      this.change(asset, { config, limits, token, accruedAt: config.kind === AssetKind.Perp ? timestamp : 0n }),
    AssetConfigured: ({ asset, config, limits }, { timestamp }) => this.configure(asset, config, limits, timestamp),
    MarketRetired: ({ asset }) =>
      this.change(asset, {
        config: NO_CONFIG,
        limits: NO_MARKET.limits,
        pool: NO_POOL,
        openInterest: 0n,
        accruedAt: 0n,
      }),
    PoolSet: ({ asset, pool }) => this.change(asset, { pool }),
    FundingAccrued: ({ asset, fundingIndex }, { timestamp }) => {
      this.conservation.priced(asset, this.prices.latchedAt(asset, timestamp), timestamp);
      this.change(asset, { fundingIndex, accruedAt: timestamp });
    },
    ConditionsChanged: ({ asset, conditions }, { timestamp }) => this.condition(asset, conditions, timestamp),
    Exchanged: ({ asset, buyer, seller, size, openInterest }) => {
      const grown = this.conservation.exchanged(asset, buyer, seller, size);
      if (this.of(asset).config.kind === AssetKind.Perp) this.setOpenInterest(asset, openInterest, grown);
    },
    SideOffset: ({ asset, closed, openInterest }) => this.setOpenInterest(asset, openInterest, -closed),
    DeficitBooked: ({ asset, amount, loser }) => this.book(asset, amount, loser),
    ProfitExhausted: ({ asset, mark }) => this.change(asset, { sharedAt: mark }),
    DeficitInsured: ({ asset, amount }) => this.change(asset, { coverable: this.of(asset).coverable - amount }),
    DeficitReduced: ({ asset }) => {
      const standing = this.deficitOf(asset);
      const { coverable, ...losses } = this.of(asset);
      const { loser, sharedAt } = standing === 0n ? NO_MARKET : losses;
      this.change(asset, { coverable: FixedPoint.min(coverable, standing), loser, sharedAt });
    },
    InsuranceUsed: ({ asset, amount }, { timestamp }) => this.use(asset, amount, timestamp),
  };

  of(asset: number): Market {
    return this.table.get(asset) ?? NO_MARKET;
  }

  /** Every asset that ever had a state of its own. */
  *assets(): IterableIterator<number> {
    for (const [asset] of this.table.entries()) if (asset !== QUOTE) yield asset;
  }

  listed(kind: number): number[] {
    return [...this.assets()].filter((asset) => this.of(asset).config.kind === kind).sort((a, b) => a - b);
  }

  isPerp(asset: number): boolean {
    return this.of(asset).config.kind === AssetKind.Perp;
  }

  /** What of a profit a share may take, in 1e18. */
  haircutOf(asset: number): bigint {
    return BigInt(this.of(asset).config.haircut) * 10n ** 14n;
  }

  /** The live depth, as initial margin sees it. */
  depthOf(asset: number): bigint {
    const { config, conditions } = this.of(asset);
    const share = this.isPerp(asset) ? BigInt(conditions.depthShare) : DEPTH_WHOLE;
    return FixedPoint.mulDivDown(config.depth, share, DEPTH_WHOLE);
  }

  /** What nobody has paid yet of a market's losses. */
  deficitOf(asset: number): bigint {
    return -this.cash.of(deficitRow(asset));
  }

  /** Markets in whose row something stands. */
  standing(): { asset: number; deficit: bigint; coverable: bigint }[] {
    return [...this.assets()]
      .map((asset) => ({ asset, deficit: this.deficitOf(asset), coverable: this.of(asset).coverable }))
      .filter(({ deficit }) => deficit !== 0n)
      .sort((a, b) => a.asset - b.asset);
  }

  /** What insurance has still to pay of all that stands. */
  owed(): bigint {
    return this.standing().reduce((sum, { coverable }) => sum + coverable, 0n);
  }

  budgetOf(asset: number, time: bigint): Budgets.Budget {
    return Budgets.current(this.of(asset).budget, this.cash.of(INSURANCE), time);
  }

  /** What insurance may pay for the market at this time, whatever for. */
  insurable(asset: number, time: bigint): bigint {
    return FixedPoint.min(this.cash.of(INSURANCE), Budgets.available(this.budgetOf(asset, time)));
  }

  private change(asset: number, part: Partial<Market>): void {
    this.table.set(asset, { ...this.of(asset), ...part });
  }

  private configure(asset: number, config: AssetConfig, limits: AssetLimits, time: bigint): void {
    const { accruedAt, config: before } = this.of(asset);
    const moves = config.kind === AssetKind.Perp && before.state !== AssetState.Settling;
    this.change(asset, { config, limits, accruedAt: moves ? time : accruedAt });
  }

  private condition(asset: number, conditions: Conditions, time: bigint): void {
    this.conservation.priced(asset, this.prices.latchedAt(asset, time), time);
    const { accruedAt, config } = this.of(asset);
    const moves = config.state !== AssetState.Settling;
    this.change(asset, { conditions, accruedAt: moves ? time : accruedAt });
  }

  private setOpenInterest(asset: number, openInterest: bigint, grown: bigint): void {
    this.conservation.same(
      "SIZE-1",
      `open interest of asset ${asset}`,
      this.of(asset).openInterest + grown,
      openInterest,
    );
    this.change(asset, { openInterest });
  }

  /** Who lost more tells who won; what was known to be shared out was known of the other side. */
  private book(asset: number, amount: bigint, loser: number): void {
    const before = this.of(asset);
    const turned = before.loser !== loser && this.deficitOf(asset) < 2n * amount;
    this.change(asset, {
      coverable: before.coverable + FixedPoint.mulDivDown(amount, INSURED, 10_000n),
      ...(turned ? { loser, sharedAt: 0n } : {}),
    });
  }

  /** The budget is as of before the payment, whose cash has left the row already. */
  private use(asset: number, amount: bigint, time: bigint): void {
    const fund = this.cash.of(INSURANCE) + amount;
    const { spentUntil, budget } = this.of(asset);
    const before = Budgets.current(budget, fund, time);
    const used = { ...before, hourUsed: before.hourUsed + amount, dayUsed: before.dayUsed + amount };
    const spent = amount === Budgets.available(before);
    this.change(asset, { budget: used, spentUntil: spent ? Budgets.refilledAt(used) : spentUntil });
  }
}
