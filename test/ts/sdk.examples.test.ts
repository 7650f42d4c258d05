// The examples of docs/sdk.md, against a chain over HTTP.
import {
  accountId,
  approve,
  confirm,
  deposit,
  executeOrder,
  open,
  parsePrice,
  parseSize,
  parseUnits,
  serializeDeployment,
  signerOf,
  type Client,
} from "@ballast/sdk";
import * as actions from "../../packages/sdk/src/actions/index.js";
import { expect } from "chai";
import { network } from "hardhat";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../packages/sdk/examples/connect.js";
import { handleErrors } from "../../packages/sdk/examples/handleErrors.js";
import { openPosition } from "../../packages/sdk/examples/openPosition.js";
import { placeStop } from "../../packages/sdk/examples/placeStop.js";
import { readMarket } from "../../packages/sdk/examples/readMarket.js";
import { runLiquidation } from "../../packages/sdk/examples/runLiquidation.js";
import { describeWorld } from "../../scripts/clients.js";
import { deployLocal, openPool, setPrice, type World } from "../../scripts/local.js";
import { Node } from "./support/server.js";

/** The second account of every local chain. */
const KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const USD = 6;

/** What an example prints. */
async function printed(example: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    await example();
  } finally {
    console.log = log;
  }
  return lines;
}

describe("SDK examples", () => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-examples-"));
  let world: World;
  let node: Node;
  let client: Client;

  async function fund(account: bigint, amount: string): Promise<void> {
    const units = parseUnits(amount, USD);
    await confirm(client, await approve(client, { amount: units }));
    await confirm(client, await deposit(client, { account, amount: units }));
  }

  before(async () => {
    world = await deployLocal(await network.create());
    await openPool(world, 1n, parseUnits("5000000", USD));
    node = await Node.serve(world.connection);
    writeFileSync(join(folder, "31337.json"), serializeDeployment(await describeWorld(world)));
    client = await connect(node.url, KEY, folder);
    client.publicClient.pollingInterval = 10;
    await world.quote.mint(signerOf(client), parseUnits("100000", USD));
  });

  after(() => {
    node.close();
    rmSync(folder, { recursive: true });
  });

  it("read a market", async () => {
    const lines = await printed(() => readMarket(client));
    expect(lines[0]).to.equal("mark 2000 (Fresh), open interest 0");
    expect(lines[1]).to.match(/^the pool sells one at 200\d\.\d+, and up to \d+/);
    expect(lines.slice(2)).to.deep.equal(["auctions have room for 2500000", "insurance may pay 0"]);
  });

  it("open a position and close it", async () => {
    const lines = await printed(() => openPosition(client));
    expect(lines[0]).to.match(/^bought at 200\d/);
    expect(lines[1]).to.match(/^health 4\.\d+, liquidated below 15\d\d\.\d+$/);
    expect(lines[2]).to.match(/^took back 4\d{8} units$/);
  });

  it("sign a stop that somebody executes when its price has come", async () => {
    const account = accountId(signerOf(client));
    await fund(account, "1000");
    await confirm(client, await open(client, { account, asset: 1, size: parseSize("1") }));
    let stop: Awaited<ReturnType<typeof placeStop>> | undefined;
    const lines = await printed(async () => (stop = await placeStop(client)));
    expect(lines[0]).to.match(/^order 0x[0-9a-f]{64}: 1 left$/);
    if (stop === undefined) throw new TypeError("no order");
    await setPrice(world, 1n, parsePrice("1799"));
    const executed = await executeOrder(client, { signed: stop, keeper: accountId(signerOf(client), 7n) });
    await confirm(client, executed);
    expect(executed.result).to.equal(parseSize("1"));
    await setPrice(world, 1n, parsePrice("2000"));
  });

  it("run a liquidation", async () => {
    const failing = accountId(signerOf(client), 9n);
    await fund(failing, "250");
    await confirm(
      client,
      await open(client, { account: failing, asset: 1, size: parseSize("1"), slippage: parseSize("0.5") }),
    );
    expect(await printed(() => runLiquidation(client, [failing]))).to.deep.equal([]);
    await setPrice(world, 1n, parsePrice("1790"));
    const lines = await printed(() => runLiquidation(client, [failing, accountId(signerOf(client))]));
    expect(lines).to.deep.equal([`${signerOf(client)}/9: Reduce`]);
  });

  it("say what to do about an error", async () => {
    const account = accountId(signerOf(client), 11n);
    await fund(account, "1000");
    expect(await handleErrors(client, account)).to.match(/^deposit \d+\.\d+ more$/);
  });

  it("are all in the guide, as every action is", () => {
    const guide = readFileSync("docs/sdk.md", "utf8");
    const files = readdirSync("packages/sdk/examples").filter((file) => file !== "main.ts");
    for (const file of files) expect(guide).to.contain(`<!-- packages/sdk/examples/${file} -->`);
    const names = Object.entries(actions).filter(([, value]) => typeof value === "function" && value.length >= 1);
    const called = names.map(([name]) => name).filter((name) => /^(get|is|list)[A-Z]/.test(name));
    expect(called.length).to.be.greaterThan(15);
    for (const name of called) expect(guide).to.contain(`\`${name}\``);
  });
});
