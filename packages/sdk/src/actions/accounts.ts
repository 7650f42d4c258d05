import { clearingHouseAbi, lensAbi } from "../abi/index.js";
import { QUOTE, type AccountId, type AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import type { Client } from "../client.js";
import { HOLDS, LIMITS, VERDICTS, nameOf, type Hold, type Limit, type Verdict } from "../enums.js";
import { requireAccount, requireAsset } from "../input.js";

export interface AccountParameters extends At {
  account: AccountId;
}

/** What an account is worth and what is required of it, at mark, at the fast average, and at the worse of mark and slow. */
export interface Assessment {
  equity: bigint;
  marginEquity: bigint;
  maintenance: bigint;
  fastMarginEquity: bigint;
  fastMaintenance: bigint;
  initialEquity: bigint;
  initial: bigint;
  quoteEquity: bigint;
  collateral: bigint;
  diverged: boolean;
}

/** One leg of an account, as the next call in this block would find it. */
export interface Leg {
  asset: AssetId;
  size: bigint;
  basis: bigint;
  mark: bigint;
  value: bigint;
  /** What of the value counts as margin equity. */
  counted: bigint;
  maintenance: bigint;
  initial: bigint;
  hold: Hold;
}

export interface AccountView {
  account: AccountId;
  cash: bigint;
  legs: Leg[];
  assessment: Assessment;
  /** Margin equity / maintenance in 1e18; `NO_REQUIREMENT` for an account that needs none. */
  health: bigint;
  verdict: Verdict;
  liquidatable: boolean;
  /** Quote owed against spot, and the most before spot may be sold. */
  debt: bigint;
  debtCap: bigint;
}

/**
 * An account with all its legs, as the next call in this block would find it.
 *
 * @example
 * const { cash, legs, health, verdict } = await getAccount(client, { account: accountId(owner) });
 */
export async function getAccount(client: Client, { account, ...at }: AccountParameters): Promise<AccountView> {
  const args = [requireAccount("account", account)] as const;
  const address = client.addresses.lens;
  const view = await read(client, { abi: lensAbi, address, functionName: "account", args, ...at });
  const legs = view.legs.map((leg) => ({ ...leg, hold: nameOf(HOLDS, leg.hold) }));
  return { ...view, account, legs, verdict: nameOf(VERDICTS, view.verdict) };
}

/**
 * Margin equity / maintenance in 1e18; `NO_REQUIREMENT` for an account that needs none.
 *
 * @example
 * const safe = (await getHealth(client, { account })) > parseUnits("1.5", 18);
 */
export const getHealth = async (client: Client, { account, ...at }: AccountParameters): Promise<bigint> =>
  read(client, {
    abi: lensAbi,
    address: client.addresses.lens,
    functionName: "health",
    args: [requireAccount("account", account)],
    ...at,
  });

/**
 * Whether somebody may reduce the account against its owner's will now.
 *
 * @example
 * if (await isLiquidatable(client, { account })) await liquidate(client, { account, asset: 1, keeper });
 */
export const isLiquidatable = async (client: Client, { account, ...at }: AccountParameters): Promise<boolean> =>
  read(client, {
    abi: clearingHouseAbi,
    address: client.addresses.clearingHouse,
    functionName: "isLiquidatable",
    args: [requireAccount("account", account)],
    ...at,
  });

export interface GetWithdrawableParameters extends AccountParameters {
  /** Quote by default. */
  asset?: AssetId;
}

/** The gate of withdrawals. */
export interface Withdrawable {
  /** The most a withdrawal may ask for now, in token units. */
  amount: bigint;
  /** What that pays: less while a deficit stands. */
  paid: bigint;
  /** What keeps it from being more. */
  limit: Limit;
}

/**
 * The most of an asset that may be withdrawn now, and what limits it.
 *
 * @example
 * const { amount, limit } = await getWithdrawable(client, { account });
 * if (limit === "Outflow") console.log("more in the next hour");
 */
export async function getWithdrawable(
  client: Client,
  { account, asset = QUOTE, ...at }: GetWithdrawableParameters,
): Promise<Withdrawable> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  const address = client.addresses.lens;
  const view = await read(client, { abi: lensAbi, address, functionName: "withdrawable", args, ...at });
  return { ...view, limit: nameOf(LIMITS, view.limit) };
}
