import { Book, EXACT, WAD, magnitude, sign, type Filing } from "./book.js";
import { Random } from "./random.js";

export const Kind = { Trade: 0, Offset: 1, Share: 2, Fund: 3, Touch: 4 } as const;
export const Amount = { Absolute: 0, Fraction: 1 } as const;

/** One operation, as the harness takes it. */
export interface Operation {
  kind: number;
  mode: number;
  a: number;
  b: number;
  amount: bigint;
  price: bigint;
  funding: bigint;
}

export interface MemberState {
  size: bigint;
  cash: bigint;
  basis: bigint;
  long: boolean;
  tick: bigint;
  taken: bigint;
}

/** What the harness reports after an operation. */
export interface State {
  executed: bigint;
  openInterest: bigint;
  row: bigint;
  dust: bigint;
  epochs: bigint;
  viewIsTouch: boolean;
  members: readonly MemberState[];
}

export interface Sequence {
  profile: Profile;
  accounts: number;
  /** Basis points. */
  haircut: number;
  operations: Operation[];
}

export type Profile = "main" | "storm" | "dust" | "share";
/** Cumulative chances of trade, offset, share, funding; the rest are touches. */
const CHANCES: Record<Profile, readonly [number, number, number, number]> = {
  main: [0.5, 0.62, 0.74, 0.86],
  storm: [0.3, 0.72, 0.8, 0.9],
  dust: [0.5, 0.62, 0.74, 0.86],
  share: [0.35, 0.45, 0.85, 0.93],
};
export const PROFILES = Object.keys(CHANCES) as Profile[];

const MIN_PRICE = 10n ** 6n;
const MAX_PRICE = (1n << 80n) - 1n;

function power10(random: Random, from: number, to: number): bigint {
  const exponent = from + (to - from) * random.fraction();
  const whole = Math.floor(exponent);
  return (BigInt(Math.round(10 ** (exponent - whole) * 1e9)) * 10n ** BigInt(whole + 9)) / 10n ** 18n;
}

export function makeSequence(profile: Profile, random: Random): Sequence {
  const accounts = 2 + random.below(11);
  const haircut = random.pick([1, 10, 30, 30, 30, 50, 100]) * 100;
  const scale = profile === "dust" ? random.fraction() * 1.2 : random.fraction() * 25;
  const length = profile === "storm" ? 60 + random.below(141) : 5 + random.below(146);
  let price = power10(random, 9, 24);
  const operations: Operation[] = [];
  for (let i = 0; i < length; i++) {
    const moved = (price * BigInt(Math.round(Math.exp(random.normal() * 0.08) * 1e6))) / 1_000_000n;
    price = moved < MIN_PRICE ? MIN_PRICE : moved > MAX_PRICE ? MAX_PRICE : moved;
    operations.push(makeOperation(CHANCES[profile], random, accounts, scale, price));
  }
  return { profile, accounts, haircut, operations };
}

function makeOperation(
  chances: (typeof CHANCES)[Profile],
  random: Random,
  accounts: number,
  scale: number,
  price: bigint,
): Operation {
  const draw = random.fraction();
  const a = random.below(accounts);
  const base = {
    mode: Amount.Fraction as number,
    a,
    b: (a + 1 + random.below(accounts - 1)) % accounts,
    price,
    funding: 0n,
  };
  const fraction = random.pick([random.fraction(), random.fraction() ** 4, 1, 0.9]);
  const part = BigInt(Math.round(fraction * 1e18)) + 1n;
  if (draw < chances[0]) {
    // A quarter closes or flips exactly, some multiply, most are of any size.
    if (random.below(3) === 0) return { ...base, kind: Kind.Trade, amount: WAD * BigInt(1 + random.below(3)) };
    const amount = power10(random, Math.max(0, scale - 2), scale) + 1n;
    return { ...base, kind: Kind.Trade, mode: Amount.Absolute, amount: amount < 10n ** 25n ? amount : 10n ** 25n };
  }
  if (draw < chances[1]) return { ...base, kind: Kind.Offset, amount: part < WAD ? part : WAD };
  if (draw < chances[2]) return { ...base, kind: Kind.Share, a: random.below(2), amount: power10(random, 12, 18) };
  const funding = (price * 10n ** 9n * BigInt(Math.round((random.fraction() - 0.5) * 1e8))) / 10n ** 9n;
  if (draw < chances[3]) return { ...base, kind: Kind.Fund, amount: 0n, funding };
  return { ...base, kind: Kind.Touch, amount: 0n };
}

