// The book that a step leaves to the next one. Bidders are outside of it; what is offset goes from the other side in
// proportion, rounded down, which leaves a few wei with its members.
import { Account, FixedPoint } from "@ballast/math";
import { chargeOf, chargesOf, type Charge } from "./profits.js";
import type { Book, MarketState, Member } from "./book.js";
import { costOf, type Closing, type Fall, type Waterfall } from "./waterfall.js";

/** What changes of accounts: sizes by asset, and cash. */
class Changes {
  readonly sizes = new Map<bigint, Map<bigint, bigint>>();
  readonly cash = new Map<bigint, bigint>();

  size(id: bigint, asset: bigint, delta: bigint): void {
    const sizes = this.sizes.get(id) ?? new Map<bigint, bigint>();
    this.sizes.set(id, sizes.set(asset, (sizes.get(asset) ?? 0n) + delta));
  }

  pay(id: bigint, amount: bigint): void {
    this.cash.set(id, (this.cash.get(id) ?? 0n) + amount);
  }
}

/** What was offset of a side: closed and its whole size before. */
interface Offset {
  closed: bigint;
  size: bigint;
}

/** What happens to all members of a side. */
interface Events {
  readonly offsets: ReadonlyMap<string, Offset>;
  readonly charges: ReadonlyMap<string, Charge>;
}

/** @param moved the book after the move, @param spent what each market used of insurance */
export function afterwards(moved: Book, waterfall: Waterfall, spent: ReadonlyMap<bigint, bigint>): Book {
  const changes = new Changes();
  const offsets = new Map<string, Offset>();
  const used = new Map<bigint, bigint>();
  const sizes = sizesOf(moved.members, waterfall.falls);
  for (const fall of waterfall.falls)
    for (const closing of fall.closings) {
      const long = (sizes.get(fall.id)?.get(closing.asset) ?? 0n) > 0n;
      apply(moved, changes, fall.id, closing, long);
      if (closing.stage === "offset") addOffset(offsets, closing, !long);
      if (closing.stage === "reduce") used.set(closing.asset, (used.get(closing.asset) ?? 0n) + closing.notional);
    }
  for (const { id, bookings } of waterfall.falls) for (const { amount } of bookings) changes.pay(id, amount);
  net(offsets);
  measure(moved.members, changes, offsets);
  const events = { offsets, charges: chargesOf(moved, waterfall.rows) };
  return {
    ...moved,
    members: moved.members.map((member) => memberAfter(member, moved, changes, events)),
    markets: new Map([...moved.markets].map(([asset, at]) => [asset, marketAfter(at, waterfall, spent, used)])),
    fund: moved.fund - total(spent) + waterfall.receipts.insurance,
  };
}

function sizesOf(members: readonly Member[], falls: readonly Fall[]): Map<bigint, Map<bigint, bigint>> {
  const ids = new Set(falls.map(({ id }) => id));
  const fallen = members.filter(({ id }) => ids.has(id));
  return new Map(
    fallen.map(({ id, account: { legs } }) => [id, new Map(legs.map(({ asset, position }) => [asset, position.size]))]),
  );
}

function apply(book: Book, changes: Changes, id: bigint, closing: Closing, long: boolean): void {
  const { asset, size, stage, premium, insuredPremium } = closing;
  const mark = book.markets.get(asset)?.price.mark ?? 0n;
  const delta = long ? -size : size;
  const value = long ? FixedPoint.mulDown(size, mark) : -FixedPoint.mulUp(size, mark);
  changes.size(id, asset, delta);
  changes.pay(id, value - costOf(closing));
  const taker = stage === "reduce" ? book.markets.get(asset)?.pool?.id : stage === "absorb" ? book.backstop : undefined;
  if (taker === undefined) return;
  changes.size(taker, asset, -delta);
  changes.pay(taker, premium + insuredPremium - value);
}

function addOffset(offsets: Map<string, Offset>, { asset, size }: Closing, long: boolean): void {
  const key = keyOf(asset, long);
  const offset = offsets.get(key) ?? { closed: 0n, size: 0n };
  offset.closed += size;
  offsets.set(key, offset);
}

/** Orphans of the two sides close against each other first. */
function net(offsets: Map<string, Offset>): void {
  for (const [key, offset] of offsets) {
    const other = key.endsWith("/long") ? offsets.get(key.replace("/long", "/short")) : undefined;
    if (other === undefined) continue;
    const met = FixedPoint.min(offset.closed, other.closed);
    offset.closed -= met;
    other.closed -= met;
  }
}

