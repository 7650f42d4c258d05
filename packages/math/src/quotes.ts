// What a market's pool asks for and how far it goes, from the same numbers for a view and for a fill.
import { WAD, abs, min, mulDivDown } from "./fixedPoint.js";
import { int, uint } from "./integers.js";
import type { Pool, Price } from "./ledger.js";
import * as Margin from "./margin.js";
import * as Quoting from "./quoting.js";

/** The price of a unit at `time` when a taker buys `size` (sells, if negative) from a pool that holds `inventory`. */
export function price(pool: Pool, p: Price, inventory: bigint, size: bigint, depth: bigint, time: bigint): bigint {
  const buys = size > 0n;
  const against = Margin.value(buys ? int(-inventory) : inventory, p.mark);
  const age = Quoting.ageRate(p.sigma, uint(time - p.updatedAt), pool.ageFactor, mostDeviation(pool));
  const rate = Quoting.inventoryRate(age, against, Margin.notionalOf(size, p.mark), depth);
  return Quoting.price(buys, p.mark, p.fast, uint(halfSpread(pool) + rate));
}

/** What a unit of what a pool holds is to those who come and go. */
export function forProviders(pool: Pool, p: Price, buys: boolean): bigint {
  return Quoting.price(buys, p.mark, p.fast, halfSpread(pool) + mostDeviation(pool));
}

/** The most notional that a pool holds: a part of the live depth, a multiple of its equity. */
export function most(pool: Pool, equity: bigint, depth: bigint): bigint {
  return min(mulDivDown(depth, pool.inventoryLimit, 10_000n), multiple(equity, pool.leverageLimit));
}

/** Whether a pool holds so much per equity that it only quotes the side that reduces it. */
export function oneSided(pool: Pool, equity: bigint, inventory: bigint): boolean {
  return inventory > multiple(equity, pool.oneSided);
}

/** How much a taker may buy (sell, if not) of a pool now; what brings the pool nearer to nothing is always taken. */
export function room(
  pool: Pool,
  equity: bigint,
  inventory: bigint,
  buys: boolean,
  mark: bigint,
  depth: bigint,
): bigint {
  const held = abs(inventory);
  const limit = mulDivDown(most(pool, equity, depth), WAD, mark);
  if (inventory !== 0n && inventory > 0n === buys) return uint(limit + held);
  if (oneSided(pool, equity, Margin.notionalOf(inventory, mark)) || limit <= held) return 0n;
  return limit - held;
}

/** Of nothing when there is none; in hundredths. */
function multiple(equity: bigint, factor: bigint): bigint {
  return equity > 0n ? mulDivDown(equity, factor, 100n) : 0n;
}

function halfSpread(pool: Pool): bigint {
  return pool.halfSpread * (WAD / 1_000_000n);
}

function mostDeviation(pool: Pool): bigint {
  return pool.deviation * (WAD / 10_000n);
}
