// Calls as a file that the transaction builder of Safe reads, so that signers see each function and argument by name.
import { keccak256, toHex, type AbiFunction, type AbiParameter, type Address } from "viem";
import type { Call } from "./calls.js";

const BUILDER = "1.18.2";

interface Input {
  readonly internalType: string;
  readonly name: string;
  readonly type: string;
  readonly components?: readonly Input[];
}

export interface Transaction {
  readonly to: Address;
  readonly value: string;
  readonly data: null;
  readonly contractMethod: { readonly name: string; readonly payable: boolean; readonly inputs: readonly Input[] };
  readonly contractInputsValues: Readonly<Record<string, string>>;
}

export interface Batch {
  readonly version: "1.0";
  readonly chainId: string;
  readonly createdAt: number;
  readonly meta: {
    readonly name: string;
    readonly description: string;
    readonly txBuilderVersion: string;
    readonly createdFromSafeAddress: Address;
    readonly createdFromOwnerAddress: "";
    readonly checksum?: string;
  };
  readonly transactions: readonly Transaction[];
}

type Components = AbiParameter & { readonly components?: readonly AbiParameter[] };

function inputOf({ name = "", type, internalType, components }: Components): Input {
  const own = { internalType: internalType ?? type, name, type };
  return components === undefined ? own : { ...own, components: components.map((each) => inputOf(each)) };
}

/** Structs as lists of their fields, in order; numbers as text. */
function plain({ type, components = [], ...rest }: Components, value: unknown): unknown {
  const element = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined)
    return (value as readonly unknown[]).map((each) => plain({ ...rest, type: element, components }, each));
  if (type !== "tuple") return typeof value === "boolean" ? value : String(value);
  return components.map((each) => plain(each, (value as Record<string, unknown>)[each.name ?? ""]));
}

function valueOf(parameter: AbiParameter, value: unknown): string {
  const written = plain(parameter, value);
  return typeof written === "string" ? written : JSON.stringify(written);
}

const nameOf = ({ inputs }: AbiFunction, i: number): string => inputs[i]?.name ?? String(i);

const transactionOf = ({ to, function: each, args }: Call): Transaction => ({
  to,
  value: "0",
  data: null,
  contractMethod: {
    name: each.name,
    payable: each.stateMutability === "payable",
    inputs: each.inputs.map((input) => inputOf(input)),
  },
  contractInputsValues: Object.fromEntries(each.inputs.map((input, i) => [nameOf(each, i), valueOf(input, args[i])])),
});

/** The text that the builder makes its checksum of: keys in order, then values in theirs. */
function serialize(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(serialize).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).sort();
  return `{${JSON.stringify(keys)}${keys.map((key) => `${serialize(fields[key])},`).join("")}}`;
}

/** What the builder compares on reading: the whole file without its name and without this. */
export function checksumOf({ meta, ...batch }: Batch): string {
  const rest = Object.fromEntries(Object.entries(meta).filter(([key]) => key !== "checksum"));
  return keccak256(toHex(serialize({ ...batch, meta: { ...rest, name: null } })));
}

export interface BatchParameters {
  readonly chainId: number;
  readonly safe: Address;
  readonly name: string;
  readonly description: string;
  /** Milliseconds; the same calls at the same moment are the same file. */
  readonly createdAt: number;
  readonly calls: readonly Call[];
}

export function batchOf({ chainId, safe, name, description, createdAt, calls }: BatchParameters): Batch {
  const batch: Batch = {
    version: "1.0",
    chainId: String(chainId),
    createdAt,
    meta: {
      name,
      description,
      txBuilderVersion: BUILDER,
      createdFromSafeAddress: safe,
      createdFromOwnerAddress: "",
    },
    transactions: calls.map(transactionOf),
  };
  return { ...batch, meta: { ...batch.meta, checksum: checksumOf(batch) } };
}

export const serializeBatch = (batch: Batch): string => `${JSON.stringify(batch, null, 2)}\n`;
