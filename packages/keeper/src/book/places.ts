// Where legs are filed: a tick of a side of a perp, or a spot. What its members share is one row of numbers, so that
// offsets and shares, which every member picks up lazily, move no member.
//
// A member of size s when the side had the multiplier m has u = s/m units. With the multiplier M, the cash index K and
// what its tick was charged X of now, and the funding index F, a touch would leave of it
//
//     size u·M, cash |u|·(K − X) − u·M·F and what the row remembers of the moment it was written.
import { AssetKind, Assessor, FixedPoint, Ticks } from "@ballast/math";
import type { Ledger } from "@ballast/mirror";
import type { MarketAt } from "./markets.js";

/** Per place: what a unit is to the excess, its cash, its notional, the two terms of maintenance, and what may be wrong. */
export const STRIDE = 6;

/** As numbers: whole multipliers, and cash indices in quote per unit. */
const ONE = 2 ** 103;
const CASH = 2 ** 39 * 1e27;
const RAY = 1e27;
/** Ten wei of size at the tolerance of the scan. */
const ROUNDING = 1e-5;
const SPOT = -1;
const TICKS = 8_192;
const CHARGE_BITS = 152;

export interface Place {
  readonly index: number;
  readonly asset: number;
  readonly long: boolean;
  /** None of a spot. */
  readonly tick: number;
  multiplier: number;
  /** K − X, in quote per unit. */
  cash: number;
  /** X, which wraps in the ledger and does not here, and as it was read last. */
  charged: bigint;
  read: bigint;
}

export class Places {
  readonly all: Place[] = [];
  private readonly known = new Map<number, Place>();

  constructor(private readonly ledger: Ledger) {}

  /** Of a leg with this basis. */
  of(asset: number, long: boolean, basis: bigint): Place {
    const tick = this.ledger.markets.isPerp(asset) ? Number(Ticks.tickOf(basis)) : SPOT;
    return this.known.get(keyOf(asset, long, tick)) ?? this.add(asset, long, tick);
  }

  /** After a share. @param key of the tick in the mirror's table */
  refreshTick(key: number): void {
    const place = this.known.get(key + 1);
    if (place !== undefined) this.refresh(place);
  }

  /** After an offset. */
  refreshSide(asset: number, long: boolean): void {
    for (const place of this.all) if (place.asset === asset && place.long === long) this.refresh(place);
  }

  /** The coefficients of every place at these markets; at the fast average where asked. */
  coefficients(markets: ReadonlyMap<number, MarketAt>, fast = false): Float64Array {
    const made = new Float64Array(this.all.length * STRIDE);
    for (const place of this.all) write(made, place, markets.get(place.asset), fast);
    return made;
  }

  private add(asset: number, long: boolean, tick: number): Place {
    const read = tick === SPOT ? 0n : this.chargeOf(asset, long, tick);
    const place = { index: this.all.length, asset, long, tick, multiplier: 1, cash: 0, charged: 0n, read };
    this.all.push(place);
    this.known.set(keyOf(asset, long, tick), place);
    this.refresh(place);
    return place;
  }

  private refresh(place: Place): void {
    const { asset, long, tick } = place;
    if (tick === SPOT) return;
    const { multiplier, cashIndex } = this.ledger.sides.of(asset, long);
    const charge = this.chargeOf(asset, long, tick);
    place.charged += BigInt.asIntN(CHARGE_BITS, charge - place.read);
    place.read = charge;
    place.multiplier = Number(multiplier) / ONE;
    place.cash = Number(cashIndex - place.charged) / CASH;
  }

  /** What the members of a tick were charged within this epoch. */
  private chargeOf(asset: number, long: boolean, tick: number): bigint {
    const { epoch } = this.ledger.sides.of(asset, long);
    const { cashEpoch, cashIndex } = this.ledger.sides.tick(asset, long, tick);
    return cashEpoch === epoch ? cashIndex : 0n;
  }
}

function keyOf(asset: number, long: boolean, tick: number): number {
  return (2 * asset + (long ? 1 : 0)) * TICKS + tick + 1;
}

export function fundingOf({ market }: MarketAt): number {
  return Number(market.fundingIndex) / RAY;
}

export function numberOf(value: bigint): number {
  return Number(value) / 1e18;
}

function write(made: Float64Array, place: Place, at: MarketAt | undefined, fast: boolean): void {
  if (at === undefined) return;
  const { market } = at;
  const price = fast ? at.fast : at.price;
  const mark = numberOf(price.mark);
  const notional = place.multiplier * mark;
  const o = place.index * STRIDE;
  made[o + 2] = notional;
  if (market.config.kind === AssetKind.Spot) {
    const cut = FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000n);
    made[o] = notional * (1 - Number(cut) / 1e4);
    made[o + 5] = notional + mark * ROUNDING;
    return;
  }
  const funded = place.multiplier * fundingOf(at);
  made[o] = notional - funded;
  made[o + 1] = place.cash;
  made[o + 3] = numberOf(Assessor.maintenanceRate(market, price.status));
  made[o + 4] = 0.5 / numberOf(market.maintenanceDepth);
  made[o + 5] = notional + Math.abs(place.cash) + Math.abs(funded) + mark * ROUNDING;
}
