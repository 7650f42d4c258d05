import { KeeperError } from "../errors.js";

/** The database did not do it, or nobody knows whether it did. */
export class StoreFailed extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly store: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`${store}: ${reason}`, { cause });
  }
}

/** The database was made by a later version. */
export class SchemaTooNew extends KeeperError {
  readonly retryable = false;

  constructor(
    readonly store: string,
    readonly actual: number,
    readonly known: number,
  ) {
    super(`${store} has schema ${actual}, this version knows ${known}`);
  }
}

/** What was written down cannot be read. */
export class StoreDamaged extends KeeperError {
  readonly retryable = false;

  constructor(
    readonly store: string,
    readonly reason: string,
  ) {
    super(`${store}: ${reason}`);
  }
}

/** Its time was up: another may hold it now, or the same one anew. Nothing was written. */
export class LeaseLost extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly key: string,
    readonly owner: string,
    readonly token: number,
  ) {
    super(`${owner} no longer holds ${key} (token ${token})`);
  }
}

/** The journal goes on at another nonce. */
export class NonceConflict extends KeeperError {
  readonly retryable = true;

  constructor(
    readonly wallet: string,
    readonly nonce: number,
  ) {
    super(`the journal of ${wallet} does not go on at nonce ${nonce}`);
  }
}

/** They are under way, or were done after these were planned. */
export class KeysTaken extends KeeperError {
  readonly retryable = false;

  constructor(readonly by: ReadonlyMap<string, string>) {
    super([...by].map(([key, owner]) => `${key} is taken by ${owner}`).join(", "));
  }
}
