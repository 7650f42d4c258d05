// What everything is listed with: as the chain has it, as it should be, and where the two differ.
import {
  BallastError,
  chainlinkSourceAbi,
  clearingHouseAbi,
  exchangeAbi,
  formatAccount,
  getMarket,
  getReserve,
  liquidatorAbi,
  oracleRouterAbi,
  type AssetId,
} from "@ballast/sdk";
import { readFile } from "node:fs/promises";
import { zeroAddress, type Address } from "viem";
import type { Context } from "./context.js";
import { toJson } from "./report.js";

/** As JSON has it: whole numbers that do not fit are decimal strings. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The file of what should be is missing or is no JSON. */
export class TermsInvalid extends BallastError {
  override readonly name = "TermsInvalid";
  override readonly retryable = false;
  override readonly args: { file: string };

  constructor(file: string) {
    super(`what markets should be listed with, ${file}, cannot be read`);
    this.args = { file };
  }
}

/** Something is listed with other terms than it should be. */
export class TermsDiffer extends BallastError {
  override readonly name = "TermsDiffer";
  override readonly retryable = false;
  override readonly args: { faults: readonly string[] };

  constructor(faults: readonly string[]) {
    super(`terms are not as they should be:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.args = { faults };
  }
}

export const asJson = (value: unknown): Json => JSON.parse(toJson(value)) as Json;

const without = <T extends object, Key extends keyof T>(value: T, ...keys: Key[]): Omit<T, Key> =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key as Key))) as Omit<T, Key>;

async function sourceOf({ client, at }: Context, source: Address, maxAge: number) {
  const ask = { abi: chainlinkSourceAbi, address: source, ...at } as const;
  const { publicClient } = client;
  const other = { source, maxAge };
  return Promise.all([
    publicClient.readContract({ ...ask, functionName: "feed" }),
    publicClient.readContract({ ...ask, functionName: "heartbeat" }),
    publicClient.readContract({ ...ask, functionName: "sequencerUptimeFeed" }),
    publicClient.readContract({ ...ask, functionName: "gracePeriod" }),
  ]).then(
    ([feed, heartbeat, sequencer, gracePeriod]) => ({ source, feed, heartbeat, sequencer, gracePeriod, maxAge }),
    // A source of another kind is known by its address.
    () => other,
  );
}

async function pricesOf(context: Context, asset: AssetId) {
  const { client, at } = context;
  const ask = { abi: oracleRouterAbi, address: client.addresses.oracleRouter, args: [asset], ...at } as const;
  const [sources, [quorum, maxDivergence]] = await Promise.all([
    client.publicClient.readContract({ ...ask, functionName: "sources" }),
    client.publicClient.readContract({ ...ask, functionName: "rulesOf" }),
  ]);
  const described = sources.map(({ source, maxAge }) => sourceOf(context, source, Number(maxAge)));
  return { sources: await Promise.all(described), quorum, maxDivergence };
}

async function marketOf(context: Context, asset: AssetId) {
  const { client, at } = context;
  const call = { abi: liquidatorAbi, address: client.addresses.liquidator, functionName: "termsOf" } as const;
  const [market, { token }, stages, prices] = await Promise.all([
    getMarket(client, { asset, ...at }),
    getReserve(client, { asset, ...at }).catch(() => ({ token: zeroAddress })),
    client.publicClient.readContract({ ...call, args: [asset], ...at }),
    pricesOf(context, asset),
  ]);
  const { kind, config, limits, pool } = market;
  return { asset, kind, config, limits, ...(kind === "Perp" ? { pool } : { token }), stages, ...prices };
}

/** What the chain has: of the house, of trades, of quote's price, and of every market. */
export async function termsOf(context: Context): Promise<Json> {
  const { client, deployment, at } = context;
  const { clearingHouse, exchange, liquidator } = deployment.addresses;
  const stages = { abi: liquidatorAbi, address: liquidator, ...at } as const;
  const [house, fees, backstop, quote, ...markets] = await Promise.all([
    client.publicClient.readContract({
      abi: clearingHouseAbi,
      address: clearingHouse,
      functionName: "houseTerms",
      ...at,
    }),
    client.publicClient.readContract({ abi: exchangeAbi, address: exchange, functionName: "fees", ...at }),
    client.publicClient.readContract({ ...stages, functionName: "backstop" }),
    pricesOf(context, 0),
    ...Object.values(deployment.markets).map((asset) => marketOf(context, asset)),
  ]);
  const named = Object.keys(deployment.markets).map((name, i) => [name, markets[i]] as const);
  return asJson({
    house: without(house, "listed"),
    fees,
    backstop: formatAccount(backstop),
    quote,
    markets: Object.fromEntries(named),
  });
}

const isBranch = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === "object" && value !== null;

/** Every leaf that differs, by its path. */
export function differences(expected: Json | undefined, found: Json | undefined, path = ""): string[] {
  if (isBranch(expected) && isBranch(found)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return keys.flatMap((key) => differences(expected[key], found[key], path === "" ? key : `${path}.${key}`));
  }
  // Numbers that fit into JSON's may be written as text all the same.
  const show = (value: Json | undefined): string => (value === undefined ? "nothing" : JSON.stringify(value));
  const text = (value: Json | undefined): string => show(value).replace(/^"(.*)"$/, "$1");
  return text(expected) === text(found) ? [] : [`${path} is ${show(found)}, it should be ${show(expected)}`];
}

export async function readTerms(file: string): Promise<Json> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Json;
  } catch {
    throw new TermsInvalid(file);
  }
}
