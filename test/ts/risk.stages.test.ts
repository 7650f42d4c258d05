// What the stages of a shock take of a leg is what the liquidator offers on the same state, to the wei.   BALLAST_SEED
import { expect } from "chai";
import { network } from "hardhat";
import { Account, Assessor, Markets } from "@ballast/math";
import { Shock, standingOf, type Book, type MarketState, type Member } from "@ballast/risk";
import * as Situations from "../../packages/risk/src/situations.js";
import { STAGES, capacityOf, offer } from "../../packages/risk/src/stages.js";
import { INSURANCE, WETH, accountId, openBackstop, openInsurance } from "../../scripts/local.js";
import { disturb, makeWorld, readAccount, readMarkets, shake, type RandomWorld } from "../support/worlds.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 3);
const ACCOUNTS = Number(process.env["BALLAST_ACCOUNTS"] ?? 24);
const SHAKES = [25, 40];
const UNIT = 10n ** 6n;

describe("Stages of a shock", function () {
  this.timeout(600_000);

  it("offer what the liquidator offers", async () => {
    const made = await makeWorld(await network.create(), ACCOUNTS, SEED);
    const backstop = accountId(await (await openBackstop(made.world, 2_000_000n * UNIT)).getAddress());
    await openInsurance(made.world, 100_000n * UNIT);
    const counts: Record<string, number> = { legs: 0, bankrupt: 0, reduce: 0, auction: 0, absorb: 0, offset: 0 };
    for (const percent of SHAKES) {
      await shake(made, percent);
      await compare(made, backstop, counts);
    }
    await disturb(made);
    await compare(made, backstop, counts);
    console.log(`      offers: ${JSON.stringify(counts)}, seed ${SEED}`);
    expect(Math.min(...Object.values(counts))).to.be.greaterThan(0);
  });
});

async function compare(made: RandomWorld, backstop: bigint, counts: Record<string, number>): Promise<void> {
  const book = await readBook(made, backstop);
  const accounts = new Set(made.accounts);
  const capacities = new Map([...book.markets].map(([asset, at]) => [asset, capacityOf(book, at, undefined)]));
  for (const { id, account } of book.members) {
    const assessment = Account.assess(account);
    if (!accounts.has(id) || !Assessor.liquidatable(assessment)) continue;
    for (const { asset, position } of account.legs) {
      const [at, capacity] = [book.markets.get(asset), capacities.get(asset)];
      if (at === undefined || capacity === undefined || position.size === 0n) continue;
      const told = await made.world.liquidator.outlook(id, asset);
      const standing = standingOf(account);
      const insurable = standing.equity < 0n ? await made.world.house.insurable(asset) : 0n;
      const bare = Situations.situation(id, at, position.size, standing, 0n, insurable);
      const s = { ...bare, tip: Situations.tipOf(bare) };
      expect([s.health, s.margin]).to.deep.equal([told.health, told.margin]);
      // By place: `reduce` is something else of every list.
      const offers = [told[5], told[6], told[7], told[8]];
      for (const [i, stage] of STAGES.entries()) {
        const size = offer(stage, s, book, capacity)?.size ?? 0n;
        if (asset === WETH && stage === "offset") continue;
        expect(size, `${stage} of ${asset} by ${id}, reason ${offers[i]?.reason}`).to.equal(offers[i]?.size);
        if (size !== 0n) counts[stage] = (counts[stage] ?? 0) + 1;
      }
      counts["legs"] = (counts["legs"] ?? 0) + 1;
      if (standing.equity < 0n) counts["bankrupt"] = (counts["bankrupt"] ?? 0) + 1;
    }
  }
  // The book as read stands still: who falls without a move is who may be liquidated now.
  const [waterfall] = Shock.book(book, [{ moves: new Map(), seconds: 0n }]);
  const liquidatable = book.members.filter(({ account }) => Account.view(account).liquidatable).map(({ id }) => id);
  expect(new Set(waterfall?.falls.map(({ id }) => id))).to.deep.equal(new Set(liquidatable));
}

async function readBook(made: RandomWorld, backstop: bigint): Promise<Book> {
  const { world, accounts } = made;
  const { house } = world;
  const time = await timeOf(made);
  const [states, terms] = [await readMarkets(world), await house.houseTerms()];
  const markets = new Map<bigint, MarketState>();
  for (const [asset, state] of states) markets.set(asset, await readMarket(made, asset, state, time));
  const pools = [...markets.values()].flatMap(({ pool }) => (pool === undefined ? [] : [pool.id]));
  const members: Member[] = [];
  for (const id of [...accounts, ...pools, backstop])
    members.push({ id, account: await readAccount(world, id, states, terms, time) });
  return { members, markets, backstop, fund: await house.cashOf(INSURANCE), time };
}

async function readMarket(
  { world: { house, liquidator } }: RandomWorld,
  asset: bigint,
  { config, perp, price }: Account.MarketState,
  time: bigint,
): Promise<MarketState> {
  const terms = await liquidator.termsOf(asset);
  const budget = await house.budgetOf(asset);
  const market = Markets.current(config, perp, price, time);
  const state = { asset, market, price, terms, inFlight: 0n, windowUsed: 0n, budget, standing: 0n };
  if (asset === WETH) return state;
  const pool = await house.poolOf(asset);
  return { ...state, pool: { id: BigInt(pool.owner) << 96n, terms: pool } };
}

/** What views take for now. */
async function timeOf({ world }: RandomWorld): Promise<bigint> {
  const clock = await world.connection.ethers.deployContract("FixedPointFormulas");
  const [time] = await clock.batch.staticCall([]);
  return time;
}
