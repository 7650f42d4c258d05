// The smallest reduction of one leg that brings its account to a target health.
//
// With E the margin equity, f the cost of closing and M the maintenance, closing n is enough when E(n) ≥ ⌈β·M(n)⌉:
//
//     perp: E(n) = E − f·n,        M(n) = M₀ + required(N − n)
//     spot: E(n) = E + (h − f)·n,  M(n) = M
//
// each with the ledger's own rounding. A step is toxic when it would lower health: f ≥ r·E/M for a perp, r = dM/dn;
// f ≥ h for a spot. Toxic steps are not planned.
import { WAD, min, mulDivCeil, mulDivDown, mulDivFloor, mulDivUp, mulDown, mulUp, sqrtUp } from "./fixedPoint.js";
import { asInt, asUint, int, uint } from "./integers.js";
import * as Margin from "./margin.js";

/** Rounds of the ascent; more are only needed where the condition touches its edge instead of crossing it. */
export const ROUNDS = 32;
const BASIS_POINT = WAD / 10_000n;

/** A leg and the account around it. */
export interface Leg {
  readonly spot: boolean;
  /** Margin equity of the account, and the maintenance of all its other legs. */
  readonly equity: bigint;
  readonly otherMaintenance: bigint;
  /** |size| and mark. */
  readonly size: bigint;
  readonly price: bigint;
  /** Of a perp. */
  readonly rate: bigint;
  readonly depth: bigint;
  /** Of a spot, in basis points. */
  readonly haircut: bigint;
  /** The health to reach, and the cost per notional closed, in 1e18. */
  readonly target: bigint;
  readonly cost: bigint;
  /** Equity of the account with nothing taken off: a sale of spot may not use it up. */
  readonly gross: bigint;
}

export interface Plan {
  readonly size: bigint;
  /** Whether no step on this leg raises health; then the size is 0. */
  readonly toxic: boolean;
  /** Whether the target is reached; if not, the size is the one that leaves the account healthiest. */
  readonly reaches: boolean;
  /** What the size costs, and what it leaves. */
  readonly expense: bigint;
  readonly equity: bigint;
  readonly maintenance: bigint;
}

export function plan(leg: Leg): Plan {
  const now = closing(leg, 0n);
  if (now.reaches) return now;
  if (lowersHealth(leg, now.maintenance)) return { ...now, toxic: true };
  return smallest(leg) ?? best(leg, now);
}

/** The account after closing n of the leg. */
export function closing(leg: Leg, n: bigint): Plan {
  const expense = mulUp(notional(leg, n), leg.cost);
  let equity = int(leg.equity - asInt(expense));
  let maintenance = leg.otherMaintenance;
  if (!leg.spot)
    maintenance = uint(maintenance + Margin.required(notional(leg, uint(leg.size - n)), leg.rate, leg.depth));
  else if (n !== 0n) equity = int(equity + int(value(leg, n) - released(leg, n)));
  const reaches = equity >= asInt(mulUp(leg.target, maintenance));
  return { size: n, toxic: false, reaches, expense, equity, maintenance };
}

/** Whether closing anything lowers health: f·M ≥ r·E, r = rate + N/D rounded down; of a spot f ≥ h. */
function lowersHealth(leg: Leg, maintenance: bigint): boolean {
  if (leg.spot) return leg.cost >= uint(leg.haircut * BASIS_POINT);
  if (leg.equity <= 0n) return leg.cost !== 0n;
  const slope = uint(leg.rate + mulDivDown(notional(leg, leg.size), WAD, leg.depth));
  return uint(leg.cost * maintenance) >= uint(slope * leg.equity);
}

/** The ascent to the least size that is enough. */
function smallest(leg: Leg): Plan | undefined {
  let n = leg.spot ? leastSpot(leg) : leastPerp(leg);
  for (let i = 0; n !== undefined && n <= leg.size; ++i) {
    const p = closing(leg, n);
    if (p.reaches) return p;
    if (i === ROUNDS) return edge(leg, n);
    n = leg.spot ? nextSpot(leg, p) : nextPerp(leg, p);
  }
  return undefined;
}

/** Without rounding, x the notional that stays: x² + 2p·x ≤ q, p = D·(rate − f/β), q = 2D·(E − f·N − β·M₀)/β. */
function leastPerp(leg: Leg): bigint | undefined {
  const p = turn(leg);
  const c = int(equityOfAll(leg) - asInt(uint(leg.target * leg.otherMaintenance)));
  const stays = root(p, mulDivCeil(c, uint(2n * leg.depth), leg.target));
  return stays === undefined ? undefined : leg.size - sizeDown(leg, stays);
}

/** n pays for a maintenance of ⌊E(n)/β⌋: all but the largest notional that this carries has to go. */
function nextPerp(leg: Leg, p: Plan): bigint | undefined {
  if (p.equity < 0n) return undefined;
  const carried = mulDivDown(p.equity, WAD, leg.target);
  if (carried < leg.otherMaintenance) return undefined;
  return leg.size - sizeDown(leg, carriedBy(leg, carried - leg.otherMaintenance));
}

/**
 * The largest notional x with required(x) ≤ m, or one that is the same in wei of size. Without rounding
 * x² + 2p·x = 2D·m, p = D·rate; rounding takes at most 2 wei of maintenance off.
 */
