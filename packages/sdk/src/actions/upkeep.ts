// What anybody may do to keep the ledger up to date.
import type { Address, Hex } from "viem";
import { clearingHouseAbi, oracleRouterAbi, pythSourceAbi } from "../abi/index.js";
import type { AccountId, AssetId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import type { Client } from "../client.js";
import {
  requireAccount,
  requireAddress,
  requireAsset,
  requireEntries,
  requirePositive,
  requireUint,
} from "../input.js";

/** Ticks of profit that one payment looks at: what fits into a block. */
export const TICKS = 256n;

export interface PayParameters extends Sending {
  asset: AssetId;
  /** The most ticks to look for profit in; the next call goes on where this one stops. */
  ticks?: bigint;
}

/** Who paid how much of a market's deficit. */
export interface Paid {
  insured: bigint;
  shared: bigint;
}

/**
 * Pays what can be paid of a market's deficit: from insurance, then by a share of the winners' profit.
 *
 * @example
 * const { result } = await pay(client, { asset: 1 });
 * console.log(result.insured, result.shared);
 */
export async function pay(client: Client, { asset, ticks = TICKS, ...sending }: PayParameters): Promise<Sent<Paid>> {
  const args = [requireAsset(asset), requirePositive("ticks", ticks)] as const;
  const address = client.addresses.clearingHouse;
  const sent = await send(client, { abi: clearingHouseAbi, address, functionName: "pay", args, ...sending });
  const [insured, shared] = sent.result;
  return { hash: sent.hash, result: { insured, shared } };
}

export interface AssetsParameters extends Sending {
  assets: readonly AssetId[];
}

/**
 * Latches prices of the oracle, and nothing else.
 *
 * @example
 * await latch(client, { assets: [0, 1] });
 */
export async function latch(client: Client, { assets, ...sending }: AssetsParameters): Promise<Sent<void>> {
  const args = [requireEntries("assets", assets).map(requireAsset)] as const;
  const address = client.addresses.oracleRouter;
  const { hash } = await send(client, { abi: oracleRouterAbi, address, functionName: "latch", args, ...sending });
  return { hash, result: undefined };
}

/**
 * Latches prices, accrues funding and rates, and measures depth.
 *
 * @example
 * await accrue(client, { assets: [1] });
 */
export async function accrue(client: Client, { assets, ...sending }: AssetsParameters): Promise<Sent<void>> {
  const args = [requireEntries("assets", assets).map(requireAsset)] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "accrue", args, ...sending });
}

export interface SettleParameters extends Sending {
  accounts: readonly AccountId[];
}

/**
 * Brings every leg of the accounts up to date; closes legs of markets that are wound down.
 *
 * @example
 * await settle(client, { accounts: [account] });
 */
export async function settle(client: Client, { accounts, ...sending }: SettleParameters): Promise<Sent<void>> {
  const args = [requireEntries("accounts", accounts).map((account) => requireAccount("account", account))] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "settle", args, ...sending });
}

/**
 * Shares out the fees collected since the last time.
 *
 * @example
 * const { result } = await shareFees(client);
 */
export async function shareFees(
  client: Client,
  sending: Sending = {},
): Promise<Sent<{ insured: bigint; kept: bigint }>> {
  const address = client.addresses.clearingHouse;
  const sent = await send(client, { abi: clearingHouseAbi, address, functionName: "shareFees", args: [], ...sending });
  const [insured, kept] = sent.result;
  return { hash: sent.hash, result: { insured, kept } };
}

export interface UpdatePriceParameters extends Sending {
  /** The source, which takes updates. */
  source: Address;
  updates: readonly Hex[];
  /** Wei for the price service; what is too much comes back. */
  fee: bigint;
}

/**
 * Brings a signed price update to a pull source.
 *
 * @example
 * await updatePrice(client, { source, updates, fee: 1n });
 */
export async function updatePrice(
  client: Client,
  { source, updates, fee, ...sending }: UpdatePriceParameters,
): Promise<Sent<void>> {
  const args = [requireEntries("updates", updates)] as const;
  const value = requireUint("fee", fee);
  const address = requireAddress("source", source);
  return send(client, { abi: pythSourceAbi, address, functionName: "update", args, value, ...sending });
}
