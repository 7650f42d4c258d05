// A market from calm into a crash on an in-process chain, with the contracts as deployed.
//   npm start [-- --accounts N] [--seed N] [--drop PERCENT] [--json]
// Traders open positions, the price falls, a keeper sends those that fail down the closing chain: into the pool, into auctions
// with a bidder, into the backstop. What they cannot pay is booked, insurance pays its part. Exit 0 only if every unit of loss
// stands in a named row.
import { parseArgs } from "node:util";
import { network, tasks } from "hardhat";
import { Random } from "../packages/reference/src/random.js";
import {
  Capability,
  DUST,
  FEES,
  INSURANCE,
  QUOTE,
  WAD,
  accountId,
  Stage,
  deployLocal,
  fund,
  openBackstop,
  openInsurance,
  openPool,
  setPrice,
  type World,
} from "./local.js";
import { signOrder } from "./orders.js";

const ETH = 1n;
const UNIT = 1_000_000n;
const DEFICIT_ROW = (1n << 32n) | ETH;
const STEPS = 4;
const MINUTES_PER_STEP = 60;
/** A keeper looks twice a minute until nobody fails any more. */
const ROUND = 30;
const ROUNDS = 60;
/** What the bidder asks for, in ten-thousandths of what he takes. */
const ASK = 10n;
const GAS_PER_ENTRY = 1_500_000n;
/** Of the bidder, for each account. */
const CAPITAL = 20_000n;
const BIDDER = 10_001n;
const KEEPER = 10_002n;

class UsageError extends Error {}

interface Options {
  accounts: number;
  seed: number;
  drop: number;
  json: boolean;
}

interface Row {
  minute: number;
  price: number;
  reduced: number;
  auctioned: number;
  absorbed: number;
  bankrupt: number;
  deficit: number;
  insurance: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      accounts: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      drop: { type: "string", default: "31" },
      json: { type: "boolean", default: false },
    },
  });
  const whole = (name: string, text: string, lower: number, upper: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= lower && value <= upper) return value;
    throw new UsageError(`--${name} ${text}: a whole number from ${lower} to ${upper}`);
  };
  return {
    accounts: whole("accounts", values.accounts, 2, 500),
    seed: whole("seed", values.seed, 0, 2 ** 31),
    drop: whole("drop", values.drop, 1, 90),
    json: values.json,
  };
}

const whole = (value: bigint): number => Number(value / 10n ** 14n) / 10_000;

class Market {
  readonly rows: Row[] = [];
  private readonly bankrupt = new Set<bigint>();

  private constructor(
    private readonly world: World,
    private readonly owner: string,
    private readonly traders: readonly bigint[],
    private readonly others: readonly bigint[],
  ) {}

  static async open(world: World, { accounts, seed }: Options): Promise<Market> {
    const [operator] = await world.connection.ethers.getSigners();
    if (operator === undefined) throw new TypeError("the local network has no signer");
    await world.configurator.setCapability(operator, Capability.Trade, true);
    const maker = accountId(operator.address);
    const bidder = accountId(operator.address, BIDDER);
    await fund(world, operator, maker, 20_000_000n * UNIT);
    await fund(world, operator, bidder, BigInt(accounts) * CAPITAL * UNIT);
    await openInsurance(world, 20_000n * UNIT);
    const pool = await openPool(world, ETH, 5_000_000n * UNIT);
    const backstop = await openBackstop(world, 200_000n * UNIT);
    const traders = await openTraders(world, operator, accounts, new Random(seed));
    const vaults = [await pool.getAddress(), await backstop.getAddress()].map((vault) => accountId(vault));
    return new Market(world, operator.address, traders, [
      maker,
      bidder,
      accountId(operator.address, KEEPER),
      ...vaults,
    ]);
  }

  async step(minute: number, price: bigint): Promise<void> {
    const { house, connection } = this.world;
    await setPrice(this.world, ETH, price);
    await house.accrue([ETH]);
    await connection.networkHelpers.time.increase(MINUTES_PER_STEP * 60 - ROUNDS * ROUND);
    for (let round = 0; round < ROUNDS && (await this.liquidate()); round++)
      await connection.networkHelpers.time.increase(ROUND);
    await house.pay(ETH, 1n << 20n);
    this.rows.push({
      minute,
      price: whole(price),
      ...(await this.stages()),
      bankrupt: this.bankrupt.size,
      deficit: whole(-(await house.cashOf(DEFICIT_ROW))),
      insurance: whole(await house.cashOf(INSURANCE)),
    });
  }

  /** The bidder takes what pays; everybody who still fails goes as far as the chain takes him now. */
  private async liquidate(): Promise<boolean> {
    const { house, liquidator } = this.world;
    const failing: { account: bigint; asset: bigint }[] = [];
    for (const account of this.traders) {
      if (!(await house.isLiquidatable(account))) continue;
      if ((await house.assess(account)).equity < 0n) this.bankrupt.add(account);
      if (!(await this.bid(account))) failing.push({ account, asset: ETH });
    }
    if (failing.length === 0) return false;
    // An estimate would find the least gas with which every entry is skipped.
    const gasLimit = GAS_PER_ENTRY * BigInt(failing.length + 1);
    await liquidator.liquidateMany(failing, accountId(this.owner, KEEPER), { gasLimit });
    return true;
  }