export interface Statistics {
  sequences: number;
  operations: number;
  byKind: number[];
  /** Offsets and shares that did something, and epochs that ended. */
  offsets: number;
  shares: number;
  epochs: number;
  /** In wei. */
  worstSize: number;
  /** In units: the cash of 1 wei of size, plus 1 wei. */
  worstCash: number;
  worstGain: number;
  violations: string[];
}

export function emptyStatistics(): Statistics {
  const zero = {
    sequences: 0,
    operations: 0,
    offsets: 0,
    shares: 0,
    epochs: 0,
    worstSize: 0,
    worstCash: 0,
    worstGain: 0,
  };
  return { ...zero, byKind: [0, 0, 0, 0, 0], violations: [] };
}

const filingKey = ({ long, tick }: Filing): string => `${long}/${tick}`;
const ratio = (numerator: bigint, denominator: bigint): number =>
  Number((numerator * 1_000_000n) / denominator) / 1_000_000;

/** Follows one sequence through the exact book and judges every state the harness reported. */
export class Judge {
  private readonly book: Book;
  private states: readonly MemberState[];
  private openInterest = 0n;
  private events = 0;
  private highestPrice = 1n;
  private highestFunding = 0n;
  private fundingIndex = 0n;
  private largestSide = 0n;
  /** Sizes under 1e9 wei make shares per unit meaningless; their cash is judged by the sums only. */
  private tiny = false;

  constructor(
    private readonly sequence: Sequence,
    private readonly statistics: Statistics,
  ) {
    this.book = new Book(sequence.accounts, (BigInt(sequence.haircut) * WAD) / 10_000n);
    const nothing = { size: 0n, cash: 0n, basis: 0n, long: false, tick: 0n, taken: 0n };
    this.states = Array.from({ length: sequence.accounts }, () => nothing);
  }

  run(states: readonly State[]): void {
    this.statistics.sequences++;
    this.sequence.operations.forEach((operation, i) => {
      const state = states[i];
      if (state === undefined) throw new RangeError(`no state after operation ${i}`);
      this.step(operation, state);
    });
    const last = states.at(-1);
    if (last !== undefined) this.finish(last);
  }

  private complain(law: string, detail: string): void {
    this.statistics.violations.push(`${law} (${this.sequence.profile} ${this.statistics.sequences}): ${detail}`);
  }

  private step(operation: Operation, state: State): void {
    const { price } = operation;
    this.statistics.operations++;
    this.statistics.byKind[operation.kind] = (this.statistics.byKind[operation.kind] ?? 0) + 1;
    if (price > this.highestPrice) this.highestPrice = price;
    if (!state.viewIsTouch) this.complain("QUOTE-1", "a touch differs from its view");
    if (operation.kind === Kind.Trade) this.trade(operation, state);
    else if (operation.kind === Kind.Offset) this.offset(operation, state);
    else if (operation.kind === Kind.Share) this.share(operation, state);
    else if (operation.kind === Kind.Fund) this.fund(operation.funding);
    else this.touched(operation.a, price);
    this.accept(state);
  }

  private touched(index: number, price: bigint): void {
    if (this.before(index).size === 0n) this.book.forget(index, price);
  }

  private before(index: number): MemberState {
    const state = this.states[index];
    if (state === undefined) throw new RangeError(`member ${index}`);
    return state;
  }

  private accept(state: State): void {
    this.states = state.members;
    this.openInterest = state.openInterest;
    if (state.openInterest > this.largestSide) this.largestSide = state.openInterest;
    this.book.keepTaken(new Set(state.members.filter(({ taken }) => taken !== 0n).map(filingKey)));
    const longs = state.members.reduce((sum, { size }) => sum + (size > 0n ? size : 0n), 0n);
    const shorts = state.members.reduce((sum, { size }) => sum + (size < 0n ? -size : 0n), 0n);
    const slack = BigInt(this.sequence.accounts * (this.events + 1));
    if (longs > state.openInterest || longs + slack < state.openInterest) this.complain("SIZE-1", "longs");
    if (shorts < state.openInterest || shorts > state.openInterest + slack) this.complain("SIZE-1", "shorts");
  }

  private trade({ a, b, price }: Operation, state: State): void {
    const value = (state.executed * price) / WAD;
    for (const index of [a, b]) {
      if (state.executed === 0n) {
        this.touched(index, price);
        continue;
      }
      const afterwards = state.members[index]?.size ?? 0n;
      this.book.trade(index, this.before(index).size, afterwards, price, value);
    }
  }

