// Money in, out and between accounts.
import { erc20Abi, type Address } from "viem";
import { clearingHouseAbi } from "../abi/index.js";
import { QUOTE, ownerOf, type AccountId, type AssetId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import type { Client } from "../client.js";
import { requireAccount, requireAddress, requireAsset, requirePositive, requireUint } from "../input.js";
import type { Permit } from "./permit.js";
import { getReserve } from "./reserves.js";

export interface ApproveParameters extends Sending {
  /** Quote by default. */
  asset?: AssetId;
  /** Token units. */
  amount: bigint;
  /** The clearing house by default; the exchange, for deposits inside its `multicall`. */
  spender?: Address;
}

/**
 * Lets the clearing house, or another contract, take tokens of an asset from the signer.
 *
 * @example
 * await confirm(client, await approve(client, { amount: parseUnits("1000", 6), spender: client.addresses.exchange }));
 */
export async function approve(
  client: Client,
  { asset = QUOTE, amount, spender = client.addresses.clearingHouse, ...sending }: ApproveParameters,
): Promise<Sent<boolean>> {
  requireUint("amount", amount);
  requireAddress("spender", spender);
  const { token } = await getReserve(client, { asset });
  return send(client, { abi: erc20Abi, address: token, functionName: "approve", args: [spender, amount], ...sending });
}

export interface DepositParameters extends Sending {
  account: AccountId;
  /** Quote by default. Another's account takes only quote and assets it holds already. */
  asset?: AssetId;
  /** Token units. */
  amount: bigint;
}

/**
 * Adds tokens of the signer, who has approved them to the clearing house, to an account.
 *
 * @example
 * await confirm(client, await approve(client, { amount: parseUnits("1000", 6) }));
 * await confirm(client, await deposit(client, { account, amount: parseUnits("1000", 6) }));
 */
export async function deposit(
  client: Client,
  { account, asset = QUOTE, amount, ...sending }: DepositParameters,
): Promise<Sent<void>> {
  const args = [requireAccount("account", account), requireAsset(asset), requirePositive("amount", amount)] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "deposit", args, ...sending });
}

export interface DepositWithPermitParameters extends DepositParameters {
  /** Of the token, for the clearing house: see `signPermit`. */
  permit: Permit;
}

/**
 * As `deposit`, with a signature instead of an approval.
 *
 * @example
 * const permit = await signPermit(client, { amount });
 * await depositWithPermit(client, { account, amount, permit });
 */
export async function depositWithPermit(
  client: Client,
  { account, asset = QUOTE, amount, permit, ...sending }: DepositWithPermitParameters,
): Promise<Sent<void>> {
  const { deadline, v, r, s } = permit;
  requireAccount("account", account);
  requirePositive("amount", amount);
  const args = [account, requireAsset(asset), amount, deadline, v, r, s] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "depositWithPermit", args, ...sending });
}

export interface WithdrawParameters extends Sending {
  account: AccountId;
  /** Quote by default. */
  asset?: AssetId;
  /** Token units; `getWithdrawable` tells the most. */
  amount: bigint;
  /** The account's owner by default; an operator can pay nobody else. */
  to?: Address;
}

/**
 * Takes tokens out of an account. The result is what arrives: less than `amount` while a deficit stands.
 *
 * @example
 * const { amount } = await getWithdrawable(client, { account });
 * const { result: paid } = await withdraw(client, { account, amount });
 */
export async function withdraw(
  client: Client,
  { account, asset = QUOTE, amount, to = ownerOf(account), ...sending }: WithdrawParameters,
): Promise<Sent<bigint>> {
  requireAccount("account", account);
  const args = [account, requireAsset(asset), requirePositive("amount", amount), requireAddress("to", to)] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "withdraw", args, ...sending });
}

export interface TransferCashParameters extends Sending {
  from: AccountId;
  to: AccountId;
  /** Quote in 1e18. */
  value: bigint;
}

/**
 * Moves quote from an account of the signer to another account, under the rules of a withdrawal.
 *
 * @example
 * await transferCash(client, { from: account, to: accountId(owner, 1n), value: parseCash("100") });
 */
export async function transferCash(
  client: Client,
  { from, to, value, ...sending }: TransferCashParameters,
): Promise<Sent<void>> {
  const args = [requireAccount("from", from), requireAccount("to", to), requirePositive("value", value)] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "transferCash", args, ...sending });
}

export interface SetOperatorParameters extends Sending {
  operator: Address;
  approved: boolean;
}

/**
 * Lets another address act for all accounts of the signer, who alone is ever paid; or no longer.
 *
 * @example
 * await setOperator(client, { operator: client.addresses.exchange, approved: true });
 */
export async function setOperator(
  client: Client,
  { operator, approved, ...sending }: SetOperatorParameters,
): Promise<Sent<void>> {
  const args = [requireAddress("operator", operator), approved] as const;
  const address = client.addresses.clearingHouse;
  return send(client, { abi: clearingHouseAbi, address, functionName: "setOperator", args, ...sending });
}
