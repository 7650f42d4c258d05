// One perp and those who hold it, kept by the twin: what the ledger does to positions and their cash, without margin.
import { Deleveraging, FixedPoint, Positions, Sides } from "@ballast/math";
import { Amount, Kind, type Operation } from "../../packages/reference/src/campaign.js";

const MOST_SIZE = 10n ** 25n;
const MOST_INTEREST = 1n << 95n;
const ALL = 1n << 255n;

export interface Member {
  size: bigint;
  cash: bigint;
  basis: bigint;
}

interface Row {
  position: Positions.Position;
  cash: bigint;
}

export class Book {
  readonly perp: Positions.Perp = { fundingIndex: 0n, openInterest: 0n, long: Sides.create(), short: Sides.create() };
  readonly rows: Row[];
  /** What shares paid, and what rounding collected beyond it. */
  row = 0n;
  dust = 0n;

  constructor(
    accounts: number,
    /** In 1e18. */
    readonly haircut: bigint,
  ) {
    this.rows = Array.from({ length: accounts }, () => ({ position: Positions.NOTHING, cash: 0n }));
  }

  at(index: number): Row {
    const row = this.rows[index];
    if (row === undefined) throw new RangeError(`row ${index} of ${this.rows.length}`);
    return row;
  }

  member(index: number): Member {
    const { position, cash } = this.at(index);
    const seen = Positions.preview(this.perp, position, this.perp.fundingIndex, this.haircut);
    return { ...seen, cash: cash + seen.cash };
  }

  resize(index: number, delta: bigint, mark: bigint): { before: bigint; afterwards: bigint } {
    const row = this.at(index);
    const { position, cash, before, afterwards } = Positions.resize(this.perp, row.position, delta, mark, this.haircut);
    row.position = position;
    row.cash += cash;
    return { before, afterwards };
  }

  exchange(buyer: number, seller: number, size: bigint, price: bigint, mark: bigint): void {
    const value = FixedPoint.mulDown(size, price);
    const b = this.resize(buyer, size, mark);
    const s = this.resize(seller, -size, mark);
    this.at(buyer).cash -= value;
    this.at(seller).cash += value;
    this.perp.openInterest += positive(b.afterwards) + positive(s.afterwards) - positive(b.before) - positive(s.before);
  }

  share(long: boolean, deficit: bigint, mark: bigint): bigint {
    const side = Positions.sideOf(this.perp, long);
    const { paid, dust } = Deleveraging.share(side, long, deficit, mark, this.haircut, ALL);
    this.row += paid;
    this.dust += dust;
    return paid;
  }

  /** One operation as the harness of the contracts does it; what it executed. */
  execute(operation: Operation): bigint {
    const { kind, a, amount, mode, price } = operation;
    if (kind === Kind.Trade) return this.trade(operation);
    if (kind === Kind.Offset) return this.offset(operation);
    if (kind === Kind.Fund) this.perp.fundingIndex += operation.funding;
    if (kind === Kind.Touch) this.resize(a, 0n, price);
    if (kind !== Kind.Share) return 0n;
    const { mulDown } = FixedPoint;
    const deficit = mode === Amount.Fraction ? mulDown(mulDown(this.perp.openInterest, price), amount) + 1n : amount;
    return this.share(a === 0, deficit, price);
  }

  private trade({ a, b, amount, mode, price }: Operation): bigint {
    const buyer = this.resize(a, 0n, price).afterwards;
    const seller = this.resize(b, 0n, price).afterwards;
    const base = FixedPoint.abs(seller > 0n ? seller : buyer);
    const size = mode === Amount.Fraction ? FixedPoint.mulDown(base, amount) : amount;
    if (size === 0n || size > MOST_SIZE || a === b) return 0n;
    if (this.perp.openInterest + size > MOST_INTEREST) return 0n;
    this.exchange(a, b, size, price, price);
    return size;
  }

  private offset({ a, amount, mode, price }: Operation): bigint {
    const { afterwards: held } = this.resize(a, 0n, price);
    const most = FixedPoint.min(FixedPoint.abs(held), this.perp.openInterest);
    const size = mode === Amount.Fraction ? FixedPoint.mulUp(most, amount) : amount;
    const row = this.at(a);
    const { position, closed, cash } = Deleveraging.offset(this.perp, row.position, size, price, this.haircut);
    row.position = position;
    row.cash += cash;
    return closed;
  }
}

function positive(size: bigint): bigint {
  return size > 0n ? size : 0n;
}
