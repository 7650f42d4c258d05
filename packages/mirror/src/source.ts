// Where logs come from: blocks of a range with the logs of a deployment, checked against each other.
import { keccak256, type Hex } from "viem";
import { BadAnswer, MissingLogs, RangeTooLarge, RpcRefused } from "./errors.js";
import type { RawLog } from "./events.js";
import type { Block, Header } from "./ledger.js";
import { TOO_LARGE, type Rpc, type RpcCall } from "./rpc.js";

/** A header with the filter over all logs of its block. */
export interface SourceHeader extends Header {
  readonly bloom: string;
  /** Wei per gas; nothing where the chain has none. */
  readonly baseFee: bigint;
}

export interface SourceLog extends RawLog {
  readonly blockNumber: number;
  readonly blockHash: string;
}

/** What the mirror reads of a chain. What cannot be told is an error, never an empty answer. */
export interface LogSource {
  chainId(): Promise<number>;
  /** The height of the chain. */
  head(): Promise<number>;
  headers(numbers: readonly number[]): Promise<SourceHeader[]>;
  /** In the order of the chain; a range that is too large is `RangeTooLarge`. */
  logs(addresses: readonly string[], from: number, to: number): Promise<SourceLog[]>;
  /** A second opinion on one block, from another node or by another way. */
  logsAgain(addresses: readonly string[], header: Header): Promise<SourceLog[]>;
}

/** A block as soon as there is word of it, with the height of the chain. */
export interface Glimpse {
  readonly head: number;
  readonly header: SourceHeader;
  readonly logs: SourceLog[];
}

type Fields = Readonly<Record<string, unknown>>;

export class RpcSource implements LogSource {
  /** Nodes that do not tell receipts. */
  private readonly withoutReceipts = new Set<number>();

  constructor(private readonly rpc: Rpc) {}

  async chainId(): Promise<number> {
    return this.number("eth_chainId");
  }

  async head(): Promise<number> {
    return this.number("eth_blockNumber");
  }

  async headers(numbers: readonly number[]): Promise<SourceHeader[]> {
    const answers = await this.rpc.batch(numbers.map(headerCall));
    return answers.map((answer, i) => this.header(numbers[i] ?? 0, answer));
  }

  /** All that is asked of one block, in one request. */
  async glimpse(addresses: readonly string[], number: number): Promise<Glimpse> {
    const calls = [{ method: "eth_blockNumber", params: [] }, headerCall(number), logsCall(rangeOf(addresses, number))];
    const [head, header, logs] = await this.rpc.batch(calls);
    return {
      head: numberOf("eth_blockNumber", head),
      header: this.header(number, header),
      logs: this.within(logsOf(logs), number, number),
    };
  }

  async logs(addresses: readonly string[], from: number, to: number): Promise<SourceLog[]> {
    try {
      return this.within(await this.ask(rangeOf(addresses, from, to)), from, to);
    } catch (error) {
      if (error instanceof RpcRefused && TOO_LARGE.test(error.reason)) throw new RangeTooLarge(from, to, error.reason);
      throw error;
    }
  }

  /** Whatever any node has of the block: none of them makes up logs of a hash. */
  async logsAgain(addresses: readonly string[], header: Header): Promise<SourceLog[]> {
    const answers = await Promise.allSettled(
      this.rpc.nodes.map((node, i) => this.logsOfBlock(node, i, addresses, header)),
    );
    const told = answers.filter((answer) => answer.status === "fulfilled").map(({ value }) => value);
    if (told.length === 0)
      throw answers[0]?.status === "rejected" ? answers[0].reason : new BadAnswer("logs", "no node");
    const all = told.flat().filter(({ blockHash }) => blockHash === header.hash);
    const byIndex = new Map(all.map((log) => [log.logIndex, log]));
    return [...byIndex.values()].sort((a, b) => a.logIndex - b.logIndex);
  }

  private async logsOfBlock(node: Rpc, i: number, addresses: readonly string[], header: Header): Promise<SourceLog[]> {
    if (!this.withoutReceipts.has(i)) {
      try {
        return (await receiptLogs(node, header)).filter(({ address }) => addresses.includes(address.toLowerCase()));
      } catch (error) {
        if (!(error instanceof RpcRefused)) throw error;
        this.withoutReceipts.add(i);
      }
    }
    return this.ask({ address: addresses, blockHash: header.hash }, node);
  }

