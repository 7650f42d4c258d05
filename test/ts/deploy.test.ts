// Deploying each network on a chain with its id, with feeds at the real addresses: plan, run, interruption, handover.
import { readDeployment } from "@ballast/sdk/node";
import { getMarket, createClient } from "@ballast/sdk";
import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, getAddress, http, parseAbi, toFunctionSelector, type Address, type Hex } from "viem";
import { contractsOf } from "../../deploy/journal.js";
import { knownFills } from "../../deploy/outputs.js";
import { DRAFTS, draftOf, resolve, SEQUENCER, type Parameters } from "../../deploy/parameters/index.js";
import { plantFeed } from "../../deploy/plant.js";
import { batchOf, checksumOf, type Transaction } from "../../packages/cli/src/authority/batch.js";
import { encodeCall, managerCall, type Call } from "../../packages/cli/src/authority/calls.js";
import { ABIS, FUNCTIONS, Role, functionOf } from "../../packages/cli/src/authority/policy.js";
import { repositoryOf } from "../../packages/cli/src/commands/deploy.js";
import { encodeTransaction } from "./support/batches.js";
import { FILLS, Governed, KEY } from "./support/governed.js";

const UPTIME = getAddress(`0x${"d4".repeat(20)}`);
const STRANGER = getAddress(`0x${"e5".repeat(20)}`);
const NETWORKS: readonly [string, Record<string, string>][] = [
  ["sepolia", FILLS],
  ["baseSepolia", { ...FILLS, sequencer: UPTIME }],
  ["arbitrumSepolia", { ...FILLS, sequencer: "none" }],
];

/** Code that charges so much for every byte of what it is asked about: a billion wei, or a gas. */
const TELLERS: Readonly<Record<string, { at: Address; code: Hex; by: string; wei: (gasPrice: bigint) => bigint }>> = {
  baseSepolia: {
    at: "0x420000000000000000000000000000000000000F",
    code: "0x36633b9aca00025f5260205ff3",
    by: "GasPriceOracle",
    wei: () => 10n ** 9n,
  },
  arbitrumSepolia: {
    at: "0x00000000000000000000000000000000000000C8",
    code: "0x365f526305f5e1006020525f60405260605ff3",
    by: "NodeInterface",
    wei: (gasPrice) => gasPrice,
  },
};

const selectorOf = (contract: string, name: string): Hex => toFunctionSelector(functionOf(ABIS[contract] ?? [], name));

async function rejection(promise: Promise<unknown>, reason: string | RegExp): Promise<void> {
  const message = await promise.then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );
  if (typeof reason === "string") expect(message).to.contain(reason);
  else expect(message).to.match(reason);
}

