// Values accounts: equity and requirements at mark, at the fast average, and at the worse of mark and slow.
import { asInt, asUint, int, uint } from "./integers.js";
import { AssetKind, AssetState, PriceStatus, type AssetConfig, type Price } from "./ledger.js";
import * as Margin from "./margin.js";
import type { Market } from "./markets.js";
import type { PickedUp } from "./positions.js";

/** The wick guard does not protect below this share of the maintenance margin, in basis points. */
export const GUARD = 8_000n;

/** A leg as of now: its market accrued, its position as a touch would leave it. */
export interface Holding {
  readonly market: Market;
  readonly price: Price;
  readonly position: PickedUp;
}

export interface Assessment {
  /** At mark, nothing taken off. */
  readonly equity: bigint;
  /** At mark, with haircuts on spot. */
  readonly marginEquity: bigint;
  readonly maintenance: bigint;
  /** The two above at the fast average. */
  readonly fastMarginEquity: bigint;
  readonly fastMaintenance: bigint;
  /** What initial margin and withdrawals look at: each leg at the worse of mark and slow. */
  readonly initialEquity: bigint;
  readonly initial: bigint;
  /** Cash and perps only, at the same prices: quote is never withdrawn against spot. */
  readonly quoteEquity: bigint;
  /** Spot at mark, nothing taken off. */
  readonly collateral: bigint;
  /** Whether the sources of a leg disagree. */
  readonly diverged: boolean;
}

/** Who may take a leg: what he holds of it, and what his account can carry. */
export interface Holder {
  readonly size: bigint;
  readonly equity: bigint;
  /** Initial equity beyond initial margin, and what of it is quote. */
  readonly free: bigint;
  readonly freeQuote: bigint;
}

/** An account, or one leg of it, at mark. */
export interface Standing {
  readonly equity: bigint;
  readonly marginEquity: bigint;
  readonly maintenance: bigint;
  readonly collateral: bigint;
}

/** `cash` with the interest so far taken off; what pick-ups pay is added here. */
export function assess(cash: bigint, holdings: readonly Holding[]): Assessment {
  const parts = holdings.map(assessLeg);
  const sum = (field: keyof Omit<Assessment, "diverged">) => parts.reduce((total, part) => total + part[field], 0n);
  const quote = holdings.reduce((total, { position }) => total + position.cash, cash);
  return {
    equity: int(sum("equity") + quote),
    marginEquity: int(sum("marginEquity") + quote),
    maintenance: uint(sum("maintenance")),
    fastMarginEquity: int(sum("fastMarginEquity") + quote),
    fastMaintenance: uint(sum("fastMaintenance")),
    initialEquity: int(sum("initialEquity") + quote),
    initial: uint(sum("initial")),
    quoteEquity: int(sum("quoteEquity") + quote),
    collateral: uint(sum("collateral")),
    diverged: parts.some(({ diverged }) => diverged),
  };
}

/** Liquidatable at mark, and also at the fast average unless it is far below. */
export function liquidatable(
  a: Pick<Assessment, "marginEquity" | "maintenance" | "fastMarginEquity" | "fastMaintenance">,
): boolean {
  if (a.marginEquity >= asInt(a.maintenance)) return false;
  if (a.fastMarginEquity < asInt(a.fastMaintenance)) return true;
  return int(a.marginEquity * 10_000n) < asInt(uint(a.maintenance * GUARD));
}

export function holder(a: Assessment, size: bigint): Holder {
  const free = int(a.initialEquity - asInt(a.initial));
  return { size, equity: a.equity, free, freeQuote: free < a.quoteEquity ? free : a.quoteEquity };
}

export function standing({ equity, marginEquity, maintenance, collateral }: Assessment): Standing {
  return { equity, marginEquity, maintenance, collateral };
}

/** Quote owed against spot: −(cash + perps at mark) of an account that holds spot. */
export function debt(s: Standing): bigint {
  const quote = int(s.equity - asInt(s.collateral));
  return quote < 0n && s.collateral !== 0n ? int(-quote) : 0n;
}

/** Whether it no longer waits for somebody: bankrupt, or below half of maintenance. */
export function orphaned(s: Standing): boolean {
  return s.equity < 0n || int(s.marginEquity * 2n) < asInt(s.maintenance);
}

/** Whether more is owed than `cap` basis points of the spot. */
export function overborrowed(s: Standing, cap: bigint): boolean {
  return uint(debt(s) * 10_000n) > uint(s.collateral * cap);
}

