import { expect } from "chai";
import type { Log } from "ethers";
import { network } from "hardhat";
import {
  Capability,
  DUST,
  FEES,
  INSURANCE,
  MARKETS,
  QUOTE,
  WAD,
  WETH,
  accountId,
  deployLocal,
  fund,
  openPool,
  setPrice,
  type World,
} from "../../scripts/local.js";
import {
  ClearingHouseHarness__factory,
  Deleveraging__factory,
  Positions__factory,
} from "../../types/contracts/index.js";
import type { ClearingHouseHarness } from "../../types/contracts/index.js";
import { Random } from "../../packages/reference/src/random.js";

const STEPS = Number(process.env["BALLAST_REPLAY_STEPS"] ?? 300);
const SEED = Number(process.env["BALLAST_SEED"] ?? 7);
/** Without these a run shows nothing. */
const MET = [
  "Exchanged",
  "Withdrawn",
  "FundingAccrued",
  "SideOffset",
  "ProfitShared",
  "DeficitBooked",
  "InsuranceUsed",
  "VarianceSampled",
  "ConditionsChanged",
  "DebtChanged",
  "LotChanged",
  "LotFilled",
  "WindowUsed",
  "EpisodeChanged",
  "OutflowWindow",
  "PriceFixed",
];
const TREASURY = 1n;
const deficitRow = (asset: bigint) => (1n << 32n) | asset;

/** √max(short, long, (20 %)² per second) per √second in 1e18; variances per second in 1e15. */
function sigma(short: bigint, long: bigint): bigint {
  const variance = [short, long, 1_268_391n].reduce((a, b) => (a > b ? a : b)) * 10n ** 21n;
  let root = 1n << 64n;
  for (let next = 0n; next !== root;) {
    next = root;
    root = (root + variance / root) >> 1n;
    if (root > next) return next;
  }
  return root;
}

/** What the logs alone say the ledger holds. */
class Replay {
  readonly cash = new Map<bigint, bigint>();
  readonly positions = new Map<string, { size: bigint; basis: bigint; fundingIndex: bigint }>();
  readonly fundingIndex = new Map<bigint, bigint>();
  readonly openInterest = new Map<bigint, bigint>();
  readonly sides = new Map<
    string,
    { version: bigint; shareVersion: bigint; epoch: bigint; multiplier: bigint; cashIndex: bigint }
  >();
  readonly coverable = new Map<bigint, bigint>();
  readonly prices = new Map<bigint, bigint[]>();
  readonly sigmas = new Map<bigint, bigint>();
  readonly conditions = new Map<bigint, bigint[]>();
  readonly debts = new Map<bigint, bigint>();
  readonly held = new Map<bigint, bigint>();
  readonly lots = new Map<string, bigint[]>();
  readonly inFlight = new Map<bigint, bigint>();
  readonly windows = new Map<bigint, bigint>();
  readonly episodes = new Map<bigint, bigint[]>();
  readonly outflows = new Map<bigint, bigint[]>();
  deficit = 0n;

  side(asset: bigint, long: boolean) {
    const key = `${asset}/${long}`;
    const side = this.sides.get(key) ?? {
      version: 0n,
      shareVersion: 0n,
      epoch: 0n,
      multiplier: 1n << 103n,
      cashIndex: 0n,
    };
    this.sides.set(key, side);
    return side;
  }

  addHeld(asset: bigint, value: bigint): void {
    this.held.set(asset, (this.held.get(asset) ?? 0n) + value);
  }

  /** A lot takes the place of the one before it, in what is in flight too. */
  setLot(account: bigint, asset: bigint, lot: bigint[]): void {
    const key = `${account}/${asset}`;
    const change = (lot[0] ?? 0n) - (this.lots.get(key)?.[0] ?? 0n);
    this.inFlight.set(asset, (this.inFlight.get(asset) ?? 0n) + change);
    this.lots.set(key, lot);
  }

