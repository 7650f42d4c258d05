// What a claim on the quote held pays while a deficit stands.
import { min, mulDivDown, mulDivUp } from "./fixedPoint.js";
import { divide, uint } from "./integers.js";

/** Values come from outside as unsigned numbers: one beyond this would turn its sign. */
export const MAX_VALUE = (1n << 127n) - 1n;
const ANY = (1n << 256n) - 1n;

export class ValueOutOfBounds extends Error {
  override name = "ValueOutOfBounds";

  constructor(
    readonly value: bigint,
    readonly bound: bigint,
  ) {
    super(`${value} is above ${bound}`);
  }
}

/** A value as a signed number. */
export function signed(value: bigint): bigint {
  if (value > MAX_VALUE) throw new ValueOutOfBounds(value, MAX_VALUE);
  return value;
}

/** Token units in 1e18. */
export function scaled(amount: bigint, unit: bigint): bigint {
  const bound = divide(MAX_VALUE, unit);
  if (amount > bound) throw new ValueOutOfBounds(amount, bound);
  return amount * unit;
}

/**
 * What a claim of `value` pays now: in full without a deficit, else v·H / (H + deficit) in multiples of `unit`, never more
 * than is held; and the part of the claim that ends unpaid and reduces the deficit.
 */
export function payout(value: bigint, held: bigint, deficit: bigint, unit: bigint): { paid: bigint; forgone: bigint } {
  const owed = uint(held + deficit);
  const claimed = min(value, owed);
  if (claimed === 0n) return { paid: 0n, forgone: 0n };
  const most = mulDivDown(claimed, held, owed);
  const paid = divide(most, unit) * unit;
  const forgone = paid === 0n ? 0n : min(mulDivUp(paid, deficit, held), claimed - paid);
  return { paid, forgone };
}

/** The largest claim whose payout is no more than `most`; any claim, when all that is held may be paid. */
export function claim(most: bigint, held: bigint, deficit: bigint, unit: bigint): bigint {
  if (most >= held) return ANY;
  const whole = divide(most, unit) * unit;
  return whole === 0n ? 0n : uint(mulDivUp(uint(whole + unit), uint(held + deficit), held) - 1n);
}
