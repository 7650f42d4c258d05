import { clearingHouseAbi, lensAbi } from "../abi/index.js";
import type { AccountId, AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import { requireAccount, requireAsset } from "../input.js";

export interface LegParameters extends At {
  account: AccountId;
  asset: AssetId;
}

/** One leg as a touch now would leave it. */
export interface Position {
  /** Negative for a short. */
  size: bigint;
  /** Size-weighted mark at the times size was added. */
  basis: bigint;
  /** What the touch pays into the account's cash: funding, offsets and shares. */
  cash: bigint;
}

/**
 * A position, everything that waits for it applied.
 *
 * @example
 * const { size, basis } = await getPosition(client, { account, asset: 1 });
 */
export async function getPosition(client: Client, { account, asset, ...at }: LegParameters): Promise<Position> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  const address = client.addresses.clearingHouse;
  const { size, basis, cash } = await read(client, {
    abi: clearingHouseAbi,
    address,
    functionName: "previewPosition",
    args,
    ...at,
  });
  return { size, basis, cash };
}

/** What the failure of the other side would mean for a leg. */
export interface Exposure {
  /** Of each unit that nobody takes there, what is closed against this leg at mark, in 1e18. */
  closed: bigint;
  /** The most that shares could take of its profit. */
  most: bigint;
  /** Its part of what a share takes, in 1e18. */
  part: bigint;
  /** What a share could take of its whole side. */
  shareable: bigint;
  /** What stands in the row of the market. */
  deficit: bigint;
  /** What of it insurance would pay now. */
  insured: bigint;
}

/**
 * How much of a leg the failure of others could close or take.
 *
 * @example
 * const { closed, most } = await getExposure(client, { account, asset: 1 });
 */
export async function getExposure(client: Client, { account, asset, ...at }: LegParameters): Promise<Exposure> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  return read(client, { abi: lensAbi, address: client.addresses.lens, functionName: "exposure", args, ...at });
}
