// How an account answers to prices: first and second derivatives of equity, of the margin excess and of health.
//
// With n a size, p its price, V = n·p, N = |V|, r its maintenance rate, D its depth, h a spot's haircut:
//
//     perp: excess = V − N·(r + N/2D)     d/dp = n − |n|·(r + N/D)     d²/dp² = −n²/D
//     spot: excess = V·(1 − h)            d/dp = n·(1 − h)             d²/dp² = 0
//
// What closing costs grows with the square of the notional, so the excess is concave in every price and along every line.
import { Account, AssetKind, Assessor, FixedPoint, Margin, WAD } from "@ballast/math";
import { accountAt, together, type Moves } from "./moves.js";
import { standingOf, type Line } from "./standing.js";

export interface LegSensitivity {
  readonly asset: bigint;
  /** dEquity/dPrice in 1e18: the size. */
  readonly delta: bigint;
  /** What 1 % of the price is to equity, in quote, down. */
  readonly percent: bigint;
  /** d(margin equity − maintenance)/dPrice and its own derivative, in 1e18, down. */
  readonly excessDelta: bigint;
  readonly excessGamma: bigint;
  /** First and second derivative of health by a relative move of this price; of an account without maintenance none. */
  readonly healthSlope: number;
  readonly healthCurvature: number;
}

/** E + D·x + G·x²/2 of a relative move x, in quote: exact but for the rounding of numbers. */
export interface Curve {
  readonly value: number;
  readonly delta: number;
  readonly gamma: number;
}

export interface Sensitivity {
  readonly equity: bigint;
  /** Margin equity − maintenance. */
  readonly excess: bigint;
  readonly legs: readonly LegSensitivity[];
  /** The excess when every price moves by the same fraction. */
  readonly joint: Curve;
}

/** How far an account's equity is above a line, in parts: margin equity or equity, and what is held against it. */
interface Parts {
  readonly equity: Curve;
  readonly required: Curve;
}

const FLAT: Curve = { value: 0, delta: 0, gamma: 0 };

export function of(account: Account.Snapshot): Sensitivity {
  const { equity, marginEquity, maintenance } = standingOf(account);
  return {
    equity,
    excess: marginEquity - maintenance,
    legs: account.legs.map((leg) => legOf(account, leg)),
    joint: curve(account, "maintenance", together(account)),
  };
}

/** Margin equity − maintenance if one price were another, to the wei of the ledger. */
export function excessAt(account: Account.Snapshot, asset: bigint, price: bigint): bigint {
  const { marginEquity, maintenance } = standingOf(accountAt(account, asset, price));
  return marginEquity - maintenance;
}

/** What an account has above a line when prices move by x times their betas. */
export function curve(account: Account.Snapshot, line: Line, betas: Moves): Curve {
  const { equity, required } = partsOf(account, line, betas);
  const share = shareOf(line);
  return {
    value: equity.value - share * required.value,
    delta: equity.delta - share * required.delta,
    gamma: -share * required.gamma,
  };
}

/** The roots of a curve that is nowhere convex: it is not negative between them; none where it is negative everywhere. */
export function roots({ value, delta, gamma }: Curve): { lower: number; upper: number } | undefined {
  const square = delta * delta - 2 * gamma * value;
  if (square < 0 || (delta === 0 && gamma === 0 && value < 0)) return undefined;
  const q = -(delta + (delta < 0 ? -1 : 1) * Math.sqrt(square));
  const near = value === 0 && q === 0 ? 0 : (2 * value) / q;
  const far = gamma === 0 ? (delta < 0 ? -Infinity : Infinity) : q / gamma;
  return near < far ? { lower: near, upper: far } : { lower: far, upper: near };
}

/** In quote. */
export function numberOf(value: bigint): number {
  return Number(value) / 1e18;
}

function legOf(account: Account.Snapshot, { asset, market, price, position: { size } }: Account.Leg): LegSensitivity {
  const { equity } = Assessor.leg(market, size, price);
  const health = healthOf(partsOf(account, "maintenance", new Map([[asset, WAD]])));
  const base = { asset, delta: size, percent: FixedPoint.mulDivFloor(equity, 1n, 100n), ...health };
  if (market.config.kind === AssetKind.Spot) {
    const cut = Assessor.haircut(market.config, price.status);
    return { ...base, excessDelta: Margin.counted(size, cut), excessGamma: 0n };
  }
  const notional = Margin.notionalOf(size, price.mark);
  const slope =
    Assessor.maintenanceRate(market, price.status) + FixedPoint.mulDivUp(notional, WAD, market.maintenanceDepth);
  return {
    ...base,
    excessDelta: size - FixedPoint.mulUp(FixedPoint.abs(size), slope),
    excessGamma: -FixedPoint.mulDivUp(size * size, 1n, market.maintenanceDepth),
  };
}

/** h = E/M: h′ = (E′ − h·M′)/M, h″ = (E″ − 2h′·M′ − h·M″)/M. */
function healthOf({ equity, required }: Parts): { healthSlope: number; healthCurvature: number } {
  if (required.value === 0) return { healthSlope: 0, healthCurvature: 0 };
  const health = equity.value / required.value;
  const healthSlope = (equity.delta - health * required.delta) / required.value;
  const bend = equity.gamma - 2 * healthSlope * required.delta - health * required.gamma;
  return { healthSlope, healthCurvature: bend / required.value };
}

function partsOf(account: Account.Snapshot, line: Line, betas: Moves): Parts {
  const legs = account.legs.map((leg) => partsOfLeg(leg, line, numberOf(betas.get(leg.asset) ?? 0n)));
  const cash = account.legs.reduce((sum, { position }) => sum + position.cash, account.cash - account.interest);
  return {
    equity: legs.reduce((sum, part) => add(sum, part.equity), { ...FLAT, value: numberOf(cash) }),
    required: legs.reduce((sum, part) => add(sum, part.required), FLAT),
  };
}

function partsOfLeg({ market, price, position: { size } }: Account.Leg, line: Line, beta: number): Parts {
  const value = numberOf(size) * numberOf(price.mark);
  if (market.config.kind === AssetKind.Spot) {
    const cut = Number(FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000n)) / 1e4;
    const counted = line === "equity" ? value : value * (1 - cut);
    return { equity: { value: counted, delta: counted * beta, gamma: 0 }, required: FLAT };
  }
  const notional = Math.abs(value);
  const rate = numberOf(Assessor.maintenanceRate(market, price.status));
  const impact = notional / numberOf(market.maintenanceDepth);
  return {
    equity: { value, delta: value * beta, gamma: 0 },
    required: {
      value: notional * (rate + impact / 2),
      delta: notional * beta * (rate + impact),
      gamma: notional * beta * beta * impact,
    },
  };
}

function shareOf(line: Line): number {
  if (line === "equity") return 0;
  return line === "guard" ? Number(Assessor.GUARD) / 1e4 : 1;
}

function add(a: Curve, b: Curve): Curve {
  return { value: a.value + b.value, delta: a.delta + b.delta, gamma: a.gamma + b.gamma };
}
