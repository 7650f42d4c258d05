// Clients of the SDK on a local world, which sign with the accounts of the chain.
import { createClient, accountId, type AccountId, type Addresses, type Client, type Deployment } from "@ballast/sdk";
import { createPublicClient, createWalletClient, custom, getAddress, type Address, type EIP1193Provider } from "viem";
import { MARKETS, type World } from "./local.js";

export interface Trader {
  address: Address;
  account: AccountId;
  client: Client;
}

/** Where the contracts of a local world are. */
export async function addressesOf(world: World, more: Partial<Addresses> = {}): Promise<Addresses> {
  const { manager, house, lens, configurator, router, exchange, liquidator } = world;
  const contracts = [manager, house, lens, configurator, router, exchange, liquidator];
  const found = (await Promise.all(contracts.map((contract) => contract.getAddress()))).map((each) => getAddress(each));
  const [accessManager, clearingHouse, lensAt, riskConfigurator, oracleRouter, exchangeAt, liquidatorAt] = found as [
    Address,
    Address,
    Address,
    Address,
    Address,
    Address,
    Address,
  ];
  const core = { accessManager, clearingHouse, lens: lensAt, riskConfigurator, oracleRouter };
  return { ...core, exchange: exchangeAt, liquidator: liquidatorAt, ...more };
}

export async function describeWorld(world: World, more: Partial<Addresses> = {}): Promise<Deployment> {
  const markets = Object.fromEntries(MARKETS.map(({ name, asset }) => [name, Number(asset)]));
  return { chainId: 31_337, block: 0n, addresses: await addressesOf(world, more), markets: { ...markets, WETH: 3 } };
}

/** So many accounts of the chain after the deployer, each with a client that signs. */
export async function tradersOf(world: World, count: number, addresses: Addresses): Promise<Trader[]> {
  // The chain in this process answers a revert with a code that looks like a failure of the node.
  const transport = custom(world.connection.provider as unknown as EIP1193Provider, { retryCount: 0 });
  const publicClient = createPublicClient({ transport, cacheTime: 0, pollingInterval: 10 });
  const signers = (await world.connection.ethers.getSigners()).slice(1, count + 1);
  return signers.map((signer) => {
    const address = getAddress(signer.address);
    const wallet = createWalletClient({ account: address, transport });
    return {
      address,
      account: accountId(address),
      client: createClient({ source: { publicClient }, wallet, addresses }),
    };
  });
}
