// What every step of a transaction costs and what for, from the trace of a node.

/** A step as `debug_traceTransaction` tells it. */
export interface Step {
  readonly pc: number;
  readonly op: string;
  readonly gas: number;
  readonly gasCost: number;
  readonly depth: number;
  readonly stack: readonly string[];
}

/** What gas is spent on. The first six are what an operation cannot avoid for what it touches. */
export const KINDS = [
  "transaction",
  "slots",
  "writes",
  "created",
  "logs",
  "accounts",
  "signatures",
  "again",
  "calls",
  "hashes",
  "memory",
  "arithmetic",
  "stack",
] as const;
export type Kind = (typeof KINDS)[number];
export const UNAVOIDABLE: readonly Kind[] = KINDS.slice(0, 7);

/** The prices that divide a step's cost. */
const COLD_SLOT = 2_100;
const COLD_ACCOUNT = 2_600;
const CREATED = 20_000;
const WRITTEN = 2_900;
const BASE = 21_000;

/** A contract's code while it runs for one call. */
export interface Frame {
  readonly code: string;
  /** Whose storage it works on. */
  readonly storage: string;
  readonly depth: number;
  /** Its first step. */
  readonly at: number;
  /** All gas, that of calls inside included, and by kind without them. */
  used: number;
  readonly own: Spent;
}

export type Spent = Record<Kind, number>;
export const nothing = (): Spent => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Spent;

/** One step's part of one kind. */
export interface Cost {
  readonly index: number;
  readonly step: Step;
  readonly frame: Frame;
  readonly kind: Kind;
  readonly gas: number;
}

interface Open extends Frame {
  readonly start: number;
  /** The step that called it, and the gas before that. */
  readonly from: Step | undefined;
  readonly fromIndex: number;
}

export const addressOf = (word: string | undefined): string =>
  `0x${(word ?? "").replace(/^0x/, "").padStart(40, "0").slice(-40).toLowerCase()}`;

const CALLS = /^(CALL|CALLCODE|DELEGATECALL|STATICCALL|CREATE2?)$/;
const MEMORY = /^(M(LOAD|STORE8?|COPY|SIZE)|CALLDATA(LOAD|COPY)|RETURNDATACOPY|CODECOPY|RETURN|REVERT|STOP)$/;
const STACK = /^(PUSH|DUP|SWAP|POP|JUMP|PC)/;

/** What a step costs by kind, but for calls, whose price is known only when they are over. */
function partsOf({ op, stack }: Step, gas: number): [Kind, number][] {
  if (op === "SLOAD") return gas >= COLD_SLOT ? [["slots", gas]] : [["again", gas]];
  if (op === "SSTORE") return partsOfWrite(gas);
  if (op.startsWith("LOG")) {
    const topics = Number(op.slice(3));
    const price = 375 * (topics + 1) + 8 * Number(BigInt(hex(stack.at(-2))));
    return [
      ["logs", price],
      ["memory", gas - price],
    ];
  }
  if (op === "TLOAD" || op === "TSTORE") return [["again", gas]];
  if (op === "KECCAK256") return [["hashes", gas]];
  if (CALLS.test(op)) return [[BigInt(hex(stack.at(-2))) < 32n ? "signatures" : "calls", gas]];
  if (/^(EXTCODE|BALANCE)/.test(op)) return partsOfAccount(gas);
  if (MEMORY.test(op)) return [["memory", gas]];
  return [[STACK.test(op) ? "stack" : "arithmetic", gas]];
}

function partsOfWrite(gas: number): [Kind, number][] {
  const warm = gas > COLD_SLOT && gas !== WRITTEN && gas !== CREATED ? gas - COLD_SLOT : gas;
  const kind = warm >= CREATED ? "created" : warm >= WRITTEN ? "writes" : "again";
  return [
    ["slots", gas - warm],
    [kind, warm],
  ];
}

const partsOfAccount = (gas: number): [Kind, number][] =>
  gas >= COLD_ACCOUNT
    ? [
        ["accounts", COLD_ACCOUNT],
        ["calls", gas - COLD_ACCOUNT],
      ]
    : [["calls", gas]];

export const hex = (word: string | undefined): string => `0x${(word ?? "0").replace(/^0x/, "") || "0"}`;

/** Every cost of a transaction, in order, and the frames it ran through. */
export function costsOf(steps: readonly Step[], to: string): { costs: Cost[]; frames: Frame[] } {
  const walk = new Walk(steps, to.toLowerCase());
  steps.forEach((step, index) => walk.take(step, index));
  return walk;
}

class Walk {
  readonly costs: Cost[] = [];
  readonly frames: Frame[] = [];
  private readonly open: Open[] = [];

  constructor(
    private readonly steps: readonly Step[],
    to: string,
  ) {
    const first = steps[0];
    if (first !== undefined) this.enter(opened(to, to, first, undefined, -1));
  }

  take(step: Step, index: number): void {
    const frame = this.open.at(-1);
    if (frame === undefined) return;
    const next = this.steps[index + 1];
    if (next !== undefined && next.depth > step.depth) {
      const code = addressOf(step.stack.at(-2));
      this.enter(opened(code, step.op === "DELEGATECALL" ? frame.storage : code, next, step, index));
      return;
    }
    const last = next === undefined || next.depth < step.depth;
    const gas = last ? step.gasCost : step.gas - next.gas;
    this.note(index, step, frame, partsOf(step, gas));
    if (last) this.leave(frame, step.gas - gas, next);
  }

  private enter(frame: Open): void {
    this.frames.push(frame);
    this.open.push(frame);
  }

  /** What the call itself cost is known when its frame is over. */
  private leave(frame: Open, left: number, next: Step | undefined): void {
    this.open.pop();
    frame.used = frame.start - left;
    const outer = this.open.at(-1);
    if (outer === undefined || next === undefined || frame.from === undefined) return;
    this.note(frame.fromIndex, frame.from, outer, partsOfAccount(frame.from.gas - next.gas - frame.used));
  }

  private note(index: number, step: Step, frame: Frame, parts: readonly [Kind, number][]): void {
    for (const [kind, gas] of parts) {
      if (gas === 0) continue;
      frame.own[kind] += gas;
      this.costs.push({ index, step, frame, kind, gas });
    }
  }
}

function opened(code: string, storage: string, first: Step, from: Step | undefined, fromIndex: number): Open {
  return {
    code,
    storage,
    depth: first.depth,
    at: fromIndex + 1,
    used: 0,
    own: nothing(),
    start: first.gas,
    from,
    fromIndex,
  };
}

/** 21,000 and what the calldata costs. */
export function priceOfData(data: string): number {
  let price = BASE;
  for (let i = 2; i < data.length; i += 2) price += data.slice(i, i + 2) === "00" ? 4 : 16;
  return price;
}
