import { FixedPoint } from "@ballast/math";
import { exchangeAbi, lensAbi } from "../abi/index.js";
import type { AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import { requireAsset, requireSigned } from "../input.js";

const MILLION = 1_000_000n;

export interface GetQuoteParameters extends At {
  asset: AssetId;
  /** Bought, negative for sold. */
  size: bigint;
}

/** What the pool of a market trades at. */
export interface Quote {
  /** Per unit: exactly what a trade of this size on the same state executes. */
  price: bigint;
  /** The largest size that the pool takes in this direction. */
  most: bigint;
  /** What the exchange charges on top. */
  fee: bigint;
  /** What the account's cash changes by, the fee included; funding and offsets that wait aside. */
  cash: bigint;
}

/**
 * The price of the pool for a size, and what it costs.
 *
 * @example
 * const { price, most } = await getQuote(client, { asset: 1, size: parseSize("-2") });
 */
export async function getQuote(client: Client, { asset, size, ...at }: GetQuoteParameters): Promise<Quote> {
  requireAsset(asset);
  requireSigned("size", size);
  const { lens, exchange } = client.addresses;
  const [[price, most], { taker }] = await Promise.all([
    read(client, { abi: lensAbi, address: lens, functionName: "quote", args: [asset, size], ...at }),
    read(client, { abi: exchangeAbi, address: exchange, functionName: "fees", args: [], ...at }),
  ]);
  const units = FixedPoint.abs(size);
  const fee = FixedPoint.mulDivUp(FixedPoint.mulUp(units, price), BigInt(taker), MILLION);
  const value = FixedPoint.mulDown(units, price);
  return { price, most, fee, cash: (size > 0n ? -value : value) - fee };
}
