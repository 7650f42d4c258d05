/** Everything that this package throws. `retryable` says whether the same may succeed later. */
export abstract class KeeperError extends Error {
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
