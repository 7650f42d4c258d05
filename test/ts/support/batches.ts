// Batches as the transaction builder reads them: from names and texts back to calls.
import { encodeFunctionData, type AbiFunction, type AbiParameter, type Hex } from "viem";
import type { Transaction } from "../../../packages/cli/src/authority/batch.js";

function valueOf({ type }: AbiParameter, text: string): unknown {
  if (type === "bool") return text === "true";
  if (/^(tuple|.*\])/.test(type)) return JSON.parse(text) as unknown;
  return text;
}

/** Lists of fields as viem takes structs: by name. */
function structured(parameter: AbiParameter & { components?: readonly AbiParameter[] }, value: unknown): unknown {
  const { type, components = [] } = parameter;
  if (type.endsWith("]"))
    return (value as unknown[]).map((each) => structured({ ...parameter, type: type.replace(/\[\d*\]$/, "") }, each));
  if (type !== "tuple") return value;
  const fields = value as unknown[];
  return Object.fromEntries(components.map((each, i) => [each.name, structured(each, fields[i])]));
}

export function encodeTransaction({ contractMethod, contractInputsValues }: Transaction): Hex {
  const inputs = contractMethod.inputs as readonly AbiParameter[];
  const item: AbiFunction = {
    type: "function",
    name: contractMethod.name,
    inputs,
    outputs: [],
    stateMutability: "nonpayable",
  };
  const args = inputs.map((input) => structured(input, valueOf(input, contractInputsValues[input.name ?? ""] ?? "")));
  return encodeFunctionData({ abi: [item], functionName: item.name, args });
}
