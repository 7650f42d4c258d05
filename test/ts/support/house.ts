// A house full of traders on a chain of its own process: built here, then moved there transaction by transaction.
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { accountId, type Deployment } from "@ballast/sdk";
import {
  getAddress,
  numberToHex,
  encodeAbiParameters,
  parseAbiParameters,
  toFunctionSelector,
  type Address,
  type Hex,
} from "viem";
import { describeWorld } from "../../../scripts/clients.js";
import { WAD, deployLocal, openBackstop, openInsurance, openPool, type World } from "../../../scripts/local.js";
import { signOrder } from "../../../scripts/orders.js";
import { Anvil } from "../../../scripts/anvil.js";

export const ETH = 1n;
const UNIT = 1_000_000n;
/** Accounts that are opened in one transaction. */
const BATCH = 20;
/** Traders that one maker sells to: his size has a bound. */
const TAKERS = 400;
const SIZE = 10n * WAD;
const GAS = numberToHex(200_000_000);

export interface HouseOptions {
  readonly traders: number;
  /** Margin of a trader in whole quote, by his number. */
  readonly margin?: (i: number) => bigint;
  /** Whole quote of the pool and of the backstop. */
  readonly pool?: bigint;
  readonly backstop?: bigint;
}

export interface House {
  readonly anvil: Anvil;
  readonly deployment: Deployment;
  /** Longs of 10 each. */
  readonly traders: readonly bigint[];
  readonly feed: Address;
  readonly quote: Address;
  readonly deployer: Address;
}

/** The deployment, its pool, backstop, insurance and runner, and everybody who holds a long of 10 at 2,000. */
export async function openHouse(options: HouseOptions, ...anvilOptions: string[]): Promise<House> {
  const connection = await network.create();
  const world = await deployLocal(connection);
  const { pool = 5_000_000n, backstop: reserve = 500_000n } = options;
  await openPool(world, ETH, pool * UNIT);
  const backstop = await openBackstop(world, reserve * UNIT);
  const insurance = await openInsurance(world, 50_000n * UNIT);
  const { liquidator, exchange, lens } = world;
  const runner = await connection.ethers.deployContract("LotRunner", [liquidator, exchange, lens]);
  const addressOf = async (contract: { getAddress(): Promise<string> }): Promise<Address> =>
    getAddress(await contract.getAddress());
  const deployment = await describeWorld(world, {
    backstopPool: await addressOf(backstop),
    insuranceVault: await addressOf(insurance),
    lotRunner: await addressOf(runner),
  });
  const [feed] = world.feeds.get(ETH) ?? [];
  const [deployer] = await connection.ethers.getSigners();
  if (feed === undefined || deployer === undefined) throw new TypeError("a house without a feed");
  const anvil = await Anvil.start("--disable-code-size-limit", "--gas-limit", "1000000000", ...anvilOptions);
  await move(connection, anvil);
  const traders = await openTraders(world, options, async (contract, data) => {
    await anvil.ask("eth_sendTransaction", { from: deployer.address, to: await contract.getAddress(), data, gas: GAS });
  });
  const [feedAt, quote] = await Promise.all([addressOf(feed), addressOf(world.quote)]);
  return { anvil, deployment, traders, feed: feedAt, quote, deployer: getAddress(deployer.address) };
}

type Send = (contract: { getAddress(): Promise<string> }, data: string) => Promise<void>;

/** On the chain itself: it is many times faster. */
async function openTraders(
  world: World,
  { traders: count, margin = () => 2_100n }: HouseOptions,
  send: Send,
): Promise<bigint[]> {
  const { quote, house, exchange } = world;
  const [owner] = await world.connection.ethers.getSigners();
  if (owner === undefined) throw new TypeError("the local network has no signer");
  const account = (subId: number): bigint => accountId(owner.address as Address, BigInt(subId));
  const traders = Array.from({ length: count }, (_, i) => account(i + 1));
  const most = 2n ** 256n - 1n;
  await send(quote, quote.interface.encodeFunctionData("mint", [owner.address, 1_000_000_000n * UNIT]));
  for (const spender of [house, exchange])
    await send(quote, quote.interface.encodeFunctionData("approve", [await spender.getAddress(), most]));
  for (let from = 0; from < count; from += TAKERS) {
    const maker = account(1_000_000 + from);
    await send(house, house.interface.encodeFunctionData("deposit", [maker, 0n, 10_000_000n * UNIT]));
    const terms = { account: maker, asset: ETH, limit: 2_000n * WAD, nonce: 1n };
    const offer = await signOrder(world, owner, { ...terms, size: -1_000_000n * WAD });
    for (let at = from; at < Math.min(from + TAKERS, count); at += BATCH) {
      const calls = traders
        .slice(at, Math.min(at + BATCH, count))
        .flatMap((trader, i) => [
          exchange.interface.encodeFunctionData("deposit", [trader, 0n, margin(at + i) * UNIT]),
          exchange.interface.encodeFunctionData("fill", [offer, trader, SIZE, SIZE, 2n ** 40n]),
        ]);
      await send(exchange, exchange.interface.encodeFunctionData("multicall", [calls]));
    }
  }
  return traders;
}

interface Transaction {
  readonly from: Hex;
  readonly to: Hex | null;
  readonly input: Hex;
  readonly value: Hex;
}

/** Both chains have the same accounts, so what they do has the same addresses. */
async function move({ provider }: NetworkConnection, anvil: Anvil): Promise<void> {
  const height = Number(await provider.request({ method: "eth_blockNumber" }));
  for (let number = 1; number <= height; number++) {
    const block = (await provider.request({
      method: "eth_getBlockByNumber",
      params: [numberToHex(number), true],
    })) as { transactions: Transaction[] };
    for (const { from, to, input, value } of block.transactions) {
      const call = { from, ...(to === null ? {} : { to }), data: input, value, gas: GAS };
      await anvil.ask("eth_sendTransaction", call);
    }
  }
}

/** Gives an account of somebody whole quote, which he deposits himself. */
export async function giveMargin(
  { anvil, deployment, quote, deployer }: House,
  owner: Address,
  whole: bigint,
): Promise<bigint> {
  const { clearingHouse } = deployment.addresses;
  const [amount, account] = [whole * UNIT, accountId(owner)];
  const send = (from: Address, to: Address, signature: string, types: string, ...values: unknown[]) =>
    anvil.ask("eth_sendTransaction", {
      ...{ from, to, gas: numberToHex(1_000_000) },
      data: `${toFunctionSelector(signature)}${encodeAbiParameters(parseAbiParameters(types), values).slice(2)}`,
    });
  await send(deployer, quote, "mint(address,uint256)", "address,uint256", owner, amount);
  await send(owner, quote, "approve(address,uint256)", "address,uint256", clearingHouse, amount);
  await send(owner, clearingHouse, "deposit(uint256,uint16,uint256)", "uint256,uint16,uint256", account, 0, amount);
  return account;
}

/** The feed says so from the next block on. @param price whole quote */
export async function movePrice({ anvil, feed, deployer }: House, price: number): Promise<Hex> {
  const answer = BigInt(Math.round(price * 1e8));
  const selector = toFunctionSelector("updateAnswer(int256)");
  const data = `${selector}${encodeAbiParameters([{ type: "int256" }], [answer]).slice(2)}`;
  return anvil.ask<Hex>("eth_sendTransaction", { from: deployer, to: feed, data, gas: numberToHex(300_000) });
}
