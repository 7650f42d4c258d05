// What a keeper is told, and what it looks at before it begins.
import { type Deployment } from "@ballast/sdk";
import { expect } from "chai";
import { Wallet } from "ethers";
import { network } from "hardhat";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAddress } from "viem/accounts";
import {
  ConfigUnreadable,
  KeyUnusable,
  SettingsInvalid,
  examine,
  hasFailed,
  pathsOf,
  readAccount,
  readSettings,
  variableOf,
  type Check,
  type Settings,
  type Subject,
} from "../../packages/keeper/src/config/index.js";
import { describeWorld } from "../../scripts/clients.js";
import { deployLocal, openBackstop } from "../../scripts/local.js";
import { Node } from "./support/server.js";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

describe("settings of a keeper", () => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-config-"));
  const write = (name: string, content: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };

  after(() => rmSync(folder, { recursive: true }));

  /** The faults of a file and an environment. */
  function faults(file: unknown, env: Record<string, string> = {}): string[] {
    try {
      readSettings(file === undefined ? undefined : write("faulty.json", file), env);
    } catch (error) {
      if (error instanceof SettingsInvalid)
        return error.faults.map(({ key, variable, value, bound }) => `${key} (${variable}): ${value} ${bound}`);
      throw error;
    }
    return [];
  }

  it("has a default for everything", () => {
    const settings = readSettings(undefined, {});
    expect(settings).to.deep.include({ rpc: ["http://127.0.0.1:8545"], store: "keeper.sqlite", dryRun: false });
    expect(settings.strategies.liquidate.enabled).to.equal(true);
    expect(settings.strategies.bid.enabled).to.equal(false);
    expect(settings.gas.most).to.equal(200_000_000_000n);
  });

  it("prefers flags to variables, variables to the file, the file to defaults", () => {
    const file = write("keeper.json", { poll: 300, stall: 5, log: "warn", gas: { most: "50" } });
    const env = { BALLAST_STALL: "7", BALLAST_LOG: "debug", BALLAST_RPC: "http://a, http://b", BALLAST_GAS_TIP: "0.5" };
    const settings = readSettings(file, env, { log: "error" });
    expect(settings).to.deep.include({ poll: 300, stall: 7, log: "error", rpc: ["http://a", "http://b"] });
    expect(settings.gas).to.deep.include({ most: 50_000_000_000n, tip: 500_000_000n });
  });

  it("has a variable of its own for every setting", () => {
    const variables = pathsOf().map(variableOf);
    expect(new Set(variables).size).to.equal(variables.length);
    expect(variables).to.include.members(["BALLAST_RPC", "BALLAST_STRATEGIES_QUOTE_HEDGE_ABOVE", "BALLAST_DRY_RUN"]);
    const { quote } = readSettings(undefined, { BALLAST_STRATEGIES_QUOTE_HEDGE_ABOVE: "100" }).strategies;
    expect(quote.hedgeAbove).to.equal(100);
  });

  it("tells key, value and bound of every fault", () => {
    expect(faults({ poll: 3, gas: { cost: "-5", most: "x" }, strategies: { bid: { ask: "much" } } })).to.deep.equal([
      "poll (BALLAST_POLL): 3 is no whole number from 50 to 60000",
      "gas.most (BALLAST_GAS_MOST): x is no amount from 0.000000001 to 1000000",
      "gas.cost (BALLAST_GAS_COST): -5 is no amount from 0 to 1000000000000",
      "strategies.bid.ask (BALLAST_STRATEGIES_BID_ASK): much is no whole number from 0 to 1000",
    ]);
    expect(faults({ pol: 300, gas: { mots: 1 } })).to.have.members([
      "pol (BALLAST_POL): 300 is no setting",
      "gas.mots (BALLAST_GAS_MOTS): 1 is no setting",
    ]);
    expect(faults(undefined, { BALLAST_GAS_MOSD: "1" })[0]).to.equal(
      "BALLAST_GAS_MOSD (BALLAST_GAS_MOSD): 1 is no setting",
    );
    expect(faults(undefined, { BALLAST_PAYEE: "me" })[0]).to.match(/^payee .*: me is no account/);
    expect(faults(undefined, { BALLAST_LOG: "loud" })[0]).to.match(/loud is none of trace, debug/);
    expect(faults(undefined, { BALLAST_DRY_RUN: "perhaps" })[0]).to.match(/perhaps is neither true nor false/);
  });

  it("never prints what an address carries behind its host", () => {
    const [fault = ""] = faults(undefined, { BALLAST_RPC: "http://a/key-one,ftp://host/key-two" });
    expect(fault).to.equal("rpc.1 (BALLAST_RPC): ftp://host is no http(s) address");
    expect(faults({ webhook: { url: "ws://who:secret@host/hook" } })[0]).to.match(/: ws:\/\/host is no http/);
  });

  it("refuses keys in the file, wherever they stand", () => {
    for (const file of [{ privateKey: KEY }, { gas: { password: "p" } }, { wallet: { mnemonic: "a b c" } }]) {
      const [fault = ""] = faults(file);
      expect(fault).to.match(/a secret has no place in a file/);
      expect(fault).not.to.contain("0xac09");
    }
  });

  it("reads the sample", () => {
    const { rpc, strategies, gas } = readSettings("packages/keeper/ops/keeper.json", {});
    expect([rpc.length, strategies.bid.enabled, gas.asset]).to.deep.equal([2, true, "ETH"]);
  });

  it("says what is wrong with a file that is none", () => {
    expect(() => readSettings(join(folder, "none.json"), {})).to.throw(ConfigUnreadable, "cannot be read: ENOENT");
    expect(() => readSettings(write("torn.json", "{"), {})).to.throw(ConfigUnreadable, "is no JSON");
    expect(() => readSettings(write("list.json", "[]"), {})).to.throw(ConfigUnreadable, "is no JSON object");
  });
});

