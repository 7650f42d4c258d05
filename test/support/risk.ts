// Markets and accounts for the risk views: the worked example, and random ones that are near their lines.
import { AssetKind, AssetState, PriceStatus, WAD, type Account, type AssetConfig, type Price } from "@ballast/math";
import type { Book, MarketState, Member, Terms } from "@ballast/risk";
import { Random } from "../../packages/reference/src/random.js";

export const ETH = 1n;
export const BTC = 2n;
export const ALT = 3n;
export const SPOT = 4n;

const ALL_PERPS = {
  kind: AssetKind.Perp,
  state: AssetState.Active,
  haircut: 3_000n,
  floorRate: 500n,
  capRate: 1_200n,
  initialFactor: 20_000n,
  initialCap: 3_000n,
  deviations: 400n,
  horizon: 1_800n,
  fundingSlope: 1_000n,
  fundingCap: 50n,
};
/** 80 % a year. */
export const SIGMA = 142_457_947_723_562n;

export interface Listing {
  readonly asset: bigint;
  readonly market: Account.Leg["market"];
  readonly price: Price;
}

export const LISTINGS: readonly Listing[] = [
  perp(ETH, 2_000n, 50_000_000n),
  perp(BTC, 60_000n, 200_000_000n),
  perp(ALT, 3n, 2_000_000n),
  spot(SPOT, 2_000n),
];

export function perp(asset: bigint, mark: bigint, depth: bigint): Listing {
  const config: AssetConfig = { ...ALL_PERPS, depth: depth * WAD };
  const depths = { maintenanceDepth: config.depth, initialDepth: config.depth };
  const rates = { maintenanceRate: WAD / 20n, initialRate: WAD / 10n };
  return { asset, market: { config, fundingIndex: 0n, ...rates, ...depths }, price: priced(mark) };
}

export function spot(asset: bigint, mark: bigint): Listing {
  const config = { ...ALL_PERPS, kind: AssetKind.Spot, haircut: 2_000n, depth: 50_000_000n * WAD };
  const depths = { maintenanceDepth: config.depth, initialDepth: config.depth };
  const market = { config, fundingIndex: 0n, maintenanceRate: 0n, initialRate: 0n, ...depths };
  return { asset, market, price: priced(mark) };
}

export function listing(asset: bigint): Listing {
  const found = LISTINGS.find((item) => item.asset === asset);
  if (found === undefined) throw new RangeError(`no listing of ${asset}`);
  return found;
}

export function leg(asset: bigint, size: bigint, basis = listing(asset).price.mark): Account.Leg {
  const { market, price } = listing(asset);
  return { asset, market, price, position: { size, cash: 0n, basis } };
}

/** ETH at 2,000, a long of 1 with 250 of margin. */
export function workedExample(): Account.Snapshot {
  return { cash: -1_750n * WAD, interest: 0n, legs: [leg(ETH, WAD)], debtCap: 5_000n };
}

/** One to four legs of any size and side; cash for a health between 0.6 and 5. */
export function randomAccount(random: Random): Account.Snapshot {
  const legs = LISTINGS.filter(() => random.below(2) === 0).map(({ asset }) => randomLeg(random, asset));
  if (legs.length === 0) legs.push(randomLeg(random, ETH));
  const value = legs.reduce((sum, held) => sum + valueOf(held), 0n);
  const required = legs.reduce((sum, held) => sum + requiredOf(held), WAD);
  const cash = (required * random.between(60n, 500n)) / 100n - value;
  return { cash, interest: random.between(0n, WAD / 100n), legs, debtCap: 5_000n };
}

function randomLeg(random: Random, asset: bigint): Account.Leg {
  const { price, market } = listing(asset);
  const most = random.pick([10n, 1_000n, 100_000n, 3_000_000n]) * WAD;
  const size = (random.between(WAD, most) * WAD) / price.mark + random.between(1n, 1_000_000n);
  const short = market.config.kind === AssetKind.Perp && random.below(2) === 0;
  const basis = (price.mark * random.between(70n, 130n)) / 100n;
  const held = leg(asset, short ? -size : size, basis);
  return { ...held, position: { ...held.position, cash: random.between(-WAD, WAD) } };
}