describe("parameters of networks", () => {
  it("are refused as long as a fact is missing", () => {
    expect(() => resolve(draftOf(DRAFTS, "baseSepolia"), FILLS)).to.throw(
      /the parameters of baseSepolia lack sequencer \(the sequencer uptime feed/,
    );
    expect(() => resolve(draftOf(DRAFTS, "sepolia"))).to.throw(/lack governor .*, recovery .*, guardian /);
    expect(() => resolve(draftOf(DRAFTS, "sepolia"), { ...FILLS, governor: "0x12" })).to.throw(/governor=0x12/);
    expect(() => resolve(draftOf(DRAFTS, "sepolia"), { ...FILLS, owner: UPTIME })).to.throw(/nothing asks for it/);
    expect(() => draftOf(DRAFTS, "mainnet")).to.throw(/no parameters for mainnet; there are localhost, sepolia/);
    expect(SEQUENCER.fillIn).to.equal("sequencer");
  });

  it("say of every restricted function whose it is", () => {
    for (const [contract, roles] of Object.entries(FUNCTIONS)) {
      const name = contract.charAt(0).toUpperCase() + contract.slice(1);
      const folder =
        { riskConfigurator: "core", oracleRouter: "oracle", exchange: "trading" }[contract] ?? "liquidation";
      const source = readFileSync(`contracts/${folder}/${name}.sol`, "utf8");
      const restricted = [...source.matchAll(/function (\w+)\([^)]*\)[^{;]*\brestricted\b/g)].map((match) => match[1]);
      expect(Object.values(roles).flat().sort(), name).to.deep.equal(restricted.sort());
    }
  });
});

for (const [name, fills] of NETWORKS)
  describe(`deployment of ${name}`, () => {
    let governed: Governed;

    before(async () => {
      governed = await Governed.open(name, fills);
    });

    after(() => governed.close());

    it("tells what data costs on the main chain, where the chain does", async () => {
      const teller = TELLERS[name];
      if (teller === undefined) {
        const { plan } = await governed.deploy({ dryRun: true });
        expect([plan.dataFee, plan.cost]).to.deep.equal([undefined, plan.gas * plan.gasPrice]);
        expect(governed.lines.join("\n")).to.contain("what a rollup charges for data is not in it");
        return;
      }
      const { at, code, by, wei } = teller;
      await governed.anvil.request("anvil_setCode", [at, code]);
      const { plan } = await governed.deploy({ dryRun: true });
      const bytes = plan.steps.reduce((sum, step) => sum + BigInt(step.bytes), 0n);
      expect(plan.dataFee?.by).to.equal(by);
      expect(plan.dataFee?.wei).to.be.greaterThan(bytes * wei(plan.gasPrice));
      expect(plan.cost).to.equal(plan.gas * plan.gasPrice + (plan.dataFee?.wei ?? 0n));
      expect(governed.lines.join("\n")).to.match(
        new RegExp(`and data = .* ether of it for ${bytes} bytes .* says ${by}`, "s"),
      );
      await governed.anvil.request("anvil_setCode", [at, "0x"]);
      governed.lines.length = 0;
    });

    it("plans without sending anything, deploys, and leaves what people and programs need", async () => {
      const before = await governed.sent();
      const { plan } = await governed.deploy({ dryRun: true });
      expect(governed.lines.join("\n")).to.match(/54 of 54 transactions are left: \d+ gas at \S+ gwei = \S+ ether/);
      expect(await governed.sent()).to.equal(before);
      const { deployment } = await governed.deploy();
      expect(await governed.sent()).to.equal(before + plan.steps.length);
      const { chainId, markets, addresses } = await readDeployment(governed.file());
      expect([chainId, markets]).to.deep.equal([governed.parameters.chainId, { ETH: 1, BTC: 2, WETH: 3 }]);
      expect(addresses).to.deep.equal(deployment?.addresses);
      const publicClient = createPublicClient({ transport: http(governed.anvil.url) });
      const { price } = await getMarket(createClient({ source: { publicClient }, addresses }), { asset: 2 });
      expect([price.mark, price.status]).to.deep.equal([60_000n * 10n ** 18n, "Fresh"]);
      const { out } = await governed.ballast("markets", "--verify", "--terms", governed.file("terms"));
      expect(out)
        .to.match(/^BTC +2 +perp +Active +60000 /m)
        .and.contain("verified: all terms");
      expect(await knownFills(governed.folder, draftOf(DRAFTS, name))).to.deep.equal(fills);
      expect(readFileSync(`${governed.folder}/book.ts`, "utf8")).to.contain(addresses.clearingHouse);
    });

    it("has authority where it belongs once the governor has signed, and only then", async () => {
      const before = await governed.verify();
      expect(before.error).to.contain(`${await governed.deployer()} has the role admin, and should not`);
      expect(before.code).to.equal(5);
      expect(await governed.execute(governed.file("handover"))).to.equal(true);
      const { code, out, error } = await governed.verify();
      expect([code, error]).to.deep.equal([0, ""]);
      expect(out).to.match(/^verified: \d{3} checks, nobody else$/m);
    });
  });

describe("interrupted deployment", () => {
  let governed: Governed;

  before(async () => {
    governed = await Governed.open("sepolia", FILLS);
  });

  after(() => governed.close());

  /** Deploys in a process of its own, which is killed once it has said this. */
  async function killedAt(step: string): Promise<void> {
    const { anvil, folder, journal } = governed;
    const fills = Object.entries(FILLS).flatMap(([name, value]) => ["--fill", `${name}=${value}`]);
    const flags = ["--no-build", "--any-build", "--yes", "--confirmations", "1", "--network", "sepolia"];
    const files = ["--journal", journal, "--deployments", folder, "--book", join(folder, "book.ts")];
    const args = ["--import", "tsx", "scripts/deploy.ts", ...flags, ...files, ...fills];
    const env = { ...process.env, SEPOLIA_RPC_URL: anvil.url, DEPLOYER_KEY: KEY };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes(`done  ${step}`)) child.kill("SIGKILL");
    });
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).to.equal("SIGKILL");
  }

  it("goes on where it was killed, and sends nothing twice", async () => {
    const before = await governed.sent();
    await killedAt("Ballast#Trading");
    expect(existsSync(governed.file())).to.equal(false);
    const known = await contractsOf(governed.journal);
    expect(Object.keys(known)).to.include("Ballast#AccessManager").and.not.include("Vaults#LotRunner");
    const { plan } = await governed.deploy();
    expect(plan.steps.some(({ done }) => done)).to.equal(true);
    expect(await governed.sent()).to.equal(before + plan.steps.length);
    expect(await contractsOf(governed.journal)).to.include(known);
  });

  it("sends nothing when all is done, and says that what is new is the governor's", async () => {
    const before = await governed.sent();
    const files = [governed.file(), governed.file("handover")].map((file) => readFileSync(file, "utf8"));
    const { plan } = await governed.deploy();
    expect([plan.gas, await governed.sent()]).to.deep.equal([0n, before]);
    expect([governed.file(), governed.file("handover")].map((file) => readFileSync(file, "utf8"))).to.deep.equal(files);
    expect(await governed.execute(governed.file("handover"))).to.equal(true);
    await governed.deploy();
    const { parameters } = governed;
    const [eth] = parameters.perps as [Parameters["perps"][number]];
    const more = { ...parameters, perps: [...parameters.perps, { ...eth, name: "SOL", asset: 4 }] };
    await rejection(governed.deploy({ parameters: more }), /has handed over authority; .* left: Markets#SOL_source0/);
  });

  it("sends nothing without an answer, nor what was built for tests", async () => {
    const before = await governed.sent();
    const folder = join(governed.folder, "other");
    const unanswered = governed.deploy({ folder, confirm: () => Promise.resolve(false) });
    await rejection(unanswered, "nobody confirmed: answer with the name sepolia, or give --yes");
    await rejection(governed.deploy({ anyBuild: false }), "the artifacts are not of the production build");
    expect(await governed.sent()).to.equal(before);
  });

  it("refuses a journal whose contracts have other code, or none, and one that is lost", async () => {
    const { accessManager, clearingHouse } = (await readDeployment(governed.file())).addresses;
    const code = await governed.anvil.request("eth_getCode", [clearingHouse, "latest"]);
    await governed.anvil.request("anvil_setCode", [clearingHouse, "0x6000"]);
    await rejection(governed.deploy(), `${clearingHouse} has not the code of Ballast#ClearingHouse`);
    await governed.anvil.request("anvil_setCode", [clearingHouse, code]);
    const manager = await governed.anvil.request("eth_getCode", [accessManager, "latest"]);
    await governed.anvil.request("anvil_setCode", [accessManager, "0x"]);
    await rejection(governed.deploy(), `Ballast#AccessManager is not at ${accessManager}`);
    await governed.anvil.request("anvil_setCode", [accessManager, manager]);
    renameSync(governed.journal, `${governed.journal}.away`);
    await rejection(governed.deploy(), "of which the journal");
    renameSync(`${governed.journal}.away`, governed.journal);
  });

  it("refuses feeds and tokens that are not what the parameters say, and keys where contracts should be", async () => {
    const [eth] = draftOf(DRAFTS, "sepolia").perps;
    const feed = eth?.sources.feeds[0] as { at: Address };
    await plantFeed(governed.anvil.request, await governed.deployer(), feed.at, "DOGE / USD", 1n);
    await governed.anvil.request("anvil_setCode", [FILLS["governor"], "0x"]);
    const anew = { dryRun: true, folder: join(governed.folder, "other") };
    await rejection(governed.deploy(anew), `the feed ${feed.at} is DOGE / USD, not ETH / USD`);
    await rejection(governed.deploy(anew), `the governor ${FILLS["governor"]} is no contract`);
    await governed.pass(2 * 86_400);
    await rejection(governed.deploy(anew), /of BTC \/ USD is 1728\d\d s old/);
  });

  it("is found out by --verify when anybody else can do anything", async () => {
    const { accessManager, oracleRouter, riskConfigurator, liquidator } = (await readDeployment(governed.file()))
      .addresses;
    const { delays } = governed.parameters.authority;
    const recovery = getAddress(FILLS["recovery"] ?? "");
    /** Schedules a call as the recovery multisig, waits, executes. */
    const change = async (call: Call): Promise<void> => {
      const data = encodeCall(call);
      const scheduled = encodeCall(managerCall(accessManager, "schedule", call.to, data, 0));
      expect(await governed.send(recovery, accessManager, scheduled)).to.equal(true);
      await governed.pass(delays.admin);
      expect(
        await governed.send(recovery, accessManager, encodeCall(managerCall(accessManager, "execute", call.to, data))),
      ).to.equal(true);
    };
    const faulty = async (fault: string): Promise<void> => {
      const { code, error } = await governed.verify();
      expect(code).to.equal(5);
      expect(error).to.contain(fault);
    };
    const manager = (name: string, ...args: unknown[]): Call => managerCall(accessManager, name, ...args);
    expect((await governed.verify()).error).to.equal("");
    await change(manager("grantRole", Role.guardian, STRANGER, 0));
    await faulty(`${STRANGER} has the role guardian, and should not`);
    await faulty(`${STRANGER} may call riskConfigurator.tighten`);
    await change(manager("revokeRole", Role.guardian, STRANGER));
    expect((await governed.verify()).error).to.equal("");
    await change(
      manager("setTargetFunctionRole", oracleRouter, [selectorOf("oracleRouter", "setSources")], 2n ** 64n - 1n),
    );
    await faulty("oracleRouter.setSources is for 18446744073709551615, it should be for prices");
    await faulty("0x00000000000000000000000000000000000ba57e may call oracleRouter.setSources");
    await change(
      manager("setTargetFunctionRole", oracleRouter, [selectorOf("oracleRouter", "setSources")], Role.prices),
    );
    await change(manager("setRoleGuardian", Role.parameters, 9n));
    await faulty("members of 9 may cancel what parameters scheduled, it should be guardian");
    await change(manager("setRoleGuardian", Role.parameters, Role.guardian));
    const grant = functionOf(ABIS["riskConfigurator"] ?? [], "setCapability");
    await change({ to: riskConfigurator, function: grant, args: [STRANGER, 3, true] });
    await faulty(`${STRANGER} has the capability Cover, and should not`);
    await change({ to: riskConfigurator, function: grant, args: [STRANGER, 3, false] });
    await change(manager("updateAuthority", liquidator, oracleRouter));
    await faulty(`liquidator obeys ${oracleRouter}, not the access manager`);
  });
});

