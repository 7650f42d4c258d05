// What a network is deployed with. One file per network; `resolve` fills in what only the operator knows.
import type { Address } from "viem";
import type { Delays } from "../../packages/cli/src/authority/policy.js";

/** A fact that nobody may guess: deploying is refused until it is given. */
export interface FillIn {
  readonly fillIn: string;
  readonly what: string;
}

/** An address, or that there is none. */
export type Optional = Address | "none";

/** A feed of the network; or, on a local chain, one that anyone can move, with its price in whole dollars. */
export type Feed<A = Address> =
  | { readonly at: A; readonly pair: string; readonly heartbeat: bigint }
  | { readonly mock: bigint; readonly heartbeat: bigint };

export interface Sources<A = Address> {
  readonly feeds: readonly Feed<A>[];
  readonly quorum: number;
  /** In basis points: how far they may differ. */
  readonly maxDivergence: number;
}

/** A token of the network by its address and symbol; or, on a local chain, a test token. */
export type Token<A = Address> = { readonly at: A; readonly symbol: string; readonly decimals: number } | "mock";

/** As `IRiskConfigurator.PerpTerms`. */
export interface PerpTerms {
  readonly margin: {
    readonly floorRate: number;
    readonly capRate: number;
    readonly initialFactor: number;
    readonly initialCap: number;
    readonly deviations: number;
    readonly horizon: number;
  };
  readonly depth: bigint;
  readonly maxHaircut: number;
  readonly openInterestLimit: bigint;
  readonly crowdedFrom: bigint;
  readonly sizeLimit: bigint;
  readonly funding: { readonly slope: number; readonly cap: number };
}

/** As `IRiskConfigurator.SpotTerms`. */
export interface SpotTerms {
  readonly haircut: number;
  readonly totalLimit: bigint;
  readonly sizeLimit: bigint;
  readonly depth: bigint;
}

/** As `ILiquidator.Terms`. */
export interface StageTerms {
  readonly target: number;
  readonly incentive: number;
  readonly penalty: number;
  readonly reduceImpact: number;
  readonly window: number;
  readonly inFlight: number;
  readonly latency: number;
  readonly backstop: number;
  readonly tip: bigint;
}

/** As `Pool`, without its owner. */
export interface PoolTerms {
  readonly halfSpread: number;
  readonly ageFactor: number;
  readonly deviation: number;
  readonly inventoryLimit: number;
  readonly oneSided: number;
  readonly leverageLimit: number;
}

export interface PerpParameters<A = Address> {
  readonly name: string;
  readonly asset: number;
  readonly sources: Sources<A>;
  readonly terms: PerpTerms;
  readonly stages: StageTerms;
  readonly pool: PoolTerms;
}

export interface SpotParameters<A = Address> {
  readonly name: string;
  readonly asset: number;
  readonly token: Token<A>;
  readonly sources: Sources<A>;
  readonly terms: SpotTerms;
  readonly stages: StageTerms;
}

/** As `HouseTerms`. */
export interface HouseTerms {
  readonly leastMargin: bigint;
  readonly debtRate: bigint;
  readonly debtCap: number;
  readonly pegBound: number;
  readonly insuranceShare: number;
  readonly listed: number;
  readonly outflow: number;
  readonly outflowFloor: number;
}

/** Who holds authority once it is handed over, and how many seconds each change waits. */
export interface AuthorityParameters<A = Address> {
  /** The multisig that governs. */
  readonly governor: A;
  /** The multisig that can stop the governor and replace it, should its keys be lost. */
  readonly recovery: A;
  /** Acts at once, and can only tighten. */
  readonly guardian: A;
  readonly delays: Delays;
}

export interface Parameters<A = Address, S = Optional> {
  /** As hardhat.config.ts calls the network. */
  readonly network: string;
  readonly chainId: number;
  /** On a real network only production code is deployed, and only contracts govern. */
  readonly real: boolean;
  readonly confirmations: number;
  readonly quote: Token<A>;
  readonly quoteSources: Sources<A>;
  /** The rollup's feed that tells whether its sequencer is up, and how many seconds prices wait after it was not. */
  readonly sequencer: S;
  readonly gracePeriod: bigint;
  /** Millionths of the value of a fill. */
  readonly fees: { readonly maker: number; readonly taker: number };
  readonly house: HouseTerms;
  readonly unwinding: { readonly rate: number; readonly maxCost: number; readonly spotDiscount: number };
  readonly perps: readonly PerpParameters<A>[];
  readonly spots: readonly SpotParameters<A>[];
  readonly authority: AuthorityParameters<A>;
}

/** As a file has it. */
export type Draft = Parameters<Address | FillIn, Optional | FillIn>;
