// The contracts' enumerations by name, in the order of their numbers.

export const ASSET_KINDS = ["None", "Perp", "Spot"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

export const ASSET_STATES = ["Active", "ReduceOnly", "Halted", "Settling"] as const;
export type AssetState = (typeof ASSET_STATES)[number];

export const PRICE_STATUSES = ["Fresh", "Diverged", "Stale"] as const;
export type PriceStatus = (typeof PRICE_STATUSES)[number];

export const CAPABILITIES = ["Trade", "Liquidate", "Offset", "Cover"] as const;
export type Capability = (typeof CAPABILITIES)[number];

export const LOSERS = ["Unknown", "Longs", "Shorts"] as const;
export type Loser = (typeof LOSERS)[number];

/** What an order waits for. */
export const CONDITIONS = ["None", "MarkAtLeast", "MarkAtMost", "HealthBelow"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Steps of the closing chain. */
export const STAGES = ["None", "Reduce", "Auction", "Absorb", "Offset"] as const;
export type Stage = (typeof STAGES)[number];

/** Why a stage has no capacity. */
export const REASONS = [
  "None",
  "NoPool",
  "OwnAccount",
  "Frozen",
  "NoRoom",
  "Toxic",
  "NoBackstop",
  "PaysTooLittle",
  "LotIsLive",
  "NotOrphaned",
] as const;
export type Reason = (typeof REASONS)[number];

/** Why a leg is not treated as usual. */
export const HOLDS = [
  "None",
  "Stale",
  "Halted",
  "Settling",
  "Diverged",
  "ReduceOnly",
  "DeficitStands",
  "BudgetSpent",
] as const;
export type Hold = (typeof HOLDS)[number];

/** Why an account may be liquidated, or what keeps it from it. */
export const VERDICTS = ["Healthy", "Guarded", "Below", "FarBelow", "Overborrowed"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What keeps a withdrawal from being larger. */
export const LIMITS = [
  "Balance",
  "InitialMargin",
  "QuoteAgainstSpot",
  "PriceDiverged",
  "NothingHeld",
  "Outflow",
] as const;
export type Limit = (typeof LIMITS)[number];

/** The name of a number; a number no name is known for keeps itself. */
export const nameOf = <Name extends string>(names: readonly Name[], number: number): Name =>
  names[number] ?? (`#${number}` as Name);

/** The number of a name, as calls want it. */
export const numberOf = <Name extends string>(names: readonly Name[], name: Name): number => names.indexOf(name);
