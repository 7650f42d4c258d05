import type { ContractTransactionResponse } from "ethers";
import {
  MARKETS,
  QUOTE,
  WAD,
  WETH,
  accountId,
  addFeeds,
  fund,
  listPerp,
  openPool,
  type World,
} from "../../scripts/local.js";
import { signOrder } from "../../scripts/orders.js";
import { latch, liquidate, offset, share } from "./growth.js";
import { Crowd, ETH, Failing, LATER, PRICE, UNIT, actors, insure, openLegs, wait } from "./worlds.js";

/** An operation whose gas is a published figure, and the most it may cost. */
export interface Scenario {
  key: string;
  title: string;
  bound: number;
  /** Why the bound is not reached; without a reason, a figure above its bound fails the check. */
  above?: string;
  /** Prepares, then returns what is measured: one transaction, or all of an operation. */
  run(world: World): Promise<ContractTransactionResponse | ContractTransactionResponse[]>;
}

const POOL_COSTS =
  "the latch, the pool's account and both positions, and the conditions that it leaves; whoever adds is asked whether a deficit stands, whether the budget is spent and whether quote is worth a dollar";
const WITHDRAW_COSTS =
  "the limit of what may leave within an hour: its terms and the slot of the window read, the window written and told";
const REDUCE_COSTS =
  "account and pool are looked at before an exact plan; the law of the core, which trusts no stage, weighs the leg before and after the step and looks at the pool again; what crosses the borders is coded and decoded";
const START_COSTS =
  "a look at the account, with all that margin is computed from, and a plan, before anything is written";
const TAKE_COSTS =
  "a look at the account, a plan for the bid and one for what the lot is afterwards, the law of the core, the taker's margin";
const INSURED_COSTS = `${TAKE_COSTS}; insurance pays premium and tip, then the loss: two budgets, four rows, eight logs`;
const LEGS_COSTS = `${REDUCE_COSTS}; each further leg is latched and valued once`;
const OFFSET_COSTS =
  "the tip, the insured loss and the offset are thirteen rows of the ledger, more than the bound by themselves; for any number of counterparties";
const SHARE_COSTS = "of each tick two slots are touched and one is written";

/** A deposit of alice's after `owner` has made one: then the token and the contracts have been used before. */
function deposit(key: string, title: string, bound: number, owner: "alice" | "bob"): Scenario {
  return {
    ...{ key, title, bound },
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

/** One unit of ETH with the pool, after Bob has traded both ways and `before` of Alice's own trades. */
function pool(key: string, title: string, bound: number, before: readonly bigint[], size: bigint): Scenario {
  return {
    ...{ key, title, bound, above: POOL_COSTS },
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
  title: "two signed orders of fresh accounts brought together",
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

/** From a lot that has been on offer for five minutes. */
function take(key: string, title: string, bound: number, part: bigint): Scenario {
  return {
    ...{ key, title, bound, above: TAKE_COSTS },
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

/** A lot of a bankrupt account: insurance pays the premium, the tip and most of the loss. */
const takeInsured: Scenario = {
  key: "auction_take_insured",
  title: "take a lot when insurance pays",
  bound: 260_000,
  above: INSURED_COSTS,
  async run(world) {
    const crowd = await Crowd.open(world, 1, 1);
    await insure(world);
    await crowd.bid(await crowd.failing(1n));
    return crowd.bid(await crowd.failing(2n));
  },
};

/** The leg of a bankrupt account, whose lot is over, closes against so many accounts; what it owes is insured. */
const offsetAgainst = (counterparties: number): Scenario => ({
  key: `offset_${counterparties}`,
  title: `offset against ${counterparties.toLocaleString("en-US")} counterparties`,
  bound: 150_000,
  above: OFFSET_COSTS,
  run: (world) => offset(world, counterparties),
});

/** What stands of two bankrupt accounts without insurance, shared by profit in so many ticks: the second share. */
const shareOver = (ticks: number): Scenario => ({
  key: `share_ticks_${ticks}`,
  title: ticks === 1 ? "share of profit with one tick in use" : `the same with ${ticks} ticks`,
  bound: 1_000_000,
  above: SHARE_COSTS,
  run: (world) => share(world, ticks),
});

/** The latch of one asset alone, so many sources, in a block of its own. */
const latchOf = (sources: number, bound: number): Scenario => ({
  key: `latch_${sources}`,
  title: sources === 1 ? "a latch alone, one source" : `the same with ${sources} sources`,
  bound,
  run: (world) => latch(world, sources),
});

export const scenarios: readonly Scenario[] = [
  deposit("deposit_first", "first deposit of an account", 85_000, "bob"),
  deposit("deposit_again", "deposit again", 65_000, "alice"),
  {
    key: "withdraw_flat",
    title: "withdraw, no position",
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
    title: "withdraw with a position, its price latched",
    bound: 130_000,
    above: WITHDRAW_COSTS,
    async run(world) {
      const { alice, account } = await openLegs(world, [ETH], 250n);
      return world.house.connect(alice).withdraw(account, QUOTE, 10n * UNIT, alice.address);
    },
  },
  {
    key: "withdraw_eight_legs_three_sources",
    title: "withdraw with eight legs of three sources each",
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
  pool("open_pool_first", "open with the pool: an account's first position", 250_000, [], WAD),
  pool("open_pool_again", "open with the pool again", 250_000, [WAD, -WAD], WAD),
  pool("close_pool", "close with the pool", 165_000, [WAD], -WAD),
  matchTwoFresh,
  {
    key: "liquidate_one",
    title: "liquidate one position into the pool",
    bound: 216_000,
    above: REDUCE_COSTS,
    run: (world) => liquidate(world, 1),
  },
  {
    key: "auction_start",
    title: "open a lot",
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
    title: "a lot opened and taken",
    bound: 360_000,
    above: "the two of them",
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
    title: "liquidate one leg of five",
    bound: 450_000,
    above: LEGS_COSTS,
    run: (world) => liquidate(world, 5),
  },
  take("auction_take_full", "take a whole lot", 220_000, 200n),
  take("auction_take_partial", "take a part of a lot", 220_000, 50n),
  takeInsured,
  offsetAgainst(10),
  offsetAgainst(10_000),
  ...[1, 10, 100].map(shareOver),
  ...[66_000, 84_500, 103_000, 121_500, 140_000].map((bound, i) => latchOf(i + 1, bound)),
];
