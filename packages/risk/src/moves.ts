// Prices that move, and what moves with them.
import { Average, FixedPoint, MAX_PRICE, MIN_PRICE, WAD, type Account, type Price } from "@ballast/math";

/** By asset; relative moves, or betas, in 1e18. What is not in it stays. */
export type Moves = ReadonlyMap<bigint, bigint>;

/** Time constants of the averages, in seconds. */
const FAST = 60n;
const SLOW = 1_800n;

/** mark·(1 + move), down, within what the oracle accepts. */
export function markAfter(mark: bigint, move: bigint): bigint {
  return bounded(mark + FixedPoint.mulFloor(move, mark));
}

/** The price after a move that has stood for `seconds`: the averages follow the mark, the volatility does not move. */
export function priceAfter(price: Price, move: bigint, seconds: bigint): Price {
  const mark = markAfter(price.mark, move);
  const { sigma, status, updatedAt } = price;
  return {
    mark,
    fast: Average.step(price.fast, mark, seconds, FAST),
    slow: Average.step(price.slow, mark, seconds, SLOW),
    sigma,
    updatedAt: updatedAt + seconds,
    status,
  };
}

/** The price with another mark. What a contract returned is no object to copy: fields are taken one by one. */
export function withMark({ fast, slow, sigma, updatedAt, status }: Price, mark: bigint): Price {
  return { mark, fast, slow, sigma, updatedAt, status };
}

/** The account after moves that have stood for `seconds`. */
export function accountAfter(account: Account.Snapshot, moves: Moves, seconds: bigint): Account.Snapshot {
  const legs = account.legs.map((leg) => ({
    ...leg,
    price: priceAfter(leg.price, moves.get(leg.asset) ?? 0n, seconds),
  }));
  return { ...account, legs };
}

/** The account if the price of one leg were `price` and had stood long enough for its averages. */
export function accountAt(account: Account.Snapshot, asset: bigint, price: bigint): Account.Snapshot {
  const settled = (held: Price) => ({ ...withMark(held, price), fast: price, slow: price });
  const legs = account.legs.map((leg) => (leg.asset === asset ? { ...leg, price: settled(leg.price) } : leg));
  return { ...account, legs };
}

/** The same move of every leg that an account has: betas of one. */
export function together({ legs }: Account.Snapshot): Moves {
  return new Map(legs.map(({ asset }) => [asset, WAD]));
}

/** beta·x, down. */
export function scaledBy(beta: bigint, x: bigint): bigint {
  return x < 0n ? FixedPoint.mulFloor(-beta, -x) : FixedPoint.mulFloor(beta, x);
}

export function bounded(price: bigint): bigint {
  if (price < MIN_PRICE) return MIN_PRICE;
  return price > MAX_PRICE ? MAX_PRICE : price;
}
