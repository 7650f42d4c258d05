// Everybody at once: steps of a full system on the harness of the ledger, at random or until something has happened.
import {
  Capability,
  DUST,
  INSURANCE,
  MARKETS,
  QUOTE,
  WAD,
  WETH,
  accountId,
  deployLocal,
  fund,
  listPerp,
  openInsurance,
  openPool,
  setPrice,
  type World,
} from "../../../scripts/local.js";
import { ClearingHouseHarness__factory } from "../../../types/contracts/index.js";
import type { ClearingHouseHarness, InsuranceVault, LiquidityPool } from "../../../types/contracts/index.js";
import { Random } from "../../../packages/reference/src/random.js";
import type { NetworkConnection } from "hardhat/types/network";

type Signer = Awaited<ReturnType<World["connection"]["ethers"]["getSigners"]>>[number];

// Markets in which nothing happens at random, so that what should happen in them does.
/** Of offsets and shares. */
const OFFSETS = 7n;
/** Its lots are sold in auctions only. */
const AUCTIONED = 10n;
/** Whoever fails in it goes to its pool first. */
const POOLED = 11n;
/** Is wound down and listed again. */
const ENDING = 8n;
/** Its pool loses everything. */
const RUIN = 9n;

/** Random steps of everybody; a step that the ledger refuses changes nothing and is part of the run. */
export class Crowd {
  sent = 0;
  refused = 0;
  private subId = 0n;

  constructor(
    readonly world: World,
    readonly house: ClearingHouseHarness,
    readonly pool: LiquidityPool,
    readonly insurance: InsuranceVault,
    readonly ruined: LiquidityPool,
    readonly deployer: Signer,
    readonly signers: Signer[],
    readonly random: Random,
  ) {}

  /** The harness with everything around it, and five who trade. */
  static async open(connection: NetworkConnection, seed: number): Promise<Crowd> {
    const world = await deployLocal(connection, "ClearingHouseHarness");
    const house = ClearingHouseHarness__factory.connect(await world.house.getAddress(), world.house.runner);
    const [deployer, ...rest] = await connection.ethers.getSigners();
    if (deployer === undefined) throw new TypeError("the local network has no signer");
    for (const capability of Object.values(Capability))
      await world.configurator.setCapability(deployer.address, capability, true);
    for (const asset of [OFFSETS, ENDING, RUIN, AUCTIONED, POOLED]) {
      await house.deposit(DUST, QUOTE, 10_000n);
      await listPerp(world, asset, 2_000n);
    }
    const pool = await openPool(world, 1n, 1_000_000_000_000n);
    const ruined = await openPool(world, RUIN, 1_000_000_000n);
    await openPool(world, POOLED, 1_000_000_000_000n);
    const insurance = await openInsurance(world, 5_000_000_000n);
    const crowd = new Crowd(world, house, pool, insurance, ruined, deployer, rest.slice(0, 5), new Random(seed));
    await crowd.begin();
    return crowd;
  }

  /** Everybody has quote but one, who has spot and next to none, so that his losses are owed. */
  private async begin(): Promise<void> {
    const { world, house } = this;
    const [collateralised, ...others] = this.signers;
    if (collateralised === undefined) throw new TypeError("the local network has no signer");
    for (const signer of others) await fund(world, signer, accountId(signer.address), 20_000_000_000n);
    await fund(world, collateralised, accountId(collateralised.address), 1_000_000n);
    const indebted = accountId(collateralised.address);
    await this.depositSpot(collateralised, indebted, 20n * WAD);
    await house.trade(this.fill(1n, indebted, this.accounts[1] ?? 0n, 2_000n * WAD));
    await setPrice(world, 1n, 1_900n * WAD);
    await house.settle([indebted]);
  }

  /** What each of these does, for whoever looks for an event and has not met it. */
  readonly acts = {
    Withdrawn: () => this.leave(),
    OutflowWindow: () => this.leave(),
    OperatorSet: () => this.house.connect(this.rich).setOperator(this.deployer.address, this.random.below(2) === 0),
    Skimmed: () => this.donate(),
    FeesShared: () => this.house.shareFees(),
    FundingAccrued: () => this.accrueFunding(),
    ConditionsChanged: () => this.accrueFunding(),
    VarianceSampled: () => this.accrueFunding(),
    SideOffset: () => this.endEpoch(),
    EpochEnded: () => this.endEpoch(),
    TicksShared: () => this.shareProfit(),
    ProfitShared: () => this.shareProfit(),
    DeficitBooked: () => this.insure(),
    InsuranceUsed: () => this.insure(),
    DeficitInsured: () => this.insure(),
    DeficitReduced: () => this.insure(),
    DebtChanged: () => this.owe(),
    InterestCharged: () => this.owe(),
    Liquidated: () => this.fail(POOLED),
    WindowUsed: () => this.fail(POOLED),
    EpisodeChanged: () => this.sellLot(),
    LotChanged: () => this.fail(AUCTIONED),
    LotFilled: () => this.sellLot(),
    RequestChanged: () => this.redeem(),
    SpotSold: () => this.sellSpot(),
    GenerationEnded: () => this.ruin(),
    PriceFixed: () => this.windDown(),
    MarketRetired: () => this.windDown(),
    SourcesSet: () => this.windDown(),
  } satisfies Record<string, () => Promise<unknown>>;

