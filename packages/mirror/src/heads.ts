// Word of new blocks. It only says when to look; what it says is never believed.
import { webSocket } from "viem";
import { RpcFailed } from "./errors.js";

export interface HeadFeed {
  /**
   * @param onHead a block may be new
   * @param onLost nothing more will come
   * @returns how to end it
   */
  subscribe(onHead: () => void, onLost: (reason: string) => void): Promise<() => void>;
}

/** `newHeads` over a websocket. */
export class SocketHeads implements HeadFeed {
  constructor(
    private readonly url: string,
    private readonly timeout = 10_000,
  ) {}

  async subscribe(onHead: () => void, onLost: (reason: string) => void): Promise<() => void> {
    const { value } = webSocket(this.url, { reconnect: false, keepAlive: true, timeout: this.timeout })({});
    if (value === undefined) throw new RpcFailed("eth_subscribe", ["no websocket"]);
    try {
      const onError = (error: unknown) => onLost(error instanceof Error ? error.message : String(error));
      await value.subscribe({ params: ["newHeads"], onData: onHead, onError });
      return () => void value.getRpcClient().then((client) => client.close());
    } catch (error) {
      throw new RpcFailed("eth_subscribe", [error instanceof Error ? error.name : String(error)], error);
    }
  }
}