/** What one leg adds to an account at mark. */
export function leg(market: Market, size: bigint, price: Price): Standing {
  const equity = Margin.value(size, price.mark);
  if (market.config.kind !== AssetKind.Spot)
    return { equity, marginEquity: equity, maintenance: maintenance(market, size, price), collateral: 0n };
  const marginEquity = Margin.counted(equity, haircut(market.config, price.status));
  return { equity, marginEquity, maintenance: 0n, collateral: asUint(equity) };
}

/** What one leg adds to the initial margin, the reserve on its profit included, at the worse of mark and slow. */
export function initial(market: Market, size: bigint, basis: bigint, price: Price): bigint {
  const { initialRate, initialDepth, config } = market;
  const rate = frozen(config, price.status) ? uint(initialRate + initialRate) : initialRate;
  const worse = Margin.worse(size, price.mark, price.slow);
  const required = Margin.required(Margin.notionalOf(size, worse), rate, initialDepth);
  return uint(required + Margin.reserve(size, worse, basis, config.haircut));
}

/** The account at mark if this leg were `to` instead of `from` and its cash `cash` more. */
export function shifted(s: Standing, market: Market, price: Price, from: bigint, to: bigint, cash: bigint): Standing {
  const old = leg(market, from, price);
  const now = leg(market, to, price);
  return {
    equity: int(int(int(s.equity + cash) + now.equity) - old.equity),
    marginEquity: int(int(int(s.marginEquity + cash) + now.marginEquity) - old.marginEquity),
    maintenance: uint(uint(s.maintenance + now.maintenance) - old.maintenance),
    collateral: uint(uint(s.collateral + now.collateral) - old.collateral),
  };
}

/** Whether a step keeps an account at least as healthy; a wei is what the two parts of a leg may round apart. */
export function noWorse(before: Standing, afterwards: Standing): boolean {
  if (before.equity >= 0n && afterwards.equity < 0n && before.maintenance !== 0n) return false;
  if (before.maintenance === afterwards.maintenance) return int(afterwards.marginEquity + 1n) >= before.marginEquity;
  if (before.marginEquity <= 0n) return int(afterwards.equity + 1n) >= before.equity;
  return (
    int(afterwards.marginEquity * asInt(before.maintenance)) >= int(before.marginEquity * asInt(afterwards.maintenance))
  );
}

/** A leg that cannot be traded weighs its initial rate more (a spot: twice its haircut) but blocks nothing. */
export function frozen(config: AssetConfig, status: bigint): boolean {
  return status === PriceStatus.Stale || config.state === AssetState.Halted;
}

export function haircut(config: AssetConfig, status: bigint): bigint {
  return frozen(config, status) ? 2n * config.haircut : config.haircut;
}

export function maintenanceRate(market: Market, status: bigint): bigint {
  return frozen(market.config, status) ? uint(market.maintenanceRate + market.initialRate) : market.maintenanceRate;
}

/** What a leg of a perp needs at mark. */
export function maintenance(market: Market, size: bigint, price: Price): bigint {
  return maintenanceAt(market, size, price.mark, maintenanceRate(market, price.status));
}

function maintenanceAt(market: Market, size: bigint, at: bigint, rate: bigint): bigint {
  return Margin.required(Margin.notionalOf(size, at), rate, market.maintenanceDepth);
}

function assessLeg({ market, price, position }: Holding): Assessment {
  const diverged = price.status === PriceStatus.Diverged;
  const part =
    market.config.kind === AssetKind.Spot ? spot(market, position.size, price) : perp(market, position, price);
  return { ...part, diverged };
}

function spot(market: Market, size: bigint, price: Price): Omit<Assessment, "diverged"> {
  const cut = haircut(market.config, price.status);
  const counted = (at: bigint) => Margin.counted(Margin.value(size, at), cut);
  return {
    ...leg(market, size, price),
    fastMarginEquity: counted(price.fast),
    fastMaintenance: 0n,
    initialEquity: counted(Margin.worse(size, price.mark, price.slow)),
    initial: 0n,
    quoteEquity: 0n,
  };
}

function perp(market: Market, { size, basis }: PickedUp, price: Price): Omit<Assessment, "diverged"> {
  const worst = Margin.value(size, Margin.worse(size, price.mark, price.slow));
  return {
    ...leg(market, size, price),
    fastMarginEquity: Margin.value(size, price.fast),
    fastMaintenance: maintenanceAt(market, size, price.fast, maintenanceRate(market, price.status)),
    initialEquity: worst,
    initial: initial(market, size, basis, price),
    quoteEquity: worst,
  };
}
