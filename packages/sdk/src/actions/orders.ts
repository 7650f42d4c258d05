// Orders as wallets sign them (EIP-712).
import { hashTypedData, type Address, type Hash, type Hex, type TypedDataDomain } from "viem";
import { exchangeAbi } from "../abi/index.js";
import type { AccountId, AssetId } from "../accounts.js";
import { read, type At } from "../call.js";
import { chainOf, walletOf, type Client } from "../client.js";
import { CONDITIONS, numberOf, type Condition } from "../enums.js";
import { decodeError } from "../errors/decode.js";
import { requireAccount, requireAsset, requirePositive, requireSigned, requireUint, requireWithin } from "../input.js";

const MAX_UINT64 = (1n << 64n) - 1n;
/** The highest rate that the exchange may charge, in millionths. */
export const MOST_FEE = 2_000;

export interface Order {
  account: AccountId;
  asset: AssetId;
  /** Bought, negative for sold. */
  size: bigint;
  /** The worst price. */
  limit: bigint;
  /** 256 of them are cancelled together; orders with the same one cancel each other when one is done. */
  nonce: bigint;
  /** The last second it lives. */
  expiry: bigint;
  /** Executes only at a mark whose sources are newer; zero for any. */
  notBefore: bigint;
  /** In millionths of the value: below the taker's rate it can only be a maker. */
  maxFee: number;
  reduceOnly: boolean;
  condition: Condition;
  /** A price, or a health in 1e18. */
  level: bigint;
  /** The health that an order on health aims at, in 1e18. */
  target: bigint;
  /** Quote in 1e18 for whoever brings the whole order to execution. */
  tip: bigint;
}

/** What of an order has to be said; the rest has a default. */
export type OrderTerms = Pick<Order, "account" | "asset" | "size" | "limit" | "nonce" | "expiry"> & Partial<Order>;

export interface SignedOrder {
  order: Order;
  /** The owner or an operator of the account. */
  signer: Address;
  signature: Hex;
}

/** The order's type, as wallets show it. */
export const ORDER_TYPES = {
  Order: [
    { name: "account", type: "uint256" },
    { name: "asset", type: "uint16" },
    { name: "size", type: "int256" },
    { name: "limit", type: "uint256" },
    { name: "nonce", type: "uint64" },
    { name: "expiry", type: "uint64" },
    { name: "notBefore", type: "uint64" },
    { name: "maxFee", type: "uint32" },
    { name: "reduceOnly", type: "bool" },
    { name: "condition", type: "uint8" },
    { name: "level", type: "uint256" },
    { name: "target", type: "uint256" },
    { name: "tip", type: "uint256" },
  ],
} as const;

/** Which exchange an order is for. */
export async function orderDomain(client: Client): Promise<TypedDataDomain> {
  const chainId = await chainOf(client);
  return { name: "Ballast Exchange", version: "1", chainId, verifyingContract: client.addresses.exchange };
}

/**
 * An order with the defaults filled in: any mark, no condition, both maker and taker, no tip.
 *
 * @example
 * const order = createOrder({ account, asset: 1, size, limit, nonce: 1n, expiry });
 */
export function createOrder(terms: OrderTerms): Order {
  const order: Order = {
    notBefore: 0n,
    maxFee: MOST_FEE,
    reduceOnly: false,
    condition: "None",
    level: 0n,
    target: 0n,
    tip: 0n,
    ...terms,
  };
  requireAccount("account", order.account);
  requireAsset(order.asset);
  requireSigned("size", order.size);
  requirePositive("limit", order.limit);
  for (const name of ["nonce", "expiry", "notBefore"] as const) requireWithin(name, order[name], 0n, MAX_UINT64);
  requireWithin("maxFee", BigInt(order.maxFee), 0n, (1n << 32n) - 1n);
  for (const name of ["level", "target", "tip"] as const) requireUint(name, order[name]);
  return order;
}

/** The order as calls and signatures carry it. */
export const encodeOrder = (order: Order) => ({ ...order, condition: numberOf(CONDITIONS, order.condition) });

/** As `encodeOrder`, with its signature. */
export const encodeSigned = ({ order, signer, signature }: SignedOrder) => ({
  order: encodeOrder(order),
  signer,
  signature,
});

/**
 * What is signed, and what the exchange knows the order by.
 *
 * @example
 * const hash = await hashOrder(client, { order });
 */
export async function hashOrder(client: Client, { order }: { order: Order }): Promise<Hash> {
  const domain = await orderDomain(client);
  return hashTypedData({ domain, types: ORDER_TYPES, primaryType: "Order", message: encodeOrder(order) });
}

/**
 * Signs an order, which anybody may then bring to execution.
 *
 * @example
 * const stop = await signOrder(client, {
 *   account, asset: 1, size: parseSize("-1"), limit: parsePrice("1700"), nonce: 1n, expiry,
 *   reduceOnly: true, condition: "MarkAtMost", level: parsePrice("1800"), tip: parseCash("1"),
 * });
 */
export async function signOrder(client: Client, terms: OrderTerms): Promise<SignedOrder> {
  const wallet = walletOf(client);
  const order = createOrder(terms);
  const domain = await orderDomain(client);
  const message = encodeOrder(order);
  try {
    const signature = await wallet.signTypedData({ domain, types: ORDER_TYPES, primaryType: "Order", message });
    return { order, signer: wallet.account.address, signature };
  } catch (error) {
    throw decodeError(error);
  }
}

export interface GetOrderParameters extends At {
  order: Order;
}

/** What became of an order so far. */
export interface OrderStatus {
  hash: Hash;
  filled: bigint;
  left: bigint;
  /** Whether its nonce is used or cancelled: nothing more is filled. */
  used: boolean;
}

/**
 * How much of an order is filled.
 *
 * @example
 * const { left, used } = await getOrder(client, { order });
 */
export async function getOrder(client: Client, { order, ...at }: GetOrderParameters): Promise<OrderStatus> {
  const hash = await hashOrder(client, { order });
  const call = { abi: exchangeAbi, address: client.addresses.exchange, ...at } as const;
  const [filled, used] = await Promise.all([
    read(client, { ...call, functionName: "filled", args: [hash] }),
    read(client, { ...call, functionName: "isUsed", args: [order.account, order.nonce] }),
  ]);
  const size = order.size < 0n ? -order.size : order.size;
  return { hash, filled, left: used || filled > size ? 0n : size - filled, used };
}

export interface GetFillableParameters extends At {
  signed: SignedOrder;
  /** At which it would be filled; its limit by default. */
  price?: bigint;
  /** Whether it would be the maker. */
  makes?: boolean;
}

/**
 * What of an order could be filled now, margin aside; throws the reason when nothing could.
 *
 * @example
 * const size = await getFillable(client, { signed });
 */
export const getFillable = (
  client: Client,
  { signed, price = signed.order.limit, makes = true, ...at }: GetFillableParameters,
): Promise<bigint> =>
  read(client, {
    abi: exchangeAbi,
    address: client.addresses.exchange,
    functionName: "fillable",
    args: [encodeSigned(signed), price, makes],
    ...at,
  });
