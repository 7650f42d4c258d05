// A whole protocol on a local chain: deployed by the same module as anywhere else, with test tokens and feeds that
// anyone can move. Used by the demonstration, the gas bench and the TypeScript tests.
import type { NetworkConnection } from "hardhat/types/network";
import { ballastModule } from "../deploy/modules/Ballast.js";
import LocalTokens from "../deploy/modules/LocalTokens.js";
import type {
  AccessManager,
  BackstopPool,
  ClearingHouse,
  Exchange,
  InsuranceVault,
  Lens,
  Liquidator,
  LiquidityPool,
  MockV3Aggregator,
  OracleRouter,
  RiskConfigurator,
  TestToken,
} from "../types/contracts/index.js";

export const WAD = 10n ** 18n;
export const QUOTE = 0n;
export const DUST = 3n;
export const FEES = 4n;
export const INSURANCE = 2n;
export const Capability = { Trade: 0n, Liquidate: 1n, Offset: 2n, Cover: 3n } as const;

export const Stage = { None: 0n, Reduce: 1n, Auction: 2n, Absorb: 3n, Offset: 4n } as const;

export interface Market {
  name: string;
  asset: bigint;
  price: bigint;
}

/** Prices in whole quote. */
export const MARKETS: readonly Market[] = [
  { name: "ETH", asset: 1n, price: 2_000n },
  { name: "BTC", asset: 2n, price: 60_000n },
];
export const WETH = 3n;

export interface World {
  connection: NetworkConnection;
  manager: AccessManager;
  router: OracleRouter;
  configurator: RiskConfigurator;
  house: ClearingHouse;
  lens: Lens;
  exchange: Exchange;
  liquidator: Liquidator;
  quote: TestToken;
  weth: TestToken;
  feeds: Map<bigint, MockV3Aggregator[]>;
}

/** owner address (160 bits) then sub-id (96 bits). */
export function accountId(owner: string, subId = 0n): bigint {
  return (BigInt(owner) << 96n) | subId;
}

export async function deployLocal(connection: NetworkConnection, clearingHouse = "ClearingHouse"): Promise<World> {
  const { ignition } = connection;
  const { quote, weth } = (await ignition.deploy(LocalTokens, { displayUi: false })) as unknown as Pick<
    World,
    "quote" | "weth"
  >;
  const parameters = { Ballast: { quote: await quote.getAddress() } };
  const core = await ignition.deploy(ballastModule(clearingHouse), { parameters, displayUi: false });
  const world: World = {
    ...(core as unknown as Omit<World, "connection" | "quote" | "weth" | "feeds">),
    connection,
    quote,
    weth,
    feeds: new Map(),
  };
  await listMarkets(world);
  return world;
}

async function listMarkets(world: World): Promise<void> {
  const { house, configurator, quote } = world;
  const [deployer] = await world.connection.ethers.getSigners();
  if (deployer === undefined) throw new TypeError("the local network has no signer");
  await quote.mint(deployer, 10n ** 12n);
  await quote.approve(house, 2n ** 256n - 1n);
  await house.deposit(DUST, QUOTE, 1_000_000n);
  for (const { asset, price } of MARKETS) await listPerp(world, asset, price);
  await addFeeds(world, WETH, 2_000n);
  await setStages(world, WETH);
  await configurator.listSpot(WETH, world.weth, {
    haircut: 2_000n,
    totalLimit: 100_000n * WAD,
    sizeLimit: WAD / 10n,
    depth: 50_000_000n * WAD,
  });
  await addFeeds(world, QUOTE, 1n);
  await configurator.setHouseTerms({
    leastMargin: 10n * WAD,
    debtRate: WAD / 10n,
    debtCap: 5_000n,
    pegBound: 300n,
    insuranceShare: 5_000n,
    listed: 0n,
    outflow: 2_000n,
    outflowFloor: 100n,
  });
}

/** A perp like ETH, whose price in whole quote comes from so many feeds. */
export async function listPerp(world: World, asset: bigint, price: bigint, feeds = 1): Promise<void> {
  await addFeeds(world, asset, price, feeds);
  await world.configurator.listPerp(asset, {
    margin: {
      floorRate: 500n,
      capRate: 1_200n,
      initialFactor: 20_000n,
      initialCap: 3_000n,
      deviations: 400n,
      horizon: 1_800n,
    },
    depth: 50_000_000n * WAD,
    maxHaircut: 3_000n,
    openInterestLimit: 50_000_000n * WAD,
    crowdedFrom: 20_000_000n * WAD,
    sizeLimit: WAD / 5n,
    funding: { slope: 1_000n, cap: 50n },
  });
  await setStages(world, asset);
}

