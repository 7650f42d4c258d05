// What the formulas read of the ledger, field by field as the contracts return it.

export const AssetKind = { None: 0n, Perp: 1n, Spot: 2n } as const;
export const AssetState = { Active: 0n, ReduceOnly: 1n, Halted: 2n, Settling: 3n } as const;
export const PriceStatus = { Fresh: 0n, Diverged: 1n, Stale: 2n } as const;

/** Prices outside these bounds are refused by the oracle. */
export const MIN_PRICE = 10n ** 6n;
export const MAX_PRICE = (1n << 80n) - 1n;

/** A latched price in 1e18. */
export interface Price {
  readonly mark: bigint;
  /** Averages of the mark with time constants of 60 s and 30 min. */
  readonly fast: bigint;
  readonly slow: bigint;
  /** Volatility per √second in 1e18. */
  readonly sigma: bigint;
  /** The sources' own time of the mark. */
  readonly updatedAt: bigint;
  /** A `PriceStatus`. */
  readonly status: bigint;
}

/** What a margin check reads of an asset. Rates and shares are in basis points. */
export interface AssetConfig {
  /** An `AssetKind`. */
  readonly kind: bigint;
  /** An `AssetState`. */
  readonly state: bigint;
  /** Part of the value that does not count: of unrealised profit for a perp, of the whole for a spot. */
  readonly haircut: bigint;
  readonly floorRate: bigint;
  readonly capRate: bigint;
  readonly initialFactor: bigint;
  readonly initialCap: bigint;
  /** In hundredths of a standard deviation, and in seconds. */
  readonly deviations: bigint;
  readonly horizon: bigint;
  readonly fundingSlope: bigint;
  readonly fundingCap: bigint;
  /** Notional that moves the price by 100 %. */
  readonly depth: bigint;
}

/** What a market is like at its last accrual. */
export interface Conditions {
  readonly maintenanceRate: bigint;
  readonly targetRate: bigint;
  /** What longs pay shorts per day in 1e9, and what the pool's skew asks for. */
  readonly fundingRate: bigint;
  readonly fundingTarget: bigint;
  /** Live depth as a share of the configured one in 1e9: as measured last, and as maintenance sees it. */
  readonly depthShare: bigint;
  readonly maintenanceDepthShare: bigint;
}

/** A perp at its last accrual. */
export interface Accrual {
  readonly fundingIndex: bigint;
  readonly accruedAt: bigint;
  readonly conditions: Conditions;
}

/** On what terms a pool quotes. */
export interface Pool {
  /** In millionths. */
  readonly halfSpread: bigint;
  /** In hundredths of a standard deviation. */
  readonly ageFactor: bigint;
  /** In basis points. */
  readonly deviation: bigint;
  /** The most inventory, in basis points of the live depth. */
  readonly inventoryLimit: bigint;
  /** Inventory per equity in hundredths. */
  readonly oneSided: bigint;
  readonly leverageLimit: bigint;
}

/** Quote owed against spot: the amount that bears interest, and since when. */
export interface Debt {
  readonly amount: bigint;
  readonly since: bigint;
}
