// What commands say: tables for people, JSON for programs.

/** What a command found, in both forms. */
export interface Report {
  json: unknown;
  /** Nothing is printed where there is nothing. */
  text: string;
  /** What the command ends with; ok by default. */
  code?: number;
}

type Cell = string | number | bigint;

const NUMBER = /^-?[\d.,]+%?$|^-$/;

/** Columns as wide as they need to be; numbers end where they end. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const right = head.map((_, column) => rows.every((row) => NUMBER.test(String(row[column]))));
  const line = (row: string[]): string =>
    row.map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ");
  return cells.map((row) => line(row).trimEnd()).join("\n");
}

/** Names and what they are, one a line. */
export function list(pairs: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Parts of a report, a blank line between them; empty ones are left out. */
export const paragraphs = (...parts: string[]): string => parts.filter((part) => part !== "").join("\n\n");

/** Numbers of the chain as decimal strings: they do not fit into those of JSON. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each), 2);
