// Random worlds of accounts with up to eight legs, and an account of one as the twin reads it.
import { Account, Positions, Sides } from "@ballast/math";
import type { NetworkConnection } from "hardhat/types/network";
import type { IClearingHouse } from "../../types/contracts/contracts/core/ClearingHouse.js";
import { Random } from "../../packages/reference/src/random.js";
import {
  MARKETS,
  QUOTE,
  WAD,
  WETH,
  accountId,
  deployLocal,
  listPerp,
  openPool,
  setPrice,
  type World,
} from "../../scripts/local.js";

const UNIT = 10n ** 6n;
const LATER = 2n ** 40n;
const LEGS = 8;
/** Said beforehand, so that nobody estimates it. */
const GAS = 10_000_000n;
/** More perps, in whole quote; the last has two feeds, which can differ. */
const MORE = [
  { asset: 4n, price: 150n, feeds: 1 },
  { asset: 5n, price: 3n, feeds: 1 },
  { asset: 6n, price: 40n, feeds: 1 },
  { asset: 7n, price: 900n, feeds: 1 },
  { asset: 8n, price: 25_000n, feeds: 1 },
  { asset: 9n, price: 12n, feeds: 2 },
];
const PERPS = [...MARKETS.map(({ asset }) => asset), ...MORE.map(({ asset }) => asset)];

export interface RandomWorld {
  world: World;
  random: Random;
  accounts: bigint[];
  prices: Map<bigint, bigint>;
}

export async function makeWorld(connection: NetworkConnection, count: number, seed: number): Promise<RandomWorld> {
  const world = await deployLocal(connection, "ClearingHouseHarness");
  for (const { asset, price, feeds } of MORE) await listPerp(world, asset, price, feeds);
  for (const asset of PERPS) await openPool(world, asset, 3_000_000n * UNIT);
  const listed = [...MARKETS, ...MORE, { asset: WETH, price: 2_000n }];
  const prices = new Map(listed.map(({ asset, price }) => [asset, price * WAD]));
  const made: RandomWorld = { world, random: new Random(seed), accounts: [], prices };
  await endow(world, count);
  for (let i = 0; i < count; i++) await open(made, BigInt(i));
  return made;
}

/** One wallet with tokens for every account, each of which is a sub-id of it. */
async function endow({ connection, house, quote, weth }: World, count: number): Promise<void> {
  const [owner] = await connection.ethers.getSigners();
  if (owner === undefined) throw new TypeError("the local network has no signer");
  await quote.mint(owner, BigInt(count) * 10_000_000n * UNIT);
  await weth.mint(owner, BigInt(count) * 10_000n * WAD);
  for (const token of [quote, weth]) await token.approve(house, 2n ** 256n - 1n);
}

/** What an account begins with: `margin` in whole quote, spot and perps per margin. */
interface Style {
  /** A token for every so many hundreds of margin; none for zero. */
  spot: bigint;
  legs: number;
  /** In hundredths. */
  leverage: bigint;
}

/** Some lean on their quote, some also on spot, some owe quote against it as soon as they lose. */
function styleOf(random: Random): Style {
  const legs = 1 + random.below(LEGS);
  const draw = random.below(6);
  if (draw < 3) return { spot: 0n, legs, leverage: random.between(5n, 980n) };
  if (draw < 5) return { spot: random.between(4n, 40n), legs: legs - 1, leverage: random.between(5n, 2_000n) };
  return { spot: 1n, legs: 1, leverage: random.between(1_000n, 5_000n) };
}

/** A trade with the pool for each leg; some are refused. */
async function open({ world, random, accounts, prices }: RandomWorld, index: bigint): Promise<void> {
  const { house, connection } = world;
  const [owner] = await connection.ethers.getSigners();
  if (owner === undefined) throw new TypeError("the local network has no signer");
  const account = accountId(owner.address, index + 1n);
  const { spot, legs, leverage } = styleOf(random);
  const margin = random.between(100n, 20_000n);
  await house.deposit(account, QUOTE, margin * UNIT, { gasLimit: GAS });
  if (spot !== 0n) await house.deposit(account, WETH, (margin * WAD) / 100n / spot);
  for (const asset of shuffled(random, PERPS).slice(0, legs)) {
    const value = (margin * WAD * leverage) / 100n / BigInt(legs);
    const size = (value * WAD) / (prices.get(asset) ?? WAD);
    await attempt(trade(world, account, asset, random.below(2) === 0 ? size : -size));
  }
  accounts.push(account);
}

function trade({ exchange }: World, account: bigint, asset: bigint, size: bigint): Promise<unknown> {
  const limit = size > 0n ? 2n ** 256n - 1n : 0n;
  return exchange.trade({ account, asset, size, limit, reduceOnly: false, deadline: LATER }, { gasLimit: GAS });
}

