// Brings orders that have become due to execution: stops and targets on price, early reductions on health. The tip pays.
import { Account, PriceStatus } from "@ballast/math";
import { GAS_PER_ORDER, ORDER_TYPES, encodeOrder, encodeSigned, exchangeAbi, type SignedOrder } from "@ballast/sdk";
import { encodeFunctionData, hashTypedData, type Hash } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import type { Decision } from "../store/store.js";
import type { OrderBook } from "./orderBook.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

export class Triggers implements Strategy {
  readonly name = "triggers";
  readonly asks = true;
  private readonly hashes = new WeakMap<SignedOrder, Hash>();

  constructor(
    private readonly settings: StrategySettings<"triggers">,
    private readonly book: OrderBook,
  ) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const due = (await this.book.all()).filter((signed) => isDue(signed, snapshot));
    const plans = due.map((signed) => this.planOne(signed, snapshot));
    return planOf(
      plans.flatMap(({ intents }) => intents),
      plans.flatMap(({ decisions }) => decisions),
    );
  }

  private planOne(signed: SignedOrder, snapshot: Snapshot): { intents: Intent[]; decisions: Decision[] } {
    const { order } = signed;
    const hash = this.hashOf(signed, snapshot);
    const key = `execute:${hash}`;
    if (snapshot.isKeyBusy(key)) return { intents: [], decisions: [] };
    const profit = order.tip - snapshot.costOf(GAS_PER_ORDER);
    if (profit < this.settings.least) {
      const detail = `order ${hash}: tip ${order.tip} leaves ${profit} after gas, less than ${this.settings.least}`;
      return {
        intents: [],
        decisions: [{ account: order.account, strategy: this.name, reason: "TipTooSmall", detail }],
      };
    }
    const args = [encodeSigned(signed), snapshot.payee] as const;
    const data = encodeFunctionData({ abi: exchangeAbi, functionName: "execute", args });
    const call = { to: snapshot.deployment.addresses.exchange, data, gas: GAS_PER_ORDER, deadline: order.expiry };
    const about = { accounts: [order.account], asset: BigInt(order.asset), block: BigInt(snapshot.head.number) };
    const intent = { key, strategy: this.name, ...call, ...about, profit: order.tip, urgency: Urgency.trigger };
    return { intents: [intent], decisions: [] };
  }

  private hashOf(signed: SignedOrder, { deployment }: Snapshot): Hash {
    const known = this.hashes.get(signed);
    if (known !== undefined) return known;
    const { chainId, addresses } = deployment;
    const domain = { name: "Ballast Exchange", version: "1", chainId, verifyingContract: addresses.exchange };
    const message = encodeOrder(signed.order);
    const hash = hashTypedData({ domain, types: ORDER_TYPES, primaryType: "Order", message });
    this.hashes.set(signed, hash);
    return hash;
  }
}

/** What the exchange would ask of a condition, at what a latch now would say. */
export function isDue({ order }: SignedOrder, { prices, head, watch, marks }: Snapshot): boolean {
  const price = prices.get(order.asset);
  if (price === undefined || order.expiry < head.timestamp) return false;
  if (order.notBefore !== 0n && price.updatedAt <= order.notBefore) return false;
  const fresh = price.status === PriceStatus.Fresh;
  if (order.condition === "MarkAtLeast") return fresh && price.mark >= order.level;
  if (order.condition === "MarkAtMost") return fresh && price.mark <= order.level;
  if (order.condition !== "HealthBelow") return false;
  const held = watch.snapshotOf(order.account, marks);
  return held.legs.length > 0 && Account.healthOf(Account.assess(held)) < order.level;
}
