import { expect } from "chai";
import { network } from "hardhat";
import { Account } from "@ballast/math";
import { Ledger, Mirror, ProviderRpc, RpcSource } from "@ballast/mirror";
import { Watch, type Candidate } from "@ballast/keeper";
import { Random } from "../../packages/reference/src/random.js";
import { WAD, accountId, type World } from "../../scripts/local.js";
import type { NetworkConnection } from "hardhat/types/network";
import { disturb, makeWorld, shake, type RandomWorld } from "../support/worlds.js";
import { crowdOf } from "../support/pairs.js";
import { recorded, type Recording } from "./support/chains.js";

type Marks = Map<bigint, bigint>;

/** Everybody, asked one by one in the twin's own assessment. */
function bruteForce(watch: Watch, verdicts: readonly bigint[], marks?: Marks, time?: bigint): bigint[] {
  const { ledger } = watch;
  return [...ledger.accounts()]
    .filter((id) => id >> 96n !== 0n && ledger.legsOf(id).length > 0)
    .filter((id) => {
      const snapshot = watch.snapshotOf(id, marks, time);
      const holds = snapshot.legs.some(({ position }) => position.size !== 0n);
      return holds && verdicts.includes(Account.view(snapshot).verdict);
    })
    .sort(ascending);
}

const ascending = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
const idsOf = (candidates: readonly Candidate[]) => candidates.map(({ account }) => account).sort(ascending);
const { Below, FarBelow, Overborrowed } = Account.Verdict;

function expectExact(watch: Watch, marks?: Marks, time?: bigint): number {
  const found = watch.liquidatable(marks, time);
  expect(idsOf(found)).to.deep.equal(bruteForce(watch, [Below, FarBelow], marks, time));
  expect(idsOf(watch.overborrowed(marks, time))).to.deep.equal(bruteForce(watch, [Overborrowed], marks, time));
  for (const candidate of found) {
    const { assessment, verdict } = Account.view(watch.snapshotOf(candidate.account, marks, time));
    const { equity, marginEquity, maintenance } = assessment;
    expect(candidate).to.include({ equity, marginEquity, maintenance, verdict, bankrupt: equity < 0n });
  }
  return found.length;
}

/** Marks of the ledger, each moved by up to so many percent. */
function moved({ ledger }: Watch, random: Random, percent: number): Marks {
  return new Map(
    [...ledger.perps, ...ledger.spots].map((asset) => {
      const by = BigInt(1_000_000 + Math.round((random.below(2_000_001) - 1_000_000) * (percent / 100)));
      return [BigInt(asset), (ledger.prices.markOf(asset) * by) / 1_000_000n];
    }),
  );
}

describe("Watch: made-up crowds", () => {
  for (const [markets, accounts] of [
    [1, 600],
    [5, 900],
    [20, 900],
  ] as const) {
    it(`${accounts} accounts in ${markets} markets: the set is the one of brute force at any price`, function () {
      this.timeout(120_000);
      const random = new Random(markets);
      const economy = crowdOf({ accounts, markets, seed: markets });
      const watch = new Watch(economy.ledger);
      let fell = 0;
      for (let i = 0; i < 12; i++) {
        const time = watch.time + BigInt(random.pick([0, 1, 60, 3_600, 86_400]));
        fell += expectExact(watch, moved(watch, random, random.pick([1, 10, 20, 50])), time);
      }
      expect(fell).to.be.greaterThan(100);
    });
  }

  it("rows follow blocks with trades, funding and offsets, and blocks that are taken back", function () {
    this.timeout(120_000);
    const economy = crowdOf({ accounts: 2_000, markets: 3 });
    const watch = new Watch(economy.ledger);
    const random = new Random(5);
    for (let i = 0; i < 40; i++) {
      watch.apply(economy.beginBlock());
      const losers = watch.liquidatable(moved(watch, random, 30));
      for (const asset of economy.markets) {
        const held = losers.find(({ asset: leg }) => leg === BigInt(asset));
        if (held !== undefined) economy.offset(asset, held.account);
      }
      watch.apply(economy.endBlock());
      expectExact(watch, moved(watch, random, 20), watch.time + 12n);
    }
    for (let i = 0; i < 30; i++) watch.apply({ kind: "undone", block: economy.ledger.undo() });
    expectExact(watch, moved(watch, random, 20), watch.time + 12n);
  });

  it("an account on the very edge is decided to the wei", () => {
    const economy = crowdOf({ accounts: 400, markets: 1, legs: 1 });
    const watch = new Watch(economy.ledger);
    const mark = economy.ledger.prices.markOf(1);
    const time = watch.time + 100_000n;
    const falls = (at: bigint, id: bigint) =>
      watch.liquidatable(new Map([[1n, at]]), time).some(({ account }) => account === id);
    const [first] = watch.liquidatable(new Map([[1n, (mark * 8n) / 10n]]), time);
    const id = first?.account ?? 0n;
    let [low, high] = [(mark * 8n) / 10n, mark];
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (falls(middle, id)) low = middle;
      else high = middle;
    }
    for (const at of [low - 1n, low, high, high + 1n]) {
      const { verdict } = Account.view(watch.snapshotOf(id, new Map([[1n, at]]), time));
      expect(falls(at, id)).to.equal(verdict === Below || verdict === FarBelow);
    }
    expect([falls(low, id), falls(high, id)]).to.deep.equal([true, false]);
  });

  it("the nearest come in order of their health", () => {
    const economy = crowdOf({ accounts: 400, markets: 4 });
    const watch = new Watch(economy.ledger);
    const healths = watch.nearest(25).map(({ marginEquity, maintenance }) => (marginEquity * WAD) / maintenance);
    const all = [...economy.ledger.accounts()]
      .filter((id) => economy.ledger.legsOf(id).length > 0)
      .map((id) => Account.view(watch.snapshotOf(id)).health)
      .sort(ascending);
    expect(healths).to.deep.equal(all.slice(0, 25));
  });
});

