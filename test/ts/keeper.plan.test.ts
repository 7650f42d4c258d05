import { expect } from "chai";
import { network } from "hardhat";
import { WAD } from "@ballast/math";
import { INSURANCE as INSURANCE_ROW, Mirror, ProviderRpc, RpcSource } from "@ballast/mirror";
import { liquidatorAbi } from "@ballast/sdk";
import {
  COSTS,
  Urgency,
  Watch,
  callOf,
  deedOf,
  explain,
  gasCost,
  gasOf,
  offeredOf,
  parts,
  plan,
  roomOf,
  sentenceOf,
  type Call,
  type Candidate,
  type Costs,
  type Orders,
} from "@ballast/keeper";
import { decodeEventLog, decodeFunctionData, encodeFunctionResult, type Hex } from "viem";
import type { NetworkConnection } from "hardhat/types/network";
import {
  STAGE_TERMS,
  WETH,
  accountId,
  openBackstop,
  openInsurance,
  setPrice,
  type World,
} from "../../scripts/local.js";
import { crowdOf } from "../support/pairs.js";
import { disturb, makeWorld, shake, type RandomWorld } from "../support/worlds.js";

const UNIT = 10n ** 6n;
const KEEPER = accountId(`0x${"77".repeat(20)}`);
const COST: Costs = { ...COSTS, gasPrice: 10n ** 9n, nativePrice: 2_000n * WAD };
const STAGES = ["none", "reduce", "auction", "absorb", "offset"];
const EVENTS = liquidatorAbi.filter(({ type }) => type === "event");

async function mirrorOf(connection: NetworkConnection, { house, router, liquidator }: World): Promise<Mirror> {
  const [clearingHouse, oracle, chain] = await Promise.all([house, router, liquidator].map((one) => one.getAddress()));
  const addresses = { clearingHouse: clearingHouse ?? "", oracle: oracle ?? "", liquidator: chain ?? "" };
  const deployment = { chainId: 31_337, ...addresses, vaults: [], quoteDecimals: 6, fromBlock: 0 };
  return Mirror.open(deployment, new RpcSource(new ProviderRpc(connection.provider)));
}

