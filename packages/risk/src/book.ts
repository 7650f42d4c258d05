// The whole book at one moment: every account, every market, and what each stage has to give.
import type { Account, Budgets, Markets, Pool, Positions, Price } from "@ballast/math";

/** How the stages treat an asset, as the contracts return it. Shares are in basis points, those of depth of the live one. */
export interface Terms {
  readonly target: bigint;
  readonly incentive: bigint;
  readonly penalty: bigint;
  readonly reduceImpact: bigint;
  readonly window: bigint;
  readonly inFlight: bigint;
  readonly latency: bigint;
  readonly backstop: bigint;
  readonly tip: bigint;
}

export interface MarketState {
  readonly asset: bigint;
  readonly market: Markets.Market;
  readonly price: Price;
  readonly terms: Terms;
  /** Size in live lots, and notional that went to the pool in the current minute. */
  readonly inFlight: bigint;
  readonly windowUsed: bigint;
  /** The account of the market's pool and its terms. */
  readonly pool?: { readonly id: bigint; readonly terms: Pool };
  readonly budget: Budgets.Budget;
  /** What stands in the row already. */
  readonly standing: bigint;
  /** The sides of a perp as they are stored, for what a share may still take; without them, by the bases of the members. */
  readonly sides?: Pick<Positions.Perp, "long" | "short">;
  /** What shares took of each side since `sides` or the bases were read. */
  readonly shared?: Shared;
}

export interface Shared {
  readonly long: bigint;
  readonly short: bigint;
}

/** Pools and the backstop are members like any other. The markets of the legs are not read: the book's are. */
export interface Member {
  readonly id: bigint;
  readonly account: Account.Snapshot;
  /** The perp it closed last, whose row takes what its cash lacks when only spot is left. */
  readonly lastClosed?: bigint;
}

export interface Book {
  readonly members: readonly Member[];
  readonly markets: ReadonlyMap<bigint, MarketState>;
  /** The account of the backstop. */
  readonly backstop?: bigint;
  /** Cash of the insurance row. */
  readonly fund: bigint;
  readonly time: bigint;
}

export class MemberUnknown extends Error {
  override name = "MemberUnknown";

  constructor(readonly id: bigint) {
    super(`account ${id} is not in the book`);
  }
}

export function memberOf(book: Book, id: bigint): Member {
  const found = indexOf(book.members).get(id);
  if (found === undefined) throw new MemberUnknown(id);
  return found;
}

const indices = new WeakMap<readonly Member[], ReadonlyMap<bigint, Member>>();

function indexOf(members: readonly Member[]): ReadonlyMap<bigint, Member> {
  const known = indices.get(members);
  if (known !== undefined) return known;
  const index = new Map(members.map((member) => [member.id, member]));
  indices.set(members, index);
  return index;
}
