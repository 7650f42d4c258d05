// Facts that only the operator knows, and how they get into the parameters.
import { getAddress, isAddress } from "viem";
import { NetworkUnknown, ParametersIncomplete, FillInvalid } from "../errors.js";
import type { Draft, FillIn, Parameters } from "./types.js";

export const GOVERNOR: FillIn = { fillIn: "governor", what: "the multisig that governs" };
export const RECOVERY: FillIn = { fillIn: "recovery", what: "the multisig that can stop and replace the governor" };
export const GUARDIAN: FillIn = { fillIn: "guardian", what: "who tightens at once" };
/** Chainlink documents sequencer feeds of main networks only. */
export const SEQUENCER: FillIn = {
  fillIn: "sequencer",
  what: "the sequencer uptime feed, or `none` if the network has none",
};

export type Fills = Readonly<Record<string, string>>;

const isFillIn = (value: unknown): value is FillIn => typeof value === "object" && value !== null && "fillIn" in value;

function valueOf(marker: FillIn, fills: Fills, missing: FillIn[]): unknown {
  const given = fills[marker.fillIn];
  if (given === undefined) {
    missing.push(marker);
    return marker;
  }
  if (given === "none" && marker.fillIn === SEQUENCER.fillIn) return given;
  if (!isAddress(given)) throw new FillInvalid(marker.fillIn, given);
  return getAddress(given);
}

function fill(value: unknown, fills: Fills, missing: FillIn[]): unknown {
  if (isFillIn(value)) return valueOf(value, fills, missing);
  if (Array.isArray(value)) return value.map((each) => fill(each, fills, missing));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each, fills, missing)]));
}

/** What a draft leaves open, by name. */
export const markersOf = (value: unknown): string[] => {
  if (isFillIn(value)) return [value.fillIn];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(markersOf) : [];
};

/** The parameters with every marker filled in. Refuses when one is left, and a value that no marker asks for. */
export function resolve(draft: Draft, fills: Fills = {}): Parameters {
  const missing: FillIn[] = [];
  const filled = fill(draft, fills, missing) as Parameters;
  if (missing.length > 0) throw new ParametersIncomplete(draft.network, missing);
  const asked = markersOf(draft);
  for (const [name, value] of Object.entries(fills)) if (!asked.includes(name)) throw new FillInvalid(name, value);
  const { sequencer, gracePeriod } = filled;
  return sequencer === "none" ? { ...filled, gracePeriod: 0n } : { ...filled, gracePeriod };
}

/** The draft of a network by its name. */
export function draftOf(drafts: readonly Draft[], network: string): Draft {
  const found = drafts.find((draft) => draft.network === network);
  if (found === undefined)
    throw new NetworkUnknown(
      network,
      drafts.map((draft) => draft.network),
    );
  return found;
}
