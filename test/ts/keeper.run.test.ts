// The keeper as a process against a chain as a process: it liquidates, bids and stops, whatever nodes do.
import { getAccount, createClient } from "@ballast/sdk";
import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, http } from "viem";
import { movePrice, openHouse, type House } from "./support/house.js";
import { KeeperProcess } from "./support/keeping.js";

describe("Keeper: as it is run", function () {
  this.timeout(120_000);
  let house: House;
  let folder: string;
  let pristine: unknown;
  let keepers: KeeperProcess[];

  before(async () => {
    house = await openHouse({ traders: 40, margin: (i) => 2_050n + 50n * BigInt(i) });
  });

  after(async () => {
    await house.anvil.stop();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-keeper-"));
    pristine = await house.anvil.ask("evm_snapshot");
    keepers = [];
  });

  afterEach(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop("SIGKILL")));
    await house.anvil.ask("evm_revert", pristine);
    rmSync(folder, { recursive: true });
  });

  function start(settings: object = {}, args: string[] = [], env: Record<string, string> = {}): KeeperProcess {
    const { anvil, deployment } = house;
    const own = {
      ...{ rpc: [anvil.url], socket: anvil.url.replace("http", "ws"), poll: 500, timeout: 2 },
      ...{ store: join(folder, "keeper.sqlite"), snapshot: join(folder, "keeper.snapshot"), log: "debug" },
      ...settings,
    };
    const keeper = KeeperProcess.start({ folder, deployment, settings: own, args, env });
    keepers.push(keeper);
    return keeper;
  }

  it("liquidates who falls, and says when", async () => {
    const keeper = start();
    await keeper.hears(({ msg }) => msg === "planned");
    await movePrice(house, 1_780);
    const [sent] = await keeper.hears(({ msg }) => msg === "sent");
    console.log(sent);
    const [outcome] = await keeper.hears(({ msg }) => msg === "outcome");
    console.log(outcome);
    await new Promise((r) => setTimeout(r, 3000));
    console.log(keeper.lines.map((l) => JSON.stringify(l)).join("\n"));
    console.log(await keeper.get("/readyz"), await keeper.get("/healthz"));
    expect(await keeper.stop()).to.equal(0);
  });
});
void getAccount; void createClient; void createPublicClient; void http;
