// Sends who fails down the closing chain: the whole set from the watch, what it is worth from the plan.
import { FixedPoint } from "@ballast/math";
import { accountOf } from "@ballast/mirror";
import { GAS_PER_LIQUIDATION } from "@ballast/sdk";
import type { StrategySettings } from "../config/schema.js";
import { deedOf, plan as planAll, type Orders } from "../plan/plan.js";
import { COSTS } from "../plan/profit.js";
import { sentenceOf } from "../plan/reasons.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

const DEED = deedOf(0n).slice(0, -1);

export class Liquidate implements Strategy {
  readonly name = "liquidate";
  readonly asks = false;
  /** From round to round, so that nobody waits for ever behind those for whom nothing is found. */
  private readonly tries = new Map<string, number>();

  constructor(private readonly settings: StrategySettings<"liquidate">) {}

  plan(snapshot: Snapshot): Plan {
    const { watch, marks } = snapshot;
    const candidates = [...watch.liquidatable(marks), ...watch.overborrowed(marks)];
    snapshot.count(candidates.length);
    const { intents, left } = planAll(watch, candidates, { ...this.orders(snapshot), tries: this.tries });
    const decisions = left.map(({ candidate: { account }, why }) => ({
      ...{ account, strategy: this.name, reason: why.kind, detail: sentenceOf(why) },
    }));
    return planOf(intents, decisions);
  }

  /** Half of every price: whoever would fail then is planned for, and nothing comes of it. */
  rehearse(snapshot: Snapshot): void {
    const { watch, ledger } = snapshot;
    const marks = new Map(ledger.perps.map((asset) => [BigInt(asset), ledger.prices.markOf(asset) / 2n] as const));
    const { left } = planAll(watch, watch.liquidatable(marks), { ...this.orders(snapshot), marks });
    for (const { why } of left) sentenceOf(why);
  }

  private orders(snapshot: Snapshot): Orders {
    const { deployment, payee, head, marks, gasPrice, native } = snapshot;
    const { least, lossPerHour, batch, most } = this.settings;
    return {
      ...{ liquidator: deployment.addresses.liquidator, keeper: payee, block: BigInt(head.number), marks, most },
      costs: { ...COSTS, gasPrice, nativePrice: native, least },
      mayLose: FixedPoint.max(0n, lossPerHour - snapshot.lost(this.name)),
      busy: (key) => this.isBusy(snapshot, key),
      underWay: (key) => snapshot.isUnderWay(this.name, accountIn(key)),
      gas: GAS_PER_LIQUIDATION * BigInt(batch + 1),
    };
  }

  private isBusy(snapshot: Snapshot, key: string): boolean {
    return snapshot.isKeyBusy(key) || snapshot.isBusy(this.name, accountIn(key));
  }
}

const accountIn = (key: string): bigint => accountOf(key.slice(DEED.length));
