// Kinds of settings. Each says in one sentence what it takes, so that a fault tells the bound.
import {
  NotAnAccount,
  NotANumber,
  NotAnAddress,
  TooManyDigits,
  formatUnits,
  parseAccount,
  parseUnits,
} from "@ballast/sdk";
import { z } from "zod";

/** Variables are text, files have numbers. */
const numeric = (value: unknown): unknown =>
  typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;

/** Variables separate with commas. */
const separated = (value: unknown): unknown =>
  typeof value === "string"
    ? value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "")
    : value;

export function whole(least: number, most: number) {
  const error = `is no whole number from ${least} to ${most}`;
  return z.preprocess(numeric, z.number({ error }).int({ error }).min(least, { error }).max(most, { error }));
}

export function number(least: number, most: number) {
  const error = `is no number from ${least} to ${most}`;
  return z.preprocess(numeric, z.number({ error }).min(least, { error }).max(most, { error }));
}

/** A decimal number, as whole numbers of its smallest unit. */
export function amount(least: string, most: string, decimals = 18) {
  const [low, high] = [parseUnits(least, decimals), parseUnits(most, decimals)];
  const error = `is no amount from ${formatUnits(low, decimals)} to ${formatUnits(high, decimals)}`;
  return z.union([z.string(), z.number()], { error }).transform((given, context) => {
    const value = parsed(String(given), decimals);
    if (value !== undefined && value >= low && value <= high) return value;
    context.addIssue({ code: "custom", message: error, input: given });
    return z.NEVER;
  });
}

function parsed(text: string, decimals: number): bigint | undefined {
  try {
    return parseUnits(text, decimals);
  } catch (error) {
    if (error instanceof NotANumber || error instanceof TooManyDigits) return undefined;
    throw error;
  }
}

export const flag = z.union([z.boolean(), z.stringbool()], { error: "is neither true nor false" });

export const text = z.string({ error: "is no text" }).min(1, { error: "is empty" });

const HTTP = { protocol: /^https?$/, error: "is no http(s) address" };
export const httpUrl = z.url(HTTP);
export const httpUrls = z.preprocess(
  separated,
  z.array(httpUrl, { error: "is no list of http(s) addresses" }).min(1, { error: "has fewer than 1 address" }),
);
export const socketUrl = z.url({ protocol: /^wss?$/, error: "is no ws(s) address" });

export const account = text.transform((given, context) => {
  try {
    return parseAccount(given);
  } catch (error) {
    if (!(error instanceof NotAnAccount || error instanceof NotAnAddress || error instanceof RangeError)) throw error;
    context.addIssue({ code: "custom", message: "is no account: owner, owner/sub-id or its number", input: given });
    return z.NEVER;
  }
});

export const list = z.preprocess(separated, z.array(text, { error: "is no list" }));
export const accounts = z.preprocess(separated, z.array(account, { error: "is no list of accounts" }));

export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, { error: `is none of ${names.join(", ")}` });
}

/** A part of the file; all of it has defaults. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, { error: sectionError }).prefault({} as never);

export function sectionError(issue: { code?: string | undefined; keys?: unknown; input?: unknown }): string {
  return issue.code === "unrecognized_keys" ? "is no setting" : "is no object";
}
