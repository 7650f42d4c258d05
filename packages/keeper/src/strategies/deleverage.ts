// Has standing deficits paid, from insurance and by shares of profit, page by page. Offsets are a stage of liquidation.
import { FixedPoint } from "@ballast/math";
import { ChainUnreachable, clearingHouseAbi, decodeError } from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { NOTHING, planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const PAY_GAS = 400_000n;
/** For each tick that is looked at. */
const TICK_GAS = 25_000n;
/** What a page may have at most. */
const MOST_GAS = 14_000_000n;

export class Deleverage implements Strategy {
  readonly name = "deleverage";
  readonly asks = true;
  /** Blocks at which a page paid nothing, by asset: until something of the row changes it will again. */
  private readonly idle = new Map<number, string>();

  constructor(private readonly settings: StrategySettings<"deleverage">) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const rows = snapshot.ledger.markets.standing().filter(({ deficit }) => deficit >= this.settings.least);
    if (rows.length === 0) return NOTHING;
    const pages = await Promise.all(rows.map(({ asset }) => this.page(snapshot, asset)));
    const troubles = pages.filter((page) => page instanceof Error);
    const plan = planOf(pages.flatMap((page) => (page instanceof Error ? [] : page)));
    return troubles.length === 0 ? plan : { ...plan, troubles };
  }

  /** What the chain refuses now is tried again when something has changed. */
  private async page(snapshot: Snapshot, asset: number): Promise<Intent[] | Error> {
    if (snapshot.isKeyBusy(keyOf(asset)) || this.idle.get(asset) === stateOf(snapshot, asset)) return [];
    const paid = await this.tryPage(snapshot, asset).catch((error: unknown) => decodeError(error));
    if (paid instanceof ChainUnreachable) return paid;
    if (paid instanceof Error || paid < this.settings.least) {
      this.idle.set(asset, stateOf(snapshot, asset));
      return paid instanceof Error ? paid : [];
    }
    this.idle.delete(asset);
    const { clearingHouse } = snapshot.deployment.addresses;
    const args = [asset, BigInt(this.settings.ticks)] as const;
    const data = encodeFunctionData({ abi: clearingHouseAbi, functionName: "pay", args });
    const gas = FixedPoint.min(PAY_GAS + TICK_GAS * args[1], MOST_GAS);
    const call = { to: clearingHouse, data, gas, urgency: Urgency.pay, asset };
    return dutyOf(snapshot, { key: keyOf(asset), strategy: this.name, ...call }, this.settings.cost);
  }

  /** What the next page would pay. */
  private async tryPage({ client, deployment }: Snapshot, asset: number): Promise<bigint> {
    const { result } = await client.publicClient.simulateContract({
      address: deployment.addresses.clearingHouse,
      abi: clearingHouseAbi,
      functionName: "pay",
      args: [asset, BigInt(this.settings.ticks)],
    });
    const [insured, shared] = result;
    return insured + shared;
  }
}

const keyOf = (asset: number): string => `pay:${asset}`;

/** What would have to change before another page may pay: the row, what insurance may do, or the price. */
function stateOf({ ledger, prices, head }: Snapshot, asset: number): string {
  const insurable = ledger.markets.insurable(asset, head.timestamp);
  return `${ledger.markets.deficitOf(asset)} ${insurable} ${prices.get(asset)?.mark}`;
}
