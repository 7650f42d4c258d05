// The keeper as a process against a chain as a process: it liquidates, bids and stops, whatever nodes and others do.
import { accountId, createClient, getAccount, liquidatorAbi, serializeDeployment, type Client } from "@ballast/sdk";
import { expect } from "chai";
import { openStore } from "@ballast/keeper";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, encodeFunctionData, http, numberToHex, parseEventLogs, type Hex } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { run } from "../../packages/cli/src/run.js";
import { giveMargin, movePrice, openHouse, type House } from "./support/house.js";
import { KEEPER_KEY, KeeperProcess, type Line } from "./support/keeping.js";
import { Postgres, unavailable } from "./support/postgres.js";
import { Proxy } from "./support/proxy.js";

const KEEPER = privateKeyToAddress(KEEPER_KEY);
const TRADERS = 24;
/** Where those with little margin fail and those with more do not. */
const CRASH = 1_850;

const planned = ({ msg }: Line): boolean => msg === "planned";
const isSent = ({ msg, strategy }: Line): boolean => msg === "sent" && strategy === "liquidate";
const isDone = ({ msg, strategy, outcome }: Line): boolean =>
  msg === "outcome" && strategy === "liquidate" && outcome === "included";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Passes bytes on, until it is told to drop everybody. */
