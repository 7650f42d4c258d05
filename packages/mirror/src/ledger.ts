// The whole ledger, rebuilt from logs. Blocks go in one after another; the last ones can be taken back.
import { FixedPoint } from "@ballast/math";
import { Cash } from "./cash.js";
import { Conservation } from "./conservation.js";
import { NotNextBlock, ReorgTooDeep, type BrokenLog } from "./errors.js";
import { Decoder, abis, type Emitter, type EventArgs, type EventName, type RawLog } from "./events.js";
import { Journal, type BlockId, type BlockRef, type Touched } from "./journal.js";
import { Lots } from "./lots.js";
import { AssetKind, Markets } from "./markets.js";
import { Positions, type PickedUp } from "./positions.js";
import { Prices } from "./prices.js";
import { Reserves } from "./reserves.js";
import { accountOf } from "./rows.js";
import { Sides } from "./sides.js";
import { Vaults } from "./vaults.js";

/** Which contracts speak, and since when. */
export interface Deployment {
  readonly chainId: number;
  readonly clearingHouse: string;
  readonly oracle: string;
  readonly liquidator: string;
  /** Pools, insurance and backstop, as far as they are of interest. */
  readonly vaults: readonly string[];
  /** Of quote's token, which no event tells. */
  readonly quoteDecimals: number;
  readonly fromBlock: number;
}

export interface Header extends BlockRef {
  readonly timestamp: bigint;
}

/** A block with the logs of the deployment, in their order. */
export interface Block {
  readonly header: Header;
  readonly logs: readonly RawLog[];
}

/** Where in the chain a log is. */
export interface At {
  readonly number: number;
  readonly timestamp: bigint;
  readonly emitter: string;
}

export type Handlers<E extends Emitter> = {
  readonly [N in EventName<E>]?: (args: EventArgs<E, N>, at: At) => unknown;
};
type Handler = (args: unknown, at: At) => unknown;

/** A leg as a touch would leave it, at a mark. */
export interface Leg extends PickedUp {
  readonly asset: number;
  readonly mark: bigint;
  readonly value: bigint;
}

export interface LedgerOptions {
  /** How many blocks can be undone. */
  readonly depth?: number;
  /** Hears of logs that contradict each other; without it they are an error, and their block is not applied. */
  readonly onBroken?: (error: BrokenLog) => void;
}

export class Ledger {
  readonly journal: Journal;
  readonly cash: Cash;
  readonly markets: Markets;
  readonly sides: Sides;
  readonly positions: Positions;
  readonly reserves: Reserves;
  readonly prices: Prices;
  readonly lots: Lots;
  readonly vaults: Vaults;
  private readonly conservation: Conservation;
  private readonly listeners = new Map<string, { decoder: Decoder; handlers: Map<string, Handler[]> }>();
  private last: BlockId | undefined;

  constructor(
    readonly deployment: Deployment,
    { depth = 256, onBroken }: LedgerOptions = {},
  ) {
    const unit = 10n ** BigInt(18 - deployment.quoteDecimals);
    this.journal = new Journal(depth);
    const isPerp = (asset: number) => this.markets.isPerp(asset);
    const openInterestOf = (asset: number) => this.markets.of(asset).openInterest;
    this.conservation = new Conservation(unit, isPerp, openInterestOf, onBroken);
    this.cash = new Cash(this.journal, this.conservation);
    this.prices = new Prices(this.journal, this.conservation);
    this.markets = new Markets(this.journal, this.cash, this.prices, this.conservation);
    this.sides = new Sides(this.journal, this.markets, this.conservation);
    this.positions = new Positions(this.markets, this.sides, this.cash, this.conservation);
    this.reserves = new Reserves(this.journal, unit);
    this.lots = new Lots(this.journal);
    this.vaults = new Vaults(this.journal);
    this.listen();
  }

  private listen(): void {
    const { conservation, markets, sides, cash, positions, reserves, prices, lots, vaults } = this;
    const house = [conservation, markets, sides, cash, positions, reserves].map(({ on }) => on);
    const { deployment } = this;
    this.listenTo([deployment.clearingHouse], new Decoder(abis.clearingHouse, true), house);
    this.listenTo([deployment.oracle], new Decoder(abis.oracle, false), [prices.on]);
    this.listenTo([deployment.liquidator], new Decoder(abis.liquidator, false), [lots.on]);
    this.listenTo(deployment.vaults, new Decoder(abis.vault, false), [vaults.on]);
  }

  private listenTo(addresses: readonly string[], decoder: Decoder, tables: readonly object[]): void {
    const handlers = new Map<string, Handler[]>();
    for (const table of tables)
      for (const [name, handler] of Object.entries(table) as [string, Handler][])
        handlers.set(name, [...(handlers.get(name) ?? []), handler]);
    for (const address of addresses) this.listeners.set(address.toLowerCase(), { decoder, handlers });
  }

  /** Whose logs the ledger reads. */
  get addresses(): string[] {
    return [...this.listeners.keys()];
  }

