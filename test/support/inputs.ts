// Inputs for the formulas, by the names of their parameters: mostly such as the ledger has, some at edges, some wild.
import type { ParamType } from "ethers";
import { Random } from "../../packages/reference/src/random.js";

const WAD = 10n ** 18n;
const RAY = 10n ** 27n;
/** When the chain of these tests begins. */
export const NOW = 1_700_000_000n;
const DAY = 86_400n;

export type Input = bigint | boolean | string | { [name: string]: Input };
const LEG_FIELDS = [
  ...(["equity", "otherMaintenance", "size", "price", "rate", "depth"] as const),
  ...(["haircut", "target", "cost", "gross"] as const),
];
/** A leg of a plan. */
export type LegInput = { spot: boolean } & Record<(typeof LEG_FIELDS)[number], bigint>;
type Draw = (random: Random) => bigint;

/** Every number of digits as likely as any other. */
export function spread(random: Random, upper: bigint): bigint {
  const bits = BigInt(random.below(upper.toString(2).length + 1));
  return bits === 0n ? 0n : random.between(0n, (1n << bits) - 1n) % (upper + 1n);
}

const upTo =
  (upper: bigint): Draw =>
  (random) =>
    spread(random, upper);
const within =
  (lower: bigint, upper: bigint): Draw =>
  (random) =>
    random.between(lower, upper);
const signed =
  (upper: bigint): Draw =>
  (random) =>
    random.below(2) === 0 ? spread(random, upper) : -spread(random, upper);

const points = within(0n, 11_000n);
const ratio = upTo(2n * WAD);
const price: Draw = (random) => 10n ** 6n + spread(random, (1n << 80n) - 1n - 10n ** 6n);
const size = upTo((1n << 96n) - 1n);
const quote = upTo(10n ** 32n);
const seconds: Draw = (random) => spread(random, 40n * DAY);
/** Hours apart, or a second more or less. */
const moment: Draw = (random) => NOW + 3_600n * within(-30n, 30n)(random) + within(-1n, 1n)(random);
const billionths = within(-20_000_000n, 20_000_000n);
const multiplier: Draw = (random) => spread(random, 1n << 103n) + 1n;
const cashIndex = signed(1n << 151n);
const fundingIndex = signed(1n << 110n);

/** What the ledger has under these names. */
const DRAWS: Record<string, Draw> = {
  ...{ price, mark: price, fast: price, slow: price, edge: price, basis: price, average: price, held: price },
  ...{ size, closed: size, openInterest: size, shares: upTo(1n << 128n), supply: upTo(1n << 128n) },
  ...{ rate: ratio, target: within(WAD, 2n * WAD), cost: upTo(WAD / 5n), fraction: upTo(RAY), margin: ratio },
  ...{ haircut: points, cap: points, floorRate: points, capRate: points, initialCap: points, factor: points },
  ...{ share: points, slope: points, fundingSlope: points, fundingCap: points, deviation: points },
  ...{ elapsed: seconds, age: seconds, horizon: within(0n, 65_535n), time: moment, duration_: within(0n, 700n) },
  ...{ constant_: within(1n, 200_000n), deviations: within(0n, 2_000n), sigma: upTo(WAD / 100n), maxHaircut: ratio },
  ...{ m: multiplier, multiplier, multiplierAfter: multiplier, cashIndex, fundingIndex, funding: fundingIndex },
  ...{ depth: upTo(10n ** 28n), notional: quote, equity: signed(10n ** 32n), maintenance: quote, tick: upTo(6_000n) },
  ...{ otherMaintenance: quote, gross: signed(10n ** 32n), value: quote, target_: billionths, accrued: signed(RAY) },
  ...{ taken: price, charge: upTo(1n << 120n), capacityPerUnit: price, charged: upTo(1n << 140n), deficit: quote },
  ...{ maintenanceRate: ratio, initialRate: ratio, maintenanceDepth: upTo(10n ** 28n), initialDepth: upTo(10n ** 28n) },
  ...{
    hourStart: moment,
    dayStart: moment,
    windowStart: moment,
    start: moment,
    updatedAt: (r) => NOW - spread(r, DAY),
  },
  ...{ unit: (random) => 10n ** within(0n, 18n)(random), skew: signed(10n ** 28n), i: within(0n, 9n) },
};

/** A number of the ledger's kind for a parameter of this name. */
export function drawLike(random: Random, name: string, type: ParamType): bigint {
  const draw = DRAWS[name] ?? (type.type.startsWith("int") ? signed(10n ** 32n) : upTo(10n ** 32n));
  return draw(random);
}

