// Which strategies a keeper has, as its settings say.
import { assetOf, type Deployment, type SignedOrder } from "@ballast/sdk";
import { isAddress, isHex, type LocalAccount } from "viem";
import { SettingsInvalid } from "../config/errors.js";
import { variableOf } from "../config/read.js";
import type { Settings } from "../config/schema.js";
import type { Alert } from "../run/webhook.js";
import { MarginCall } from "./alert.js";
import { Bid } from "./bid.js";
import { Crank } from "./crank.js";
import { Deleverage } from "./deleverage.js";
import { Accrual } from "./funding.js";
import { Liquidate } from "./liquidate.js";
import { OrderBook } from "./orderBook.js";
import { Poke, type PullSource } from "./poke.js";
import { Quote } from "./quote.js";
import { Settle } from "./settle.js";
import { Spot } from "./spot.js";
import type { Strategy } from "./strategy.js";
import { Triggers } from "./triggers.js";

export interface Surroundings {
  readonly deployment: Deployment;
  /** Nobody in a dry run: then nothing is quoted and no spot is bought. */
  readonly wallet: LocalAccount | undefined;
  readonly tell: (alert: Alert) => void;
  readonly publish: (orders: readonly SignedOrder[]) => Promise<void>;
}

/** Those that are enabled. */
export function strategiesOf({ strategies: all }: Settings, surroundings: Surroundings): Strategy[] {
  const { deployment, tell, wallet } = surroundings;
  const { liquidate, bid, crank, deleverage, settle, spot, triggers, poke, funding, alert } = all;
  const made = [
    liquidate.enabled ? new Liquidate(liquidate) : undefined,
    bid.enabled
      ? new Bid(
          bid,
          bid.markets.map((name) => assetOf(deployment, name)),
        )
      : undefined,
    crank.enabled ? new Crank(crank) : undefined,
    deleverage.enabled ? new Deleverage(deleverage) : undefined,
    settle.enabled ? new Settle(settle) : undefined,
    spot.enabled && wallet !== undefined ? new Spot(spot, wallet.address) : undefined,
    triggers.enabled ? triggersOf(triggers) : undefined,
    poke.enabled
      ? new Poke(
          poke,
          poke.sources.map((text) => sourceOf(text, deployment)),
        )
      : undefined,
    funding.enabled ? new Accrual(funding) : undefined,
    quoteOf(all.quote, surroundings),
    alert.enabled ? new MarginCall(alert, tell) : undefined,
  ];
  return made.filter((each) => each !== undefined);
}

function triggersOf(settings: Settings["strategies"]["triggers"]): Strategy {
  if (settings.orders === undefined)
    throw missing(["strategies", "triggers", "orders"], "is needed: a file or an address with signed orders");
  return new Triggers(settings, new OrderBook(settings.orders, settings.reload));
}

function quoteOf(
  settings: Settings["strategies"]["quote"],
  { deployment, wallet, publish }: Surroundings,
): Strategy | undefined {
  if (!settings.enabled || wallet === undefined) return undefined;
  const { account, markets } = settings;
  if (account === undefined) throw missing(["strategies", "quote", "account"], "is needed: whose orders are signed");
  if (markets.length === 0) throw missing(["strategies", "quote", "markets"], "is needed: which perps are quoted");
  const assets = markets.map((name) => assetOf(deployment, name));
  return new Quote({ ...settings, account }, assets, wallet, publish);
}

function sourceOf(text: string, deployment: Deployment): PullSource {
  const [market = "", address = "", feed = ""] = text.split("=");
  if (isAddress(address, { strict: false }) && isHex(feed) && feed.length === 66)
    return { asset: assetOf(deployment, market), address, feed };
  const path = ["strategies", "poke", "sources"];
  throw new SettingsInvalid([
    { key: path.join("."), variable: variableOf(path), value: text, bound: "is not market=address=feed" },
  ]);
}

/** A setting that another one asks for. */
export function missing(path: readonly string[], bound: string): SettingsInvalid {
  return new SettingsInvalid([{ key: path.join("."), variable: variableOf(path), value: "nothing", bound }]);
}
