// Makes a market: signs a bid and an offer around the mark, leans against its inventory, takes quotes back that the price
// has left behind, and trades with the pool what it has too much of.
import { FixedPoint, PriceStatus, WAD, type Price } from "@ballast/math";
import {
  DEADLINE,
  GAS_PER_ORDER,
  ORDER_TYPES,
  createOrder,
  encodeOrder,
  exchangeAbi,
  getQuote,
  NothingQuoted,
  type Order,
  type SignedOrder,
} from "@ballast/sdk";
import { encodeFunctionData, type LocalAccount } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const POINT = WAD / 10_000n;
const CANCEL_GAS = 80_000n;
/** Seconds before its end that a quote is replaced. */
const MARGIN = 2n;
/** Quotes smaller than this part of the full size are left out. */
const LEAST_PART = 20n;

export interface QuoteSettings extends StrategySettings<"quote"> {
  readonly account: bigint;
}

/** What stands for one market. */
interface Standing {
  readonly mark: bigint;
  readonly inventory: bigint;
  readonly expiry: bigint;
  readonly orders: readonly SignedOrder[];
}

export class Quote implements Strategy {
  readonly name = "quote";
  readonly asks = true;
  private readonly standing = new Map<number, Standing>();
  private nonce = 0n;

  constructor(
    private readonly settings: QuoteSettings,
    private readonly assets: readonly number[],
    private readonly signer: LocalAccount,
    /** Hands what stands to whoever takes it. */
    private readonly publish: (orders: readonly SignedOrder[]) => Promise<void>,
  ) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const left = await this.renew(snapshot);
    const hedges = this.settings.hedge
      ? await Promise.all(this.assets.map((asset) => this.hedge(snapshot, asset)))
      : [];
    return planOf([...(left ? this.cancel(snapshot) : []), ...hedges.flat()]);
  }

  /** @returns whether quotes that are alive were left behind by the price */
  private async renew(snapshot: Snapshot): Promise<boolean> {
    let [changed, left] = [false, false];
    for (const asset of this.assets) {
      const before = this.standing.get(asset);
      const price = snapshot.prices.get(asset);
      const inventory = this.inventoryOf(snapshot, asset);
      const alive = before !== undefined && before.expiry > snapshot.head.timestamp;
      if (alive && this.holds(before, price, inventory, snapshot)) continue;
      left ||= alive && price !== undefined && this.hasMoved(before.mark, price.mark);
      const next = await this.sign(snapshot, asset, price, inventory);
      changed ||= next !== undefined || before !== undefined;
      if (next === undefined) this.standing.delete(asset);
      else this.standing.set(asset, next);
    }
    if (changed) await this.publish([...this.standing.values()].flatMap(({ orders }) => orders));
    return left;
  }

  private holds(before: Standing, price: Price | undefined, inventory: bigint, { head }: Snapshot): boolean {
    if (price === undefined || price.status !== PriceStatus.Fresh) return false;
    if (before.expiry - MARGIN <= head.timestamp || before.inventory !== inventory) return false;
    return !this.hasMoved(before.mark, price.mark);
  }

  private hasMoved(before: bigint, now: bigint): boolean {
    return FixedPoint.abs(now - before) * WAD > before * BigInt(this.settings.move) * POINT;
  }

  private inventoryOf({ ledger }: Snapshot, asset: number): bigint {
    return ledger.positions.preview(ledger.positions.of(this.settings.account, asset)).size;
  }

  /** Nothing at a price that is not fresh. */
  private async sign(
    { head, deployment }: Snapshot,
    asset: number,
    price: Price | undefined,
    inventory: bigint,
  ): Promise<Standing | undefined> {
    if (price === undefined || price.status !== PriceStatus.Fresh || price.mark === 0n) return undefined;
    const expiry = head.timestamp + BigInt(this.settings.life);
    const terms = quotesAround(price.mark, inventory, this.settings);
    const orders: SignedOrder[] = [];
    for (const { size, limit } of terms) {
      const nonce = this.nextNonce(head.timestamp);
      const order = createOrder({ account: this.settings.account, asset, size, limit, nonce, expiry });
      orders.push(await this.signOne(order, deployment));
    }
    return { mark: price.mark, inventory, expiry, orders };
  }

  private async signOne(order: Order, { chainId, addresses }: Snapshot["deployment"]): Promise<SignedOrder> {
    const domain = { name: "Ballast Exchange", version: "1", chainId, verifyingContract: addresses.exchange };
    const message = encodeOrder(order);
    const signature = await this.signer.signTypedData({ domain, types: ORDER_TYPES, primaryType: "Order", message });
    return { order, signer: this.signer.address, signature };
  }

  /** Higher than any before it, of this run or of an earlier one: then all below can be taken back at once. */
  private nextNonce(time: bigint): bigint {
    const first = time << 16n;
    this.nonce = this.nonce >= first ? this.nonce + 1n : first;
    return this.nonce;
  }

  /** Takes back everything signed before what stands now, when that could lose more than it costs. */
  private cancel(snapshot: Snapshot): Intent[] {
    const nonces = [...this.standing.values()].flatMap(({ orders }) => orders.map(({ order }) => order.nonce));
    const floor = nonces.length === 0 ? this.nonce + 1n : nonces.reduce((least, each) => (each < least ? each : least));
    const args = [this.settings.account, floor] as const;
    const data = encodeFunctionData({ abi: exchangeAbi, functionName: "cancelBelow", args });
    const most = FixedPoint.mulDown(this.settings.size, BigInt(this.settings.move) * POINT);
    const call = { to: snapshot.deployment.addresses.exchange, data, gas: CANCEL_GAS, urgency: Urgency.cancel };
    return dutyOf(snapshot, { key: `cancel:${this.settings.account}`, strategy: this.name, ...call }, most);
  }

  /** Inventory above its share goes to the pool, if the pool takes it at a price that may be paid. */
  private async hedge(snapshot: Snapshot, asset: number): Promise<Intent[]> {
    const { account, inventory: bound, hedgeAbove, hedgeCost } = this.settings;
    const [mark, held] = [snapshot.prices.get(asset)?.mark ?? 0n, this.inventoryOf(snapshot, asset)];
    const kept = FixedPoint.mulDown(bound, BigInt(hedgeAbove) * POINT);
    const excess = FixedPoint.mulDown(FixedPoint.abs(held), mark) - kept;
    if (mark === 0n || excess <= 0n) return [];
    const size = FixedPoint.mulDivDown(excess, WAD, mark) * (held > 0n ? -1n : 1n);
    const quote = await quoteOf(snapshot, asset, size);
    if (quote === undefined) return [];
    const limit =
      size > 0n
        ? FixedPoint.mulUp(mark, WAD + BigInt(hedgeCost) * POINT)
        : FixedPoint.mulDown(mark, WAD - BigInt(hedgeCost) * POINT);
    if (size > 0n ? quote > limit : quote < limit) return [];
    const deadline = snapshot.head.timestamp + DEADLINE;
    const args = [{ account, asset, size, limit, reduceOnly: true, deadline }] as const;
    const data = encodeFunctionData({ abi: exchangeAbi, functionName: "trade", args });
    const call = {
      to: snapshot.deployment.addresses.exchange,
      data,
      gas: GAS_PER_ORDER,
      urgency: Urgency.hedge,
      asset,
      deadline,
    };
    return dutyOf(snapshot, { key: `hedge:${account}:${asset}`, strategy: this.name, ...call }, excess);
  }
}

