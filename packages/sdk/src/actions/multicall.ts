// Everything that a trader does with one wallet, in one transaction.
import { encodeFunctionData, type Address, type Hex } from "viem";
import { exchangeAbi } from "../abi/index.js";
import { QUOTE, type AccountId, type AssetId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import type { Client } from "../client.js";
import {
  MAX_UINT128,
  requireAccount,
  requireAsset,
  requireEntries,
  requirePositive,
  requireSigned,
  requireUint,
} from "../input.js";
import { MAX_UINT256 } from "../units.js";
import type { Permit } from "./permit.js";

const encode = (functionName: "permit" | "deposit" | "trade" | "withdraw" | "transferCash", args: unknown): Hex =>
  encodeFunctionData({ abi: exchangeAbi, functionName, args } as Parameters<typeof encodeFunctionData>[0]);

export interface PoolTrade {
  account: AccountId;
  asset: AssetId;
  /** Bought, negative for sold. */
  size: bigint;
  /** The worst price. */
  limit: bigint;
  reduceOnly?: boolean;
  deadline: bigint;
}

/** The calls of a `multicall`. Deposits take tokens that are approved, or permitted, to the exchange. */
export const exchangeCalls = {
  permit: (token: Address, amount: bigint, { deadline, v, r, s }: Permit): Hex =>
    encode("permit", [token, amount, deadline, v, r, s]),

  /** Token units; of quote by default. */
  deposit: (account: AccountId, amount: bigint, asset: AssetId = QUOTE): Hex =>
    encode("deposit", [requireAccount("account", account), requireAsset(asset), requirePositive("amount", amount)]),

  trade: ({ reduceOnly = false, ...terms }: PoolTrade): Hex => {
    requireAccount("account", terms.account);
    requireAsset(terms.asset);
    requireSigned("size", terms.size);
    requireUint("limit", terms.limit);
    return encode("trade", [{ ...terms, reduceOnly }]);
  },

  /** Closes whatever the account holds. @param long whether it holds a long */
  closeAll: (terms: Omit<PoolTrade, "size" | "reduceOnly">, long: boolean): Hex =>
    encode("trade", [{ ...terms, size: long ? -MAX_UINT128 : MAX_UINT128, reduceOnly: true }]),

  /** To the owner, who must have made the exchange his operator. Token units; all that is free by default. */
  withdraw: (account: AccountId, amount = MAX_UINT256, asset: AssetId = QUOTE): Hex =>
    encode("withdraw", [requireAccount("account", account), requireAsset(asset), requirePositive("amount", amount)]),

  /** To another account of the same owner, who must have made the exchange his operator. Quote in 1e18. */
  transferCash: (from: AccountId, to: AccountId, value: bigint): Hex =>
    encode("transferCash", [requireAccount("from", from), requireAccount("to", to), requirePositive("value", value)]),
};

export interface MulticallParameters extends Sending {
  /** From `exchangeCalls`, in order. */
  calls: readonly Hex[];
}

/**
 * Runs calls of the exchange in one transaction: all of them or none.
 *
 * @example
 * const permit = await signPermit(client, { amount, spender: client.addresses.exchange });
 * await multicall(client, {
 *   calls: [
 *     exchangeCalls.permit(token, amount, permit),
 *     exchangeCalls.deposit(account, amount),
 *     exchangeCalls.trade({ account, asset: 1, size, limit, deadline: permit.deadline }),
 *   ],
 * });
 */
export async function multicall(
  client: Client,
  { calls, ...sending }: MulticallParameters,
): Promise<Sent<readonly Hex[]>> {
  const args = [requireEntries("calls", calls)] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "multicall", args, ...sending });
}
