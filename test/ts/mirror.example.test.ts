import { expect } from "chai";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { toEventSelector, type AbiEvent } from "viem";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { HttpRpc, Ledger, RpcSource, abis, readBlocks, verify } from "@ballast/mirror";
import {
  Deleveraging__factory,
  IInsuranceVault__factory,
  IBackstopPool__factory,
  ClearingHouse__factory,
  Liquidator__factory,
  OracleRouter__factory,
  Positions__factory,
  InsuranceVault__factory,
} from "../../types/contracts/index.js";
import { Crowd } from "./support/crowd.js";
import { deploymentOf } from "./support/chains.js";

interface Call {
  id: number;
  method: string;
  params: unknown[];
}

/** A node over HTTP in front of the network of a test. */
async function serve(connection: NetworkConnection): Promise<{ url: string; stop: () => void }> {
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const part of request) body += String(part);
      const parsed = JSON.parse(body) as Call[] | Call;
      const calls = Array.isArray(parsed) ? parsed : [parsed];
      const answers = await Promise.all(
        calls.map(async ({ id, method, params }) => ({
          id,
          result: (await connection.provider.request({ method, params })) as unknown,
        })),
      );
      response.end(JSON.stringify(Array.isArray(parsed) ? answers : answers[0]));
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

describe("Mirror: what is published", () => {
  it("reads the events that the contracts emit", () => {
    const ours = Object.fromEntries(
      Object.entries(abis).map(([name, abi]) => [name, abi.map((event) => `${event.name} ${toEventSelector(event)}`)]),
    );
    const emitted = (...factories: { abi: readonly { type: string }[] }[]) =>
      factories
        .flatMap(({ abi }) => abi.filter(({ type }) => type === "event") as unknown as AbiEvent[])
        .map((event) => `${event.name} ${toEventSelector(event)}`);
    const house = emitted(ClearingHouse__factory, Deleveraging__factory, Positions__factory);
    expect(ours["clearingHouse"]).to.have.members([...new Set(house)]);
    expect(emitted(OracleRouter__factory)).to.include.members(ours["oracle"] ?? []);
    expect(emitted(Liquidator__factory)).to.include.members(ours["liquidator"] ?? []);
    const vaults = emitted(InsuranceVault__factory, IInsuranceVault__factory, IBackstopPool__factory);
    expect(vaults).to.include.members(ours["vault"] ?? []);
  });

  it("the example of the README runs, over HTTP, against a chain", async function () {
    this.timeout(60_000);
    const example = await readFile("packages/mirror/examples/watch.ts", "utf8");
    expect(await readFile("packages/mirror/README.md", "utf8")).to.include(example);
    const directory = await mkdtemp(join(tmpdir(), "ballast-example-"));
    const connection = await network.create();
    const crowd = await Crowd.open(connection, 3);
    const { url, stop } = await serve(connection);
    try {
      const deployment = join(directory, "deployment.json");
      await writeFile(deployment, JSON.stringify(await deploymentOf(crowd)));
      const tsx = ["--import", import.meta.resolve("tsx"), resolve("packages/mirror/examples/watch.ts")];
      const environment = { ...process.env, TSX_TSCONFIG_PATH: resolve("tsconfig.json") };
      const child = spawn(process.execPath, [...tsx, url, deployment], { cwd: directory, env: environment });
      let output = "";
      let errors = "";
      child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
      const code = await new Promise<number | null>((done) => {
        child.on("close", done);
        child.stdout.on("data", (data: Buffer) => {
          const compared = output.includes("differ");
          output += data.toString();
          if (!compared && output.includes("differ")) setTimeout(() => void crowd.step(), 100);
          if (output.includes("block ")) child.kill("SIGINT");
        });
        setTimeout(() => child.kill("SIGINT"), 20_000).unref();
      });
      expect(code, errors).to.equal(0);
      expect(output).to.match(/perp 1: mark \d+, open interest \d+/);
      expect(output).to.match(/account \d+: equity -?\d+/);
      expect(output).to.match(/^\d{3,} numbers compared with the chain, 0 differ$/m);
      expect(await readFile(join(directory, "mirror.snapshot"), "utf8")).to.include("sha256 ");
    } finally {
      stop();
      await rm(directory, { recursive: true });
    }
  });

  it("verification tells every number that differs", async function () {
    this.timeout(60_000);
    const connection = await network.create();
    const crowd = await Crowd.open(connection, 4);
    const { url, stop } = await serve(connection);
    try {
      const rpc = new HttpRpc([url]);
      const source = new RpcSource(rpc);
      const ledger = new Ledger(await deploymentOf(crowd));
      const head = await source.head();
      for (const block of await readBlocks(source, ledger, 0, head, { all: false, bloom: true })) ledger.apply(block);
      expect((await verify(ledger, rpc)).differences).to.deep.equal([]);
      const account = crowd.accounts[1] ?? 0n;
      const cash = ledger.cashOf(account);
      ledger.cash.on.CashChanged?.({ account, cash: cash + 1n }, { number: head, timestamp: 0n, emitter: "" });
      expect((await verify(ledger, rpc)).differences).to.deep.include({
        subject: `row ${account}`,
        field: "value",
        chain: String(cash),
        mirror: String(cash + 1n),
      });
      const { differences } = await verify(ledger, rpc, { accounts: [account] });
      expect(differences.every((one) => one.subject.includes(String(account)))).to.equal(true);
      expect((await verify(ledger, rpc, { accounts: [], sample: 1 })).differences).to.deep.equal([]);
    } finally {
      stop();
    }
  });
});
