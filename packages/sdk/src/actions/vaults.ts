// Shares of pools, of the backstop and of insurance. They have one interface: ERC-4626 in, ERC-7540 out.
import type { Address } from "viem";
import { insuranceVaultAbi as vaultAbi } from "../abi/index.js";
import { read, send, type At, type Sending, type Sent } from "../call.js";
import { deadlineOf, signerOf, type Client } from "../client.js";
import { requireAddress, requirePositive, requireUint } from "../input.js";

export interface VaultParameters extends At {
  /** A pool, the backstop or insurance. */
  vault: Address;
}

/** What a vault is worth, and to whom. */
export interface Vault {
  generation: bigint;
  /** Shares, in 1e18. */
  supply: bigint;
  /** At mark, to one who enters, and to one who leaves if nothing were locked; in 1e18. */
  equity: bigint;
  entry: bigint;
  value: bigint;
  /** Of the value, gains that are not vested yet. */
  locked: bigint;
  /** The value that still fits in. */
  depositLimit: bigint;
  /** Seconds between a request and its claim. */
  cooldown: bigint;
}

/**
 * A vault as the next call finds it.
 *
 * @example
 * const { pool } = await getMarket(client, { asset: 1 });
 * const { value, locked } = await getVault(client, { vault: pool.owner });
 */
export async function getVault(client: Client, { vault, ...at }: VaultParameters): Promise<Vault> {
  const call = { abi: vaultAbi, address: requireAddress("vault", vault), args: [], ...at } as const;
  const [{ generation, supply, equity, entry, value, locked }, depositLimit, cooldown] = await Promise.all([
    read(client, { ...call, functionName: "status" }),
    read(client, { ...call, functionName: "depositLimit" }),
    read(client, { ...call, functionName: "cooldown" }),
  ]);
  return { generation, supply, equity, entry, value, locked, depositLimit, cooldown };
}

export interface GetRequestParameters extends VaultParameters {
  controller: Address;
}

/** The one request of a controller; all zero if there is none. */
export interface RedeemRequest {
  shares: bigint;
  /** In 1e18, when it was asked for: a claim is never worth more. */
  value: bigint;
  claimableAt: bigint;
  /** Shares that can be claimed now. */
  claimable: bigint;
}

/**
 * What a controller has asked to redeem.
 *
 * @example
 * const { claimable, claimableAt } = await getRequest(client, { vault, controller });
 */
export async function getRequest(
  client: Client,
  { vault, controller, ...at }: GetRequestParameters,
): Promise<RedeemRequest> {
  const call = { abi: vaultAbi, address: requireAddress("vault", vault), ...at } as const;
  const [[shares, value, claimableAt], claimable] = await Promise.all([
    read(client, { ...call, functionName: "requestOf", args: [requireAddress("controller", controller)] }),
    read(client, { ...call, functionName: "claimableRedeemRequest", args: [0n, controller] }),
  ]);
  return { shares, value, claimableAt, claimable };
}

export interface DepositToVaultParameters extends Sending {
  vault: Address;
  /** Token units of quote, approved to the vault. */
  assets: bigint;
  /** Who gets the shares; the signer by default. */
  receiver?: Address;
  leastShares?: bigint;
  deadline?: bigint;
}

/**
 * Buys shares of a vault. The result is how many.
 *
 * @example
 * await confirm(client, await approve(client, { amount: assets, spender: vault }));
 * const { result: shares } = await depositToVault(client, { vault, assets });
 */
export async function depositToVault(client: Client, parameters: DepositToVaultParameters): Promise<Sent<bigint>> {
  const { vault, assets, receiver = signerOf(client), leastShares = 0n, deadline, ...sending } = parameters;
  requirePositive("assets", assets);
  requireAddress("receiver", receiver);
  const args = [assets, receiver, requireUint("leastShares", leastShares), await deadlineOf(client, deadline)] as const;
  const address = requireAddress("vault", vault);
  return send(client, { abi: vaultAbi, address, functionName: "deposit", args, ...sending });
}

export interface RequestRedeemParameters extends Sending {
  vault: Address;
  shares: bigint;
  /** Who will claim; the signer by default. */
  controller?: Address;
  /** Whose shares; the signer's by default. */
  owner?: Address;
  /** What they must be worth now, in 1e18. */
  leastValue?: bigint;
  deadline?: bigint;
}

/**
 * Gives shares into custody until they are claimed after the cooldown. A request is final.
 *
 * @example
 * await requestRedeem(client, { vault, shares });
 */
export async function requestRedeem(client: Client, parameters: RequestRedeemParameters): Promise<Sent<bigint>> {
  const { vault, shares, controller, owner, leastValue = 0n, deadline, ...sending } = parameters;
  const by = requireAddress("controller", controller ?? signerOf(client));
  const from = requireAddress("owner", owner ?? signerOf(client));
  requirePositive("shares", shares);
  const args = [shares, by, from, requireUint("leastValue", leastValue), await deadlineOf(client, deadline)] as const;
  const address = requireAddress("vault", vault);
  return send(client, { abi: vaultAbi, address, functionName: "requestRedeem", args, ...sending });
}

export interface ClaimParameters extends Sending {
  vault: Address;
  /** How many of the requested shares; all that can be claimed by default. */
  shares?: bigint;
  receiver?: Address;
  controller?: Address;
  /** Token units that must arrive. */
  leastAssets?: bigint;
  deadline?: bigint;
}

/**
 * Claims a request whose cooldown is over. The result is the token units that were sent.
 *
 * @example
 * const { result: paid } = await claim(client, { vault });
 */
export async function claim(client: Client, parameters: ClaimParameters): Promise<Sent<bigint>> {
  const { vault, shares, receiver, controller, leastAssets = 0n, deadline, ...sending } = parameters;
  const by = requireAddress("controller", controller ?? signerOf(client));
  const to = requireAddress("receiver", receiver ?? signerOf(client));
  const most = shares ?? (await getRequest(client, { vault, controller: by })).shares;
  const until = await deadlineOf(client, deadline);
  const args = [requirePositive("shares", most), to, by, requireUint("leastAssets", leastAssets), until] as const;
  const address = requireAddress("vault", vault);
  return send(client, { abi: vaultAbi, address, functionName: "redeem", args, ...sending });
}

export interface SyncVaultParameters extends Sending {
  vault: Address;
}

/**
 * Books gains, losses and the end of a generation; anybody may.
 *
 * @example
 * await syncVault(client, { vault });
 */
export const syncVault = async (client: Client, { vault, ...sending }: SyncVaultParameters): Promise<Sent<void>> =>
  send(client, {
    abi: vaultAbi,
    address: requireAddress("vault", vault),
    functionName: "sync",
    args: [],
    ...sending,
  });
