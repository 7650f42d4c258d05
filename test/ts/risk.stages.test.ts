// What the stages of a shock take of a leg is what the liquidator offers on the same state, to the wei.   BALLAST_SEED
import { expect } from "chai";
import { network } from "hardhat";
import { Account, Assessor, Markets } from "@ballast/math";
import { Shock, standingOf, type Book, type MarketState, type Member } from "@ballast/risk";
import * as Situations from "../../packages/risk/src/situations.js";
import { STAGES, capacityOf, offer } from "../../packages/risk/src/stages.js";
import { INSURANCE, WETH, accountId, openBackstop, openInsurance, setPrice } from "../../scripts/local.js";
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

  it("book of a bankrupt account what the chain books", async () => {
    const made = await makeWorld(await network.create(), ACCOUNTS, SEED);
    await openInsurance(made.world, 100_000n * UNIT);
    for (const percent of SHAKES) await shake(made, percent);
    const keeper = made.accounts[0] ?? 0n;
    for (const id of await bankrupt(made))
      for (const asset of await made.world.house.legsOf(id))
        await made.world.liquidator.liquidate(id, asset, keeper).catch(() => undefined);
    await later(made, 700);
    // What insurance still owes for earlier losses would be paid along with new ones.
    for (const asset of (await readMarkets(made.world)).keys()) await made.world.house.pay(asset, 0n);
    expect(await made.world.house.owed()).to.equal(0n);
    let compared = 0;
    for (const id of await bankrupt(made)) compared += await compareBookings(made, id, keeper);
    console.log(`      bookings: ${compared}`);
    expect(compared).to.be.greaterThan(0);
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

async function readBook(made: RandomWorld, backstop: bigint | undefined, ahead = 0n): Promise<Book> {
  const { world, accounts } = made;
  const { house } = world;
  const time = (await timeOf(made)) + ahead;
  const [states, terms] = [await readMarkets(world), await house.houseTerms()];
  const markets = new Map<bigint, MarketState>();
  for (const [asset, state] of states) markets.set(asset, await readMarket(made, asset, state, time));
  const pools = [...markets.values()].flatMap(({ pool }) => (pool === undefined ? [] : [pool.id]));
  const members: Member[] = [];
  for (const id of [...accounts, ...pools, ...(backstop === undefined ? [] : [backstop])])
    members.push({ id, account: await readAccount(world, id, states, terms, time) });
  const book = { members, markets, fund: await house.cashOf(INSURANCE), time };
  return backstop === undefined ? book : { ...book, backstop };
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
async function timeOf({ world: { connection } }: RandomWorld): Promise<bigint> {
  const found = clocks.get(connection) ?? deployClock(connection);
  clocks.set(connection, found);
  const [time] = await (await found).batch.staticCall([]);
  return time;
}

/** A block each, which would go past the moment that is looked at. */
const clocks = new WeakMap<object, ReturnType<typeof deployClock>>();

function deployClock({ ethers }: RandomWorld["world"]["connection"]) {
  return ethers.deployContract("FixedPointFormulas");
}

function withoutPool(state: MarketState): MarketState {
  const { asset, market, price, terms, inFlight, windowUsed, budget, standing } = state;
  return { asset, market, price, terms, inFlight, windowUsed, budget, standing };
}

/** Of such a position the ledger tells what it is now, not what it will be. */
function walks(member: Member | undefined): boolean {
  return member !== undefined && (member.account as Account.Snapshot & { walked: number }).walked !== 0;
}

async function bankrupt(made: RandomWorld): Promise<bigint[]> {
  const { members } = await readBook(made, undefined);
  const fallen = members.filter(({ id, account }) => made.accounts.includes(id) && Account.view(account).bankrupt);
  return fallen.map(({ id }) => id);
}

/** Prices stand while their lots end. */
async function later({ world, prices }: RandomWorld, seconds: number): Promise<void> {
  await world.connection.provider.request({ method: "evm_increaseTime", params: [seconds] });
  for (const [asset, price] of prices) await setPrice(world, asset, price);
}

/** Closes all legs of an account in one block; what is booked and insured is what the shock says, to the wei. */
async function compareBookings(made: RandomWorld, id: bigint, keeper: bigint): Promise<number> {
  const { world } = made;
  // Views take the last block's time for now; the step is in the next one.
  const book = await readBook(made, undefined, 1n);
  await world.connection.provider.request({ method: "evm_setNextBlockTimestamp", params: [Number(book.time)] });
  const members = book.members.filter((member) => member.id === id);
  const markets = new Map([...book.markets].map(([asset, state]) => [asset, withoutPool(state)]));
  const shock = { moves: new Map(), seconds: 0n, bidders: 0n };
  const [waterfall] = Shock.book({ ...book, members, markets }, [shock]);
  const [fall] = waterfall?.falls ?? [];
  if (fall === undefined || id === keeper || walks(members[0]) || fall.closings.some(({ asset }) => asset === WETH))
    return 0;
  const entries = fall.closings.map(({ asset }) => ({ account: id, asset }));
  const receipt = await (await world.liquidator.liquidateMany(entries, keeper, { gasLimit: 15_000_000n })).wait();
  const logs = receipt?.logs.flatMap((log) => world.house.interface.parseLog(log) ?? []) ?? [];
  const booked = logs.filter(({ name }) => name === "DeficitBooked").map(({ args }) => args as unknown as bigint[]);
  expect(booked.map(([asset, , amount]) => [asset, amount])).to.deep.equal(
    fall.bookings.map(({ asset, amount }) => [asset, amount]),
  );
  const used = logs.filter(({ name }) => name === "InsuranceUsed").map(({ args }) => args as unknown as bigint[]);
  const insured = waterfall?.rows.reduce((sum, row) => sum + row.insured, waterfall.insuredCosts);
  const paid = used.reduce((sum, [, amount]) => sum + (amount ?? 0n), 0n);
  expect(paid - (insured ?? 0n)).to.equal(0n);
  return booked.length;
}
