import type { ContractTransactionResponse } from "ethers";
import {
  Capability,
  INSURANCE,
  MARKETS,
  QUOTE,
  WAD,
  WETH,
  accountId,
  addFeeds,
  fund,
  listPerp,
  openPool,
  setPrice,
  type World,
} from "../../scripts/local.js";
import { signOrder } from "../../scripts/orders.js";

/** An operation whose gas is a published figure, and the most it may cost. */
export interface Scenario {
  key: string;
  bound: number;
  /** Why the bound is not reached; without a reason, a figure above its bound fails the check. */
  above?: string;
  /** Prepares, then returns what is measured: one transaction, or all of an operation. */
  run(world: World): Promise<ContractTransactionResponse | ContractTransactionResponse[]>;
}

const UNIT = 1_000_000n;

async function actors(world: World) {
  const [, alice, bob] = await world.connection.ethers.getSigners();
  if (alice === undefined || bob === undefined) throw new TypeError("the local network has too few signers");
  return { alice, bob };
}

/** A deposit of alice's after `owner` has made one: then the token and the contracts have been used before. */
function deposit(key: string, bound: number, owner: "alice" | "bob"): Scenario {
  return {
    key,
    bound,
    async run(world) {
      const signers = await actors(world);
      const { alice } = signers;
      await fund(world, signers[owner], accountId(signers[owner].address), 1_000n * UNIT);
      await world.quote.mint(alice, 2_000n * UNIT);
      await world.quote.connect(alice).approve(world.house, 1_000n * UNIT);
      return world.house.connect(alice).deposit(accountId(alice.address), QUOTE, 500n * UNIT);
    },
  };
}

const ETH = 1n;
async function wait(world: World, seconds: number): Promise<void> {
  await world.connection.networkHelpers.time.increase(seconds);
}

/** Alice long one unit of each perp at 2,000 against Bob, everything used before and latched long ago. */
async function openLegs(world: World, assets: readonly bigint[], margin: bigint) {
  const { alice, bob } = await actors(world);
  const [operator] = await world.connection.ethers.getSigners();
  if (operator === undefined) throw new TypeError("the local network has no signer");
  await world.configurator.setCapability(operator, Capability.Trade, true);
  const [buyer, seller] = [accountId(alice.address), accountId(bob.address)];
  await fund(world, alice, buyer, margin * UNIT);
  await fund(world, bob, seller, 100_000n * UNIT);
  await world.quote.mint(alice, UNIT);
  const fees = { buyerFee: 0n, sellerFee: 0n, buyerTip: 0n, sellerTip: 0n, keeper: 0n };
  for (const asset of assets) {
    await world.house.trade({ asset, buyer, seller, size: WAD, price: 2_000n * WAD, ...fees });
  }
  await wait(world, 60);
  await world.house.accrue([...assets]);
  return { alice, account: buyer };
}

/** The latch of one asset alone, so many sources, in a block of its own. */
function latch(sources: number, bound: number): Scenario {
  return {
    key: `latch_${sources}`,
    bound,
    async run(world) {
      await addFeeds(world, ETH, 2_000n, sources);
      await world.router.latch([ETH]);
      await wait(world, 120);
      await setPrice(world, ETH, 2_001n * WAD);
      await world.router.latch([ETH]);
      await wait(world, 120);
      return world.router.latch([ETH]);
    },
  };
}

const PRICE = 2_000n * WAD;
const LATER = 2n ** 40n;

const POOL_SLOTS =
  "26 cold slots, 13 writes, 10 logs and 5 contracts of one trade cost 148,000 before any arithmetic; a first position 34,200 more";

const BREAKER_COSTS =
  "whoever adds is asked whether a deficit stands or the budget is spent: a library and a slot more";

/** One unit of ETH with the pool, after Bob has traded both ways and `before` of Alice's own trades. */
function pool(key: string, bound: number, before: readonly bigint[], size: bigint, above?: string): Scenario {
  return {
    key,
    bound,
    ...(above === undefined ? {} : { above }),
    async run(world) {
      const { alice, bob } = await actors(world);
      await openPool(world, ETH, 5_000_000n * UNIT);
      const trade = (trader: typeof alice, amount: bigint) =>
        world.exchange.connect(trader).trade({
          account: accountId(trader.address),
          asset: ETH,
          size: amount,
          limit: amount > 0n ? 2n * PRICE : 1n,
          reduceOnly: false,
          deadline: LATER,
        });
      await fund(world, bob, accountId(bob.address), 100_000n * UNIT);
      await fund(world, alice, accountId(alice.address), 250n * UNIT);
      await trade(bob, 3n * WAD);
      await trade(bob, -WAD);
      for (const amount of before) await trade(alice, amount);
      await wait(world, 60);
      await world.house.accrue([ETH]);
      await wait(world, 300);
      return trade(alice, size);
    },
  };
}

