import { FixedPoint } from "@ballast/math";
import { clearingHouseAbi, lensAbi, liquidatorAbi } from "../abi/index.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import { NothingQuoted } from "../errors/classes.js";
import { requireAsset } from "../input.js";
import { getMarket, type MarketParameters } from "./markets.js";
import { getPosition } from "./positions.js";

const BASIS_POINTS = 10_000n;

/** What each stage could take of a market now, before it looks at any account. Sizes and notional in 1e18. */
export interface Capacities {
  /** Size that the pool takes off longs (it buys) and off shorts (it sells), and notional left for it this minute. */
  reduce: { longs: bigint; shorts: bigint; window: bigint };
  /** Notional in live lots, and the most. */
  auction: { inFlight: bigint; limit: bigint };
  /** Notional that the backstop holds, and the most. */
  absorb: { held: bigint; limit: bigint };
  /** Size that offsets could close: the whole other side. */
  offset: { openInterest: bigint };
  /** What insurance may pay now. */
  insure: { insurable: bigint };
  /** What a share could take of the profit of each side now. */
  share: { longs: bigint; shorts: bigint };
}

/** What the pool takes in a direction; nothing when there is none. */
async function room(client: Client, asset: number, size: bigint, at: At): Promise<bigint> {
  try {
    const args = [asset, size] as const;
    const call = { abi: lensAbi, address: client.addresses.lens, functionName: "quote", args, ...at } as const;
    const [, most] = await read(client, call);
    return most;
  } catch (error) {
    if (error instanceof NothingQuoted) return 0n;
    throw error;
  }
}

/**
 * How much each stage of the waterfall has room for in a market now.
 *
 * @example
 * const { auction, absorb } = await getCapacities(client, { asset: 1 });
 */
export async function getCapacities(client: Client, { asset, ...at }: MarketParameters): Promise<Capacities> {
  const args = [requireAsset(asset)] as const;
  const chain = { abi: liquidatorAbi, address: client.addresses.liquidator, ...at } as const;
  const ledger = { abi: clearingHouseAbi, address: client.addresses.clearingHouse, ...at } as const;
  const [market, terms, [inFlight, window], backstop, bought, sold, insurable, longs, shorts] = await Promise.all([
    getMarket(client, { asset, ...at }),
    read(client, { ...chain, functionName: "termsOf", args }),
    read(client, { ...chain, functionName: "flowOf", args }),
    read(client, { ...chain, functionName: "backstop", args: [] }),
    room(client, asset, -1n, at),
    room(client, asset, 1n, at),
    read(client, { ...ledger, functionName: "insurable", args }),
    read(client, { ...ledger, functionName: "shareable", args: [asset, true] }),
    read(client, { ...ledger, functionName: "shareable", args: [asset, false] }),
  ]);
  const { mark } = market.price;
  const depth = market.rates.initialDepth;
  const held = backstop === 0n ? 0n : (await getPosition(client, { account: backstop, asset, ...at })).size;
  const limit = backstop === 0n ? 0n : (depth * BigInt(terms.backstop)) / BASIS_POINTS;
  return {
    reduce: { longs: bought, shorts: sold, window },
    auction: { inFlight: FixedPoint.mulUp(inFlight, mark), limit: (depth * BigInt(terms.inFlight)) / BASIS_POINTS },
    absorb: { held: FixedPoint.mulUp(FixedPoint.abs(held), mark), limit },
    offset: { openInterest: market.openInterest },
    insure: { insurable },
    share: { longs, shorts },
  };
}
