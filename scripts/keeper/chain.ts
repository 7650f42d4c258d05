// The same accounts on a real chain: the set of the watch against the ledger's own view of every account, and how long others
// need for it.
import { network } from "hardhat";
import { Watch } from "@ballast/keeper";
import { HttpRpc, Mirror, RpcSource } from "@ballast/mirror";
import { getAddress, toHex, type Address, type Hex } from "viem";
import { Anvil } from "../anvil.js";
import { DUST, MARKETS, QUOTE, WAD, deployLocal, listPerp, setPrice, type World } from "../local.js";
import { NotExact, edgeOf, marksAt, round, timed, type Marks } from "./book.js";
import { load, membersOf } from "./crowd.js";
import { deployMulticall, multicall, naive } from "./ways.js";

const CRASH = 83n;
const PAUSE = 5;
const FIRST_MORE = 4n;
/** Said beforehand: what is estimated between two blocks is estimated at another time. */
const GAS = 16_000_000n;

export interface ChainFigures {
  readonly chain_accounts: number;
  readonly chain_markets: number;
  readonly load_ms: number;
  /** Who fell at a price at which some do, and at the crash; both sets are the ledger's own. */
  readonly chain_some_fell: number;
  readonly chain_fell: number;
  readonly chain_set_ms: number;
  /** Every account in calls of Multicall3, measured; and scaled to 100,000 when there are fewer. */
  readonly multicall_ms: number;
  readonly multicall_100k_ms: number;
  /** One call per account, of so many; the rest is scaled. */
  readonly naive_accounts: number;
  readonly naive_ms: number;
  readonly naive_100k_ms: number;
  readonly scaled: readonly string[];
}

/** A chain with the crowd on it, and a mirror of both. */
export interface Stage {
  readonly anvil: Anvil;
  readonly world: World;
  readonly house: Address;
  readonly multicall: Address;
  readonly prices: ReadonlyMap<number, bigint>;
  readonly mirror: Mirror;
  readonly accounts: readonly bigint[];
  readonly load_ms: number;
}

export async function openStage(anvil: Anvil, accounts: number, markets: number): Promise<Stage> {
  const chainId = Number(await anvil.request("eth_chainId"));
  const connection = await network.create({ network: "localhost", override: { url: anvil.url, gas: GAS } });
  const world = await deployLocal(connection);
  const prices = await listMore(world, markets);
  const house = getAddress(await world.house.getAddress());
  const [from = ""] = (await anvil.request("eth_accounts")) as string[];
  const multicall = await deployMulticall(anvil, from);
  await world.router.latch([...prices.keys()], { gasLimit: GAS });
  const mirror = await follow(anvil, world, house, chainId);
  await mirror.catchUp();
  const members = membersOf(accounts, prices);
  const started = performance.now();
  await load(anvil, house, mirror.ledger, members);
  const load_ms = round(performance.now() - started);
  return { anvil, world, house, multicall, prices, mirror, accounts: members.map(({ id }) => id), load_ms };
}

/** A price of the first market at which some fall, then −17 % in every market; each in one block. */
export async function benchChain(stage: Stage, sample: number): Promise<ChainFigures> {
  const { mirror, prices, accounts, load_ms } = stage;
  await mirror.catchUp();
  const watch = new Watch(mirror.ledger);
  watch.rehearse();
  const [asset = 1] = prices.keys();
  const some = await fallTo(stage, watch, marksAt(mirror.ledger, [asset], -edgeOf(watch, asset)));
  requireSame(new Set(await multicall(stage.anvil, stage, accounts, some.block)), some.set);
  const crash = new Map([...prices].map(([each, price]) => [BigInt(each), (price * CRASH) / 100n]));
  const all = await fallTo(stage, watch, crash);
  return {
    chain_accounts: accounts.length,
    chain_markets: prices.size,
    load_ms,
    ...{ chain_some_fell: some.set.size, chain_fell: all.set.size, chain_set_ms: all.ms },
    ...(await others(stage, all.set, sample, all.block)),
  };
}

interface Fallen {
  readonly set: ReadonlySet<bigint>;
  readonly ms: number;
  readonly block: Hex;
}

/** Prices in one block, and who has fallen by the watch. */
async function fallTo({ anvil, world, mirror }: Stage, watch: Watch, prices: Marks): Promise<Fallen> {
  // Prices are latched once per timestamp.
  await anvil.request("evm_increaseTime", [PAUSE]);
  for (const [asset, price] of prices) await setPrice(world, asset, price);
  const latched = await world.router.latch([...prices.keys()], { gasLimit: GAS });
  await anvil.request("evm_mine");
  await latched.wait();
  for await (const change of mirror.toHead()) watch.apply(change);
  const [found, ms] = timed(() => watch.liquidatable());
  const set = new Set(found.map(({ account }) => account));
  return { set, ms, block: toHex(mirror.ledger.head?.number ?? 0) };
}

async function others(stage: Stage, set: ReadonlySet<bigint>, sample: number, block: string) {
  const { anvil, accounts: ids } = stage;
  let started = performance.now();
  const all = await multicall(anvil, stage, ids, block);
  const multicall_ms = round(performance.now() - started);
  const asked = ids.slice(0, sample);
  started = performance.now();
  const single = await naive(anvil, stage.house, asked, block);
  const naive_ms = round(performance.now() - started);
  requireSame(new Set(all), set);
  requireSame(new Set(single), new Set(asked.filter((id) => set.has(id))));
  const scale = (ms: number, of: number) => round((ms * 100_000) / of);
  return {
    multicall_ms,
    multicall_100k_ms: scale(multicall_ms, ids.length),
    naive_accounts: asked.length,
    naive_ms,
    naive_100k_ms: scale(naive_ms, asked.length),
    scaled: [
      ...(ids.length === 100_000 ? [] : ["multicall_100k_ms"]),
      ...(asked.length === 100_000 ? [] : ["naive_100k_ms"]),
    ],
  };
}

function requireSame(chain: ReadonlySet<bigint>, watch: ReadonlySet<bigint>): void {
  const first = [...chain].find((id) => !watch.has(id)) ?? [...watch].find((id) => !chain.has(id));
  if (first !== undefined) throw new NotExact(watch.size, chain.size, first);
}

/** Prices by asset; the spot stays out. */
async function listMore(world: World, markets: number): Promise<Map<number, bigint>> {
  const prices = new Map(MARKETS.slice(0, markets).map(({ asset, price }) => [Number(asset), price * WAD]));
  for (let asset = FIRST_MORE; prices.size < markets; asset++) {
    const price = 10n * asset;
    await world.house.deposit(DUST, QUOTE, 10_000n);
    await listPerp(world, asset, price);
    prices.set(Number(asset), price * WAD);
  }
  return prices;
}

async function follow(anvil: Anvil, { router, liquidator }: World, house: string, chainId: number): Promise<Mirror> {
  const [oracle, chain] = await Promise.all([router.getAddress(), liquidator.getAddress()]);
  const addresses = { clearingHouse: house, oracle, liquidator: chain, vaults: [] };
  const deployment = { chainId, ...addresses, quoteDecimals: 6, fromBlock: 0 };
  return Mirror.open(deployment, new RpcSource(new HttpRpc([anvil.url])));
}
