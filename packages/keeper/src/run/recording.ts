// What was seen of a block, so that what would have been planned can be told later.
import type { Price } from "@ballast/math";
import type { RawLog } from "@ballast/mirror";

export interface Recording {
  readonly logs: readonly RawLog[];
  readonly prices: ReadonlyMap<number, Price>;
  readonly gasPrice: bigint;
}

const MARK = "#";

const written = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${MARK}${value}` : value);
const read = (_: string, value: unknown): unknown =>
  typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(1)) : value;

export function encodeRecording({ logs, prices, gasPrice }: Recording): string {
  const bare = logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex }));
  return JSON.stringify({ logs: bare, prices: [...prices], gasPrice }, written);
}

export function decodeRecording(content: string): Recording {
  const { logs, prices, gasPrice } = JSON.parse(content, read) as {
    logs: RawLog[];
    prices: [number, Price][];
    gasPrice: bigint;
  };
  return { logs, prices: new Map(prices), gasPrice };
}
