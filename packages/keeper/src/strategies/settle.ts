// Closes the legs of a market that is wound down, at its fixed price: nobody is paid for it, and the last one retires the
// market. Who loses closes at once, who gains a day later.
import { AssetState } from "@ballast/math";
import { keyOf, type Ledger } from "@ballast/mirror";
import { clearingHouseAbi } from "@ballast/sdk";
import { decodeFunctionResult, encodeFunctionData, type Hex } from "viem";
import type { StrategySettings } from "../config/schema.js";
import { allSkipped } from "../plan/objection.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const GAS = 100_000n;
/** For each account: of one with eight legs, and of most. */
const GAS_PER_ACCOUNT = 1_500_000n;
const USED_PER_ACCOUNT = 350_000n;
/** Seconds in which losses come in before profit is paid. */
const DELAY = 86_400n;
/** Seconds until an account is tried again whose leg did not close. */
const AGAIN = 3_600n;

export class Settle implements Strategy {
  readonly name = "settle";
  readonly asks = false;
  /** When an account was planned last, by asset and account. */
  private readonly plannedAt = new Map<string, bigint>();

  constructor(private readonly settings: StrategySettings<"settle">) {}

  plan(snapshot: Snapshot): Plan {
    const { ledger } = snapshot;
    const ending = ledger.perps.filter(
      (asset) => BigInt(ledger.markets.of(asset).config.state) === AssetState.Settling,
    );
    return planOf(ending.flatMap((asset) => this.round(snapshot, asset)));
  }

  /** One transaction for a market on a block. */
  private round(snapshot: Snapshot, asset: number): Intent[] {
    const key = `settle:${asset}`;
    if (snapshot.isKeyBusy(key)) return [];
    const accounts = this.due(snapshot, asset).slice(0, this.settings.batch);
    if (accounts.length === 0) return [];
    const { clearingHouse } = snapshot.deployment.addresses;
    const calls = accounts.map((account) => encode("settle", [[account]]));
    const gas = GAS + GAS_PER_ACCOUNT * BigInt(accounts.length);
    const gasUsed = GAS + USED_PER_ACCOUNT * BigInt(accounts.length);
    const call = { to: clearingHouse, data: encode("batch", [calls]), gas, gasUsed, urgency: Urgency.settle, asset };
    const [duty] = dutyOf(snapshot, { key, strategy: this.name, ...call }, this.settings.cost);
    if (duty === undefined) return [];
    for (const account of accounts) this.plannedAt.set(nameOf(asset, account), snapshot.head.timestamp);
    return [{ ...duty, accounts, objection: objectionTo }];
  }

  private due({ ledger, watch, head, isBusy }: Snapshot, asset: number): bigint[] {
    const late = head.timestamp >= ledger.markets.of(asset).accruedAt + DELAY;
    return watch.holders(asset).filter((account) => {
      const tried = this.plannedAt.get(nameOf(asset, account));
      if (tried !== undefined && head.timestamp < tried + AGAIN) return false;
      return (late || !gains(ledger, account, asset)) && !isBusy(this.name, account);
    });
  }
}

/** Whether its profit waits. */
function gains(ledger: Ledger, account: bigint, asset: number): boolean {
  const leg = ledger.cash.account(account).legs.find((each) => each.asset === asset);
  const mark = ledger.prices.markOf(asset);
  return leg !== undefined && (leg.size > 0n ? mark > leg.basis : mark < leg.basis);
}

const nameOf = (asset: number, account: bigint): string => `${asset} ${keyOf(account)}`;

function encode(functionName: "settle" | "batch", args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: clearingHouseAbi, functionName, args: args as never });
}

const objectionTo = (returned: Hex): string | undefined =>
  allSkipped(decodeFunctionResult({ abi: clearingHouseAbi, functionName: "batch", data: returned }));
