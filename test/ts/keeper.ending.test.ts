// What a keeper does with what is left over: spot without a price, spot that the vaults took, markets that end.
import { WAD } from "@ballast/math";
import { INSURANCE, Ledger, Mirror, ProviderRpc, RpcSource } from "@ballast/mirror";
import {
  accountId,
  approve,
  confirm,
  deposit,
  liquidate,
  parsePrice,
  parseSize,
  parseUnits,
  type Client,
  type Deployment,
} from "@ballast/sdk";
import { COSTS, Watch, callOf, explain, roomOf, sentenceOf, type Intent, type Orders } from "@ballast/keeper";
import { expect } from "chai";
import { readSettings, type Settings } from "../../packages/keeper/src/config/index.js";
import { logsOf } from "../../packages/keeper/src/run/open.js";
import { Settle } from "../../packages/keeper/src/strategies/settle.js";
import { Spot } from "../../packages/keeper/src/strategies/spot.js";
import type { Snapshot } from "../../packages/keeper/src/strategies/strategy.js";
import { describeWorld } from "../../scripts/clients.js";
import { setPrice } from "../../scripts/local.js";
import { ETH, USD, fall, openLongs, openScene, type Scene } from "./support/scene.js";
import { snapshotOf } from "./support/snapshot.js";

const WETH = 3;
const GAS = { gasLimit: 12_000_000n };

/** A scene with a mirror of it. */
class Watched {
  private constructor(
    readonly scene: Scene,
    readonly deployment: Deployment,
    readonly mirror: Mirror,
    readonly watch: Watch,
  ) {}

  static async open(payers: Parameters<typeof openScene>[0]): Promise<Watched> {
    const scene = await openScene(payers);
    const { client } = scene.keeper;
    const deployment = await describeWorld(scene.world, client.addresses);
    const source = new RpcSource(new ProviderRpc(scene.world.connection.provider));
    const mirror = new Mirror(new Ledger(await logsOf(deployment, client), { depth: 1_000 }), source);
    await mirror.catchUp();
    return new Watched(scene, deployment, mirror, new Watch(mirror.ledger));
  }

  async follow(): Promise<void> {
    for await (const change of this.mirror.toHead()) this.watch.apply(change);
  }

  async snapshot(busy: ReadonlySet<string> = new Set()): Promise<Snapshot> {
    await this.follow();
    const { client, account: payee } = this.scene.keeper;
    const { deployment, watch, mirror } = this;
    return snapshotOf({ client, deployment, watch, payee, ledger: mirror.ledger }, busy);
  }

  /** As the keeper. @returns the gas that it used */
  async send({ to, data, gas }: Intent): Promise<bigint> {
    const signer = await this.scene.world.connection.ethers.getSigner(this.scene.keeper.address);
    const sent = await (await signer.sendTransaction({ to, data, gasLimit: gas })).wait();
    expect(sent?.status).to.equal(1);
    return sent?.gasUsed ?? 0n;
  }
}

const settings = (): Settings["strategies"] => readSettings(undefined, {}).strategies;

async function giveSpot({ world }: Scene, client: Client, account: bigint, amount: bigint): Promise<void> {
  const owner = client.wallet?.account.address;
  if (owner === undefined) throw new TypeError("nobody signs");
  await world.weth.mint(owner, amount);
  await confirm(client, await approve(client, { asset: WETH, amount }));
  await confirm(client, await deposit(client, { account, asset: WETH, amount }));
}