describe("deployment that stopped in the middle of a batch", () => {
  let governed: Governed;

  before(async () => {
    governed = await Governed.open("sepolia", FILLS);
  });

  after(() => governed.close());

  interface Message {
    readonly type: string;
    readonly futureId?: string;
  }

  it("goes on when a later transaction was written down and an earlier one was not", async () => {
    const before = await governed.sent();
    let done = 0;
    const say = (line: string): void => {
      if (line.startsWith("done") && ++done === 22) throw new RangeError("stopped here");
    };
    await rejection(governed.deploy({ say }), "stopped here");
    const file = join(governed.journal, "journal.jsonl");
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const messages = lines.map((line) => JSON.parse(line) as Message);
    const confirmed = messages.filter(({ type }) => type === "TRANSACTION_CONFIRM").map(({ futureId }) => futureId);
    const forgotten = ({ type, futureId }: Message): boolean =>
      futureId === confirmed.at(-2) && /^TRANSACTION_CONFIRM$|COMPLETE$/.test(type);
    writeFileSync(file, `${lines.filter((_, i) => !forgotten(messages[i] as Message)).join("\n")}\n`);
    const { plan } = await governed.deploy();
    expect(await governed.sent()).to.equal(before + plan.steps.length);
  });
});

describe("local chain that began anew", () => {
  it("is deployed to again, its old journal put aside", async () => {
    const governed = await Governed.open("localhost", {});
    try {
      const { plan } = await governed.deploy();
      await governed.anvil.request("anvil_reset");
      expect(await governed.sent()).to.equal(0);
      await governed.deploy();
      expect(await governed.sent()).to.equal(plan.steps.length);
    } finally {
      await governed.close();
    }
  });
});