  apply(name: string, a: Record<string, bigint> & { long?: unknown }): void {
    const arg = (key: string): bigint => {
      const value = a[key];
      if (typeof value !== "bigint") throw new TypeError(`${name} has no ${key}`);
      return value;
    };
    const long = a.long === true;
    switch (name) {
      case "CashChanged":
        this.cash.set(arg("account"), arg("cash"));
        break;
      case "PositionChanged":
        this.positions.set(`${arg("account")}/${arg("asset")}`, {
          size: arg("size"),
          basis: arg("basis"),
          fundingIndex: this.fundingIndex.get(arg("asset")) ?? 0n,
        });
        break;
      case "FundingAccrued":
        this.fundingIndex.set(arg("asset"), arg("fundingIndex"));
        break;
      case "Exchanged":
        if (arg("asset") !== WETH) this.openInterest.set(arg("asset"), arg("openInterest"));
        break;
      case "SideOffset":
        this.openInterest.set(arg("asset"), arg("openInterest"));
        Object.assign(this.side(arg("asset"), long), {
          version: arg("version"),
          multiplier: arg("multiplier"),
          cashIndex: arg("cashIndex"),
        });
        break;
      case "EpochEnded": {
        const side = this.side(arg("asset"), long);
        Object.assign(side, { epoch: arg("epoch") + 1n, multiplier: 1n << 103n, cashIndex: 0n });
        side.shareVersion += 1n;
        break;
      }
      case "ProfitShared":
        this.side(arg("asset"), long).shareVersion = arg("shareVersion");
        break;
      case "DeficitBooked":
        this.deficit += arg("amount");
        this.coverable.set(arg("asset"), (this.coverable.get(arg("asset")) ?? 0n) + (arg("amount") * 8_000n) / 10_000n);
        break;
      case "DeficitReduced": {
        this.deficit -= arg("amount");
        const standing = -(this.cash.get(deficitRow(arg("asset"))) ?? 0n);
        const coverable = this.coverable.get(arg("asset")) ?? 0n;
        this.coverable.set(arg("asset"), coverable < standing ? coverable : standing);
        break;
      }
      case "DeficitInsured":
        this.coverable.set(arg("asset"), (this.coverable.get(arg("asset")) ?? 0n) - arg("amount"));
        break;
      case "Deposited":
        this.addHeld(arg("asset"), arg("value"));
        break;
      case "Withdrawn":
        this.addHeld(arg("asset"), -arg("paid") * (arg("asset") === QUOTE ? 10n ** 12n : 1n));
        break;
      case "Skimmed":
        this.addHeld(arg("asset"), arg("value"));
        break;
      case "PriceLatched":
        this.prices.set(
          arg("asset"),
          ["mark", "fast", "slow", "updatedAt", "status"].map((key) => arg(key)),
        );
        break;
      case "VarianceSampled":
        this.sigmas.set(arg("asset"), sigma(arg("short"), arg("long")));
        break;
      case "ConditionsChanged":
        this.conditions.set(arg("asset"), [...(a["conditions"] as unknown as bigint[])]);
        break;
      case "DebtChanged":
        this.debts.set(arg("account"), arg("amount"));
        break;
      case "LotChanged":
        this.setLot(arg("account"), arg("asset"), [...(a["lot"] as unknown as bigint[])]);
        break;
      case "WindowUsed":
        this.windows.set(arg("asset"), arg("used"));
        break;
      case "OutflowWindow":
        this.outflows.set(arg("asset"), [arg("start"), arg("held")]);
        break;
      case "EpisodeChanged":
        this.episodes.set(arg("account"), [arg("since"), arg("left")]);
        break;
    }
  }
}

/** Random steps of everybody; a step that the ledger refuses changes nothing and is part of the run. */
class Crowd {
  sent = 0;
  refused = 0;

  constructor(
    readonly world: World,
    readonly house: ClearingHouseHarness,
    readonly signers: Awaited<ReturnType<World["connection"]["ethers"]["getSigners"]>>,
    readonly random: Random,
  ) {}

  get accounts(): bigint[] {
    return this.signers.map((signer) => accountId(signer.address));
  }