/** Two accounts without positions, brought together by a third party. */
const matchTwoFresh: Scenario = {
  key: "match_two_fresh",
  bound: 340_000,
  above: BREAKER_COSTS,
  async run(world) {
    const { alice, bob } = await actors(world);
    const [, , , carol, dave, keeper] = await world.connection.ethers.getSigners();
    if (carol === undefined || dave === undefined || keeper === undefined) throw new TypeError("too few signers");
    const signed = async (signer: typeof alice, size: bigint) =>
      signOrder(world, signer, { account: accountId(signer.address), asset: ETH, size, limit: PRICE });
    const bring = async (maker: typeof alice, taker: typeof alice) =>
      world.exchange
        .connect(keeper)
        .matchOrders(
          { maker: await signed(maker, WAD), taker: await signed(taker, -WAD), size: WAD },
          accountId(keeper.address),
        );
    for (const trader of [alice, bob, carol, dave]) await fund(world, trader, accountId(trader.address), 250n * UNIT);
    await bring(carol, dave);
    await wait(world, 60);
    await world.house.accrue([ETH]);
    await wait(world, 300);
    return bring(alice, bob);
  },
};

const FALLEN = 1_835n * WAD;
const BANKRUPT = 1_700n * WAD;

const REDUCE_COSTS =
  "slots 132,000, logs 31,000 and 21,000 of the transaction are as much as the bound; examining account and pool, the plan, the law and its second look at the account are 208,000 of arithmetic and borders";
const START_COSTS = "slots 64,000, logs 9,000 and 21,000 of the transaction; one examination and one plan are 84,000";
const OFFSET_COSTS =
  "the tip, the insured loss and the offset are 13 rows of the ledger; the call looks at the account, plans and asks the stages before it";
const SHARE_COSTS =
  "of each tick two slots are read for the first time and one is written, 7,100; the log is 500, arithmetic 3,200";
const TAKE_COSTS =
  "slots 112,000, logs 29,000 and 21,000 of the transaction; examination, two plans, the law and its second look at the account are 168,000";

/** Alice long one unit of each asset at 2,000 with a margin of 250 for each against Bob; Carol bids with cash alone, Dave is the keeper. */
class Failing {
  private constructor(
    readonly world: World,
    private readonly assets: readonly bigint[],
    private readonly traders: Awaited<ReturnType<typeof cast>>,
  ) {}

  /** After everybody has done once what is to be measured, so that every slot has been used before. */
  static async rehearsed(world: World, pooled: boolean, assets: readonly bigint[] = [ETH]): Promise<Failing> {
    const failing = new Failing(world, assets, await cast(world));
    await failing.enter(pooled);
    await failing.fall();
    if (pooled) await failing.liquidate();
    else {
      await failing.liquidate();
      await wait(world, 300);
      await failing.bid(WAD);
    }
    await failing.recover();
    return failing;
  }

  get account(): bigint {
    return accountId(this.traders.alice.address);
  }

  async liquidate(): Promise<ContractTransactionResponse> {
    const { dave } = this.traders;
    return this.world.liquidator.connect(dave).liquidate(this.account, ETH, accountId(dave.address));
  }

  async bid(most: bigint): Promise<ContractTransactionResponse> {
    return bid(this.world, this.traders.carol, this.account, most);
  }

  /** The price falls and has stood there, latched, for five minutes. */
  async fall(): Promise<void> {
    await this.quote(FALLEN);
    await wait(this.world, 300);
  }

  private async quote(price: bigint): Promise<void> {
    for (const asset of this.assets) await setPrice(this.world, asset, price);
    await this.world.house.accrue([...this.assets]);
  }