function carriedBy(leg: Leg, m: bigint): bigint {
  let high = root(asInt(mulDown(leg.depth, leg.rate)), asInt(uint(uint(2n * leg.depth) * m))) ?? 0n;
  let low = high - min(high, uint(mulDivUp(2n, WAD, leg.rate) + 3n));
  while (low !== high && sizeDown(leg, low) !== sizeDown(leg, high)) {
    const middle = uint(low + high + 1n) / 2n;
    if (Margin.required(middle, leg.rate, leg.depth) <= m) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** (β·M − E) / (h − f) in value, what is missing reduced by what rounding of the counted value may give. */
function leastSpot(leg: Leg): bigint {
  const exact = asInt(mulDivUp(uint(leg.size * leg.price), uint(10_000n - leg.haircut), 10_000n * WAD));
  const lack = int(int(missing(leg) - exact) + counted(leg, leg.size));
  if (lack <= 0n) return 0n;
  return mulDivUp(lack, WAD * WAD, uint(leg.price * uint(uint(leg.haircut * BASIS_POINT) - leg.cost)));
}

/** The cash of a sale has to pay for what is missing, for its cost, and for what it takes from the counted value. */
function nextSpot(leg: Leg, p: Plan): bigint {
  const due = int(int(missing(leg) + asInt(p.expense)) + released(leg, p.size));
  return mulDivUp(asUint(due), WAD, leg.price);
}

/** An edge of the condition above a size that is not enough; a perp gains until `turn`. */
function edge(leg: Leg, from: bigint): Plan | undefined {
  let low = from;
  const stays = leg.spot ? 0n : int(-turn(leg));
  let p = closing(leg, leg.size - (stays > 0n ? sizeDown(leg, stays) : 0n));
  if (!p.reaches || p.size < low) return undefined;
  while (p.size - low > 1n) {
    const middle = closing(leg, uint(low + p.size) / 2n);
    if (middle.reaches) p = middle;
    else low = middle.size;
  }
  return p;
}

/** The size that leaves the account healthiest, if that is healthier than now. */
function best(leg: Leg, now: Plan): Plan {
  const p = closing(leg, leg.spot ? mostSpot(leg) : leg.size - sizeDown(leg, healthiest(leg)));
  const helps = leg.equity <= 0n && !leg.spot ? p.size !== 0n : healthier(p, now);
  return helps ? p : { ...now, toxic: true };
}

/** The notional that stays where f·M = (E − f·n)·r: x² + 2p·x = q, p = (E − f·N)/f, q = 2D·(M₀ − rate·p). */
function healthiest(leg: Leg): bigint {
  if (leg.cost === 0n) return 0n;
  const p = mulDivFloor(equityOfAll(leg), 1n, leg.cost);
  const c = int(asInt(uint(leg.otherMaintenance * WAD)) - int(asInt(leg.rate) * p));
  return c > 0n ? (root(p, mulDivCeil(c, uint(2n * leg.depth), WAD)) ?? 0n) : 0n;
}

/** All of it, but of a solvent account with positions no more than its equity pays for, less a wei of rounding. */
function mostSpot(leg: Leg): bigint {
  if (leg.gross < 0n || leg.otherMaintenance === 0n || leg.cost === 0n) return leg.size;
  return leg.gross === 0n ? 0n : sizeDown(leg, mulDivDown(leg.gross - 1n, WAD, leg.cost));
}

function healthier(a: Plan, b: Plan): boolean {
  if (a.maintenance === b.maintenance) return a.equity > b.equity;
  return int(a.equity * asInt(b.maintenance)) > int(b.equity * asInt(a.maintenance));
}

/** p = D·(rate − f/β), down: where closing stops to gain on β·M, −p of notional stays. */
function turn(leg: Leg): bigint {
  const slope = int(asInt(uint(leg.rate * leg.target)) - asInt(uint(leg.cost * WAD)));
  return mulDivFloor(slope, leg.depth, uint(leg.target * WAD));
}

/** E − f·N in 1e36, up. */
function equityOfAll(leg: Leg): bigint {
  return int(int(leg.equity * WAD) - asInt(mulDown(uint(leg.size * leg.price), leg.cost)));
}

/** The larger root of x² + 2p·x = q, up: −p + √(p² + q); a smaller p and a larger q only raise it. */
function root(p: bigint, q: bigint): bigint | undefined {
  const square = int(int(p * p) + q);
  if (square < 0n) return undefined;
  const x = int(asInt(sqrtUp(square)) - p);
  return x < 0n ? undefined : x;
}

/** What β·M asks for above what is there. */
function missing(leg: Leg): bigint {
  return int(asInt(mulUp(leg.target, leg.otherMaintenance)) - leg.equity);
}

/** What selling n takes from the counted value. */
function released(leg: Leg, n: bigint): bigint {
  return int(counted(leg, leg.size) - counted(leg, uint(leg.size - n)));
}

function counted(leg: Leg, size: bigint): bigint {
  return Margin.counted(value(leg, size), leg.haircut);
}

function value(leg: Leg, size: bigint): bigint {
  return Margin.value(asInt(size), leg.price);
}

/** The largest size whose notional is not above x, of this leg. */
function sizeDown(leg: Leg, x: bigint): bigint {
  return min(mulDivDown(x, WAD, leg.price), leg.size);
}

function notional(leg: Leg, size: bigint): bigint {
  return Margin.notionalOf(asInt(size), leg.price);
}
