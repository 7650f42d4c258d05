// Perp positions: lazy pick-up of offsets and shares. A position whose two versions equal its side's reads no index at
// all; otherwise it walks from the checkpoint of its version, epoch by epoch, to now.
import * as Deleverage from "./deleverage.js";
import { abs, divUp } from "./fixedPoint.js";
import * as Funding from "./funding.js";
import { asUint, divide, int, uint } from "./integers.js";
import { MAX_PRICE, MIN_PRICE } from "./ledger.js";
import * as Sides from "./sides.js";
import * as Ticks from "./ticks.js";

export const MAX_SIZE = (1n << 95n) - 1n;

/** A perp leg as it was touched last: the versions and the epoch of its side, and the funding index. */
export interface Position {
  readonly size: bigint;
  readonly basis: bigint;
  readonly version: bigint;
  readonly shareVersion: bigint;
  readonly fundingIndex: bigint;
  readonly epoch: bigint;
}

/** A leg as a touch now would leave it; `cash` is what the touch would pay. */
export interface PickedUp {
  readonly size: bigint;
  readonly cash: bigint;
  readonly basis: bigint;
}

export interface Perp {
  fundingIndex: bigint;
  openInterest: bigint;
  readonly long: Sides.Side;
  readonly short: Sides.Side;
}

export class SizeTooLarge extends Error {
  override name = "SizeTooLarge";

  constructor(
    readonly size: bigint,
    readonly bound: bigint,
  ) {
    super(`a size of ${size} is above ${bound}`);
  }
}

export const NOTHING: Position = { size: 0n, basis: 0n, version: 0n, shareVersion: 0n, fundingIndex: 0n, epoch: 0n };

/** What a touch of the position would make of it; the funding index is accrued to now, the haircut in 1e18. */
export function preview(
  perp: Pick<Perp, "long" | "short">,
  position: Position,
  fundingIndex: bigint,
  haircut: bigint,
): PickedUp {
  const { size, basis } = position;
  if (size === 0n) return { size: 0n, cash: 0n, basis: 0n };
  const side = sideOf(perp, size > 0n);
  if (!isCurrent(side, position)) return walk(side, position, fundingIndex, haircut);
  return { size, cash: Funding.cash(size, position.fundingIndex, fundingIndex), basis };
}

export function sideOf(perp: Pick<Perp, "long" | "short">, long: boolean): Sides.Side {
  return long ? perp.long : perp.short;
}

/** Brings a position up to date, then adds `delta` to it; the sides of the perp follow. `cash` is what the pick-up pays. */
export function resize(
  perp: Perp,
  stored: Position,
  delta: bigint,
  mark: bigint,
  haircut: bigint,
): { position: Position; cash: bigint; before: bigint; afterwards: bigint } {
  const { position, cash } = pickUp(perp, stored, haircut);
  const before = position.size;
  const afterwards = int(before + delta);
  if (abs(afterwards) > MAX_SIZE) throw new SizeTooLarge(abs(afterwards), MAX_SIZE);
  return { position: delta === 0n ? position : setSize(perp, position, afterwards, mark), cash, before, afterwards };
}

function isCurrent(side: Sides.Side, position: Position): boolean {
  return position.version === side.version && position.shareVersion === side.shareVersion;
}

