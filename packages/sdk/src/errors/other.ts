// Failures that no contract of the protocol has named.
import { BallastError } from "./base.js";

/** A revert with a selector that no contract of the protocol has. */
export class UnknownContractError extends BallastError {
  override readonly name = "UnknownContractError";
  override readonly retryable = false;
  override readonly args: { selector: string; data: string };

  constructor(data: string) {
    const selector = data.slice(0, 10);
    super(`reverted with ${selector}, which no contract of the protocol has`);
    this.args = { selector, data };
  }
}

/** `require(condition, "reason")` of a token or another contract. */
export class RevertedWithReason extends BallastError {
  override readonly name = "RevertedWithReason";
  override readonly retryable = false;
  override readonly args: { reason: string };

  constructor(reason: string) {
    super(`reverted: ${reason}`);
    this.args = { reason };
  }
}

/** The compiler's own checks: overflow, division by zero, index out of bounds. */
export class Panicked extends BallastError {
  override readonly name = "Panicked";
  override readonly retryable = false;
  override readonly args: { code: bigint };

  constructor(code: bigint) {
    super(`panicked with code 0x${code.toString(16)}`);
    this.args = { code };
  }
}

/** A revert that says nothing: too little gas, or an address without the contract. */
export class RevertedWithoutReason extends BallastError {
  override readonly name = "RevertedWithoutReason";
  override readonly retryable = false;
  override readonly args = {};

  constructor() {
    super("reverted without a reason: too little gas, or there is another contract at the address");
  }
}

/** A transaction that reverted in its block, while the same call succeeds now. */
export class RevertedInBlock extends BallastError {
  override readonly name = "RevertedInBlock";
  override readonly retryable = true;
  override readonly args: { hash: string };

  constructor(hash: string) {
    super(`transaction ${hash} reverted in its block, and would succeed now`);
    this.args = { hash };
  }
}

/** The chain did not answer. Nothing is known about the call. */
export class ChainUnreachable extends BallastError {
  override readonly name = "ChainUnreachable";
  override readonly retryable = true;
  override readonly args: { reason: string };

  constructor(reason: string, cause: unknown) {
    super(`the chain did not answer: ${reason}`, { cause });
    this.args = { reason };
  }
}

/** The call was refused before any contract ran: by the wallet, the node or the signer's balance. */
export class CallFailed extends BallastError {
  override readonly name = "CallFailed";
  override readonly retryable = false;
  override readonly args: { reason: string };

  constructor(reason: string, cause: unknown) {
    super(reason, { cause });
    this.args = { reason };
  }
}
