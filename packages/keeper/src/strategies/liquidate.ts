// Sends who fails down the closing chain, the most urgent first.
import { GAS_PER_LIQUIDATION, liquidatorAbi } from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { Candidate } from "../book/exact.js";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

export class Liquidate implements Strategy {
  readonly name = "liquidate";
  readonly asks = false;

  constructor(private readonly settings: StrategySettings<"liquidate">) {}

  plan(snapshot: Snapshot): Plan {
    const { watch, marks } = snapshot;
    const candidates = watch.liquidatable(marks).filter(({ account }) => !snapshot.isBusy(this.name, account));
    const intents: Intent[] = [];
    for (let i = 0; i < candidates.length; i += this.settings.batch)
      intents.push(this.intentOf(snapshot, candidates.slice(i, i + this.settings.batch)));
    return planOf(intents);
  }

  private intentOf({ deployment, payee, head }: Snapshot, candidates: readonly Candidate[]): Intent {
    const entries = candidates.map(({ account, asset }) => ({ account, asset: Number(asset) }));
    const data = encodeFunctionData({ abi: liquidatorAbi, functionName: "liquidateMany", args: [entries, payee] });
    const accounts = candidates.map(({ account }) => account);
    return {
      key: `liquidate:${accounts.join("+")}`,
      strategy: this.name,
      to: deployment.addresses.liquidator,
      data,
      gas: GAS_PER_LIQUIDATION * BigInt(entries.length + 1),
      accounts,
      profit: 10n ** 18n,
      urgency: 1,
      block: BigInt(head.number),
    };
  }
}
