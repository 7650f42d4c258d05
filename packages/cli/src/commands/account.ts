import {
  formatAccount,
  getAccount,
  getMarket,
  getOutlook,
  getReserve,
  getWithdrawable,
  liquidationPriceOf,
  marketName,
  parseAccount,
  toValue,
  type AccountView,
  type Leg,
  type LiquidationPrice,
  type Outlook,
  type Withdrawable,
} from "@ballast/sdk";
import type { BallastCommand } from "../command.js";
import type { Context } from "../context.js";
import { cash, health, price, size } from "../format.js";
import { list, paragraphs, table } from "../report.js";

/** A leg, and what would happen to it. */
interface LegReport {
  name: string;
  leg: Leg;
  liquidation: LiquidationPrice;
  outlook: Outlook | undefined;
}

async function legReport({ client, deployment, at }: Context, view: AccountView, leg: Leg): Promise<LegReport> {
  const { asset } = leg;
  const troubled = view.liquidatable || view.verdict === "Overborrowed";
  const [market, outlook] = await Promise.all([
    getMarket(client, { asset, ...at }),
    troubled ? getOutlook(client, { account: view.account, asset, ...at }) : undefined,
  ]);
  return { name: marketName(deployment, asset), leg, liquidation: liquidationPriceOf(view, leg, market), outlook };
}

const HEAD = ["leg", "size", "basis", "mark", "value", "maintenance", "initial", "liquidation", "hold", "next"];

const row = ({ name, leg, liquidation, outlook }: LegReport): string[] => [
  name,
  size(leg.size),
  price(leg.basis),
  price(leg.mark),
  cash(leg.value),
  cash(leg.maintenance),
  cash(leg.initial),
  liquidation.price === undefined ? "-" : price(liquidation.price),
  leg.hold === "None" ? "-" : leg.hold,
  outlook === undefined ? "-" : outlook.stage,
];

const summary = (
  { account, cash: held, assessment, verdict, ...view }: AccountView,
  gate: Withdrawable,
  decimals: number,
): string =>
  list([
    ["account", formatAccount(account)],
    ["cash", cash(held)],
    ["equity", cash(assessment.equity)],
    ["margin equity", cash(assessment.marginEquity)],
    ["maintenance", cash(assessment.maintenance)],
    ["initial", cash(assessment.initial)],
    ["health", health(view.health)],
    ["verdict", verdict],
    ["withdrawable", `${cash(toValue(gate.amount, decimals))} (${gate.limit})`],
  ]);

export const account: BallastCommand = {
  usage: "account <id>",
  summary: "one account: margin, legs, what may be withdrawn and what would happen to it",
  configure: (command) => {
    command.addHelpText("after", "\n<id>: owner, owner/sub-id, the name of a row, or the id itself");
  },
  async run(context, [id = ""]) {
    const { client, at } = context;
    const one = { account: parseAccount(id), ...at };
    const [view, gate, { decimals }] = await Promise.all([
      getAccount(client, one),
      getWithdrawable(client, one),
      getReserve(client, at),
    ]);
    const legs = await Promise.all(view.legs.map((leg) => legReport(context, view, leg)));
    const text = paragraphs(summary(view, gate, decimals), legs.length === 0 ? "" : table(HEAD, legs.map(row)));
    const json = {
      ...view,
      id: formatAccount(view.account),
      withdrawable: gate,
      legs: legs.map(({ name, leg, liquidation, outlook }) => ({ name, ...leg, liquidation, outlook })),
    };
    return { json, text };
  },
};
