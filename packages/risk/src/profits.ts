// What a share could take of the winners: by ticks of basis, measured from the edge nearest the mark.
import { Account, Deleverage, Deleveraging, FixedPoint, Ticks, WAD } from "@ballast/math";
import type { Book, Member } from "./book.js";
import type { Row } from "./waterfall.js";

/** The part of open interest that may stand before winners are asked, in basis points. */
const TOLERATED = 1n;

/** Sizes by tick of basis, and all of them. */
interface Side {
  readonly ticks: Map<bigint, bigint>;
  size: bigint;
}

type Sides = Readonly<Record<"long" | "short", Side>>;

const sidesByMembers = new WeakMap<readonly Member[], ReadonlyMap<bigint, Sides>>();

/** What a share could take of one side of a perp at the book's mark. */
export function shareable(book: Book, asset: bigint, side: "long" | "short"): bigint {
  const state = book.markets.get(asset);
  if (state === undefined) throw new Account.MarketUnknown(asset);
  const { price, market, sides, shared } = state;
  const haircut = market.config.haircut * (WAD / 10_000n);
  const long = side === "long";
  const capacity =
    sides === undefined
      ? byTicks(sidesOf(book.members).get(asset)?.[side], long, price.mark, haircut)
      : Deleveraging.capacity(sides[side], long, price.mark, haircut);
  return FixedPoint.max(0n, capacity - (shared?.[side] ?? 0n));
}

/** The part that a share takes of every profit of one side. */
export interface Charge {
  readonly long: boolean;
  readonly mark: bigint;
  readonly haircut: bigint;
  readonly paid: bigint;
  readonly capacity: bigint;
}

/** By asset and side, of all rows that were shared. */
export function chargesOf(book: Book, rows: readonly Row[]): Map<string, Charge> {
  const charges = new Map<string, Charge>();
  for (const { asset, loser, shared: paid } of rows) {
    const at = book.markets.get(asset);
    if (paid === 0n || at === undefined) continue;
    const side = loser === "longs" ? "short" : "long";
    const haircut = at.market.config.haircut * (WAD / 10_000n);
    const long = side === "long";
    const capacity = byTicks(sidesOf(book.members).get(asset)?.[side], long, at.price.mark, haircut);
    charges.set(`${asset}/${side}`, { long, mark: at.price.mark, haircut, paid, capacity });
  }
  return charges;
}

/** What a position pays, down. */
export function chargeOf(charge: Charge, { size, basis }: Account.Leg["position"]): bigint {
  const { long, mark, haircut, paid, capacity } = charge;
  if (size === 0n || size > 0n !== long || capacity === 0n) return 0n;
  const tick = Ticks.tickOf(basis);
  const edge = long ? Ticks.upper(tick) : Ticks.lower(tick);
  const most = FixedPoint.mulDown(FixedPoint.abs(size), Deleverage.shareCapacity(long, mark, edge, haircut, 0n));
  return FixedPoint.mulDivDown(most, FixedPoint.min(paid, capacity), capacity);
}

/** What may stand in a market's row without anybody being asked. */
export function tolerated(book: Book, asset: bigint): bigint {
  const mark = book.markets.get(asset)?.price.mark ?? 0n;
  const openInterest = sidesOf(book.members).get(asset)?.long.size ?? 0n;
  return FixedPoint.mulDivDown(FixedPoint.mulDown(openInterest, mark), TOLERATED, 10_000n);
}

function byTicks(side: Side | undefined, long: boolean, mark: bigint, haircut: bigint): bigint {
  let sum = 0n;
  for (const [tick, size] of side?.ticks ?? []) {
    const edge = long ? Ticks.upper(tick) : Ticks.lower(tick);
    sum += size * Deleverage.shareCapacity(long, mark, edge, haircut, 0n);
  }
  return sum / WAD;
}

function sidesOf(members: readonly Member[]): ReadonlyMap<bigint, Sides> {
  const known = sidesByMembers.get(members);
  if (known !== undefined) return known;
  const made = new Map<bigint, Sides>();
  for (const { account } of members)
    for (const { asset, position } of account.legs) if (position.basis !== 0n) add(made, asset, position);
  sidesByMembers.set(members, made);
  return made;
}

function add(made: Map<bigint, Sides>, asset: bigint, { size, basis }: Account.Leg["position"]): void {
  let sides = made.get(asset);
  if (sides === undefined) {
    sides = { long: { ticks: new Map(), size: 0n }, short: { ticks: new Map(), size: 0n } };
    made.set(asset, sides);
  }
  const side = size > 0n ? sides.long : sides.short;
  const tick = Ticks.tickOf(basis);
  const held = FixedPoint.abs(size);
  side.ticks.set(tick, (side.ticks.get(tick) ?? 0n) + held);
  side.size += held;
}
