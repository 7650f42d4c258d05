export abstract class StrategyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Signed orders that cannot be read. */
export class OrdersUnreadable extends StrategyError {
  constructor(
    readonly source: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`orders from ${source}: ${reason}`, { cause });
  }
}

/** A price service that does not answer, or answers something else. */
export class UpdatesUnreadable extends StrategyError {
  constructor(
    readonly host: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`updates from ${host}: ${reason}`, { cause });
  }
}