  async step(): Promise<void> {
    const { random, house, world } = this;
    const signer = random.pick(this.signers);
    const account = accountId(signer.address);
    const other = random.pick(this.accounts);
    const market = random.pick(MARKETS);
    const mark = ((await world.feeds.get(market.asset)?.[0]?.latestAnswer()) ?? 0n) * 10n ** 10n;
    const steps: (() => Promise<unknown>)[] = [
      () => fund(world, signer, account, random.between(1n, 2_000_000_000n)),
      () => house.connect(signer).withdraw(account, QUOTE, random.between(1n, 500_000_000n), signer.address),
      () => house.trade(this.fill(market.asset, account, other, mark)),
      () => house.trade(this.fill(market.asset, account, other, mark)),
      () => house.liquidate(this.liquidation(market.asset, account, other, mark), "0x"),
      () => setPrice(world, market.asset, (mark * random.between(80n, 122n)) / 100n),
      () => this.depositSpot(signer, account, random.between(1n, 2n * WAD)),
      () => house.connect(signer).withdraw(account, WETH, random.between(1n, WAD / 2n), signer.address),
      () => house.accrue([market.asset]),
      () => world.configurator.setFunding(market.asset, { slope: 10_000n, cap: random.between(0n, 500n) }),
      () => house.forceOffset(account, market.asset, random.between(1n, 10n ** 19n)),
      () => house.bookSynthetic(market.asset, account, random.between(1n, 10n ** 19n)),
      () => house.forceShare(market.asset, random.below(2) === 0),
      () => house.pay(market.asset, random.below(3) === 0 ? 0n : 1n << 20n),
      () => house.settle([account, other]),
      () => house.skim(QUOTE),
      async () => {
        await world.connection.networkHelpers.time.increase(random.below(3_000));
        await setPrice(world, QUOTE, WAD);
        await setPrice(world, WETH, random.between(1_500n, 2_500n) * WAD);
      },
      () => this.poolTrade(signer, account),
      () => this.poolTrade(signer, account),
      () => house.shareFees(),
      () => house.batch([house.interface.encodeFunctionData("settle", [[account]]), "0x12345678"]),
      () => this.press(),
      () => this.press(),
      () => this.closeLeg(other),
      () => this.bid(signer, account),
      () => this.bid(signer, account),
    ];
    this.sent++;
    await random
      .pick(steps)()
      .catch((error: unknown) => {
        if (!String(error).includes("custom error")) throw error;
        this.refused++;
      });
  }

  async poolTrade(signer: (typeof this.signers)[number], account: bigint): Promise<void> {
    const size = this.random.between(-5n, 5n) * WAD + 1n;
    const limit = size > 0n ? 10n ** 24n : 0n;
    const terms = { account, asset: 1n, size, limit, reduceOnly: false, deadline: 2n ** 40n };
    await this.world.exchange.connect(signer).trade(terms);
  }

  async depositSpot(signer: (typeof this.signers)[number], account: bigint, amount: bigint): Promise<void> {
    const { world } = this;
    await world.weth.mint(signer, amount);
    await world.weth.connect(signer).approve(world.house, amount);
    await world.house.connect(signer).deposit(account, WETH, amount);
  }

  /** Moves a market until somebody in it fails without being bankrupt, then begins to close him. */
  async press(): Promise<void> {
    const { random, house, world } = this;
    const failing = await this.exposed();
    if (failing === undefined) return;
    const { account, asset, size, mark } = failing;
    const { marginEquity, maintenance } = await house.assess(account);
    const held = (size * mark) / WAD;
    const divisor = held - (maintenance * random.between(20n, 75n)) / 100n;
    if (divisor === 0n) return;
    const price = (mark * (held - marginEquity)) / divisor;
    if (price < mark / 2n || price > mark * 2n) return;
    await setPrice(world, asset, price);
    await this.closePart(account, asset);
  }

  /** The first account, in random order, with a leg worth closing. */
  async exposed(): Promise<{ account: bigint; asset: bigint; size: bigint; mark: bigint } | undefined> {
    const start = this.random.below(this.accounts.length);
    for (const account of [...this.accounts.slice(start), ...this.accounts.slice(0, start)]) {
      for (const asset of await this.house.legsOf(account)) {
        if (asset === WETH) continue;
        const { size } = await this.house.previewPosition(account, asset);
        const mark = ((await this.world.feeds.get(asset)?.[0]?.latestAnswer()) ?? 0n) * 10n ** 10n;
        const { equity } = await this.house.assess(account);
        const notional = ((size < 0n ? -size : size) * mark) / WAD;
        if (equity > 0n && notional > 2n * equity) return { account, asset, size, mark };
      }
    }
    return undefined;
  }

  async closeLeg(account: bigint): Promise<void> {
    const legs = [...(await this.house.legsOf(account))];
    await this.closePart(account, legs.length === 0 ? 1n : this.random.pick(legs));
  }

  async closePart(account: bigint, asset: bigint): Promise<void> {
    await this.world.liquidator.liquidate(account, asset, this.random.pick(this.accounts));
  }

