// Each strategy on a chain of this process: what it plans at a block, and that what it plans works.
import { Ledger, Mirror, ProviderRpc, RpcSource } from "@ballast/mirror";
import {
  accountId,
  createClient,
  deposit,
  approve,
  confirm,
  getFillable,
  getOrder,
  open,
  parseCash,
  parsePrice,
  parseSize,
  parseUnits,
  setOperator,
  signOrder,
  type Client,
  type Deployment,
  type SignedOrder,
} from "@ballast/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { Watch } from "../../packages/keeper/src/book/watch.js";
import { readSettings, type Settings } from "../../packages/keeper/src/config/index.js";
import { logsOf } from "../../packages/keeper/src/run/open.js";
import { Health } from "../../packages/keeper/src/run/health.js";
import { openLog } from "../../packages/keeper/src/run/log.js";
import { Losses } from "../../packages/keeper/src/run/losses.js";
import { Metrics } from "../../packages/keeper/src/run/metrics.js";
import { Webhook, type Alert } from "../../packages/keeper/src/run/webhook.js";
import type { Intent } from "../../packages/keeper/src/send/intent.js";
import { openStore } from "../../packages/keeper/src/store/open.js";
import { MarginCall } from "../../packages/keeper/src/strategies/alert.js";
import { Bid } from "../../packages/keeper/src/strategies/bid.js";
import { Crank } from "../../packages/keeper/src/strategies/crank.js";
import { Deleverage } from "../../packages/keeper/src/strategies/deleverage.js";
import { UpdatesUnreadable } from "../../packages/keeper/src/strategies/errors.js";
import { Accrual } from "../../packages/keeper/src/strategies/funding.js";
import { Liquidate } from "../../packages/keeper/src/strategies/liquidate.js";
import { OrderBook, parseOrders, writeOrders } from "../../packages/keeper/src/strategies/orderBook.js";
import { Poke, fetchUpdate } from "../../packages/keeper/src/strategies/poke.js";
import { Quote, quotesAround } from "../../packages/keeper/src/strategies/quote.js";
import { strategiesOf } from "../../packages/keeper/src/strategies/index.js";
import type { Snapshot } from "../../packages/keeper/src/strategies/strategy.js";
import { Triggers } from "../../packages/keeper/src/strategies/triggers.js";
import { describeWorld, tradersOf, type Trader } from "../../scripts/clients.js";
import {
  POOL_TERMS,
  STAGE_TERMS,
  WAD,
  deployLocal,
  openBackstop,
  openInsurance,
  openPool,
  setPrice,
  setStages,
  type World,
} from "../../scripts/local.js";
import { snapshotOf } from "./support/snapshot.js";

const ETH = 1n;
const BTC = 2n;
const UNIT = 1_000_000n;
/** Of the second account of the chain, who makes the market. */
const MAKER = privateKeyToAccount("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

const strategies = (more: object): Settings["strategies"] => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-strategy-"));
  const file = join(folder, "keeper.json");
  writeFileSync(file, JSON.stringify({ strategies: more }));
  const settings = readSettings(file, {});
  rmSync(folder, { recursive: true });
  return settings.strategies;
};

describe("Keeper: quotes around the mark", () => {
  const terms = { spread: 10, skew: 20, size: 10_000n * WAD, inventory: 40_000n * WAD };
  const mark = 2_000n * WAD;

  it("stand on both sides, as far as the spread says", () => {
    expect(quotesAround(mark, 0n, terms)).to.deep.equal([
      { size: 5n * WAD, limit: parsePrice("1998") },
      { size: -5n * WAD, limit: parsePrice("2002") },
    ]);
  });

  it("lean against the inventory", () => {
    const [bid, offer] = quotesAround(mark, 10n * WAD, terms);
    // Half of the inventory: half of the skew lower, which is 2.
    expect([bid?.limit, offer?.limit]).to.deep.equal([parsePrice("1996.002"), parsePrice("1999.998")]);
    const [, dearer] = quotesAround(mark, -10n * WAD, terms);
    expect(dearer?.limit).to.equal(parsePrice("2004.002"));
  });

  it("never leave the bounds of the inventory", () => {
    for (let held = -30n; held <= 30n; held++)
      for (const { size } of quotesAround(mark, held * WAD, terms)) {
        const after = held * WAD + size;
        const [before, bound] = [held < 0n ? -held * WAD : held * WAD, 20n * WAD];
        expect((after < 0n ? -after : after) <= bound || before > bound).to.equal(true);
      }
    expect(quotesAround(mark, 20n * WAD, terms).map(({ size }) => size)).to.deep.equal([-5n * WAD]);
    expect(quotesAround(mark, 0n, { ...terms, size: 0n })).to.deep.equal([]);
  });
});