  /** One who has quote. */
  private get rich(): Signer {
    const signer = this.signers[1];
    if (signer === undefined) throw new TypeError("the local network has no signer");
    return signer;
  }

  /** An account of its own with so many token units, and the one who owns it. */
  private async fresh(amount: bigint): Promise<{ signer: Signer; account: bigint }> {
    const signer = this.random.pick(this.signers);
    const account = accountId(signer.address, ++this.subId);
    await fund(this.world, signer, account, amount);
    return { signer, account };
  }

  private async markOf(asset: bigint): Promise<bigint> {
    return ((await this.world.feeds.get(asset)?.[0]?.latestAnswer()) ?? 0n) * 10n ** 10n;
  }

  /** Prices of today for everything: what waits for a day finds stale ones. */
  async refresh(seconds: bigint): Promise<void> {
    await this.world.connection.networkHelpers.time.increase(seconds);
    for (const asset of this.world.feeds.keys()) await setPrice(this.world, asset, await this.markOf(asset));
  }

  private async open(asset: bigint, size: bigint, margin = 1_000_000_000n): Promise<[bigint, bigint]> {
    const price = await this.markOf(asset);
    const [buyer, seller] = [(await this.fresh(margin)).account, (await this.fresh(10_000_000_000n)).account];
    await this.house.trade({ ...this.fill(asset, buyer, seller, price), size, price });
    return [buyer, seller];
  }

  private async leave(): Promise<void> {
    await this.refresh(3_700n);
    const { signer, account } = await this.fresh(1_000_000n);
    await this.house.connect(signer).withdraw(account, QUOTE, 400_000n, signer.address);
  }

  private async donate(): Promise<void> {
    await this.world.quote.mint(this.house, this.random.between(1n, 1_000n));
    await this.house.skim(QUOTE);
  }

  private async accrueFunding(): Promise<void> {
    await this.house.setFundingRate(1n, this.random.between(-400_000n, 400_000n));
    await this.refresh(this.random.between(60n, 7_200n));
    await this.house.accrue([1n, 2n]);
  }

  private async endEpoch(): Promise<void> {
    await setPrice(this.world, OFFSETS, 2_000n * WAD);
    const [buyer, seller] = await this.open(OFFSETS, WAD);
    const closed = this.random.below(2) === 0 ? buyer : seller;
    for (let i = 0; i < 2; i++) {
      const { openInterest } = await this.house.perpOf(OFFSETS);
      const { size } = await this.house.previewPosition(closed, OFFSETS);
      const most = size < 0n ? -size : size;
      await this.house.forceOffset(closed, OFFSETS, most - (most >> 25n));
      if (openInterest === 0n) return;
      await this.house.settle([this.random.pick([buyer, seller])]);
    }
  }

  private async shareProfit(): Promise<void> {
    const long = this.random.below(2) === 0;
    await setPrice(this.world, OFFSETS, 2_000n * WAD);
    const [buyer, seller] = await this.open(OFFSETS, WAD);
    await setPrice(this.world, OFFSETS, (long ? 2_200n : 1_800n) * WAD);
    await this.house.bookSynthetic(OFFSETS, buyer, this.random.between(1n, 10n) * WAD);
    await this.house.forceShare(OFFSETS, long);
    await this.house.settle([this.random.pick([buyer, seller])]);
  }

  private async insure(): Promise<void> {
    await this.house.deposit(INSURANCE, QUOTE, 1_000_000_000n);
    await this.refresh(3_700n);
    await this.house.bookSynthetic(1n, this.accounts[2] ?? 0n, this.random.between(1n, 20n) * WAD);
    await this.house.pay(1n, 1n << 20n);
  }

  private async owe(): Promise<void> {
    const { signer, account } = await this.fresh(1_000_000n);
    await this.depositSpot(signer, account, 5n * WAD);
    const [, seller] = await this.open(AUCTIONED, WAD);
    const price = await this.markOf(AUCTIONED);
    await this.house.trade({ ...this.fill(AUCTIONED, account, seller, price), size: WAD, price });
    await setPrice(this.world, AUCTIONED, (price * 95n) / 100n);
    await this.house.settle([account]);
    await this.refresh(3_600n);
    await this.house.settle([account]);
  }

