// Accounts with legs in columns of numbers, written in place. What the columns say is right but for rounding, and how wrong
// it can be is known: an account is passed over only when that much cannot make it fail.
import type { Account, Ledger } from "@ballast/mirror";
import { FixedPoint, type Positions } from "@ballast/math";
import type { Stored } from "./exact.js";
import { Places, STRIDE, numberOf, type Place } from "./places.js";
import type { MarketAt } from "./markets.js";

/** A thousand times what eight legs of rounded numbers can be wrong by, per value; and a thousand wei. */
const TOLERANCE = 1e-12;
const LEAST = 1e-15;
const MOST_LEGS = 8;
/** The wick guard does not protect below this share of maintenance. */
const GUARD = 0.8;
const YEAR = 31_536_000;
const RESERVED = 96n;

export class Rows {
  readonly places: Places;
  /** Accounts by row, and rows by the key that the mirror has for an account. */
  readonly ids: bigint[] = [];
  private readonly keys: string[] = [];
  private readonly rowOf = new Map<string, number>();
  private capacity = 0;
  /** Cash with what pick-ups pay, as of the moment the row was written. */
  private cash = new Float64Array(0);
  private slack = new Float64Array(0);
  /** Interest per second, and since when. */
  private interest = new Float64Array(0);
  private since = new Float64Array(0);
  private count = new Uint8Array(0);
  /** By leg: the first legs of all accounts, then their second ones. */
  private units: Float64Array[] = columns(() => new Float64Array(0));
  private place: Uint32Array[] = columns(() => new Uint32Array(0));

  constructor(private readonly ledger: Ledger) {
    this.places = new Places(ledger);
  }

  get size(): number {
    return this.ids.length;
  }

  /** What the ledger has stored of a row's account, and the interest it owes by then. */
  stored(row: number, time: bigint): Stored {
    const id = this.ids[row] as bigint;
    const account = this.ledger.cash.accounts.get(this.keys[row] as string) as Account;
    return { id, account, interest: this.interest[row] === 0 ? 0n : this.ledger.reserves.interest(id, time) };
  }

  /** Accounts with a leg in a place like this. */
  keysIn(like: (place: Place) => boolean): string[] {
    const flags = Uint8Array.from(this.places.all, (place) => (like(place) ? 1 : 0));
    return this.keys.filter((_, row) => this.holds(row, flags));
  }

  indebted(): string[] {
    return this.keys.filter((_, i) => this.interest[i] !== 0);
  }

  /** As the ledger has it now; an account without legs, and what belongs to the house, has no row. */
  write(key: string): void {
    const stored = this.ledger.cash.accounts.get(key);
    const row = this.rowOf.get(key);
    const id = BigInt(`0x${key}`);
    if (stored === undefined || stored.legs.length === 0 || id >> RESERVED === 0n) {
      if (row !== undefined) this.remove(row);
      return;
    }
    this.fill(row ?? this.add(key, id), id);
  }

  private fill(row: number, id: bigint): void {
    const { ledger } = this;
    const { cash, legs } = ledger.cash.account(id);
    let [whole, base, scale] = [cash, 0, 0];
    legs.forEach((leg, k) => {
      const pickedUp = ledger.positions.preview(leg);
      const place = this.places.of(leg.asset, leg.size > 0n, leg.basis);
      const paid = this.file(row, k, place, pickedUp);
      whole += pickedUp.cash;
      base += paid.base;
      scale += paid.scale;
    });
    this.count[row] = legs.length;
    this.cash[row] = numberOf(whole) + base;
    const { amount, since } = ledger.reserves.debtOf(id);
    const perSecond = numberOf(FixedPoint.mulDown(amount, ledger.reserves.terms.debtRate)) / YEAR;
    this.interest[row] = perSecond;
    this.since[row] = Number(since);
    const wrong = numberOf(FixedPoint.abs(cash)) + numberOf(FixedPoint.abs(whole)) + scale + perSecond * Number(since);
    this.slack[row] = wrong * TOLERANCE + LEAST;
  }

  /** Files a leg as if it were picked up now; what has to be taken off what its place pays from then on. */
  private file(row: number, k: number, place: Place, { size }: Positions.PickedUp): { base: number; scale: number } {
    const number = numberOf(size);
    const units = number / place.multiplier;
    (this.units[k] as Float64Array)[row] = units;
    (this.place[k] as Uint32Array)[row] = place.index;
    const index = Number(this.ledger.markets.of(place.asset).fundingIndex) / 1e27;
    const [earlier, funded] = [Math.abs(units) * place.cash, number * index];
    return { base: funded - earlier, scale: Math.abs(earlier) + Math.abs(funded) };
  }

  /** Rows of accounts that may be liquidatable at these markets: all that are, and next to none that are not. */
  near(markets: ReadonlyMap<number, MarketAt>, time: bigint): number[] {
    const at = this.places.coefficients(markets);
    const below = this.scan(at, Number(time));
    if (below.length === 0) return below;
    const fast = this.places.coefficients(markets, true);
    return below.filter((row) => !this.isGuarded(row, at, fast, Number(time)));
  }

  /** Margin equity over maintenance of every row, about. */
  healths(markets: ReadonlyMap<number, MarketAt>, time: bigint): Float64Array {
    const at = this.places.coefficients(markets);
    return Float64Array.from({ length: this.size }, (_, row) => {
      const { equity, required } = this.weigh(row, at, Number(time));
      return required > 0 ? equity / required : equity < 0 ? 0 : Infinity;
    });
  }

