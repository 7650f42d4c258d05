// Lots for keepers without inventory: taken and offloaded in one transaction.
import { lotRunnerAbi } from "../abi/index.js";
import type { AccountId } from "../accounts.js";
import { addressOf } from "../addresses.js";
import { read, send, type Sending, type Sent } from "../call.js";
import { deadlineOf, gasOfBatch, type Client } from "../client.js";
import { requireAccount, requireAsset, requirePositive, requireUint, requireWithin } from "../input.js";
import { GAS_PER_LIQUIDATION, type Entry } from "./liquidation.js";
import { encodeSigned, type SignedOrder } from "./orders.js";
import type { LegParameters } from "./positions.js";

/** What a run now would take and earn with nothing but the pool. */
export interface Run {
  size: bigint;
  profit: bigint;
}

/**
 * What a run now would take and earn; nothing when there is no lot, no pool, or too little room in it.
 *
 * @example
 * const { size, profit } = await getRun(client, { account, asset: 1 });
 */
export async function getRun(client: Client, { account, asset, ...at }: LegParameters): Promise<Run> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  const address = addressOf(client.addresses, "lotRunner");
  const [size, profit] = await read(client, { abi: lotRunnerAbi, address, functionName: "quote", args, ...at });
  return { size, profit };
}

export interface RunLotParameters extends Entry, Sending {
  /** What to take of the lot, as `getRun` tells. */
  most: bigint;
  least?: bigint;
  /** In quote, after all fees. */
  leastProfit?: bigint;
  /** The account that gets the profit. */
  to: AccountId;
  /** Orders to offload into before the pool. */
  orders?: readonly SignedOrder[];
  deadline?: bigint;
}

/**
 * Takes up to `most` of a lot and offloads it into orders and the pool: all of it, or nothing happens. The gas is set by the
 * number of orders, because an estimate could find one with which orders are left out.
 *
 * @example
 * const { size, profit } = await getRun(client, { account, asset: 1 });
 * if (profit > 0n) await runLot(client, { account, asset: 1, most: size, leastProfit: profit / 2n, to: keeper });
 */
export async function runLot(client: Client, parameters: RunLotParameters): Promise<Sent<Run>> {
  const { account, asset, most, least = 0n, leastProfit = 0n, to, orders = [], deadline } = parameters;
  requireAccount("account", account);
  requireAccount("to", to);
  requirePositive("most", most);
  requireWithin("least", least, 0n, most);
  requireUint("leastProfit", leastProfit);
  const until = await deadlineOf(client, deadline);
  const terms = { account, asset: requireAsset(asset), most, least, leastProfit, to, deadline: until };
  const args = [{ ...terms, orders: orders.map(encodeSigned) }] as const;
  const address = addressOf(client.addresses, "lotRunner");
  const gas = parameters.gas ?? (await gasOfBatch(client, orders.length + 1, GAS_PER_LIQUIDATION));
  const sent = await send(client, { abi: lotRunnerAbi, address, functionName: "run", args, gas });
  const [size, profit] = sent.result;
  return { hash: sent.hash, result: { size, profit } };
}
