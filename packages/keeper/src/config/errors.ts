// What is wrong with a configuration: every fault with its key, its value and its bound.
import { KeeperError } from "../errors.js";

export interface Fault {
  /** As it stands in the file. */
  readonly key: string;
  /** The variable that overrides it. */
  readonly variable: string;
  readonly value: string;
  readonly bound: string;
}

export abstract class ConfigError extends KeeperError {
  override readonly retryable = false;
}

/** One or more settings mean nothing. */
export class SettingsInvalid extends ConfigError {
  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ key, variable, value, bound }) => `${key} (${variable}): ${value} ${bound}`).join("; "));
  }
}

/** The file is not there, or is no JSON. */
export class ConfigUnreadable extends ConfigError {
  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(`${file}: ${reason}`);
  }
}

/** No key to sign with, or one that cannot be used. */
export class KeyUnusable extends ConfigError {
  constructor(
    readonly source: string,
    readonly reason: string,
  ) {
    super(`the key from ${source} ${reason}`);
  }
}
