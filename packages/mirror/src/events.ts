// The events that the mirror reads, by who emits them, and what a log says.
import {
  backstopPoolAbi,
  clearingHouseAbi,
  insuranceVaultAbi,
  liquidatorAbi,
  liquidityPoolAbi,
  oracleRouterAbi,
} from "@ballast/sdk";
import { decodeEventLog, toEventSelector } from "viem";
import type { Abi, AbiEvent, AbiParameter, ContractEventArgsFromTopics, ContractEventName, Hex } from "viem";
import { BadAnswer, UnknownEvent } from "./errors.js";

type EventOf<A extends Abi> = Extract<A[number], { type: "event" }>;

function eventsOf<const A extends Abi>(abi: A): readonly EventOf<A>[] {
  return abi.filter((item): item is EventOf<A> => item.type === "event");
}

/** By emitter: of the ledger with the events of its linked libraries, of vaults with what single kinds of them add. */
export const abis = {
  clearingHouse: eventsOf(clearingHouseAbi),
  oracle: eventsOf(oracleRouterAbi),
  liquidator: eventsOf(liquidatorAbi),
  vault: eventsOf([...liquidityPoolAbi, ...backstopPoolAbi, ...insuranceVaultAbi]),
} as const;

export type Emitter = keyof typeof abis;
type Abis = typeof abis;

export type EventName<E extends Emitter> = ContractEventName<Abis[E]>;
export type EventArgs<E extends Emitter, N extends EventName<E>> = ContractEventArgsFromTopics<Abis[E], N>;

export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly logIndex: number;
}

export interface Decoded {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

type Read = (word: string) => unknown;

/** One event, prepared: how to read each topic, and each word of its data. */
interface Layout {
  readonly event: AbiEvent;
  readonly indexed: readonly { name: string; read: Read }[];
  /** None when the data is not a row of words. */
  readonly words: readonly { path: readonly string[]; read: Read }[] | undefined;
}

/** Reads logs of one kind of emitter. */
export class Decoder {
  private readonly layouts = new Map<string, Layout>();

  constructor(
    private readonly abi: Abi,
    /** A log that is not in the ABI says that something is not understood; a token may have others. */
    private readonly complete: boolean,
  ) {
    for (const item of abi) if (item.type === "event") this.layouts.set(toEventSelector(item), layoutOf(item));
  }

  get topics(): string[] {
    return [...this.layouts.keys()];
  }

  decode(log: RawLog, block: number): Decoded | undefined {
    const layout = this.layouts.get(log.topics[0] ?? "");
    if (layout === undefined) {
      if (this.complete) throw new UnknownEvent(log.address, log.topics[0] ?? "", block);
      return undefined;
    }
    return { name: layout.event.name, args: layout.words === undefined ? this.slow(log) : read(layout, log) };
  }

  private slow(log: RawLog): Record<string, unknown> {
    const topics = log.topics as [Hex, ...Hex[]];
    return decodeEventLog({ abi: this.abi, data: log.data as Hex, topics }).args as unknown as Record<string, unknown>;
  }
}

function layoutOf(event: AbiEvent): Layout {
  const indexed = event.inputs
    .filter((input) => input.indexed)
    .map((input) => ({ ...named(input), read: reader(input) }));
  const rest = event.inputs.filter((input) => !input.indexed);
  if (rest.some(isDynamic)) return { event, indexed, words: undefined };
  return { event, indexed, words: rest.flatMap((input) => flatten(input, [])) };
}

function read(layout: Layout, log: RawLog): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  layout.indexed.forEach(({ name, read }, i) => (args[name] = read((log.topics[i + 1] ?? "").slice(2))));
  const words = layout.words ?? [];
  if (log.data.length !== 2 + 64 * words.length) {
    throw new BadAnswer("eth_getLogs", `${layout.event.name} with ${(log.data.length - 2) / 2} bytes of data`);
  }
  words.forEach(({ path, read }, i) => put(args, path, read(log.data.slice(2 + 64 * i, 66 + 64 * i))));
  return args;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) into[first] = value;
  else put((into[first] ??= {}) as Record<string, unknown>, rest, value);
}

function flatten(parameter: AbiParameter, path: readonly string[]): { path: readonly string[]; read: Read }[] {
  const here = [...path, parameter.name ?? ""];
  if ("components" in parameter) return parameter.components.flatMap((part) => flatten(part, here));
  return [{ path: here, read: reader(parameter) }];
}

function isDynamic(parameter: AbiParameter): boolean {
  if (parameter.type.endsWith("]") || parameter.type === "bytes" || parameter.type === "string") return true;
  return "components" in parameter && parameter.components.some(isDynamic);
}

function named(parameter: AbiParameter): { name: string } {
  return { name: parameter.name ?? "" };
}

/** A word as the type says; integers of up to 48 bits are numbers. */
function reader({ type }: AbiParameter): Read {
  if (type === "bool") return (word) => BigInt(`0x${word}`) !== 0n;
  if (type === "address") return (word) => `0x${word.slice(24)}`;
  const [, sign, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits === undefined) return (word) => `0x${word}`;
  const width = Number(bits);
  const whole: (word: string) => bigint =
    sign === "u" ? (word) => BigInt(`0x${word}`) : (word) => BigInt.asIntN(width, BigInt(`0x${word}`));
  return width <= 48 ? (word) => Number(whole(word)) : whole;
}