describe("Watch: a recorded run of everybody", () => {
  let recording: Recording;
  before(async function () {
    this.timeout(200_000);
    recording = await recorded();
  });

  it("the set is the one of brute force after every block, with shares, epochs, debts, spot and endings", function () {
    this.timeout(300_000);
    const ledger = new Ledger(recording.deployment);
    const watch = new Watch(ledger, { time: 0n });
    const random = new Random(9);
    let fell = 0;
    for (const [i, block] of recording.blocks.entries()) {
      watch.apply({ kind: "applied", header: block.header, touched: ledger.apply(block) });
      if (i % 7 !== 0) continue;
      const marks = moved(watch, random, random.pick([0, 5, 30, 60]));
      const time = watch.time + BigInt(random.pick([0, 12, 4_000]));
      fell += expectExact(watch, marks, time);
    }
    expect(fell).to.be.greaterThan(100);
    for (let i = 0; i < 100; i++) watch.apply({ kind: "undone", block: ledger.undo() });
    expectExact(watch, moved(watch, random, 40), watch.time + 12n);
  });
});

describe("Watch: a crash on a chain", () => {
  it("the set is the one of the Lens at each block, to the wei", async function () {
    this.timeout(500_000);
    const connection = await network.create();
    const made = await makeWorld(connection, 40, 17);
    const { world, accounts, prices } = made;
    const mirror = await mirrorOf(connection, world);
    const watch = new Watch(mirror.ledger);
    let [fell, guarded] = [0, 0];
    for (let i = 0; i < 10; i++) {
      if (i === 7) await disturb(made);
      else await shake(made, random.pick([1, 8, 20]));
      for await (const change of mirror.toHead()) watch.apply(change);
      const time = BigInt(await connection.networkHelpers.time.latest());
      // What no source says any more, or sources disagree about, is no new mark.
      const marks = new Map([...prices].filter(([asset]) => i < 7 || (asset !== 5n && asset !== 9n)));
      if (i >= 7) await latchAll(made);
      for await (const change of mirror.toHead()) watch.apply(change);
      const at = BigInt(await connection.networkHelpers.time.latest());
      const views = await Promise.all(accounts.map((id) => world.lens.account(id)));
      const found = watch.liquidatable(i < 7 ? marks : undefined, at > time ? at : time);
      const expected = accounts.filter(
        (_, k) => views[k]?.liquidatable && views[k].legs.some(({ size }) => size !== 0n),
      );
      expect(idsOf(found)).to.deep.equal(expected.sort(ascending));
      accounts.forEach((id, k) => {
        const standing = watch.standingOf(id, i < 7 ? marks : undefined, at);
        const view = views[k];
        if (standing === undefined || view === undefined) return;
        const { equity, marginEquity, maintenance } = view.assessment;
        expect(standing).to.include({ equity, marginEquity, maintenance, verdict: view.verdict });
        if (view.verdict === Account.Verdict.Guarded) guarded++;
      });
      fell += found.length;
      const keeper = accountId(`0x${"77".repeat(20)}`);
      for (const { account, asset } of found.slice(0, 3))
        await world.liquidator.liquidate(account, asset, keeper, { gasLimit: 9_000_000n }).catch(() => undefined);
      for await (const change of mirror.toHead()) watch.apply(change);
      expectExact(watch, undefined, watch.time + 30n);
    }
    expect(fell).to.be.greaterThan(10);
    console.log(`      ${fell} fell, ${guarded} were guarded`);
  });
});

const random = new Random(2);

async function mirrorOf(connection: NetworkConnection, { house, router, liquidator }: World): Promise<Mirror> {
  const [clearingHouse, oracle, chain] = await Promise.all([house, router, liquidator].map((one) => one.getAddress()));
  const addresses = { clearingHouse: clearingHouse ?? "", oracle: oracle ?? "", liquidator: chain ?? "" };
  const deployment = { chainId: 31_337, ...addresses, vaults: [], quoteDecimals: 6, fromBlock: 0 };
  const mirror = await Mirror.open(deployment, new RpcSource(new ProviderRpc(connection.provider)));
  await mirror.catchUp();
  return mirror;
}

/** Latches every price in one block. */
async function latchAll({ world, prices }: RandomWorld): Promise<void> {
  await world.router.latch([...prices.keys()]);
}
