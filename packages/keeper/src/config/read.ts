// Settings from a file and the environment, which wins. The variable of a setting is its key in capitals.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigUnreadable, SettingsInvalid, type Fault } from "./errors.js";
import { schema, type Settings } from "./schema.js";

export type Env = Readonly<Record<string, string | undefined>>;
type Fields = Record<string, unknown>;

const PREFIX = "BALLAST_";
/** Keys of wallets: refused in a file, wherever they stand. */
const SECRETS = /^(privateKey|private_key|key|mnemonic|seed|password|secret)$/i;

/** `gas.most` is BALLAST_GAS_MOST, `strategies.quote.hedgeAbove` BALLAST_STRATEGIES_QUOTE_HEDGE_ABOVE. */
export const variableOf = (path: readonly string[]): string =>
  PREFIX + path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join("_");

/** The paths of all settings. */
export function pathsOf(kind: z.core.$ZodType = schema, path: readonly string[] = []): string[][] {
  const inner = kind._zod.def as { innerType?: z.core.$ZodType; shape?: Record<string, z.core.$ZodType> };
  if (inner.shape !== undefined)
    return Object.entries(inner.shape).flatMap(([name, each]) => pathsOf(each, [...path, name]));
  return inner.innerType === undefined ? [[...path]] : pathsOf(inner.innerType, path);
}

/** Defaults, then the file, then the environment, then what the command line says. */
export function readSettings(file: string | undefined, env: Env, flags: Fields = {}): Settings {
  const given = file === undefined ? {} : readFile(file);
  requireNoSecrets(given, []);
  requireKnownVariables(env);
  for (const path of pathsOf()) {
    const value = env[variableOf(path)];
    if (value !== undefined && value !== "") put(given, path, value);
  }
  const parsed = schema.safeParse({ ...given, ...flags });
  if (parsed.success) return parsed.data;
  throw new SettingsInvalid(parsed.error.issues.flatMap((issue) => faultsOf(issue, { ...given, ...flags })));
}

function readFile(file: string): Fields {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigUnreadable(file, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  try {
    const parsed: unknown = JSON.parse(content);
    if (isFields(parsed)) return parsed;
  } catch (error) {
    throw new ConfigUnreadable(file, `is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new ConfigUnreadable(file, "is no JSON object");
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function requireNoSecrets(fields: Fields, path: readonly string[]): void {
  for (const [name, value] of Object.entries(fields)) {
    const here = [...path, name];
    const bound = "has no place in a file: give BALLAST_PRIVATE_KEY, a keystore or a command";
    if (SECRETS.test(name))
      throw new SettingsInvalid([{ key: here.join("."), variable: "BALLAST_PRIVATE_KEY", value: "a secret", bound }]);
    if (isFields(value)) requireNoSecrets(value, here);
  }
}

/** A misspelt variable of a section would be passed over in silence. */
function requireKnownVariables(env: Env): void {
  const known = pathsOf();
  const variables = new Set(known.map(variableOf));
  const sections = new Set(known.filter((path) => path.length > 1).map(([first = ""]) => `${variableOf([first])}_`));
  const stray = Object.keys(env).filter(
    (name) => !variables.has(name) && [...sections].some((section) => name.startsWith(section)),
  );
  if (stray.length > 0)
    throw new SettingsInvalid(
      stray.map((name) => ({ key: name, variable: name, value: shown(name, env[name]), bound: "is no setting" })),
    );
}

function put(fields: Fields, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) return void (fields[name] = value);
  const inner = fields[name];
  const next = isFields(inner) ? { ...inner } : {};
  put(next, rest, value);
  fields[name] = next;
}

function faultsOf(issue: z.core.$ZodIssue, given: unknown): Fault[] {
  const path = issue.path.map(String);
  const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
  return keys.map((each) => {
    const key = each.join(".");
    const settings = each.filter((part) => !/^\d+$/.test(part));
    return { key, variable: variableOf(settings), value: shown(key, valueAt(given, each)), bound: issue.message };
  });
}

/** A list from a variable is still one text. */
const valueAt = (given: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, part) => {
    const fields = typeof at === "string" ? at.split(",").map((each) => each.trim()) : at;
    return (fields as Fields | undefined)?.[part];
  }, given);

/** Addresses carry keys in their paths: only the host is told. */
export function shown(key: string, value: unknown): string {
  if (value === undefined) return "nothing";
  const written = typeof value === "string" ? value : JSON.stringify(value);
  const address = /^(\w+:\/\/)([^/@]*@)?([^/?]*)/.exec(written);
  if (address !== null) return `${address[1]}${address[3]}`;
  return /rpc|socket|relay|webhook|store/i.test(key) && /:\/\//.test(written) ? "a list of addresses" : written;
}
