// The ballast command against a chain over HTTP: what it prints, and what it ends with when something is wrong.
import {
  confirm,
  deposit,
  approve,
  formatAccount,
  open,
  parsePrice,
  parseSize,
  parseUnits,
  serializeDeployment,
  type Deployment,
} from "@ballast/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../packages/cli/src/run.js";
import { describeWorld, tradersOf, type Trader } from "../../scripts/clients.js";
import { deployLocal, openPool, setPrice } from "../../scripts/local.js";
import { Node } from "./support/server.js";

interface Said {
  code: number;
  out: string;
  error: string;
}

describe("ballast command", () => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-cli-"));
  const file = join(folder, "31337.json");
  let node: Node;
  let trader: Trader;
  let deployment: Deployment;

  /** Runs the command in this process. */
  async function ballast(args: string[], env: Record<string, string> = {}): Promise<Said> {
    const said = { out: "", error: "" };
    const code = await run(args, {
      out: (text) => void (said.out += `${text}\n`),
      error: (text) => void (said.error += `${text}\n`),
      env: { BALLAST_RPC: node.url, BALLAST_DEPLOYMENT: file, ...env },
    });
    return { code, ...said };
  }

  const json = async (...args: string[]): Promise<unknown> => JSON.parse((await ballast([...args, "--json"])).out);

  before(async () => {
    const world = await deployLocal(await network.create());
    await openPool(world, 1n, parseUnits("5000000", 6));
    deployment = await describeWorld(world);
    [trader] = (await tradersOf(world, 1, deployment.addresses)) as [Trader];
    const { client, account, address } = trader;
    await world.quote.mint(address, parseUnits("250", 6));
    await confirm(client, await approve(client, { amount: parseUnits("250", 6) }));
    await confirm(client, await deposit(client, { account, amount: parseUnits("250", 6) }));
    await confirm(client, await open(client, { account, asset: 1, size: parseSize("1") }));
    await setPrice(world, 1n, parsePrice("1810"));
    writeFileSync(file, serializeDeployment(deployment));
    node = await Node.serve(world.connection);
  });

  after(() => {
    node.close();
    rmSync(folder, { recursive: true });
  });

  it("shows the status of all markets", async () => {
    const { code, out, error } = await ballast(["status"]);
    expect([code, error]).to.deep.equal([0, ""]);
    expect(out).to.match(/^chain 31337, block \d+/);
    expect(out).to.match(/^ETH +perp +Active +- +1810 /m);
    expect(out).to.match(/^WETH +spot /m);
    expect(out).to.match(/^quote held +5000251$/m);
    const { markets, rows } = (await json("status")) as { markets: object[]; rows: object };
    expect(markets).to.have.length(3);
    expect(markets[0]).to.include({ name: "ETH", asset: 1, kind: "Perp", openInterest: String(10n ** 18n) });
    expect(rows).to.have.property("insurance", "0");
  });

  it("shows an account, and what would happen to it", async () => {
    const { code, out } = await ballast(["account", trader.address]);
    expect(code).to.equal(0);
    expect(out).to.contain(`account        ${formatAccount(trader.account)}`);
    expect(out).to.match(/^verdict +FarBelow$/m);
    expect(out).to.match(/^withdrawable +0 \(InitialMargin\)$/m);
    expect(out).to.match(/^ETH +1 +2000 +1810 +1810 .* Reduce$/m);
    const account = (await json("account", formatAccount(trader.account))) as { legs: object[] };
    expect(account).to.include({ verdict: "FarBelow", liquidatable: true });
    expect(account.legs[0]).to.have.nested.property("outlook.stage", "Reduce");
    expect((await ballast(["account", "insurance"])).out).to.match(/^account +insurance$/m);
  });

  it("shows a market, and what each stage has room for", async () => {
    const { code, out } = await ballast(["market", "eth"]);
    expect(code).to.equal(0);
    expect(out).to.match(/^market +eth \(asset 1, perp\)$/m);
    expect(out).to.match(/^auction +0 of 2500000 in flight$/m);
    expect((await ballast(["market", "weth"])).out).to.match(/^haircut +20%$/m);
    expect(await json("market", "1")).to.have.nested.property("capacities.absorb.limit", "0");
  });

  it("ends with a number that means something and one line that says what to do", async () => {
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const wrong = write("wrong.json", "{}");
    const moved = write(
      "moved.json",
      serializeDeployment(deployment).replaceAll(deployment.addresses.lens, trader.address),
    );
    const other = write("other.json", serializeDeployment({ ...deployment, chainId: 5 }));
    const cases: [string[], Record<string, string>, number, RegExp][] = [
      [["market", "DOGE"], {}, 1, /there is no market DOGE; there are ETH, BTC, WETH; give one of these names/],
      [["market", "99"], {}, 1, /asset 99 is not listed; `ballast status` lists/],
      [["account", "me"], {}, 1, /me is no account/],
      [["account"], {}, 1, /missing required argument 'id'; see ballast --help/],
      [["stats"], {}, 1, /unknown command 'stats' \(Did you mean status\?\); see/],
      [["status", "--rpc", "localhost"], {}, 1, /--rpc \(BALLAST_RPC\): is no http\(s\) address; see/],
      [["status"], { BALLAST_TIMEOUT: "0" }, 1, /--timeout \(BALLAST_TIMEOUT\): is less than 1 s/],
      [["status", "--deployment", wrong], {}, 1, /chainId is not a whole number/],
      [["status", "--deployment", join(folder, "none.json")], {}, 1, /cannot be read/],
      [["status", "--deployment", other], {}, 1, /the deployment is on chain 5, the node is on chain 31337/],
      [["status", "--rpc", "http://127.0.0.1:9"], {}, 2, /the chain did not answer: .*; check --rpc \(BALLAST_RPC\)/],
      [["status", "--deployment", "77"], {}, 3, /chain 77 has no known deployment; .*deployments\/<chain id>.json/],
      [["status", "--deployment", moved], {}, 3, /there is no contract at .*; the deployment belongs to another chain/],
    ];
    for (const [args, env, expected, line] of cases) {
      const { code, out, error } = await ballast(args, env);
      expect([code, out], error).to.deep.equal([expected, ""]);
      expect(error).to.match(line);
      expect(error).to.match(/^ballast: [^\n]*\n$/);
    }
  });

  it("explains itself", async () => {
    const { code, out } = await ballast(["--help"]);
    expect(code).to.equal(0);
    expect(out).to.match(/Exit codes:\n +0 +ok\n +1 +bad input/);
    for (const command of ["status", "account <id>", "market <name>"]) expect(out).to.contain(command);
    expect((await ballast(["--version"])).out).to.match(/^\d+\.\d+\.\d+\n$/);
    const tsx = "node_modules/tsx/dist/cli.mjs";
    const main = execFileSync(process.execPath, [tsx, "packages/cli/src/main.ts", "account", "--help"], {
      encoding: "utf8",
    });
    expect(main).to.contain("owner/sub-id");
  });
});
