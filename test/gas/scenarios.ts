import type { ContractTransactionResponse } from "ethers";
import {
  Capability,
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
  /** Prepares, then returns the one transaction that is measured. */
  run(world: World): Promise<ContractTransactionResponse>;
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
  pool("open_pool_again", 250_000, [WAD, -WAD], WAD),
  pool("close_pool", 165_000, [WAD], -WAD, POOL_SLOTS),
  matchTwoFresh,
  ...[66_000, 84_500, 103_000, 121_500, 140_000].map((bound, i) => latch(i + 1, bound)),
];
