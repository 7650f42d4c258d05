// The programs that act on the market: keeper, maker and bidders, each a process of its own with a file of settings as in
// production, heard through its log.
import { accountId, type AccountId } from "@ballast/sdk";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, rmSync, writeFileSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Hex } from "viem";
import { ProcessEnded } from "./errors.js";
import { enroll, fund, keyOf } from "./population.js";
import type { Funds } from "./scenarios.js";
import { PERPS, type World } from "./world.js";

/** Milliseconds until a process is ready, and until one that should stop is killed. */
const PATIENCE = 90_000;
const KILL_AFTER = 4_000;
/** Whole quote that the maker, whoever buys collateral and the keeper begin with. */
const MAKER = 1_000_000;
const BUYER = 500_000;
const KEEPER = 1_000;
/** A bidder's inventory by what he begins with, and his largest bid in whole quote. */
const LEVERAGE = 1.5;
const MOST_BID = 250_000;

interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a process has done so far. */
export interface Deeds {
  /** Milliseconds from the word of a block to the transaction on the wire. */
  readonly latencies: number[];
  readonly sent: Map<string, number>;
  readonly outcomes: Map<string, number>;
  warnings: number;
  errors: number;
  lastError: string;
}

export interface Role {
  readonly name: string;
  readonly capital: number;
  readonly strategies: (account: AccountId, folder: string) => object;
}

const OFF = { enabled: false };
const IDLE = { liquidate: OFF, crank: OFF, deleverage: OFF };

/** Where the quotes of everybody who makes any are published. */
export const quotesFiles = (folder: string): string[] => QUOTING.map((name) => quotesFile(folder, name));
const QUOTING = ["maker", "bidder-1", "bidder-2"];
const quotesFile = (folder: string, name: string): string => join(folder, `${name}.quotes`);

const keeper: Role = {
  name: "keeper",
  capital: KEEPER,
  strategies: () => ({
    liquidate: { least: "-5" },
    crank: { least: "100", cost: "5" },
    deleverage: { least: "0.01", cost: "50" },
    funding: { enabled: true, every: 600, cost: "1" },
    poke: { enabled: true, move: 10, age: 120, cost: "1" },
  }),
};

const maker: Role = {
  name: "maker",
  capital: MAKER,
  strategies: (account, folder) => ({
    ...IDLE,
    quote: {
      ...{
        enabled: true,
        account: String(account),
        markets: PERPS.map(({ name }) => name),
        publish: quotesFile(folder, "maker"),
      },
      ...{ spread: 8, skew: 15, size: "25000", inventory: "400000", life: 600, move: 10, hedge: true },
    },
  }),
};

/** What he takes he offers to others, and brings to the pool when it becomes much: the next lot needs the room. */
const bidder = (name: string, capital: number, ask: number, run: boolean): Role => ({
  name,
  capital,
  strategies: (account, folder) => ({
    ...IDLE,
    bid: {
      ...{ enabled: true, taker: String(account), ask, run, least: "0.1" },
      ...{ size: String(Math.min(capital, MOST_BID)), inventory: String(capital * LEVERAGE) },
    },
    quote: {
      ...{ enabled: true, account: String(account), markets: PERPS.map(({ name }) => name), spread: 10, skew: 20 },
      ...{ publish: quotesFile(folder, name), size: String(capital / 20), inventory: String(capital / 2) },
      ...{ life: 600, move: 10, hedge: true, hedgeAbove: 2_500, hedgeCost: 40 },
    },
  }),
});

/** Takes what was collateral, and nothing else: he has room for it when those who take positions have none. */
const buyer: Role = {
  name: "buyer",
  capital: BUYER,
  strategies: (account) => ({
    ...IDLE,
    bid: {
      ...{ enabled: true, taker: String(account), markets: ["WETH"], ask: 50, run: false, least: "0.1" },
      ...{ size: String(MOST_BID), inventory: String(BUYER) },
    },
  }),
};

export const rolesOf = ({ bidder: capital }: Funds): Role[] => [
  keeper,
  maker,
  bidder("bidder-1", capital, 10, false),
  bidder("bidder-2", capital, 40, true),
  buyer,
];

