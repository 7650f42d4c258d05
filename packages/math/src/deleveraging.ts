// The last resorts: closing an orphaned leg against the whole other side at mark, and taking a share of a side's profit by
// ticks of basis.
import * as Deleverage from "./deleverage.js";
import { WAD, abs, min } from "./fixedPoint.js";
import { asInt, asUint, int, uint } from "./integers.js";
import * as Positions from "./positions.js";
import * as Sides from "./sides.js";
import * as Ticks from "./ticks.js";

/** In bits, as they are stored. */
const WIDTH_OF_TAKEN = 80;
const WIDTH_OF_CASH = 152;
const WIDTH_OF_MULTIPLIER = 104;

/**
 * Closes up to `size` of a position at `price` against all members of the other side, everyone by the same fraction. The
 * position's pick-up is part of `cash`.
 */
export function offset(
  perp: Positions.Perp,
  stored: Positions.Position,
  size: bigint,
  price: bigint,
  haircut: bigint,
): { position: Positions.Position; closed: bigint; cash: bigint } {
  const touched = Positions.resize(perp, stored, 0n, price, haircut);
  const held = touched.afterwards;
  const closed = min(min(size, abs(held)), perp.openInterest);
  if (closed === 0n) return { position: touched.position, closed, cash: touched.cash };
  const long = held > 0n;
  const { position } = Positions.resize(perp, touched.position, long ? -closed : closed, price, haircut);
  offsetSide(perp, !long, closed, price);
  return { position, closed, cash: int(touched.cash + Deleverage.offsetProceeds(long, closed, price)) };
}

/**
 * Takes the same fraction of profit, at most the haircut, from every tick of the side that is in profit, the lowest first
 * and at most `limit` of them. `paid` goes to the deficit, `dust` is what rounding collected beyond it.
 */
export function share(
  side: Sides.Side,
  long: boolean,
  deficit: bigint,
  mark: bigint,
  haircut: bigint,
  limit: bigint,
): { paid: bigint; dust: bigint } {
  if (deficit === 0n || limit === 0n) return { paid: 0n, dust: 0n };
  const from = side.page;
  const perUnit = (tick: bigint) => perUnitOf(side, tick, long, mark, haircut);
  const ticks = Sides.ticksInUse(side).filter((tick) => tick >= from);
  const sum = ticks.reduce((total, tick) => total + Sides.tickSize(side, Sides.tickAt(side, tick)) * perUnit(tick), 0n);
  side.page = 0n;
  if (sum === 0n) return { paid: 0n, dust: 0n };
  const fraction = Deleverage.shareFraction(deficit, uint(sum));
  side.shareVersion++;
  let collected = 0n;
  for (const [i, tick] of ticks.entries()) {
    if (BigInt(i) === limit) {
      side.page = tick;
      break;
    }
    collected += chargeTick(side, tick, Deleverage.shareCharge(fraction, perUnit(tick)));
  }
  const paid = min(deficit, collected);
  return { paid, dust: collected - paid };
}

/** What a share could take of a side at this mark, in 1e18; the haircut in 1e18. */
export function capacity(side: Sides.Side, long: boolean, mark: bigint, haircut: bigint): bigint {
  const parts = Sides.ticksInUse(side).map(
    (tick) => Sides.tickSize(side, Sides.tickAt(side, tick)) * perUnitOf(side, tick, long, mark, haircut),
  );
  return parts.reduce((sum, part) => uint(sum + part), 0n) / WAD;
}

function offsetSide(perp: Positions.Perp, long: boolean, closed: bigint, price: bigint): void {
  const side = Positions.sideOf(perp, long);
  const { openInterest, fundingIndex } = perp;
  const index = { multiplier: side.multiplier, cash: side.cashIndex, funding: fundingIndex };
  const multiplier = Deleverage.offsetMultiplier(long, index.multiplier, openInterest, closed);
  const cash = Deleverage.offsetCash(long, index, multiplier, openInterest, closed, price);
  perp.openInterest = openInterest - closed;
  side.version++;
  const stored = { multiplier: asUint(multiplier, WIDTH_OF_MULTIPLIER), cashIndex: asInt(cash, WIDTH_OF_CASH) };
  if (multiplier < Deleverage.EPOCH_FLOOR) endEpoch(side, { ...stored, fundingIndex });
  else Object.assign(side, stored);
}

function endEpoch(side: Sides.Side, end: Sides.EpochEnd): void {
  side.epochEnds.set(side.epoch, end);
  side.epoch++;
  side.multiplier = Deleverage.ONE;
  side.cashIndex = 0n;
  side.shareVersion++;
}

function perUnitOf(side: Sides.Side, tick: bigint, long: boolean, mark: bigint, haircut: bigint): bigint {
  const edge = long ? Ticks.upper(tick) : Ticks.lower(tick);
  return Deleverage.shareCapacity(long, mark, edge, haircut, Sides.tickAt(side, tick).taken);
}

function chargeTick(side: Sides.Side, index: bigint, charge: bigint): bigint {
  if (charge === 0n) return 0n;
  const tick = Sides.tickAt(side, index);
  if (tick.cashEpoch < side.epoch) {
    if (tick.shared) side.tickEpochEnds.set(Sides.keyOf(index, tick.cashEpoch), tick.cashIndex);
    [tick.cashIndex, tick.cashEpoch] = [0n, side.epoch];
  }
  tick.shared = true;
  tick.cashIndex = asUint(tick.cashIndex + Deleverage.shareCash(charge, side.multiplier), WIDTH_OF_CASH);
  tick.taken = uint(tick.taken + asUint(Deleverage.shareTaken(charge), WIDTH_OF_TAKEN), WIDTH_OF_TAKEN);
  return Deleverage.sharePaid(Sides.tickSize(side, tick), charge);
}