describe("Keeper: alerts and health", () => {
  it("are told again until they are taken, and not when they are refused", async () => {
    const statuses = [500, 429, 200, 400];
    const got: Alert[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        got.push(JSON.parse(Buffer.concat(chunks).toString()) as Alert);
        response.writeHead(statuses.shift() ?? 200).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const metrics = new Metrics();
    const webhook = new Webhook({ url, retries: 5, pause: 1 }, openLog("silent"), metrics);
    webhook.tell({ kind: "stalled", text: "no block", block: 7n });
    webhook.tell({ kind: "ended", text: "gone" });
    await webhook.flush();
    expect(got.map(({ kind }) => kind)).to.deep.equal(["stalled", "stalled", "stalled", "ended"]);
    expect(got[0]).to.include({ text: "no block", block: "7" });
    const told = await metrics.registry.getSingleMetricAsString("ballast_keeper_alerts_total");
    expect(told)
      .to.match(/kind="stalled",result="told"} 1/)
      .and.to.match(/kind="ended",result="lost"} 1/);
    server.close();
  });

  it("looks at what the loop did", async () => {
    let [now, store] = [1_000_000, Promise.resolve()];
    const options = { stall: 10, silence: 30, tryStore: () => store, now: () => now };
    const health = new Health(options, new Metrics());
    expect((await health.ready()).faults).to.deep.equal(["not yet at the head"]);
    health.looked(true);
    health.handle(5, 1_000n, true);
    expect(await health.ready()).to.deep.equal({ ok: true, faults: [], block: 5, age: 0 });
    now += 11_000;
    expect((await health.ready()).faults[0]).to.match(/^the last block is 11.0 s old/);
    expect((await health.alive()).ok).to.equal(true);
    now += 20_000;
    expect((await health.alive()).faults).to.deep.equal(["no look at the head for 31.0 s"]);
    health.looked(true);
    health.handle(6, 1_031n, true);
    store = Promise.reject(new TypeError("disk is full"));
    expect((await health.ready()).faults).to.deep.equal(["the store failed: disk is full"]);
    health.end("gone");
    expect((await health.alive()).faults).to.deep.equal(["the loop ended: gone"]);
  });
});

describe("Keeper: what may be lost", () => {
  const intent = (key: string, more: Partial<Intent> = {}): Intent => ({
    ...{ key, strategy: "liquidate", to: MAKER.address, data: "0x", gas: 1n, accounts: [], profit: 0n, urgency: 0 },
    ...{ block: 1n, ...more },
  });
  const included = { kind: "included", hash: "0x", block: 1n, gasUsed: 30n, reverted: false } as const;
  const costOf = (gas: bigint): bigint => gas;

  it("is what was planned while it is on its way, then what it was, for an hour", async () => {
    let now = 10_000_000;
    const store = await openStore(":memory:");
    const losses = await Losses.load(store, "me", () => now);
    const [dear, cheap, vain] = [intent("a", { loss: 50n }), intent("b", { profit: 90n }), intent("c", { loss: 7n })];
    for (const one of [dear, cheap, vain]) losses.begin(one);
    expect([losses.of("liquidate"), losses.of("bid")]).to.deep.equal([57n, 0n]);
    await losses.end("dear", dear, included, costOf);
    await losses.end("cheap", cheap, included, costOf);
    await losses.end("vain", vain, { kind: "taken" }, costOf);
    expect(losses.of("liquidate")).to.equal(30n);
    await losses.end("d", intent("d", { profit: 90n }), { ...included, reverted: true }, costOf);
    expect(losses.of("liquidate")).to.equal(60n);
    now += 3_600_000;
    expect(losses.of("liquidate")).to.equal(0n);
    await store.close();
  });

  it("is known after a restart", async () => {
    const store = await openStore(":memory:");
    const lease = await store.claim("wallet", "me", 60_000);
    if (lease === undefined) throw new TypeError("nobody else is there");
    const attempt = { serial: 0, purpose: "deed", maxFee: 1n, tip: 1n, gas: 1n, raw: "0x", block: 1 } as const;
    const [at, before] = [Date.now(), Date.now() - 3_700_000];
    await store.begin(lease, [
      { id: "1", intent: intent("a", { loss: 50n }), attempt: { ...attempt, hash: "0x1", nonce: 0, at } },
    ]);
    await store.begin(lease, [
      { id: "2", intent: intent("b", { loss: 20n }), attempt: { ...attempt, hash: "0x2", nonce: 1, at: before } },
    ]);
    await store.begin(lease, [
      { id: "3", intent: intent("c", { loss: 3n }), attempt: { ...attempt, hash: "0x3", nonce: 2, at } },
    ]);
    await store.settle(lease, 2, undefined, { kind: "cancelled" });
    expect((await Losses.load(store, "me again")).of("liquidate")).to.equal(50n);
    await store.lose("1", 30n);
    await store.lose("3", 9n);
    expect((await Losses.load(store, "me again")).of("liquidate")).to.equal(30n);
    expect((await Losses.load(store, "me")).of("liquidate")).to.equal(0n);
    await store.close();
  });
});