describe("Plan: what a call does on a chain", function () {
  this.timeout(600_000);
  let made: RandomWorld;
  let mirror: Mirror;
  let watch: Watch;
  const counts: Record<string, number> = { reduce: 0, auction: 0, absorb: 0, offset: 0, none: 0, lot: 0, sale: 0 };

  before(async () => {
    const connection = await network.create();
    made = await makeWorld(connection, 30, 3);
    await openBackstop(made.world, 2_000_000n * UNIT);
    await openInsurance(made.world, 100_000n * UNIT);
    mirror = await mirrorOf(connection, made.world);
    await mirror.catchUp();
    watch = new Watch(mirror.ledger);
  });

  async function follow(): Promise<void> {
    for await (const change of mirror.toHead()) watch.apply(change);
  }

  /** What the chain does with the leg in a block of this time, undone. */
  async function executed({ account, asset }: Call, time: bigint) {
    const { world } = made;
    const { networkHelpers } = world.connection;
    const before = await world.house.cashOf(KEEPER);
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.time.setNextBlockTimestamp(time);
    const steps: { stage: string; size: bigint }[] = [];
    let lot = 0n;
    let gas = 0n;
    try {
      const sent = await world.liquidator.liquidate(account, asset, KEEPER, { gasLimit: 12_000_000n });
      const receipt = await sent.wait();
      gas = receipt?.gasUsed ?? 0n;
      for (const { data, topics, address } of receipt?.logs ?? []) {
        if (address !== (await world.liquidator.getAddress())) continue;
        const event = decodeEventLog({ abi: EVENTS, data: data as Hex, topics: topics as [Hex, ...Hex[]] });
        if (event.eventName === "LotChanged") lot = event.args.lot.size;
        if (event.eventName === "Stepped") steps.push({ stage: STAGES[event.args.stage] ?? "", size: event.args.size });
      }
    } catch {
      steps.length = 0;
    }
    const reward = (await world.house.cashOf(KEEPER)) - before;
    await snapshot.restore();
    return { steps, lot, reward, gas };
  }

  async function compare(candidate: Candidate, asset: bigint, time: bigint): Promise<void> {
    const room = roomOf(watch, undefined, time);
    const call = callOf(room, candidate, asset);
    if (call === undefined) throw new TypeError(`no call of asset ${asset}`);
    const done = await executed(call, time);
    const subject = `account ${candidate.account}, asset ${asset}`;
    expect(
      call.steps.map(({ stage, size }) => ({ stage: stage, size })),
      subject,
    ).to.deep.equal(done.steps);
    expect(call.lot?.size ?? 0n, subject).to.equal(done.lot);
    expect(
      call.steps.reduce((sum, { reward }) => sum + reward, 0n),
      subject,
    ).to.equal(done.reward);
    const { length: legs } = mirror.ledger.legsOf(candidate.account);
    // The build of tests uses more than the one that is deployed.
    if (call.lot !== undefined || call.steps.length > 0)
      expect(Number(done.gas) / Number(gasOf(call, legs)), subject).to.be.within(0.9, 2);
    if (asset === WETH && call.steps.some(({ stage }) => stage === "offset"))
      counts["insured"] = (counts["insured"] ?? 0) + 1;
    for (const { stage } of call.steps) counts[stage] = (counts[stage] ?? 0) + 1;
    if (call.lot !== undefined) counts["auction"] = (counts["auction"] ?? 0) + 1;
    if (call.lot === undefined && call.steps.length === 0) counts["none"] = (counts["none"] ?? 0) + 1;
  }

  async function setTerms(terms: Partial<typeof STAGE_TERMS>): Promise<void> {
    for (const asset of made.prices.keys()) await made.world.liquidator.setTerms(asset, { ...STAGE_TERMS, ...terms });
  }

  /** Every price falls to so many percent within half a day. */
  async function drift(percent: bigint): Promise<void> {
    await made.world.connection.networkHelpers.time.increase(50_000n);
    for (const [asset, price] of made.prices) {
      made.prices.set(asset, (price * percent) / 100n);
      await setPrice(made.world, asset, (price * percent) / 100n);
    }
  }

  async function latch(): Promise<void> {
    await made.world.router.latch([...made.prices.keys()]);
    await follow();
  }

  async function openLots(): Promise<void> {
    await latch();
    for (const { account, asset } of watch.liquidatable(undefined, watch.time + 3n))
      await made.world.liquidator.liquidate(account, asset, KEEPER, { gasLimit: 12_000_000n }).catch(() => undefined);
  }

  async function round(): Promise<void> {
    await latch();
    const time = watch.time + 3n;
    for (const candidate of watch.liquidatable(undefined, time))
      for (const asset of mirror.ledger.legsOf(candidate.account)) await compare(candidate, BigInt(asset), time);
    for (const candidate of watch.overborrowed(undefined, time)) {
      await compare(candidate, candidate.asset, time);
      counts["sale"] = (counts["sale"] ?? 0) + 1;
    }
  }

  it("stages, sizes and the keeper's reward are the chain's, to the wei", async () => {
    // A calm market without pools: lots that are over go to the backstop.
    await setTerms({ reduceImpact: 0n, window: 0n });
    for (let i = 0; i < 2; i++) {
      await drift(91n);
      await latch();
    }
    await openLots();
    await made.world.connection.networkHelpers.time.increase(700n);
    await round();
    await setTerms({});
    for (const percent of [15, 25, 40]) {
      await shake(made, percent);
      await round();
    }
    await openLots();
    await made.world.connection.networkHelpers.time.increase(700n);
    await round();
    for (const narrow of [{ inFlight: 10n }, { inFlight: 10n, backstop: 0n }]) {
      await setTerms(narrow);
      await shake(made, 30);
      await round();
    }
    await disturb(made);
    await round();
    console.log(`      ${JSON.stringify(counts)}`);
    for (const stage of ["reduce", "auction", "absorb", "offset"]) expect(counts[stage]).to.be.greaterThan(0);
  });

  it("a lot is what a bid would find, while its clock goes", async () => {
    const { world } = made;
    const { time: clock } = world.connection.networkHelpers;
    await openLots();
    let found = 0;
    for (let i = 0; i < 4; i++) {
      await clock.increase(7n);
      await latch();
      const room = roomOf(watch);
      for (const { account, asset } of mirror.ledger.lots.live()) {
        const ours = offeredOf(watch, room, account, BigInt(asset));
        const { size, least, price, premium, start, end } = await world.liquidator.lotOf(account, asset);
        expect(ours?.size ?? 0n).to.equal(size);
        if (ours === undefined) continue;
        expect(ours).to.include({ size, least, price, premium, start, end });
        found++;
      }
    }
    counts["lot"] = found;
    expect(found).to.be.greaterThan(0);
  });
});

