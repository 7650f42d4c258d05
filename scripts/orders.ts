// Orders as wallets sign them (EIP-712).
import { MOST_FEE, ORDER_TYPES } from "@ballast/sdk";
import type { Signer } from "ethers";
import type { IExchange } from "../types/contracts/contracts/trading/Exchange.js";
import type { World } from "./local.js";

export const Condition = { None: 0n, MarkAtLeast: 1n, MarkAtMost: 2n, HealthBelow: 3n } as const;

/** What of an order has to be said; the rest has a default. */
export type OrderTerms = Pick<IExchange.OrderStruct, "account" | "asset" | "size" | "limit"> &
  Partial<IExchange.OrderStruct>;

export async function signOrder(world: World, signer: Signer, terms: OrderTerms): Promise<IExchange.SignedOrderStruct> {
  const order: IExchange.OrderStruct = {
    nonce: 0n,
    expiry: 2n ** 40n,
    notBefore: 0n,
    maxFee: MOST_FEE,
    reduceOnly: false,
    condition: Condition.None,
    level: 0n,
    target: 0n,
    tip: 0n,
    ...terms,
  };
  const { chainId } = await world.connection.ethers.provider.getNetwork();
  const verifyingContract = await world.exchange.getAddress();
  const domain = { name: "Ballast Exchange", version: "1", chainId, verifyingContract };
  return {
    order,
    signer: await signer.getAddress(),
    signature: await signer.signTypedData(domain, { Order: [...ORDER_TYPES.Order] }, order),
  };
}
