// Who may be below maintenance, in numbers: never misses one who is, and finds few who are not.
import { AssetKind, Assessor, Account, FixedPoint } from "@ballast/math";
import type { Member, MarketState } from "./book.js";
import { numberOf } from "./sensitivity.js";

/** A hundred times what eight legs of rounded numbers can be wrong by, per value; and a thousand wei. */
const TOLERANCE = 1e-12;
const LEAST = 1e-15;

/** All members in columns. */
interface Columns {
  readonly cash: Float64Array;
  /** Where the legs of a member begin; one more than there are members. */
  readonly first: Uint32Array;
  readonly asset: Uint32Array;
  readonly size: Float64Array;
  readonly assets: readonly bigint[];
}

/** value = size·mark·counted, maintenance = N·(rate + N·impact). */
interface Coefficients {
  readonly mark: number;
  readonly counted: number;
  readonly rate: number;
  readonly impact: number;
}

const columns = new WeakMap<readonly Member[], Columns>();

/** Indices of members that may be below maintenance at mark. What is read of the members is kept for the next time. */
export function nearMaintenance(members: readonly Member[], markets: ReadonlyMap<bigint, MarketState>): number[] {
  const { cash, first, asset, size, assets } = columnsOf(members);
  const coefficients = assets.map((id) => coefficientsOf(id, markets));
  const found: number[] = [];
  for (let i = 0; i < cash.length; i++) {
    let excess = cash[i] ?? 0;
    let gross = Math.abs(excess);
    for (let j = first[i] ?? 0; j < (first[i + 1] ?? 0); j++) {
      const c = coefficients[asset[j] ?? 0];
      if (c === undefined) continue;
      const value = (size[j] ?? 0) * c.mark;
      const notional = Math.abs(value);
      const required = notional * (c.rate + notional * c.impact);
      excess += value * c.counted - required;
      gross += notional + required;
    }
    if (excess < gross * TOLERANCE + LEAST) found.push(i);
  }
  return found;
}

function coefficientsOf(asset: bigint, markets: ReadonlyMap<bigint, MarketState>): Coefficients {
  const state = markets.get(asset);
  if (state === undefined) throw new Account.MarketUnknown(asset);
  const { market, price } = state;
  const mark = numberOf(price.mark);
  if (market.config.kind === AssetKind.Spot) {
    const cut = FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000n);
    return { mark, counted: 1 - Number(cut) / 1e4, rate: 0, impact: 0 };
  }
  const rate = numberOf(Assessor.maintenanceRate(market, price.status));
  return { mark, counted: 1, rate, impact: 0.5 / numberOf(market.maintenanceDepth) };
}

function columnsOf(members: readonly Member[]): Columns {
  const known = columns.get(members);
  if (known !== undefined) return known;
  const legs = members.reduce((sum, { account }) => sum + account.legs.length, 0);
  const made = {
    cash: new Float64Array(members.length),
    first: new Uint32Array(members.length + 1),
    asset: new Uint32Array(legs),
    size: new Float64Array(legs),
    assets: [] as bigint[],
  };
  fill(made, members);
  columns.set(members, made);
  return made;
}

function fill(made: Columns & { assets: bigint[] }, members: readonly Member[]): void {
  const places = new Map<bigint, number>();
  let at = 0;
  for (const [i, { account }] of members.entries()) {
    let cash = account.cash - account.interest;
    made.first[i] = at;
    for (const { asset, position } of account.legs) {
      let place = places.get(asset);
      if (place === undefined) {
        place = made.assets.push(asset) - 1;
        places.set(asset, place);
      }
      cash += position.cash;
      made.asset[at] = place;
      made.size[at++] = numberOf(position.size);
    }
    made.cash[i] = numberOf(cash);
  }
  made.first[members.length] = at;
}