describe("Plan: order, batches and reasons", () => {
  const liquidator = "0x00000000000000000000000000000000000000b3";
  const base: Orders = { liquidator, keeper: KEEPER, costs: COST, block: 12n };

  /** The made-up ledger has no closing chain: its terms come in a block of their own. */
  function crashed(accounts = 600, bps = 2_500n) {
    const economy = crowdOf({ accounts, markets: 3, legs: 2 });
    const watch = new Watch(economy.ledger);
    economy.beginBlock();
    economy.setTerms();
    watch.apply(economy.endBlock());
    const marks = new Map(
      economy.markets.map((asset) => [BigInt(asset), ((economy.prices.get(asset) ?? 0n) * (10_000n - bps)) / 10_000n]),
    );
    return { watch, marks, candidates: watch.liquidatable(marks), orders: { ...base, marks } };
  }

  it("everybody is planned or left out with a reason, the urgent first", () => {
    const { watch, candidates, orders } = crashed();
    const { planned, left, intents } = plan(watch, candidates, { ...orders, most: 40 });
    expect(planned.length + left.length).to.equal(candidates.length);
    const all = [...planned, ...left].map(({ candidate }) => candidate.account);
    expect(new Set(all)).to.deep.equal(new Set(candidates.map(({ account }) => account)));
    planned.slice(1).forEach((next, i) => {
      const [before] = planned.slice(i);
      expect(before?.urgency).to.be.at.least(next.urgency);
    });
    for (const { accounts } of intents) {
      const batch = planned.filter(({ candidate }) => accounts.includes(candidate.account));
      const last = batch.at(-1);
      for (const { urgency, profit } of batch)
        expect(urgency > (last?.urgency ?? 0) || profit.net >= (last?.profit.net ?? 0n)).to.equal(true);
    }
    expect(planned[0]?.urgency).to.equal(Urgency.Orphaned);
    expect(intents.flatMap(({ accounts }) => accounts)).to.deep.equal(
      planned.map(({ candidate }) => candidate.account),
    );
    expect(left.every(({ why }) => sentenceOf(why).length > 10)).to.equal(true);
  });

  it("batches have a fixed gas per entry and say the same whoever plans them", () => {
    const { watch, candidates, orders } = crashed();
    const { intents } = plan(watch, candidates, { ...orders, gasPerEntry: 2_000_000n, gas: 10_000_000n });
    const [first] = intents;
    expect(first?.accounts.length).to.equal(4);
    expect(first?.gas).to.equal(10_000_000n);
    const { functionName, args } = decodeFunctionData({ abi: liquidatorAbi, data: first?.data ?? "0x" });
    expect(functionName).to.equal("liquidateMany");
    const [entries, keeper] = args as unknown as [readonly { account: bigint }[], bigint];
    expect(entries.map(({ account }) => account)).to.deep.equal(first?.accounts);
    expect(keeper).to.equal(KEEPER);
    const again = plan(watch, candidates.toReversed(), { ...orders, gasPerEntry: 2_000_000n, gas: 10_000_000n });
    expect(again.intents.map(({ key }) => key)).to.deep.equal(intents.map(({ key }) => key));
    expect(new Set(intents.map(({ key }) => key)).size).to.equal(intents.length);
    const candidate = candidates.find(({ account }) => account === first?.accounts[0]);
    if (candidate === undefined) throw new TypeError("nobody fell");
    const alone = plan(watch, [candidate], orders);
    expect(alone.intents[0]?.key).to.equal(deedOf(candidate.account));
  });

  it("profits add up, and what costs more than it brings is left out", () => {
    const { watch, candidates, orders } = crashed();
    for (const { profit, gasUsed } of plan(watch, candidates, orders).planned) {
      const { reward, later, premium, gas, hedge, inventory, net } = profit;
      expect(reward + later + premium - gas - hedge - inventory).to.equal(net);
      expect(gas).to.equal(gasCost(COST, gasUsed));
      expect(parts(profit)).to.match(/ = -?\d+\.\d{6}$/);
    }
    const dear = { ...orders, costs: { ...COST, gasPrice: 10n ** 13n } };
    const { planned, left } = plan(watch, candidates, dear);
    expect(planned).to.deep.equal([]);
    expect(left.every(({ why }) => why.kind === "hopeless" || why.kind === "unprofitable")).to.equal(true);
  });

  it("a loss is allowed to a bound of each deed and of all together, and paid for by as much gas", () => {
    const { watch, candidates, orders } = crashed();
    const costs = { ...COST, gasPrice: 10n ** 13n };
    const free = plan(watch, candidates, { ...orders, costs: { ...costs, least: -100_000n * WAD } });
    expect(free.planned.length).to.be.greaterThan(10);
    const lost = free.planned.map(({ profit }) => (profit.net < 0n ? -profit.net : 0n));
    const half = lost.reduce((sum, loss) => sum + loss, 0n) / 2n;
    const bounded = plan(watch, candidates, {
      ...{ ...orders, costs: { ...costs, least: -100_000n * WAD } },
      mayLose: half,
    });
    const sums = bounded.intents.map(({ loss = 0n }) => loss);
    expect(sums.reduce((sum, loss) => sum + loss, 0n) <= half).to.equal(true);
    expect(bounded.planned.length).to.be.within(1, free.planned.length - 1);
    const spent = bounded.left.find(({ why }) => why.kind === "spent");
    expect(spent && sentenceOf(spent.why)).to.match(/is left to lose in this hour$/);
    for (const { accounts, profit, budget } of free.intents)
      expect(budget).to.equal(profit + 100_000n * WAD * BigInt(accounts.length));
  });

  it("a batch in which everything would be skipped meets an objection", () => {
    const { watch, candidates, orders } = crashed();
    const { intents } = plan(watch, candidates, orders);
    const batch = intents.find(({ accounts }) => accounts.length > 1);
    const answer = (...reasons: Hex[]): Hex =>
      encodeFunctionResult({ abi: liquidatorAbi, functionName: "liquidateMany", result: reasons });
    expect(batch?.objection?.(answer("0x", "0x12345678"))).to.equal(undefined);
    expect(batch?.objection?.(answer("0x12345678", "0x12345678"))).to.match(/^all 2 entries would be skipped/);
    expect(batch?.gasUsed).to.be.greaterThan(200_000n * BigInt(batch?.accounts.length ?? 0));
  });

  it("what one call uses of a stage is not there for the next", () => {
    const { watch, candidates, orders } = crashed(4_000, 3_000n);
    const { planned, left } = plan(watch, candidates, { ...orders, most: 10_000 });
    const offered = planned.reduce((sum, { call }) => sum + (call.lot?.notional ?? 0n), 0n);
    // Five percent of a depth of 100 million in each of three markets.
    expect(offered <= 15_000_000n * WAD).to.equal(true);
    expect(offered > 0n).to.equal(true);
    expect(left.every(({ why }) => ["nothing", "unprofitable", "hopeless"].includes(why.kind))).to.equal(true);
  });

  it("nor what one on its way is going to use", () => {
    const { watch, candidates, orders } = crashed(4_000, 3_000n);
    const all = { ...orders, most: 10_000, costs: { ...COST, least: -1_000n * WAD } };
    const lots = ({ planned }: ReturnType<typeof plan>): bigint =>
      planned.reduce((sum, { call }) => sum + (call.lot?.notional ?? 0n), 0n);
    const first = plan(watch, candidates, all);
    const sent = new Set(first.planned.map(({ candidate }) => deedOf(candidate.account)));
    const busy = (key: string): boolean => sent.has(key);
    const both = lots(first) + lots(plan(watch, candidates, { ...all, busy, underWay: busy }));
    expect(both <= 15_000_000n * WAD).to.equal(true);
    expect(lots(first) + lots(plan(watch, candidates, { ...all, busy })) > both).to.equal(true);
  });

  it("who waits behind others that lead to nothing gets his turn", () => {
    const { watch, candidates, orders } = crashed();
    const tries = new Map<string, number>();
    const seen = new Set<bigint>();
    for (let i = 0; i < 40; i++) {
      const { planned, left } = plan(watch, candidates, { ...orders, most: 5, tries });
      for (const { candidate } of planned) tries.set(deedOf(candidate.account), 1_000);
      for (const { candidate, why } of left) if (why.kind !== "queued") seen.add(candidate.account);
      for (const { candidate } of planned) seen.add(candidate.account);
    }
    expect(seen.size).to.equal(candidates.length);
  });

  it("only who is new, when so asked; the others are counted", () => {
    const { watch, candidates, orders } = crashed();
    const tries = new Map<string, number>();
    const all = plan(watch, candidates, { ...orders, onlyNew: true, tries });
    expect(all.waiting).to.equal(0);
    expect(all.planned.length + all.left.length).to.equal(candidates.length);
    const next = plan(watch, candidates, { ...orders, onlyNew: true, tries });
    expect(next.left).to.deep.equal([]);
    expect(next.waiting).to.equal(candidates.length - all.planned.length);
    const thorough = plan(watch, candidates, { ...orders, tries });
    expect(thorough.waiting).to.equal(0);
    expect(thorough.planned.length + thorough.left.length).to.equal(candidates.length);
  });

  it("an account has one of the reasons, or a plan", () => {
    const { watch, candidates, orders } = crashed();
    const fallen = new Set(candidates.map(({ account }) => account));
    const kinds = new Set<string>();
    for (const account of watch.ledger.accounts()) {
      const told = explain(watch, account, orders);
      if ("kind" in told) kinds.add(told.kind);
      expect(["flat", "healthy", "guarded"].includes("kind" in told ? told.kind : "")).to.equal(!fallen.has(account));
    }
    expect([...kinds]).to.include.members(["flat", "healthy"]);
    const [one] = candidates;
    const busy = explain(watch, one?.account ?? 0n, { ...orders, busy: () => true });
    expect(busy).to.deep.equal({ kind: "busy", key: deedOf(one?.account ?? 0n) });
    expect(explain(watch, INSURANCE_ROW, orders)).to.deep.equal({ kind: "flat" });
  });
});