  /** On any lot that is on offer, after a while. */
  async bid(signer: (typeof this.signers)[number], taker: bigint): Promise<void> {
    const { world, random } = this;
    for (const account of this.accounts) {
      for (const asset of [...MARKETS.map((market) => market.asset), WETH]) {
        const { lot, long } = await world.liquidator.lotOf(account, asset);
        if (lot.size === 0n || account === taker) continue;
        await world.connection.networkHelpers.time.increase(random.between(1n, 200n));
        await fund(world, signer, taker, 20_000_000_000n);
        const most = random.below(2) === 0 ? lot.size : lot.size / 2n;
        const limit = long ? 2n ** 128n : 0n;
        const terms = { account, asset, taker, most, least: 0n, limit, deadline: 2n ** 40n, data: "0x" };
        await world.liquidator.connect(signer).bid(terms);
        return;
      }
    }
  }

  fill(asset: bigint, buyer: bigint, seller: bigint, price: bigint) {
    const size = this.random.between(1n, (40_000n * WAD * WAD) / price);
    return {
      asset,
      buyer,
      seller,
      size,
      price,
      buyerFee: 500n,
      sellerFee: 200n,
      buyerTip: 0n,
      sellerTip: 0n,
      keeper: 0n,
    };
  }

  private liquidation(asset: bigint, account: bigint, taker: bigint, price: bigint) {
    const size = this.random.between(1n, (10_000n * WAD * WAD) / price);
    return {
      asset,
      account,
      taker,
      size,
      price,
      keeper: taker,
      reward: 10n ** 15n,
      penalty: 10n ** 15n,
      insuredPremium: 0n,
      insuredTip: 0n,
      bound: WAD,
    };
  }
}

describe("Replay", () => {
  it(`${STEPS} random steps are rebuilt from logs alone (seed ${SEED})`, async function () {
    this.timeout(600_000);
    const connection = await network.create();
    const world = await deployLocal(connection, "ClearingHouseHarness");
    const house = ClearingHouseHarness__factory.connect(await world.house.getAddress(), world.house.runner);
    const [deployer, ...rest] = await connection.ethers.getSigners();
    for (const capability of Object.values(Capability)) {
      await world.configurator.setCapability(deployer?.address ?? "", capability, true);
    }
    const pool = await openPool(world, 1n, 1_000_000_000_000n);
    const crowd = new Crowd(world, house, rest.slice(0, 5), new Random(SEED));
    const [collateralised, ...others] = crowd.signers;
    if (collateralised === undefined) throw new TypeError("the local network has no signer");
    for (const signer of others) await fund(world, signer, accountId(signer.address), 20_000_000_000n);
    // One who has spot and next to no quote, so that his losses are owed.
    await fund(world, collateralised, accountId(collateralised.address), 1_000_000n);
    const indebted = accountId(collateralised.address);
    await crowd.depositSpot(collateralised, indebted, 20n * WAD);
    await house.trade(crowd.fill(1n, indebted, crowd.accounts[1] ?? 0n, 2_000n * WAD));
    await setPrice(world, 1n, 1_900n * WAD);
    await house.settle([indebted]);
    await house.deposit(INSURANCE, QUOTE, 5_000_000_000n);
    for (let i = 0; i < STEPS; i++) await crowd.step();

    await world.router.fix(2n);

    const replay = new Replay();
    const logs = await logsOf(world);
    for (const log of logs) replay.apply(log.name, log.args);
    expect([...new Set(logs.map(({ name }) => name))], "what the run must have met").to.include.members(MET);
    await compareChain(world, replay, crowd.accounts);
    await compare(world, house, replay, [...crowd.accounts, accountId(await pool.getAddress())]);
    console.log(`      ${crowd.sent} steps, ${crowd.refused} refused, seed ${SEED}`);
  });
});

async function logsOf(world: World): Promise<{ name: string; args: Record<string, bigint> }[]> {
  const { provider } = world.connection.ethers;
  const interfaces = [
    world.house.interface,
    world.router.interface,
    world.liquidator.interface,
    Deleveraging__factory.createInterface(),
    Positions__factory.createInterface(),
  ];
  const parse = (log: Log) => {
    for (const candidate of interfaces) {
      const parsed = candidate.parseLog(log);
      if (parsed !== null) return [{ name: parsed.name, args: parsed.args.toObject() as Record<string, bigint> }];
    }
    return [];
  };
  const emitters = [world.house, world.router, world.liquidator];
  const address = await Promise.all(emitters.map((emitter) => emitter.getAddress()));
  const logs = await Promise.all(address.map((one) => provider.getLogs({ address: one, fromBlock: 0 })));
  return logs
    .flat()
    .sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index)
    .flatMap(parse);
}