describe("ballast deploy", () => {
  it("hands on to the repository, and says where that is missing", () => {
    expect(repositoryOf(join(process.cwd(), "packages", "cli"))).to.equal(process.cwd());
    expect(() => repositoryOf(tmpdir())).to.throw(/is in no checkout of the repository: run `npm run deploy` in one/);
    const args = ["--import", "tsx", "packages/cli/src/main.ts", "deploy", "--network", "baseSepolia"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).to.equal(1);
    expect(stderr).to.contain("the parameters of baseSepolia lack ");
  });
});

describe("batch for the multisig", () => {
  it("has the checksum that the transaction builder gave a file of its own", () => {
    const approve = parseAbi(["function approve(address spender, uint256 value)"])[0];
    const to = getAddress("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
    const { meta } = batchOf({
      chainId: 1,
      safe: "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
      name: "Transactions Batch",
      description: "",
      createdAt: 1_761_326_849_944,
      calls: [{ to, function: approve, args: ["0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8", 100_000_000_000n] }],
    });
    expect(meta.checksum).to.equal("0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989");
  });

  it("names every argument, and says again what it was made of", () => {
    const call = managerCall(STRANGER, "grantRole", 1n, UPTIME, 60);
    const batch = batchOf({ chainId: 1, safe: STRANGER, name: "n", description: "d", createdAt: 0, calls: [call] });
    const [transaction] = batch.transactions as [Transaction];
    expect(transaction.contractInputsValues).to.deep.equal({ roleId: "1", account: UPTIME, executionDelay: "60" });
    expect(checksumOf({ ...batch, chainId: "2" })).to.not.equal(batch.meta.checksum);
    expect(encodeTransaction(transaction)).to.equal(encodeCall(call));
  });
});
