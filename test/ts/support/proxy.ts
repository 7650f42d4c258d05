import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** What stands in for the node's answer; nothing lets the call through. */
export type Fault = (
  call: Call,
) => "hang" | "drop" | "limit" | "mute" | { result: unknown } | { error: object } | undefined;

/** Stands before a node and behaves badly where it is told to. `mute` passes a call on and keeps the answer. */
export class Proxy {
  readonly calls: Call[] = [];
  fault: Fault = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(node: string): Promise<Proxy> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on(
        "end",
        () => void proxy.answer(node, Buffer.concat(chunks).toString(), response).catch(() => response.destroy()),
      );
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const proxy = new Proxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return proxy;
  }

  /** How often a method was called. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(node: string, body: string, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(body) as Call | Call[];
    const calls = Array.isArray(asked) ? asked : [asked];
    this.calls.push(...calls);
    const faults = calls.map((call) => this.fault(call));
    if (faults.includes("hang")) return;
    if (faults.includes("drop")) return void response.destroy();
    if (faults.includes("limit")) return void response.writeHead(429).end("{}");
    const passed = await fetch(node, { method: "POST", headers: { "content-type": "application/json" }, body });
    const answers = await passed.json();
    if (faults.includes("mute")) return;
    const list: unknown[] = Array.isArray(answers) ? answers : [answers];
    const given = calls.map(({ id }, i): unknown => {
      const fault = faults[i];
      return typeof fault === "object" ? { jsonrpc: "2.0", id, ...fault } : list[i];
    });
    response.end(JSON.stringify(Array.isArray(asked) ? given : given[0]));
  }
}