  private async enter(pooled: boolean): Promise<void> {
    const { operator, alice, bob, carol, dave, erin, frank } = this.traders;
    const { configurator } = this.world;
    await configurator.setCapability(operator, Capability.Trade, true);
    if (pooled) await openPool(this.world, ETH, 5_000_000n * UNIT);
    await fund(this.world, alice, this.account, this.margin() * UNIT);
    for (const trader of [bob, carol, erin, frank])
      await fund(this.world, trader, accountId(trader.address), 1_000_000n * UNIT);
    await fund(this.world, dave, accountId(dave.address), UNIT);
    for (const asset of this.assets) await this.trade(asset, this.account, accountId(bob.address), WAD, PRICE);
    // Others hold positions at both prices.
    await this.trade(ETH, accountId(erin.address), accountId(bob.address), WAD, PRICE);
    await this.quote(FALLEN);
    await this.trade(ETH, accountId(frank.address), accountId(erin.address), WAD / 2n, FALLEN);
    await this.quote(PRICE);
  }

  /** Back to where it began: the price, Alice's position and margin; Carol holds nothing. */
  private async recover(): Promise<void> {
    const { alice, bob, carol } = this.traders;
    const { house, lens } = this.world;
    const held = (await house.previewPosition(accountId(carol.address), ETH)).size;
    if (held > 0n) await this.trade(ETH, accountId(bob.address), accountId(carol.address), held, FALLEN);
    await this.quote(PRICE);
    await wait(this.world, 10);
    const left = (await house.previewPosition(this.account, ETH)).size;
    await fund(this.world, alice, this.account, 10_000n * UNIT);
    await this.trade(ETH, this.account, accountId(bob.address), WAD - left, PRICE);
    const { equity } = await house.assess(this.account);
    const spare = (equity - this.margin() * WAD) / 10n ** 12n;
    await calm(this.world, () => this.quote(PRICE));
    const { amount } = await lens.withdrawable(this.account, QUOTE);
    await house.connect(alice).withdraw(this.account, QUOTE, spare < amount ? spare : amount, alice.address);
    await wait(this.world, 60);
  }

  private margin(): bigint {
    return 250n * BigInt(this.assets.length);
  }

  private async trade(asset: bigint, buyer: bigint, seller: bigint, size: bigint, price: bigint): Promise<void> {
    const fees = { buyerFee: 0n, sellerFee: 0n, buyerTip: 0n, sellerTip: 0n, keeper: 0n };
    await this.world.house.trade({ asset, buyer, seller, size, price, ...fees });
  }
}

async function cast(world: World) {
  const [operator, alice, bob, carol, dave, erin, frank] = await world.connection.ethers.getSigners();
  if (!operator || !alice || !bob || !carol || !dave || !erin || !frank)
    throw new TypeError("the local network has too few signers");
  return { operator, alice, bob, carol, dave, erin, frank };
}

async function bid(
  world: World,
  bidder: Awaited<ReturnType<typeof cast>>["carol"],
  account: bigint,
  most: bigint,
): Promise<ContractTransactionResponse> {
  const taker = accountId(bidder.address);
  const terms = { account, asset: ETH, taker, most, least: 0n, limit: 2n * PRICE, deadline: LATER, data: "0x" };
  return world.liquidator.connect(bidder).bid(terms);
}

/** Ten days of one price: volatility and what it asks for have come down again. */
async function calm(world: World, quote: () => Promise<void>): Promise<void> {
  for (let day = 0; day < 10; day++) {
    await wait(world, 80_000);
    await quote();
  }
}

/** From a lot that has been on offer for five minutes. */
function take(key: string, bound: number, part: bigint): Scenario {
  return {
    key,
    bound,
    above: TAKE_COSTS,
    async run(world) {
      const failing = await Failing.rehearsed(world, false);
      await failing.fall();
      await failing.liquidate();
      const { lot } = await world.liquidator.lotOf(failing.account, ETH);
      await wait(world, 300);
      return failing.bid((lot.size * part) / 100n);
    },
  };
}

/**
 * Carol short and Frank long 100,000 of ETH, so that no deficit here is more than is tolerated and shared at once; beside
 * them accounts of the operator's, each short one unit against Frank, at prices so many ticks apart. Dave is the keeper.
 */
class Crowd {
  private constructor(
    readonly world: World,
    private readonly traders: Awaited<ReturnType<typeof cast>>,
  ) {}

