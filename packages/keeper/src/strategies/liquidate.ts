// Sends who fails down the closing chain: the whole set from the watch, what it is worth from the plan.
import { accountOf } from "@ballast/mirror";
import { GAS_PER_LIQUIDATION, decodeReason, liquidatorAbi } from "@ballast/sdk";
import { decodeFunctionResult, type Hex } from "viem";
import type { StrategySettings } from "../config/schema.js";
import { plan as planAll } from "../plan/plan.js";
import { COSTS } from "../plan/profit.js";
import { sentenceOf } from "../plan/reasons.js";
import type { Intent } from "../send/intent.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

/** The sender weighs by what is used; a batch in which every entry would be skipped is not sent. */
function guarded(intent: Intent): Intent {
  const { accounts, gasUsed = COSTS.gasUsed * BigInt(accounts.length) } = intent;
  return accounts.length === 1
    ? { ...intent, gasUsed }
    : { ...intent, gasUsed, objection: intent.objection ?? objection };
}

function objection(returned: Hex): string | undefined {
  const reasons = decodeFunctionResult({ abi: liquidatorAbi, functionName: "liquidateMany", data: returned });
  const [first = "0x"] = reasons;
  if (reasons.some((reason) => reason === "0x")) return undefined;
  return `all ${reasons.length} entries would be skipped, the first one: ${decodeReason(first)?.message}`;
}

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
    return planOf(intents.map(guarded), decisions);
  }

  private isBusy(snapshot: Snapshot, key: string): boolean {
    const account = DEED.exec(key)?.[1];
    return snapshot.isKeyBusy(key) || (account !== undefined && snapshot.isBusy(this.name, accountOf(account)));
  }
}
