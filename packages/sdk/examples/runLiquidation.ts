import {
  accountId,
  bid,
  confirm,
  formatAccount,
  formatPrice,
  formatSize,
  getAccount,
  getLot,
  getOutlook,
  liquidateMany,
  signerOf,
  type AccountId,
  type Client,
} from "@ballast/sdk";

/** One round of a keeper: sends every leg that fails down the closing chain, and bids for what is on offer. */
export async function runLiquidation(client: Client, accounts: readonly AccountId[]): Promise<void> {
  const keeper = accountId(signerOf(client)); // gets the rewards, takes the lots, and needs initial margin for those
  const views = await Promise.all(accounts.map((account) => getAccount(client, { account })));
  const legs = views
    .filter(({ liquidatable }) => liquidatable)
    .flatMap(({ account, legs }) => legs.map(({ asset }) => ({ account, asset })));

  for (const leg of legs) {
    const { stage, reduce } = await getOutlook(client, leg);
    console.log(`${formatAccount(leg.account)}: ${stage}${stage === "None" ? ` (${reduce.reason})` : ""}`);
  }
  if (legs.length === 0) return;

  const sent = await liquidateMany(client, { entries: legs, keeper });
  await confirm(client, sent);
  for (const { entry, error } of sent.result)
    if (error !== undefined) console.log(`${formatAccount(entry.account)}: ${error.message}`);

  for (const leg of legs) {
    const lot = await getLot(client, leg);
    if (lot.size === 0n || lot.premium <= 0n) continue; // asleep, or not yet worth it
    const taken = await bid(client, { ...leg, taker: keeper, most: lot.size, limit: lot.price });
    await confirm(client, taken);
    console.log(`took ${formatSize(taken.result.size)} at ${formatPrice(taken.result.price)}`);
  }
}
