// Helping the backstop to get rid of what it took, and insurance of spot: anybody may.
import { backstopPoolAbi, insuranceVaultAbi } from "../abi/index.js";
import type { AssetId } from "../accounts.js";
import { addressOf } from "../addresses.js";
import { read, send, type At, type Sending, type Sent } from "../call.js";
import { deadlineOf, type Client } from "../client.js";
import { requireAsset, requirePositive } from "../input.js";
import { MAX_UINT256 } from "../units.js";
import type { Taken } from "./liquidation.js";
import { encodeSigned, type SignedOrder } from "./orders.js";

export interface GetUnwindableParameters extends At {
  asset: AssetId;
}

/**
 * What of the backstop's leg may be unwound now, in 1e18.
 *
 * @example
 * const size = await getUnwindable(client, { asset: 1 });
 */
export const getUnwindable = async (client: Client, { asset, ...at }: GetUnwindableParameters): Promise<bigint> =>
  read(client, {
    abi: backstopPoolAbi,
    address: addressOf(client.addresses, "backstopPool"),
    functionName: "unwindable",
    args: [requireAsset(asset)],
    ...at,
  });

export interface UnwindParameters extends Sending {
  asset: AssetId;
  /** In 1e18; as much as leg, minute and pool leave by default. */
  most?: bigint;
  deadline?: bigint;
}

/**
 * Trades with the market's pool to reduce a leg of the backstop.
 *
 * @example
 * const { result } = await unwind(client, { asset: 1 });
 */
export async function unwind(
  client: Client,
  { asset, most = MAX_UINT256, deadline, ...sending }: UnwindParameters,
): Promise<Sent<Taken>> {
  const args = [requireAsset(asset), requirePositive("most", most), await deadlineOf(client, deadline)] as const;
  const address = addressOf(client.addresses, "backstopPool");
  const sent = await send(client, { abi: backstopPoolAbi, address, functionName: "unwind", args, ...sending });
  const [size, price] = sent.result;
  return { hash: sent.hash, result: { size, price } };
}

export interface UnwindIntoParameters extends Sending {
  signed: SignedOrder;
  most?: bigint;
  deadline?: bigint;
}

/**
 * Has the backstop take a signed order that reduces a leg of it. The result is the size.
 *
 * @example
 * const { result: size } = await unwindInto(client, { signed });
 */
export async function unwindInto(
  client: Client,
  { signed, most = MAX_UINT256, deadline, ...sending }: UnwindIntoParameters,
): Promise<Sent<bigint>> {
  const until = await deadlineOf(client, deadline);
  const args = [encodeSigned(signed), requirePositive("most", most), until] as const;
  const address = addressOf(client.addresses, "backstopPool");
  return send(client, { abi: backstopPoolAbi, address, functionName: "unwindInto", args, ...sending });
}

export interface BuySpotParameters extends Sending {
  /** Who sells. */
  from: "backstopPool" | "insuranceVault";
  spot: AssetId;
  /** Token units of the spot; less is sold if less may be. */
  amount: bigint;
  /** Token units of quote, for all of it. */
  mostQuote: bigint;
  deadline?: bigint;
}

/** Token units that changed hands. */
export interface Bought {
  bought: bigint;
  paid: bigint;
}

/**
 * Buys spot collateral that the backstop or insurance holds, for quote approved to that vault.
 *
 * @example
 * const { result } = await buySpot(client, { from: "insuranceVault", spot: 3, amount, mostQuote });
 */
export async function buySpot(
  client: Client,
  { from, spot, amount, mostQuote, deadline, ...sending }: BuySpotParameters,
): Promise<Sent<Bought>> {
  requirePositive("amount", amount);
  const until = await deadlineOf(client, deadline);
  const args = [requireAsset(spot), amount, requirePositive("mostQuote", mostQuote), until] as const;
  const call = { address: addressOf(client.addresses, from), functionName: "buySpot", args, ...sending } as const;
  const sent =
    from === "backstopPool"
      ? await send(client, { ...call, abi: backstopPoolAbi })
      : await send(client, { ...call, abi: insuranceVaultAbi });
  const [bought, paid] = sent.result;
  return { hash: sent.hash, result: { bought, paid } };
}
