import { AssertionError } from "chai";

/** The error that a promise rejects with, which must be of a class. */
export async function rejection<Kind extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => Kind,
): Promise<Kind> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof kind) return outcome;
  throw new AssertionError(`expected ${kind.name}, got ${String(outcome)}`);
}
