// What is wrong with a batch that succeeds although every entry of it is skipped: then it is not sent.
import { decodeReason } from "@ballast/sdk";
import type { Hex } from "viem";

/** @param reasons by entry; empty for one that succeeds */
export function allSkipped(reasons: readonly Hex[]): string | undefined {
  const [first = "0x"] = reasons;
  if (reasons.some((reason) => reason === "0x")) return undefined;
  return `all ${reasons.length} entries would be skipped, the first one: ${decodeReason(first)?.message}`;
}
