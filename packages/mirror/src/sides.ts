// Both sides of every perp: the indices that relate their members to the open interest, and the ticks of basis.
import { Deleverage, FixedPoint, Ticks } from "@ballast/math";
import type { Conservation } from "./conservation.js";
import { numberTable, textTable, type Journal, type Table } from "./journal.js";
import type { Handlers } from "./ledger.js";
import type { Markets } from "./markets.js";

/** A side at one version. Whoever adopts a version keeps this record, which is never written again. */
export interface Side {
  readonly version: number;
  readonly shareVersion: number;
  readonly epoch: number;
  readonly multiplier: bigint;
  readonly cashIndex: bigint;
}

export interface EpochEnd {
  readonly multiplier: bigint;
  readonly cashIndex: bigint;
  readonly fundingIndex: bigint;
}

/** Positions of a side whose basis lies in one price band; a lazy member of its side like any position. */
export interface Tick {
  readonly side: Side;
  readonly size: bigint;
  readonly members: number;
  readonly shared: boolean;
  readonly cashIndex: bigint;
  readonly taken: bigint;
  readonly cashEpoch: number;
  /** The cash index with which epochs ended. */
  readonly ends: readonly { readonly epoch: number; readonly cashIndex: bigint }[];
}

interface Page {
  readonly tick: number;
}

export const START: Side = { version: 0, shareVersion: 0, epoch: 0, multiplier: Deleverage.ONE, cashIndex: 0n };
const NO_TICK: Tick = {
  side: START,
  size: 0n,
  members: 0,
  shared: false,
  cashIndex: 0n,
  taken: 0n,
  cashEpoch: 0,
  ends: [],
};

const TICKS = 8_192;

export class Sides {
  private readonly sides: Table<number, Side>;
  private readonly epochEnds: Table<string, EpochEnd>;
  private readonly ticks: Table<number, Tick>;
  /** At which tick a share goes on that did not get through. */
  private readonly pages: Table<number, Page>;

  constructor(
    journal: Journal,
    private readonly markets: Markets,
    private readonly conservation: Conservation,
  ) {
    this.sides = numberTable<Side>(journal, "sides");
    this.epochEnds = textTable<EpochEnd>(journal, "epochEnds");
    this.ticks = numberTable<Tick>(journal, "ticks");
    this.pages = numberTable<Page>(journal, "pages");
  }

  readonly on: Handlers<"clearingHouse"> = {
    SideOffset: ({ asset, long, version, multiplier, cashIndex }) => {
      const side = this.of(asset, long);
      this.conservation.same("OFFSET-1", `version of asset ${asset}`, BigInt(side.version + 1), version);
      this.sides.set(sideKey(asset, long), { ...side, version: Number(version), multiplier, cashIndex });
    },
    EpochEnded: ({ asset, long, epoch }) => this.endEpoch(asset, long, Number(epoch)),
    TicksShared: ({ asset, long, charges }) => {
      for (const { tick, perUnit } of charges) this.charge(asset, long, tick, perUnit);
    },
    ProfitShared: ({ asset, long, shareVersion }) => {
      const side = this.of(asset, long);
      this.conservation.same("SHARE-1", `version of asset ${asset}`, BigInt(side.shareVersion + 1), shareVersion);
      this.sides.set(sideKey(asset, long), { ...side, shareVersion: Number(shareVersion) });
    },
    PageTurned: ({ asset, long, tick }) => this.turn(asset, long, Number(tick)),
    DeficitReduced: ({ asset }) => {
      if (this.markets.deficitOf(asset) !== 0n) return;
      for (const long of [true, false]) if (this.page(asset, long) !== 0) this.turn(asset, long, 0);
    },
  };

  of(asset: number, long: boolean): Side {
    return this.sides.get(sideKey(asset, long)) ?? START;
  }

  /** The tick at which a share goes on; zero when none waits. */
  page(asset: number, long: boolean): number {
    return this.pages.get(sideKey(asset, long))?.tick ?? 0;
  }