describe("Keeper: spot without a price", function () {
  this.timeout(120_000);

  /** An account with nothing but spot, and more debt than that counts for. */
  async function bankrupt(fund: string): Promise<{ watched: Watched; account: bigint }> {
    const watched = await Watched.open({ insurance: fund });
    const { scene } = watched;
    const { world, trader, keeper } = scene;
    await giveSpot(scene, trader.client, accountId(trader.address, 1n), parseSize("10"));
    const [account = 0n] = await openLongs(scene, ["40"], "1");
    for (let i = 0; i < 4; i++) {
      await fall(scene, "1300");
      await world.liquidator.liquidate(account, ETH, keeper.account, GAS).catch(() => undefined);
      await world.connection.networkHelpers.time.increase(700);
    }
    expect((await world.house.positionOf(account, ETH)).size).to.equal(0n);
    await world.connection.networkHelpers.time.increase(86_401);
    await setPrice(world, BigInt(ETH), parsePrice("1300"));
    await world.router.latch([ETH, WETH]);
    await watched.follow();
    return { watched, account };
  }

  const ordersOf = ({ scene, deployment }: Watched): Orders => ({
    ...{ liquidator: deployment.addresses.liquidator, keeper: scene.keeper.account, block: 1n },
    costs: { ...COSTS, gasPrice: 1_000_000n, nativePrice: 2_000n * WAD, least: -WAD },
  });

  for (const [fund, size] of [
    ["1000000", "whole"],
    ["20000", "part"],
  ] as const)
    it(`goes to insurance, the ${size} of it, as the chain does it`, async () => {
      const { watched, account } = await bankrupt(fund);
      const { watch, scene, mirror } = watched;
      const [candidate] = watch.liquidatable();
      expect(candidate).to.include({ account, bankrupt: true });
      if (candidate === undefined) return;
      const call = callOf(roomOf(watch), candidate, BigInt(WETH));
      const [step] = call?.steps ?? [];
      expect(step).to.include({ stage: "offset", reward: 0n });
      const why = explain(watch, account, ordersOf(watched));
      expect("call" in why ? why.call.steps : why).to.deep.equal(call?.steps);
      const { world, keeper } = scene;
      const before = (await world.house.positionOf(account, WETH)).size;
      await world.liquidator.liquidate(account, WETH, keeper.account, GAS);
      const after = (await world.house.positionOf(account, WETH)).size;
      expect(step?.size).to.equal(before - after);
      expect(after === 0n).to.equal(size === "whole");
      await watched.follow();
      expect(mirror.ledger.legs(INSURANCE).map((leg) => leg.size)).to.deep.equal([before - after]);
    });

  it("stays where insurance has nothing, with the reason", async () => {
    const { watched, account } = await bankrupt("1");
    const { world, keeper } = watched.scene;
    await world.liquidator.liquidate(account, WETH, keeper.account, GAS).catch(() => undefined);
    await watched.follow();
    const why = explain(watched.watch, account, ordersOf(watched));
    if (!("kind" in why) || why.kind === "hopeless") return;
    expect(sentenceOf(why)).to.match(/no stage has capacity for asset 3: .*offset NoRoom/);
  });
});

