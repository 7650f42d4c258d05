// Sends who fails down the closing chain: the whole set from the watch, what it is worth from the plan.
import { accountOf } from "@ballast/mirror";
import { GAS_PER_LIQUIDATION } from "@ballast/sdk";
import type { StrategySettings } from "../config/schema.js";
import { plan as planAll } from "../plan/plan.js";
import { COSTS } from "../plan/profit.js";
import { sentenceOf } from "../plan/reasons.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

const DEED = /^liquidate:([0-9a-f]+)$/i;

export class Liquidate implements Strategy {
  readonly name = "liquidate";
  readonly asks = false;

  constructor(private readonly settings: StrategySettings<"liquidate">) {}

  plan(snapshot: Snapshot): Plan {
    const { watch, marks, deployment, payee, head, gasPrice, native } = snapshot;
    const candidates = [...watch.liquidatable(marks), ...watch.overborrowed(marks)];
    snapshot.count(candidates.length);
    const { intents, left } = planAll(watch, candidates, {
      ...{ liquidator: deployment.addresses.liquidator, keeper: payee, block: BigInt(head.number), marks },
      costs: { ...COSTS, gasPrice, nativePrice: native, least: this.settings.least },
      busy: (key) => this.isBusy(snapshot, key),
      most: this.settings.most,
      gas: GAS_PER_LIQUIDATION * BigInt(this.settings.batch + 1),
    });
    const decisions = left.map(({ candidate: { account }, why }) => ({
      ...{ account, strategy: this.name, reason: why.kind, detail: sentenceOf(why) },
    }));
    return planOf(intents, decisions);
  }

  private isBusy(snapshot: Snapshot, key: string): boolean {
    const account = DEED.exec(key)?.[1];
    return snapshot.isKeyBusy(key) || (account !== undefined && snapshot.isBusy(this.name, accountOf(account)));
  }
}