/** The whole of every side that something is offset against, after all else. */
function measure(members: readonly Member[], changes: Changes, offsets: Map<string, Offset>): void {
  if (offsets.size === 0) return;
  for (const { id, account } of members)
    for (const { asset, position } of account.legs) {
      const size = position.size + (changes.sizes.get(id)?.get(asset) ?? 0n);
      const offset = offsets.get(keyOf(asset, size > 0n));
      if (offset !== undefined) offset.size += FixedPoint.abs(size);
    }
}

function memberAfter(member: Member, book: Book, changes: Changes, events: Events): Member {
  const { id, account } = member;
  const sizes = changes.sizes.get(id);
  const touched = account.legs.some(({ asset, position }) => isTouched(events, keyOf(asset, position.size > 0n)));
  if (sizes === undefined && !touched) return member;
  const cash = account.cash + (changes.cash.get(id) ?? 0n);
  const joined = [...(sizes?.keys() ?? [])].filter((asset) => !account.legs.some((leg) => leg.asset === asset));
  const legs = [...account.legs, ...joined.map((asset) => emptyLeg(book, asset))];
  return { ...member, account: { ...account, ...shrunk(cash, legs, sizes, book, events) } };
}

function shrunk(
  cash: bigint,
  legs: readonly Account.Leg[],
  sizes: ReadonlyMap<bigint, bigint> | undefined,
  book: Book,
  { offsets, charges }: Events,
): Pick<Account.Snapshot, "cash" | "legs"> {
  const left: Account.Leg[] = [];
  for (const leg of legs) {
    const mark = book.markets.get(leg.asset)?.price.mark ?? 0n;
    const held = leg.position.size + (sizes?.get(leg.asset) ?? 0n);
    const offset = offsets.get(keyOf(leg.asset, held > 0n));
    const charge = charges.get(keyOf(leg.asset, leg.position.size > 0n));
    if (charge !== undefined) cash -= chargeOf(charge, leg.position);
    const closed = offset === undefined || offset.size === 0n ? 0n : closedOf(held, offset);
    cash += FixedPoint.mulFloor(closed, mark);
    const size = held - closed;
    const { basis, cash: pickedUp } = leg.position;
    if (size === 0n) cash += pickedUp;
    else left.push({ ...leg, position: { size, cash: pickedUp, basis } });
  }
  return { cash, legs: left };
}

function isTouched({ offsets, charges }: Events, key: string): boolean {
  return offsets.has(key) || charges.has(key);
}

/** The same part of every member of a side, towards nothing. */
function closedOf(held: bigint, { closed, size }: Offset): bigint {
  const part = FixedPoint.mulDivDown(FixedPoint.abs(held), FixedPoint.min(closed, size), size);
  return held > 0n ? part : -part;
}

function emptyLeg({ markets }: Book, asset: bigint): Account.Leg {
  const at = markets.get(asset);
  if (at === undefined) throw new Account.MarketUnknown(asset);
  return { asset, market: at.market, price: at.price, position: { size: 0n, cash: 0n, basis: at.price.mark } };
}

function marketAfter(
  at: MarketState,
  { rows }: Waterfall,
  spent: ReadonlyMap<bigint, bigint>,
  used: ReadonlyMap<bigint, bigint>,
): MarketState {
  const mine = rows.filter(({ asset }) => asset === at.asset);
  const insured = spent.get(at.asset) ?? 0n;
  const shares = (loser: string) => mine.reduce((sum, row) => sum + (row.loser === loser ? row.shared : 0n), 0n);
  const { budget, shared, standing } = at;
  return {
    ...at,
    windowUsed: at.windowUsed + (used.get(at.asset) ?? 0n),
    budget: { ...budget, hourUsed: budget.hourUsed + insured, dayUsed: budget.dayUsed + insured },
    standing: mine.reduce((sum, row) => sum + row.standing, standing),
    shared: { long: (shared?.long ?? 0n) + shares("shorts"), short: (shared?.short ?? 0n) + shares("longs") },
  };
}

function total(spent: ReadonlyMap<bigint, bigint>): bigint {
  return [...spent.values()].reduce((sum, part) => sum + part, 0n);
}

function keyOf(asset: bigint, long: boolean): string {
  return `${asset}/${long ? "long" : "short"}`;
}
