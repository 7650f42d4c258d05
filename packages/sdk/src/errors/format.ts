// How the arguments of an error are written in its sentence.
import { formatAccount } from "../accounts.js";
import { CAPABILITIES, CONDITIONS, ASSET_STATES, PRICE_STATUSES, REASONS, nameOf } from "../enums.js";
import { formatUnits } from "../units.js";

const PLACE = /\{(\w+)(?::(\w+))?\}/g;

/** Words of a name: "NoRoom" is "no room". */
const words = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

const named =
  (names: readonly string[]) =>
  (value: unknown): string =>
    words(nameOf(names, Number(value)));

/** The last moment that a date can tell. */
const LAST_SECOND = 8_640_000_000_000n;

function time(value: unknown): string {
  const seconds = value as bigint;
  return seconds > LAST_SECOND ? "never" : new Date(Number(seconds) * 1_000).toISOString().replace(".000", "");
}

function text(value: unknown): string {
  const bytes = (value as string).slice(2).match(/../g) ?? [];
  const letters = bytes.map((byte) => String.fromCharCode(parseInt(byte, 16)));
  return letters.join("").replace(/\0+$/, "");
}

const FORMATS: Readonly<Record<string, (value: unknown) => string>> = {
  account: (value) => formatAccount(value as bigint),
  bp: (value) => `${formatUnits(BigInt(value as bigint), 2)}%`,
  capability: named(CAPABILITIES),
  condition: named(CONDITIONS),
  ppm: (value) => `${formatUnits(BigInt(value as bigint), 4)}%`,
  reason: named(REASONS),
  seconds: (value) => `${String(value)} s`,
  state: named(ASSET_STATES),
  status: named(PRICE_STATUSES),
  text,
  time,
  value: (value) => formatUnits(value as bigint, 18),
};

/** A sentence with its arguments in their places. */
export const fill = (sentence: string, args: object): string =>
  sentence.replace(PLACE, (_, name: string, format?: string) => {
    const value = (args as Record<string, unknown>)[name];
    return format === undefined ? String(value) : (FORMATS[format]?.(value) ?? String(value));
  });

/** The names and formats that a sentence uses. */
export const placesOf = (sentence: string): { name: string; format: string | undefined }[] =>
  [...sentence.matchAll(PLACE)].map(([, name = "", format]) => ({ name, format }));

export const isFormat = (name: string): boolean => name in FORMATS;
