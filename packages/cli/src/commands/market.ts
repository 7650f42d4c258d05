import { assetOf, getCapacities, getInsurance, getMarket, type Capacities, type MarketView } from "@ballast/sdk";
import type { BallastCommand } from "../command.js";
import { cash, percent, perDay, price, since, size } from "../format.js";
import { list, paragraphs } from "../report.js";

const BASIS_POINT = 10n ** 14n;
/** Seconds of a year, for a volatility that is per √second. */
const YEAR = 31_536_000;

const yearly = (sigma: bigint): string => `${((Number(sigma) / 1e18) * Math.sqrt(YEAR) * 100).toFixed(1)}%`;

const terms = (name: string, { price: p, rates, limits, ...market }: MarketView, now: bigint): string =>
  list([
    ["market", `${name} (asset ${market.asset}, ${market.kind.toLowerCase()})`],
    ["state", market.hold === "None" ? market.state : `${market.state}: ${market.hold}`],
    ["mark", `${price(p.mark)} (${p.status.toLowerCase()}, ${since(p.updatedAt, now)} old)`],
    ["fast, slow", `${price(p.fast)}, ${price(p.slow)}`],
    ["volatility", `${yearly(p.sigma)} a year`],
    ["maintenance", percent(rates.maintenanceRate)],
    ["initial", percent(rates.initialRate)],
    ["haircut", percent(BigInt(market.config.haircut) * BASIS_POINT)],
    ["depth", `${cash(rates.initialDepth)} of ${cash(market.config.depth)}`],
    ["limit", cash(limits.total)],
  ]);

function perp({ openInterest, fundingRate, fundingTarget, pool, ...market }: MarketView): string {
  return list([
    ["open interest", size(openInterest)],
    ["funding/day", `${perDay(fundingRate)} towards ${perDay(fundingTarget)}`],
    ["pool", BigInt(pool.owner) === 0n ? "none" : pool.owner],
    ["deficit", `${cash(market.deficit)}, insurance pays ${cash(market.insuranceAvailable)} of it now`],
  ]);
}

const stages = ({ reduce, auction, absorb, insure, share }: Capacities): string =>
  list([
    ["reduce", `${size(reduce.longs)} of longs, ${size(reduce.shorts)} of shorts, ${cash(reduce.window)} this minute`],
    ["auction", `${cash(auction.inFlight)} of ${cash(auction.limit)} in flight`],
    ["absorb", `${cash(absorb.held)} of ${cash(absorb.limit)} held`],
    ["insure", cash(insure.insurable)],
    ["share", `${cash(share.longs)} from longs, ${cash(share.shorts)} from shorts`],
  ]);

export const market: BallastCommand = {
  usage: "market <name>",
  summary: "one market: price, rates, and what each stage has room for",
  configure: (command) => {
    command.addHelpText("after", "\n<name>: as the deployment calls it, or the number of the asset");
  },
  async run({ client, deployment, at, now }, [name = ""]) {
    const asset = assetOf(deployment, name);
    const view = await getMarket(client, { asset, ...at });
    if (view.kind === "Spot") return { json: { name, ...view }, text: terms(name, view, now) };
    const [capacities, insurance] = await Promise.all([
      getCapacities(client, { asset, ...at }),
      getInsurance(client, { asset, ...at }),
    ]);
    const text = paragraphs(terms(name, view, now), perp(view), stages(capacities));
    return { json: { name, ...view, capacities, insurance }, text };
  },
};
