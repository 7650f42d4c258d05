// A market with everybody in it on a local chain: deployed once, taken back to its beginning for every run.
import { network } from "hardhat";
import { Interface, type Log } from "ethers";
import {
  Capability,
  DUST,
  FEES,
  INSURANCE,
  QUOTE,
  STAGE_TERMS,
  WAD,
  accountId,
  deployLocal,
  openPool,
  type World,
} from "../local.js";
import {
  ClearingHouse__factory,
  Deleveraging__factory,
  Liquidator__factory,
  ReplayMarket__factory,
  type ReplayMarket,
} from "../../types/contracts/index.js";
import type { Rows } from "./payers.js";

export const ASSET = 1n;
export const START = 2_000;
export const DEPTH = 50_000_000;
const UNIT = 1_000_000n;
const TREASURY = 1n;
const DEFICIT_ROW = (1n << 32n) | ASSET;
const POOL_SEED = 5_000_000n;
const MAKER_SEED = 50_000_000n;
/** What the makers began with together. */
export const MADE = 4n * MAKER_SEED * WAD;
const GAS = "0x35a4e900";

/** Sub-ids of the driver's accounts; traders count from 1. */
export const BACKSTOP = 1n << 40n;
export const KEEPER = 1n << 41n;
export const MAKERS = [0n, 1n, 2n, 3n].map((i) => (1n << 42n) + i);
export const BIDDERS = [0n, 1n, 2n, 3n].map((i) => (1n << 43n) + i);

/** Whole quote that who takes and pays begins with: the insurance fund, the backstop, and each of the bidders. */
export interface Funds {
  insurance: number;
  backstop: number;
  capital: number;
}
export const FUNDS: Funds = { insurance: 250_000, backstop: 2_000_000, capital: 250_000 };

/** What a run may change of how the closing chain treats the market. */
export type Overrides = Partial<Omit<typeof STAGE_TERMS, "tip">>;

export interface Entry {
  name: string;
  args: Record<string, unknown>;
}

const CALLS: Interface = ReplayMarket__factory.createInterface();
const WANTED = new Set<string>([
  "Opened",
  "Looked",
  "Refused",
  "PassedOn",
  "Stepped",
  "LotFilled",
  "LotChanged",
  "StageFailed",
  "Offset",
  "DeficitBooked",
  "DeficitReduced",
  "DeficitInsured",
  "InsuranceUsed",
  "ProfitShared",
]);
const ABIS = [
  ClearingHouse__factory.abi,
  Deleveraging__factory.abi,
  Liquidator__factory.abi,
  ReplayMarket__factory.abi,
];
const EVENTS = new Interface(
  ABIS.flatMap((abi) => abi.filter((item) => item.type === "event" && WANTED.has(item.name))),
);

class StepFailed extends Error {
  constructor(at: number) {
    super(`a step of the replay failed at ${at} s`);
    this.name = "StepFailed";
  }
}

export class Chain {
  private snapshot = "";
  private now = 0;

  private constructor(
    readonly world: World,
    readonly driver: ReplayMarket,
    private readonly address: string,
    private readonly from: string,
    private readonly pool: bigint,
    readonly funds: Funds,
  ) {}

  static async create(overrides: Overrides, some: Partial<Funds> = {}): Promise<Chain> {
    const funds = { ...FUNDS, ...some };
    const world = await deployLocal(await network.create());
    const { ethers } = world.connection;
    const [operator] = await ethers.getSigners();
    const [feed, peg] = [world.feeds.get(ASSET)?.[0], world.feeds.get(QUOTE)?.[0]];
    if (operator === undefined || feed === undefined || peg === undefined) throw new TypeError("no market");
    const pool = await openPool(world, ASSET, POOL_SEED * UNIT);
    const driver = await ethers.deployContract("ReplayMarket", [
      world.liquidator,
      ASSET,
      feed,
      peg,
      KEEPER,
      BIDDERS,
      MAKERS,
    ]);
    await world.configurator.setCapability(driver, Capability.Trade, true);
    const address = await driver.getAddress();
    await world.liquidator.setBackstop(accountId(address, BACKSTOP));
    await world.liquidator.setTerms(ASSET, { ...STAGE_TERMS, ...overrides });
    await driver.fund(BACKSTOP, BigInt(funds.backstop) * UNIT);
    for (const maker of MAKERS) await driver.fund(maker, MAKER_SEED * UNIT);
    for (const bidder of BIDDERS) await driver.fund(bidder, BigInt(funds.capital) * UNIT);
    await world.quote.mint(operator, BigInt(funds.insurance) * UNIT);
    await world.house.deposit(INSURANCE, QUOTE, BigInt(funds.insurance) * UNIT);
    const chain = new Chain(world, driver, address, operator.address, accountId(await pool.getAddress()), funds);
    chain.snapshot = (await chain.request("evm_snapshot", [])) as string;
    return chain;
  }

