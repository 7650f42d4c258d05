// Who takes part in the SDK's tests of the closing chain: a keeper, a maker and a trader, all with money.
import {
  accountId,
  approve,
  confirm,
  deposit,
  fillOrder,
  parsePrice,
  parseSize,
  parseUnits,
  signOrder,
  type AccountId,
} from "@ballast/sdk";
import { network } from "hardhat";
import { getAddress } from "viem";
import { addressesOf, tradersOf, type Trader } from "../../../scripts/clients.js";
import { deployLocal, openBackstop, openInsurance, openPool, setPrice, type World } from "../../../scripts/local.js";

export const ETH = 1;
export const USD = 6;
export const LATER = 2n ** 40n;

export interface Scene {
  world: World;
  keeper: Trader;
  maker: Trader;
  trader: Trader;
}

interface Payers {
  /** The clearing house, or a harness of it. */
  house?: string;
  pool?: string;
  backstop?: string;
  insurance?: string;
}

export async function openScene({ house, pool, backstop, insurance }: Payers): Promise<Scene> {
  const world = await deployLocal(await network.create(), house);
  const more: Record<string, `0x${string}`> = {};
  if (insurance !== undefined)
    more["insuranceVault"] = getAddress(await (await openInsurance(world, parseUnits(insurance, USD))).getAddress());
  if (pool !== undefined) await openPool(world, 1n, parseUnits(pool, USD));
  if (backstop !== undefined)
    more["backstopPool"] = getAddress(await (await openBackstop(world, parseUnits(backstop, USD))).getAddress());
  const { liquidator, exchange, lens, connection } = world;
  const runner = await connection.ethers.deployContract("LotRunner", [liquidator, exchange, lens]);
  more["lotRunner"] = getAddress(await runner.getAddress());
  const traders = await tradersOf(world, 3, await addressesOf(world, more));
  const [keeper, maker, trader] = traders as [Trader, Trader, Trader];
  for (const { client, address, account } of traders) {
    await world.quote.mint(address, parseUnits("10000000", USD));
    await confirm(client, await approve(client, { amount: parseUnits("10000000", USD) }));
    await confirm(client, await deposit(client, { account, amount: parseUnits("1000000", USD) }));
  }
  return { world, keeper, maker, trader };
}

/** Accounts of the trader, each long one with so much margin, against the maker's order. */
export async function openLongs(
  { maker, trader }: Scene,
  sizes: readonly string[],
  margin: string,
): Promise<AccountId[]> {
  const terms = { account: maker.account, asset: ETH, expiry: LATER, nonce: 1n, limit: parsePrice("2000") };
  const ask = await signOrder(maker.client, { ...terms, size: parseSize("-10000") });
  const accounts: AccountId[] = [];
  for (const [i, size] of sizes.entries()) {
    const account = accountId(trader.address, BigInt(i + 1));
    const amount = parseUnits(margin, USD) * BigInt(Math.ceil(Number(size)));
    await confirm(trader.client, await deposit(trader.client, { account, amount }));
    const most = parseSize(size);
    await confirm(trader.client, await fillOrder(trader.client, { maker: ask, taker: account, most, least: most }));
    accounts.push(account);
  }
  return accounts;
}

export const fall = async ({ world }: Scene, price: string): Promise<void> => {
  await setPrice(world, 1n, parsePrice(price));
};
