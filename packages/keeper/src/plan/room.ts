// What the stages of the closing chain have to give at a moment, from the mirror.
import { Stages, type Book, type MarketState, type Member, type Terms } from "@ballast/risk";
import { INSURANCE, accountId, keyOf, type Ledger } from "@ballast/mirror";
import { snapshotOf } from "../book/exact.js";
import { isSpot, type MarketAt } from "../book/markets.js";
import type { Watch } from "../book/watch.js";

/** The stages as one round of plans finds them. */
export interface Room {
  readonly ledger: Ledger;
  readonly markets: ReadonlyMap<number, MarketAt>;
  /** Pools and the backstop are its only members. */
  readonly book: Book;
  /** What insurance may pay for each market. */
  readonly insurable: ReadonlyMap<number, bigint>;
  /** Less after every call that is planned. */
  readonly capacities: Map<bigint, Stages.Capacity>;
}

export function roomOf(watch: Watch, marks?: ReadonlyMap<bigint, bigint>, time?: bigint): Room {
  const moment = watch.moment(marks, time);
  const { ledger } = watch;
  const markets = watch.markets(moment);
  const states = [...markets.values()].flatMap((at) => stateOf(ledger, at, moment.time));
  const backstop = ledger.lots.backstop;
  const ids = states.flatMap(({ pool }) => (pool === undefined ? [] : [pool.id]));
  if (backstop !== 0n) ids.push(backstop);
  const members = [...new Map(ids.map((id) => [keyOf(id), id])).values()].map((id): Member => ({
    id,
    account: snapshotOf(ledger, id, markets, moment.time),
  }));
  const book: Book = {
    members,
    markets: new Map(states.map((state) => [state.asset, state])),
    fund: ledger.cashOf(INSURANCE),
    time: moment.time,
    ...(backstop === 0n ? {} : { backstop }),
  };
  const capacities = new Map(states.map((state) => [state.asset, Stages.capacityOf(book, state, undefined)]));
  const insurable = new Map([...markets.keys()].map((asset) => [asset, ledger.markets.insurable(asset, moment.time)]));
  return { ledger, markets, book, insurable, capacities };
}

/** None of an asset that the closing chain has no terms for. */
function stateOf(ledger: Ledger, at: MarketAt, time: bigint): MarketState[] {
  const asset = Number(at.asset);
  const terms = ledger.lots.termsOf(asset);
  if (terms === undefined) return [];
  const { pool } = ledger.markets.of(asset);
  const state = {
    asset: at.asset,
    market: at.market,
    price: at.price,
    terms: whole<Terms>(terms),
    inFlight: ledger.lots.flowOf(asset).inFlight,
    windowUsed: ledger.lots.windowUsed(asset, time),
    budget: ledger.markets.budgetOf(asset, time),
    standing: ledger.markets.deficitOf(asset),
  };
  if (isSpot(at) || BigInt(pool.owner) === 0n) return [state];
  const { owner, ...quoted } = pool;
  return [{ ...state, pool: { id: accountId(owner), terms: whole(quoted) } }];
}

function whole<T>(numbers: Readonly<Record<string, number | bigint>>): T {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, BigInt(value)])) as T;
}
