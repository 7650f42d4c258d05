import type { Address } from "viem";
import { KeeperError } from "../errors.js";

/** The transaction is in the journal; whoever holds the wallet next goes on with it. */
export class SenderStopped extends KeeperError {
  readonly retryable = true;

  constructor(readonly wallet: Address) {
    super(`the sender of ${wallet} stopped`);
  }
}

/** The wallet is being taken over, or its journal is being read again. */
export class SenderInactive extends KeeperError {
  readonly retryable = true;

  constructor(readonly wallet: Address) {
    super(`the sender of ${wallet} is not ready`);
  }
}

export class QueueFull extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly wallet: Address,
    readonly pending: number,
    readonly limit: number,
  ) {
    super(`${wallet} has ${pending} transactions under way, of at most ${limit}`);
  }
}

export class GasAboveWorth extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly key: string,
    readonly needed: bigint,
    readonly ceiling: bigint,
  ) {
    super(`${key} needs ${needed} wei per gas and is worth ${ceiling}`);
  }
}

export class WalletEmpty extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly wallet: Address,
    readonly needed: bigint,
    readonly free: bigint,
  ) {
    super(`${wallet} needs ${needed} wei and has ${free} that are not promised`);
  }
}

/** The exact transaction would fail, or do nothing. */
export class SimulationFailed extends KeeperError {
  constructor(
    readonly key: string,
    readonly reason: string,
    readonly retryable: boolean,
    /** The name of the contract's error. */
    readonly kind = "SimulationFailed",
  ) {
    super(`${key} would fail: ${reason}`);
  }
}

/** A node answered something else than what it was asked. */
export class NodeLied extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly method: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`${method} answered ${actual} instead of ${expected}`);
  }
}