  private async ask(filter: object, node: Rpc = this.rpc): Promise<SourceLog[]> {
    const [answer] = await node.batch([logsCall(filter)]);
    return logsOf(answer);
  }

  private within(logs: SourceLog[], from: number, to: number): SourceLog[] {
    const stray = logs.find(({ blockNumber }) => blockNumber < from || blockNumber > to);
    if (stray !== undefined) this.refuse("eth_getLogs", `a log of block ${stray.blockNumber} for ${from} to ${to}`);
    return logs;
  }

  private header(number: number, answer: unknown): SourceHeader {
    const method = "eth_getBlockByNumber";
    // A node that tells a height and does not have the block is behind the one that told it.
    if (answer === null) return this.refuse(method, `there is no block ${number}`);
    const header = headerOf(fieldsOf(method, answer));
    if (header.number !== number) this.refuse(method, `block ${header.number} instead of ${number}`);
    return header;
  }

  private async number(method: string): Promise<number> {
    const [answer] = await this.rpc.batch([{ method, params: [] }]);
    return numberOf(method, answer);
  }

  private refuse(method: string, reason: string): never {
    this.rpc.distrust();
    throw new BadAnswer(method, reason);
  }
}

async function receiptLogs(node: Rpc, { number }: Header): Promise<SourceLog[]> {
  const method = "eth_getBlockReceipts";
  const [answer] = await node.batch([{ method, params: [hex(number)] }]);
  return listOf(method, answer)
    .flatMap((receipt) => listOf(method, fieldsOf(method, receipt)["logs"]))
    .map((log) => logOf(fieldsOf(method, log)));
}

const headerCall = (number: number): RpcCall => ({ method: "eth_getBlockByNumber", params: [hex(number), false] });

const logsCall = (filter: object): RpcCall => ({ method: "eth_getLogs", params: [filter] });

const rangeOf = (address: readonly string[], from: number, to = from): object => ({
  ...{ address, fromBlock: hex(from), toBlock: hex(to) },
});

