import { formatPrice, formatSize, getCapacities, getMarket, getQuote, parseSize, type Client } from "@ballast/sdk";

/** Prints what a market is like now, and what buying one unit costs. */
export async function readMarket(client: Client): Promise<void> {
  const asset = 1;
  const { price, openInterest, hold, deficit } = await getMarket(client, { asset });
  console.log(`mark ${formatPrice(price.mark)} (${price.status}), open interest ${formatSize(openInterest)}`);
  if (hold !== "None") console.log(`not as usual: ${hold}, deficit ${formatPrice(deficit)}`);

  const quote = await getQuote(client, { asset, size: parseSize("1") });
  console.log(`the pool sells one at ${formatPrice(quote.price)}, and up to ${formatSize(quote.most)}`);

  const { auction, insure } = await getCapacities(client, { asset });
  console.log(`auctions have room for ${formatPrice(auction.limit - auction.inFlight)}`);
  console.log(`insurance may pay ${formatPrice(insure.insurable)}`);
}