  /** Rows that may owe more quote than this part of their spot. */
  owing(markets: ReadonlyMap<number, MarketAt>, time: bigint, cap: number): number[] {
    const at = this.places.coefficients(markets);
    const spot = Uint8Array.from(this.places.all, ({ asset }) => (this.ledger.markets.isPerp(asset) ? 0 : 1));
    const found: number[] = [];
    for (let row = 0; row < this.size; row++) {
      if (!this.holds(row, spot)) continue;
      const { equity, wrong } = this.weigh(row, at, Number(time));
      const { counted, collateral } = this.spotOf(row, at, spot);
      if (counted - equity > collateral * cap - wrong) found.push(row);
    }
    return found;
  }

  private scan(at: Float64Array, time: number): number[] {
    const { cash, slack, interest, since, count } = this;
    const [units, places] = [this.units[0] as Float64Array, this.place[0] as Uint32Array];
    const found: number[] = [];
    for (let row = 0; row < this.size; row++) {
      let excess = cash[row] as number;
      let wrong = 0;
      if (interest[row] !== 0) excess -= (interest[row] as number) * (time - (since[row] as number));
      let u = units[row] as number;
      let o = (places[row] as number) * STRIDE;
      for (let k = 1; ; k++) {
        const a = Math.abs(u);
        const notional = a * (at[o + 2] as number);
        const required = notional * ((at[o + 3] as number) + notional * (at[o + 4] as number));
        excess += u * (at[o] as number) + a * (at[o + 1] as number) - required;
        wrong += a * (at[o + 5] as number) + required;
        if (k >= (count[row] as number)) break;
        u = (this.units[k] as Float64Array)[row] as number;
        o = ((this.place[k] as Uint32Array)[row] as number) * STRIDE;
      }
      if (excess < wrong * TOLERANCE + (slack[row] as number)) found.push(row);
    }
    return found;
  }

  /** Above maintenance at the fast average, and not far below it at mark, whatever rounding did. */
  private isGuarded(row: number, at: Float64Array, fast: Float64Array, time: number): boolean {
    const averaged = this.weigh(row, fast, time);
    if (averaged.equity - averaged.required < averaged.wrong) return false;
    const { equity, required, wrong } = this.weigh(row, at, time);
    return equity - GUARD * required >= wrong;
  }

  private weigh(row: number, at: Float64Array, time: number): { equity: number; required: number; wrong: number } {
    const owed = (this.interest[row] as number) * (time - (this.since[row] as number));
    let [equity, required, wrong] = [(this.cash[row] as number) - owed, 0, 0];
    for (let k = 0; k < (this.count[row] as number); k++) {
      const u = (this.units[k] as Float64Array)[row] as number;
      const o = ((this.place[k] as Uint32Array)[row] as number) * STRIDE;
      const a = Math.abs(u);
      const notional = a * (at[o + 2] as number);
      const needed = notional * ((at[o + 3] as number) + notional * (at[o + 4] as number));
      equity += u * (at[o] as number) + a * (at[o + 1] as number);
      required += needed;
      wrong += a * (at[o + 5] as number) + needed;
    }
    return { equity, required, wrong: wrong * TOLERANCE + (this.slack[row] as number) };
  }

  /** What the spot of an account is worth, and what of it counts. */
  private spotOf(row: number, at: Float64Array, spot: Uint8Array): { counted: number; collateral: number } {
    let [counted, collateral] = [0, 0];
    for (let k = 0; k < (this.count[row] as number); k++) {
      const place = (this.place[k] as Uint32Array)[row] as number;
      if (spot[place] === 0) continue;
      const u = (this.units[k] as Float64Array)[row] as number;
      counted += u * (at[place * STRIDE] as number);
      collateral += u * (at[place * STRIDE + 2] as number);
    }
    return { counted, collateral };
  }

  private holds(row: number, flags: Uint8Array): boolean {
    for (let k = 0; k < (this.count[row] as number); k++)
      if (flags[(this.place[k] as Uint32Array)[row] as number] === 1) return true;
    return false;
  }

  private add(key: string, id: bigint): number {
    const row = this.ids.push(id) - 1;
    this.keys.push(key);
    this.rowOf.set(key, row);
    if (row >= this.capacity) this.grow();
    return row;
  }

  /** The last row takes the place of the one that goes. */
  private remove(row: number): void {
    const last = this.size - 1;
    this.rowOf.delete(this.keys[row] as string);
    for (const column of this.all()) column[row] = column[last] as number;
    const [key, id] = [this.keys.pop() as string, this.ids.pop() as bigint];
    if (row === last) return;
    this.keys[row] = key;
    this.ids[row] = id;
    this.rowOf.set(key, row);
  }

  private all(): (Float64Array | Uint32Array | Uint8Array)[] {
    return [this.cash, this.slack, this.interest, this.since, this.count, ...this.units, ...this.place];
  }

  private grow(): void {
    this.capacity = Math.max(1_024, 2 * this.capacity);
    const wider = (column: Float64Array) => {
      const made = new Float64Array(this.capacity);
      made.set(column);
      return made;
    };
    [this.cash, this.slack, this.interest, this.since] = [
      wider(this.cash),
      wider(this.slack),
      wider(this.interest),
      wider(this.since),
    ];
    this.count = extended(this.count, new Uint8Array(this.capacity));
    this.units = this.units.map(wider);
    this.place = this.place.map((column) => extended(column, new Uint32Array(this.capacity)));
  }
}

function columns<T>(make: () => T): T[] {
  return Array.from({ length: MOST_LEGS }, make);
}

function extended<T extends Uint8Array | Uint32Array>(column: T, made: T): T {
  made.set(column);
  return made;
}