  epochEnd(asset: number, long: boolean, epoch: number): EpochEnd {
    const none = { multiplier: 0n, cashIndex: 0n, fundingIndex: 0n };
    return this.epochEnds.get(`${sideKey(asset, long)}/${epoch}`) ?? none;
  }

  tick(asset: number, long: boolean, tick: number): Tick {
    return this.ticks.get(tickKey(asset, long, tick)) ?? NO_TICK;
  }

  setTick(asset: number, long: boolean, tick: number, row: Tick): void {
    this.ticks.set(tickKey(asset, long, tick), row);
  }

  /** The ticks that have members, in order of price. */
  ticksInUse(asset: number, long: boolean): number[] {
    const from = tickKey(asset, long, 0);
    const used: number[] = [];
    for (const [key, { members }] of this.ticks.entries())
      if (key >= from && key < from + TICKS && members > 0) used.push(key - from);
    return used.sort((a, b) => a - b);
  }

  /** The tick's size as of now. */
  tickSize(asset: number, long: boolean, { size, side: adopted }: Tick): bigint {
    const side = this.of(asset, long);
    if (size === 0n || adopted.version === side.version) return size;
    let from = adopted.multiplier;
    for (let epoch = adopted.epoch; epoch < side.epoch && size !== 0n; epoch++) {
      size = FixedPoint.mulDivDown(size, this.epochEnd(asset, long, epoch).multiplier, from);
      from = Deleverage.ONE;
    }
    return FixedPoint.mulDivDown(size, side.multiplier, from);
  }

  /** What a share could take of the side at this mark. */
  shareable(asset: number, long: boolean, mark: bigint): bigint {
    const haircut = this.markets.haircutOf(asset);
    const sum = this.ticksInUse(asset, long).reduce((sum, index) => {
      const tick = this.tick(asset, long, index);
      const edge = long ? Ticks.upper(BigInt(index)) : Ticks.lower(BigInt(index));
      const perUnit = Deleverage.shareCapacity(long, mark, edge, haircut, tick.taken);
      return perUnit === 0n ? sum : sum + this.tickSize(asset, long, tick) * perUnit;
    }, 0n);
    return sum / 10n ** 18n;
  }

  private turn(asset: number, long: boolean, tick: number): void {
    this.pages.set(sideKey(asset, long), { tick });
  }

  private endEpoch(asset: number, long: boolean, epoch: number): void {
    const side = this.of(asset, long);
    this.conservation.same("OFFSET-1", `epoch of asset ${asset}`, BigInt(side.epoch), BigInt(epoch));
    const { multiplier, cashIndex } = side;
    const { fundingIndex } = this.markets.of(asset);
    this.epochEnds.set(`${sideKey(asset, long)}/${epoch}`, { multiplier, cashIndex, fundingIndex });
    this.sides.set(sideKey(asset, long), {
      version: side.version,
      shareVersion: side.shareVersion + 1,
      epoch: epoch + 1,
      multiplier: Deleverage.ONE,
      cashIndex: 0n,
    });
  }

  private charge(asset: number, long: boolean, index: number, charge: bigint): void {
    if (charge === 0n) return;
    const side = this.of(asset, long);
    const tick = this.tick(asset, long, index);
    const begun = tick.cashEpoch < side.epoch;
    const ends =
      begun && tick.shared ? [...tick.ends, { epoch: tick.cashEpoch, cashIndex: tick.cashIndex }] : tick.ends;
    const cashIndex = (begun ? 0n : tick.cashIndex) + Deleverage.shareCash(charge, side.multiplier);
    this.setTick(asset, long, index, {
      ...tick,
      shared: true,
      ends,
      cashEpoch: begun ? side.epoch : tick.cashEpoch,
      cashIndex: BigInt.asUintN(152, cashIndex),
      taken: tick.taken + Deleverage.shareTaken(charge),
    });
    this.conservation.tickPaid(Deleverage.sharePaid(this.tickSize(asset, long, tick), charge));
  }
}

function sideKey(asset: number, long: boolean): number {
  return 2 * asset + (long ? 1 : 0);
}

function tickKey(asset: number, long: boolean, tick: number): number {
  return sideKey(asset, long) * TICKS + tick;
}