export class Actor {
  readonly deeds: Deeds = {
    ...{ latencies: [], sent: new Map(), outcomes: new Map() },
    ...{ warnings: 0, errors: 0, lastError: "" },
  };
  private ready = false;
  private stopping = false;

  private constructor(
    readonly name: string,
    readonly account: AccountId,
    readonly log: string,
    private readonly child: ChildProcess,
    private readonly written: WriteStream,
    /** What nobody needs of a chain that is gone. */
    private readonly stored: readonly string[],
  ) {
    // A disk that is full takes the log, not the market.
    written.on("error", () => undefined);
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.hear(line));
    process.once("exit", this.kill);
  }

  /** Enrols whoever it is, and starts his process. */
  static async start(world: World, role: Role, folder: string, seed: number): Promise<Actor> {
    const key = keyOf(role.name, seed);
    const { client, signer } = await enroll(world, key, role.capital);
    const account = accountId(signer.address);
    await fund(client, account, role.capital);
    const config = join(folder, `${role.name}.json`);
    writeFileSync(config, JSON.stringify(settingsOf(world, role, account, folder), null, 2));
    const log = join(folder, `${role.name}.log`);
    const stored = ["sqlite", "sqlite-shm", "sqlite-wal", "snapshot"].map((kind) =>
      join(folder, `${role.name}.${kind}`),
    );
    return new Actor(role.name, account, log, launch(config, key), createWriteStream(log), stored);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Until it follows the chain. */
  async isReady(): Promise<void> {
    for (const deadline = Date.now() + PATIENCE; !this.ready;) {
      this.requireAlive();
      if (Date.now() > deadline) throw new ProcessEnded(this.name, null, this.log, "it did not begin in time");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  requireAlive(): void {
    if (!this.ended || this.stopping) return;
    throw new ProcessEnded(this.name, this.child.exitCode, this.log, this.deeds.lastError);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (!this.ended) {
      const gone = once(this.child, "exit");
      this.child.kill("SIGTERM");
      const timer = setTimeout(this.kill, KILL_AFTER);
      await gone;
      clearTimeout(timer);
    }
    process.removeListener("exit", this.kill);
    this.written.end();
    for (const file of this.stored) rmSync(file, { force: true });
  }

  readonly kill = (): void => void this.child.kill("SIGKILL");

  private hear(text: string): void {
    this.written.write(`${text}\n`);
    const line = lineOf(text);
    if (line === undefined) return void (this.deeds.lastError = text);
    this.ready ||= line.msg === "planned" || line.msg === "started";
    const { deeds } = this;
    if (line.msg === "sent") {
      deeds.latencies.push(Math.max(0, Number(line["sent_at"]) - Number(line["price_at"])));
      count(deeds.sent, String(line["strategy"]));
    }
    if (line.msg === "outcome") count(deeds.outcomes, `${String(line["strategy"])} ${String(line["outcome"])}`);
    if (line["level"] === "warn") deeds.warnings++;
    if (line["level"] !== "error" && line["level"] !== "fatal") return;
    deeds.errors++;
    deeds.lastError = text.slice(0, 300);
  }
}

const count = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

/** What a keeper is told in production, for a chain whose time runs faster. */
function settingsOf({ chain }: World, { name, strategies }: Role, account: AccountId, folder: string): object {
  return {
    ...{
      rpc: [chain.url],
      socket: chain.socket,
      poll: 500,
      stall: 86_400,
      deployment: join(folder, "deployment.json"),
    },
    ...{ store: join(folder, `${name}.sqlite`), snapshot: join(folder, `${name}.snapshot`), saveEvery: 100_000 },
    ...{ listen: { port: 0 }, gas: { tip: "0.001", asset: "ETH" }, balance: "0.01", grace: 1 },
    ...{ backoff: { first: 1, most: 8 }, strategies: strategies(account, folder) },
  };
}

/** In a group of its own: a Ctrl-C is for whoever started it, who then stops it in order. */
function launch(config: string, key: Hex): ChildProcess {
  const command = ["--import", "tsx", "packages/cli/src/main.ts", "keeper", "--config", config];
  const env = { ...process.env, BALLAST_PRIVATE_KEY: key };
  return spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
}
