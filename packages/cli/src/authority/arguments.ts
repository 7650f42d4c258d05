// Arguments of a call from texts: numbers, names of markets and of states, structs as JSON.
import { ASSET_STATES, CAPABILITIES, assetOf, parseAccount, type Deployment } from "@ballast/sdk";
import { getAddress, isAddress, isHex, type AbiFunction, type AbiParameter } from "viem";
import { ArgumentInvalid } from "./errors.js";
import { Role, type RoleName } from "./policy.js";

type Parameter = AbiParameter & { readonly components?: readonly AbiParameter[] };

/** What people call the values of arguments with these names. */
const NAMES: Readonly<Record<string, readonly string[]>> = { state: ASSET_STATES, capability: CAPABILITIES };

const isRole = (value: unknown): value is RoleName => typeof value === "string" && value in Role;

const invalid = ({ name = "", type }: Parameter, value: unknown): ArgumentInvalid =>
  new ArgumentInvalid(name, type, typeof value === "string" ? value : JSON.stringify(value));

function whole(parameter: Parameter, value: unknown): bigint {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^-?\d+(e\d+)?$/.test(text)) {
    const [digits = "", zeros = "0"] = text.split("e");
    return BigInt(digits) * 10n ** BigInt(zeros);
  }
  throw invalid(parameter, value);
}

function numberOf(deployment: Deployment, parameter: Parameter, value: unknown): bigint {
  const { name = "", type } = parameter;
  const place = NAMES[name]?.findIndex((each) => each === value) ?? -1;
  if (place !== -1) return BigInt(place);
  if (name === "roleId" && isRole(value)) return Role[value];
  if (name === "account" && type === "uint256" && typeof value === "string") return parseAccount(value);
  if (name === "asset" && value === "quote") return 0n;
  if (name === "asset" && typeof value === "string") return BigInt(assetOf(deployment, value));
  return whole(parameter, value);
}

function listOf(parameter: Parameter, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(parameter, value);
  return value;
}

/** A struct is an object with every field of it and no other. */
function structOf(deployment: Deployment, parameter: Parameter, value: unknown): unknown {
  const { components = [] } = parameter;
  if (typeof value !== "object" || value === null) throw invalid(parameter, value);
  const fields = value as Record<string, unknown>;
  const names = components.map(({ name = "" }) => name);
  if (Object.keys(fields).sort().join() !== [...names].sort().join()) throw invalid(parameter, value);
  return Object.fromEntries(components.map((each) => [each.name, valueOf(deployment, each, fields[each.name ?? ""])]));
}

function valueOf(deployment: Deployment, parameter: Parameter, value: unknown): unknown {
  const { type } = parameter;
  const element = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined)
    return listOf(parameter, value).map((each) => valueOf(deployment, { ...parameter, type: element }, each));
  if (type === "tuple") return structOf(deployment, parameter, value);
  if (/^u?int/.test(type)) return numberOf(deployment, parameter, value);
  if (type === "bool" && (value === "true" || value === true)) return true;
  if (type === "bool" && (value === "false" || value === false)) return false;
  if (type === "address" && typeof value === "string" && isAddress(value)) return getAddress(value);
  if (type.startsWith("bytes") && isHex(value)) return value;
  if (type === "string" && typeof value === "string") return value;
  throw invalid(parameter, value);
}

function read({ type, ...rest }: Parameter, text: string): unknown {
  if (!/^(tuple|.*\])/.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid({ type, ...rest }, text);
  }
}

/** One text for each argument. */
export function argumentsOf(
  deployment: Deployment,
  { name, inputs }: AbiFunction,
  texts: readonly string[],
): unknown[] {
  if (texts.length !== inputs.length) {
    const wanted = inputs.map((input) => `${input.type} ${input.name ?? ""}`).join(", ");
    throw new ArgumentInvalid(name, `(${wanted})`, texts.join(" "));
  }
  return inputs.map((input, i) => valueOf(deployment, input, read(input, texts[i] ?? "")));
}
