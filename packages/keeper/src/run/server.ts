// Over HTTP: metrics, whether the loop is alive, whether it does its work, and the quotes it signed.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Health } from "./health.js";
import type { Metrics } from "./metrics.js";

export interface Served {
  readonly metrics: Metrics;
  readonly health: Health;
  /** One JSON a line. */
  readonly orders: () => string;
}

const JSON_TYPE = "application/json";

export class KeeperServer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async listen(served: Served, { host, port }: { host: string; port: number }): Promise<KeeperServer> {
    const server = createServer((request, response) => {
      void answer(served, request.url ?? "/", response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    return new KeeperServer(server, `http://${host}:${(server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function answer({ metrics, health, orders }: Served, url: string, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(url, "http://keeper");
  if (pathname === "/metrics") {
    health.measure();
    return write(response, 200, metrics.registry.contentType, await metrics.registry.metrics());
  }
  if (pathname === "/orders") return write(response, 200, "application/x-ndjson", orders());
  if (pathname !== "/healthz" && pathname !== "/readyz")
    return write(response, 404, JSON_TYPE, `{"error":"there are /healthz, /readyz, /metrics and /orders"}\n`);
  const state = await (pathname === "/healthz" ? health.alive() : health.ready());
  write(response, state.ok ? 200 : 503, JSON_TYPE, `${JSON.stringify(state)}\n`);
}

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type }).end(body);
}
