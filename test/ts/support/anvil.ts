import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { HttpRpc } from "@ballast/mirror";

const require = createRequire(import.meta.url);
/** Milliseconds for a chain to answer. */
const PATIENCE = 30_000;

/** The binary of the platform's own package: signals reach the chain itself. */
function binary(): string {
  const [architecture, extension] = [
    process.arch === "x64" ? "amd64" : process.arch,
    process.platform === "win32" ? ".exe" : "",
  ];
  const manifest = require.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/package.json`);
  return join(dirname(manifest), "bin", `anvil${extension}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A chain of its own process. */
export class Anvil {
  private readonly rpc: HttpRpc;

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    this.rpc = new HttpRpc([url], { rounds: 1 });
  }

  static async start(...options: string[]): Promise<Anvil> {
    const port = await freePort();
    const child = spawn(binary(), ["--port", String(port), "--silent", "--order", "fifo", ...options], {
      stdio: "ignore",
    });
    const end = (): boolean => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.removeListener("exit", end));
    const anvil = new Anvil(`http://127.0.0.1:${port}`, child);
    for (const limit = Date.now() + PATIENCE; ; await new Promise((next) => setTimeout(next, 25))) {
      try {
        await anvil.ask("eth_chainId");
        return anvil;
      } catch (error) {
        if (Date.now() > limit || child.exitCode !== null) throw error;
      }
    }
  }

  async ask<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    const [answer] = await this.rpc.batch([{ method, params }]);
    return answer as T;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}