  static async open(world: World, size: number, ticks: number): Promise<Crowd> {
    const crowd = new Crowd(world, await cast(world));
    const { operator, carol, dave, erin, frank } = crowd.traders;
    await world.configurator.setCapability(operator, Capability.Trade, true);
    await world.configurator.setLimits(ETH, { total: 10n ** 28n, crowdedFrom: 10n ** 28n, perAccount: WAD });
    await world.configurator.setDepth(ETH, 10n ** 28n);
    for (const trader of [carol, frank]) await fund(world, trader, accountId(trader.address), 10n ** 9n * UNIT);
    for (const trader of [dave, erin]) await fund(world, trader, accountId(trader.address), 10_000n * UNIT);
    await fund(world, operator, accountId(operator.address), BigInt(size) * 1_000n * UNIT);
    for (let tick = ticks - 1; tick >= 0; tick--) {
      await crowd.quote(BigInt(Math.round(2_000 * 1.012 ** tick)) * WAD);
      await crowd.join(Math.floor((size * tick) / ticks), Math.floor((size * (tick + 1)) / ticks));
    }
    await crowd.trade(accountId(frank.address), accountId(carol.address), 100_000n * WAD, PRICE);
    return crowd;
  }

  /** An account of Alice's with 250 and a unit at 2,000 that has been bankrupt for five minutes: its lot has been opened. */
  async failing(subId: bigint): Promise<bigint> {
    const { alice, carol } = this.traders;
    const account = accountId(alice.address, subId);
    await calm(this.world, () => this.quote(PRICE));
    await fund(this.world, alice, account, 250n * UNIT);
    await this.trade(account, accountId(carol.address), WAD, PRICE);
    await this.quote(BANKRUPT);
    await wait(this.world, 300);
    await this.liquidate(account);
    return account;
  }

  /** The same, its lot over. */
  async orphaned(subId: bigint): Promise<bigint> {
    const account = await this.failing(subId);
    await wait(this.world, 300);
    return account;
  }

  async bid(account: bigint): Promise<ContractTransactionResponse> {
    return bid(this.world, this.traders.erin, account, WAD);
  }

  async liquidate(account: bigint): Promise<ContractTransactionResponse> {
    const { dave } = this.traders;
    return this.world.liquidator.connect(dave).liquidate(account, ETH, accountId(dave.address));
  }

  async quote(price: bigint): Promise<void> {
    await setPrice(this.world, QUOTE, WAD);
    await setPrice(this.world, ETH, price);
    await this.world.house.accrue([ETH]);
    await wait(this.world, 3 * 3_600);
    await setPrice(this.world, ETH, price);
    await this.world.house.accrue([ETH]);
  }

  private async join(from: number, to: number): Promise<void> {
    const { operator, frank } = this.traders;
    const { mark } = (await this.world.router.latched(ETH)).price;
    const main = accountId(operator.address);
    const encode = this.world.house.interface;
    for (let i = from; i < to; i += 50) {
      const ids = Array.from({ length: Math.min(50, to - i) }, (_, k) =>
        accountId(operator.address, BigInt(i + k + 1)),
      );
      const calls = ids.flatMap((id) => [
        encode.encodeFunctionData("transferCash", [main, id, 1_000n * WAD]),
        encode.encodeFunctionData("trade", [this.terms(accountId(frank.address), id, WAD, mark)]),
      ]);
      await this.world.house.batch(calls, { gasLimit: 29_000_000n });
    }
  }

  private async trade(buyer: bigint, seller: bigint, size: bigint, price: bigint): Promise<void> {
    await this.world.house.trade(this.terms(buyer, seller, size, price));
  }

  private terms(buyer: bigint, seller: bigint, size: bigint, price: bigint) {
    const fees = { buyerFee: 0n, sellerFee: 0n, buyerTip: 0n, sellerTip: 0n, keeper: 0n };
    return { asset: ETH, buyer, seller, size, price, ...fees };
  }
}

async function insure(world: World): Promise<void> {
  const [operator] = await world.connection.ethers.getSigners();
  if (operator === undefined) throw new TypeError("the local network has no signer");
  await fund(world, operator, INSURANCE, 1_000_000n * UNIT);
}

/** A lot of a bankrupt account: insurance pays the premium, the tip and most of the loss. */
const takeInsured: Scenario = {
  key: "auction_take_insured",
  bound: 260_000,
  above: TAKE_COSTS,
  async run(world) {
    const crowd = await Crowd.open(world, 1, 1);
    await insure(world);
    await crowd.bid(await crowd.failing(1n));
    return crowd.bid(await crowd.failing(2n));
  },
};

/** The leg of a bankrupt account, whose lot is over, closes against so many accounts; what it owes is insured. */
function offset(counterparties: number): Scenario {
  return {
    key: `offset_${counterparties}`,
    bound: 150_000,
    above: OFFSET_COSTS,
    async run(world) {
      const crowd = await Crowd.open(world, counterparties, 1);
      await insure(world);
      await crowd.liquidate(await crowd.orphaned(1n));
      return crowd.liquidate(await crowd.orphaned(2n));
    },
  };
}

