// Markets and accounts for the risk views: the worked example, and random ones that are near their lines.
import { AssetKind, AssetState, PriceStatus, WAD, type Account, type AssetConfig, type Price } from "@ballast/math";
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
