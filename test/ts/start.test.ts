// `npm start` as people run it: a short market from end to end, its scenarios, its answers to what is wrong, and Ctrl-C.
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNear } from "../support/near.js";
import { Laws } from "../../scripts/market/laws.js";
import { choose } from "../../scripts/market/paths.js";
import { planPopulation } from "../../scripts/market/population.js";
import type { Report } from "../../scripts/market/report.js";
import { SCENARIOS } from "../../scripts/market/scenarios.js";
import { drawing, sparkline } from "../../scripts/market/screen.js";
import { markdownOf } from "../../scripts/market/markdown.js";
import { pageOf } from "../../scripts/market/page.js";

/** Milliseconds for a child to have gone. */
const GONE = 10_000;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function launch(...args: string[]): ChildProcess {
  const command = ["--import", "tsx", "scripts/start.ts", ...args];
  return spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(...args: string[]): Promise<Ended> {
  const child = launch(...args);
  const said = { out: "", error: "" };
  child.stdout?.on("data", (text: Buffer) => (said.out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (said.error += text.toString()));
  await once(child, "close");
  return { code: child.exitCode, ...said };
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

/** Processes whose command line names this. */
const processesOf = (text: string): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    });

describe("npm start", function () {
  this.timeout(240_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-start-"));
  });

  after(() => rmSync(folder, { recursive: true }));

  const play = (scenario: string, accounts: number, seed = 1): Promise<Ended> => {
    const named = ["--scenario", scenario, "--accounts", String(accounts), "--seed", String(seed)];
    return run(...named, "--speed", "10", "--json", "--out", join(folder, scenario));
  };

  it("plays a calm market: nobody is hurt, every law holds", async () => {
    const { code, out, error } = await play("calm", 12);
    expect(code, error).to.equal(0);
    const report = JSON.parse(lastLine(out)) as Report;
    expect(report.accounts).to.include({ opened: 12, liquidated: 0, bankrupt: 0 });
    expect([report.loss, report.unaccounted]).to.deep.equal(["0", "0"]);
    for (const [law, { held }] of Object.entries(report.laws)) expect(held, law).to.equal(true);
    expect(report.laws["CASH-1"]?.checked).to.be.greaterThan(10);
    expect(report.keeper.sent).to.be.greaterThan(0);
  });

  it("plays thin insurance: every stage of both chains acts, and who paid is the loss to the wei", async () => {
    const { code, out, error } = await play("thin-insurance", 80);
    expect(code, error).to.equal(0);
    const report = JSON.parse(lastLine(out)) as Report;
    expect(report.stages.idle).to.deep.equal([]);
    const paid = Object.values(report.paid).reduce((sum, wei) => sum + BigInt(wei), 0n);
    expect([paid, report.unaccounted]).to.deep.equal([BigInt(report.loss), "0"]);
    expect(paid > 0n).to.equal(true);
    for (const kind of ["md", "html", "json"])
      expect(existsSync(join(folder, "thin-insurance", `report.${kind}`))).to.equal(true);
    expect(report.accounts).to.include({ opened: 80, refused: 0 });
    for (const law of ["LIQ-1", "LIQ-2", "SHARE-2", "QUOTE-1"])
      expect(report.laws[law]?.checked, law).to.be.greaterThan(0);
    const page = pageOf(report);
    expect(page).to.contain("<svg").and.contain("The waterfall").and.contain("✓ Every law held");
    expect(page).not.to.match(/NaN|undefined|Infinity|<script|https?:|url\(/);
    expect(markdownOf(report)).to.contain("| offset |").and.not.contain("undefined");
    expect(pageOf(broken(report)))
      .to.contain("✗ Not sound")
      .and.contain("1 of 2");
    expect(markdownOf(broken(report)))
      .to.contain("Who still fails")
      .and.contain("waits for its lot");
    expect(drawing(report.frames, 0.5).join("\n")).to.contain("all hold");
  });

  /** The same with a law that did not hold, and somebody who still fails. */
  const broken = (report: Report): Report => ({
    ...report,
    laws: { ...report.laws, "CASH-1": { says: "", held: false, checked: 1, broken: ["1 of 2"] } },
    remains: [
      {
        ...{ account: "0x01", asset: 1, health: 0.6, notional: 100, inLot: 20, next: "None" },
        why: { reduce: "LotIsLive", auction: "LotIsLive", absorb: "LotIsLive", offset: "LotIsLive" },
      },
    ],
  });

  it("leaves no process behind after Ctrl-C", async () => {
    const out = join(folder, "interrupted");
    const child = launch("--scenario", "calm", "--accounts", "12", "--out", out);
    for await (const text of child.stdout ?? []) if (String(text).includes("0:0")) break;
    expect(processesOf(out).length).to.be.greaterThan(4);
    child.kill("SIGINT");
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).to.equal(130);
    for (const end = Date.now() + GONE; processesOf(out).length > 0 && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(processesOf(out)).to.deep.equal([]);
  });

  it("says in a sentence what is wrong, and what to do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const busy = await run("--port", String(port), "--out", join(folder, "busy"));
    server.close();
    expect([busy.code, lastLine(busy.error)]).to.deep.equal([
      2,
      "leave --port out and any free port is taken, or give another one",
    ]);
    const unknown = await run("--scenario", "sunny");
    expect(unknown.code).to.equal(2);
    expect(unknown.error).to.contain("there is no scenario sunny").and.contain("black-thursday");
    const wrong = await run("--accounts", "many");
    expect([wrong.code, wrong.error.split("\n")[0]]).to.deep.equal([
      2,
      "--accounts many: it is not a whole number from 10 to 2000",
    ]);
  });
});

