import { Margin } from "@ballast/math";
import type { Client } from "../client.js";
import { getAccount, type AccountView, type Leg } from "./accounts.js";
import { getMarket, type MarketView } from "./markets.js";
import type { LegParameters } from "./positions.js";

/** The wick guard does not protect below this share of the maintenance margin, in basis points. */
const GUARD = 8_000n;
const WHOLE = 10_000n;
/** Prices beyond it are refused by the oracle. */
const MAX_PRICE = (1n << 80n) - 1n;

/** Where a leg's mark ends the account, if nothing else moves. */
export interface LiquidationPrice {
  /** The first mark, from where it is now, at which margin equity is below maintenance; undefined when there is none. */
  price: bigint | undefined;
  /** The first one at which the fast average protects no longer: below 80 % of maintenance. */
  immediate: bigint | undefined;
}

/** Margin equity and maintenance of an account if the mark of one leg were another. */
function marginAt(account: AccountView, leg: Leg, market: MarketView, mark: bigint) {
  const { assessment } = account;
  const frozen = leg.hold === "Stale" || leg.hold === "Halted";
  const { maintenanceRate, initialRate, maintenanceDepth } = market.rates;
  const value = Margin.value(leg.size, mark);
  const haircut = BigInt(market.config.haircut) * (frozen ? 2n : 1n);
  const spot = market.kind === "Spot";
  const rate = frozen ? maintenanceRate + initialRate : maintenanceRate;
  const required = spot ? 0n : Margin.required(Margin.notionalOf(leg.size, mark), rate, maintenanceDepth);
  return {
    equity: assessment.marginEquity - leg.counted + (spot ? Margin.counted(value, haircut) : value),
    maintenance: assessment.maintenance - leg.maintenance + required,
  };
}

/**
 * The first whole mark, going away from `from` towards `end`, that fails. Whether one fails changes once on the way:
 * equity is linear in the mark and the requirement convex, so that the marks which pass are one interval.
 */
function firstFailing(from: bigint, end: bigint, fails: (mark: bigint) => boolean): bigint | undefined {
  if (fails(from)) return from;
  if (!fails(end)) return undefined;
  let [passing, failing] = [from, end];
  while (passing - failing > 1n || failing - passing > 1n) {
    const middle = (passing + failing) / 2n;
    if (fails(middle)) failing = middle;
    else passing = middle;
  }
  return failing;
}

/** As `getLiquidationPrice`, from views that were read already. */
export function liquidationPriceOf(account: AccountView, leg: Leg, market: MarketView): LiquidationPrice {
  const end = leg.size > 0n ? 1n : MAX_PRICE;
  const below = (share: bigint) => (mark: bigint) => {
    const { equity, maintenance } = marginAt(account, leg, market, mark);
    return equity * WHOLE < maintenance * share;
  };
  return {
    price: firstFailing(leg.mark, end, below(WHOLE)),
    immediate: firstFailing(leg.mark, end, below(GUARD)),
  };
}

/**
 * The mark of one leg at which the account is liquidatable, if no other mark, rate or depth moves: to the wei what the
 * ledger would decide.
 *
 * @example
 * const { price, immediate } = await getLiquidationPrice(client, { account, asset: 1 });
 */
export async function getLiquidationPrice(
  client: Client,
  { account, asset, ...at }: LegParameters,
): Promise<LiquidationPrice> {
  const [view, market] = await Promise.all([
    getAccount(client, { account, ...at }),
    getMarket(client, { asset, ...at }),
  ]);
  const leg = view.legs.find((each) => each.asset === asset);
  return leg === undefined ? { price: undefined, immediate: undefined } : liquidationPriceOf(view, leg, market);
}
