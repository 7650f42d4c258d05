import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { NetworkConnection } from "hardhat/types/network";

interface Call {
  id: unknown;
  method: string;
  params?: unknown[];
}

/** A chain of this process, as a node would serve it. */
export class Node {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async serve({ provider }: NetworkConnection): Promise<Node> {
    const answer = async ({ id, method, params = [] }: Call): Promise<object> => {
      try {
        return { jsonrpc: "2.0", id, result: (await provider.request({ method, params })) as unknown };
      } catch (error) {
        const { message, code = -32_603, data } = error as { message: string; code?: number; data?: unknown };
        // Nodes answer a revert with a code of its own, so that nobody tries again.
        return { jsonrpc: "2.0", id, error: { code: typeof data === "string" ? 3 : code, message, data } };
      }
    };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const asked = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
        const answers = Array.isArray(asked) ? Promise.all(asked.map(answer)) : answer(asked);
        void answers.then((body) => response.end(JSON.stringify(body)));
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new Node(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
