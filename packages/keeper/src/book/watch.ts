// Everybody who can be liquidated, at any moment, from the mirror alone. One price is one pass over columns of numbers
// that finds who may fail, and the ledger's own arithmetic on those few.
import { Account } from "@ballast/math";
import { accountOf, type Change, type Ledger, type Touched } from "@ballast/mirror";
import * as Exact from "./exact.js";
import type { Candidate } from "./exact.js";
import { marketAt, type MarketAt, type Moment } from "./markets.js";
import { Rows } from "./rows.js";

export interface WatchOptions {
  /** The time of the ledger's head, as far as it is known; else that of its last price. */
  readonly time?: bigint;
}

export class Watch {
  private rows: Rows;
  private now: bigint;
  private debtRate: bigint;
  /** What blocks touched that can still be taken back. */
  private readonly recent = new Map<number, readonly Touched[]>();
  private epochs = new Map<number, number>();

  constructor(
    readonly ledger: Ledger,
    { time }: WatchOptions = {},
  ) {
    this.rows = new Rows(ledger);
    this.debtRate = ledger.reserves.terms.debtRate;
    this.now = time ?? latest(ledger);
    this.read();
  }

  /** The time of the block applied last. */
  get time(): bigint {
    return this.now;
  }

  /** Accounts that are watched: those with a leg. */
  get size(): number {
    return this.rows.size;
  }

  /** Accounts with a leg of an asset. */
  holders(asset: number): bigint[] {
    return this.rows.keysIn((place) => place.asset === asset).map(accountOf);
  }

  /** What a block did to the ledger, after it has done so. */
  apply(change: Change): void {
    if (change.kind === "undone") return this.undo(change.block.number);
    const { header, touched } = change;
    this.now = header.timestamp;
    this.recent.set(header.number, touched);
    for (const number of this.recent.keys())
      if (number <= header.number - this.ledger.journal.depth) this.recent.delete(number);
      else break;
    this.rewrite(touched);
  }

  /** A block that was applied before this began has touched nobody knows what. */
  private undo(number: number): void {
    const touched = this.recent.get(number);
    this.recent.delete(number);
    if (touched === undefined) this.read();
    else this.rewrite(touched);
  }

  /** Everything anew. */
  private read(): void {
    this.rows = new Rows(this.ledger);
    this.epochs = new Map();
    for (const [key] of this.ledger.cash.accounts.entries()) this.rows.write(key);
  }

  private rewrite(touched: readonly Touched[]): void {
    const { rows } = this;
    const accounts = new Set<string>();
    for (const { table, key } of new Map(touched.map((one) => [`${one.table} ${one.key}`, one])).values()) {
      if (table === "accounts" || table === "debts") accounts.add(String(key));
      else if (table === "ticks") rows.places.refreshTick(Number(key));
      else if (table === "sides") for (const held of this.refreshSide(Number(key))) accounts.add(held);
    }
    const { debtRate } = this.ledger.reserves.terms;
    if (debtRate !== this.debtRate) for (const key of rows.indebted()) accounts.add(key);
    this.debtRate = debtRate;
    for (const key of accounts) rows.write(key);
  }

  /** Members of a side pick up an offset by themselves, but not the end of an epoch. */
  private refreshSide(key: number): string[] {
    const [asset, long] = [key >> 1, (key & 1) === 1];
    const { epoch } = this.ledger.sides.of(asset, long);
    const ended = epoch !== (this.epochs.get(key) ?? 0);
    this.epochs.set(key, epoch);
    this.rows.places.refreshSide(asset, long);
    return ended ? this.rows.keysIn((place) => place.asset === asset && place.long === long) : [];
  }

  /** Everybody who may be liquidated at these marks; what is not in them is as it was latched last. */
  liquidatable(marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Candidate[] {
    const at = this.moment(marks, time);
    const markets = this.markets(at);
    const found: Candidate[] = [];
    for (const row of this.rows.near(markets, at.time)) {
      const candidate = Exact.liquidatable(this.ledger, this.rows.stored(row, at.time), markets);
      if (candidate !== undefined) found.push(candidate);
    }
    return found;
  }

  /** Accounts above maintenance whose spot may be sold, because too much quote is owed against it. */
  overborrowed(marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Candidate[] {
    const at = this.moment(marks, time);
    const markets = this.markets(at);
    const cap = Number(this.ledger.reserves.terms.debtCap) / 1e4;
    return this.rows.owing(markets, at.time, cap).flatMap((row) => {
      const candidate = Exact.standingOf(this.ledger, this.rows.ids[row] as bigint, markets, at.time);
      return candidate?.verdict === Account.Verdict.Overborrowed ? [candidate] : [];
    });
  }

  /** The n accounts that are nearest to maintenance, the least healthy first. */
  nearest(n: number, marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Candidate[] {
    const at = this.moment(marks, time);
    const markets = this.markets(at);
    const healths = this.rows.healths(markets, at.time);
    const most = healths.toSorted()[n - 1] ?? Infinity;
    const rows = Array.from(healths.keys()).filter((row) => (healths[row] as number) <= most);
    return rows
      .sort((a, b) => (healths[a] as number) - (healths[b] as number))
      .slice(0, n)
      .flatMap((row) => this.standing(this.rows.ids[row] as bigint, markets, at.time));
  }

  /** One account, whatever its verdict; none without a leg. */
  standingOf(account: bigint, marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Candidate | undefined {
    const at = this.moment(marks, time);
    return Exact.standingOf(this.ledger, account, this.markets(at), at.time);
  }

  /** As `standingOf`, at markets that are known. */
  standingIn(account: bigint, markets: ReadonlyMap<number, MarketAt>, time: bigint): Candidate | undefined {
    return Exact.standingOf(this.ledger, account, markets, time);
  }

  /** One account with all its legs, for the views of `@ballast/math` and `@ballast/risk`. */
  snapshotOf(account: bigint, marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Account.Snapshot {
    const at = this.moment(marks, time);
    return Exact.snapshotOf(this.ledger, account, this.markets(at), at.time);
  }

  /** Lets everybody fail once on either side, so that the first crash finds the code warm. */
  rehearse(): void {
    const marks = this.ledger.perps.map((asset) => [BigInt(asset), this.ledger.prices.markOf(asset)] as const);
    this.liquidatable(new Map(marks.map(([asset, mark]) => [asset, mark / 2n])));
    this.liquidatable(new Map(marks.map(([asset, mark]) => [asset, mark * 2n])));
  }

  /** A moment that is not before the ledger's. */
  moment(marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Moment {
    const later = time !== undefined && time > this.now ? time : this.now;
    return marks === undefined ? { time: later } : { time: later, marks };
  }

  /** Every market at a moment. */
  markets(moment: Moment): ReadonlyMap<number, MarketAt> {
    const { ledger } = this;
    return new Map([...ledger.perps, ...ledger.spots].map((asset) => [asset, marketAt(ledger, asset, moment)]));
  }

  private standing(account: bigint, markets: ReadonlyMap<number, MarketAt>, time: bigint): Candidate[] {
    const found = Exact.standingOf(this.ledger, account, markets, time);
    return found === undefined ? [] : [found];
  }
}

function latest({ prices, markets }: Ledger): bigint {
  return [...markets.assets()].reduce((last, asset) => {
    const times = [last, prices.of(asset).time, markets.of(asset).accruedAt];
    return times.reduce((a, b) => (a > b ? a : b));
  }, 0n);
}