  private offset({ a, price }: Operation, state: State): void {
    this.touched(a, price);
    if (state.executed === 0n) return;
    this.statistics.offsets++;
    this.events++;
    const victim = sign(this.before(a).size);
    const others = this.states.flatMap(({ size, long, tick }, index) =>
      (size === 0n ? tick !== 0n && long === victim < 0n : sign(size) === -victim) ? [index] : [],
    );
    this.book.offset(a, state.executed, this.openInterest, price, others);
    if (state.members[a]?.size === 0n) this.book.forget(a, price);
  }

  private fund(change: bigint): void {
    this.fundingIndex += change;
    if (magnitude(this.fundingIndex) > this.highestFunding) this.highestFunding = magnitude(this.fundingIndex);
    this.book.fund(change);
  }

  private share({ a, amount, price }: Operation, state: State): void {
    const long = a === 0;
    const filings = new Map<string, { filing: Filing; members: number[] }>();
    this.states.forEach((member, index) => {
      if (member.size === 0n || member.long !== long) return;
      const entry = filings.get(filingKey(member)) ?? { filing: member, members: [] };
      entry.members.push(index);
      filings.set(filingKey(member), entry);
    });
    if (filings.size === 0) return;
    const deficit = (((this.openInterest * price) / WAD) * amount) / WAD + 1n;
    this.statistics.shares++;
    this.events++;
    const charges = this.book.share(long, deficit, price, filings);
    if (state.executed > deficit) this.complain("CHAIN-1", "a share paid more than the deficit");
    for (const [index, charge] of charges) this.judgeCharge(index, charge, price);
  }

  /** Only profit, at most the haircut of it over any number of events, and never more than the margin reserve. */
  private judgeCharge(index: number, charge: bigint, price: bigint): void {
    const member = this.book.member(index);
    const state = this.before(index);
    if (magnitude(state.size) < 10n ** 9n) {
      this.tiny = true;
      return;
    }
    const slack = EXACT * (50n + (price >> 40n));
    const profit = sign(state.size) * (price * EXACT - member.basis);
    if (member.paid > (this.book.haircut * profit) / WAD + slack && charge > slack)
      this.complain("SHARE-1", "above the cap");
    const reserve = (this.book.haircut * sign(state.size) * (price - state.basis)) / WAD;
    if (charge / EXACT > (reserve > 0n ? reserve : 0n) + 50n + (price >> 40n))
      this.complain("SHARE-2", "above the reserve");
  }

  private finish(last: State): void {
    const { statistics } = this;
    statistics.epochs += Number(last.epochs);
    const funding = this.highestFunding / 10n ** 9n;
    const unit = (this.highestPrice > funding ? this.highestPrice : funding) / WAD + 1n;
    const shareUnit = unit + this.largestSide / WAD;
    const price = this.sequence.operations.at(-1)?.price ?? 0n;
    const sum = last.members.reduce((total, { cash }) => total + cash, last.row + last.dust);
    const slack = shareUnit * BigInt(this.sequence.accounts * (this.events + 2) + this.sequence.operations.length);
    if (magnitude(sum) > slack) this.complain("CASH-1", `${sum} is left over, ${slack} allowed`);
    last.members.forEach((member, index) => this.judgeMember(member, index, shareUnit, price));
  }

  private judgeMember(state: MemberState, index: number, unit: bigint, price: bigint): void {
    const exact = this.book.member(index);
    const size = state.size * EXACT - exact.size;
    const sizeError = ratio(magnitude(size), EXACT);
    this.statistics.worstSize = Math.max(this.statistics.worstSize, sizeError);
    if (sizeError > this.events + 1) this.complain("SIZE-1", `${sizeError} wei off`);
    if (this.tiny) return;
    const cash = state.cash * EXACT - exact.cash;
    const gain = cash + (size * price) / WAD;
    this.statistics.worstCash = Math.max(this.statistics.worstCash, ratio(magnitude(cash), EXACT * unit));
    this.statistics.worstGain = Math.max(this.statistics.worstGain, ratio(gain, EXACT * unit));
    if (gain > EXACT * unit * 8n) this.complain("EQUITY-1", `account ${index} gained ${gain / EXACT} by rounding`);
    if (magnitude(cash) > EXACT * unit * 100n) this.complain("CASH-1", `account ${index} is ${cash / EXACT} off`);
  }
}
