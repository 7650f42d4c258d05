import { getMarket, getRows, listAssets, marketName, type AssetId, type MarketView, type Rows } from "@ballast/sdk";
import type { BallastCommand } from "../command.js";
import type { Context } from "../context.js";
import { cash, perDay, price, since, size } from "../format.js";
import { list, paragraphs, table } from "../report.js";

/** The assets that have a name; all that the log knows when none has. */
async function assetsOf({ client, deployment }: Context): Promise<AssetId[]> {
  const named = Object.values(deployment.markets);
  return named.length === 0 ? listAssets(client, { fromBlock: deployment.block }) : named;
}

const HEAD = ["market", "kind", "state", "hold", "mark", "age", "held", "funding/day", "deficit"];

function row({ deployment, now }: Context, market: MarketView): string[] {
  const perp = market.kind === "Perp";
  return [
    marketName(deployment, market.asset),
    market.kind.toLowerCase(),
    market.state,
    market.hold === "None" ? "-" : market.hold,
    price(market.price.mark),
    since(market.price.updatedAt, now),
    perp ? size(market.openInterest) : "-",
    perp ? perDay(market.fundingRate) : "-",
    cash(market.deficit),
  ];
}

const house = ({ quoteHeld, insurance, treasury, fees, dust, deficit }: Rows): string =>
  list([
    ["quote held", cash(quoteHeld)],
    ["insurance", cash(insurance)],
    ["treasury", cash(treasury)],
    ["fees to share", cash(fees)],
    ["dust", cash(dust)],
    ["deficit", cash(deficit)],
  ]);

export const status: BallastCommand = {
  usage: "status",
  summary: "all markets and the rows of the house",
  async run(context) {
    const { client, deployment, at, now } = context;
    const assets = await assetsOf(context);
    const [rows, ...markets] = await Promise.all([
      getRows(client, at),
      ...assets.map((asset) => getMarket(client, { asset, ...at })),
    ]);
    const where = `chain ${deployment.chainId}, block ${at.blockNumber}, ${new Date(Number(now) * 1_000).toISOString()}`;
    const text = paragraphs(
      where,
      table(
        HEAD,
        markets.map((market) => row(context, market)),
      ),
      house(rows),
    );
    const named = markets.map((market) => ({ name: marketName(deployment, market.asset), ...market }));
    return { json: { chainId: deployment.chainId, block: at.blockNumber, time: now, rows, markets: named }, text };
  },
};
