import {
  accountId,
  formatSize,
  getOrder,
  parseCash,
  parsePrice,
  parseSize,
  signOrder,
  signerOf,
  timeOf,
  type Client,
  type SignedOrder,
} from "@ballast/sdk";

/** Signs a stop-loss: whoever sees the mark at 1,800 or below may execute it, and gets the tip. */
export async function placeStop(client: Client): Promise<SignedOrder> {
  const stop = await signOrder(client, {
    account: accountId(signerOf(client)),
    asset: 1,
    size: parseSize("-1"),
    limit: parsePrice("1750"),
    nonce: 1n, // give the take-profit the same one: they cancel each other
    expiry: (await timeOf(client)) + 7n * 86_400n,
    reduceOnly: true,
    condition: "MarkAtMost",
    level: parsePrice("1800"),
    tip: parseCash("1"),
  });
  const { hash, left } = await getOrder(client, { order: stop.order });
  console.log(`order ${hash}: ${formatSize(left)} left`);
  return stop;
}