/** What stands of two bankrupt accounts without insurance, shared by profit in so many ticks: the second share. */
function share(ticks: number): Scenario {
  return {
    key: `share_ticks_${ticks}`,
    bound: 1_000_000,
    ...(ticks < 100 ? {} : { above: SHARE_COSTS }),
    async run(world) {
      const crowd = await Crowd.open(world, ticks, ticks);
      await crowd.liquidate(await crowd.orphaned(1n));
      await world.house.pay(ETH, 1_000n);
      await crowd.liquidate(await crowd.orphaned(2n));
      return world.house.pay(ETH, 1_000n);
    },
  };
}

export const scenarios: readonly Scenario[] = [
  deposit("deposit_first", 85_000, "bob"),
  deposit("deposit_again", 65_000, "alice"),
  {
    key: "withdraw_flat",
    bound: 75_000,
    async run(world) {
      const { alice } = await actors(world);
      await fund(world, alice, accountId(alice.address), 1_000n * UNIT);
      await world.quote.mint(alice, UNIT);
      return world.house.connect(alice).withdraw(accountId(alice.address), QUOTE, 500n * UNIT, alice.address);
    },
  },
  {
    key: "withdraw_position",
    bound: 130_000,
    above:
      "the limit of what may leave within an hour: its terms and the slot of the window read, the window written and told",
    async run(world) {
      const { alice, account } = await openLegs(world, [ETH], 250n);
      return world.house.connect(alice).withdraw(account, QUOTE, 10n * UNIT, alice.address);
    },
  },
  {
    key: "withdraw_eight_legs_three_sources",
    bound: 1_000_000,
    async run(world) {
      const [first] = MARKETS;
      if (first === undefined) throw new TypeError("the local network lists no market");
      await addFeeds(world, first.asset, first.price, 3);
      const assets = [first.asset, 4n, 5n, 6n, 7n, 8n, 9n];
      for (const asset of assets.slice(1)) await listPerp(world, asset, first.price, 3);
      await addFeeds(world, WETH, 2_000n, 3);
      const { alice } = await actors(world);
      await world.weth.mint(alice, WAD);
      await world.weth.connect(alice).approve(world.house, WAD);
      await world.house.connect(alice).deposit(accountId(alice.address), WETH, WAD);
      const { account } = await openLegs(world, assets, 2_000n);
      return world.house.connect(alice).withdraw(account, QUOTE, 10n * UNIT, alice.address);
    },
  },
  pool("open_pool_first", 250_000, [], WAD, POOL_SLOTS),
  pool("open_pool_again", 250_000, [WAD, -WAD], WAD, BREAKER_COSTS),
  pool("close_pool", 165_000, [WAD], -WAD, POOL_SLOTS),
  matchTwoFresh,
  {
    key: "liquidate_one",
    bound: 216_000,
    above: REDUCE_COSTS,
    async run(world) {
      const failing = await Failing.rehearsed(world, true);
      await failing.fall();
      return failing.liquidate();
    },
  },
  {
    key: "auction_start",
    bound: 145_000,
    above: START_COSTS,
    async run(world) {
      const failing = await Failing.rehearsed(world, false);
      await failing.fall();
      return failing.liquidate();
    },
  },
  {
    key: "auction_end_to_end",
    bound: 360_000,
    above: "the two of them, above",
    async run(world) {
      const failing = await Failing.rehearsed(world, false);
      await failing.fall();
      const start = await failing.liquidate();
      await wait(world, 300);
      return [start, await failing.bid(WAD)];
    },
  },
  {
    key: "liquidate_leg_of_five",
    bound: 450_000,
    above: `one leg: ${REDUCE_COSTS}; each further leg 95,000, of which its latch is about 45,000, and it is looked at twice`,
    async run(world) {
      const others = [4n, 5n, 6n, 7n];
      for (const asset of others) await listPerp(world, asset, 2_000n);
      const failing = await Failing.rehearsed(world, true, [ETH, ...others]);
      await failing.fall();
      return failing.liquidate();
    },
  },
  take("auction_take_full", 220_000, 200n),
  take("auction_take_partial", 220_000, 50n),
  takeInsured,
  offset(10),
  offset(10_000),
  ...[1, 10, 100].map(share),
  ...[66_000, 84_500, 103_000, 121_500, 140_000].map((bound, i) => latch(i + 1, bound)),
];
