// At which prices an account falls below a line, to the wei of the ledger.
//
// The excess over a line is concave, so prices at which the account holds are one interval, and it falls below one bound, above
// another, or both. Roots in numbers say where to look; the bound itself is found by bisection on the ledger's own
// arithmetic: there the account is below the line, one wei towards the inside it is not. Where a wei of price is worth less
// than a wei of quote rounding may let other prices within a few wei of quote of the bound go either way.
import { Account, Assessor, MAX_PRICE, MIN_PRICE, WAD } from "@ballast/math";
import { markAfter, scaledBy, together, withMark, type Moves } from "./moves.js";
import * as Sensitivity from "./sensitivity.js";
import { NOTHING, isBelow, plus, plusCash, standingOf, type Line } from "./standing.js";

/** Below the line at `below` and anywhere under it, at `above` and anywhere over it; what is absent is never reached. */
export interface Bounds {
  readonly below?: bigint;
  readonly above?: bigint;
}

/** Something that falls below a line or not as one number moves between two ends. */
interface Search {
  readonly fails: (at: bigint) => boolean;
  readonly lowest: bigint;
  readonly highest: bigint;
  /** Where it holds if it holds anywhere, and where it turns. */
  readonly peak: number;
  readonly guess: { readonly lower: number; readonly upper: number };
}

/** Prices of one leg, all others held where they are; `undefined` when none keeps the account above the line. */
export function prices(account: Account.Snapshot, asset: bigint, line: Line = "maintenance"): Bounds | undefined {
  const leg = account.legs.find((held) => held.asset === asset);
  if (leg === undefined) throw new Account.LegUnknown(asset);
  const rest = standingOf({ ...account, legs: account.legs.filter((held) => held !== leg) });
  const others = plusCash(rest, leg.position.cash);
  const { market, price, position } = leg;
  const curve = Sensitivity.curve(account, line, new Map([[asset, WAD]]));
  const mark = Number(price.mark);
  return search({
    fails: (at) => isBelow(plus(others, market, position.size, withMark(price, at)), line),
    lowest: MIN_PRICE,
    highest: MAX_PRICE,
    peak: mark * (1 + peakOf(curve)),
    guess: scaled(curve, (x) => mark * (1 + x)),
  });
}

/**
 * Relative moves x in 1e18 at which every leg moves by x times its beta; by default all legs by the same fraction, spot
 * too. Moves end where a price would leave what the oracle accepts.
 */
export function moves(
  account: Account.Snapshot,
  line: Line = "maintenance",
  betas: Moves = together(account),
): Bounds | undefined {
  const curve = Sensitivity.curve(account, line, betas);
  const [lowest, highest] = domain(account, betas);
  return search({
    fails: (x) => isBelow(standingAfter(account, betas, x), line),
    lowest,
    highest,
    peak: 1e18 * peakOf(curve),
    guess: scaled(curve, (x) => 1e18 * x),
  });
}

/** The account at mark after a move of x times the betas. */
export function standingAfter(account: Account.Snapshot, betas: Moves, x: bigint): Assessor.Standing {
  return account.legs.reduce(
    (sum, { asset, market, price, position: { size, cash } }) => {
      const mark = markAfter(price.mark, scaledBy(betas.get(asset) ?? 0n, x));
      return plus(plusCash(sum, cash), market, size, withMark(price, mark));
    },
    plusCash(NOTHING, account.cash - account.interest),
  );
}

function search({ fails, lowest, highest, peak, guess }: Search): Bounds | undefined {
  const inside = integer(peak, lowest, highest);
  if (fails(inside)) return undefined;
  return {
    ...(fails(lowest) ? { below: edge(fails, lowest, inside, integer(guess.lower, lowest, inside)) } : {}),
    ...(fails(highest) ? { above: edge(fails, highest, inside, integer(guess.upper, inside, highest)) } : {}),
  };
}

/** The last number on the way from one that fails to one that holds that still fails. */
function edge(fails: (at: bigint) => boolean, failing: bigint, holding: bigint, guess: bigint): bigint {
  const probe = (at: bigint) => {
    const failed = fails(at);
    if (failed) failing = at;
    else holding = at;
    return failed;
  };
  const between = (at: bigint) => (failing < at && at < holding) || (holding < at && at < failing);
  const inwards = failing < holding ? 1n : -1n;
  if (between(guess)) {
    const failed = probe(guess);
    const way = failed ? inwards : -inwards;
    for (let step = way; between(guess + step) && probe(guess + step) === failed;) step *= 16n;
  }
  while (failing + inwards !== holding) probe((failing + holding) / 2n);
  return failing;
}

/** Where a concave curve is highest, as a relative move. */
function peakOf({ delta, gamma }: Sensitivity.Curve): number {
  if (gamma !== 0) return -delta / gamma;
  return delta === 0 ? 0 : delta * Infinity;
}

function scaled(curve: Sensitivity.Curve, scale: (x: number) => number): { lower: number; upper: number } {
  const found = Sensitivity.roots(curve) ?? { lower: 0, upper: 0 };
  return { lower: scale(found.lower), upper: scale(found.upper) };
}

function integer(value: number, lowest: bigint, highest: bigint): bigint {
  if (!(value > Number(lowest))) return lowest;
  if (value >= Number(highest)) return highest;
  const at = BigInt(Math.floor(value));
  if (at < lowest) return lowest;
  return at > highest ? highest : at;
}

/** Moves that leave every price where the oracle accepts it. */
function domain({ legs }: Account.Snapshot, betas: Moves): [bigint, bigint] {
  let [lowest, highest] = [-MAX_PRICE * WAD, MAX_PRICE * WAD];
  for (const { asset, price } of legs) {
    const beta = betas.get(asset) ?? 0n;
    if (beta === 0n) continue;
    const ends = [MIN_PRICE, MAX_PRICE].map((end) => ((end - price.mark) * WAD * WAD) / (price.mark * beta));
    const [low = 0n, high = 0n] = beta > 0n ? ends : ends.reverse();
    if (low > lowest) lowest = low;
    if (high < highest) highest = high;
  }
  return [lowest, highest];
}
