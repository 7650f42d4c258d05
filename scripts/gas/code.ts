// Whose code runs at an address, and which function a step of it belongs to: from what the compiler says of its output.
import { readFileSync } from "node:fs";
import { hre } from "../production.js";

interface Reference {
  readonly start: number;
  readonly length: number;
}
interface Bytecode {
  readonly object: string;
  readonly sourceMap: string;
  readonly immutableReferences?: Record<string, Reference[]>;
  readonly linkReferences?: Record<string, Record<string, Reference[]>>;
}
interface Compiled {
  readonly evm: { readonly deployedBytecode: Bytecode; readonly methodIdentifiers: Record<string, string> };
  readonly storageLayout?: Layout;
}
interface Node {
  readonly nodeType: string;
  readonly src: string;
  readonly name?: string;
  readonly kind?: string;
  readonly [key: string]: unknown;
}
interface Output {
  readonly sources: Record<string, { readonly id: number; readonly ast: Node }>;
  readonly contracts: Record<string, Record<string, Compiled>>;
}

export interface Slot {
  readonly label: string;
  readonly slot: string;
  readonly type: string;
}
export interface LayoutType {
  readonly label: string;
  readonly encoding: string;
  readonly numberOfBytes: string;
  readonly members?: readonly Slot[];
  readonly value?: string;
  readonly base?: string;
}
export interface Layout {
  readonly storage: readonly Slot[];
  readonly types: Record<string, LayoutType> | null;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** A contract of the build, and the function of each of its instructions. */
export class Code {
  private spans: Map<number, string> | undefined;
  readonly selectors: ReadonlyMap<string, string>;

  constructor(
    readonly name: string,
    readonly layout: Layout | undefined,
    private readonly bytecode: Bytecode,
    methods: Record<string, string>,
    private readonly functionAt: (source: number, start: number, length: number) => string | undefined,
  ) {
    this.selectors = new Map(Object.entries(methods).map(([signature, id]) => [id, signature.split("(")[0] ?? ""]));
  }

  /** Its own part of code that the compiler adds, as for calldata and structs, has no function. */
  functionOf(pc: number): string | undefined {
    this.spans ??= this.mapped();
    return this.spans.get(pc);
  }

  private mapped(): Map<number, string> {
    const spans = new Map<number, string>();
    let [start, length, source] = [0, 0, 0];
    let pc = 0;
    for (const entry of this.bytecode.sourceMap.split(";")) {
      const [a, b, c] = entry.split(":");
      if (a) start = Number(a);
      if (b) length = Number(b);
      if (c) source = Number(c);
      const name = this.functionAt(source, start, length);
      if (name !== undefined) spans.set(pc, name);
      const op = Number.parseInt(this.bytecode.object.slice(2 * pc, 2 * pc + 2), 16);
      pc += op >= 0x60 && op <= 0x7f ? op - 0x5e : 1;
    }
    return spans;
  }
}

/** All contracts of the production build. */
export class Codes {
  private readonly known = new Map<string, Code | undefined>();

  private constructor(private readonly all: readonly { readonly bytecode: Bytecode; readonly code: Code }[]) {}

  static async read(): Promise<Codes> {
    const outputs = new Map<string, Output>();
    const all: { bytecode: Bytecode; code: Code }[] = [];
    for (const full of await hre.artifacts.getAllFullyQualifiedNames()) {
      const id = await hre.artifacts.getBuildInfoId(full);
      if (id !== undefined && !outputs.has(id)) outputs.set(id, await outputOf(id));
    }
    for (const output of outputs.values()) {
      const functionAt = functionsOf(output);
      for (const contracts of Object.values(output.contracts)) {
        for (const [name, { evm, storageLayout }] of Object.entries(contracts)) {
          const bytecode = evm.deployedBytecode;
          if (bytecode.object === "") continue;
          all.push({ bytecode, code: new Code(name, storageLayout, bytecode, evm.methodIdentifiers, functionAt) });
        }
      }
    }
    return new Codes(all);
  }

  /** The contract that has this code, its immutable numbers and the addresses of its libraries aside. */
  of(deployed: string): Code | undefined {
    if (!this.known.has(deployed)) this.known.set(deployed, this.find(deployed.slice(2)));
    return this.known.get(deployed);
  }

  private find(object: string): Code | undefined {
    const found = this.all.find(
      ({ bytecode }) =>
        bytecode.object.length === object.length && without(object, bytecode) === without(bytecode.object, bytecode),
    );
    return found?.code;
  }
}

async function outputOf(buildInfo: string): Promise<Output> {
  const path = await hre.artifacts.getBuildInfoOutputPath(buildInfo);
  if (path === undefined) return { sources: {}, contracts: {} };
  return (JSON.parse(readFileSync(path, "utf8")) as { output: Output }).output;
}

/** A library's code begins with its own address. */
function without(object: string, { immutableReferences, linkReferences }: Bytecode): string {
  const holes = [
    { start: 1, length: 20 },
    ...Object.values(immutableReferences ?? {}).flat(),
    ...Object.values(linkReferences ?? {}).flatMap((links) => Object.values(links).flat()),
  ];
  let text = object;
  for (const { start, length } of holes)
    text = text.slice(0, 2 * start) + "_".repeat(2 * length) + text.slice(2 * (start + length));
  return text;
}

function functionsOf({ sources }: Output): (source: number, start: number, length: number) => string | undefined {
  const spans = new Map<number, Span[]>();
  for (const { id, ast } of Object.values(sources)) spans.set(id, spansIn(ast, ""));
  const found = new Map<string, string | undefined>();
  return (source, start, length) => {
    const key = `${source}:${start}:${length}`;
    if (!found.has(key)) found.set(key, innermost(spans.get(source) ?? [], start, start + length));
    return found.get(key);
  };
}

function innermost(spans: readonly Span[], from: number, to: number): string | undefined {
  return spans.filter((span) => span.from <= from && to <= span.to).sort((a, b) => a.to - a.from - (b.to - b.from))[0]
    ?.name;
}

function spansIn(value: unknown, contract: string): Span[] {
  if (Array.isArray(value)) return value.flatMap((part) => spansIn(part, contract));
  if (typeof value !== "object" || value === null) return [];
  const node = value as Node;
  const inside = node.nodeType === "ContractDefinition" ? (node.name ?? contract) : contract;
  const spans = Object.values(node).flatMap((part) => spansIn(part, inside));
  if (!/^(Function|Modifier)Definition$/.test(node.nodeType)) return spans;
  const [from = 0, length = 0] = node.src.split(":").map(Number);
  const own = node.name === undefined || node.name === "" ? (node.kind ?? "") : node.name;
  return [...spans, { from, to: from + length, name: inside === "" ? own : `${inside}.${own}` }];
}
