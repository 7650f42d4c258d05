// What is refused before anything is sent: the value and the bound it breaks.
import { BallastError } from "./base.js";

/** A parameter that no call could succeed with. */
export abstract class InputError<Args extends object> extends BallastError {
  override readonly retryable = false;

  constructor(
    override readonly name: string,
    override readonly args: Args,
    message: string,
  ) {
    super(message);
  }
}

export class OutOfRange extends InputError<{ name: string; value: bigint; lower: bigint; upper: bigint }> {
  constructor(args: { name: string; value: bigint; lower: bigint; upper: bigint }) {
    super("OutOfRange", args, `${args.name} ${args.value} is outside ${args.lower} to ${args.upper}`);
  }
}

export class DeadlineInPast extends InputError<{ deadline: bigint; now: bigint }> {
  constructor(args: { deadline: bigint; now: bigint }) {
    super("DeadlineInPast", args, `deadline ${args.deadline} is before ${args.now}, the time of the latest block`);
  }
}

export class NotAnAddress extends InputError<{ name: string; value: string }> {
  constructor(args: { name: string; value: string }) {
    super("NotAnAddress", args, `${args.name} ${args.value} is no address`);
  }
}

export class NotAnAccount extends InputError<{ text: string }> {
  constructor(args: { text: string }) {
    super("NotAnAccount", args, `${args.text} is no account: give owner, owner/sub-id, a row's name or the id itself`);
  }
}

export class NotANumber extends InputError<{ text: string }> {
  constructor(args: { text: string }) {
    super("NotANumber", args, `"${args.text}" is no decimal number`);
  }
}

export class TooManyDigits extends InputError<{ text: string; decimals: number }> {
  constructor(args: { text: string; decimals: number }) {
    super("TooManyDigits", args, `${args.text} has more than ${args.decimals} digits behind the point`);
  }
}

/** A list that must not be empty, or not longer than its bound. */
export class LengthOutOfRange extends InputError<{ name: string; length: number; lower: number; upper: number }> {
  constructor(args: { name: string; length: number; lower: number; upper: number }) {
    super("LengthOutOfRange", args, `${args.name}: ${args.length} entries are outside ${args.lower} to ${args.upper}`);
  }
}
