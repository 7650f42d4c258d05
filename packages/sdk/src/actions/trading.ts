// Trades with the pool of a market, which always quotes.
import { FixedPoint, WAD } from "@ballast/math";
import { exchangeAbi } from "../abi/index.js";
import type { AccountId, AssetId } from "../accounts.js";
import { send, type Sending, type Sent } from "../call.js";
import { deadlineOf, type Client } from "../client.js";
import { NothingToReduce } from "../errors/classes.js";
import { MAX_UINT128, requireAccount, requireAsset, requirePositive, requireSigned, requireWithin } from "../input.js";
import { getPosition } from "./positions.js";
import { getQuote } from "./quotes.js";

/** How much worse than the quote a trade may execute when no limit is given: 0.5 %. */
export const SLIPPAGE = WAD / 200n;

export interface Bounds extends Sending {
  /** The worst price. */
  limit?: bigint;
  /** Without a limit: how much worse than the quote of now the price may be, in 1e18. */
  slippage?: bigint;
  /** The last second; ten minutes from the latest block by default. */
  deadline?: bigint;
}

export interface TradeParameters extends Bounds {
  account: AccountId;
  asset: AssetId;
  /** Bought, negative for sold. */
  size: bigint;
  /** Whether the size shrinks to what the account holds. */
  reduceOnly?: boolean;
}

/** What was traded. */
export interface Traded {
  /** Bought, negative for sold. */
  size: bigint;
  price: bigint;
}

/** The worst price that a trade accepts. */
async function limitOf(client: Client, { asset, size, limit, slippage = SLIPPAGE }: TradeParameters): Promise<bigint> {
  requireWithin("slippage", slippage, 0n, WAD);
  if (limit !== undefined) return requirePositive("limit", limit);
  const { price } = await getQuote(client, { asset, size });
  return size > 0n ? FixedPoint.mulUp(price, WAD + slippage) : FixedPoint.mulDown(price, WAD - slippage);
}

/**
 * Trades with the pool of a market, at its quote, within a limit and a deadline.
 *
 * @example
 * await trade(client, { account, asset: 1, size: parseSize("-1"), limit: parsePrice("1990"), reduceOnly: true });
 */
export async function trade(client: Client, parameters: TradeParameters): Promise<Sent<Traded>> {
  const { account, asset, size, reduceOnly = false, deadline, gas } = parameters;
  requireAccount("account", account);
  requireAsset(asset);
  requireSigned("size", size);
  const [limit, until] = await Promise.all([limitOf(client, parameters), deadlineOf(client, deadline)]);
  const args = [{ account, asset, size, limit, reduceOnly, deadline: until }] as const;
  const call = { abi: exchangeAbi, address: client.addresses.exchange, functionName: "trade", args } as const;
  const sent = await send(client, gas === undefined ? call : { ...call, gas });
  const [traded, price] = sent.result;
  return { hash: sent.hash, result: { size: traded, price } };
}

export type OpenParameters = Omit<TradeParameters, "reduceOnly">;

/**
 * Opens or adds to a position against the pool.
 *
 * @example
 * const { result } = await open(client, { account, asset: 1, size: parseSize("1.5"), slippage: parsePercent("0.1%") });
 */
export const open = async (client: Client, parameters: OpenParameters): Promise<Sent<Traded>> =>
  trade(client, { ...parameters, reduceOnly: false });

export interface CloseParameters extends Bounds {
  account: AccountId;
  asset: AssetId;
  /** How much of the position, without direction; all of it by default. */
  size?: bigint;
}

/**
 * Closes a position against the pool, or a part of it. Never opens the other side.
 *
 * @example
 * await confirm(client, await close(client, { account, asset: 1 }));
 */
export async function close(client: Client, { size, ...parameters }: CloseParameters): Promise<Sent<Traded>> {
  const { account, asset } = parameters;
  const position = await getPosition(client, { account, asset });
  if (position.size === 0n) throw new NothingToReduce({ account, asset, position: 0n, size: size ?? 0n });
  const whole = FixedPoint.abs(position.size);
  const part = size === undefined || size > whole ? whole : requirePositive("size", size, MAX_UINT128);
  return trade(client, { ...parameters, size: position.size > 0n ? -part : part, reduceOnly: true });
}
