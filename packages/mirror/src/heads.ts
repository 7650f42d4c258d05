// Word of new blocks. It only says when to look; what it says is never believed.
import { RpcFailed } from "./errors.js";

export interface HeadFeed {
  /**
   * @param onHead a block may be new, perhaps the one of this number
   * @param onLost nothing more will come
   * @returns how to end it
   */
  subscribe(onHead: (number?: number) => void, onLost: () => void): Promise<() => void>;
}

/** `newHeads` over a websocket. */
export class SocketHeads implements HeadFeed {
  constructor(
    private readonly url: string,
    /** Milliseconds until the node has to have confirmed. */
    private readonly timeout = 10_000,
  ) {}

  subscribe(onHead: (number?: number) => void, onLost: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.url);
      const timer = setTimeout(() => fail("no answer"), this.timeout);
      let confirmed = false;
      const fail = (reason: string) => {
        clearTimeout(timer);
        socket.close();
        if (confirmed) onLost();
        else reject(new RpcFailed("eth_subscribe", [reason]));
      };
      const subscribe = { jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] };
      socket.onopen = () => socket.send(JSON.stringify(subscribe));
      socket.onerror = () => fail("the socket failed");
      socket.onclose = () => fail("the socket was closed");
      socket.onmessage = ({ data }) => {
        const message = parse(String(data));
        if (message.error !== undefined) return fail(String(message.error.message));
        if (message.method === "eth_subscription") return onHead(numberOf(message));
        if (message.id !== 1) return;
        confirmed = true;
        clearTimeout(timer);
        resolve(() => close(socket));
      };
    });
  }
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly result?: { readonly number?: unknown } };
  readonly error?: { readonly message?: unknown };
}

function parse(text: string): Message {
  try {
    return (JSON.parse(text) ?? {}) as Message;
  } catch {
    return { error: { message: "no JSON" } };
  }
}

function numberOf({ params }: Message): number | undefined {
  const number = Number(params?.result?.number ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Ended by us, not lost. */
function close(socket: WebSocket): void {
  socket.onclose = socket.onerror = socket.onmessage = null;
  socket.close();
}
