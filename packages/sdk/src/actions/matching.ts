// Bringing signed orders to execution, and taking them back.
import type { Hex } from "viem";
import { exchangeAbi } from "../abi/index.js";
import type { AccountId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import { deadlineOf, gasOfBatch, type Client } from "../client.js";
import type { BallastError } from "../errors/base.js";
import { decodeReason } from "../errors/decode.js";
import { requireAccount, requireEntries, requirePositive, requireUint, requireWithin } from "../input.js";
import { MAX_UINT256 } from "../units.js";
import { encodeSigned, type SignedOrder } from "./orders.js";

/** What an entry of a batch may need at most; a wallet that burns gas costs no more than that. */
export const GAS_PER_ORDER = 1_500_000n;

/** What became of an entry of a batch: its error, unless it succeeded. */
export interface Outcome<Entry> {
  entry: Entry;
  error: BallastError | undefined;
}

export const outcomes = <Entry>(entries: readonly Entry[], reasons: readonly Hex[]): Outcome<Entry>[] =>
  entries.map((entry, i) => ({ entry, error: decodeReason(reasons[i] ?? "0x") }));

export interface FillOrderParameters extends Sending {
  maker: SignedOrder;
  /** The account that takes: of the signer, or one he operates. */
  taker: AccountId;
  /** The most that is taken; all of the order by default. */
  most?: bigint;
  /** The least that is taken, or nothing. */
  least?: bigint;
  deadline?: bigint;
}

/**
 * Takes a signed order at its limit. The result is the size that was filled.
 *
 * @example
 * const { result: size } = await fillOrder(client, { maker: signed, taker: account, most: parseSize("2") });
 */
export async function fillOrder(client: Client, parameters: FillOrderParameters): Promise<Sent<bigint>> {
  const { maker, taker, most = MAX_UINT256, least = 0n, deadline, ...sending } = parameters;
  requirePositive("most", most);
  requireWithin("least", least, 0n, most);
  requireAccount("taker", taker);
  const args = [encodeSigned(maker), taker, most, least, await deadlineOf(client, deadline)] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "fill", args, ...sending });
}

/** Two orders to be brought together at the maker's limit. */
export interface Match {
  maker: SignedOrder;
  taker: SignedOrder;
  /** The most that is filled; all that fits by default. */
  size?: bigint;
}

const encodeMatch = ({ maker, taker, size = MAX_UINT256 }: Match) => ({
  maker: encodeSigned(maker),
  taker: encodeSigned(taker),
  size: requirePositive("size", size),
});

export interface MatchOrdersParameters extends Match, Sending {
  /** The account that gets the tips. */
  keeper: AccountId;
}

/**
 * Brings two orders together. The result is the size that was filled.
 *
 * @example
 * const { result: size } = await matchOrders(client, { maker, taker, keeper });
 */
export async function matchOrders(
  client: Client,
  { maker, taker, size, keeper, ...sending }: MatchOrdersParameters,
): Promise<Sent<bigint>> {
  const match = encodeMatch(size === undefined ? { maker, taker } : { maker, taker, size });
  const args = [match, requireAccount("keeper", keeper)] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "matchOrders", args, ...sending });
}

export interface MatchBatchParameters extends Sending {
  matches: readonly Match[];
  keeper: AccountId;
}

/**
 * As `matchOrders` for each: one that cannot be filled is skipped, and says why.
 *
 * @example
 * const { result } = await matchBatch(client, { matches: [{ maker, taker }], keeper });
 * for (const { error } of result) if (error?.retryable === false) forget();
 */
export async function matchBatch(
  client: Client,
  { matches, keeper, ...sending }: MatchBatchParameters,
): Promise<Sent<Outcome<Match>[]>> {
  const args = [requireEntries("matches", matches).map(encodeMatch), requireAccount("keeper", keeper)] as const;
  const address = client.addresses.exchange;
  const gas = sending.gas ?? (await gasOfBatch(client, matches.length, GAS_PER_ORDER));
  const sent = await send(client, { abi: exchangeAbi, address, functionName: "matchBatch", args, gas });
  return { hash: sent.hash, result: outcomes(matches, sent.result) };
}

export interface ExecuteOrderParameters extends Sending {
  signed: SignedOrder;
  /** The account that gets the tip. */
  keeper: AccountId;
}

/**
 * Executes an order against the pool, as much of it as the pool takes now. The result is that size.
 *
 * @example
 * const { result: size } = await executeOrder(client, { signed: stop, keeper });
 */
export async function executeOrder(
  client: Client,
  { signed, keeper, ...sending }: ExecuteOrderParameters,
): Promise<Sent<bigint>> {
  const args = [encodeSigned(signed), requireAccount("keeper", keeper)] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "execute", args, ...sending });
}

export interface ExecuteBatchParameters extends Sending {
  orders: readonly SignedOrder[];
  keeper: AccountId;
}

/**
 * As `executeOrder` for each: one that cannot be executed is skipped, and says why.
 *
 * @example
 * const { result } = await executeBatch(client, { orders: triggers, keeper });
 */
export async function executeBatch(
  client: Client,
  { orders, keeper, ...sending }: ExecuteBatchParameters,
): Promise<Sent<Outcome<SignedOrder>[]>> {
  const args = [requireEntries("orders", orders).map(encodeSigned), requireAccount("keeper", keeper)] as const;
  const address = client.addresses.exchange;
  const gas = sending.gas ?? (await gasOfBatch(client, orders.length, GAS_PER_ORDER));
  const sent = await send(client, { abi: exchangeAbi, address, functionName: "executeBatch", args, gas });
  return { hash: sent.hash, result: outcomes(orders, sent.result) };
}

export interface CancelParameters extends Sending {
  account: AccountId;
  /** Nonces that lie in one word of 256. */
  nonces: readonly bigint[];
}

const MAX_NONCE = (1n << 64n) - 1n;

/**
 * Makes nonces useless: 256 that lie in one word cost one write.
 *
 * @example
 * await cancel(client, { account, nonces: [1n, 2n, 255n] });
 */
export async function cancel(client: Client, { account, nonces, ...sending }: CancelParameters): Promise<Sent<void>> {
  const [first = 0n] = requireEntries("nonces", nonces);
  const word = requireWithin("nonce", first, 0n, MAX_NONCE) >> 8n;
  let mask = 0n;
  for (const nonce of nonces) mask |= 1n << (requireWithin("nonce", nonce, word << 8n, (word << 8n) + 255n) & 255n);
  const args = [requireAccount("account", account), word, mask] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "cancel", args, ...sending });
}

export interface CancelBelowParameters extends Sending {
  account: AccountId;
  /** The first nonce that stays. */
  floor: bigint;
}

/**
 * Makes every nonce below a floor useless.
 *
 * @example
 * await cancelBelow(client, { account, floor: 256n });
 */
export async function cancelBelow(
  client: Client,
  { account, floor, ...sending }: CancelBelowParameters,
): Promise<Sent<void>> {
  const args = [requireAccount("account", account), requireUint("floor", floor)] as const;
  const address = client.addresses.exchange;
  return send(client, { abi: exchangeAbi, address, functionName: "cancelBelow", args, ...sending });
}
