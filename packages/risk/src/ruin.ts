// How likely an account falls below a line before a horizon, if the logarithm of prices moves without drift.
//
// A line is crossed when a move x reaches a root of E + D·x + G·x²/2; below at distance a = −ln(1 + x₁), above at
// b = ln(1 + x₂). With s = σ·√T and L = a + b, by reflection at both barriers:
//
//     P = Σ (−1)^k · 2·[Q((a + kL)/s) + Q((b + kL)/s)]          one barrier: P = 2·Q(a/s)
//
// Q is the tail of a normal distribution, or of Student's: as if the volatility of the whole horizon were drawn once. Prices
// jump, and jump together; normal tails understate that badly. These are numbers to compare by, not to live by.
import { Account, FixedPoint, Positions, WAD } from "@ballast/math";
import { together, type Moves } from "./moves.js";
import * as Sensitivity from "./sensitivity.js";
import type { Line } from "./standing.js";
import * as Tails from "./tails.js";

/** Terms of the series: enough for horizons in which prices could cross the whole width three hundred times. */
const TERMS = 4_096;
const NEGLIGIBLE = 1e-18;
const LONGEST = 1e15;

/** Moves of a logarithm: `sigma` per √second, over `seconds`; with degrees of freedom for heavier tails. */
export interface Process {
  readonly sigma: number;
  readonly seconds: number;
  readonly degrees?: number;
}

/** Distances in the logarithm of the price, `Infinity` where there is none, both zero for who is below already. */
export interface Barriers {
  readonly below: number;
  readonly above: number;
}

/** A perp of a market as margin sees it: an `Account.Leg` has all of it. */
export type Place = Pick<Account.Leg, "asset" | "market" | "price">;

export class ProbabilityOutOfBounds extends RangeError {
  override name = "ProbabilityOutOfBounds";

  constructor(readonly probability: number) {
    super(`a probability of ${probability} is not between 0 and 1`);
  }
}

/** Where an account falls below a line when its legs move by x times their betas. */
export function barriers(
  account: Account.Snapshot,
  line: Line = "maintenance",
  betas: Moves = together(account),
): Barriers {
  return barriersOf(Sensitivity.curve(account, line, betas));
}

export function barriersOf(curve: Sensitivity.Curve): Barriers {
  const found = Sensitivity.roots(curve);
  if (curve.value <= 0 || found === undefined) return { below: 0, above: 0 };
  const { lower, upper } = found;
  return {
    below: lower < 0 && lower > -1 ? -Math.log1p(lower) : Infinity,
    above: upper > 0 ? Math.log1p(upper) : Infinity,
  };
}

/** The probability that either barrier is met before the horizon. */
export function probability({ below, above }: Barriers, { sigma, seconds, degrees }: Process): number {
  if (below <= 0 || above <= 0) return 1;
  const move = sigma * Math.sqrt(seconds);
  if (move === 0) return 0;
  const tail = Tails.tailOf(degrees);
  const width = below + above;
  let [sum, last] = [0, 0];
  for (let k = 0; k < TERMS; k++) {
    const shift = k === 0 ? 0 : k * width;
    last = 2 * (tail((below + shift) / move) + tail((above + shift) / move)) * (k % 2 === 0 ? 1 : -1);
    sum += last;
    if (Math.abs(last) <= NEGLIGIBLE * sum) return clamp(sum);
  }
  // Terms that change slowly: the mean of two partial sums is where they go.
  return clamp(sum - last / 2);
}

/** Of an account: the probability that it falls below a line before the horizon. */
export function of(account: Account.Snapshot, process: Process, line?: Line, betas?: Moves): number {
  return probability(barriers(account, line, betas), process);
}