describe("key of a keeper", () => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-keys-"));
  const none = { keystore: undefined, command: undefined };
  const address = privateKeyToAddress(KEY);
  const keystore = join(folder, "keystore.json");

  before(() => writeFileSync(keystore, new Wallet(KEY).encryptSync("pass")));
  after(() => rmSync(folder, { recursive: true }));

  it("comes from the environment, a keystore or a program", () => {
    expect(readAccount(none, { BALLAST_PRIVATE_KEY: KEY }).address).to.equal(address);
    expect(readAccount(none, { BALLAST_PRIVATE_KEY: KEY.slice(2) }).address).to.equal(address);
    const fromFile = { keystore, command: undefined };
    expect(readAccount(fromFile, { BALLAST_KEYSTORE_PASSWORD: "pass" }).address).to.equal(address);
    const password = join(folder, "password");
    writeFileSync(password, "pass\n");
    expect(readAccount(fromFile, { BALLAST_KEYSTORE_PASSWORD_FILE: password }).address).to.equal(address);
    const command = [process.execPath, "-e", `console.log("${KEY}")`];
    expect(readAccount({ keystore: undefined, command }, {}).address).to.equal(address);
  });

  it("is refused with the reason, which never tells the key", () => {
    const cases: [Pick<Settings, "keystore" | "command">, Record<string, string>, RegExp][] = [
      [none, {}, /comes from 0 places/],
      [{ keystore, command: undefined }, { BALLAST_PRIVATE_KEY: KEY }, /comes from 2 places/],
      [none, { BALLAST_PRIVATE_KEY: "0x1234" }, /is not 64 hexadecimal digits/],
      [none, { BALLAST_PRIVATE_KEY: `0x${"f".repeat(64)}` }, /is no key of the curve/],
      [{ keystore, command: undefined }, {}, /needs BALLAST_KEYSTORE_PASSWORD/],
      [{ keystore, command: undefined }, { BALLAST_KEYSTORE_PASSWORD: "past" }, /does not open with this password/],
      [{ keystore: join(folder, "none"), command: undefined }, { BALLAST_KEYSTORE_PASSWORD: "p" }, /ENOENT/],
      [{ keystore: undefined, command: ["no-such-program"] }, {}, /was not printed: ENOENT/],
      [{ keystore: undefined, command: ["false"] }, {}, /was not printed: exit code 1/],
    ];
    for (const [settings, env, message] of cases) {
      expect(() => readAccount(settings, env)).to.throw(KeyUnusable, message);
      expect(() => readAccount(settings, env)).not.to.throw(/ac0974bec39a17e36ba4/);
    }
  });
});

