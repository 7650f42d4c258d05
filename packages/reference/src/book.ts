/** Fixed point with 160 fractional bits: exact enough that its own error never shows. */
export const EXACT = 1n << 160n;
export const WAD = 10n ** 18n;
export const RAY = 10n ** 27n;

/** Division rounded down, unlike `/`, which rounds towards zero. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

export const magnitude = (x: bigint): bigint => (x < 0n ? -x : x);
export const sign = (x: bigint): bigint => (x > 0n ? 1n : x < 0n ? -1n : 0n);

/** All but the tick edges in EXACT units. */
export interface Member {
  size: bigint;
  cash: bigint;
  /** Size-weighted mark at the times size was added, shares left out. */
  basis: bigint;
  /** What shares took per unit of today's size. */
  paid: bigint;
}

/** Where a member of the contracts' ledger is filed. */
export interface Filing {
  long: boolean;
  tick: bigint;
}

/** The edge of a tick nearest to a mark at which it is in profit. */
export function profitEdge({ long, tick }: Filing): bigint {
  return (64n + (tick & 63n) + (long ? 1n : 0n)) << (tick >> 6n);
}

export class Book {
  readonly members: Member[];
  /** What shares took per unit, by tick, since its last member left. */
  private readonly taken = new Map<string, bigint>();

  constructor(
    accounts: number,
    /** In 1e18. */
    readonly haircut: bigint,
  ) {
    this.members = Array.from({ length: accounts }, () => ({ size: 0n, cash: 0n, basis: 0n, paid: 0n }));
  }

  member(index: number): Member {
    const member = this.members[index];
    if (member === undefined) throw new RangeError(`member ${index} of ${this.members.length}`);
    return member;
  }

  /** `change` of size at `price`; `before` and `afterwards` are the contracts' whole sizes. */
  trade(index: number, before: bigint, afterwards: bigint, price: bigint, value: bigint): void {
    const member = this.member(index);
    const change = afterwards - before;
    member.cash -= sign(change) * value * EXACT;
    const size = member.size + change * EXACT;
    if (afterwards === 0n) {
      this.fold(member, size, price);
      return;
    }
    if (sign(before) !== sign(afterwards)) {
      member.basis = price * EXACT;
      member.paid = 0n;
    } else if (magnitude(afterwards) > magnitude(before)) {
      const added = magnitude(change);
      member.basis = (member.basis * magnitude(before) + price * EXACT * added) / magnitude(afterwards);
      member.paid = (member.paid * magnitude(before)) / magnitude(afterwards);
    }
    member.size = size;
  }

  /** The fraction of a wei that is left of a closed position, as cash. */
  private fold(member: Member, size: bigint, price: bigint): void {
    member.cash += (size * price) / WAD;
    member.size = member.basis = member.paid = 0n;
  }

  /** A pick-up that found nothing left. */
  forget(index: number, price: bigint): void {
    const member = this.member(index);
    this.fold(member, member.size, price);
  }

  fund(change: bigint): void {
    for (const member of this.members) member.cash -= floorDivide(member.size * change, RAY);
  }

  /** Closes `closed` of the victim against everyone in `counterparties`, by the same fraction. */
  offset(victim: number, closed: bigint, openInterest: bigint, price: bigint, counterparties: number[]): void {
    for (const index of counterparties) {
      const member = this.member(index);
      const size = (member.size * closed) / openInterest;
      member.cash += (size * price) / WAD;
      member.size -= size;
    }
    const member = this.member(victim);
    const side = sign(member.size);
    member.size -= side * closed * EXACT;
    member.cash += (side * closed * price * EXACT) / WAD;
  }

  /** Takes the same fraction of what may be taken from every member of the side; returns the charge per unit by tick. */
  share(long: boolean, deficit: bigint, price: bigint, filings: Map<string, { filing: Filing; members: number[] }>) {
    const weights = [...filings.entries()].map(([key, { filing, members }]) => {
      const gain = long ? price - profitEdge(filing) : profitEdge(filing) - price;
      const room = (this.haircut * gain * EXACT) / WAD - (this.taken.get(key) ?? 0n);
      const size = members.reduce((sum, index) => sum + magnitude(this.member(index).size), 0n);
      return { key, members, room: room > 0n ? room : 0n, size };
    });
    const capacity = weights.reduce((sum, { room, size }) => sum + (size * room) / EXACT, 0n);
    const charges = new Map<number, bigint>();
    if (capacity === 0n) return charges;
    let [numerator, denominator] = [deficit * WAD * EXACT, capacity];
    if (numerator > denominator) [numerator, denominator] = [1n, 1n];
    for (const { key, members, room } of weights) {
      const charge = (room * numerator) / denominator;
      this.taken.set(key, (this.taken.get(key) ?? 0n) + charge);
      for (const index of members) {
        const member = this.member(index);
        member.cash -= (magnitude(member.size) * charge) / (WAD * EXACT);
        member.paid += charge;
        charges.set(index, charge);
      }
    }
    return charges;
  }

  /** Ticks whose last member left start anew. */
  keepTaken(keys: Set<string>): void {
    for (const key of this.taken.keys()) if (!keys.has(key)) this.taken.delete(key);
  }
}
