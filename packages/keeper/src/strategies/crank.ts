// Helps along what nobody is paid for: the backstop gets rid of what it took, lots that are over are taken away, fees go
// where they belong.
import { FixedPoint } from "@ballast/math";
import { keyOf } from "@ballast/mirror";
import {
  DEADLINE,
  MAX_UINT256,
  ROWS,
  backstopPoolAbi,
  clearingHouseAbi,
  getUnwindable,
  liquidatorAbi,
} from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const UNWIND_GAS = 2_500_000n;
const SWEEP_GAS = 800_000n;
const FEES_GAS = 300_000n;
/** Lots taken away in one round. */
const SWEPT = 8;

export class Crank implements Strategy {
  readonly name = "crank";
  readonly asks = true;

  constructor(private readonly settings: StrategySettings<"crank">) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    return planOf([...(await this.unwind(snapshot)), ...this.sweep(snapshot), ...this.shareFees(snapshot)]);
  }

  private async unwind(snapshot: Snapshot): Promise<Intent[]> {
    const { ledger, deployment, client, head } = snapshot;
    const to = deployment.addresses.backstopPool;
    if (to === undefined) return [];
    const held = ledger
      .legs(ledger.lots.backstop)
      .filter(({ asset, value }) => ledger.markets.isPerp(asset) && FixedPoint.abs(value) >= this.settings.least);
    const sizes = await Promise.all(held.map(({ asset }) => getUnwindable(client, { asset })));
    return held.flatMap(({ asset, mark }, i) => {
      if (FixedPoint.mulDown(sizes[i] ?? 0n, mark) < this.settings.least) return [];
      const deadline = head.timestamp + DEADLINE;
      const args = [asset, MAX_UINT256, deadline] as const;
      const data = encodeFunctionData({ abi: backstopPoolAbi, functionName: "unwind", args });
      const call = { to, data, gas: UNWIND_GAS, urgency: Urgency.unwind, asset, deadline };
      return dutyOf(snapshot, { key: `unwind:${asset}`, strategy: this.name, ...call }, this.settings.cost);
    });
  }

  /** Of accounts that need nothing any more: whose lots keep room from those of others. */
  private sweep(snapshot: Snapshot): Intent[] {
    const { ledger, watch, head, deployment, payee, marks } = snapshot;
    const over = [...ledger.lots.live()].filter(({ lot }) => BigInt(lot.start + lot.duration) < head.timestamp);
    if (over.length === 0) return [];
    const failing = new Set(watch.liquidatable(marks).map(({ account }) => keyOf(account)));
    return over
      .filter(({ account }) => !failing.has(keyOf(account)))
      .slice(0, SWEPT)
      .flatMap(({ account, asset }) => {
        const args = [account, asset, payee] as const;
        const data = encodeFunctionData({ abi: liquidatorAbi, functionName: "liquidate", args });
        const call = { to: deployment.addresses.liquidator, data, gas: SWEEP_GAS, urgency: Urgency.sweep, asset };
        return dutyOf(snapshot, { key: `sweep:${account}:${asset}`, strategy: this.name, ...call }, this.settings.cost);
      });
  }

  private shareFees(snapshot: Snapshot): Intent[] {
    if (snapshot.ledger.cashOf(ROWS.fees) < this.settings.fees) return [];
    const data = encodeFunctionData({ abi: clearingHouseAbi, functionName: "shareFees" });
    const call = { to: snapshot.deployment.addresses.clearingHouse, data, gas: FEES_GAS, urgency: Urgency.fees };
    return dutyOf(snapshot, { key: "fees", strategy: this.name, ...call }, this.settings.cost);
  }
}
