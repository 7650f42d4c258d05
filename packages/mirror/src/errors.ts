// What can go wrong, each with its numbers. `retryable` says whether the same call may succeed later.

export abstract class MirrorError extends Error {
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The logs contradict each other: one of them is missing, or is not of this deployment. */
export class BrokenLog extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly law: string,
    readonly block: number,
    readonly subject: string,
    readonly expected: bigint,
    readonly actual: bigint,
  ) {
    super(`REPLAY-1 at block ${block}: ${law}, ${subject}: ${actual} instead of ${expected}`);
  }
}

/** A log of a known emitter that the ABI does not have. */
export class UnknownEvent extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly address: string,
    readonly topic: string,
    readonly block: number,
  ) {
    super(`block ${block}: ${address} emitted ${topic}, which its ABI does not have`);
  }
}

/** A block that does not follow the one applied last. */
export class NotNextBlock extends MirrorError {
  readonly retryable = true;

  constructor(
    readonly head: number,
    readonly block: number,
    readonly parentHash: string,
  ) {
    super(`block ${block} on ${parentHash} does not follow block ${head}`);
  }
}

/** The chain left a block behind that is older than what can be undone. */
export class ReorgTooDeep extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly head: number,
    readonly oldest: number,
  ) {
    super(`the chain forked below block ${oldest}, from where on blocks can be undone; the head was ${head}`);
  }
}

/** No url answered. */
export class RpcFailed extends MirrorError {
  readonly retryable = true;

  constructor(
    readonly method: string,
    readonly attempts: readonly string[],
    cause?: unknown,
  ) {
    super(`${method} failed: ${attempts.join("; ")}`, { cause });
  }
}

/** A node answered that the call is wrong; another node would say the same. */
export class RpcRefused extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly method: string,
    readonly code: number,
    readonly reason: string,
    /** What the node gave beside it: of a revert what the contract said. */
    readonly data?: unknown,
  ) {
    super(`${method} was refused with ${code}: ${reason}`);
  }
}

/** A node does not give so many blocks or logs at once. */
export class RangeTooLarge extends MirrorError {
  readonly retryable = true;

  constructor(
    readonly from: number,
    readonly to: number,
    readonly reason: string,
  ) {
    super(`logs of blocks ${from} to ${to} are too many at once: ${reason}`);
  }
}

/** What a node answered is not what it was asked for. */
export class BadAnswer extends MirrorError {
  readonly retryable = true;

  constructor(
    readonly method: string,
    readonly reason: string,
  ) {
    super(`${method} answered nonsense: ${reason}`);
  }
}

/** A block's own filter says that there are logs which no node gives. */
export class MissingLogs extends MirrorError {
  readonly retryable = true;

  constructor(
    readonly block: number,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`block ${block} has ${expected} logs of this deployment, the node gave ${actual}`);
  }
}

/** The node serves another chain. */
export class WrongChain extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`chain ${expected} was asked for, the node serves ${actual}`);
  }
}

/** A stored snapshot that cannot be used. */
export class DamagedStore extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly file: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`${file}: ${reason}`, { cause });
  }
}

/** A stored snapshot of another deployment. */
export class OtherDeployment extends MirrorError {
  readonly retryable = false;

  constructor(
    readonly file: string,
    readonly field: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`${file} is of another deployment: ${field} is ${actual}, not ${expected}`);
  }
}