describe("Keeper: spot that the vaults took", function () {
  this.timeout(120_000);

  async function absorbed(): Promise<Watched> {
    const watched = await Watched.open({ backstop: "2000000" });
    const { scene } = watched;
    const { world, trader, keeper } = scene;
    const { client, account: to } = keeper;
    await giveSpot(scene, trader.client, accountId(trader.address, 1n), parseSize("10"));
    const [account = 0n] = await openLongs(scene, ["75"], "3.34");
    await fall(scene, "1835");
    await confirm(client, await liquidate(client, { account, asset: WETH, keeper: to }));
    await world.connection.networkHelpers.time.increase(700);
    await confirm(client, await liquidate(client, { account, asset: WETH, keeper: to }));
    return watched;
  }

  const enabled = { ...settings().spot, enabled: true, ask: 10, least: 0n };

  it("is approved for, bought below the mark, never beyond the bounds", async () => {
    const watched = await absorbed();
    const { world, keeper } = watched.scene;
    const strategy = new Spot({ ...enabled, size: 3_000n * WAD, inventory: 5_000n * WAD }, keeper.address);
    const { backstopPool = "0x" } = watched.deployment.addresses;
    const [approval, ...none] = (await strategy.plan(await watched.snapshot())).intents;
    expect(none).to.deep.equal([]);
    expect(approval?.key).to.equal(`approve:${backstopPool}`);
    await watched.send(approval as Intent);
    expect(await world.quote.allowance(keeper.address, backstopPool)).to.equal(parseUnits("5000", USD));
    const bought: bigint[] = [];
    for (let i = 0; i < 4; i++) {
      const plan = await strategy.plan(await watched.snapshot());
      const [purchase] = plan.intents;
      if (purchase === undefined || purchase.key.startsWith("approve")) break;
      expect(purchase.profit).to.be.greaterThan(0n);
      const before = await world.weth.balanceOf(keeper.address);
      expect(await watched.send(purchase)).to.be.lessThan(450_000n);
      bought.push((await world.weth.balanceOf(keeper.address)) - before);
    }
    // One and a half at 2,000 each time, until 5,000 are held.
    expect(bought).to.deep.equal([parseSize("1.5"), parseSize("1")]);
    const mean = new Spot({ ...enabled, ask: 1_000 }, keeper.address);
    expect((await mean.plan(await watched.snapshot())).intents.map(({ key }) => key)).to.deep.equal([
      `approve:${backstopPool}`,
    ]);
    await watched.send((await mean.plan(await watched.snapshot())).intents[0] as Intent);
    expect((await mean.plan(await watched.snapshot())).intents).to.deep.equal([]);
  });

  it("of insurance too, which sells what has a price again", async () => {
    const watched = await Watched.open({ house: "ClearingHouseHarness", insurance: "100000" });
    const { scene } = watched;
    const { world, trader, keeper } = scene;
    await giveSpot(scene, trader.client, trader.account, parseSize("10"));
    const { ethers } = world.connection;
    const signer = await ethers.getSigner(trader.address);
    const harness = await ethers.getContractAt("ClearingHouseHarness", await world.house.getAddress(), signer);
    await harness.giveInsurance(WETH, parseSize("10"));
    const strategy = new Spot(enabled, keeper.address);
    const [approval] = (await strategy.plan(await watched.snapshot())).intents;
    await watched.send(approval as Intent);
    const [purchase] = (await strategy.plan(await watched.snapshot())).intents;
    await watched.send(purchase as Intent);
    expect(await world.weth.balanceOf(keeper.address)).to.equal(parseSize("5"));
  });
});

describe("Keeper: a market that ends", function () {
  this.timeout(120_000);

  it("is closed, losers first, then winners, until it is gone", async () => {
    const watched = await Watched.open({});
    const { scene, mirror } = watched;
    const { world, maker } = scene;
    const accounts = await openLongs(scene, ["3", "2", "5", "1"], "400");
    const strategy = new Settle({ enabled: true, batch: 3, cost: 100n * WAD });
    expect(strategy.plan(await watched.snapshot()).intents).to.deep.equal([]);
    for (let i = 0; i < 4; i++) {
      await setPrice(world, BigInt(ETH), parsePrice("1900"));
      await world.router.latch([ETH]);
      await world.connection.networkHelpers.time.increase(20_000);
    }
    // At the slow average.
    await world.router.fix(ETH);
    await world.configurator.windDown(ETH);
    const [first] = strategy.plan(await watched.snapshot()).intents;
    expect(first?.key).to.equal(`settle:${ETH}`);
    expect(first?.accounts).to.have.length(3);
    expect(await watched.send(first as Intent)).to.be.lessThan(first?.gasUsed ?? 0n);
    const busy = new Set([`settle:${ETH}`]);
    expect(strategy.plan(await watched.snapshot(busy)).intents).to.deep.equal([]);
    const [second] = strategy.plan(await watched.snapshot()).intents;
    expect([...(first?.accounts ?? []), ...(second?.accounts ?? [])]).to.have.members(accounts);
    await watched.send(second as Intent);
    for (const account of accounts) expect((await world.house.positionOf(account, ETH)).size).to.equal(0n);
    expect(strategy.plan(await watched.snapshot()).intents, "the maker's profit waits").to.deep.equal([]);
    await world.connection.networkHelpers.time.increase(86_400);
    await world.connection.networkHelpers.mine();
    const [last] = strategy.plan(await watched.snapshot()).intents;
    expect(last?.accounts).to.deep.equal([maker.account]);
    await watched.send(last as Intent);
    expect(strategy.plan(await watched.snapshot()).intents).to.deep.equal([]);
    expect(mirror.ledger.perps).not.to.include(ETH);
  });
});
