// A node on 127.0.0.1 that serves a recorded chain over HTTP and websocket, well or badly.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { RecordedBlock } from "./chains.js";

interface Call {
  id: unknown;
  method: string;
  params: unknown[];
}

/** What a test has a node do instead of answering: an HTTP status, text, silence, or an error or result of one call. */
export type Fault =
  | { status: number; headers?: Record<string, string> }
  | { text: string }
  | { silent: true }
  | { error: { code: number; message: string } }
  | { result: unknown };

const hex = (value: number | bigint) => `0x${value.toString(16)}`;

export class FakeNode {
  readonly requests: string[] = [];
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** Logs that it does not give. */
  hides: (block: number, index: number) => boolean = () => false;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  subscribers: Socket[] = [];

  constructor(public blocks: readonly RecordedBlock[]) {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on("upgrade", (request: IncomingMessage, socket: Socket) => this.upgrade(request, socket));
    this.server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("error", () => undefined);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/key-of-somebody`;
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Tells all subscribers of a block. */
  announce(): void {
    const params = { subscription: "0x1", result: { number: hex(this.head) } };
    for (const socket of this.subscribers) send(socket, { jsonrpc: "2.0", method: "eth_subscription", params });
  }

  private get head(): number {
    return this.blocks.at(-1)?.header.number ?? 0;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const part of request) body += String(part);
    const parsed = JSON.parse(body) as Call | Call[];
    const calls = Array.isArray(parsed) ? parsed : [parsed];
    const answers: unknown[] = [];
    for (const call of calls) {
      this.requests.push(call.method);
      const fault = this.fault(call);
      if (fault !== undefined && "silent" in fault) return;
      if (fault !== undefined && "status" in fault) return void response.writeHead(fault.status, fault.headers).end();
      if (fault !== undefined && "text" in fault) return void response.end(fault.text);
      answers.push({ jsonrpc: "2.0", id: call.id, ...(fault ?? this.answer(call)) });
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(parsed) ? answers : answers[0]));
  }

  private answer({ method, params: [first] }: Call): object {
    if (method === "eth_chainId") return { result: hex(31_337) };
    if (method === "eth_blockNumber") return { result: hex(this.head) };
    if (method === "eth_getBlockByNumber") return { result: this.header(Number(first)) };
    if (method === "eth_getLogs") return { result: this.logs(first as Record<string, string>) };
    if (method === "eth_subscribe") return { result: "0x1" };
    return { error: { code: -32601, message: `the method ${method} does not exist` } };
  }

  private header(number: number): object | null {
    const header = this.blocks[number]?.header;
    if (header === undefined) return null;
    const { hash, parentHash, timestamp, bloom } = header;
    return { number: hex(number), hash, parentHash, timestamp: hex(timestamp), logsBloom: bloom };
  }

  private logs(filter: Record<string, string>): object[] {
    const [from, to] = [Number(filter["fromBlock"]), Number(filter["toBlock"])];
    const wanted = this.blocks.filter(({ header: { number, hash } }) =>
      filter["blockHash"] === undefined ? number >= from && number <= to : hash === filter["blockHash"],
    );
    return wanted.flatMap(({ logs }) =>
      logs
        .filter(({ blockNumber, logIndex }) => !this.hides(blockNumber, logIndex))
        .map((log) => ({ ...log, blockNumber: hex(log.blockNumber), logIndex: hex(log.logIndex), removed: false })),
    );
  }

  private upgrade(request: IncomingMessage, socket: Socket): void {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", (frame: Buffer) => {
      const text = textOf(frame);
      if (text === undefined) return;
      const call = JSON.parse(text) as Call;
      if (call.method === "eth_subscribe") this.subscribers.push(socket);
      send(socket, { jsonrpc: "2.0", id: call.id, ...this.answer(call) });
    });
  }
}

/** Short text frames are all that these tests exchange. */
function textOf(frame: Buffer): string | undefined {
  if (((frame[0] ?? 0) & 15) !== 1) return undefined;
  let length = (frame[1] ?? 0) & 127;
  let at = 2;
  if (length === 126) [length, at] = [frame.readUInt16BE(2), 4];
  const mask = frame.subarray(at, at + 4);
  const payload = frame.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.from(payload).toString("utf8");
}

function send(socket: Socket, message: object): void {
  const payload = Buffer.from(JSON.stringify(message));
  const head = payload.length < 126 ? Buffer.from([129, payload.length]) : Buffer.from([129, 126, 0, 0]);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  socket.write(Buffer.concat([head, payload]));
}