  /** The first topics it knows, for each address. */
  topicsOf(address: string): string[] {
    return this.listeners.get(address.toLowerCase())?.decoder.topics ?? [];
  }

  /** Assets as they stand in topics. */
  assetTopics(): string[] {
    return [...this.markets.assets()].map((asset) => `0x${asset.toString(16).padStart(64, "0")}`);
  }

  /** The block applied last. */
  get head(): BlockId | undefined {
    return this.last;
  }

  /**
   * Applies a block after the head; all of it or, when its logs contradict each other, nothing.
   * @returns what it changed
   */
  apply({ header, logs }: Block): Touched[] {
    const { number, hash, parentHash, timestamp } = header;
    const ref = { number, hash, parentHash };
    this.requireNext(header);
    try {
      this.conservation.begin(number);
      for (const log of logs) this.dispatch(log, number, timestamp);
      this.conservation.end();
    } catch (error) {
      this.journal.abandon();
      throw error;
    }
    this.last = { number, hash };
    return this.journal.commit(ref);
  }

  /** Takes back the head; the block before it in the journal is the head again. */
  undo(): BlockRef {
    const undone = this.journal.undo();
    if (undone === undefined) throw new ReorgTooDeep(this.last?.number ?? 0, this.last?.number ?? 0);
    const before = this.journal.head;
    this.last =
      before === undefined
        ? { number: undone.number - 1, hash: undone.parentHash }
        : { number: before.number, hash: before.hash };
    return undone;
  }

  /** Starts after this block, which nothing can take back: for loading. */
  startAfter(head: BlockId | undefined): void {
    this.last = head;
  }

  private requireNext({ number, parentHash }: Header): void {
    const head = this.last;
    if (head === undefined) return;
    const follows = number > head.number && (number > head.number + 1 || parentHash === head.hash);
    if (!follows) throw new NotNextBlock(head.number, number, parentHash);
  }

  private dispatch(log: RawLog, number: number, timestamp: bigint): void {
    const emitter = log.address.toLowerCase();
    const listener = this.listeners.get(emitter);
    const event = listener?.decoder.decode(log, number);
    if (listener === undefined || event === undefined) return;
    for (const handler of listener.handlers.get(event.name) ?? []) handler(event.args, { number, timestamp, emitter });
  }

  /** Every row that ever had cash or a position. */
  *accounts(): IterableIterator<bigint> {
    for (const [key] of this.cash.accounts.entries()) yield accountOf(key);
  }

  cashOf(account: bigint): bigint {
    return this.cash.of(account);
  }

  /** The cash of a row as a touch of all its legs would leave it, at the funding accrued last. */
  settledCashOf(account: bigint): bigint {
    const { cash, legs } = this.cash.account(account);
    return legs.reduce((sum, leg) => sum + this.positions.preview(leg).cash, cash);
  }

  /** The assets that an account holds, in the order of the ledger. */
  legsOf(account: bigint): number[] {
    return this.cash.account(account).legs.map(({ asset }) => asset);
  }

  /** The legs as a touch would leave them, at marks latched last or others. */
  legs(account: bigint, markOf: (asset: number) => bigint = (asset) => this.prices.markOf(asset)): Leg[] {
    return this.cash.account(account).legs.map((leg) => {
      const [pickedUp, mark] = [this.positions.preview(leg), markOf(leg.asset)];
      return { asset: leg.asset, mark, value: FixedPoint.mulFloor(pickedUp.size, mark), ...pickedUp };
    });
  }

  /** Cash and legs at mark, nothing taken off, interest until `time` paid. */
  equityOf(account: bigint, time?: bigint, markOf?: (asset: number) => bigint): bigint {
    const interest = time === undefined ? 0n : this.reserves.interest(account, time);
    return this.legs(account, markOf).reduce((sum, leg) => sum + leg.cash + leg.value, this.cashOf(account) - interest);
  }

  /** All sums of the ledger, for the laws of conservation; every account is looked at. */
  totals(): { cash: bigint; unsettled: bigint; held: bigint; sizes: Map<number, { long: bigint; short: bigint }> } {
    const sizes = new Map<number, { long: bigint; short: bigint }>();
    let [cash, unsettled] = [0n, 0n];
    for (const [, account] of this.cash.accounts.entries()) {
      cash += account.cash;
      for (const leg of account.legs) {
        const { size, cash: due } = this.positions.preview(leg);
        const sum = sizes.get(leg.asset) ?? { long: 0n, short: 0n };
        unsettled += due;
        sizes.set(leg.asset, size > 0n ? { ...sum, long: sum.long + size } : { ...sum, short: sum.short - size });
      }
    }
    return { cash, unsettled, held: this.reserves.of(0).held, sizes };
  }

  /** Perps that are listed. */
  get perps(): number[] {
    return this.markets.listed(AssetKind.Perp);
  }

  get spots(): number[] {
    return this.markets.listed(AssetKind.Spot);
  }
}
