import { KeeperError } from "../errors.js";

/** The loop ended by itself, which it never should. */
export class LoopEnded extends KeeperError {
  override readonly retryable = false;

  constructor(cause: unknown) {
    super(`the loop ended: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Nothing of what a replay needs was recorded. */
export class NotRecorded extends KeeperError {
  override readonly retryable = false;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    super(`no block of ${from} to ${to} was recorded: no keeper of this store ran then, or it was pruned`);
  }
}

/** A webhook did not take what it was told. */
export class WebhookFailed extends KeeperError {
  override readonly retryable = true;

  constructor(
    readonly status: number | undefined,
    readonly attempts: number,
    cause?: unknown,
  ) {
    super(`the webhook ${status === undefined ? "did not answer" : `answered ${status}`} ${attempts} times`, { cause });
  }
}
