// What keepers and bidders do with accounts that fail.
import { liquidatorAbi } from "../abi/index.js";
import type { AccountId, AssetId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import { deadlineOf, gasOfBatch, type Client } from "../client.js";
import { STAGES, nameOf, type Stage } from "../enums.js";
import { OffsetNotNext } from "../errors/outlook.js";
import { requireAccount, requireAsset, requireEntries, requirePositive, requireUint, requireWithin } from "../input.js";
import { MAX_UINT256 } from "../units.js";
import { outcomes, type Outcome } from "./matching.js";
import { getLot, getOutlook } from "./outlooks.js";

/** What one liquidation takes at most. */
export const GAS_PER_LIQUIDATION = 2_500_000n;

/** A leg of an account that fails. */
export interface Entry {
  account: AccountId;
  asset: AssetId;
}

export interface LiquidateParameters extends Entry, Sending {
  /** The account that is paid. */
  keeper: AccountId;
}

/** What a call of the closing chain did. */
export interface Liquidated {
  /** The last stage that did something; None when it only took a lot away. */
  stage: Stage;
  /** What it closed or put on offer. */
  size: bigint;
}

/**
 * Does with one leg what can be done now. Throws `NothingPossible` with the reason of each stage, or
 * `AccountAboveMaintenance`, when there is nothing to do.
 *
 * @example
 * const { result } = await liquidate(client, { account, asset: 1, keeper: accountId(signer) });
 * console.log(result.stage); // "Reduce"
 */
export async function liquidate(
  client: Client,
  { account, asset, keeper, ...sending }: LiquidateParameters,
): Promise<Sent<Liquidated>> {
  const args = [requireAccount("account", account), requireAsset(asset), requireAccount("keeper", keeper)] as const;
  const address = client.addresses.liquidator;
  const sent = await send(client, { abi: liquidatorAbi, address, functionName: "liquidate", args, ...sending });
  const [stage, size] = sent.result;
  return { hash: sent.hash, result: { stage: nameOf(STAGES, stage), size } };
}

/**
 * Closes an orphaned leg at mark against the whole other side: `liquidate`, but only if that is what it would do.
 * Throws `OffsetNotNext` when a stage before it has capacity, or the leg is not orphaned.
 *
 * @example
 * const { offset: orphaned } = await getOutlook(client, { account, asset: 1 });
 * if (orphaned.size > 0n) await offset(client, { account, asset: 1, keeper });
 */
export async function offset(client: Client, parameters: LiquidateParameters): Promise<Sent<Liquidated>> {
  const { account, asset } = parameters;
  const outlook = await getOutlook(client, { account, asset });
  if (outlook.stage !== "Offset") throw new OffsetNotNext(account, asset, outlook.stage, outlook.offset.reason);
  return liquidate(client, parameters);
}

export interface LiquidateManyParameters extends Sending {
  entries: readonly Entry[];
  keeper: AccountId;
}

/**
 * As `liquidate` for each: one that reverts is skipped, and says why. The gas is set by entry, because an estimate would
 * find the least with which every entry is skipped; those that one transaction has no gas for are skipped with `NoReason`.
 *
 * @example
 * const { result } = await liquidateMany(client, { entries: [{ account, asset: 1 }], keeper });
 * for (const { entry, error } of result) if (error !== undefined) console.log(entry.account, error.message);
 */
export async function liquidateMany(
  client: Client,
  { entries, keeper, ...sending }: LiquidateManyParameters,
): Promise<Sent<Outcome<Entry>[]>> {
  for (const { account, asset } of requireEntries("entries", entries)) {
    requireAccount("account", account);
    requireAsset(asset);
  }
  const args = [entries, requireAccount("keeper", keeper)] as const;
  const address = client.addresses.liquidator;
  const gas = sending.gas ?? (await gasOfBatch(client, entries.length, GAS_PER_LIQUIDATION));
  const sent = await send(client, { abi: liquidatorAbi, address, functionName: "liquidateMany", args, gas });
  return { hash: sent.hash, result: outcomes(entries, sent.result) };
}

export interface BidParameters extends Entry, Sending {
  /** Who takes the position: an account of the signer, or one he operates. */
  taker: AccountId;
  /** The most that is taken; all that is on offer by default. */
  most?: bigint;
  /** The least that is taken, or nothing. */
  least?: bigint;
  /** The most per unit for a long, the least for a short; the price of now by default. */
  limit?: bigint;
  deadline?: bigint;
}

/** What a bidder got. */
export interface Taken {
  size: bigint;
  price: bigint;
}

/**
 * Takes a part of a lot, at mark less the premium of this moment.
 *
 * @example
 * const lot = await getLot(client, { account, asset: 1 });
 * if (lot.premium > 0n) await bid(client, { account, asset: 1, taker, most: lot.size, limit: lot.price });
 */
export async function bid(client: Client, parameters: BidParameters): Promise<Sent<Taken>> {
  const { account, asset, taker, most = MAX_UINT256, least = 0n, limit, deadline, ...sending } = parameters;
  requireAccount("account", account);
  requireAsset(asset);
  requireAccount("taker", taker);
  requirePositive("most", most);
  requireWithin("least", least, 0n, most);
  const worst = limit ?? (await getLot(client, { account, asset })).price;
  const until = await deadlineOf(client, deadline);
  const terms = { account, asset, taker, most, least, limit: requireUint("limit", worst), deadline: until } as const;
  const args = [{ ...terms, data: "0x" }] as const;
  const address = client.addresses.liquidator;
  const sent = await send(client, { abi: liquidatorAbi, address, functionName: "bid", args, ...sending });
  const [size, price] = sent.result;
  return { hash: sent.hash, result: { size, price } };
}
