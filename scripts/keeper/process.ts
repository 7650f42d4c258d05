// The keeper as operators run it, on a chain with a block a second: from word of a price to the write on the socket.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { FileStore, linesOf } from "@ballast/mirror";
import { serializeDeployment } from "@ballast/sdk";
import { describeWorld } from "../clients.js";
import { setPrice } from "../local.js";
import type { Anvil } from "../anvil.js";
import { at, round } from "./book.js";
import type { Stage } from "./chain.js";

/** The second account of every local chain; the first one deploys. */
const KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const STARTUP = 120_000;
const BLOCK = 1_000;
/** Of the price of the first market, every block. */
const FALL = 4n;
/** Before that, and long enough for the average: from here on accounts of the crowd begin to fail. */
const START = 9_350n;
const CALM = 900;
const UNIT = 10_000n;

export interface KeeperFigures {
  readonly sent: number;
  readonly sent_p50_ms: number | null;
  readonly sent_p99_ms: number | null;
  readonly rpc_per_minute: number;
  readonly rss_mb: number;
  readonly seconds: number;
}

export class KeeperGone extends Error {
  override name = "KeeperGone";

  constructor(
    readonly code: number | null,
    readonly said: string,
  ) {
    super(`the keeper ended with ${code}: ${said}`);
  }
}

interface Line {
  readonly msg?: string;
  readonly price_at?: number;
  readonly sent_at?: number;
}

export async function benchKeeper(stage: Stage, seconds: number): Promise<KeeperFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), "keeper-"));
  const counter = await Counter.open(stage.anvil.url);
  const mark = await begin(stage);
  const lines: Line[] = [];
  const keeper = await start(stage, folder, counter.url, lines);
  try {
    await until(() => lines.some(({ msg }) => msg === "started"), keeper);
    await stage.anvil.request("evm_setAutomine", [false]);
    await stage.anvil.request("evm_setIntervalMining", [BLOCK / 1_000]);
    await pause(3 * BLOCK);
    const [before, began] = [counter.calls, performance.now()];
    await fall(stage, mark, seconds);
    const rpc_per_minute = Math.round(((counter.calls - before) * 60_000) / (performance.now() - began));
    const times = lines.flatMap(({ msg, price_at, sent_at }) =>
      msg === "sent" && price_at !== undefined && sent_at !== undefined ? [sent_at - price_at] : [],
    );
    times.sort((a, b) => a - b);
    const quantile = (part: number) => (times.length === 0 ? null : round(at(times, part)));
    const figures = { sent: times.length, sent_p50_ms: quantile(0.5), sent_p99_ms: quantile(0.99) };
    return { ...figures, rpc_per_minute, rss_mb: await rssOf(keeper), seconds };
  } finally {
    await end(keeper.child);
    await counter.close();
    await stage.anvil.request("evm_setIntervalMining", [0]);
    await stage.anvil.request("evm_setAutomine", [true]);
    await stage.anvil.request("evm_mine");
    await rm(folder, { recursive: true });
  }
}

/** The price at which the fall begins, which has stood for a while. */
async function begin({ world, prices, anvil, mirror }: Stage): Promise<bigint> {
  const [[asset, price] = [1, 0n]] = prices;
  const mark = (price * START) / UNIT;
  await setPrice(world, BigInt(asset), mark);
  for (let i = 0; i < 2; i++) {
    await anvil.request("evm_increaseTime", [CALM]);
    await (await world.router.latch([asset])).wait();
  }
  await mirror.catchUp();
  return mark;
}

/** One feed says a little less every block, and somebody latches it: between two blocks, so that nobody is kept from reading one. */
async function fall({ world, prices, anvil }: Stage, start: bigint, seconds: number): Promise<void> {
  const [[asset] = [1]] = prices;
  let mark = start;
  await nextBlock(anvil);
  const began = performance.now() + BLOCK / 2;
  for (let i = 0; i < seconds; i++) {
    await pause(began + i * BLOCK - performance.now());
    mark -= (mark * FALL) / UNIT;
    await setPrice(world, BigInt(asset), mark);
    await world.router.latch([asset]);
  }
  await nextBlock(anvil);
  await pause(BLOCK / 2);
}

async function nextBlock(anvil: Anvil): Promise<void> {
  const number = await anvil.request("eth_blockNumber");
  while ((await anvil.request("eth_blockNumber")) === number) await pause(10);
}

interface Keeper {
  readonly child: ChildProcess;
  said: string;
}

async function start({ mirror, world, anvil }: Stage, folder: string, rpc: string, lines: Line[]): Promise<Keeper> {
  const { chainId } = mirror.ledger.deployment;
  const file = (name: string) => path.join(folder, name);
  await writeFile(file("deployment.json"), serializeDeployment({ ...(await describeWorld(world)), chainId }));
  await new FileStore(file("mirror.snapshot")).save(linesOf(mirror.ledger));
  const config = {
    rpc,
    socket: anvil.socket,
    deployment: file("deployment.json"),
    store: file("keeper.sqlite"),
    snapshot: file("mirror.snapshot"),
    listen: { port: 0 },
    strategies: { liquidate: { least: "-1000" }, crank: { enabled: false }, deleverage: { enabled: false } },
  };
  await writeFile(file("keeper.json"), JSON.stringify(config));
  const args = ["--import", "tsx", "packages/cli/src/main.ts", "keeper", "--config", file("keeper.json")];
  const env = { ...process.env, BALLAST_PRIVATE_KEY: KEY };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const keeper = { child, said: "" };
  const hear = (line: string) => {
    keeper.said = (keeper.said + line + "\n").slice(-2_000);
    if (line.startsWith("{")) lines.push(JSON.parse(line) as Line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", hear);
  return keeper;
}

async function until(done: () => boolean, keeper: Keeper): Promise<void> {
  for (const deadline = Date.now() + STARTUP; !done(); await pause(50))
    if (keeper.child.exitCode !== null || Date.now() > deadline)
      throw new KeeperGone(keeper.child.exitCode, keeper.said);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(timer);
}

async function rssOf(keeper: Keeper): Promise<number> {
  const status = await readFile(`/proc/${keeper.child.pid}/status`, "utf8").catch(() => "");
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
  if (kilobytes === undefined) throw new KeeperGone(keeper.child.exitCode, keeper.said);
  return Math.round(Number(kilobytes) / 1_024);
}

const CALL = '"method"';

/** Passes every byte on as it is, and counts calls. */
class Counter {
  calls = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(target: string): Promise<Counter> {
    const { hostname, port } = new URL(target);
    const server = createServer((near) => counter.join(near, connect(Number(port), hostname))).listen(0, "127.0.0.1");
    await once(server, "listening");
    const counter = new Counter(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return counter;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  private join(near: Socket, far: Socket): void {
    let rest = "";
    near.on("data", (bytes: Buffer) => {
      const parts = (rest + bytes.toString("latin1")).split(CALL);
      this.calls += parts.length - 1;
      rest = (parts.at(-1) ?? "").slice(1 - CALL.length);
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from.setNoDelay(true));
      from.pipe(to);
      from.on("error", () => to.destroy()).on("close", () => this.sockets.delete(from));
    }
  }
}
