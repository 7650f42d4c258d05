// A crowd that a fall leaves below zero: batches of keepers get through all of them, each for a bounded cost, and no unit of
// loss gets lost.   BALLAST_BANKRUPT accounts; ten thousand of them in `npm run test:deep`
import { expect } from "chai";
import { INSURANCE, QUOTE, setPrice, WAD } from "../../scripts/local.js";
import { ASSET, Chain, KEEPER, MAKERS, type Opening } from "../../scripts/replay/market.js";

const ACCOUNTS = Number(process.env["BALLAST_BANKRUPT"] ?? 1_000);
const OPENED_AT_ONCE = 100;
const CLOSED_AT_ONCE = 20;
const SAMPLED = 25;
const GAS_OF_BATCH = 60_000_000n;
const NOTIONAL = 2_000n * WAD;
const MARGIN = WAD / 8n;
/** Of insurance for each of them, in token units. */
const INSURED = 10n * 10n ** 6n;
/** What one liquidation may cost, whatever stands and however many there are. */
const MOST_GAS = 2_500_000n;

interface Spent {
  most: bigint;
  total: bigint;
  count: bigint;
}

describe("Many bankrupt accounts", function () {
  this.timeout(3_600_000);

  it(`${ACCOUNTS} are closed one by one, and every unit is accounted for`, async () => {
    const chain = await Chain.create({});
    await chain.reset();
    const { world } = chain;
    const { house, liquidator, quote } = world;
    const [keeper] = await world.connection.ethers.getSigners();
    if (keeper === undefined) throw new TypeError("no signer");
    const fund = BigInt(ACCOUNTS) * INSURED;
    await quote.mint(keeper, fund);
    await quote.approve(house, 2n ** 256n - 1n);
    await house.deposit(INSURANCE, QUOTE, fund);
    const traders = Array.from({ length: ACCOUNTS }, (_, i) => BigInt(i + 1));
    const began = Date.now();
    await openAll(chain, traders);
    console.log(`      opened ${ACCOUNTS} in ${seconds(began)} s`);

    await setPrice(world, ASSET, 1_500n * WAD);
    const spent: Spent = { most: 0n, total: 0n, count: 0n };
    let left = traders.map((trader) => chain.idOf(trader));
    const closing = Date.now();
    for (let pass = 0; left.length !== 0 && pass < 6; ++pass) {
      await closeAll(chain, left, spent);
      left = await openOnes(chain, left);
      console.log(`      pass ${pass}: ${left.length} left after ${seconds(closing)} s`);
      await world.connection.provider.request({ method: "evm_increaseTime", params: [601] });
      for (const asset of [QUOTE, ASSET]) {
        for (const feed of world.feeds.get(asset) ?? []) await feed.updateAnswer(await feed.latestAnswer());
      }
    }
    console.log(`      highest gas of one ${spent.most}, ${spent.total / spent.count} on average of ${spent.count}`);
    expect(left).to.have.length(0);
    expect(spent.most <= MOST_GAS, `one took ${spent.most}`).to.equal(true);

    const balance = await balanceOf(chain, traders);
    console.log(`      balanced after ${seconds(began)} s, standing ${(await house.totalDeficit()) / WAD}`);
    expect(balance.below).to.equal(0);
    expect(Number(balance.unaccounted)).to.be.within(0, 10_000_000_000);
    expect(await house.cashOf(INSURANCE)).to.not.be.lessThan(0n);
    expect((await liquidator.flowOf(ASSET)).inFlight).to.equal(0n);
  });
});

async function openAll(chain: Chain, traders: readonly bigint[]): Promise<void> {
  let at = 0;
  for (let i = 0; i < traders.length; i += OPENED_AT_ONCE) {
    const openings: Opening[] = traders.slice(i, i + OPENED_AT_ONCE).map((trader) => ({
      trader,
      maker: MAKERS[Number(trader) % MAKERS.length] ?? 0n,
      long: true,
      notional: NOTIONAL,
      margin: MARGIN,
    }));
    await chain.open((at += 1), 1, openings);
  }
}

async function closeAll(chain: Chain, accounts: readonly bigint[], spent: Spent): Promise<void> {
  const { liquidator } = chain.world;
  const keeper = chain.idOf(KEEPER);
  for (const account of accounts.slice(0, SAMPLED)) {
    const receipt = await (await liquidator.liquidate(account, ASSET, keeper, { gasLimit: GAS_OF_BATCH })).wait();
    if (receipt === null) throw new TypeError("no receipt");
    if (receipt.gasUsed > spent.most) spent.most = receipt.gasUsed;
    spent.total += receipt.gasUsed;
    spent.count += 1n;
  }
  for (let i = SAMPLED; i < accounts.length; i += CLOSED_AT_ONCE) {
    const entries = accounts.slice(i, i + CLOSED_AT_ONCE).map((account) => ({ account, asset: ASSET }));
    const receipt = await (await liquidator.liquidateMany(entries, keeper, { gasLimit: GAS_OF_BATCH })).wait();
    if (receipt === null) throw new TypeError("no receipt");
    spent.total += receipt.gasUsed;
    spent.count += BigInt(entries.length);
  }
}

async function openOnes(chain: Chain, accounts: readonly bigint[]): Promise<bigint[]> {
  const sizes = await Promise.all(accounts.map((account) => chain.world.house.positionOf(account, ASSET)));
  return accounts.filter((_, i) => sizes[i]?.size !== 0n);
}

/** How many accounts are below zero, and what is held beyond what all rows claim. */
async function balanceOf(chain: Chain, traders: readonly bigint[]): Promise<{ unaccounted: bigint; below: number }> {
  const { house } = chain.world;
  const cash = await Promise.all(traders.map((trader) => house.cashOf(chain.idOf(trader))));
  const { unaccounted } = await chain.balance([]);
  const claims = cash.reduce((sum, value) => sum + value, 0n);
  return { unaccounted: unaccounted - claims, below: cash.filter((value) => value < 0n).length };
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1_000).toFixed(1);
}
