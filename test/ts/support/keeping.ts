// The keeper as operators run it: a process of its own, told by a file and variables, heard through its log.
import { serializeDeployment, type Deployment } from "@ballast/sdk";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The sixth account of the chain; the first ones deploy and trade. */
export const KEEPER_KEY = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
/** Milliseconds for a keeper to say something. */
const PATIENCE = 40_000;

export interface Line {
  readonly msg: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

export interface KeeperOptions {
  readonly folder: string;
  readonly deployment: Deployment;
  readonly settings: object;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class KeeperProcess {
  readonly lines: Line[] = [];
  private readonly waiting = new Set<() => void>();
  private said = "";

  private constructor(private readonly child: ChildProcess) {
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new TypeError("a keeper without output");
    createInterface({ input: stdout }).on("line", (line) => this.hear(line));
    stderr.on("data", (text: Buffer) => (this.said = (this.said + text.toString()).slice(-4_000)));
    child.once("exit", () => this.wake());
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.removeListener("exit", kill));
  }

  static start({ folder, deployment, settings, args = [], env = {} }: KeeperOptions): KeeperProcess {
    const file = join(folder, "deployment.json");
    writeFileSync(file, serializeDeployment(deployment));
    const config = join(folder, "keeper.json");
    writeFileSync(config, JSON.stringify({ deployment: file, ...settings }));
    const command = ["--import", "tsx", "packages/cli/src/main.ts", "keeper", "--config", config, ...args];
    const own = { BALLAST_PRIVATE_KEY: KEEPER_KEY, BALLAST_LISTEN_PORT: "0", ...env };
    return new KeeperProcess(
      spawn(process.execPath, command, { env: { ...process.env, ...own }, stdio: ["ignore", "pipe", "pipe"] }),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  of(msg: string): Line[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  /** Until so many lines were said that fit. */
  async hears(what: (line: Line) => boolean, count = 1): Promise<Line[]> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const found = this.lines.filter(what);
      if (found.length >= count) return found;
      if (this.child.exitCode !== null || Date.now() > end) throw new TypeError(this.tail(found.length, count));
      await this.nextLine(end - Date.now());
    }
  }

  /** Over HTTP. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const [started] = await this.hears(({ msg }) => msg === "started");
    const response = await fetch(`${String(started?.["server"])}${path}`, { signal: AbortSignal.timeout(5_000) });
    return { status: response.status, body: await response.text() };
  }

  async metric(name: string): Promise<number> {
    const { body } = await this.get("/metrics");
    const values = body.split("\n").filter((line) => line.startsWith(`ballast_keeper_${name}`));
    return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const gone = once(this.child, "exit");
    this.child.kill(signal);
    await gone;
    return this.child.exitCode;
  }

  async ended(): Promise<{ code: number | null; said: string }> {
    if (this.child.exitCode === null) await once(this.child, "exit");
    return { code: this.child.exitCode, said: this.said };
  }

  private hear(text: string): void {
    this.lines.push(JSON.parse(text) as Line);
    this.wake();
  }

  private wake(): void {
    for (const each of this.waiting) each();
  }

  private nextLine(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      const { waiting } = this;
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      }
      waiting.add(done);
    });
  }

  private tail(found: number, count: number): string {
    const last = this.lines.slice(-25).map((line) => JSON.stringify(line));
    return `${found} of ${count} lines, exit code ${this.child.exitCode}\n${last.join("\n")}\n${this.said}`;
  }
}
