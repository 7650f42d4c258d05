// Worlds in which something fails: what the rows of the bench, and the plots of how cost grows, begin with.
import type { ContractTransactionResponse } from "ethers";
import {
  Capability,
  INSURANCE,
  QUOTE,
  WAD,
  accountId,
  fund,
  openPool,
  setPrice,
  type World,
} from "../../scripts/local.js";

export const UNIT = 1_000_000n;

export async function actors(world: World) {
  const [, alice, bob] = await world.connection.ethers.getSigners();
  if (alice === undefined || bob === undefined) throw new TypeError("the local network has too few signers");
  return { alice, bob };
}

export const ETH = 1n;
export async function wait(world: World, seconds: number): Promise<void> {
  await world.connection.networkHelpers.time.increase(seconds);
}

/** Alice long one unit of each perp at 2,000 against Bob, everything used before and latched long ago. */
export async function openLegs(world: World, assets: readonly bigint[], margin: bigint) {
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

export const PRICE = 2_000n * WAD;
export const LATER = 2n ** 40n;

const FALLEN = 1_835n * WAD;
const BANKRUPT = 1_700n * WAD;

/** Alice long one unit of each asset at 2,000 with a margin of 250 for each against Bob; Carol bids with cash alone, Dave is the keeper. */
export class Failing {
  private other: bigint | undefined;

  private constructor(
    readonly world: World,
    private readonly assets: readonly bigint[],
    private readonly traders: Awaited<ReturnType<typeof cast>>,
  ) {}

  /** After everybody has done what is to be measured, so that every slot has been used before. */
  static async rehearsed(world: World, pooled: boolean, assets: readonly bigint[] = [ETH]): Promise<Failing> {
    const failing = new Failing(world, assets, await cast(world));
    await failing.enter(pooled);
    // The pool has taken something before funding moves, and once more after that.
    for (let i = 0; i < (pooled ? 2 : 1); i++) await failing.rehearse(pooled);
    if (!pooled) await failing.accompany();
    return failing;
  }

  private async rehearse(pooled: boolean): Promise<void> {
    await this.fall();
    await this.liquidate();
    if (!pooled) {
      await wait(this.world, 300);
      await this.bid(WAD);
    }
    await this.recover();
    const { lot } = await this.world.liquidator.lotOf(this.account, ETH);
    if (lot.size !== 0n) await this.liquidate();
  }

  get account(): bigint {
    return accountId(this.traders.alice.address);
  }

  async liquidate(account = this.account): Promise<ContractTransactionResponse> {
    const { dave } = this.traders;
    return this.world.liquidator.connect(dave).liquidate(account, ETH, accountId(dave.address));
  }

  async bid(most: bigint): Promise<ContractTransactionResponse> {
    return bid(this.world, this.traders.carol, this.account, most);
  }

  /** The price falls and has stood there, latched, for five minutes. */
  async fall(): Promise<void> {
    await this.quote(FALLEN);
    await wait(this.world, 220);
    if (this.other !== undefined) await this.liquidate(this.other);
    await wait(this.world, 80);
  }

  /** Another account of Alice's that will fail as well: its lot is on offer before. */
  private async accompany(): Promise<void> {
    const { alice, bob } = this.traders;
    this.other = accountId(alice.address, 1n);
    await fund(this.world, alice, this.other, 250n * UNIT);
    await this.trade(ETH, this.other, accountId(bob.address), WAD, PRICE);
  }

  private async quote(price: bigint): Promise<void> {
    await setPrice(this.world, QUOTE, WAD);
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

/**
 * Carol short and Frank long 100,000 of ETH, so that no deficit here is more than is tolerated and shared at once; beside
 * them accounts of the operator's, each short one unit against Frank, at prices so many ticks apart. Dave is the keeper.
 */
export class Crowd {
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

export async function insure(world: World): Promise<void> {
  const [operator] = await world.connection.ethers.getSigners();
  if (operator === undefined) throw new TypeError("the local network has no signer");
  await fund(world, operator, INSURANCE, 1_000_000n * UNIT);
}

/** So many accounts of Alice's, each long one unit of ETH at 2,000 with 250, after one that has been liquidated before them. */
export class Batch {
  private constructor(
    private readonly world: World,
    private readonly accounts: readonly bigint[],
    private readonly traders: Awaited<ReturnType<typeof cast>>,
  ) {}

  static async failing(world: World, size: number): Promise<Batch> {
    const failing = await Failing.rehearsed(world, true);
    const traders = await cast(world);
    const accounts = Array.from({ length: size }, (_, i) => accountId(traders.alice.address, BigInt(i + 1)));
    const batch = new Batch(world, accounts, traders);
    await batch.open();
    await failing.fall();
    return batch;
  }

  async liquidate(gasLimit = 100_000_000n): Promise<ContractTransactionResponse> {
    const entries = this.accounts.map((account) => ({ account, asset: ETH }));
    const { dave } = this.traders;
    return this.world.liquidator.connect(dave).liquidateMany(entries, accountId(dave.address), { gasLimit });
  }

  private async open(): Promise<void> {
    const { operator, bob } = this.traders;
    const main = accountId(operator.address);
    await fund(this.world, operator, main, 250n * UNIT * BigInt(this.accounts.length));
    const house = this.world.house.interface;
    const fees = { buyerFee: 0n, sellerFee: 0n, buyerTip: 0n, sellerTip: 0n, keeper: 0n };
    const terms = { asset: ETH, seller: accountId(bob.address), size: WAD, price: PRICE, ...fees };
    const calls = this.accounts.flatMap((buyer) => [
      house.encodeFunctionData("transferCash", [main, buyer, 250n * WAD]),
      house.encodeFunctionData("trade", [{ ...terms, buyer }]),
    ]);
    await this.world.house.batch(calls, { gasLimit: 500_000_000n });
  }
}