/** Nothing when the pool takes nothing. */
async function quoteOf({ client }: Snapshot, asset: number, size: bigint): Promise<bigint | undefined> {
  try {
    return (await getQuote(client, { asset, size })).price;
  } catch (error) {
    if (error instanceof NothingQuoted) return undefined;
    throw error;
  }
}

export type QuoteTerms = Pick<QuoteSettings, "spread" | "skew" | "size" | "inventory">;

/** A bid and an offer; the one that would leave the inventory's bounds shrinks, and goes when little is left of it. */
export function quotesAround(mark: bigint, held: bigint, terms: QuoteTerms): { size: bigint; limit: bigint }[] {
  const [full, bound] = [terms.size, terms.inventory].map((notional) => FixedPoint.mulDivDown(notional, WAD, mark)) as [
    bigint,
    bigint,
  ];
  if (full === 0n || bound === 0n) return [];
  const lean = (BigInt(terms.skew) * POINT * held) / bound;
  const middle = mark - (mark * lean) / WAD;
  const half = BigInt(terms.spread) * POINT;
  const least = full / LEAST_PART;
  const bid = { size: FixedPoint.min(full, bound - held), limit: FixedPoint.mulDown(middle, WAD - half) };
  const offer = { size: FixedPoint.min(full, bound + held), limit: FixedPoint.mulUp(middle, WAD + half) };
  return [
    ...(bid.size > least && bid.limit > 0n ? [bid] : []),
    ...(offer.size > least ? [{ size: -offer.size, limit: offer.limit }] : []),
  ];
}
