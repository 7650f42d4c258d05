// Latches prices that have moved, so that averages, rates and conditions follow, and brings updates to sources that wait
// for them.
import { FixedPoint } from "@ballast/math";
import { oracleRouterAbi, pythSourceAbi } from "@ballast/sdk";
import { encodeFunctionData, isHex, type Address, type Hex } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { UpdatesUnreadable } from "./errors.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const LATCH_GAS = 100_000n;
/** Five sources at their most. */
const LATCH_GAS_PER_ASSET = 700_000n;
const UPDATE_GAS = 500_000n;
const POINTS = 10_000n;
/** Assets in one call. */
const BATCH = 10;
/** Milliseconds for an answer. */
const TIMEOUT = 3_000;

/** A source that takes updates, of which feed. */
export interface PullSource {
  readonly asset: number;
  readonly address: Address;
  readonly feed: Hex;
}

export class Poke implements Strategy {
  readonly name = "poke";
  readonly asks = true;

  constructor(
    private readonly settings: StrategySettings<"poke">,
    private readonly sources: readonly PullSource[],
  ) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    return planOf([...(await this.update(snapshot)), ...this.latch(snapshot)]);
  }

  /** Assets whose next latch would say something else, or that were not latched for long. */
  private latch(snapshot: Snapshot): Intent[] {
    const { ledger, prices, head } = snapshot;
    const due = [...ledger.perps, ...ledger.spots].filter((asset) => {
      const latched = ledger.prices.of(asset);
      if (latched.fixed || latched.time === 0n) return false;
      const price = prices.get(asset);
      if (price !== undefined && this.hasMoved(latched.mark, price.mark)) return true;
      if (price !== undefined && Number(price.status) !== latched.status) return true;
      return this.settings.age > 0 && head.timestamp - latched.time >= BigInt(this.settings.age);
    });
    if (due.length === 0) return [];
    const assets = due.slice(0, BATCH);
    const data = encodeFunctionData({ abi: oracleRouterAbi, functionName: "latch", args: [assets] });
    const gas = LATCH_GAS + LATCH_GAS_PER_ASSET * BigInt(assets.length);
    const call = { to: snapshot.deployment.addresses.oracleRouter, data, gas, urgency: Urgency.latch };
    return dutyOf(snapshot, { key: `latch:${assets.join("+")}`, strategy: this.name, ...call }, this.settings.cost);
  }

  private hasMoved(before: bigint, now: bigint): boolean {
    return FixedPoint.abs(now - before) * POINTS >= BigInt(this.settings.move) * before && now !== before;
  }

  private async update(snapshot: Snapshot): Promise<Intent[]> {
    const { updates: service } = this.settings;
    if (service === undefined || this.sources.length === 0) return [];
    const found = await Promise.all(this.sources.map((source) => this.updateOf(service, source, snapshot)));
    return found.flat();
  }

  private async updateOf(service: string, { asset, address, feed }: PullSource, snapshot: Snapshot): Promise<Intent[]> {
    const key = `update:${asset}:${address.toLowerCase()}`;
    if (snapshot.isKeyBusy(key)) return [];
    const { price, update } = await fetchUpdate(service, feed);
    if (!this.hasMoved(snapshot.ledger.prices.markOf(asset), price)) return [];
    const data = encodeFunctionData({ abi: pythSourceAbi, functionName: "update", args: [[update]] });
    const call = { to: address, data, value: this.settings.fee, gas: UPDATE_GAS, urgency: Urgency.update, asset };
    return dutyOf(snapshot, { key, strategy: this.name, ...call }, this.settings.cost);
  }
}

interface Answer {
  readonly binary?: { readonly data?: readonly unknown[] };
  readonly parsed?: readonly { readonly price?: { readonly price?: unknown; readonly expo?: unknown } }[];
}

/** The latest update of a feed, and the price in it in 1e18. */
export async function fetchUpdate(service: string, feed: Hex): Promise<{ price: bigint; update: Hex }> {
  const url = new URL(`${service.replace(/\/$/, "")}/v2/updates/price/latest`);
  url.searchParams.append("ids[]", feed);
  const fail = (reason: string, cause?: unknown) => new UpdatesUnreadable(url.host, reason, cause);
  let answer: Answer;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw fail(`HTTP ${response.status}`);
    answer = (await response.json()) as Answer;
  } catch (error) {
    throw error instanceof UpdatesUnreadable ? error : fail("no answer", error);
  }
  const { price, expo } = answer.parsed?.[0]?.price ?? {};
  const [data] = answer.binary?.data ?? [];
  const update = `0x${typeof data === "string" ? data.replace(/^0x/, "") : ""}`;
  if (typeof price !== "string" || !/^\d+$/.test(price) || typeof expo !== "number" || !Number.isInteger(expo))
    throw fail("no price in it");
  if (!isHex(update) || update.length < 4) throw fail("no update in it");
  return { price: scaled(BigInt(price), expo + 18), update };
}

const scaled = (value: bigint, exponent: number): bigint =>
  exponent >= 0 ? value * 10n ** BigInt(exponent) : value / 10n ** BigInt(-exponent);
