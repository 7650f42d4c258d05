// What the logs of a block must add up to, to the wei. A log that is missing breaks a sum or a pair, and is found before
// the block becomes state.
import { Deleverage } from "@ballast/math";
import { BrokenLog } from "./errors.js";
import type { Handlers } from "./ledger.js";
import { DEFICIT_ROWS, QUOTE, SETTLEMENT_ROWS } from "./rows.js";

interface Move {
  readonly account: bigint;
  readonly asset: number;
  readonly before: bigint;
  readonly delta: bigint;
}

export class Conservation {
  private block = 0;
  /** Cash that rows got less what came in for them. */
  private cash = 0n;
  /** The same of the size of each spot. */
  private readonly spot = new Map<number, bigint>();
  /** What ticks paid that no share has claimed yet. */
  private collected = 0n;
  /** Of each perp: size that moved and that no exchange or offset has told of yet. */
  private readonly untold = new Map<number, bigint>();
  /** What deficit rows got less what was booked in them and paid of it. */
  private deficits = 0n;
  /** Assets whose latch must be followed by a sample of variance. */
  private readonly unsampled = new Set<number>();
  /** The two parties of an exchange change before it is told. */
  private moves: Move[] = [];

  constructor(
    private readonly quoteUnit: bigint,
    private readonly isPerp: (asset: number) => boolean,
    private readonly openInterestOf: (asset: number) => bigint,
    /** Hears of what does not add up instead of an error. */
    private readonly onBroken: ((error: BrokenLog) => void) | undefined,
  ) {}

  readonly on: Handlers<"clearingHouse"> = {
    Deposited: ({ asset, value }) => this.cameIn(asset, value),
    Withdrawn: ({ asset, value, paid }) => this.cameIn(asset, asset === QUOTE ? -paid * this.quoteUnit : -value),
    Skimmed: ({ asset, value }) => this.cameIn(asset, value),
    SideOffset: ({ asset, long, closed, price }) => {
      this.cash -= Deleverage.offsetProceeds(!long, closed, price);
      this.tell(asset, -closed);
    },
    DeficitBooked: ({ amount }) => (this.deficits += amount),
    DeficitReduced: ({ amount }) => (this.deficits -= amount),
    ProfitShared: ({ asset, paid, dust }) => {
      this.same("SHARE-1", `what ticks of asset ${asset} paid`, this.collected, paid + dust);
      this.collected = 0n;
      this.cash -= paid + dust;
    },
  };

  begin(block: number): void {
    this.block = block;
    this.cash = 0n;
    this.collected = 0n;
    this.deficits = 0n;
    this.moves = [];
    this.spot.clear();
    this.untold.clear();
    this.unsampled.clear();
  }

  end(): void {
    this.same("CASH-1", "all rows", 0n, this.cash);
    for (const [asset, moved] of this.spot) this.same("SPOT-1", `asset ${asset}`, 0n, moved);
    for (const [asset, size] of this.untold) this.same("SIZE-1", `asset ${asset} without an exchange`, 0n, size);
    this.same("SHARE-1", "what ticks paid", 0n, this.collected);
    this.same("CASH-1", "deficit rows", 0n, this.deficits);
    for (const asset of this.unsampled) this.same("REPLAY-1", `samples of asset ${asset}`, 1n, 0n);
  }

  /** A fresh price whose last sample is a while ago is one itself, unless it is what ends a market. */
  sampleDue(asset: number): void {
    this.unsampled.add(asset);
  }

  sampled(asset: number): void {
    this.unsampled.delete(asset);
  }

  /** What only happens at a price of this moment. */
  priced(asset: number, latchedAt: bigint, time: bigint): void {
    this.same("REPLAY-1", `when asset ${asset} was latched`, time, latchedAt);
  }

  /** Cash that a row got. */
  rowMoved(account: bigint, change: bigint): void {
    this.cash += change;
    if (account >= DEFICIT_ROWS && account < SETTLEMENT_ROWS) this.deficits += change;
  }

  /** Cash that a pick-up brought into being. */
  settled(cash: bigint): void {
    this.cash -= cash;
  }

  tickPaid(value: bigint): void {
    this.collected += value;
  }

  /** A leg that had `before` after its pick-up. */
  positionMoved(account: bigint, asset: number, before: bigint, delta: bigint): void {
    if (!this.isPerp(asset)) this.spot.set(asset, (this.spot.get(asset) ?? 0n) + delta);
    // What rounding leaves of a leg that has no other side any more ends without a counterparty.
    else if (before + delta !== 0n || this.openInterestOf(asset) !== 0n) this.tell(asset, delta < 0n ? -delta : delta);
    this.moves.push({ account, asset, before, delta });
    if (this.moves.length > 2) this.moves.shift();
  }

  /** @returns what the exchange adds to the open interest */
  exchanged(asset: number, buyer: bigint, seller: bigint, size: bigint): bigint {
    const bought = this.moveOf(buyer, asset);
    const sold = this.moveOf(seller, asset);
    this.same("SIZE-1", `asset ${asset} bought`, size, bought.delta);
    this.same("SIZE-1", `asset ${asset} sold`, -size, sold.delta);
    this.moves = [];
    if (this.isPerp(asset)) this.tell(asset, -2n * size);
    return longGrowth(bought) + longGrowth(sold);
  }

  same(law: string, subject: string, expected: bigint, actual: bigint): void {
    if (expected === actual) return;
    const error = new BrokenLog(law, this.block, subject, expected, actual);
    if (this.onBroken === undefined) throw error;
    this.onBroken(error);
  }

  private tell(asset: number, size: bigint): void {
    this.untold.set(asset, (this.untold.get(asset) ?? 0n) + size);
  }

  private moveOf(account: bigint, asset: number): Move {
    const move = this.moves.find((one) => one.account === account && one.asset === asset);
    return move ?? { account, asset, before: 0n, delta: 0n };
  }

  private cameIn(asset: number, value: bigint): void {
    if (asset === QUOTE) this.cash -= value;
    else this.spot.set(asset, (this.spot.get(asset) ?? 0n) - value);
  }
}

function longGrowth({ before, delta }: Move): bigint {
  return long(before + delta) - long(before);
}

function long(size: bigint): bigint {
  return size > 0n ? size : 0n;
}
