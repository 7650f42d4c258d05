// Takes lots: with the inventory of a taker who is paid for the risk, or without any, through the runner and the pool.
import { FixedPoint, WAD } from "@ballast/math";
import {
  DEADLINE,
  GAS_PER_LIQUIDATION,
  addressOf,
  getLot,
  getRun,
  liquidatorAbi,
  lotRunnerAbi,
  type LotView,
  type Run,
} from "@ballast/sdk";
import { encodeFunctionData } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { Urgency } from "./urgency.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";

/** How far the mark may have moved when a bid executes: the price of a bid moves with it. */
const SLIP = WAD / 200n;
const POINTS = 10_000n;

/** A lot, and what a bid now would find. */
interface Chance {
  readonly account: bigint;
  readonly asset: number;
  readonly view: LotView;
  readonly run: Run | undefined;
}

export class Bid implements Strategy {
  readonly name = "bid";
  readonly asks = true;

  constructor(private readonly settings: StrategySettings<"bid">) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const chances = await Promise.all(this.lots(snapshot).map((lot) => this.look(snapshot, lot)));
    let room = this.room(snapshot);
    const intents: Intent[] = [];
    for (const chance of chances) {
      const bought = this.withInventory(snapshot, chance, room);
      const better = [bought?.intent, this.withoutInventory(snapshot, chance)]
        .filter((intent) => intent !== undefined)
        .sort((a, b) => (a.profit < b.profit ? 1 : -1))[0];
      if (better === undefined) continue;
      intents.push(better);
      if (better === bought?.intent) room -= bought.notional;
    }
    return planOf(intents);
  }

  /** Live ones that nobody of us bids for yet, those that are longest on offer first. */
  private lots({ ledger, isKeyBusy }: Snapshot): { account: bigint; asset: number }[] {
    return [...ledger.lots.live()]
      .filter(({ account, asset }) => !isKeyBusy(keyOf(account, asset)))
      .sort((a, b) => a.lot.start - b.lot.start)
      .slice(0, this.settings.lots);
  }

  private async look({ client, deployment }: Snapshot, lot: { account: bigint; asset: number }): Promise<Chance> {
    const one = { account: lot.account, asset: lot.asset };
    const runs = this.settings.run && deployment.addresses.lotRunner !== undefined;
    const [view, run] = await Promise.all([getLot(client, one), runs ? getRun(client, one) : undefined]);
    return { ...one, view, run };
  }

  /** Notional that the taker may still hold. */
  private room({ ledger }: Snapshot): bigint {
    const { taker, inventory } = this.settings;
    if (taker === undefined) return 0n;
    return ledger.legs(taker).reduce((room, { value }) => room - FixedPoint.abs(value), inventory);
  }

  private withInventory(
    snapshot: Snapshot,
    { account, asset, view }: Chance,
    room: bigint,
  ): { intent: Intent; notional: bigint } | undefined {
    const { taker, ask, size: bound, least } = this.settings;
    const mark = snapshot.prices.get(asset)?.mark;
    if (taker === undefined || mark === undefined || mark === 0n || view.size === 0n) return undefined;
    const most = FixedPoint.min(view.size, FixedPoint.mulDivDown(FixedPoint.min(bound, room), WAD, mark));
    if (most < view.least || most <= 0n) return undefined;
    const notional = FixedPoint.mulUp(most, mark);
    const paid = (view.premium * most) / view.size - FixedPoint.mulDivUp(notional, BigInt(ask), POINTS);
    const profit = paid - snapshot.costOf(GAS_PER_LIQUIDATION);
    if (profit < least) return undefined;
    const limit = view.long ? FixedPoint.mulUp(view.price, WAD + SLIP) : FixedPoint.mulDown(view.price, WAD - SLIP);
    const deadline = snapshot.head.timestamp + DEADLINE;
    const terms = { account, asset, taker, most, least: view.least, limit, deadline, data: "0x" } as const;
    const data = encodeFunctionData({ abi: liquidatorAbi, functionName: "bid", args: [terms] });
    const to = snapshot.deployment.addresses.liquidator;
    return { intent: intentOf(snapshot, { account, asset }, { to, data, profit: paid, deadline }), notional };
  }

  private withoutInventory(snapshot: Snapshot, { account, asset, run }: Chance): Intent | undefined {
    const { least } = this.settings;
    if (run === undefined || run.size === 0n) return undefined;
    const cost = snapshot.costOf(GAS_PER_LIQUIDATION);
    if (run.profit - cost < least) return undefined;
    const deadline = snapshot.head.timestamp + DEADLINE;
    const leastProfit = cost + least;
    const terms = { account, asset, most: run.size, least: 0n, leastProfit, to: snapshot.payee, orders: [], deadline };
    const data = encodeFunctionData({ abi: lotRunnerAbi, functionName: "run", args: [terms] });
    const to = addressOf(snapshot.deployment.addresses, "lotRunner");
    return intentOf(snapshot, { account, asset }, { to, data, profit: run.profit, deadline });
  }
}

const keyOf = (account: bigint, asset: number): string => `bid:${account}:${asset}`;

function intentOf(
  { head }: Snapshot,
  { account, asset }: { account: bigint; asset: number },
  call: Pick<Intent, "to" | "data" | "profit"> & { deadline: bigint },
): Intent {
  return {
    key: keyOf(account, asset),
    strategy: "bid",
    gas: GAS_PER_LIQUIDATION,
    accounts: [account],
    asset: BigInt(asset),
    urgency: Urgency.bid,
    block: BigInt(head.number),
    ...call,
  };
}