/** How the closing chain treats an asset like ETH. */
export const STAGE_TERMS = {
  target: 12_000n,
  incentive: 5_000n,
  penalty: 2_000n,
  reduceImpact: 50n,
  window: 200n,
  inFlight: 500n,
  latency: 2n,
  backstop: 2_000n,
  tip: WAD / 2n,
};

export async function setStages(world: World, asset: bigint): Promise<void> {
  await world.liquidator.setTerms(asset, STAGE_TERMS);
}

export const POOL_TERMS = {
  halfSpread: 500n,
  ageFactor: 300n,
  deviation: 50n,
  inventoryLimit: 1_000n,
  oneSided: 200n,
  leverageLimit: 300n,
};

/** The pool of a perp, which its first provider gives so many token units. */
export async function openPool(world: World, asset: bigint, seed: bigint): Promise<LiquidityPool> {
  const { ethers } = world.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new TypeError("the local network has no signer");
  const pool = await ethers.deployContract("LiquidityPool", [world.house, asset, "Ballast Pool", "BLP"]);
  await world.configurator.setPool(asset, { owner: await pool.getAddress(), ...POOL_TERMS });
  await world.quote.mint(deployer, seed);
  await world.quote.approve(pool, seed);
  await pool["deposit(uint256,address)"](seed, deployer.address);
  return pool;
}

/** The backstop of all markets, which its first provider gives so many token units. */
export async function openBackstop(world: World, seed: bigint): Promise<BackstopPool> {
  const { ethers } = world.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new TypeError("the local network has no signer");
  const unwinding = { rate: 20n, maxCost: 50n, spotDiscount: 100n };
  const { manager, lens, exchange, liquidator } = world;
  const names = ["Ballast Backstop", "BBP"] as const;
  const backstop = await ethers.deployContract("BackstopPool", [manager, lens, exchange, unwinding, ...names]);
  await liquidator.setBackstop(accountId(await backstop.getAddress()));
  await world.quote.mint(deployer, seed);
  await world.quote.approve(backstop, seed);
  await backstop["deposit(uint256,address)"](seed, deployer.address);
  return backstop;
}

/** The vault of those who insure all markets, to which its first staker gives so many token units. */
export async function openInsurance(world: World, seed: bigint): Promise<InsuranceVault> {
  const { ethers } = world.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new TypeError("the local network has no signer");
  const vault = await ethers.deployContract("InsuranceVault", [world.house, "Ballast Insurance", "BIN"]);
  await world.configurator.setCapability(vault, Capability.Cover, true);
  await world.quote.mint(deployer, seed);
  await world.quote.approve(vault, seed);
  await vault["deposit(uint256,address)"](seed, deployer.address);
  return vault;
}

/** Gives an asset so many new feeds, all of which must be fresh. */
export async function addFeeds(world: World, asset: bigint, price: bigint, count = 1): Promise<void> {
  const { ethers } = world.connection;
  const feeds: MockV3Aggregator[] = [];
  const sources: { source: string; maxAge: bigint }[] = [];
  for (let i = 0; i < count; i++) {
    const feed = await ethers.deployContract("MockV3Aggregator", [8, price * 10n ** 8n]);
    const source = await ethers.deployContract("ChainlinkSource", [feed, 86_400n, ethers.ZeroAddress, 0n]);
    feeds.push(feed);
    sources.push({ source: await source.getAddress(), maxAge: 86_400n });
  }
  await world.router.setSources(asset, sources, count, 100);
  world.feeds.set(asset, feeds);
}

/** Sets every feed of the asset in new blocks; `price` in 1e18. */
export async function setPrice(world: World, asset: bigint, price: bigint): Promise<void> {
  for (const feed of world.feeds.get(asset) ?? []) await feed.updateAnswer(price / 10n ** 10n);
}

/** Mints token units of quote to the signer and deposits them. */
export async function fund(
  world: World,
  signer: Awaited<ReturnType<NetworkConnection["ethers"]["getSigners"]>>[number],
  account: bigint,
  amount: bigint,
): Promise<void> {
  await world.quote.mint(signer, amount);
  await world.quote.connect(signer).approve(world.house, 2n ** 256n - 1n);
  await world.house.connect(signer).deposit(account, QUOTE, amount);
}