  /** Somebody who fails in a market without being bankrupt, and whom the closing chain takes. */
  private async fail(asset: bigint): Promise<bigint> {
    await this.refresh(3_600n);
    const mark = await this.markOf(asset);
    const [account] = await this.open(asset, (2_000n * WAD * WAD) / mark, 900_000_000n);
    await this.moveUntilFailing(account, asset, (2_000n * WAD * WAD) / mark, mark);
    return account;
  }

  /** A part of a lot, which leaves the account in its episode. */
  private async sellLot(): Promise<void> {
    const account = await this.fail(AUCTIONED);
    const { lot, long } = await this.world.liquidator.lotOf(account, AUCTIONED);
    await this.bidOn(this.rich, {
      account,
      asset: AUCTIONED,
      taker: this.accounts[1] ?? 0n,
      most: lot.size / 2n,
      long,
    });
  }

  private async redeem(): Promise<void> {
    const shares = (await this.pool.balanceOf(this.deployer)) / 10n;
    await this.pool["requestRedeem(uint256,address,address)"](shares, this.deployer, this.deployer);
    await this.refresh(86_401n);
    const [claimable] = await this.pool.requestOf(this.deployer);
    await this.pool["redeem(uint256,address,address)"](claimable / 2n, this.deployer, this.deployer);
  }

  private async sellSpot(): Promise<void> {
    const { world, house, insurance, deployer } = this;
    await this.depositSpot(deployer, accountId(deployer.address), 2n * WAD);
    await house.giveInsurance(WETH, WAD);
    await this.refresh(60n);
    await world.quote.mint(deployer, 10_000_000_000n);
    await world.quote.approve(insurance, 10_000_000_000n);
    await insurance.buySpot(WETH, WAD / 2n, 10_000_000_000n, 2n ** 40n);
    await insurance.sync();
  }

  /** A pool whose traders win all that it has. */
  private async ruin(): Promise<void> {
    const { signer, account } = await this.fresh(100_000_000_000n);
    await setPrice(this.world, RUIN, 2_000n * WAD);
    const size = (await this.ruined.totalSupply()) / 1_000n;
    const terms = { account, asset: RUIN, size, limit: 10n ** 24n, reduceOnly: false, deadline: 2n ** 40n };
    await this.world.exchange.connect(signer).trade(terms);
    await setPrice(this.world, RUIN, 3_500n * WAD);
    await this.house.accrue([RUIN]);
    await this.refresh(600n);
    await this.ruined.sync();
    await setPrice(this.world, RUIN, 2_000n * WAD);
  }

  /** A market that ends, is gone, and begins again. */
  private async windDown(): Promise<void> {
    const { world, house } = this;
    const legs = [...(await this.open(ENDING, WAD)), ...(await this.open(ENDING, WAD / 3n))];
    await setPrice(world, ENDING, 2_100n * WAD);
    await this.refresh(3_600n);
    await world.router.fix(ENDING);
    await world.configurator.windDown(ENDING);
    await house.settle(legs);
    await this.refresh(86_401n);
    await house.settle([...this.accounts, ...legs]);
    await house.settle(legs);
    await house.deposit(DUST, QUOTE, 10_000n);
    await listPerp(world, ENDING, 2_000n);
  }

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
    await this.act(random.pick(steps));
  }

  /** What is refused changes nothing. */
  async act(act: () => Promise<unknown>): Promise<void> {
    this.sent++;
    await act().catch((error: unknown) => {
      if (!String(error).includes("custom error")) throw error;
      if (process.env["DBG"] && act.toString().length < 60) console.log(act.toString(), String(error).slice(0, 300));
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
    const failing = await this.exposed();
    if (failing !== undefined) await this.moveUntilFailing(failing.account, failing.asset, failing.size, failing.mark);
  }

  private async moveUntilFailing(account: bigint, asset: bigint, size: bigint, mark: bigint): Promise<void> {
    const { random, house, world } = this;
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
        const most = random.below(2) === 0 ? lot.size : lot.size / 2n;
        return this.bidOn(signer, { account, asset, taker, most, long });
      }
    }
  }

  private async bidOn(
    signer: Signer,
    lot: { account: bigint; asset: bigint; taker: bigint; most: bigint; long: boolean },
  ): Promise<void> {
    const { world, random } = this;
    await world.connection.networkHelpers.time.increase(random.between(1n, 200n));
    await fund(world, signer, lot.taker, 20_000_000_000n);
    const { long, ...bid } = lot;
    const limit = long ? 2n ** 128n : 0n;
    await world.liquidator.connect(signer).bid({ ...bid, least: 0n, limit, deadline: 2n ** 40n, data: "0x" });
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
