// The machine's whole numbers: what would not fit is an error, what is cast is cut off.

const WORD = 256;
const UNSIGNED_BOUND = 1n << 256n;
const SIGNED_BOUND = 1n << 255n;

/** What the contracts refuse to compute. */
export class ArithmeticError extends Error {
  override name = "ArithmeticError";
}

/** A result that does not fit its word. */
export class ArithmeticOverflow extends ArithmeticError {
  override name = "ArithmeticOverflow";

  constructor(
    readonly value: bigint,
    readonly lower: bigint,
    readonly upper: bigint,
  ) {
    super(`${value} is not from ${lower} to ${upper}`);
  }
}

export class DivisionByZero extends ArithmeticError {
  override name = "DivisionByZero";

  constructor(readonly dividend: bigint) {
    super(`${dividend} is divided by zero`);
  }
}

/** The value if it is an unsigned number of so many bits. */
export function uint(value: bigint, bits = WORD): bigint {
  const bound = bits === WORD ? UNSIGNED_BOUND : 1n << BigInt(bits);
  if (value < 0n || value >= bound) throw new ArithmeticOverflow(value, 0n, bound - 1n);
  return value;
}

/** The value if it is a signed number of a word. */
export function int(value: bigint): bigint {
  if (value < -SIGNED_BOUND || value >= SIGNED_BOUND)
    throw new ArithmeticOverflow(value, -SIGNED_BOUND, SIGNED_BOUND - 1n);
  return value;
}

/** A cast to an unsigned number: the low bits. */
export function asUint(value: bigint, bits = WORD): bigint {
  return BigInt.asUintN(bits, value);
}

/** A cast to a signed number: the low bits. */
export function asInt(value: bigint, bits = WORD): bigint {
  return BigInt.asIntN(bits, value);
}

/** x / d of unsigned numbers, down. */
export function divide(x: bigint, d: bigint): bigint {
  if (d === 0n) throw new DivisionByZero(x);
  return x / d;
}

/** Nothing is left of what is shifted out of its word. */
export function shiftLeft(x: bigint, bits: bigint): bigint {
  return bits < 256n ? asUint(x << bits) : 0n;
}

export function shiftRight(x: bigint, bits: bigint): bigint {
  return bits < 256n ? x >> bits : 0n;
}
