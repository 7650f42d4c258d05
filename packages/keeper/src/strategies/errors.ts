import { KeeperError } from "../errors.js";

/** Signed orders that cannot be read. */
export class OrdersUnreadable extends KeeperError {
  override readonly retryable = true;

  constructor(
    readonly source: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`orders from ${source}: ${reason}`, { cause });
  }
}

/** A price service that does not answer, or answers something else. */
export class UpdatesUnreadable extends KeeperError {
  override readonly retryable = true;

  constructor(
    readonly host: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`updates from ${host}: ${reason}`, { cause });
  }
}
