// The laws, held against the mirror of the ledger, and the mirror against the chain.
import { Budgets } from "@ballast/math";
import { INSURANCE, deficitRow, verify, type BrokenLog, type Ledger, type Rpc } from "@ballast/mirror";
import type { Compared } from "./quotes.js";
import { magnitude, type Tally } from "./tally.js";
import { WAD } from "./world.js";

export const LAWS = {
  "CASH-1": "the cash of all rows is the quote that is held",
  "SIZE-1": "longs are shorts, in every perp",
  "SPOT-1": "what accounts have of a spot is held",
  "EQUITY-1": "the equity of all rows is the value that is held",
  "CHAIN-1": "what deficits were booked, less what was paid of them, is what stands",
  "OFFSET-1": "an offset closes of the other side what is orphaned",
  "SHARE-1": "a share takes no more than its part of the profit",
  "INS-1": "insurance is never negative, and no market uses more than its budget or four fifths of its losses",
  "LOT-1": "what is in flight is the sum of the lots",
  "LIQ-1": "who was liquidated was below maintenance when the block began, or owed too much against spot",
  "LIQ-2": "a step flips nothing, makes nobody bankrupt, and leaves nobody less healthy",
  "SHARE-2": "who had initial margin before a share has it afterwards, the reserve on profit aside",
  "DEF-1": "who leaves while a deficit stands leaves no larger part of it to the others",
  "QUOTE-1": "what a view quotes is what the call on the same state executes",
  "LIVE-1": "a batch says of every entry that it skips why",
  "REPLAY-1": "the logs alone tell every number that the chain tells",
} as const;
export type Law = keyof typeof LAWS;

export interface LawFigures {
  checked: number;
  readonly broken: string[];
}

const same = (one: readonly bigint[], other: readonly bigint[]): boolean => one.every((each, i) => each === other[i]);

const RAY = 10n ** 27n;
const INSURED = 8_000n;
/** Breaches that are kept of one law. */
const KEPT = 20;

export class Laws {
  readonly figures = Object.fromEntries(
    Object.keys(LAWS).map((law) => [law, { checked: 0, broken: [] as string[] }]),
  ) as Record<Law, LawFigures>;
  /** Numbers that were compared with the chain. */
  compared = 0;
  /** The furthest that the sum of the cash was from what is held, in wei. */
  dust = 0n;

  constructor(
    private readonly ledger: Ledger,
    private readonly tally: Tally,
  ) {}

  get broken(): string[] {
    return Object.entries(this.figures).flatMap(([law, { broken }]) => broken.map((what) => `${law}: ${what}`));
  }

  /** What the mirror found in the logs themselves. */
  readonly hear = ({ law, message }: BrokenLog): void =>
    this.expect(law in LAWS ? (law as Law) : "REPLAY-1", message, false);

  check(): void {
    this.conserve();
    this.losses();
    this.insurance();
    this.closing();
  }

  /** @param sample accounts, all when none is given */
  async compare(rpc: Rpc, sample?: number): Promise<void> {
    const { compared, differences } = await verify(this.ledger, rpc, sample === undefined ? {} : { sample });
    this.compared += compared;
    const [first] = differences;
    const what =
      first === undefined ? "" : `${first.subject} ${first.field}: ${first.chain}, in the mirror ${first.mirror}`;
    this.expect("REPLAY-1", `${differences.length} of ${compared} numbers differ: ${what}`, differences.length === 0);
  }

  /** What views quoted, and what calls that nobody sent came to. */
  quotes(compared: readonly Compared[]): void {
    for (const { what, quoted, executed } of compared)
      this.expect(
        "QUOTE-1",
        `${what}: ${quoted.join(" at ")}, executed ${executed.join(" at ")}`,
        same(quoted, executed),
      );
  }

