// Legs, and their lazy pick-up of funding, offsets and shares: what core/Positions does, on the records of the mirror.
import { Deleverage, FixedPoint, Funding, Ticks } from "@ballast/math";
import type { Cash } from "./cash.js";
import type { Conservation } from "./conservation.js";
import type { EventArgs } from "./events.js";
import type { Handlers } from "./ledger.js";
import type { Markets } from "./markets.js";
import { START, type Side, type Sides, type Tick } from "./sides.js";

/** What was taken of a tick when a position came to it; none before its first share. */
export interface Seen {
  readonly cashIndex: bigint;
  readonly taken: bigint;
}

/** A leg as of its last touch, with the side as it was then. A spot leg uses only its size. */
export interface Position {
  readonly asset: number;
  readonly size: bigint;
  readonly basis: bigint;
  readonly fundingIndex: bigint;
  readonly side: Side;
  readonly seen: Seen | undefined;
}

/** What a touch would leave of a leg, and what it would pay. */
export interface PickedUp {
  readonly size: bigint;
  readonly cash: bigint;
  readonly basis: bigint;
}

const MIN_PRICE = 10n ** 6n;
const MAX_PRICE = (1n << 80n) - 1n;
const UNSEEN: Seen = { cashIndex: 0n, taken: 0n };

export class Positions {
  constructor(
    private readonly markets: Markets,
    private readonly sides: Sides,
    private readonly cash: Cash,
    private readonly conservation: Conservation,
  ) {}

  readonly on: Handlers<"clearingHouse"> = {
    PositionChanged: (change) => {
      if (this.markets.isPerp(change.asset)) this.resize(change);
      else this.resizeSpot(change);
    },
  };

  of(account: bigint, asset: number): Position {
    return this.cash.position(account, asset) ?? none(asset);
  }

  /** What a touch would make of the leg, at the funding index accrued last or at another. */
  preview(position: Position, fundingIndex = this.markets.of(position.asset).fundingIndex): PickedUp {
    const { asset, size, basis } = position;
    if (size === 0n) return { size, cash: 0n, basis: 0n };
    if (!this.markets.isPerp(asset)) return { size, cash: 0n, basis: 0n };
    if (this.isCurrent(position)) return { size, cash: Funding.cash(size, position.fundingIndex, fundingIndex), basis };
    return this.walk(position, fundingIndex);
  }

  private isCurrent({ asset, size, side: adopted }: Position): boolean {
    const side = this.sides.of(asset, size > 0n);
    return adopted.version === side.version && adopted.shareVersion === side.shareVersion;
  }

  private walk(position: Position, fundingIndex: bigint): PickedUp {
    const { asset, basis } = position;
    const long = position.size > 0n;
    const side = this.sides.of(asset, long);
    const tick = this.sides.tick(asset, long, tickOf(basis));
    const shared = position.side.shareVersion !== side.shareVersion;
    const seen = position.seen ?? UNSEEN;
    let [size, cash, charged] = [FixedPoint.abs(position.size), 0n, shared ? seen.cashIndex : 0n];
    let from = indexOf(position.side, position.fundingIndex);
    for (let epoch = position.side.epoch; ; epoch++) {
      const last = epoch === side.epoch;
      const to = last ? indexOf(side, fundingIndex) : this.endOf(asset, long, epoch);
      if (shared) charged = BigInt.asUintN(152, tickCashAt(tick, epoch) - charged);
      cash += Deleverage.pickUpCash(long, size, from, to, charged);
      size = Deleverage.pickUpSize(long, size, from.multiplier, to.multiplier);
      if (last || size === 0n) break;
      from = { multiplier: Deleverage.ONE, cash: 0n, funding: to.funding };
      charged = 0n;
    }
    const taken = shared ? tick.taken - seen.taken : 0n;
    return { size: long ? size : -size, cash, basis: this.absorbed(asset, long, basis, taken) };
  }

  private endOf(asset: number, long: boolean, epoch: number) {
    const { multiplier, cashIndex, fundingIndex } = this.sides.epochEnd(asset, long, epoch);
    return { multiplier, cash: cashIndex, funding: fundingIndex };
  }

  private absorbed(asset: number, long: boolean, basis: bigint, taken: bigint): bigint {
    if (taken === 0n) return basis;
    const absorbed = Deleverage.absorb(long, basis, taken, this.markets.haircutOf(asset));
    return FixedPoint.min(FixedPoint.max(absorbed, MIN_PRICE), MAX_PRICE);
  }