/** What is refused leaves the world as it was. */
async function attempt(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Prices move by up to so many percent each way, time goes on, some accounts trade, some legs are offset or shared. */
export async function shake(made: RandomWorld, percent: number): Promise<void> {
  const { world, random, prices, accounts } = made;
  const provider = world.connection.provider;
  await provider.request({ method: "evm_increaseTime", params: [random.pick([1, 30, 600, 7_200, 50_000])] });
  for (const [asset, price] of prices) {
    const moved = (price * BigInt(100_000 + (random.below(2_001) - 1_000) * percent)) / 100_000n;
    const next = moved - (moved % 10n ** 10n);
    prices.set(asset, next);
    await setPrice(world, asset, next);
  }
  await setPrice(world, QUOTE, WAD);
  for (let i = 0; i < accounts.length / 4; i++) {
    const account = random.pick(accounts);
    const [asset] = shuffled(random, await world.house.legsOf(account));
    if (asset === undefined || asset === WETH) continue;
    const { size } = await world.house.previewPosition(account, asset);
    await attempt(trade(world, account, asset, (-size * random.between(-20n, 100n)) / 100n));
  }
  await offsetSome(made);
}

async function offsetSome({ world, random, accounts }: RandomWorld): Promise<void> {
  const house = await world.connection.ethers.getContractAt("ClearingHouseHarness", await world.house.getAddress());
  for (let i = 0; i < 4; i++) {
    const account = random.pick(accounts);
    const asset = random.pick(PERPS);
    const { size } = await house.previewPosition(account, asset);
    const held = size < 0n ? -size : size;
    if (held !== 0n) await attempt(house.forceOffset(account, asset, (held * random.between(1n, 100n)) / 100n));
    await attempt(house.bookSynthetic(asset, random.pick(accounts), random.between(1n, 50n) * WAD));
    await attempt(house.forceShare(asset, random.below(2) === 0));
  }
}

/** A perp whose feeds differ, one that is halted, and, after a day, one whose feed is silent. */
export async function disturb({ world, prices }: RandomWorld): Promise<void> {
  const feeds = world.feeds.get(9n) ?? [];
  await feeds[0]?.updateAnswer(((prices.get(9n) ?? 0n) * 11n) / 10n ** 11n);
  await world.configurator.setState(6n, 2n);
  await world.connection.provider.request({ method: "evm_increaseTime", params: [90_000] });
  for (const [asset, price] of prices) if (asset !== 5n && asset !== 9n) await setPrice(world, asset, price);
  await setPrice(world, QUOTE, WAD);
  for (const feed of feeds) await feed.updateAnswer(await feed.latestAnswer());
}

export async function readMarkets({ house, router }: World): Promise<Map<bigint, Account.MarketState>> {
  const markets = new Map<bigint, Account.MarketState>();
  for (const asset of [...PERPS, WETH]) {
    const [[config], { fundingIndex, accruedAt, conditions }, [price], long, short] = await Promise.all([
      house.configOf(asset),
      house.perpOf(asset),
      router.peek([asset]),
      house.sideOf(asset, true),
      house.sideOf(asset, false),
    ]);
    if (price === undefined) throw new TypeError(`no price of asset ${asset}`);
    const perp = { fundingIndex, accruedAt, conditions, long: sideFrom(long), short: sideFrom(short) };
    markets.set(asset, { config, perp, price });
  }
  return markets;
}

/** What the ledger tells of a side: enough for positions that relate to its present versions. */
function sideFrom({
  version,
  shareVersion,
  epoch,
  multiplier,
  cashIndex,
}: IClearingHouse.SideViewStructOutput): Sides.Side {
  return { ...Sides.create(), version, shareVersion, epoch, multiplier, cashIndex };
}

/** An account from what is stored; a position that has to walk is as the ledger previews it. */
export async function readAccount(
  { house }: World,
  id: bigint,
  markets: Map<bigint, Account.MarketState>,
  terms: Account.Terms,
  time: bigint,
): Promise<Account.Snapshot & { walked: number }> {
  const [assets, cash, [debt]] = await Promise.all([house.legsOf(id), house.cashOf(id), house.debtOf(id)]);
  const walks = new Set<bigint>();
  const legs = await Promise.all(
    assets.map(async (asset) => {
      const position = await house.positionOf(id, asset);
      if (isCurrent(position, asset, markets)) return { asset, position };
      walks.add(asset);
      return { asset, position: Positions.NOTHING };
    }),
  );
  const account = Account.load({ cash, debt, legs }, markets, terms, time);
  const walked = account.legs.map(async (leg) =>
    walks.has(leg.asset) ? { ...leg, position: await house.previewPosition(id, leg.asset) } : leg,
  );
  return { ...account, legs: await Promise.all(walked), walked: walks.size };
}

function isCurrent(stored: Positions.Position, asset: bigint, markets: Map<bigint, Account.MarketState>): boolean {
  const market = markets.get(asset);
  if (market === undefined || asset === WETH) return true;
  const side = Positions.sideOf(market.perp, stored.size > 0n);
  return side.version === stored.version && side.shareVersion === stored.shareVersion;
}