describe("the market's paths and people", () => {
  it("are the same for the same seed, and others for another one", () => {
    for (const { name, crowd } of SCENARIOS) {
      expect(choose(name, 3)).to.deep.equal(choose(name, 3));
      expect(choose(name, 3)).to.not.deep.equal(choose(name, 4));
      expect(planPopulation(30, crowd, 3)).to.deep.equal(planPopulation(30, crowd, 3));
    }
  });

  it("end where their phases say", () => {
    const { path } = choose("flash-crash", 1);
    const at = (phase: string): number => path.findLast((tick) => tick.phase === phase)?.prices["ETH"] ?? 0;
    expectNear(at("crash") / at("calm"), 0.8, 1e-9);
  });

  it("come from a file by their moves alone, and a wrong file is told by its line", () => {
    const file = join(mkdtempSync(join(tmpdir(), "ballast-path-")), "prices.csv");
    const read = (text: string) => {
      writeFileSync(file, text);
      return choose(file, 1);
    };
    const { path } = read("time,BTC,ETH,SOL\n0,100,10,1\n60,90,11,1\n120,80,12,2\n");
    expect(path.map(({ prices }) => prices["BTC"])).to.deep.equal([54_000, 48_000]);
    expect(path[1]?.prices["SOL"]).to.equal(300);
    expect(() => read("time,ETH\n0,1\n")).to.throw(/the first line is "time,ETH"/);
    expect(() => read("time,BTC,ETH,SOL\n0,1,1,1\n0,1,1,1\n")).to.throw(/line 3: the time 0 is not after 0/);
    expect(() => read("time,BTC,ETH,SOL\n0,1,1,1\n9,1,-1,1\n")).to.throw(/line 3: a price is no number above zero/);
    expect(() => choose("missing.csv", 1)).to.throw(/missing.csv: cannot be read \(ENOENT\)/);
  });

  it("have a law broken by a call that executes what no view quoted", () => {
    const laws = new Laws(undefined as never, undefined as never);
    laws.quotes([{ what: "pool of asset 1", quoted: [5n, 7n], executed: [5n, 7n] }]);
    expect(laws.broken).to.deep.equal([]);
    laws.quotes([{ what: "pool of asset 1", quoted: [5n, 7n], executed: [5n, 8n] }]);
    expect(laws.broken).to.deep.equal(["QUOTE-1: pool of asset 1: 5 at 7, executed 5 at 8"]);
  });

  it("are drawn as bars", () => {
    expect(sparkline([1, 2, 3, 8])).to.equal("▁▂▃█");
  });
});