  private resizeSpot({ account, asset, size }: EventArgs<"clearingHouse", "PositionChanged">): void {
    const before = this.of(account, asset);
    this.conservation.positionMoved(account, asset, before.size, size - before.size);
    this.cash.setPosition(account, { ...before, size });
  }

  private resize({ account, asset, size, basis, settled }: EventArgs<"clearingHouse", "PositionChanged">): void {
    const stored = this.of(account, asset);
    const { fundingIndex } = this.markets.of(asset);
    const preview = this.preview(stored, fundingIndex);
    const subject = `account ${account}, asset ${asset}`;
    this.conservation.same("REPLAY-1, what a pick-up paid", subject, preview.cash, settled);
    const before = this.pickUp(stored, preview, fundingIndex);
    const delta = size - before.size;
    this.conservation.settled(settled);
    this.conservation.positionMoved(account, asset, before.size, delta);
    const position = delta === 0n ? before : this.setSize(before, size, basis);
    this.conservation.same("REPLAY-1, the basis", subject, position.basis, basis);
    this.cash.setPosition(account, position);
  }

  private pickUp(stored: Position, preview: PickedUp, fundingIndex: bigint): Position {
    const touched = { ...stored, fundingIndex };
    if (stored.size === 0n || this.isCurrent(stored)) return touched;
    const long = stored.size > 0n;
    const moves = preview.size === 0n || preview.basis !== stored.basis;
    if (moves) this.exit(stored.asset, long, stored.basis, FixedPoint.abs(preview.size), true);
    const position = { ...touched, size: preview.size, basis: preview.basis };
    if (preview.size === 0n) return position;
    return moves ? this.join(position) : this.adopt(position, this.tickAt(position));
  }

  /** The basis of what is added is what the log says. */
  private setSize(before: Position, size: bigint, basis: bigint): Position {
    const { asset } = before;
    const [old, next] = [FixedPoint.abs(before.size), FixedPoint.abs(size)];
    const sameSide = before.size !== 0n && size !== 0n && before.size > 0n === size > 0n;
    if (sameSide && next < old) {
      return this.adopt({ ...before, size }, this.exit(asset, size > 0n, before.basis, old - next, false));
    }
    if (before.size !== 0n) this.exit(asset, before.size > 0n, before.basis, old, true);
    return size === 0n ? { ...before, size } : this.join({ ...before, size, basis });
  }

  private exit(asset: number, long: boolean, basis: bigint, size: bigint, whole: boolean): Tick {
    const index = tickOf(basis);
    const tick = this.use(asset, long, index);
    const members = whole ? tick.members - 1 : tick.members;
    const left = tick.size > size ? tick.size - size : 0n;
    const next = members === 0 ? { ...tick, members, size: 0n, taken: 0n } : { ...tick, members, size: left };
    this.sides.setTick(asset, long, index, next);
    return next;
  }

  private join(position: Position): Position {
    const { asset, size, basis } = position;
    const tick = this.use(asset, size > 0n, tickOf(basis));
    const next = { ...tick, size: tick.size + FixedPoint.abs(size), members: tick.members + 1 };
    this.sides.setTick(asset, size > 0n, tickOf(basis), next);
    return this.adopt(position, next);
  }

  /** A tick at its side's version; the caller writes it. */
  private use(asset: number, long: boolean, index: number): Tick {
    const tick = this.sides.tick(asset, long, index);
    const side = this.sides.of(asset, long);
    if (tick.side.version === side.version) return tick;
    return { ...tick, size: this.sides.tickSize(asset, long, tick), side };
  }

  private adopt(position: Position, tick: Tick): Position {
    const side = this.sides.of(position.asset, position.size > 0n);
    if (!tick.shared) return { ...position, side, seen: undefined };
    const cashIndex = tick.cashEpoch === side.epoch ? tick.cashIndex : 0n;
    return { ...position, side, seen: { cashIndex, taken: tick.taken } };
  }

  private tickAt({ asset, size, basis }: Position): Tick {
    return this.sides.tick(asset, size > 0n, tickOf(basis));
  }
}

function none(asset: number): Position {
  return { asset, size: 0n, basis: 0n, fundingIndex: 0n, side: START, seen: undefined };
}

function indexOf({ multiplier, cashIndex }: Side, funding: bigint) {
  return { multiplier, cash: cashIndex, funding };
}

function tickOf(basis: bigint): number {
  return Number(Ticks.tickOf(basis));
}

function tickCashAt(tick: Tick, epoch: number): bigint {
  if (epoch === tick.cashEpoch) return tick.cashIndex;
  return tick.ends.find((end) => end.epoch === epoch)?.cashIndex ?? 0n;
}
