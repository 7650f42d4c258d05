// Plays a path: a block per tick, in time that runs faster than the clock.
import { parsePrice, parseSize, fillOrder, withdraw, type SignedOrder } from "@ballast/sdk";
import { WAD } from "@ballast/math";
import { readFileSync } from "node:fs";
import { numberToHex } from "viem";
import { parseOrders } from "../../packages/keeper/src/strategies/orderBook.js";
import { Random } from "../../packages/reference/src/random.js";
import { PERP } from "../../deploy/parameters/defaults.js";
import type { Actor } from "./actors.js";
import type { Observer, Frame } from "./observer.js";
import type { Population } from "./population.js";
import type { Fault, Scenario, Tick } from "./scenarios.js";
import { GAS, PERPS, UNIT, type World } from "./world.js";

/** Milliseconds of a block at speed 1. */
const BLOCK = 250;
/** Blocks between two checks of the laws, and between two comparisons with the chain. */
const CHECK = 5;
const COMPARE = 25;
/** After the path: until nobody fails (lots of those who do not are asleep), at most so many blocks of so many seconds. */
const QUIET_BLOCKS = 80;
const QUIET_SECONDS = 20;
/** Blocks between two trades of somebody with the maker, and the notional. */
const TRADE = 4;
const TRADED = 1_500;
/** Whole quote that somebody takes out while a deficit stands. */
const LEAVING = 1_000n;
/** What a feed says that lies, by the price. */
const LIE = 1.15;

export interface Stage {
  readonly world: World;
  readonly scenario: Scenario;
  readonly population: Population;
  readonly actors: readonly Actor[];
  readonly observer: Observer;
  readonly quotes: readonly string[];
  readonly seed: number;
  readonly speed: number;
  readonly signal: AbortSignal;
  readonly tell: (frame: Frame, done: number) => void;
}

/** Of people with whoever quotes: what the exchange took, and what it refused, by reason. */
export interface Trades {
  sent: number;
  refused: number;
  readonly why: Record<string, number>;
}

export class Play {
  private readonly random: Random;
  /** What liquidations have added to the path, by perp, as a factor. */
  private readonly pushed = new Map<string, number>();
  private time = 0;
  trades: Trades = { sent: 0, refused: 0, why: {} };

  constructor(private readonly stage: Stage) {
    this.random = new Random(4 * stage.seed + 2);
  }

  async run(path: readonly Tick[]): Promise<void> {
    const { chain, publicClient } = this.stage.world;
    await chain.ask("evm_setAutomine", false);
    this.time = Number((await publicClient.getBlock()).timestamp);
    for (const [i, tick] of path.entries()) {
      await this.tick(tick, i, i / (path.length + 20));
      if (this.stage.signal.aborted) return;
    }
    await this.calmDown(path.at(-1), path.length);
    await this.compare(true);
    this.stage.observer.check();
  }

  /** The last prices, as long as there is something to do. */
  private async calmDown(last: Tick | undefined, from: number): Promise<void> {
    if (last === undefined) return;
    const tick = { phase: "end", seconds: QUIET_SECONDS, prices: last.prices };
    for (let i = 0; i < QUIET_BLOCKS && !this.stage.signal.aborted; i++) {
      await this.tick(tick, from + i, 0.95);
      const { failing } = this.stage.observer.frames.at(-1) ?? { failing: 0 };
      if (i >= 5 && failing === 0) return;
    }
  }

  /** One more block of calm. */
  idle(): Promise<void> {
    const { observer } = this.stage;
    const prices = observer.frames.at(-1)?.prices ?? {};
    return this.tick({ phase: "running", seconds: 2, prices }, 1, 1, prices);
  }

  private async tick(tick: Tick, i: number, done: number, prices = this.pricesOf(tick)): Promise<void> {
    const { world, observer, actors, speed, tell } = this.stage;
    const started = performance.now();
    for (const actor of actors) actor.requireAlive();
    if (i % TRADE === 0) void this.trade();
    await world.feeds.push(prices, saysWith(tick.fault));
    this.time += tick.seconds;
    await world.chain.ask("evm_setNextBlockTimestamp", numberToHex(this.time));
    await world.chain.ask("evm_mine");
    await observer.follow();
    if (i % CHECK === 0) observer.check();
    if (i % COMPARE === 0) await this.compare();
    if (observer.ledger.reserves.deficit > 0n) void this.leave();
    tell(observer.look(tick.phase, prices), done);
    const left = BLOCK / speed - (performance.now() - started);
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }

  private async compare(all = false): Promise<void> {
    const [hedger] = this.stage.population.hedgers;
    if (hedger !== undefined) await this.stage.observer.compare(hedger.account, all);
  }

  /** Somebody runs while a deficit stands: he must not gain by it. */
  private async leave(): Promise<void> {
    const [hedger] = this.stage.population.hedgers;
    if (hedger === undefined) return;
    const { account, client } = hedger;
    await withdraw(client, { account, amount: LEAVING * UNIT, gas: GAS }).catch(() => undefined);
  }

  /** The path, and what liquidations have made of it. */
  private pricesOf({ prices }: Tick): Readonly<Record<string, number>> {
    const { scenario, observer } = this.stage;
    const pressure = observer.tally.takePressure();
    const depth = Number(PERP.depth / WAD);
    return Object.fromEntries(
      PERPS.map(({ name, asset }) => {
        const sold = Number((pressure.get(asset) ?? 0n) / WAD) / depth;
        const factor = (this.pushed.get(name) ?? 1) * Math.exp((sold * scenario.impact) / 100);
        this.pushed.set(name, factor);
        return [name, (prices[name] ?? 0) * factor] as const;
      }),
    );
  }

  /** Somebody takes a little of what is quoted. */
  private async trade(): Promise<void> {
    const offers = this.offers();
    const holder = this.random.pick(this.stage.population.holders);
    const kind = this.random.below(1_000);
    const own = offers.filter(({ order }) => order.asset === holder.plan.legs[0]?.asset);
    const maker = own[kind % Math.max(1, own.length)];
    if (maker === undefined) return;
    const price = Number(maker.order.limit / 10n ** 12n) / 1e6;
    const most = parseSize((TRADED / price).toFixed(9));
    await fillOrder(holder.client, { maker, taker: holder.account, most, least: most, gas: GAS }).then(
      () => this.trades.sent++,
      (error: Error) => this.refuse(error.name),
    );
  }

  private refuse(why: string): void {
    this.trades.refused++;
    this.trades.why[why] = (this.trades.why[why] ?? 0) + 1;
  }

  private offers(): SignedOrder[] {
    return this.stage.quotes.flatMap((file) => {
      try {
        return parseOrders(readFileSync(file, "utf8")).orders;
      } catch {
        return [];
      }
    });
  }
}

/** What feeds of ETH say while something is wrong with them. */
function saysWith(fault: Fault | undefined): (name: string, feed: number, price: number) => number | undefined {
  return (name, feed, price) => {
    if (name !== "ETH" || fault === undefined) return price;
    if (fault === "lie") return feed === 0 ? price * LIE : price;
    return feed < 2 ? undefined : price;
  };
}

export const priceOf = (whole: number): bigint => parsePrice(whole.toFixed(8));
