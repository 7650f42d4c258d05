// All division of the protocol: `Down`/`Up` for unsigned, `Floor`/`Ceil` for signed, never towards zero.
import { sqrt } from "./elementary.js";
import { ArithmeticError, asInt, int } from "./integers.js";

export const WAD = 10n ** 18n;
export const RAY = 10n ** 27n;

/** x·y/d does not fit, or d is zero. */
export class FullMulDivFailed extends ArithmeticError {
  override name = "FullMulDivFailed";

  constructor(
    readonly x: bigint,
    readonly y: bigint,
    readonly d: bigint,
  ) {
    super(`${x}·${y}/${d} does not fit a word`);
  }
}

export class DivFailed extends ArithmeticError {
  override name = "DivFailed";

  constructor(readonly x: bigint) {
    super(`${x} is divided by zero`);
  }
}

export function mulDown(x: bigint, y: bigint): bigint {
  return mulDivDown(x, y, WAD);
}

export function mulUp(x: bigint, y: bigint): bigint {
  return mulDivUp(x, y, WAD);
}

export function mulDivDown(x: bigint, y: bigint, d: bigint): bigint {
  return d === 0n ? fits(-1n, x, y, d) : fits((x * y) / d, x, y, d);
}

export function mulDivUp(x: bigint, y: bigint, d: bigint): bigint {
  return d === 0n ? fits(-1n, x, y, d) : fits((x * y + d - 1n) / d, x, y, d);
}

export function divUp(x: bigint, d: bigint): bigint {
  if (d === 0n) throw new DivFailed(x);
  return (x + d - 1n) / d;
}

export function mulFloor(x: bigint, y: bigint): bigint {
  return mulDivFloor(x, y, WAD);
}

export function mulCeil(x: bigint, y: bigint): bigint {
  return int(-mulDivFloor(int(-x), y, WAD));
}

/** Factors are bounded so that results fit 255 bits; the product itself may take 512. */
export function mulDivFloor(x: bigint, y: bigint, d: bigint): bigint {
  return x < 0n ? int(-asInt(mulDivUp(int(-x), y, d))) : asInt(mulDivDown(x, y, d));
}

export function mulDivCeil(x: bigint, y: bigint, d: bigint): bigint {
  return int(-mulDivFloor(int(-x), y, d));
}

export function sqrtUp(x: bigint): bigint {
  const root = sqrt(x);
  return root * root < x ? root + 1n : root;
}

export function abs(x: bigint): bigint {
  return x < 0n ? -x : x;
}

export function min(x: bigint, y: bigint): bigint {
  return x < y ? x : y;
}

export function max(x: bigint, y: bigint): bigint {
  return x > y ? x : y;
}

function fits(result: bigint, x: bigint, y: bigint, d: bigint): bigint {
  if (result < 0n || result >> 256n !== 0n) throw new FullMulDivFailed(x, y, d);
  return result;
}