  private async bid(account: bigint): Promise<boolean> {
    const { liquidator, house } = this.world;
    const lot = await liquidator.lotOf(account, ETH);
    const { price } = await house.caseOf(account, ETH);
    const asked = (lot.size * price.mark * ASK) / WAD / 10_000n;
    const now = BigInt(await this.world.connection.networkHelpers.time.latest());
    if (lot.size === 0n || (lot.premium < asked && now < lot.end)) return false;
    await liquidator.bid({
      account,
      asset: ETH,
      taker: accountId(this.owner, BIDDER),
      most: lot.size,
      least: 0n,
      limit: lot.long ? 2n * price.mark : 1n,
      deadline: now + 3_600n,
      data: "0x",
    });
    return true;
  }

  /** Accounts that each stage has dealt with so far. */
  private async stages(): Promise<{ reduced: number; auctioned: number; absorbed: number }> {
    const { liquidator } = this.world;
    const steps = await liquidator.queryFilter(liquidator.filters.Stepped());
    const fills = await liquidator.queryFilter(liquidator.filters.LotFilled());
    const count = (stage: bigint): number =>
      new Set(steps.filter(({ args }) => args.stage === stage).map(({ args }) => args.account)).size;
    return {
      reduced: count(Stage.Reduce),
      auctioned: new Set(fills.map(({ args }) => args.account)).size,
      absorbed: count(Stage.Absorb),
    };
  }

  /** CASH-1: with every pick-up of funding the ledger keeps at most the cash of a wei of size, and a wei. */
  rounding(): bigint {
    return BigInt((STEPS + 2) * (this.traders.length + this.others.length)) * 2_001n;
  }

  /** What is held, minus what all rows claim: nothing may be missing. */
  async unaccounted(): Promise<bigint> {
    const { house } = this.world;
    // What funding has moved is in the rows when everybody has been brought up to date.
    await house.settle([...this.traders, ...this.others]);
    const { held } = await house.reserveOf(QUOTE);
    const rows = [...this.traders, ...this.others, INSURANCE, DUST, FEES, 1n, DEFICIT_ROW];
    let claims = 0n;
    for (const row of rows) claims += await house.cashOf(row);
    return held - claims;
  }
}

type Signer = Awaited<ReturnType<World["connection"]["ethers"]["getSigners"]>>[number];

/** A market maker signs one order to either side; every trader takes his part of one. */
async function openTraders(world: World, operator: Signer, accounts: number, random: Random): Promise<bigint[]> {
  const terms = { account: accountId(operator.address), asset: ETH, limit: 2_000n * WAD };
  const ask = await signOrder(world, operator, { ...terms, size: -100_000n * WAD, nonce: 1n });
  const bid = await signOrder(world, operator, { ...terms, size: 100_000n * WAD, nonce: 2n });
  const traders: bigint[] = [];
  for (let i = 1; i <= accounts; i++) {
    const trader = accountId(operator.address, BigInt(i));
    await fund(world, operator, trader, random.between(205n, 400n) * 10n * UNIT);
    const size = 10n * WAD;
    await world.exchange.fill(random.below(5) === 0 ? bid : ask, trader, size, size, 2n ** 40n);
    traders.push(trader);
  }
  return traders;
}

async function run(options: Options): Promise<number> {
  const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say("building ...");
  await tasks.getTask("build").run({ noTests: true, quiet: true });
  say(`deploying, opening ${options.accounts} accounts, seed ${options.seed} ...`);
  const world = await deployLocal(await network.create());
  const market = await Market.open(world, options);
  say("minute   price  reduced  auctioned  absorbed  bankrupt     deficit   insurance");
  for (let i = 0; i <= STEPS; i++) {
    const price = (2_000n * WAD * BigInt(1_000 - Math.round((options.drop * 10 * i) / STEPS))) / 1_000n;
    await market.step(i * MINUTES_PER_STEP, price);
    const row = market.rows.at(-1);
    if (row === undefined) continue;
    const cells = [
      row.minute,
      row.price,
      row.reduced,
      row.auctioned,
      row.absorbed,
      row.bankrupt,
      row.deficit.toFixed(2),
      row.insurance.toFixed(2),
    ];
    const widths = [6, 7, 8, 10, 9, 9, 11, 11];
    say(cells.map((cell, column) => String(cell).padStart(widths[column] ?? 0)).join(" "));
  }
  const unaccounted = await market.unaccounted();
  const deficit = whole(await world.house.totalDeficit());
  if (options.json) {
    console.log(JSON.stringify({ seed: options.seed, rows: market.rows, deficit, unaccounted: String(unaccounted) }));
  } else say(`standing deficit ${deficit}, unaccounted ${unaccounted} wei of rounding`);
  return unaccounted >= 0n && unaccounted <= market.rounding() ? 0 : 1;
}

try {
  process.exit(await run(readOptions()));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exit(2);
}
