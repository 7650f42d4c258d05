// What markets like ETH start with wherever they are, and what differs where blocks are slow.
import type { HouseTerms, PerpTerms, PoolTerms, Sources, SpotTerms, StageTerms } from "./types.js";

const WAD = 10n ** 18n;
const MILLION = 1_000_000n * WAD;

export const PERP: PerpTerms = {
  margin: {
    floorRate: 500,
    capRate: 1_200,
    initialFactor: 20_000,
    initialCap: 3_000,
    deviations: 400,
    horizon: 1_800,
  },
  depth: 50n * MILLION,
  maxHaircut: 3_000,
  openInterestLimit: 50n * MILLION,
  crowdedFrom: 20n * MILLION,
  sizeLimit: WAD / 5n,
  funding: { slope: 1_000, cap: 50 },
};

export const SPOT: SpotTerms = {
  haircut: 2_000,
  totalLimit: 100_000n * WAD,
  sizeLimit: WAD / 10n,
  depth: 50n * MILLION,
};

export const POOL: PoolTerms = {
  halfSpread: 500,
  ageFactor: 300,
  deviation: 50,
  inventoryLimit: 1_000,
  oneSided: 200,
  leverageLimit: 300,
};

const STAGES: StageTerms = {
  target: 12_000,
  incentive: 5_000,
  penalty: 2_000,
  reduceImpact: 50,
  window: 200,
  inFlight: 500,
  latency: 2,
  backstop: 2_000,
  tip: WAD / 2n,
};

export const ROLLUP_STAGES = STAGES;
/** Gas costs more and blocks come every twelve seconds. */
export const MAINCHAIN_STAGES: StageTerms = { ...STAGES, latency: 12, tip: 8n * WAD };

export const HOUSE: HouseTerms = {
  leastMargin: 10n * WAD,
  debtRate: WAD / 10n,
  debtCap: 5_000,
  pegBound: 300,
  insuranceShare: 5_000,
  listed: 0,
  outflow: 2_000,
  outflowFloor: 100,
};

/** Twenty tips. */
export const MAINCHAIN_HOUSE: HouseTerms = { ...HOUSE, leastMargin: 160n * WAD };

export const FEES = { maker: 200, taker: 500 };
export const UNWINDING = { rate: 20, maxCost: 50, spotDiscount: 100 };
export const DAY = 86_400;
/** A market without a price may be wound up after a day: a new source has to be there in time. */
export const DELAYS = { admin: 3 * DAY, parameters: 2 * DAY, treasury: 2 * DAY, prices: DAY / 2 };

/** Feeds of test networks promise less than others: what is older than a day is stale. */
export const testFeed = (pair: string, at: `0x${string}`): Sources => ({
  feeds: [{ at, pair, heartbeat: BigInt(DAY) }],
  quorum: 1,
  maxDivergence: 100,
});
