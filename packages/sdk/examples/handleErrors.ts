import {
  BallastError,
  InsufficientMargin,
  InventoryAboveLimit,
  formatCash,
  formatSize,
  open,
  parseSize,
  type Client,
} from "@ballast/sdk";

/** Tries to open a position that is too large, and says what to do about it. */
export async function handleErrors(client: Client, account: bigint): Promise<string> {
  try {
    await open(client, { account, asset: 1, size: parseSize("1000") });
    return "opened";
  } catch (error) {
    if (error instanceof InsufficientMargin) {
      const { equity, initialMargin } = error.args;
      return `deposit ${formatCash(initialMargin - equity)} more`;
    }
    if (error instanceof InventoryAboveLimit) return `the pool takes ${formatSize(error.args.limit)} at most`;
    if (error instanceof BallastError) return error.retryable ? "try again later" : error.message;
    throw error;
  }
}