/** One step per epoch that ended since the last touch. */
function walk(side: Sides.Side, position: Position, fundingIndex: bigint, haircut: bigint): PickedUp {
  const long = position.size > 0n;
  const tick = Ticks.tickOf(position.basis);
  const seen = seenOf(side, position, tick);
  const { multiplier, cashIndex } = Sides.checkpointAt(side, position.version);
  let from: Deleverage.Index = { multiplier, cash: cashIndex, funding: position.fundingIndex };
  let [size, cash, start] = [abs(position.size), 0n, seen?.cashIndex ?? 0n];
  for (let { epoch } = position; epoch <= side.epoch && size !== 0n; ++epoch) {
    const to = indexAt(side, epoch, fundingIndex);
    // The cash index of a tick may wrap.
    const charged = seen === undefined ? 0n : asUint(Sides.tickCashAt(side, tick, epoch) - start, 152);
    cash = int(cash + Deleverage.pickUpCash(long, size, from, to, charged));
    size = Deleverage.pickUpSize(long, size, from.multiplier, to.multiplier);
    from = { multiplier: Deleverage.ONE, cash: 0n, funding: to.funding };
    start = 0n;
  }
  const taken = seen === undefined ? 0n : uint(Sides.tickAt(side, tick).taken - seen.taken);
  const basis = taken === 0n ? position.basis : bounded(Deleverage.absorb(long, position.basis, taken, haircut));
  return { size: long ? size : -size, cash, basis };
}

/** What was taken of its tick when the position was touched last; nothing to look for if no share came since. */
function seenOf(side: Sides.Side, { shareVersion }: Position, tick: bigint): Sides.TickCheckpoint | undefined {
  if (shareVersion === side.shareVersion) return undefined;
  return side.tickCheckpoints.get(Sides.keyOf(tick, shareVersion)) ?? { cashIndex: 0n, taken: 0n };
}

function indexAt(side: Sides.Side, epoch: bigint, fundingIndex: bigint): Deleverage.Index {
  if (epoch === side.epoch) return { multiplier: side.multiplier, cash: side.cashIndex, funding: fundingIndex };
  const end = Sides.epochEndOf(side, epoch);
  return { multiplier: end.multiplier, cash: end.cashIndex, funding: end.fundingIndex };
}

function bounded(basis: bigint): bigint {
  if (basis < MIN_PRICE) return MIN_PRICE;
  return basis > MAX_PRICE ? MAX_PRICE : basis;
}

function pickUp(perp: Perp, stored: Position, haircut: bigint): { position: Position; cash: bigint } {
  const { fundingIndex } = perp;
  const { size, basis, cash } = preview(perp, stored, fundingIndex, haircut);
  const funded = { ...stored, fundingIndex };
  if (stored.size === 0n) return { position: funded, cash: 0n };
  const side = sideOf(perp, stored.size > 0n);
  if (isCurrent(side, stored)) return { position: funded, cash };
  const moves = size === 0n || basis !== stored.basis;
  if (moves) Sides.exit(side, stored.basis, abs(size), true);
  const position = { ...funded, size, basis };
  if (size === 0n) return { position, cash };
  const tick = moves ? Sides.join(side, basis, abs(size)) : Sides.tickAt(side, Ticks.tickOf(basis));
  return { position: { ...position, ...Sides.adopt(side, basis, tick) }, cash };
}

function setSize(perp: Perp, position: Position, size: bigint, mark: bigint): Position {
  const before = position.size;
  const sameSide = before !== 0n && size !== 0n && before > 0n === size > 0n;
  const [old, now] = [abs(before), abs(size)];
  if (sameSide && now < old) {
    const side = sideOf(perp, size > 0n);
    const tick = Sides.exit(side, position.basis, old - now, false);
    return { ...position, size, ...Sides.adopt(side, position.basis, tick) };
  }
  if (before !== 0n) Sides.exit(sideOf(perp, before > 0n), position.basis, old, true);
  if (size === 0n) return { ...position, size };
  const basis = sameSide ? averageBasis(size > 0n, position.basis, old, mark, now - old) : mark;
  const side = sideOf(perp, size > 0n);
  return { ...position, size, basis, ...Sides.adopt(side, basis, Sides.join(side, basis, now)) };
}

/** Rounded against profit: up for longs, down for shorts. */
function averageBasis(long: boolean, basis: bigint, size: bigint, mark: bigint, added: bigint): bigint {
  const weighted = uint(uint(basis * size) + uint(mark * added));
  return long ? divUp(weighted, size + added) : divide(weighted, size + added);
}
