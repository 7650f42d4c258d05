// Whether insurance is enough: what the worst moves that are known would leave unpaid by the accounts themselves.
import { AssetKind, Budgets, FixedPoint, WAD } from "@ballast/math";
import type { Book } from "./book.js";
import * as Shock from "./shock.js";
import type { Waterfall } from "./waterfall.js";

/** The worst falls that were seen of large assets: within 5, 15 and 60 minutes, and a day. In basis points. */
export const WORST_FALLS: readonly { readonly seconds: bigint; readonly points: bigint }[] = [
  { seconds: 300n, points: 1_700n },
  { seconds: 900n, points: 2_350n },
  { seconds: 3_600n, points: 3_100n },
  { seconds: 86_400n, points: 5_100n },
];
/** In basis points. */
export const USUAL_LEVEL = 9_950n;
const WHOLE = 10_000n;
const BASIS_POINT = WAD / WHOLE;

/** What a shock would ask of insurance. */
export interface Stress {
  readonly shock: Shock.Step;
  readonly deficit: bigint;
  /** The two largest deficits of single accounts together. */
  readonly twoWorst: bigint;
  /** What insurance pays of it within its share and its budgets, premiums and tips of bankrupt accounts included. */
  readonly insured: bigint;
  readonly shared: bigint;
  readonly standing: bigint;
  readonly bankrupt: number;
}

export interface Coverage {
  readonly stresses: readonly Stress[];
  readonly worst: Stress | undefined;
  /** Fund over the largest deficit, in 1e18; none without a deficit. */
  readonly ratio: bigint | undefined;
  /** The larger of the two worst accounts together and the expected shortfall of the deficits. */
  readonly suggested: bigint;
  readonly expectedShortfall: bigint;
}

export class LevelOutOfBounds extends RangeError {
  override name = "LevelOutOfBounds";

  constructor(
    readonly level: bigint,
    readonly bound: bigint,
  ) {
    super(`a level of ${level} basis points is not below ${bound}`);
  }
}

/** Every known fall and as large a rise, of each perp on its own and of all assets together. */
export function grid({ markets }: Book): Shock.Step[] {
  const assets = [...markets.keys()];
  const perps = assets.filter((asset) => markets.get(asset)?.market.config.kind === AssetKind.Perp);
  const groups =
    perps.length > 1 || assets.length > perps.length ? [...perps.map((asset) => [asset]), assets] : [assets];
  return WORST_FALLS.flatMap(({ seconds, points }) =>
    [-points, points].flatMap((move) =>
      groups.map((group) => ({ seconds, moves: new Map(group.map((asset) => [asset, move * BASIS_POINT])) })),
    ),
  );
}

/** One shock at once: the book has no chance to answer on the way. */
export function stress(book: Book, shock: Shock.Step): Stress {
  const [waterfall] = Shock.book(book, [shock]);
  return waterfall === undefined ? nothing(shock) : { shock, ...summary(waterfall) };
}

/** What the fund is against the shocks, by default all that are known. */
export function of(book: Book, shocks: readonly Shock.Step[] = grid(book), level = USUAL_LEVEL): Coverage {
  const stresses = shocks.map((shock) => stress(book, shock));
  const worst = stresses.reduce<Stress | undefined>((a, b) => (a && a.deficit >= b.deficit ? a : b), undefined);
  const shortfall = expectedShortfall(
    stresses.map(({ deficit }) => deficit),
    level,
  );
  const twoWorst = stresses.reduce((most, item) => FixedPoint.max(most, item.twoWorst), 0n);
  return {
    stresses,
    worst,
    ratio:
      worst === undefined || worst.deficit === 0n ? undefined : FixedPoint.mulDivDown(book.fund, WAD, worst.deficit),
    suggested: FixedPoint.max(twoWorst, shortfall),
    expectedShortfall: shortfall,
  };
}

/** The mean of the worst part of equally likely deficits, up; the part is 1 − level, in basis points. */
export function expectedShortfall(deficits: readonly bigint[], level = USUAL_LEVEL): bigint {
  if (level < 0n || level >= WHOLE) throw new LevelOutOfBounds(level, WHOLE);
  const worst = [...deficits].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  const tail = BigInt(deficits.length) * (WHOLE - level);
  let [left, sum] = [tail, 0n];
  for (const deficit of worst) {
    const weight = FixedPoint.min(left, WHOLE);
    sum += deficit * weight;
    left -= weight;
  }
  return tail === 0n ? 0n : FixedPoint.mulDivUp(sum, 1n, tail);
}

/** The fund at which one market's hourly budget pays the insurable part of a deficit in one go. */
export function fundFor(deficit: bigint): bigint {
  return FixedPoint.mulDivUp(FixedPoint.mulDivUp(deficit, Shock.COVERABLE, WHOLE), WHOLE, Budgets.HOUR_SHARE);
}

function summary({ falls, losses, rows, insuredCosts, bankrupt }: Waterfall): Omit<Stress, "shock"> {
  let [first, second] = [0n, 0n];
  for (const { deficit } of falls) {
    if (deficit > first) [first, second] = [deficit, first];
    else if (deficit > second) second = deficit;
  }
  const sum = (part: "insured" | "shared" | "standing") => rows.reduce((total, row) => total + row[part], 0n);
  return {
    deficit: losses.deficit,
    twoWorst: first + second,
    insured: sum("insured") + insuredCosts,
    shared: sum("shared"),
    standing: sum("standing"),
    bankrupt,
  };
}

function nothing(shock: Shock.Step): Stress {
  return { shock, deficit: 0n, twoWorst: 0n, insured: 0n, shared: 0n, standing: 0n, bankrupt: 0 };
}
