// Sends who fails down the closing chain: the whole set from the watch, what it is worth from the plan.
import { FixedPoint } from "@ballast/math";
import { accountOf } from "@ballast/mirror";
import { GAS_PER_LIQUIDATION } from "@ballast/sdk";
import type { StrategySettings } from "../config/schema.js";
import { deedOf, plan as planAll, planning, type Orders } from "../plan/plan.js";
import { COSTS } from "../plan/profit.js";
import { sentenceOf } from "../plan/reasons.js";
import type { Intent } from "../send/intent.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

/** Hundredths of the prices at which a plan is rehearsed, and more than any account can cost. */
const REHEARSED = [95n, 90n, 80n, 50n, 105n, 110n, 125n, 200n];
const MAX = 10n ** 40n;

const DEED = deedOf(0n).slice(0, -1);

export class Liquidate implements Strategy {
  readonly name = "liquidate";
  readonly asks = false;
  /** From round to round, so that nobody waits for ever behind those for whom nothing is found. */
  private readonly tries = new Map<string, number>();

  constructor(private readonly settings: StrategySettings<"liquidate">) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const { watch, marks } = snapshot;
    const candidates = [...watch.liquidatable(marks), ...watch.overborrowed(marks)];
    snapshot.count(candidates.length);
    const orders = { ...this.orders(snapshot), tries: this.tries, onlyNew: !snapshot.thorough };
    const steps = planning(watch, candidates, orders);
    const handed = new Set<Intent>();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) {
      if (snapshot.hand === undefined) continue;
      handed.add(step.value);
      await snapshot.hand(step.value);
    }
    const { intents, left, waiting } = step.value;
    const decisions = left.map(({ candidate: { account }, why }) => ({
      ...{ account, strategy: this.name, reason: why.kind, detail: sentenceOf(why) },
    }));
    const rest = intents.filter((intent) => !handed.has(intent));
    return { ...planOf(rest, decisions), waiting };
  }

  /** Prices far from those of now: whoever would fail then is planned for, whatever it costs, and nothing comes of it. */
  rehearse(snapshot: Snapshot): void {
    const { watch, ledger } = snapshot;
    const orders = { ...this.orders(snapshot), mayLose: MAX };
    for (const share of REHEARSED) {
      const marks = new Map(ledger.perps.map((asset) => [BigInt(asset), (ledger.prices.markOf(asset) * share) / 100n]));
      for (const least of [-MAX, orders.costs.least]) {
        const costs = { ...orders.costs, least };
        const { left } = planAll(watch, watch.liquidatable(marks), { ...orders, costs, marks });
        for (const { why } of left) sentenceOf(why);
      }
    }
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
