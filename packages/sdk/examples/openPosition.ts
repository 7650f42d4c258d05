import {
  accountId,
  close,
  confirm,
  depositWithPermit,
  formatHealth,
  formatPrice,
  getAccount,
  getLiquidationPrice,
  getWithdrawable,
  open,
  parsePercent,
  parseSize,
  parseUnits,
  signPermit,
  signerOf,
  withdraw,
  type Client,
} from "@ballast/sdk";

/** Opens a long in an isolated account, looks at it, closes it and takes the money back. */
export async function openPosition(client: Client): Promise<void> {
  const account = accountId(signerOf(client), 42n); // every sub-id is isolated margin
  const amount = parseUnits("500", 6); // quote has 6 decimals here; everything else is 1e18

  const permit = await signPermit(client, { amount });
  await confirm(client, await depositWithPermit(client, { account, amount, permit }));

  const opened = await open(client, { account, asset: 1, size: parseSize("1"), slippage: parsePercent("0.3%") });
  await confirm(client, opened);
  console.log(`bought at ${formatPrice(opened.result.price)}`);

  const { health } = await getAccount(client, { account });
  const { price } = await getLiquidationPrice(client, { account, asset: 1 });
  console.log(`health ${formatHealth(health)}, liquidated below ${formatPrice(price ?? 0n)}`);

  await confirm(client, await close(client, { account, asset: 1 }));
  const free = await getWithdrawable(client, { account });
  await confirm(client, await withdraw(client, { account, amount: free.amount }));
  console.log(`took back ${free.paid} units`);
}
