// A market as a call of a moment would find it: its price advanced and its rates and funding accrued, from the mirror alone.
import {
  AssetKind,
  Average,
  Markets,
  PriceStatus,
  Volatility,
  type Accrual,
  type AssetConfig,
  type Price,
} from "@ballast/math";
import type { Feed, Ledger, Market } from "@ballast/mirror";

/** Time constants of the averages, and seconds between two samples of variance: the oracle's. */
const FAST = 60n;
const SLOW = 1_800n;

/** What is looked at: marks that are not latched yet, at a time. */
export interface Moment {
  readonly time: bigint;
  /** New marks by asset; the others stay what they were latched as. */
  readonly marks?: ReadonlyMap<bigint, bigint>;
}

export interface MarketAt {
  readonly asset: bigint;
  readonly market: Markets.Market;
  readonly price: Price;
  /** The same price with the fast average for a mark. */
  readonly fast: Price;
}

export function marketAt(ledger: Ledger, asset: number, { time, marks }: Moment): MarketAt {
  const stored = ledger.markets.of(asset);
  const price = priceAt(ledger, asset, time, marks?.get(BigInt(asset)));
  const market = Markets.current(configOf(stored), accrualOf(stored), price, time);
  return { asset: BigInt(asset), market, price, fast: { ...price, mark: price.fast } };
}

/** What the oracle would latch: averages take the mark that held so far, a new mark is fresh. */
export function priceAt(ledger: Ledger, asset: number, time: bigint, mark?: bigint): Price {
  const feed = ledger.prices.of(asset);
  const sigma = ledger.prices.sigmaOf(asset);
  if (feed.fixed || feed.time === 0n || (feed.time >= time && mark === undefined)) return latched(feed, sigma);
  const elapsed = time > feed.time ? time - feed.time : 0n;
  const averaged = {
    ...latched(feed, sigma),
    fast: Average.step(feed.fast, feed.mark, elapsed, FAST),
    slow: Average.step(feed.slow, feed.mark, elapsed, SLOW),
  };
  if (mark === undefined) return averaged;
  return { ...averaged, mark, sigma: sampled(feed, sigma, mark, time), updatedAt: time, status: PriceStatus.Fresh };
}

function latched({ mark, fast, slow, updatedAt, status }: Feed, sigma: bigint): Price {
  return { mark, fast, slow, sigma, updatedAt, status: BigInt(status) };
}

function sampled({ sampled, sampledAt, ...feed }: Feed, sigma: bigint, mark: bigint, time: bigint): bigint {
  const elapsed = time - sampledAt;
  if (elapsed < Volatility.LEAST_INTERVAL || sampled === 0n) return sigma;
  const sample = Volatility.sample(sampled, mark, elapsed);
  return Volatility.sigma(
    Volatility.step(feed.shortVariance, sample, elapsed, Volatility.SHORT),
    Volatility.step(feed.longVariance, sample, elapsed, Volatility.LONG),
  );
}

function accrualOf({ fundingIndex, accruedAt, conditions }: Market): Accrual {
  const { maintenanceRate, targetRate, fundingRate, fundingTarget, depthShare, maintenanceDepthShare } = conditions;
  return {
    fundingIndex,
    accruedAt,
    conditions: {
      maintenanceRate,
      targetRate,
      fundingRate: BigInt(fundingRate),
      fundingTarget: BigInt(fundingTarget),
      depthShare: BigInt(depthShare),
      maintenanceDepthShare: BigInt(maintenanceDepthShare),
    },
  };
}

/** Records of the mirror are never written again. */
const configs = new WeakMap<Market["config"], AssetConfig>();

function configOf({ config }: Market): AssetConfig {
  const known = configs.get(config);
  if (known !== undefined) return known;
  const { depth, ...numbers } = config;
  const made = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, BigInt(value)]));
  const converted = { ...made, depth } as unknown as AssetConfig;
  configs.set(config, converted);
  return converted;
}

export function isSpot({ market }: MarketAt): boolean {
  return market.config.kind === AssetKind.Spot;
}