function valueOf({ position: { size }, price, market }: Account.Leg): bigint {
  const value = (size * price.mark) / WAD;
  return market.config.kind === AssetKind.Spot ? (value * 8n) / 10n : value;
}

function requiredOf({ position: { size }, price, market }: Account.Leg): bigint {
  if (market.config.kind === AssetKind.Spot) return 0n;
  const notional = ((size < 0n ? -size : size) * price.mark) / WAD;
  return notional / 20n + (notional * notional) / (2n * market.maintenanceDepth);
}

function priced(mark: bigint): Price {
  const at = mark * WAD;
  return { mark: at, fast: at, slow: at, sigma: SIGMA, updatedAt: 1_000_000n, status: PriceStatus.Fresh };
}

export const TERMS: Terms = {
  target: 12_000n,
  incentive: 5_000n,
  penalty: 2_000n,
  reduceImpact: 50n,
  window: 200n,
  inFlight: 500n,
  latency: 2n,
  backstop: 2_000n,
  tip: WAD / 2n,
};

const POOL_TERMS = {
  halfSpread: 500n,
  ageFactor: 200n,
  deviation: 50n,
  inventoryLimit: 1_000n,
  oneSided: 200n,
  leverageLimit: 300n,
};
const NEVER = { hourUsed: 0n, hourFund: 0n, dayUsed: 0n, dayFund: 0n, hourStart: 0n, dayStart: 0n };
export const BACKSTOP = 1_000_000n;
export const NOW = 1_000_000n;

export interface Mood {
  /** Equity as a multiple of initial margin, in hundredths. */
  readonly least: bigint;
  readonly most: bigint;
  readonly fund: bigint;
  /** Equity of every pool and of the backstop; without it there are none. */
  readonly takers?: bigint;
}

/** Pairs of accounts, so that every perp sums to zero; some hold spot as well. */
export function randomBook(random: Random, pairs: number, { least, most, fund, takers }: Mood): Book {
  const members: Member[] = [];
  for (let i = 0; i < pairs; i++) {
    const legs = [ETH, BTC, ALT].filter(() => random.below(2) === 0).map((asset) => randomLeg(random, asset));
    if (legs.length === 0) legs.push(randomLeg(random, ETH));
    const against = legs.map((held) => leg(held.asset, -held.position.size, held.position.basis));
    if (random.below(4) === 0) legs.push(randomLeg(random, SPOT));
    for (const side of [legs, against]) {
      const value = side.reduce((sum, held) => sum + valueOf(held), 0n);
      const required = 2n * side.reduce((sum, held) => sum + requiredOf(held), WAD);
      const cash = (required * random.between(least, most)) / 100n - value;
      members.push({ id: BigInt(members.length), account: { cash, interest: 0n, legs: side, debtCap: 5_000n } });
    }
  }
  const base = { members, fund, time: NOW };
  if (takers === undefined) return { ...base, markets: marketsOf(false) };
  const empty = { cash: takers, interest: 0n, legs: [], debtCap: 5_000n };
  for (const id of [BACKSTOP, ...[ETH, BTC, ALT].map((asset) => BACKSTOP + asset)])
    members.push({ id, account: empty });
  return { ...base, markets: marketsOf(true), backstop: BACKSTOP };
}

function marketsOf(pools: boolean): Map<bigint, MarketState> {
  return new Map(
    LISTINGS.map(({ asset, market, price }) => {
      const flow = { inFlight: 0n, windowUsed: 0n, budget: NEVER, standing: 0n };
      const state = { asset, market, price, terms: TERMS, ...flow };
      const pool = { id: BACKSTOP + asset, terms: POOL_TERMS };
      return [asset, pools && asset !== SPOT ? { ...state, pool } : state];
    }),
  );
}
