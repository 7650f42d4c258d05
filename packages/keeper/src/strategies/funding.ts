// Accrues funding and rates of markets in which nothing else has for a while.
import { clearingHouseAbi } from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { StrategySettings } from "../config/schema.js";
import { dutyOf } from "./duty.js";
import { NOTHING, planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const GAS = 200_000n;
const GAS_PER_ASSET = 800_000n;
/** Assets in one call. */
const BATCH = 10;

export class Accrual implements Strategy {
  readonly name = "funding";
  readonly asks = false;
  /** When it was planned last: an accrual that changes nothing leaves no trace. */
  private readonly plannedAt = new Map<number, bigint>();

  constructor(private readonly settings: StrategySettings<"funding">) {}

  plan(snapshot: Snapshot): Plan {
    const due = this.due(snapshot).slice(0, BATCH);
    if (due.length === 0) return NOTHING;
    const data = encodeFunctionData({ abi: clearingHouseAbi, functionName: "accrue", args: [due] });
    const to = snapshot.deployment.addresses.clearingHouse;
    const gas = GAS + GAS_PER_ASSET * BigInt(due.length);
    const duty = { key: `accrue:${due.join("+")}`, strategy: this.name, to, data, gas, urgency: Urgency.accrue };
    const intents = dutyOf(snapshot, duty, this.settings.cost);
    if (intents.length > 0) for (const asset of due) this.plannedAt.set(asset, snapshot.head.timestamp);
    return planOf(intents);
  }

  private due({ ledger, head }: Snapshot): number[] {
    return ledger.perps.filter((asset) => {
      const { openInterest, accruedAt } = ledger.markets.of(asset);
      const planned = this.plannedAt.get(asset) ?? 0n;
      const last = accruedAt > planned ? accruedAt : planned;
      return openInterest > 0n && head.timestamp - last >= BigInt(this.settings.every);
    });
  }
}