async function compare(world: World, house: ClearingHouseHarness, replay: Replay, accounts: bigint[]): Promise<void> {
  const law = "REPLAY-1";
  const rows = [...accounts, TREASURY, INSURANCE, DUST, FEES, ...MARKETS.map(({ asset }) => deficitRow(asset))];
  for (const row of rows) expect(await house.cashOf(row), `${law} cash of ${row}`).to.equal(replay.cash.get(row) ?? 0n);
  expect((await house.reserveOf(QUOTE)).held, law).to.equal(replay.held.get(QUOTE));
  for (const asset of [QUOTE, WETH]) {
    const { windowStart, windowHeld } = await house.reserveOf(asset);
    const window = [windowStart, windowHeld * 10n ** 15n];
    expect(window, `${law} outflow`).to.deep.equal(replay.outflows.get(asset) ?? [0n, 0n]);
  }
  expect(await house.totalDeficit(), law).to.equal(replay.deficit);
  for (const account of accounts) {
    const { debt } = await house.debtOf(account);
    expect(debt.amount, `${law} debt`).to.equal(replay.debts.get(account) ?? 0n);
  }
  for (const { asset } of MARKETS) {
    const perp = await house.perpOf(asset);
    expect(perp.fundingIndex, law).to.equal(replay.fundingIndex.get(asset) ?? 0n);
    expect(perp.openInterest, law).to.equal(replay.openInterest.get(asset) ?? 0n);
    for (const long of [true, false]) {
      const side = await house.sideOf(asset, long);
      const { version, shareVersion, epoch, multiplier, cashIndex } = side;
      const replayed = replay.side(asset, long);
      expect({ version, shareVersion, epoch, multiplier, cashIndex }, `${law} side`).to.deep.equal(replayed);
    }
    for (const account of accounts) {
      const position = await house.positionOf(account, asset);
      const replayed = replay.positions.get(`${account}/${asset}`);
      expect(position.size, `${law} size`).to.equal(replayed?.size ?? 0n);
      expect(position.fundingIndex, `${law} funding`).to.equal(replayed?.fundingIndex ?? 0n);
      if (position.size !== 0n) expect(position.basis, `${law} basis`).to.equal(replayed?.basis);
    }
    const { price } = await world.router.latched(asset);
    const { mark, fast, slow, updatedAt, status } = price;
    expect([mark, fast, slow, updatedAt, status], `${law} price`).to.deep.equal(replay.prices.get(asset));
    expect(price.sigma, `${law} sigma`).to.equal(replay.sigmas.get(asset));
    expect([...perp.conditions], `${law} conditions`).to.deep.equal(replay.conditions.get(asset));
    expect(perp.losses.coverable, `${law} coverable`).to.equal(replay.coverable.get(asset) ?? 0n);
  }
}

/** What the closing chain has on its way. */
async function compareChain(world: World, replay: Replay, accounts: bigint[]): Promise<void> {
  const law = "REPLAY-1";
  const { liquidator } = world;
  for (const account of accounts) {
    const { since, left } = await liquidator.tipLeft(account);
    expect([since, left], `${law} episode`).to.deep.equal(replay.episodes.get(account) ?? [0n, 0n]);
  }
  for (const asset of [...MARKETS.map((market) => market.asset), WETH]) {
    const { inFlight } = await liquidator.flowOf(asset);
    expect(inFlight, `${law} in flight`).to.equal(replay.inFlight.get(asset) ?? 0n);
    await compareWindow(world, replay, asset);
    for (const account of accounts) {
      const { lot } = await liquidator.lotOf(account, asset);
      const replayed = replay.lots.get(`${account}/${asset}`);
      // A lot that is gone shows nothing of the one before it.
      if (lot.size === 0n) expect(replayed?.[0] ?? 0n, `${law} lot`).to.equal(0n);
      else expect([...lot], `${law} lot`).to.deep.equal(replayed);
    }
  }
}

/** What is left of the allowance right after the last step into the pool: a minute later all of it is. */
async function compareWindow(world: World, replay: Replay, asset: bigint): Promise<void> {
  const { liquidator, house } = world;
  const last = (await liquidator.queryFilter(liquidator.filters.WindowUsed(asset))).at(-1);
  const blockTag = last?.blockNumber ?? "latest";
  const { windowLeft } = await liquidator.flowOf(asset, { blockTag });
  const { window } = await liquidator.termsOf(asset);
  const allowance = ((await house.marketOf(asset, { blockTag })).initialDepth * window) / 10_000n;
  const used = replay.windows.get(asset) ?? 0n;
  expect(windowLeft, `REPLAY-1 window`).to.equal(allowance > used ? allowance - used : 0n);
}
