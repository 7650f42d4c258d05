// Orders as wallets sign them (EIP-712).
import type { Signer } from "ethers";
import type { IExchange } from "../types/contracts/contracts/trading/Exchange.js";
import type { World } from "./local.js";

export const Condition = { None: 0n, MarkAtLeast: 1n, MarkAtMost: 2n, HealthBelow: 3n } as const;

const ORDER = {
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
};

/** What of an order has to be said; the rest has a default. */
export type OrderTerms = Pick<IExchange.OrderStruct, "account" | "asset" | "size" | "limit"> &
  Partial<IExchange.OrderStruct>;

export async function signOrder(world: World, signer: Signer, terms: OrderTerms): Promise<IExchange.SignedOrderStruct> {
  const order: IExchange.OrderStruct = {
    nonce: 0n,
    expiry: 2n ** 40n,
    notBefore: 0n,
    maxFee: 2_000n,
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
    signature: await signer.signTypedData(domain, ORDER, order),
  };
}