  /** Rounding is a wei of size, its cash, and a wei, for every operation and pick-up. */
  private conserve(): void {
    const { ledger } = this;
    const { cash, unsettled, held, sizes } = ledger.totals();
    const operations = BigInt(this.tally.counts.logs);
    const marks = [...ledger.perps, ...ledger.spots].map((asset) => ledger.prices.markOf(asset));
    const highest = marks.reduce((most, mark) => (mark > most ? mark : most), 0n);
    const bound = operations * (highest / WAD + 2n);
    const off = magnitude(held - cash - unsettled);
    if (off > this.dust) this.dust = off;
    this.expect("CASH-1", `${cash + unsettled} of ${held} held`, off <= bound);
    for (const asset of ledger.perps) {
      const { long, short } = sizes.get(asset) ?? { long: 0n, short: 0n };
      const { openInterest } = ledger.markets.of(asset);
      const furthest = [long, short].map((side) => magnitude(side - openInterest));
      const what = `asset ${asset}: ${long} long, ${short} short, open interest ${openInterest}`;
      this.expect(
        "SIZE-1",
        what,
        furthest.every((difference) => difference <= operations),
      );
    }
    let value = held;
    for (const asset of ledger.spots) {
      const { held: reserve } = ledger.reserves.of(asset);
      const owned = sizes.get(asset)?.long ?? 0n;
      this.expect("SPOT-1", `asset ${asset}: ${owned} of ${reserve} held`, owned === reserve);
      value += (reserve * ledger.prices.markOf(asset)) / WAD;
    }
    const equity = [...ledger.accounts()].reduce((sum, account) => sum + ledger.equityOf(account), 0n);
    this.expect("EQUITY-1", `${equity} of ${value}`, magnitude(value - equity) <= 2n * bound);
  }

  private losses(): void {
    let standing = 0n;
    for (const [asset, { booked, reduced, insured, shared, fraction }] of this.tally.losses) {
      const row = -this.ledger.cashOf(deficitRow(asset));
      standing += row;
      const what = `asset ${asset}: ${booked} booked, ${reduced} reduced (${insured} insured, ${shared} shared), ${row} stands`;
      this.expect("CHAIN-1", what, booked - reduced === row && insured + shared <= reduced && row >= 0n);
      this.expect("SHARE-1", `asset ${asset}: ${fraction} of ${RAY}`, fraction <= RAY);
      this.expect("INS-1", `asset ${asset}: ${insured} of ${booked} insured`, insured * 10_000n <= booked * INSURED);
    }
    const { deficit } = this.ledger.reserves;
    this.expect("CHAIN-1", `${deficit} in all, ${standing} in the rows`, deficit === standing);
  }

  private insurance(): void {
    const fund = this.ledger.cashOf(INSURANCE);
    this.expect("INS-1", `the row has ${fund}`, fund >= 0n);
    for (const asset of this.ledger.perps) {
      const { hourUsed, hourFund, dayUsed, dayFund } = this.ledger.markets.of(asset).budget;
      const hour = hourUsed * 10_000n <= hourFund * Budgets.HOUR_SHARE;
      const day = dayUsed * 10_000n <= dayFund * Budgets.DAY_SHARE;
      this.expect("INS-1", `asset ${asset}: used ${hourUsed} in an hour, ${dayUsed} in a day`, hour && day);
    }
  }

  private closing(): void {
    for (const [asset, { orphaned, closed, events }] of this.tally.offsets) {
      const what = `asset ${asset}: ${closed} closed of ${orphaned} orphaned`;
      this.expect("OFFSET-1", what, magnitude(closed - orphaned) <= BigInt(events));
    }
    const inLots = new Map<number, bigint>();
    for (const { asset, lot } of this.ledger.lots.live()) inLots.set(asset, (inLots.get(asset) ?? 0n) + lot.size);
    for (const asset of [...this.ledger.perps, ...this.ledger.spots]) {
      const { inFlight } = this.ledger.lots.flowOf(asset);
      const sum = inLots.get(asset) ?? 0n;
      this.expect("LOT-1", `asset ${asset}: ${inFlight} in flight, ${sum} in lots`, inFlight === sum);
    }
    const { skipped, unexplained } = this.tally.counts;
    if (skipped > 0) this.expect("LIVE-1", `${unexplained} of ${skipped} without a reason`, unexplained === 0);
  }

  expect(law: Law, what: string, holds: boolean): void {
    const figures = this.figures[law];
    figures.checked++;
    if (!holds && figures.broken.length < KEPT) figures.broken.push(what);
  }
}
