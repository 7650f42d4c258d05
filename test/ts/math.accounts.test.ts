// The twin assesses accounts of random worlds and plans their reductions as the ledger does, to the wei.   BALLAST_SEED
import { expect } from "chai";
import { network } from "hardhat";
import { Account, Markets, Quotes } from "@ballast/math";
import { WAD, WETH } from "../../scripts/local.js";
import { disturb, makeWorld, readAccount, readMarkets, shake, type RandomWorld } from "../support/worlds.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 5);
const ACCOUNTS = Number(process.env["BALLAST_ACCOUNTS"] ?? 48);
const SHAKES = [12, 25, 40];

interface Counts {
  assessed: number;
  legs: number;
  walked: number;
  bankrupt: number;
  owing: number;
  reached: number;
  toxic: number;
  verdicts: number[];
}

describe("Twin of the accounts", function () {
  this.timeout(3_600_000);

  it("assesses and plans as the ledger does", async () => {
    const made = await makeWorld(await network.create(), ACCOUNTS, SEED);
    const counts: Counts = {
      assessed: 0,
      legs: 0,
      walked: 0,
      bankrupt: 0,
      owing: 0,
      reached: 0,
      toxic: 0,
      verdicts: [0, 0, 0, 0, 0],
    };
    await compare(made, counts);
    for (const percent of SHAKES) {
      await shake(made, percent);
      await compare(made, counts);
    }
    await disturb(made);
    await compare(made, counts);
    console.log(`      accounts: ${JSON.stringify(counts)}, seed ${SEED}`);
    expect(counts.assessed).to.equal(ACCOUNTS * (SHAKES.length + 2));
    const [healthy = 0] = counts.verdicts;
    expect(healthy).to.be.greaterThan(0).and.lessThan(counts.assessed);
    expect(Math.min(counts.walked, counts.reached)).to.be.greaterThan(0);
  });
});

async function compare(made: RandomWorld, counts: Counts): Promise<void> {
  const { world } = made;
  const time = await timeOf(made);
  const markets = await readMarkets(world);
  const terms = await world.house.houseTerms();
  for (const [asset, state] of markets) await compareMarket(made, asset, state, time);
  for (const id of made.accounts) {
    const account = await readAccount(world, id, markets, terms, time);
    const view = Account.view(account);
    same(view, await world.lens.account(id), `account ${id}`);
    expect(view.bankrupt).to.equal(view.assessment.equity < 0n);
    await comparePlans(made, id, account, counts);
    const verdict = Number(view.verdict);
    counts.verdicts[verdict] = (counts.verdicts[verdict] ?? 0) + 1;
    counts.assessed++;
    counts.legs += account.legs.length;
    counts.walked += account.walked;
    if (view.bankrupt) counts.bankrupt++;
    if (account.interest !== 0n) counts.owing++;
  }
  expect(await timeOf(made), "time went on").to.equal(time);
}

async function compareMarket(
  { world, random }: RandomWorld,
  asset: bigint,
  { config, perp, price: latched }: Account.MarketState,
  time: bigint,
): Promise<void> {
  const market = Markets.current(config, perp, latched, time);
  same(market, await world.house.marketOf(asset), `market ${asset}`);
  if (asset === WETH) return;
  const pool = await world.house.poolOf(asset);
  const owner = BigInt(pool.owner) << 96n;
  const size = random.between(-100n, 100n) * WAD + 1n;
  const [{ size: inventory }, { equity }] = [
    await world.house.previewPosition(owner, asset),
    await world.house.assess(owner),
  ];
  const [price, most] = await world.lens.quote(asset, size);
  const depth = market.initialDepth;
  expect(Quotes.price(pool, latched, inventory, size, depth, time)).to.equal(price);
  expect(Quotes.room(pool, equity, inventory, size > 0n, latched.mark, depth)).to.equal(most);
}

async function comparePlans(
  { world, random }: RandomWorld,
  id: bigint,
  account: Account.Snapshot,
  counts: Counts,
): Promise<void> {
  if (account.legs.length === 0) return;
  const health = Account.healthOf(Account.assess(account));
  const wanted = (health * random.between(10n, 20n)) / 10n;
  const target = random.pick([(WAD * 12n) / 10n, wanted < WAD ? WAD : wanted < Account.MAX_TARGET ? wanted : WAD]);
  const costs = account.legs.map(() => random.between(0n, random.pick([WAD / 1_000n, WAD / 50n, WAD / 5n])));
  const { asset } = random.pick(account.legs);
  const cost = costs[account.legs.findIndex((leg) => leg.asset === asset)] ?? 0n;
  const plan = Account.reduction(account, asset, target, cost);
  same(plan, await world.lens.reduction(id, asset, target, cost), `reduction ${id}`);
  if (random.below(4) === 0) {
    const first = await world.lens.firstReduction(id, target, costs);
    same(Account.firstReduction(account, target, costs), first, `first ${id}`);
  }
  if (plan.toxic) counts.toxic++;
  if (plan.reaches && plan.size !== 0n) counts.reached++;
}

/** Every field of the twin's answer is in the contract's. */
function same(twin: unknown, contract: unknown, path: string): void {
  if (typeof twin !== "object" || twin === null) expect(contract, path).to.equal(twin);
  else
    for (const [name, value] of Object.entries(twin))
      if (name !== "bankrupt") same(value, (contract as Record<string, unknown>)[name], `${path}.${name}`);
}

/** What views take for now. */
async function timeOf({ world }: RandomWorld): Promise<bigint> {
  const clock = await world.connection.ethers.getContractAt("FixedPointFormulas", await clockOf(world.connection));
  const [time] = await clock.batch.staticCall([]);
  return time;
}

const clocks = new WeakMap<object, Promise<string>>();

function clockOf(connection: RandomWorld["world"]["connection"]): Promise<string> {
  const found =
    clocks.get(connection) ?? connection.ethers.deployContract("FixedPointFormulas").then((c) => c.getAddress());
  clocks.set(connection, found);
  return found;
}