class Cable {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(port: number): Promise<Cable> {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        cable.sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => near.destroy());
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const cable = new Cable(server, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return cable;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

describe("Keeper: as it is run", function () {
  this.timeout(90_000);
  let house: House;
  let client: Client;
  let folder: string;
  let pristine: unknown;
  let keepers: KeeperProcess[];
  let proxy: Proxy;

  before(async () => {
    house = await openHouse({ traders: TRADERS, margin: (i) => 2_050n + 40n * BigInt(i), pool: 30_000n });
    await giveMargin(house, KEEPER, 100_000n);
    const { anvil, deployment } = house;
    const publicClient = createPublicClient({ transport: http(anvil.url), cacheTime: 0, pollingInterval: 50 });
    client = createClient({ source: { publicClient }, addresses: deployment.addresses });
    proxy = await Proxy.before(anvil.url);
  });

  after(async () => {
    proxy.close();
    await house.anvil.stop();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-keeper-"));
    pristine = await house.anvil.ask("evm_snapshot");
    // A chain that was taken back is behind the clock. A second later: what was latched in this one stays its price.
    await house.anvil.ask("anvil_setTime", Math.floor(Date.now() / 1_000) + 1);
    keepers = [];
    proxy.fault = () => undefined;
  });

  afterEach(async () => {
    proxy.fault = () => undefined;
    await Promise.all(keepers.map((keeper) => keeper.stop("SIGKILL")));
    await house.anvil.ask("evm_setAutomine", true);
    await house.anvil.ask("anvil_dropAllTransactions");
    await house.anvil.ask("evm_revert", pristine);
    rmSync(folder, { recursive: true });
  });

  const settings = (more: object = {}): object => ({
    ...{ rpc: [house.anvil.url], socket: house.anvil.url.replace("http", "ws"), poll: 300, timeout: 1, stall: 600 },
    ...{ store: join(folder, "keeper.sqlite"), snapshot: join(folder, "keeper.snapshot"), log: "debug" },
    ...more,
  });

  async function start(more: object = {}, ...args: string[]): Promise<KeeperProcess> {
    const { deployment } = house;
    const keeper = KeeperProcess.start({ folder, deployment, settings: settings(more), args });
    keepers.push(keeper);
    await keeper.hears(planned);
    return keeper;
  }

  /** The command in this process, with the settings of the keeper. */
  async function ballast(...args: string[]): Promise<{ code: number; out: string; error: string }> {
    const said = { out: "", error: "" };
    const [file, config] = [join(folder, "deployment.json"), join(folder, "keeper.json")];
    writeFileSync(file, serializeDeployment(house.deployment));
    writeFileSync(config, JSON.stringify(settings({ deployment: file })));
    const code = await run([...args, "--config", config], {
      out: (text) => void (said.out += `${text}\n`),
      error: (text) => void (said.error += `${text}\n`),
      env: { BALLAST_PRIVATE_KEY: KEEPER_KEY },
    });
    return { code, ...said };
  }

  const nonce = async (): Promise<number> => client.publicClient.getTransactionCount({ address: KEEPER });

  async function failing(): Promise<bigint[]> {
    const views = await Promise.all(house.traders.map((account) => getAccount(client, { account })));
    return views.filter(({ liquidatable }) => liquidatable).map(({ account }) => account);
  }

  async function fills(): Promise<number> {
    const logs = await client.publicClient.getLogs({ address: house.deployment.addresses.liquidator, fromBlock: 0n });
    return parseEventLogs({ abi: liquidatorAbi, eventName: "LotFilled", logs }).length;
  }

  it("liquidates who falls, bids on the lots, counts, stops, and begins where it stopped", async () => {
    const bid = { enabled: true, taker: String(accountId(KEEPER)), ask: 1, least: "0" };
    const strategies = { bid, liquidate: { least: "-5" } };
    const keeper = await start({ strategies });
    expect((await keeper.get("/readyz")).status).to.equal(200);
    expect((await keeper.get("/healthz")).status).to.equal(200);
    expect((await keeper.get("/nothing")).status).to.equal(404);
    // Nothing that it sends gets into a block before they are counted.
    await house.anvil.ask("evm_setAutomine", false);
    await movePrice(house, CRASH);
    await house.anvil.ask("evm_mine");
    expect((await failing()).length).to.be.greaterThan(5);
    await house.anvil.ask("evm_setAutomine", true);
    await house.anvil.ask("evm_mine");
    const [sent] = await keeper.hears(isSent);
    expect(Number(sent?.["sent_at"])).to.be.greaterThan(Number(sent?.["price_at"]));
    expect(sent?.["hash"]).to.match(/^0x[0-9a-f]{64}$/);
    await keeper.hears(isDone);
    for (let i = 0; i < 20 && (await fills()) === 0; i++) {
      await house.anvil.ask("evm_increaseTime", 30);
      await house.anvil.ask("evm_mine");
      await pause(300);
    }
    expect(await fills()).to.be.greaterThan(0);
    await keeper.hears(({ msg, strategy }) => msg === "outcome" && strategy === "bid");
    expect(await keeper.metric("sent_total")).to.be.greaterThan(1);
    expect(await keeper.metric("outcomes_total")).to.be.greaterThan(1);
    expect(await keeper.metric("block ")).to.be.greaterThan(0);
    expect(await keeper.metric("price_to_sent_seconds_count")).to.be.greaterThan(1);
    expect(await keeper.stop()).to.equal(0);
    expect(keeper.of("stopped")).to.have.length(1);
    await house.anvil.ask("evm_mine");
    const before = await nonce();
    const again = await start({ strategies: { liquidate: { enabled: false } } });
    const [first] = again.of("planned");
    expect(first?.["block"]).to.equal(Number(await client.publicClient.getBlockNumber()));
    expect(again.of("read").every(({ logs }) => Number(logs) < 50)).to.equal(true);
    await pause(500);
    expect([await nonce(), again.of("sent").length]).to.deep.equal([before, 0]);
  });

  it("says what it would do, and later what it would have done", async () => {
    const before = await nonce();
    const keeper = await start({}, "--dry-run");
    await movePrice(house, CRASH);
    const [would] = await keeper.hears(({ msg }) => msg === "would send");
    const block = Number(would?.["block"]);
    expect(await keeper.stop()).to.equal(0);
    expect(await nonce()).to.equal(before);
    expect(keeper.of("sent")).to.have.length(0);
    const told = await ballast("keeper", "--replay", `${block}..${block}`, "--json");
    expect(told.code, told.error).to.equal(0);
    const { blocks } = JSON.parse(told.out) as { blocks: { block: number; intents: { key: string }[] }[] };
    expect(blocks[0]?.intents.map(({ key }) => key)).to.include(would?.["key"]);
    expect((await ballast("keeper", "--replay", `${block}..${block}`)).out).to.match(/^ *block +key +profit/);
    expect((await ballast("keeper", "--replay", "9..3")).error).to.match(/--replay: 9..3 is not FROM..TO/);
    expect((await ballast("keeper", "--replay", "1..2")).error).to.match(/no block of 1 to 2 was recorded/);
  });

  it("tells why an account was not liquidated, whether it would work, and liquidates one", async () => {
    const [poorest = 0n, richest = 0n] = [house.traders[0], house.traders.at(-1)];
    const doctor = await ballast("doctor");
    expect([doctor.code, doctor.error]).to.deep.equal([0, ""]);
    expect(doctor.out).to.match(/^contracts +ok +14 of them agree$/m);
    expect((await ballast("why", String(richest))).out).to.match(/margin equity .* covers maintenance/);
    const early = await ballast("liquidate", String(poorest));
    expect([early.code, early.out]).to.deep.equal([4, early.out]);
    expect(early.out).to.match(/nothing can be done: margin equity/);
    await movePrice(house, CRASH);
    const why = await ballast("why", String(poorest));
    expect(why.out, why.out).to.match(/^verdict +(FarBelow|Below)$/m);
    expect(why.out).to.match(/^ETH +(Reduce|Auction) /m);
    expect((await ballast("liquidate", String(poorest), "--dry-run")).out).to.match(/a dry run sends nothing/);
    const done = await ballast("liquidate", String(poorest), "--json");
    expect(done.code, done.out + done.error).to.equal(0);
    const { outcome } = JSON.parse(done.out) as { outcome: { kind: string; hash: Hex } };
    expect(outcome.kind).to.equal("included");
    expect((await ballast("why", String(poorest))).out).to.contain(`included in ${outcome.hash}`);
  });

  it("goes on while a node hangs, limits, drops or lies", async () => {
    const keeper = await start({ rpc: [proxy.url, house.anvil.url], socket: undefined, stall: 2 });
    const faults: [string, typeof proxy.fault][] = [
      ["hangs", () => "hang"],
      ["limits", () => "limit"],
      ["drops", () => "drop"],
      [
        "tells a head that nobody has",
        ({ method }) => (method === "eth_blockNumber" ? { result: "0xffffff" } : undefined),
      ],
      ["stands still", ({ method }) => (method === "eth_blockNumber" ? { result: "0x1" } : undefined)],
    ];
    let price = CRASH;
    for (const [what, fault] of faults) {
      const before = keeper.of("planned").length;
      proxy.fault = fault;
      await movePrice(house, price--);
      await keeper.hears(planned, before + 1).catch((error: unknown) => expect.fail(`${what}: ${String(error)}`));
      proxy.fault = () => undefined;
    }
    await keeper.hears(isSent);
    expect(await keeper.stop()).to.equal(0);
  });

  it("polls when the socket is cut, and is not ready while no node answers", async () => {
    const cable = await Cable.to(Number(new URL(house.anvil.url).port));
    const keeper = await start({ rpc: [proxy.url], socket: cable.url, stall: 2 });
    cable.cut();
    const before = keeper.of("planned").length;
    await movePrice(house, CRASH);
    await keeper.hears(planned, before + 1);
    proxy.fault = () => "drop";
    let state = await keeper.get("/readyz");
    for (let i = 0; i < 30 && state.status === 200; i++, await pause(200)) state = await keeper.get("/readyz");
    expect(state.status).to.equal(503);
    expect(state.body).to.match(/no node told the head|the last block is/);
    proxy.fault = () => undefined;
    const seen = keeper.of("planned").length;
    await movePrice(house, CRASH - 1);
    await keeper.hears(planned, seen + 1);
    for (let i = 0; i < 30 && state.status !== 200; i++, await pause(100)) state = await keeper.get("/readyz");
    expect(state.status).to.equal(200);
  });

  it("sends nothing for whom another keeper was faster with", async () => {
    const keeper = await start({ rpc: [proxy.url] });
    proxy.fault = ({ method }) => (method === "eth_sendRawTransaction" ? "limit" : undefined);
    await house.anvil.ask("evm_setAutomine", false);
    await movePrice(house, CRASH);
    await house.anvil.ask("evm_mine");
    for (let i = 0; i < 50 && proxy.count("eth_sendRawTransaction") === 0; i++) await pause(100);
    expect(proxy.count("eth_sendRawTransaction")).to.be.greaterThan(0);
    const rival = "0x976EA74026E726554dB657fA54763abd0C3a0aa9";
    const entries = (await failing()).map((account) => ({ account, asset: 1 }));
    const data = encodeFunctionData({
      ...{ abi: liquidatorAbi, functionName: "liquidateMany" },
      args: [entries, accountId(rival)],
    });
    const to = house.deployment.addresses.liquidator;
    await house.anvil.ask("eth_sendTransaction", { from: rival, to, data, gas: numberToHex(100_000_000) });
    await house.anvil.ask("evm_mine");
    proxy.fault = () => undefined;
    await house.anvil.ask("evm_setAutomine", true);
    for (let i = 0; i < 8; i++) {
      await house.anvil.ask("evm_mine");
      await pause(150);
    }
    const used = await nonce();
    for (let i = 0; i < 6; i++) {
      await house.anvil.ask("evm_mine");
      await pause(150);
    }
    // It may have been late once for each batch; then it rests, and does not burn gas on what is done.
    expect((await nonce()) - used).to.be.at.most(1);
    expect(await keeper.stop()).to.equal(0);
  });

  it("sends to the relay of its settings alone, and reads from the nodes", async () => {
    const relay = await Proxy.before(house.anvil.url);
    const before = proxy.calls.length;
    const keeper = await start({ rpc: [proxy.url], relay: relay.url, send: { fallback: false } });
    await movePrice(house, CRASH);
    await keeper.hears(isDone);
    expect(await keeper.stop()).to.equal(0);
    relay.close();
    expect(new Set(relay.calls.map(({ method }) => method))).to.deep.equal(new Set(["eth_sendRawTransaction"]));
    const read = new Set(proxy.calls.slice(before).map(({ method }) => method));
    expect(read).not.to.include("eth_sendRawTransaction");
    for (const method of ["eth_getLogs", "eth_call", "eth_getTransactionReceipt"]) expect(read).to.include(method);
  });

  it("waits for what is on its way when it is stopped, and leaves the rest to the journal", async () => {
    const keeper = await start({ grace: 1 });
    const before = await nonce();
    await house.anvil.ask("evm_setAutomine", false);
    await movePrice(house, CRASH);
    await house.anvil.ask("evm_mine");
    const sent = await keeper.hears(isSent);
    await pause(300);
    const under = keeper.of("sent").length;
    expect(await keeper.stop("SIGTERM")).to.equal(0);
    expect(keeper.of("stopped waiting: the journal has them")).to.have.length(1);
    const again = await start({ grace: 1 });
    await house.anvil.ask("evm_mine");
    await again.hears(({ msg, event, key }) => msg === "sender" && event === "outcome" && key === sent[0]?.["key"]);
    expect(await nonce()).to.equal(before + under);
  });

  /** Until nothing has been sent and nothing came back for a while. */
  async function quiet(keeper: KeeperProcess): Promise<void> {
    for (let calm = 0, last = ""; calm < 4; await pause(150)) {
      await house.anvil.ask("evm_mine");
      const now = `${keeper.of("sent").length} ${keeper.of("outcome").length}`;
      calm = now === last ? calm + 1 : 0;
      last = now;
    }
  }

  it("does nothing twice when it is killed and begins again", async () => {
    const keeper = await start();
    await movePrice(house, CRASH);
    await keeper.hears(isDone);
    await quiet(keeper);
    const done = keeper.of("sent").map(({ key }) => key);
    expect(new Set(done).size).to.equal(done.length);
    expect(await keeper.stop("SIGKILL")).to.equal(null);
    const before = await nonce();
    const again = await start({ send: { lease: 1_000 } });
    await quiet(again);
    expect([await nonce(), again.of("sent").length]).to.deep.equal([before, 0]);
    expect(await again.metric("candidates")).to.be.greaterThan(0);
    expect(await again.stop()).to.equal(0);
  });

  it("does once what can be done, and stops", async () => {
    await movePrice(house, CRASH);
    const before = await nonce();
    const { deployment } = house;
    const keeper = KeeperProcess.start({ folder, deployment, settings: settings(), args: ["--once"] });
    keepers.push(keeper);
    expect(await keeper.ended()).to.deep.equal({ code: 0, said: "" });
    expect(keeper.of("planned")).to.have.length(1);
    const sent = keeper.of("sent");
    expect(sent.length).to.be.greaterThan(0);
    expect(keeper.lines.filter(isDone).length).to.be.greaterThan(0);
    expect(await nonce()).to.equal(before + sent.length);
  });

  it("begins anew where the chain forked too deep or a snapshot is damaged", async () => {
    const mine = (blocks: number): Promise<unknown> => house.anvil.ask("anvil_mine", numberToHex(blocks));
    const keeper = await start();
    const fork = await house.anvil.ask("evm_snapshot");
    await mine(300);
    const { number: left } = await client.publicClient.getBlock();
    await keeper.hears(({ msg, block }) => msg === "planned" && block === Number(left));
    await house.anvil.ask("evm_revert", fork);
    await house.anvil.ask("evm_increaseTime", 7);
    await mine(310);
    await keeper.hears(({ msg, kind }) => msg === "begun anew" && kind === "ReorgTooDeep");
    await movePrice(house, CRASH);
    await keeper.hears(isDone);
    expect(await keeper.stop()).to.equal(0);
    const snapshot = join(folder, "keeper.snapshot");
    const kept = readFileSync(snapshot, "utf8");
    writeFileSync(snapshot, `${kept.slice(0, kept.length / 2)}\n`);
    const again = await start();
    const told = again.of("begun anew").map(({ kind }) => kind);
    expect(told).to.deep.equal(["DamagedStore"]);
    expect(await again.metric("accounts")).to.be.greaterThan(TRADERS);
    expect(await again.stop()).to.equal(0);
  });

  const without = unavailable();
  (without === undefined ? it : it.skip)(
    `shares one Postgres by its url: one stands by and takes over${without === undefined ? "" : `: ${without}`}`,
    async () => {
      const server = await Postgres.start();
      try {
        const shared = { store: await server.database(), send: { lease: 1_000 } };
        const first = await start(shared);
        const second = await start({ ...shared, snapshot: join(folder, "second.snapshot") });
        await second.hears(({ msg, event }) => msg === "sender" && event === "standby");
        await movePrice(house, CRASH);
        await first.hears(isSent);
        await quiet(first);
        expect(second.of("sent")).to.have.length(0);
        await first.stop("SIGKILL");
        await second.hears(({ msg, event }) => msg === "sender" && event === "active");
        const before = await nonce();
        await movePrice(house, CRASH - 40);
        await second.hears(isDone);
        expect(await nonce()).to.be.greaterThan(before);
        const store = await openStore(shared.store);
        const [poorest = 0n] = house.traders;
        expect((await store.history(poorest, 9)).length).to.be.greaterThan(0);
        await store.close();
        expect(await second.stop()).to.equal(0);
      } finally {
        await server.stop();
      }
    },
  );

  it("refuses to begin where it could not work, in one line", async () => {
    const { deployment } = house;
    const wrong = { ...deployment, addresses: { ...deployment.addresses, lens: KEEPER } };
    const keeper = KeeperProcess.start({ folder, deployment: wrong, settings: settings() });
    keepers.push(keeper);
    const { code, said } = await keeper.ended();
    expect(code).to.equal(5);
    expect(said).to.match(/^ballast: code: nothing at lens .*; see ballast doctor\n$/m);
    const faulty = await run(["keeper"], { out: () => undefined, error: () => undefined, env: { BALLAST_POLL: "1" } });
    expect(faulty).to.equal(1);
  });
});

describe("Keeper: a thousand accounts fail in one block", function () {
  this.timeout(90_000);
  let house: House;
  let keeper: KeeperProcess;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-crash-"));
    house = await openHouse({ traders: 1_000, margin: (i) => 2_050n + BigInt(i % 100) });
    await house.anvil.ask("evm_setAutomine", false);
    await house.anvil.ask("evm_setIntervalMining", 1);
    const { url } = house.anvil;
    const settings = {
      ...{ rpc: [url], socket: url.replace("http", "ws"), store: join(folder, "s.sqlite"), log: "debug" },
      ...{ snapshot: join(folder, "snapshot"), send: { pending: 256 } },
      // As cheap as on a rollup; how much may be lost is left as it is.
      gas: { tip: "0.01" },
      strategies: { liquidate: { most: 1_000 } },
    };
    keeper = KeeperProcess.start({ folder, deployment: house.deployment, settings });
    await keeper.hears(planned);
  });

  after(async () => {
    await keeper.stop("SIGKILL");
    await house.anvil.stop();
    rmSync(folder, { recursive: true });
  });

  /** Until nothing has been sent for three blocks, but not for ever: something frees room for a lot every now and then. */
  async function calm(): Promise<void> {
    for (let calm = 0, last = -1, round = 0; calm < 3 && round < 20; round++, await pause(1_000)) {
      const sent = keeper.of("sent").length;
      calm = sent === last ? calm + 1 : 0;
      last = sent;
    }
  }

  it("all with whom something can be done are dealt with, none twice at a time", async () => {
    await movePrice(house, 1_840);
    await keeper.hears(isDone, 20);
    await calm();
    const outcomes = keeper.of("outcome");
    const reverted = outcomes.filter(({ outcome }) => outcome === "reverted");
    expect(reverted.filter(({ strategy }) => strategy === "liquidate")).to.deep.equal([]);
    const included = outcomes.filter(isDone);
    const accounts = included.reduce((sum, { key }) => sum + Number(String(key).split(":")[2] ?? 1), 0);
    expect(accounts).to.be.greaterThan(200);
    const seconds = keeper.of("sent").map((line) => (Number(line["sent_at"]) - Number(line["price_at"])) / 1_000);
    console.log(
      `      ${accounts} entries in ${included.length} transactions, price to sent ${Math.min(...seconds).toFixed(3)} s at first`,
    );
  });

  it("all are cleared when they are bankrupt, and nobody is paid for it", async () => {
    const { anvil, traders, deployment } = house;
    const publicClient = createPublicClient({ transport: http(anvil.url, { batch: true }), cacheTime: 0 });
    const client = createClient({ source: { publicClient }, addresses: deployment.addresses });
    const open = async (): Promise<number> => {
      const views = await Promise.all(traders.map((account) => getAccount(client, { account })));
      return views.filter(({ legs }) => legs.length > 0).length;
    };
    let left = await open();
    for (let round = 0; round < 12 && left > 0; round++) {
      await movePrice(house, 1_700);
      await calm();
      left = await open();
      await anvil.ask("evm_increaseTime", 601);
    }
    expect(left).to.equal(0);
    const lost = keeper.of("outcome").filter(({ outcome }) => outcome === "reverted" || outcome === "expired");
    expect(lost.filter(({ strategy }) => strategy === "liquidate")).to.deep.equal([]);
  });
});
