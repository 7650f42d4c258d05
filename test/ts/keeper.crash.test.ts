import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, type Outcome } from "@ballast/keeper";
import { expect } from "chai";
import { numberToHex } from "viem";
import { Anvil } from "../../scripts/anvil.js";
import { DEEDS, GWEI, install, isDone, sentBy, walletOf } from "./support/deeds.js";
import type { Orders, Phase } from "../support/mortal.js";
import { Postgres, unavailable } from "./support/postgres.js";

const KEEPER = fileURLToPath(new URL("../support/mortal.ts", import.meta.url));
/** Milliseconds. */
const BLOCK = 80;
const PATIENCE = 25_000;
const LEASE = 600;

describe("Keeper: killed at any time", () => {
  let anvil: Anvil;
  let directory: string;
  let miner: NodeJS.Timeout;
  let dear = false;
  let starts = 0;
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "ballast-crash-"));
    anvil = await Anvil.start("--no-mining");
    await install(anvil);
    dear = false;
    miner = setInterval(() => void mine().catch(() => undefined), BLOCK);
  });

  afterEach(async () => {
    clearInterval(miner);
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    await anvil.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function mine(): Promise<void> {
    await anvil.ask("anvil_setNextBlockBaseFeePerGas", numberToHex(dear ? 20n * GWEI : GWEI));
    await anvil.ask("evm_mine");
  }

  function keeper(orders: Partial<Orders> & { store: string }): ChildProcess {
    const all: Orders = {
      url: anvil.url,
      owner: `keeper ${++starts}`,
      wallet: 0,
      deeds: 1,
      lease: LEASE,
      lifetime: 200,
      ...orders,
    };
    const child = spawn(process.execPath, ["--import", "tsx", KEEPER, JSON.stringify(all)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.add(child);
    return child;
  }

  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + PATIENCE; !(await condition()); await pause(BLOCK)) {
      if (Date.now() > end) throw new TypeError("waited in vain");
    }
  }

  const pause = (milliseconds: number): Promise<void> => new Promise((next) => setTimeout(next, milliseconds));
  const all = (deeds: number): bigint[] => Array.from({ length: deeds }, (_, i) => BigInt(i + 1));

  async function done(deeds: number): Promise<boolean> {
    return (await Promise.all(all(deeds).map((deed) => isDone(anvil, deed)))).every(Boolean);
  }

  /** The latest outcome of every deed. */
  async function outcomes(where: string, deeds: number): Promise<(Outcome | undefined)[]> {
    const store = await openStore(where);
    const histories = await Promise.all(all(deeds).map((deed) => store.history(deed, 1)));
    await store.close();
    return histories.map(([latest]) => latest?.outcome);
  }

  const settled = async (where: string, deeds: number): Promise<boolean> =>
    (await outcomes(where, deeds)).every((one) => one?.kind === "included" && !one.reverted);

  async function doneOnce(wallets: number, deeds: number): Promise<void> {
    const senders = Array.from({ length: wallets }, (_, i) => walletOf(i).address);
    const deedsSent = (await sentBy(anvil, ...senders)).filter(({ to }) => to === DEEDS);
    expect(deedsSent).to.have.length(deeds);
    expect(new Set(deedsSent.map(({ hash }) => hash)).size).to.equal(deeds);
  }

  async function dies(child: ChildProcess): Promise<void> {
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).to.equal("SIGKILL");
  }

  const PHASES: Record<Phase, string> = {
    claim: "after it took the wallet",
    simulation: "after the simulation",
    journal: "after the journal, before the wire",
    wire: "after the wire, before the answer",
    receipt: "after the receipt, before the outcome",
    outcome: "after the outcome",
    bump: "after a higher offer was written down",
    cancel: "after a cancel was written down",
  };

  for (const [phase, when] of Object.entries(PHASES) as [Phase, string][]) {
    it(`${when}: the next one goes on, and does nothing twice`, async () => {
      const store = join(directory, "keeper.sqlite");
      dear = phase === "bump" || phase === "cancel";
      const unlucky = { ...(dear && { believed: String(GWEI) }), lifetime: phase === "cancel" ? 0 : 200 };
      const next = keeper({ store, waits: true });
      await dies(keeper({ store, phase, ...unlucky }));
      dear = false;
      next.send("begin");
      await until(() => done(1));
      await until(() => settled(store, 1));
      await pause(5 * BLOCK);
      await doneOnce(1, 1);
    });
  }

  const reason = unavailable();
  (reason === undefined ? describe : describe.skip)(
    `on one Postgres${reason === undefined ? "" : `: ${reason}`}`,
    () => {
      let server: Postgres;

      before(async () => void (server = await Postgres.start()));
      after(() => server.stop());

      async function finished(store: string, wallets: number, deeds: number): Promise<void> {
        await until(() => done(deeds));
        await until(() => settled(store, deeds));
        await doneOnce(wallets, deeds);
      }

      it("two wallets share the work while one instance is killed again and again", async () => {
        const [store, deeds] = [await server.database(), 42];
        keeper({ store, deeds });
        for (const phase of ["journal", "wire", "receipt"] as const) {
          await dies(keeper({ store, deeds, wallet: 1, phase }));
        }
        await finished(store, 2, deeds);
      });

      it("one that sleeps for longer than its lease does nothing twice when it wakes", async () => {
        const [store, deeds] = [await server.database(), 36];
        const pair = [keeper({ store, deeds }), keeper({ store, deeds })];
        await until(() => isDone(anvil, 1n));
        for (const sleeper of pair) {
          sleeper.kill("SIGSTOP");
          await pause(2 * LEASE);
          sleeper.kill("SIGCONT");
        }
        await finished(store, 1, deeds);
      });

      it("one wallet goes from hand to hand", async () => {
        const [store, deeds] = [await server.database(), 24];
        const first = [keeper({ store, deeds, phase: "journal" }), keeper({ store, deeds, phase: "receipt" })];
        await Promise.all(first.map(dies));
        keeper({ store, deeds });
        await finished(store, 1, deeds);
      });
    },
  );
});