describe("Keeper: signed orders as they travel", () => {
  it("come back as they were, whatever stands between them", async () => {
    const world = await deployLocal(await network.create());
    const [{ client, account }] = (await tradersOf(world, 1, (await describeWorld(world)).addresses)) as [Trader];
    const terms = { account, asset: 1, size: parseSize("-1"), limit: parsePrice("1700"), nonce: 7n, expiry: 2n ** 40n };
    const signed = await signOrder(client, { ...terms, condition: "MarkAtMost", level: parsePrice("1800") });
    const { orders, bad } = parseOrders(`${writeOrders([signed])}\nnonsense\n{"order":{}}\n`);
    expect(orders).to.deep.equal([signed]);
    expect(bad).to.equal(2);
    expect(await new OrderBook(join(tmpdir(), "no-such-orders"), 0).all()).to.deep.equal([]);
  });
});

describe("Keeper: strategies", function () {
  this.timeout(60_000);
  let world: World;
  let client: Client;
  let deployment: Deployment;
  let mirror: Mirror;
  let watch: Watch;
  let trader: Trader;
  let maker: Trader;
  let restore: { restore(): Promise<void> };
  let payee: bigint;
  let keeper: Awaited<ReturnType<World["connection"]["ethers"]["getSigners"]>>[number];

  before(async () => {
    const connection = await network.create();
    world = await deployLocal(connection);
    const pool = await openPool(world, ETH, 5_000_000n * UNIT);
    const backstop = await openBackstop(world, 500_000n * UNIT);
    await openInsurance(world, 50_000n * UNIT);
    const runner = await connection.ethers.deployContract("LotRunner", [world.liquidator, world.exchange, world.lens]);
    deployment = await describeWorld(world, {
      backstopPool: (await backstop.getAddress()) as Address,
      lotRunner: (await runner.getAddress()) as Address,
    });
    expect(await pool.getAddress()).to.match(/^0x/);
    const [first, second] = await tradersOf(world, 2, deployment.addresses);
    [maker, trader] = [first as Trader, second as Trader];
    client = createClient({ source: { publicClient: trader.client.publicClient }, addresses: deployment.addresses });
    for (const each of [maker, trader]) await give(each, each === maker ? "300000" : "2500");
    await confirm(
      trader.client,
      await open(trader.client, { account: trader.account, asset: 1, size: parseSize("10") }),
    );
    keeper = (await connection.ethers.getSigners())[5] as typeof keeper;
    payee = accountId(keeper.address as Address);
    const source = new RpcSource(new ProviderRpc(connection.provider));
    mirror = new Mirror(new Ledger(await logsOf(deployment, client), { depth: 1_000 }), source);
    await mirror.catchUp();
    watch = new Watch(mirror.ledger);
    restore = await connection.networkHelpers.takeSnapshot();
  });

  afterEach(async () => {
    await restore.restore();
    restore = await world.connection.networkHelpers.takeSnapshot();
  });

  async function give({ client: own, account, address }: Trader, whole: string): Promise<void> {
    await world.quote.mint(address, parseUnits(whole, 6));
    await confirm(own, await approve(own, { amount: parseUnits(whole, 6) }));
    await confirm(own, await deposit(own, { account, amount: parseUnits(whole, 6) }));
  }

  const busy = new Set<string>();
  beforeEach(() => busy.clear());

  /** What is known now. */
  async function snapshot(): Promise<Snapshot> {
    for await (const change of mirror.toHead()) watch.apply(change);
    return snapshotOf({ client, deployment, watch, payee, ledger: mirror.ledger }, busy);
  }

  const send = async ({ to, data, gas, value = 0n }: Intent): Promise<void> => {
    const sent = await keeper.sendTransaction({ to, data, gasLimit: gas, value });
    expect((await sent.wait())?.status).to.equal(1);
  };

  const keys = ({ intents }: { intents: readonly Intent[] }): string[] => intents.map(({ key }) => key);

  const wait = (seconds: number): Promise<number> => world.connection.networkHelpers.time.increase(seconds);

  it("liquidate: who falls, with the reason of who is left out", async () => {
    const strategy = new Liquidate(strategies({}).liquidate);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    await setPrice(world, ETH, parsePrice("1820"));
    const dear = new Liquidate(strategies({ liquidate: { least: "100000" } }).liquidate);
    const { intents: none, decisions } = await dear.plan(await snapshot());
    expect(none).to.deep.equal([]);
    expect(decisions[0]).to.include({ account: trader.account, strategy: "liquidate" });
    expect(decisions[0]?.reason).to.match(/^(unprofitable|hopeless)$/);
    expect(decisions[0]?.detail).to.match(/100000/);
    const { intents } = await strategy.plan(await snapshot());
    expect(intents.map(({ accounts }) => accounts)).to.deep.equal([[trader.account]]);
    expect(intents[0]?.gasUsed).to.equal(345_000n);
    await send(intents[0] as Intent);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
  });

  it("bid: with inventory when the premium pays, never beyond its bounds", async () => {
    const taker = String(maker.account);
    const settings = strategies({ bid: { enabled: true, taker, ask: 1, least: "0", run: false } }).bid;
    // Nobody but bidders: no reduction into the pool.
    await world.liquidator.setTerms(ETH, { ...STAGE_TERMS, reduceImpact: 0n, window: 0n });
    await setPrice(world, ETH, parsePrice("1820"));
    await world.liquidator.liquidate(trader.account, ETH, payee, { gasLimit: 5_000_000n });
    expect(keys(await new Bid(settings).plan(await snapshot()))).to.deep.equal([]);
    await wait(300);
    const plan = await new Bid(settings).plan(await snapshot());
    expect(keys(plan)).to.deep.equal([`bid:${trader.account}:1`]);
    expect(plan.intents[0]?.profit).to.be.greaterThan(0n);
    expect(keys(await new Bid(settings, [4]).plan(await snapshot()))).to.deep.equal([]);
    expect(keys(await new Bid(settings, [1, 4]).plan(await snapshot()))).to.have.length(1);
    busy.add(`bid:${trader.account}:1`);
    expect(keys(await new Bid(settings).plan(await snapshot()))).to.deep.equal([]);
    busy.clear();
    expect(keys(await new Bid({ ...settings, inventory: 10n * WAD }).plan(await snapshot()))).to.deep.equal([]);
    // Whoever holds more than that already takes nothing, and does not fail.
    const full = { ...settings, taker: trader.account, inventory: 10n * WAD };
    expect(keys(await new Bid(full).plan(await snapshot()))).to.deep.equal([]);
    const before = await world.house.positionOf(maker.account, ETH);
    await confirm(
      maker.client,
      await setOperator(maker.client, { operator: keeper.address as Address, approved: true }),
    );
    await send((await new Bid(settings).plan(await snapshot())).intents[0] as Intent);
    expect((await world.house.positionOf(maker.account, ETH)).size).to.be.greaterThan(before.size);
    await setStages(world, ETH);
  });

  it("bid: without inventory through the runner, when the pool pays for it", async () => {
    const settings = strategies({ bid: { enabled: true, least: "0" } }).bid;
    await world.liquidator.setTerms(ETH, { ...STAGE_TERMS, reduceImpact: 0n, window: 0n });
    await setPrice(world, ETH, parsePrice("1820"));
    await world.liquidator.liquidate(trader.account, ETH, payee, { gasLimit: 5_000_000n });
    await wait(590);
    await setPrice(world, ETH, parsePrice("1820"));
    const [intent] = (await new Bid(settings).plan(await snapshot())).intents;
    expect(intent?.to).to.equal(deployment.addresses.lotRunner);
    const before = await world.house.cashOf(payee);
    await send(intent as Intent);
    expect(await world.house.cashOf(payee)).to.be.greaterThan(before);
  });

  it("crank: shares out fees above the bound, for no more than it may cost", async () => {
    const settings = { ...strategies({}).crank, fees: 1n };
    const plan = await new Crank(settings).plan(await snapshot());
    expect(keys(plan)).to.deep.equal(["fees"]);
    await send(plan.intents[0] as Intent);
    expect(keys(await new Crank(settings).plan(await snapshot()))).to.deep.equal([]);
    expect(keys(await new Crank({ ...settings, fees: 0n, cost: 0n }).plan(await snapshot()))).to.deep.equal([]);
  });

  /** A lot for all that the trader holds. */
  async function offerLot(): Promise<void> {
    await world.liquidator.setTerms(ETH, { ...STAGE_TERMS, reduceImpact: 0n, window: 0n });
    await setPrice(world, ETH, parsePrice("1820"));
    await world.liquidator.liquidate(trader.account, ETH, payee, { gasLimit: 5_000_000n });
  }

  it("crank: unwinds what the backstop took into the pool", async () => {
    const strategy = new Crank(strategies({ crank: { cost: "100" } }).crank);
    await offerLot();
    await wait(700);
    await setPrice(world, ETH, parsePrice("1820"));
    await world.liquidator.liquidate(trader.account, ETH, payee, { gasLimit: 5_000_000n });
    const held = async (): Promise<bigint> => {
      const { ledger } = await snapshot();
      return ledger.legs(ledger.lots.backstop).reduce((sum, { size }) => sum + size, 0n);
    };
    const before = await held();
    expect(before).to.be.greaterThan(0n);
    // After such a fall a pool would ask for every second that its price is old.
    const { owner } = await world.house.poolOf(ETH);
    await world.configurator.setPool(ETH, { owner, ...POOL_TERMS, ageFactor: 0n });
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal(["unwind:1"]);
    await send(plan.intents[0] as Intent);
    expect(await held()).to.be.lessThan(before);
  });

  it("crank: takes away a lot that is over and that nobody needs", async () => {
    const strategy = new Crank(strategies({ crank: { cost: "100" } }).crank);
    await offerLot();
    await setPrice(world, ETH, parsePrice("2000"));
    expect(keys(await strategy.plan(await snapshot())), "while it is on offer").to.deep.equal([]);
    await wait(700);
    await setPrice(world, ETH, parsePrice("2000"));
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal([`sweep:${trader.account}:1`]);
    await send(plan.intents[0] as Intent);
    expect([...(await snapshot()).ledger.lots.live()]).to.deep.equal([]);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
  });

  it("deleverage: has a deficit paid, and does not ask again in vain", async () => {
    const settings = strategies({ deleverage: { least: "0.1" } }).deleverage;
    const strategy = new Deleverage(settings);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    await setPrice(world, ETH, parsePrice("500"));
    for (let i = 0; i < 6; i++) {
      await world.liquidator.liquidate(trader.account, ETH, payee, { gasLimit: 9_000_000n }).catch(() => undefined);
      await wait(700);
      await setPrice(world, ETH, parsePrice("500"));
    }
    const standing = (await snapshot()).ledger.markets.standing();
    expect(standing.length, "a deficit stands").to.equal(1);
    for (let i = 0; i < 6; i++)
      for (const intent of (await strategy.plan(await snapshot())).intents) await send(intent);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    // The next hour has a budget of its own.
    await wait(3_700);
    await setPrice(world, ETH, parsePrice("500"));
    const before = (await snapshot()).ledger.markets.deficitOf(1);
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal(["pay:1"]);
    await send(plan.intents[0] as Intent);
    expect((await snapshot()).ledger.markets.deficitOf(1)).to.be.lessThan(before);
  });

  it("triggers: when the price is there, and the tip pays", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-orders-"));
    const file = join(folder, "orders");
    const terms = { account: trader.account, asset: 1, limit: parsePrice("1"), expiry: 2n ** 40n, reduceOnly: true };
    const stop = { ...terms, condition: "MarkAtMost", level: parsePrice("1950") } as const;
    const paid = await signOrder(trader.client, { ...stop, size: parseSize("-1"), nonce: 1n, tip: parseCash("1") });
    const unpaid = await signOrder(trader.client, { ...stop, size: parseSize("-1"), nonce: 2n });
    const early = { ...terms, condition: "HealthBelow", level: parseSize("1.9"), target: 2n * WAD } as const;
    const safer = await signOrder(trader.client, { ...early, size: parseSize("-5"), nonce: 3n, tip: parseCash("2") });
    writeFileSync(file, writeOrders([paid, unpaid, safer]));
    const strategy = new Triggers(strategies({}).triggers, new OrderBook(file, 0));
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    await setPrice(world, ETH, parsePrice("1940"));
    const plan = await strategy.plan(await snapshot());
    const hash = async (signed: SignedOrder): Promise<string> => (await getOrder(client, signed)).hash;
    expect(keys(plan)).to.have.members([`execute:${await hash(paid)}`, `execute:${await hash(safer)}`]);
    expect(plan.decisions[0]).to.include({ account: trader.account, reason: "TipTooSmall" });
    const stopped = `execute:${await hash(paid)}`;
    await send(plan.intents.find(({ key }) => key === stopped) as Intent);
    expect((await getOrder(client, paid)).left).to.equal(0n);
    rmSync(folder, { recursive: true });
  });

  it("poke: latches what has moved enough", async () => {
    const strategy = new Poke(strategies({ poke: { move: 50, cost: "100" } }).poke, []);
    const before = await strategy.plan(await snapshot());
    expect(keys(before)).to.deep.equal([]);
    await setPrice(world, BTC, parsePrice("60200"));
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    await setPrice(world, BTC, parsePrice("60600"));
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal(["latch:2"]);
    await send(plan.intents[0] as Intent);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    const aged = new Poke(strategies({ poke: { age: 1_000, cost: "100" } }).poke, []);
    await wait(1_001);
    await world.connection.networkHelpers.mine();
    expect(keys(await aged.plan(await snapshot()))[0]).to.match(/^latch:/);
  });

  it("poke: brings the update of a price service when it says something else", async () => {
    const feed = `0x${"ab".repeat(32)}` as const;
    const service = await Service.open((path) =>
      path.includes(feed)
        ? { binary: { data: ["504e4155"] }, parsed: [{ price: { price: "190000000000", expo: -8 } }] }
        : { parsed: [] },
    );
    const source = { asset: 1, address: `0x${"77".repeat(20)}`, feed } as const;
    const settings = strategies({ poke: { updates: service.url, cost: "100" } }).poke;
    const { intents } = await new Poke(settings, [source]).plan(await snapshot());
    expect(intents[0]).to.include({ key: `update:1:${source.address}`, to: source.address, value: 1n });
    expect(await fetchUpdate(service.url, feed)).to.deep.equal({ price: parsePrice("1900"), update: "0x504e4155" });
    const failed = await fetchUpdate(service.url, `0x${"cd".repeat(32)}`).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(UpdatesUnreadable);
    service.close();
  });

  it("funding: once in a while, where there is any", async () => {
    const strategy = new Accrual(strategies({ funding: { every: 3_600, cost: "100" } }).funding);
    expect(keys(strategy.plan(await snapshot()))).to.deep.equal([]);
    await wait(3_700);
    const plan = strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal(["accrue:1"]);
    await send(plan.intents[0] as Intent);
    expect(keys(strategy.plan(await snapshot()))).to.deep.equal([]);
  });

  it("quote: signs what the exchange takes, renews it when the price moves, takes the old back", async () => {
    const published: (readonly SignedOrder[])[] = [];
    const settings = { ...strategies({ quote: { size: "4000", inventory: "40000" } }).quote, account: maker.account };
    const publish = (orders: readonly SignedOrder[]): Promise<void> => {
      published.push(orders);
      return Promise.resolve();
    };
    const strategy = new Quote(settings, [1], MAKER, publish);
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    const [bid, offer] = published[0] ?? [];
    expect(await getFillable(client, { signed: bid as SignedOrder })).to.equal(2n * WAD);
    expect(await getFillable(client, { signed: offer as SignedOrder })).to.equal(2n * WAD);
    await strategy.plan(await snapshot());
    expect(published).to.have.length(1);
    await setPrice(world, ETH, parsePrice("2010"));
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal([`cancel:${maker.account}`]);
    expect(published).to.have.length(2);
    await confirm(
      maker.client,
      await setOperator(maker.client, { operator: keeper.address as Address, approved: true }),
    );
    await send(plan.intents[0] as Intent);
    expect((await getOrder(client, bid as SignedOrder)).used).to.equal(true);
    expect((await getOrder(client, published[1]?.[0] as SignedOrder)).used).to.equal(false);
  });

  it("quote: hedges what it has too much of", async () => {
    const bounds = { size: "1000", inventory: "10000", hedge: true, hedgeAbove: 5_000, hedgeCost: 100 };
    const settings = { ...strategies({ quote: bounds }).quote, account: maker.account };
    const strategy = new Quote(settings, [1], MAKER, () => Promise.resolve());
    expect(keys(await strategy.plan(await snapshot()))).to.deep.equal([]);
    await confirm(maker.client, await open(maker.client, { account: maker.account, asset: 1, size: parseSize("-8") }));
    const plan = await strategy.plan(await snapshot());
    expect(keys(plan)).to.deep.equal([`hedge:${maker.account}:1`]);
    await confirm(
      maker.client,
      await setOperator(maker.client, { operator: keeper.address as Address, approved: true }),
    );
    await send(plan.intents[0] as Intent);
    const { size } = await world.house.positionOf(maker.account, ETH);
    expect(size).to.be.within(parseSize("-2.6"), parseSize("-2.4"));
  });

  it("alert: calls for margin by health or by the probability to fail, and not all the time", async () => {
    const told: Alert[] = [];
    const settings = strategies({ alert: { health: "1.1", ruin: 0, every: 1, again: 1_000 } }).alert;
    const strategy = new MarginCall(settings, (alert) => void told.push(alert));
    strategy.plan(await snapshot());
    expect(told).to.have.length(0);
    await setPrice(world, ETH, parsePrice("1850"));
    strategy.plan(await snapshot());
    expect(told.map(({ kind, account }) => [kind, account])).to.deep.equal([["margin call", trader.address]]);
    expect(told[0]?.text).to.match(/: health \d\.\d+$/);
    await wait(10);
    strategy.plan(await snapshot());
    expect(told).to.have.length(1);
    await wait(1_000);
    await setPrice(world, ETH, parsePrice("1850"));
    strategy.plan(await snapshot());
    expect(told).to.have.length(2);
    const byRuin = { ...settings, health: 0n, ruin: 0.01, horizon: 86_400 };
    const [close] = new MarginCall(byRuin, () => undefined).close(await snapshot());
    expect(close?.account).to.equal(trader.account);
    expect(close?.ruin).to.be.greaterThan(0.01);
  });

  it("are those that the settings ask for", () => {
    const around = {
      ...{ deployment, wallet: MAKER, tell: () => undefined },
      publish: () => Promise.resolve(),
    };
    const names = (more: object): string[] => {
      const settings = { ...readSettings(undefined, {}), strategies: strategies(more) };
      return strategiesOf(settings, around).map(({ name }) => name);
    };
    expect(names({})).to.deep.equal(["liquidate", "crank", "deleverage"]);
    expect(names({ liquidate: { enabled: false }, poke: { enabled: true } })).to.include("poke");
    expect(() => names({ triggers: { enabled: true } })).to.throw(/strategies.triggers.orders .*: nothing is needed/);
    expect(() => names({ quote: { enabled: true } })).to.throw(/strategies.quote.account .*: nothing is needed/);
    const sources = ["ETH=0x12=0x34"];
    expect(() => names({ poke: { enabled: true, sources } })).to.throw(/ETH=0x12=0x34 is not market=address=feed/);
  });
});

/** Answers as it is told. */
class Service {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(answer: (path: string) => object): Promise<Service> {
    const server = createServer((request, response) => response.end(JSON.stringify(answer(request.url ?? ""))));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new Service(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