/** When the probability reaches p, in seconds; `Infinity` if it never does. */
export function quantileTime({ below, above }: Barriers, p: number, process: Omit<Process, "seconds">): number {
  requireProbability(p);
  const reached = (seconds: number) => probability({ below, above }, { ...process, seconds }) >= p;
  if (!reached(LONGEST)) return Infinity;
  let [low, high] = [0, LONGEST];
  for (let i = 0; i < 200; i++) {
    const middle = low < 1e-6 ? high / 1024 : Math.sqrt(low * high);
    if (middle === low || middle === high || high < 1e-6) break;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** a·b/σ² seconds on average with normal moves between two barriers; against a single one it takes for ever. */
export function expectedTime({ below, above }: Barriers, sigma: number): number {
  if (below === 0 || above === 0) return 0;
  return (below * above) / (sigma * sigma);
}

/** b = σ·√T·Q⁻¹(ε/2): the distance of a single barrier that is met with probability ε. */
export function distanceFor(p: number, { sigma, seconds, degrees }: Process): number {
  requireProbability(p);
  return Math.max(0, sigma * Math.sqrt(seconds) * Tails.inverse(Tails.tailOf(degrees), p / 2));
}

/**
 * The margin in quote, up, that a position on its own must start with so that it falls below a line with no more than this
 * probability.
 */
export function marginFor(place: Place, size: bigint, p: number, process: Process, line: Line = "maintenance"): bigint {
  requireProbability(p);
  const enough = (margin: bigint) => of(entered(place, size, margin), process, line) <= p;
  let high = FixedPoint.mulUp(FixedPoint.abs(size), place.price.mark) / 100n + 1n;
  while (!enough(high)) high *= 2n;
  return leastThat(enough, 0n, high);
}

/**
 * The largest position of one leg, longs positive, entered at mark in place of what the account has of it, at which the account
 * falls below a line with no more than this probability while its other prices stay. What is left at any price is concave
 * in the size and positive without it, so that a larger one is never safer.
 */
export function largestPosition(
  account: Account.Snapshot,
  place: Place,
  long: boolean,
  p: number,
  process: Process,
  line: Line = "maintenance",
): bigint {
  requireProbability(p);
  const betas = new Map([[place.asset, WAD]]);
  const rest = without(account, place.asset);
  const tooLarge = (size: bigint) => of(withLeg(rest, place, long ? size : -size), process, line, betas) > p;
  if (tooLarge(0n)) return 0n;
  let high = WAD;
  while (high < Positions.MAX_SIZE && !tooLarge(high)) high *= 2n;
  const size = leastThat(tooLarge, 0n, high) - 1n;
  return long ? size : -size;
}

/** A position on its own, entered at mark with this margin. */
export function entered(place: Place, size: bigint, margin: bigint): Account.Snapshot {
  return withLeg({ cash: margin, interest: 0n, legs: [], debtCap: 0n }, place, size);
}

/** Adds a leg for its value in cash. */
function withLeg(account: Account.Snapshot, place: Place, size: bigint): Account.Snapshot {
  const position = { size, cash: 0n, basis: place.price.mark };
  const cash = account.cash - FixedPoint.mulFloor(size, place.price.mark);
  return { ...account, cash, legs: [...account.legs, { ...place, position }] };
}

/** Closes a leg at mark. */
function without(account: Account.Snapshot, asset: bigint): Account.Snapshot {
  const gone = account.legs.find((leg) => leg.asset === asset);
  if (gone === undefined) return account;
  const proceeds = FixedPoint.mulFloor(gone.position.size, gone.price.mark) + gone.position.cash;
  return { ...account, cash: account.cash + proceeds, legs: account.legs.filter((leg) => leg !== gone) };
}

/** The least number above `low` up to `high` that is enough. */
function leastThat(enough: (n: bigint) => boolean, low: bigint, high: bigint): bigint {
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function requireProbability(p: number): void {
  if (!(p > 0 && p < 1)) throw new ProbabilityOutOfBounds(p);
}

function clamp(p: number): number {
  return Math.min(1, Math.max(0, p));
}
