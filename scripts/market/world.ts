// The world of a market: three perps, one spot, pools, backstop and insurance, by the same modules as on a network.
import { confirm, createClient, depositToVault, type Addresses, type Client, type Deployment } from "@ballast/sdk";
import { network } from "hardhat";
import {
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  http,
  numberToHex,
  parseAbi,
  type Account,
  type Address,
  type Hex,
  type PublicClient,
} from "viem";
import { runModule } from "../../deploy/engine.js";
import { deploymentOf } from "../../deploy/outputs.js";
import { local } from "../../deploy/parameters/local.js";
import { resolve } from "../../deploy/parameters/index.js";
import { PERP, POOL, ROLLUP_STAGES, SPOT } from "../../deploy/parameters/defaults.js";
import type { Draft, Parameters, Sources } from "../../deploy/parameters/types.js";
import type { Anvil } from "../anvil.js";
import type { Funds } from "./scenarios.js";

export const WAD = 10n ** 18n;
export const UNIT = 1_000_000n;
/** Said beforehand: an estimate in the second of a latch is too little in the next one. */
export const GAS = 3_000_000n;
const FEEDS = 3;
/** Seconds. */
const HEARTBEAT = 900n;

export interface Listed {
  readonly name: string;
  readonly asset: number;
  /** Whole quote when the market opens. */
  readonly price: number;
}

export const PERPS: readonly Listed[] = [
  { name: "BTC", asset: 2, price: 60_000 },
  { name: "ETH", asset: 1, price: 2_000 },
  { name: "SOL", asset: 5, price: 150 },
];
export const WETH = 4;
const QUOTE_FEED = "quote";

