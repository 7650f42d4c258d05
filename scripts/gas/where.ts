// Where the gas of a row goes, as text: by kind, by call, by function, and every slot and log.
import type { Code, Codes } from "./code.js";
import { Slots, hashesOf } from "./slots.js";
import { count } from "./text.js";
import {
  KINDS,
  UNAVOIDABLE,
  costsOf,
  hex,
  nothing,
  priceOfData,
  type Cost,
  type Frame,
  type Kind,
  type Spent,
  type Step,
} from "./trace.js";

/** A transaction with its trace. */
export interface Traced {
  readonly to: string;
  readonly data: string;
  readonly gasUsed: number;
  readonly steps: readonly Step[];
  /** Deployed code of every address it called. */
  readonly codes: ReadonlyMap<string, string>;
}

export const MEANING: Readonly<Record<Kind, string>> = {
  transaction: "21,000 and calldata",
  slots: "slots touched for the first time, 2,100 each",
  writes: "slots changed, 2,900 each",
  created: "slots that held nothing before, 20,000 each",
  logs: "logs: 375, 375 a topic, 8 a byte",
  accounts: "contracts called for the first time, 2,600 each",
  signatures: "signatures recovered",
  again: "slots read or written again, transient slots: 100 each",
  calls: "calls, beyond the first to a contract",
  hashes: "hashes",
  memory: "memory, calldata and what is returned",
  arithmetic: "arithmetic and comparison",
  stack: "stack and jumps",
};

export interface Figures extends Spent {
  readonly gas: number;
  /** What slots that were emptied gave back. */
  readonly refund: number;
}

/** What the transactions of a row cost together. */
export function figuresOf(traced: readonly Traced[]): Figures {
  const spent = nothing();
  let gas = 0;
  for (const { to, data, gasUsed, steps } of traced) {
    spent.transaction += priceOfData(data);
    for (const cost of costsOf(steps, to).costs) spent[cost.kind] += cost.gas;
    gas += gasUsed;
  }
  return { gas, ...spent, refund: KINDS.reduce((sum, kind) => sum + spent[kind], 0) - gas };
}

/** What slots, logs, contracts and the transaction itself cost. */
export const floorOf = (figures: Figures): number =>
  UNAVOIDABLE.reduce((sum, kind) => sum + figures[kind], 0) - figures.refund;

export function describe(key: string, traced: readonly Traced[], codes: Codes): string {
  const figures = figuresOf(traced);
  const lines = [`${key}: ${count(figures.gas)} gas, of which ${count(floorOf(figures))} is its floor`, ""];
  for (const kind of KINDS) if (figures[kind] !== 0) lines.push(`${figure(figures[kind])}  ${MEANING[kind]}`);
  if (figures.refund !== 0) lines.push(`${figure(-figures.refund)}  given back for slots that were emptied`);
  for (const transaction of traced) lines.push(...partsOf(transaction, codes));
  return lines.join("\n");
}

function partsOf(traced: Traced, codes: Codes): string[] {
  const { costs, frames } = costsOf(traced.steps, traced.to);
  const nameOf = (address: string): string => codes.of(traced.codes.get(address) ?? "")?.name ?? address;
  const codeOf = ({ code }: Frame): Code | undefined => codes.of(traced.codes.get(code) ?? "");
  const slots = new Slots(hashesOf(traced.steps), codes, (address) => traced.codes.get(address) ?? "");
  return [
    "",
    "calls: all that is used inside; of that its own: slots and logs, the rest",
    ...frames.map((frame) => callLine(frame, `${nameOf(frame.code)}${entryOf(frame, traced.steps, codeOf(frame))}`)),
    "",
    "functions: slots and logs, the rest, what the compiler added",
    ...functionLines(costs, codeOf),
    "",
    "slots: reads, writes",
    ...slotLines(costs, slots),
    "",
    "logs",
    ...costs
      .filter(({ kind }) => kind === "logs")
      .map(({ gas, step, frame }) => `${figure(gas)}  ${codeOf(frame)?.functionOf(step.pc) ?? nameOf(frame.code)}`),
  ];
}

/** The function that was called: its selector is the first that the frame shifts down. */
function entryOf({ depth, at }: Frame, steps: readonly Step[], code: Code | undefined): string {
  for (let i = at; (steps[i]?.depth ?? 0) >= depth; ++i) {
    if (steps[i]?.op !== "SHR" || steps[i]?.depth !== depth) continue;
    const name = code?.selectors.get(
      hex(steps[i + 1]?.stack.at(-1))
        .slice(2)
        .padStart(8, "0"),
    );
    if (name !== undefined) return `.${name}`;
  }
  return "";
}

const STORED: readonly Kind[] = ["slots", "writes", "created", "logs", "again"];
const isStored = (kind: Kind): boolean => STORED.includes(kind);

function callLine({ depth, used, own }: Frame, name: string): string {
  const stored = STORED.reduce((sum, kind) => sum + own[kind], 0);
  const rest = KINDS.reduce((sum, kind) => sum + own[kind], 0) - stored;
  return `${figure(used)} ${figure(stored)} ${figure(rest)}  ${"  ".repeat(depth - 1)}${name}`;
}

const MOST_FUNCTIONS = 45;

/** What the compiler adds, as for calldata and structs, goes to the function that ran before it. */
function functionLines(costs: readonly Cost[], codeOf: (frame: Frame) => Code | undefined): string[] {
  const sums = new Map<string, { stored: number; rest: number; added: number }>();
  const last = new Map<Frame, string>();
  for (const { step, frame, kind, gas } of costs) {
    const own = codeOf(frame)?.functionOf(step.pc);
    if (own !== undefined) last.set(frame, own);
    const name = last.get(frame) ?? `${codeOf(frame)?.name ?? frame.code}, before any`;
    const sum = sums.get(name) ?? { stored: 0, rest: 0, added: 0 };
    sum[isStored(kind) ? "stored" : own === undefined ? "added" : "rest"] += gas;
    sums.set(name, sum);
  }
  return [...sums]
    .sort(([, a], [, b]) => b.stored + b.rest + b.added - a.stored - a.rest - a.added)
    .slice(0, MOST_FUNCTIONS)
    .map(([name, { stored, rest, added }]) => `${figure(stored)} ${figure(rest)} ${figure(added)}  ${name}`);
}

function slotLines(costs: readonly Cost[], slots: Slots): string[] {
  const touched = new Map<string, { reads: number; writes: number; gas: number }>();
  const seen = new Set<number>();
  for (const { index, step, frame, gas } of costs) {
    if (step.op !== "SLOAD" && step.op !== "SSTORE") continue;
    const name = slots.nameOf(frame, step.stack.at(-1) ?? "");
    const sum = touched.get(name) ?? { reads: 0, writes: 0, gas: 0 };
    if (!seen.has(index)) sum[step.op === "SLOAD" ? "reads" : "writes"] += 1;
    seen.add(index);
    sum.gas += gas;
    touched.set(name, sum);
  }
  return [...touched].map(([name, { reads, writes, gas }]) => `${figure(gas)} ${pad(reads)} ${pad(writes)}  ${name}`);
}

const figure = (value: number): string => count(value).padStart(9);
const pad = (value: number): string => String(value).padStart(3);
