import type { Address } from "viem";
import { clearingHouseAbi } from "../abi/index.js";
import { QUOTE, type AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import { UnknownAsset } from "../errors/classes.js";
import { requireAsset } from "../input.js";

export interface GetReserveParameters extends At {
  /** Quote by default. */
  asset?: AssetId;
}

/** A token that the ledger holds for accounts. */
export interface Reserve {
  token: Address;
  decimals: number;
  /** What the ledger owes, in 1e18. */
  held: bigint;
  /** Of quote: what nobody has paid yet, over all markets. */
  deficit: bigint;
}

/**
 * The token of an asset, and what is held of it. A perp has none.
 *
 * @example
 * const { token, decimals } = await getReserve(client, {}); // of quote
 */
export async function getReserve(client: Client, { asset = QUOTE, ...at }: GetReserveParameters): Promise<Reserve> {
  const call = { abi: clearingHouseAbi, address: client.addresses.clearingHouse, functionName: "reserveOf" } as const;
  const { token, decimals, held, deficit } = await read(client, { ...call, args: [requireAsset(asset)], ...at });
  if (BigInt(token) === 0n) throw new UnknownAsset({ asset });
  return { token, decimals, held, deficit };
}
