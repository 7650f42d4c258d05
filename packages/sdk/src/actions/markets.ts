import type { Address } from "viem";
import { clearingHouseAbi, lensAbi } from "../abi/index.js";
import type { AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import {
  ASSET_KINDS,
  ASSET_STATES,
  HOLDS,
  LOSERS,
  PRICE_STATUSES,
  nameOf,
  type AssetKind,
  type AssetState,
  type Hold,
  type Loser,
  type PriceStatus,
} from "../enums.js";
import { NoPrice, UnknownAsset } from "../errors/classes.js";
import { decodeError } from "../errors/decode.js";
import { requireAsset } from "../input.js";

export interface MarketParameters extends At {
  asset: AssetId;
}

/** A latched price in 1e18. */
export interface Price {
  mark: bigint;
  fast: bigint;
  slow: bigint;
  /** Volatility per √second in 1e18. */
  sigma: bigint;
  /** The sources' own time of the mark. */
  updatedAt: bigint;
  status: PriceStatus;
}

/** The configuration of an asset; rates and shares in basis points. */
export interface MarketConfig {
  haircut: number;
  floorRate: number;
  capRate: number;
  initialFactor: number;
  initialCap: number;
  deviations: number;
  horizon: number;
  fundingSlope: number;
  fundingCap: number;
  depth: bigint;
}

/** Rates and depths that margin reads, as of now. */
export interface Rates {
  fundingIndex: bigint;
  maintenanceRate: bigint;
  initialRate: bigint;
  maintenanceDepth: bigint;
  initialDepth: bigint;
}

/** Who quotes a perp and on what terms; the owner is zero for none. */
export interface Pool {
  owner: Address;
  halfSpread: number;
  ageFactor: number;
  deviation: number;
  inventoryLimit: number;
  oneSided: number;
  leverageLimit: number;
}

/** What is known of a standing deficit. */
export interface Losses {
  coverable: bigint;
  sharedAt: bigint;
  spentUntil: number;
  loser: Loser;
  standing: boolean;
}

export interface MarketView {
  asset: AssetId;
  kind: AssetKind;
  state: AssetState;
  /** Why the market is not treated as usual. */
  hold: Hold;
  price: Price;
  config: MarketConfig;
  /** Open interest per side (perp) or size held (spot); from where it makes new positions dearer; of one account. */
  limits: { total: bigint; crowdedFrom: bigint; perAccount: bigint };
  rates: Rates;
  openInterest: bigint;
  /** What longs pay shorts now, in 1e9 per day, and what that moves towards. */
  fundingRate: bigint;
  fundingTarget: bigint;
  pool: Pool;
  losses: Losses;
  /** What nobody has paid yet, and what insurance would pay of it now. */
  deficit: bigint;
  insuranceAvailable: bigint;
}

/**
 * A market as the next call in this block would find it.
 *
 * @example
 * const { price, openInterest, hold } = await getMarket(client, { asset: 1 });
 */
export async function getMarket(client: Client, { asset, ...at }: MarketParameters): Promise<MarketView> {
  const call = { abi: lensAbi, address: client.addresses.lens, functionName: "market" } as const;
  const view = await read(client, { ...call, args: [requireAsset(asset)], ...at }).catch((error: unknown) => {
    // Whatever is listed has had a price.
    throw error instanceof NoPrice ? new UnknownAsset({ asset }) : error;
  });
  const { kind, state, ...config } = view.config;
  if (kind === 0) throw new UnknownAsset({ asset });
  const { fundingIndex, maintenanceRate, initialRate, maintenanceDepth, initialDepth } = view.now_;
  const { losses, openInterest } = view.perp;
  return {
    asset,
    kind: nameOf(ASSET_KINDS, kind),
    state: nameOf(ASSET_STATES, state),
    hold: nameOf(HOLDS, view.hold),
    price: { ...view.price, status: nameOf(PRICE_STATUSES, view.price.status) },
    config,
    limits: view.limits,
    rates: { fundingIndex, maintenanceRate, initialRate, maintenanceDepth, initialDepth },
    openInterest,
    fundingRate: view.fundingRate,
    fundingTarget: view.fundingTarget,
    pool: view.pool,
    losses: { ...losses, loser: nameOf(LOSERS, losses.loser) },
    deficit: view.deficit,
    insuranceAvailable: view.insuranceAvailable,
  };
}

/** Cash of the rows of the house, what nobody has paid yet, and the quote held. */
export interface Rows {
  treasury: bigint;
  insurance: bigint;
  dust: bigint;
  /** Collected, not yet shared out. */
  fees: bigint;
  deficit: bigint;
  quoteHeld: bigint;
}

/**
 * The rows of the house.
 *
 * @example
 * const { insurance, deficit } = await getRows(client);
 */
export const getRows = async (client: Client, at: At = {}): Promise<Rows> =>
  read(client, { abi: lensAbi, address: client.addresses.lens, functionName: "rows", args: [], ...at });

export interface ListAssetsParameters {
  /** The block of the deployment. */
  fromBlock: bigint;
}

/**
 * Ids of all assets that are listed now, from the log.
 *
 * @example
 * const assets = await listAssets(client, { fromBlock: deployment.block });
 */
export async function listAssets(client: Client, { fromBlock }: ListAssetsParameters): Promise<AssetId[]> {
  const query = { abi: clearingHouseAbi, address: client.addresses.clearingHouse, fromBlock } as const;
  try {
    const { publicClient } = client;
    const [listed, retired] = await Promise.all([
      publicClient.getContractEvents({ ...query, eventName: "AssetListed", strict: true }),
      publicClient.getContractEvents({ ...query, eventName: "MarketRetired", strict: true }),
    ]);
    const events = [...listed, ...retired].sort(
      (a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex,
    );
    const assets = new Set<AssetId>();
    for (const { eventName, args } of events)
      if (eventName === "AssetListed") assets.add(args.asset);
      else assets.delete(args.asset);
    return [...assets].sort((a, b) => a - b);
  } catch (error) {
    throw decodeError(error);
  }
}
