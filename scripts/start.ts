// A market from calm into a crash on an in-process chain, with the contracts as deployed.
//   npm start [-- --accounts N] [--seed N] [--drop PERCENT] [--json]
// Traders open positions, the price falls, failing positions are reduced into a market maker at mark, what they cannot pay
// is booked, insurance pays its part. Exit 0 only if every unit of loss stands in a named row.
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
  deployLocal,
  fund,
  setPrice,
  type World,
} from "./local.js";
import { signOrder } from "./orders.js";

const ETH = 1n;
const UNIT = 1_000_000n;
const DEFICIT_ROW = (1n << 32n) | ETH;
const STEPS = 4;
const MINUTES_PER_STEP = 60;

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
  liquidated: number;
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
  private liquidated = 0;
  private bankrupt = 0;

  constructor(
    private readonly world: World,
    private readonly maker: bigint,
    private readonly traders: bigint[],
  ) {}

  static async open(world: World, { accounts, seed }: Options): Promise<Market> {
    const [operator] = await world.connection.ethers.getSigners();
    if (operator === undefined) throw new TypeError("the local network has no signer");
    for (const capability of Object.values(Capability)) {
      await world.configurator.setCapability(operator, capability, true);
    }
    const maker = accountId(operator.address);
    await fund(world, operator, maker, 20_000_000n * UNIT);
    await world.house.deposit(INSURANCE, QUOTE, 20_000n * UNIT);
    // A market maker signs one order to either side; every trader takes his part of one.
    const terms = { account: maker, asset: ETH, limit: 2_000n * WAD };
    const ask = await signOrder(world, operator, { ...terms, size: -100_000n * WAD, nonce: 1n });
    const bid = await signOrder(world, operator, { ...terms, size: 100_000n * WAD, nonce: 2n });
    const random = new Random(seed);
    const traders: bigint[] = [];
    for (let i = 1; i <= accounts; i++) {
      const trader = accountId(operator.address, BigInt(i));
      const margin = random.between(205n, 400n);
      await fund(world, operator, trader, margin * 10n * UNIT);
      const size = 10n * WAD;
      const offer = random.below(5) === 0 ? bid : ask;
      await world.exchange.fill(offer, trader, size, size, 2n ** 40n);
      traders.push(trader);
    }
    return new Market(world, maker, traders);
  }

  async step(minute: number, price: bigint): Promise<void> {
    const { house, connection } = this.world;
    await setPrice(this.world, ETH, price);
    await house.accrue([ETH]);
    await connection.networkHelpers.time.increase(MINUTES_PER_STEP * 60);
    for (const trader of this.traders) if (await house.isLiquidatable(trader)) await this.reduce(trader, price);
    await house.cover(ETH, 10n ** 30n);
    this.rows.push({
      minute,
      price: whole(price),
      liquidated: this.liquidated,
      bankrupt: this.bankrupt,
      deficit: whole(-(await house.cashOf(DEFICIT_ROW))),
      insurance: whole(await house.cashOf(INSURANCE)),
    });
  }

  private async reduce(account: bigint, price: bigint): Promise<void> {
    const { house } = this.world;
    const { size } = await house.previewPosition(account, ETH);
    const magnitude = size < 0n ? -size : size;
    const equity = (await house.assess(account)).equity;
    await house.liquidate(
      {
        asset: ETH,
        account,
        taker: this.maker,
        size: magnitude,
        price,
        keeper: this.maker,
        reward: 0n,
        penalty: 0n,
        bound: 0n,
      },
      "0x",
    );
    this.liquidated++;
    if (equity < 0n) this.bankrupt++;
  }

  /** What is held, minus what all rows claim: nothing may be missing. */
  async unaccounted(): Promise<bigint> {
    const { house } = this.world;
    const { held } = await house.reserveOf(QUOTE);
    const rows = [...this.traders, this.maker, INSURANCE, DUST, FEES, 1n, DEFICIT_ROW];
    let claims = 0n;
    for (const row of rows) claims += await house.cashOf(row);
    return held - claims;
  }
}

async function run(options: Options): Promise<number> {
  const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say("building ...");
  await tasks.getTask("build").run({ noTests: true, quiet: true });
  say(`deploying, opening ${options.accounts} accounts, seed ${options.seed} ...`);
  const world = await deployLocal(await network.create());
  const market = await Market.open(world, options);
  say("minute   price  liquidated  bankrupt     deficit   insurance");
  for (let i = 0; i <= STEPS; i++) {
    const price = (2_000n * WAD * BigInt(1_000 - Math.round((options.drop * 10 * i) / STEPS))) / 1_000n;
    await market.step(i * MINUTES_PER_STEP, price);
    const row = market.rows.at(-1);
    if (row === undefined) continue;
    const cells = [
      row.minute,
      row.price,
      row.liquidated,
      row.bankrupt,
      row.deficit.toFixed(2),
      row.insurance.toFixed(2),
    ];
    const widths = [6, 7, 11, 9, 11, 11];
    say(cells.map((cell, column) => String(cell).padStart(widths[column] ?? 0)).join(" "));
  }
  const unaccounted = await market.unaccounted();
  const deficit = whole(await world.house.totalDeficit());
  if (options.json) {
    console.log(JSON.stringify({ seed: options.seed, rows: market.rows, deficit, unaccounted: String(unaccounted) }));
  } else say(`standing deficit ${deficit}, unaccounted ${unaccounted} wei`);
  return unaccounted === 0n ? 0 : 1;
}

try {
  process.exit(await run(readOptions()));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exit(2);
}