/** Words whose values are few. */
const ENUMS: Record<string, number> = { status: 3, kind: 3, state: 4 };

export const Mood = { Usual: 0, Edge: 1, Wild: 2 } as const;

function bitsOf(type: string): bigint {
  return BigInt(/\d+$/.exec(type)?.[0] ?? "256");
}

function within_(type: string, value: bigint): bigint {
  const bits = Number(bitsOf(type));
  return type.startsWith("int") ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function edge(random: Random, type: string): bigint {
  const bits = bitsOf(type);
  const power = 1n << BigInt(random.below(Number(bits) + 1));
  const ends = [1n << (bits - 1n), (1n << (bits - 1n)) - 1n, (1n << bits) - 1n];
  return within_(
    type,
    random.pick([0n, 1n, ...ends, power, power - 1n, power + 1n, -power, WAD, WAD - 1n, 10_000n, RAY]),
  );
}

export function numberOf(random: Random, param: ParamType, mood: number): bigint {
  const few = ENUMS[param.name];
  if (few !== undefined) return BigInt(random.below(few));
  if (mood === Mood.Edge) return edge(random, param.type);
  if (mood === Mood.Wild) return within_(param.type, signed((1n << bitsOf(param.type)) - 1n)(random));
  return within_(param.type, drawLike(random, param.name, param));
}

/** Any input of this type. */
export function inputOf(random: Random, param: ParamType, mood: () => number): Input {
  if (param.baseType === "tuple")
    return Object.fromEntries((param.components ?? []).map((part) => [part.name, inputOf(random, part, mood)]));
  if (param.type === "bool") return random.below(2) === 0;
  if (param.type === "address")
    return `0x${spread(random, (1n << 160n) - 1n)
      .toString(16)
      .padStart(40, "0")}`;
  return numberOf(random, param, mood());
}

/** The same numbers in places that are compared with each other. */
export function entangle(random: Random, inputs: Input[]): void {
  const at = inputs.flatMap((input, i) => (typeof input === "bigint" ? [i] : []));
  if (at.length < 2) return;
  const [from, to] = [random.pick(at), random.pick(at)];
  const value = inputs[from];
  if (typeof value !== "bigint") return;
  const small = value !== 0n && BigInt.asIntN(90, value) === value;
  inputs[to] = small ? value + BigInt(random.below(3) - 1) : value;
}

/** A leg near the margin of its account: what a plan is made for; of wild ones one in six has any number. */
export function makeLeg(random: Random, wild: boolean): LegInput {
  const size = spread(random, (1n << 95n) - 1n) + 1n;
  const mark = price(random);
  const rate = within(WAD / 200n, WAD / 2n)(random);
  const depth = 10n ** 18n + spread(random, 10n ** 28n - 10n ** 18n);
  const notional = (size * mark) / WAD;
  const required = (notional * rate) / WAD + (notional * notional) / (2n * depth) + 2n;
  const most = (1n << 117n) - 1n;
  const otherMaintenance = least(random.below(2) === 0 ? 0n : (required * spread(random, 10n * WAD)) / WAD, most);
  const maintenance = required + otherMaintenance;
  const health = random.pick([within(-WAD / 2n, 2n * WAD), within(WAD - 2n, WAD + 2n), within(0n, WAD)])(random);
  const equity = bounded((maintenance * health) / WAD, most) + within(-3n, 3n)(random);
  const target = random.pick([WAD, (WAD * 6n) / 5n, within(WAD, 2n * WAD)(random)]);
  const haircut = within(1n, 9_999n)(random);
  const spot = random.below(3) === 0;
  const toxic = spot ? haircut * 10n ** 14n : rate;
  const cost = random.pick([0n, (toxic * within(0n, 12_000n)(random)) / 10_000n, spread(random, WAD)]);
  const gross = bounded(equity + signed(notional + 1n)(random), most);
  const leg = { spot, equity, otherMaintenance, size, price: mark, rate, depth, haircut, target, cost, gross };
  return wild && random.below(6) === 0 ? { ...leg, [random.pick(LEG_FIELDS)]: spread(random, (1n << 254n) - 1n) } : leg;
}

const least = (x: bigint, y: bigint): bigint => (x < y ? x : y);
const bounded = (x: bigint, bound: bigint): bigint => (x < -bound ? -bound : least(x, bound));

/** Ids of legs without gaps. */
export function packLegs(random: Random, count: number): bigint[] {
  const legs = new Set<bigint>();
  while (legs.size < count) legs.add(BigInt(1 + random.below(4_095)));
  return [...legs];
}