export const TOKEN = parseAbi([
  "function mint(address to, uint256 amount)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);
const FEED = parseAbi(["function updateAnswer(int256 answer)"]);

export interface World {
  readonly chain: Anvil;
  readonly deployment: Deployment;
  readonly publicClient: PublicClient;
  readonly deployer: Address;
  readonly quote: Address;
  readonly weth: Address;
  readonly pools: readonly { asset: number; pool: Address }[];
  readonly feeds: Feeds;
}

const sources = (price: bigint, feeds: number): Sources => ({
  feeds: Array.from({ length: feeds }, () => ({ mock: price, heartbeat: HEARTBEAT })),
  quorum: Math.ceil(feeds / 2),
  maxDivergence: 100,
});

function parameters(): Parameters {
  const perps = PERPS.map(({ name, asset, price }) => ({
    ...{ name, asset, sources: sources(BigInt(price), FEEDS) },
    ...{ terms: PERP, stages: ROLLUP_STAGES, pool: POOL },
  }));
  const spots = [
    { name: "WETH", asset: WETH, token: "mock", sources: sources(2_000n, 1), terms: SPOT, stages: ROLLUP_STAGES },
  ] as const;
  const draft: Draft = { ...local, perps, spots, quoteSources: sources(1n, 1) };
  return resolve(draft);
}

export async function openWorld(chain: Anvil, funds: Funds): Promise<World> {
  const connection = await network.create({ network: "localhost", override: { url: chain.url } });
  const run = parameters();
  const contracts = await runModule({ connection, parameters: run, confirmations: 1 });
  const deployment = deploymentOf(run, contracts, 0n);
  const publicClient = clientOf(chain.url);
  const [deployer, oracle] = await chain.ask<[Address, Address]>("eth_accounts");
  const at = (step: string): Address => contracts[step] ?? deployer;
  const world: World = {
    ...{ chain, deployment, publicClient, deployer },
    quote: at("LocalTokens#Quote"),
    weth: at("LocalTokens#Weth"),
    pools: PERPS.map(({ name, asset }) => ({ asset, pool: at(`Markets#${name}_pool`) })),
    feeds: new Feeds(chain, oracle, (name, i) => at(`Markets#${name}_feed${i}`)),
  };
  await seed(world, funds);
  return world;
}

const clientOf = (url: string): PublicClient =>
  createPublicClient({ transport: http(url, { timeout: 60_000 }), cacheTime: 0, pollingInterval: 10 });

/** A client of the SDK that signs with an account of the chain, or with a key. */
export function signingClient(
  world: Pick<World, "chain" | "deployment" | "publicClient">,
  account: Account | Address,
): Client {
  const { chain, publicClient, deployment } = world;
  const wallet = createWalletClient({ account, transport: http(chain.url, { timeout: 60_000 }) });
  return createClient({ source: { publicClient }, wallet, addresses: deployment.addresses });
}

/** What pools, backstop and insurance begin with. */
async function seed(world: World, funds: Funds): Promise<void> {
  const { addresses } = world.deployment;
  const client = signingClient(world, world.deployer);
  const seeds: [Address, number][] = [
    ...world.pools.map(({ pool }): [Address, number] => [pool, funds.pool]),
    [vaultOf(addresses, "backstopPool"), funds.backstop],
    [vaultOf(addresses, "insuranceVault"), funds.insurance],
  ];
  const total = seeds.reduce((sum, [, whole]) => sum + BigInt(whole), 0n) * UNIT;
  await send(
    world,
    world.quote,
    encodeFunctionData({ abi: TOKEN, functionName: "mint", args: [world.deployer, total] }),
  );
  for (const [vault, whole] of seeds) {
    const assets = BigInt(whole) * UNIT;
    const approve = encodeFunctionData({ abi: TOKEN, functionName: "approve", args: [vault, assets] });
    await send(world, world.quote, approve);
    await confirm(client, await depositToVault(client, { vault, assets, gas: GAS }));
  }
}

export function vaultOf(addresses: Addresses, name: "backstopPool" | "insuranceVault"): Address {
  return addresses[name] ?? addresses.clearingHouse;
}

let turn: Promise<unknown> = Promise.resolve();

/** From the deployer, into a block; one after another, because the node counts his transactions. */
export function send(world: World, to: Address, data: Hex, value = 0n): Promise<void> {
  const sent = turn.then(() => sendNow(world, to, data, value));
  turn = sent.catch(() => undefined);
  return sent;
}

async function sendNow(world: World, to: Address, data: Hex, value: bigint): Promise<void> {
  const call = { from: world.deployer, to, data, value: numberToHex(value), gas: numberToHex(5_000_000) };
  const hash = await world.chain.ask<Hex>("eth_sendTransaction", call);
  await world.publicClient.waitForTransactionReceipt({ hash });
}

/** What the feeds say. Some of them can fall silent, or lie. */
export class Feeds {
  private nonce: number | undefined;

  constructor(
    private readonly chain: Anvil,
    private readonly oracle: Address,
    private readonly at: (name: string, i: number) => Address,
  ) {}

  /** Into the next block. @param prices whole quote by name; `says` changes what one of them says, or leaves it out */
  async push(
    prices: Readonly<Record<string, number>>,
    says: (name: string, feed: number, price: number) => number | undefined = (_, __, price) => price,
  ): Promise<void> {
    this.nonce ??= Number(await this.chain.ask("eth_getTransactionCount", this.oracle, "latest"));
    const told = Object.entries({ ...prices, [QUOTE_FEED]: 1, WETH: prices["ETH"] ?? 0 }).flatMap(([name, price]) => {
      const count = name === QUOTE_FEED || name === "WETH" ? 1 : FEEDS;
      return Array.from({ length: count }, (_, i) => [this.at(name, i), says(name, i, price)] as const);
    });
    const answers = told.filter((each): each is readonly [Address, number] => each[1] !== undefined);
    for (const [to, price] of answers) await this.answer(to, price);
  }

  private async answer(to: Address, price: number): Promise<void> {
    const data = encodeFunctionData({ abi: FEED, args: [BigInt(Math.round(price * 1e8))] });
    const nonce = numberToHex(this.nonce ?? 0);
    this.nonce = (this.nonce ?? 0) + 1;
    await this.chain.ask("eth_sendTransaction", { from: this.oracle, to, data, nonce, gas: numberToHex(200_000) });
  }
}