/** In the order of the chain. */
function logsOf(answer: unknown): SourceLog[] {
  const logs = listOf("eth_getLogs", answer).map((log) => logOf(fieldsOf("eth_getLogs", log)));
  return logs.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

function fieldsOf(method: string, answer: unknown): Fields {
  if (typeof answer !== "object" || answer === null) throw new BadAnswer(method, `${String(answer)} is no object`);
  return answer as Fields;
}

function listOf(method: string, answer: unknown): unknown[] {
  if (!Array.isArray(answer)) throw new BadAnswer(method, `${String(answer)} is no list`);
  return answer;
}

function textOf(method: string, value: unknown): string {
  if (typeof value !== "string" || !/^0x[0-9a-f]*$/i.test(value))
    throw new BadAnswer(method, `${String(value)} is no hex`);
  return value;
}

function numberOf(method: string, value: unknown): number {
  const number = Number(textOf(method, value));
  if (!Number.isSafeInteger(number)) throw new BadAnswer(method, `${String(value)} is no number`);
  return number;
}

function headerOf(fields: Fields): SourceHeader {
  const method = "eth_getBlockByNumber";
  return {
    number: numberOf(method, fields["number"]),
    hash: textOf(method, fields["hash"]),
    parentHash: textOf(method, fields["parentHash"]),
    timestamp: BigInt(textOf(method, fields["timestamp"])),
    bloom: textOf(method, fields["logsBloom"]),
    baseFee: fields["baseFeePerGas"] === undefined ? 0n : BigInt(textOf(method, fields["baseFeePerGas"])),
  };
}

function logOf(fields: Fields): SourceLog {
  const method = "eth_getLogs";
  if (fields["removed"] === true) throw new BadAnswer(method, "a log that was removed");
  return {
    address: textOf(method, fields["address"]),
    topics: listOf(method, fields["topics"]).map((topic) => textOf(method, topic)),
    data: textOf(method, fields["data"]),
    logIndex: numberOf(method, fields["logIndex"]),
    blockNumber: numberOf(method, fields["blockNumber"]),
    blockHash: textOf(method, fields["blockHash"]),
  };
}

/** Whose logs are read, and which first topics each of them has. */
export interface Interest {
  readonly addresses: readonly string[];
  topicsOf(address: string): readonly string[];
  /** What else may stand in a topic: a block with one of them has a log with it. */
  assetTopics(): readonly string[];
}

export interface ReadOptions {
  /** Whether blocks without logs are read too, so that each is known to follow the one before it. */
  readonly all: boolean;
  /** Whether a block's own filter is asked if logs are missing. */
  readonly bloom: boolean;
}

/**
 * The blocks from `from` to `to` in order: all of them, or those with logs and the last one. Every log belongs to a block
 * with the same hash, every block to the one before it, and what a block's filter promises is there.
 */
export async function readBlocks(
  source: LogSource,
  interest: Interest,
  from: number,
  to: number,
  { all, bloom }: ReadOptions,
): Promise<Block[]> {
  const logs = await source.logs(interest.addresses, from, to);
  const numbers = new Set(logs.map(({ blockNumber }) => blockNumber).concat(from, to));
  if (all) for (let number = from; number <= to; number++) numbers.add(number);
  const headers = await source.headers([...numbers].sort((a, b) => a - b));
  const byNumber = new Map<number, SourceLog[]>(headers.map(({ number }) => [number, []]));
  for (const log of logs) byNumber.get(log.blockNumber)?.push(log);
  const blocks: Block[] = [];
  for (const header of headers) {
    const own = byNumber.get(header.number) ?? [];
    requireSameChain(header, headers.at(blocks.length - 1), own);
    blocks.push({ header, logs: bloom ? await complete(source, interest, header, own) : own });
  }
  return blocks;
}

function requireSameChain(header: SourceHeader, before: SourceHeader | undefined, logs: readonly SourceLog[]): void {
  const stray = logs.find(({ blockHash }) => blockHash !== header.hash);
  if (stray !== undefined) {
    throw new BadAnswer("eth_getLogs", `block ${header.number} is ${header.hash}, its logs are of ${stray.blockHash}`);
  }
  if (before?.number === header.number - 1 && before.hash !== header.parentHash) {
    throw new BadAnswer("eth_getBlockByNumber", `block ${header.number} does not follow block ${before.number}`);
  }
  logs.forEach(({ logIndex }, i) => {
    if (i > 0 && logs[i - 1]?.logIndex === logIndex) throw new BadAnswer("eth_getLogs", `log ${logIndex} twice`);
  });
}

/** What the filter of a block promises and is not there is asked for again; a filter may promise too much, never too little. */
async function complete(
  source: LogSource,
  interest: Interest,
  header: SourceHeader,
  logs: readonly SourceLog[],
): Promise<readonly SourceLog[]> {
  if (!promisesMore(header.bloom, interest, logs)) return logs;
  const again = await source.logsAgain(interest.addresses, header);
  requireSameChain(header, undefined, again);
  if (again.length < logs.length) throw new MissingLogs(header.number, logs.length, again.length);
  return again;
}

export function promisesMore(bloom: string, interest: Interest, logs: readonly RawLog[]): boolean {
  const bits = BigInt(bloom);
  // Some chains do not fill it.
  if (bits === 0n) return false;
  const kinds = new Set(logs.map(({ address, topics }) => `${address.toLowerCase()}/${topics[0]}`));
  const assets = new Set(logs.flatMap(({ topics }) => topics));
  return interest.addresses.some(
    (address) =>
      has(bits, address) &&
      (interest
        .topicsOf(address)
        .some((topic) => has(bits, topic) && !kinds.has(`${address.toLowerCase()}/${topic}`)) ||
        interest.assetTopics().some((topic) => has(bits, topic) && !assets.has(topic))),
  );
}

const masks = new Map<string, bigint>();

/** Three bits of 2,048 for each address and topic. */
function has(bloom: bigint, item: string): boolean {
  let mask = masks.get(item);
  if (mask === undefined) {
    const hash = keccak256(item as Hex);
    mask = [2, 6, 10].reduce((sum, at) => sum | (1n << (BigInt(`0x${hash.slice(at, at + 4)}`) & 2_047n)), 0n);
    masks.set(item, mask);
  }
  return (bloom & mask) === mask;
}
