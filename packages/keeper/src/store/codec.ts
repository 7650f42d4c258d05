// Rows to what they mean, and back.
import type { Hex } from "viem";
import type { Intent, Outcome } from "../send/intent.js";
import { numberOf, textOf, type Row } from "./database.js";
import type { Attempt, HistoryEntry, Inclusion, OpenIntent, Purpose, SlotRow, SlotState } from "./store.js";

/** Amounts of any size, marked so that no other text is taken for one. */
const AMOUNT = /^-?\d+n$/;

export const encode = (value: object): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one));

export const decode = <T>(text: string): T =>
  JSON.parse(text, (_, one: unknown) =>
    typeof one === "string" && AMOUNT.test(one) ? BigInt(one.slice(0, -1)) : one,
  ) as T;

const optional = <T>(row: Row, column: string): T | undefined =>
  row[column] === null || row[column] === undefined ? undefined : decode<T>(textOf(row, column));

export function openIntentOf(row: Row): OpenIntent {
  const outcome = optional<Outcome>(row, "outcome");
  const intent = decode<Intent>(textOf(row, "body"));
  return { id: textOf(row, "id"), intent, ...(outcome && { outcome }) };
}

export function attemptOf(row: Row): Attempt {
  const verdict = optional<Outcome>(row, "verdict");
  return {
    hash: textOf(row, "hash") as Hex,
    nonce: numberOf(row, "nonce"),
    serial: numberOf(row, "serial"),
    purpose: textOf(row, "purpose") as Purpose,
    ...(verdict && { verdict }),
    maxFee: BigInt(textOf(row, "max_fee")),
    tip: BigInt(textOf(row, "tip")),
    gas: BigInt(textOf(row, "gas")),
    raw: textOf(row, "raw") as Hex,
    block: numberOf(row, "block"),
    at: numberOf(row, "at"),
  };
}

function inclusionOf(row: Row): Inclusion | undefined {
  if (row["hash"] === null) return undefined;
  return {
    hash: textOf(row, "hash") as Hex,
    block: numberOf(row, "block"),
    blockHash: textOf(row, "block_hash") as Hex,
  };
}

export function slotOf(row: Row, intent: OpenIntent | undefined, attempts: readonly Attempt[]): SlotRow {
  const inclusion = inclusionOf(row);
  return {
    nonce: numberOf(row, "nonce"),
    state: textOf(row, "state") as SlotState,
    ...(intent && { intent }),
    ...(inclusion && { inclusion }),
    attempts,
  };
}

export function historyOf(row: Row): HistoryEntry {
  const outcome = optional<Outcome>(row, "outcome");
  return {
    id: textOf(row, "id"),
    key: textOf(row, "key"),
    strategy: textOf(row, "strategy"),
    wallet: textOf(row, "wallet"),
    nonce: numberOf(row, "nonce"),
    owner: textOf(row, "owner"),
    opened: numberOf(row, "opened"),
    ...(outcome && { outcome }),
  };
}
