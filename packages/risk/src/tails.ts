// Tails of the normal and of Student's distribution, with relative precision however far out.

/** What a tail falls to when more is asked than numbers hold. */
const SMALLEST = 1e-300;
const PRECISION = 1e-16;
const ROUNDS = 500;

/** P(Z > z) of a distribution with a standard deviation of one. */
export type Tail = (z: number) => number;

export class DegreesTooFew extends RangeError {
  override name = "DegreesTooFew";

  constructor(
    readonly degrees: number,
    readonly bound: number,
  ) {
    super(`${degrees} degrees of freedom are not above ${bound}: there is no variance`);
  }
}

/** Normal without degrees of freedom, else Student's, scaled so that its standard deviation is one as well. */
export function tailOf(degrees?: number): Tail {
  if (degrees === undefined) return normal;
  if (!(degrees > 2)) throw new DegreesTooFew(degrees, 2);
  const scale = Math.sqrt(degrees / (degrees - 2));
  return (z) => student(z * scale, degrees);
}

/** 1 − Φ(z) = ½·Q(½, z²/2). */
export function normal(z: number): number {
  if (z < 0) return 1 - normal(-z);
  const x = (z * z) / 2;
  return x < 1.5 ? 0.5 - 0.5 * lowerGamma(x) : 0.5 * upperGamma(x);
}

/** P(T > t) = ½·I(ν/2, ½; ν/(ν + t²)). */
export function student(t: number, degrees: number): number {
  if (t < 0) return 1 - student(-t, degrees);
  if (!Number.isFinite(t)) return 0;
  const square = t * t;
  return 0.5 * beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square));
}

/** The z with P(Z > z) = p. */
export function inverse(tail: Tail, p: number): number {
  let [low, high] = [-1, 1];
  while (tail(high) > p && high < 1e12) high *= 2;
  while (tail(low) < p && low > -1e12) low *= 2;
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (tail(middle) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** P(½, x) by its series. */
function lowerGamma(x: number): number {
  if (x === 0) return 0;
  let [term, sum] = [2, 2];
  for (let n = 1; n < ROUNDS && term > sum * PRECISION; n++) {
    term *= x / (0.5 + n);
    sum += term;
  }
  return sum * Math.sqrt(x / Math.PI) * Math.exp(-x);
}

/** Q(½, x) by its continued fraction. */
function upperGamma(x: number): number {
  if (!Number.isFinite(x)) return 0;
  const fraction = lentz((i) => ({ a: i === 1 ? 1 : -(i - 1) * (i - 1.5), b: x + 2 * i - 1.5 }));
  return fraction * Math.sqrt(x / Math.PI) * Math.exp(-x);
}

/** The regularised incomplete beta function; y = 1 − x. */
function beta(a: number, b: number, x: number, y: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - beta(b, a, y, x);
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(y)) / a;
  return front * lentz((i) => ({ a: i === 1 ? 1 : betaTerm(i - 1, a, b, x), b: 1 }));
}

function betaTerm(i: number, a: number, b: number, x: number): number {
  const m = Math.floor(i / 2);
  if (i % 2 === 0) return (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
  return (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
}

/** a₁/(b₁ + a₂/(b₂ + …)) from its front. */
function lentz(term: (i: number) => { a: number; b: number }): number {
  let [f, c, d] = [SMALLEST, SMALLEST, 0];
  for (let i = 1; i < ROUNDS; i++) {
    const { a, b } = term(i);
    d = 1 / nonzero(b + a * d);
    c = nonzero(b + a / c);
    f *= c * d;
    if (Math.abs(c * d - 1) < PRECISION * 4) break;
  }
  return f;
}

function nonzero(x: number): number {
  return Math.abs(x) < SMALLEST ? SMALLEST : x;
}

/** Lanczos, g = 7. */
function lnGamma(x: number): number {
  const [first = 0, ...rest] = LANCZOS;
  const t = x + 6.5;
  const sum = rest.reduce((total, coefficient, i) => total + coefficient / (x + i), first);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
