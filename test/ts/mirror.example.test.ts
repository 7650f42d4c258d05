import { expect } from "chai";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { network } from "hardhat";
import { HttpRpc, Ledger, RpcSource, readBlocks, verify } from "@ballast/mirror";
import { Crowd } from "./support/crowd.js";
import { deploymentOf } from "./support/chains.js";
import { Node } from "./support/server.js";

describe("Mirror: what is published", () => {
  it("the example of the README runs, over HTTP, against a chain", async function () {
    this.timeout(60_000);
    const example = await readFile("packages/mirror/examples/watch.ts", "utf8");
    expect(await readFile("packages/mirror/README.md", "utf8")).to.include(example);
    const directory = await mkdtemp(join(tmpdir(), "ballast-example-"));
    const connection = await network.create();
    const crowd = await Crowd.open(connection, 3);
    const node = await Node.serve(connection);
    try {
      const deployment = join(directory, "deployment.json");
      await writeFile(deployment, JSON.stringify(await deploymentOf(crowd)));
      const tsx = ["--import", import.meta.resolve("tsx"), resolve("packages/mirror/examples/watch.ts")];
      const environment = { ...process.env, TSX_TSCONFIG_PATH: resolve("tsconfig.json") };
      const child = spawn(process.execPath, [...tsx, node.url, deployment], { cwd: directory, env: environment });
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
      node.close();
      await rm(directory, { recursive: true });
    }
  });

  it("verification tells every number that differs", async function () {
    this.timeout(60_000);
    const connection = await network.create();
    const crowd = await Crowd.open(connection, 4);
    const node = await Node.serve(connection);
    try {
      const rpc = new HttpRpc([node.url]);
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
      node.close();
    }
  });
});
