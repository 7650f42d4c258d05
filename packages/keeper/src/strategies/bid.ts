// Takes lots: with the inventory of a taker who is paid for the risk, or without any, through the runner and the pool.
import { FixedPoint, WAD } from "@ballast/math";
import { DEADLINE, GAS_PER_LIQUIDATION, addressOf, getRun, liquidatorAbi, lotRunnerAbi } from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { offered, type Offered } from "../plan/lots.js";
import { GAS_OF_BID, GAS_OF_RUN } from "../plan/gas.js";
import { COSTS } from "../plan/profit.js";
import { roomOf } from "../plan/room.js";
import { Urgency } from "./urgency.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

/** How far the mark may have moved when a bid executes: the price of a bid moves with it. */
const SLIP = WAD / 200n;
const POINTS = 10_000n;

export class Bid implements Strategy {
  readonly name = "bid";
  readonly asks: boolean;

  /** @param assets to bid for; all when there is none */
  constructor(
    private readonly settings: StrategySettings<"bid">,
    private readonly assets: readonly number[] = [],
  ) {
    this.asks = settings.run;
  }

  async plan(snapshot: Snapshot): Promise<Plan> {
    const lots = this.lots(snapshot);
    const runs = await Promise.all(lots.map((lot) => this.withoutInventory(snapshot, lot)));
    let room = this.room(snapshot);
    const intents: Intent[] = [];
    for (const [i, lot] of lots.entries()) {
      const [bought, run] = [this.withInventory(snapshot, lot, room), runs[i]];
      if (bought !== undefined && bought.intent.profit >= (run?.profit ?? 0n)) {
        intents.push(bought.intent);
        room = FixedPoint.max(0n, room - bought.notional);
      } else if (run !== undefined) intents.push(run);
    }
    return planOf(intents);
  }

  /** Those that pay anything and that none of us bids for yet, the dearest first. */
  private lots({ watch, marks, gasPrice, native, isKeyBusy }: Snapshot): Offered[] {
    return offered(watch, roomOf(watch, marks), { ...COSTS, gasPrice, nativePrice: native })
      .filter(({ asset, premium }) => premium > 0n && this.wants(Number(asset)))
      .filter(({ account, asset }) => !isKeyBusy(keyOf(account, asset)))
      .sort((a, b) => (a.premium < b.premium ? 1 : -1))
      .slice(0, this.settings.lots);
  }

  private wants(asset: number): boolean {
    return this.assets.length === 0 || this.assets.includes(asset);
  }

  /** Notional that the taker may still hold; what he holds may have grown beyond it. */
  private room({ ledger }: Snapshot): bigint {
    const { taker, inventory } = this.settings;
    if (taker === undefined) return 0n;
    const held = ledger.legs(taker).reduce((sum, { value }) => sum + FixedPoint.abs(value), 0n);
    return FixedPoint.max(0n, inventory - held);
  }

  private withInventory(
    snapshot: Snapshot,
    { account, asset, ...lot }: Offered,
    room: bigint,
  ): { intent: Intent; notional: bigint } | undefined {
    const { taker, ask, size: bound, least } = this.settings;
    const mark = snapshot.prices.get(Number(asset))?.mark;
    if (taker === undefined || mark === undefined || mark === 0n) return undefined;
    const most = FixedPoint.min(lot.size, FixedPoint.mulDivDown(FixedPoint.min(bound, room), WAD, mark));
    if (most < lot.least || most <= 0n) return undefined;
    const notional = FixedPoint.mulUp(most, mark);
    const paid = (lot.premium * most) / lot.size - FixedPoint.mulDivUp(notional, BigInt(ask), POINTS);
    const profit = paid - snapshot.costOf(GAS_OF_BID);
    if (profit < least) return undefined;
    const limit = lot.long ? FixedPoint.mulUp(lot.price, WAD + SLIP) : FixedPoint.mulDown(lot.price, WAD - SLIP);
    const deadline = snapshot.head.timestamp + DEADLINE;
    const terms = {
      account,
      asset: Number(asset),
      taker,
      most,
      least: lot.least,
      limit,
      deadline,
      data: "0x",
    } as const;
    const data = encodeFunctionData({ abi: liquidatorAbi, functionName: "bid", args: [terms] });
    const to = snapshot.deployment.addresses.liquidator;
    return {
      intent: intentOf(snapshot, { account, asset }, { to, data, gasUsed: GAS_OF_BID, profit: paid, deadline }),
      notional,
    };
  }

  /** What the pool pays at once for the lot, if it pays for the gas. */
  private async withoutInventory(snapshot: Snapshot, { account, asset }: Offered): Promise<Intent | undefined> {
    const { addresses } = snapshot.deployment;
    if (!this.settings.run || addresses.lotRunner === undefined) return undefined;
    const run = await getRun(snapshot.client, { account, asset: Number(asset) });
    const leastProfit = snapshot.costOf(GAS_OF_RUN) + this.settings.least;
    if (run.size === 0n || run.profit < leastProfit) return undefined;
    const deadline = snapshot.head.timestamp + DEADLINE;
    const terms = { account, asset: Number(asset), most: run.size, least: 0n, leastProfit, to: snapshot.payee };
    const args = [{ ...terms, orders: [], deadline }] as const;
    const data = encodeFunctionData({ abi: lotRunnerAbi, functionName: "run", args });
    const to = addressOf(addresses, "lotRunner");
    return intentOf(snapshot, { account, asset }, { to, data, gasUsed: GAS_OF_RUN, profit: run.profit, deadline });
  }
}

const keyOf = (account: bigint, asset: bigint): string => `bid:${account}:${asset}`;

function intentOf(
  { head }: Snapshot,
  { account, asset }: { account: bigint; asset: bigint },
  call: Pick<Intent, "to" | "data" | "profit"> & { gasUsed: bigint; deadline: bigint },
): Intent {
  return {
    key: keyOf(account, asset),
    strategy: "bid",
    gas: GAS_PER_LIQUIDATION,
    accounts: [account],
    asset,
    urgency: Urgency.bid,
    block: BigInt(head.number),
    ...call,
  };
}