  /** Back to the empty market. */
  async reset(): Promise<void> {
    await this.request("evm_revert", [this.snapshot]);
    this.snapshot = (await this.request("evm_snapshot", [])) as string;
    const block = (await this.request("eth_getBlockByNumber", ["latest", false])) as { timestamp: string };
    this.now = Number(block.timestamp) + STARTS_AFTER;
  }

  async open(at: number, price: number, openings: readonly Opening[]): Promise<Entry[]> {
    return this.send(at, CALLS.encodeFunctionData("open", [answer(price), openings]));
  }

  async step(at: number, price: number, waiting: readonly bigint[], others: readonly bigint[]): Promise<Entry[]> {
    return this.send(at, CALLS.encodeFunctionData("step", [answer(price), waiting, others]));
  }

  idOf(trader: bigint): bigint {
    return accountId(this.address, trader);
  }

  /** What is held minus what all rows claim, and the sum of all sizes: neither may be anything but dust. */
  async balance(traders: readonly bigint[]): Promise<{ unaccounted: bigint; sizes: bigint }> {
    const { house } = this.world;
    const rows = [...traders, BACKSTOP, KEEPER, ...MAKERS, ...BIDDERS].map((trader) => this.idOf(trader));
    rows.push(this.pool);
    await house.settle(rows);
    let sizes = 0n;
    let claims = 0n;
    for (const row of rows) sizes += (await house.positionOf(row, ASSET)).size;
    for (const row of [...rows, TREASURY, INSURANCE, DUST, FEES, DEFICIT_ROW]) claims += await house.cashOf(row);
    return { unaccounted: (await house.reserveOf(QUOTE)).held - claims, sizes };
  }

  /** What stands unpaid, and what is left of insurance. */
  async rows(): Promise<Rows> {
    const { house } = this.world;
    const { deficit } = await house.reserveOf(QUOTE);
    return { deficitRow: await house.cashOf(DEFICIT_ROW), insurance: await house.cashOf(INSURANCE), total: deficit };
  }

  async equityOf(trader: bigint): Promise<bigint> {
    return (await this.world.house.assess(this.idOf(trader))).equity;
  }

  async poolEquity(): Promise<number> {
    return toNumber((await this.world.house.assess(this.pool)).equity);
  }

  private async send(at: number, data: string): Promise<Entry[]> {
    await this.request("evm_setNextBlockTimestamp", [this.now + at]);
    const transaction = { from: this.from, to: this.address, data, gas: GAS, gasPrice: "0x77359400" };
    const hash = await this.request("eth_sendTransaction", [transaction]);
    const receipt = (await this.request("eth_getTransactionReceipt", [hash])) as { status: string; logs: Log[] };
    if (receipt.status !== "0x1") throw new StepFailed(at);
    return receipt.logs.flatMap(({ topics, data }) => {
      const parsed = EVENTS.parseLog({ topics, data });
      return parsed === null ? [] : [{ name: parsed.name, args: parsed.args.toObject() }];
    });
  }

  private request(method: string, params: unknown[]): Promise<unknown> {
    return this.world.connection.provider.request({ method, params });
  }
}

/** Between the deployment and the first price. */
const STARTS_AFTER = 10;

export interface Opening {
  trader: bigint;
  maker: bigint;
  long: boolean;
  notional: bigint;
  margin: bigint;
}

const answer = (price: number): bigint => BigInt(Math.round(price * START * 1e8));
export const toNumber = (value: bigint): number => Number(value / 10n ** 9n) / 1e9;
export const toWad = (value: number): bigint => BigInt(Math.round(value * 1e9)) * (WAD / 10n ** 9n);
