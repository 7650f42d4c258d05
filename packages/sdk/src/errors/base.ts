/** Everything that the package throws. */
export abstract class BallastError extends Error {
  /** The numbers of it. */
  abstract readonly args: object;
  /** Whether the same call can succeed later; else the caller has to change something. */
  abstract readonly retryable: boolean;
}