describe("checks before a keeper begins", () => {
  let node: Node;
  let deployment: Deployment;
  let subject: Subject;

  before(async () => {
    const world = await deployLocal(await network.create());
    const backstop = await openBackstop(world, 1_000_000n);
    deployment = await describeWorld(world, { backstopPool: (await backstop.getAddress()) as `0x${string}` });
    node = await Node.serve(world.connection);
    subject = {
      settings: readSettings(undefined, { BALLAST_RPC: node.url, BALLAST_TIMEOUT: "2" }),
      deployment,
      wallet: privateKeyToAddress(KEY),
      tryStore: () => Promise.resolve(),
    };
  });

  after(() => node.close());

  async function check(name: RegExp, change: Partial<Subject>): Promise<Check> {
    const found = (await examine({ ...subject, ...change })).find((each) => name.test(each.name));
    if (found === undefined) throw new TypeError(`no check ${name.source}`);
    return found;
  }

  const withAddress = (addresses: Partial<Deployment["addresses"]>): Partial<Subject> => ({
    deployment: { ...deployment, addresses: { ...deployment.addresses, ...addresses } },
  });

  it("pass on a deployment that is whole", async () => {
    const checks = await examine(subject);
    expect(hasFailed(checks), JSON.stringify(checks)).to.equal(false);
    expect(checks.map(({ name }) => name.split(" ")[0])).to.deep.equal([
      ...["rpc", "socket", "store", "code", "contracts", "wallet"],
    ]);
  });

  it("find each thing that is wrong", async () => {
    const { settings } = subject;
    const { exchange } = deployment.addresses;
    const later = () => Date.now() + 86_400_000;
    const earlier = () => Date.now() - 86_400_000;
    const empty = "0x000000000000000000000000000000000000dEaD";
    const cases: [RegExp, Partial<Subject>, string, RegExp][] = [
      [/^rpc/, { deployment: { ...deployment, chainId: 5 } }, "failed", /chain 31337, the deployment is on chain 5/],
      [/^rpc/, { now: later }, "warning", /more than stall \(60 s\)/],
      [/^rpc/, { now: earlier }, "warning", /ahead of this clock/],
      [/^rpc/, { settings: { ...settings, rpc: ["http://127.0.0.1:9/key"] } }, "failed", /HTTP request failed/],
      [/^socket/, { settings: { ...settings, socket: "ws://127.0.0.1:9" } }, "failed", /socket failed/],
      [/^store/, { tryStore: () => Promise.reject(new TypeError("disk is full")) }, "failed", /disk is full/],
      [/^code/, withAddress({ lens: empty }), "failed", /nothing at lens 0x0+dEaD/],
      [/^contracts/, withAddress({ oracleRouter: exchange }), "failed", /clearingHouse.oracle is .*, not oracleRouter/],
      [/^wallet/, { wallet: empty }, "failed", /0 native tokens, nonce 0: less than balance \(0.05\)/],
    ];
    for (const [name, change, verdict, detail] of cases) {
      const found = await check(name, change);
      expect(found.verdict, found.detail).to.equal(verdict);
      expect(found.detail).to.match(detail);
    }
  });

  it("go on with the nodes that answer", async () => {
    const settings = { ...subject.settings, rpc: ["http://127.0.0.1:9", node.url] };
    const checks = await examine({ ...subject, settings });
    const nodes = checks.filter(({ name }) => name.startsWith("rpc")).map(({ verdict }) => verdict);
    expect(nodes[0]).to.equal("failed");
    expect(nodes[1]).not.to.equal("failed");
    expect(checks.find(({ name }) => name === "contracts")?.verdict).to.equal("ok");
  });
});
