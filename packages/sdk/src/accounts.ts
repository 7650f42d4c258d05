// Ids of accounts, rows of the house, and assets.
import { getAddress, isAddress, type Address } from "viem";
import { NotAnAccount, NotAnAddress, OutOfRange } from "./errors/input.js";

/** An id of an account: its owner (160 bits), then a sub-id of the owner's choice (96 bits). */
export type AccountId = bigint;
/** 0 is the quote, 1 to 4095 a perp or a spot collateral. */
export type AssetId = number;

export const QUOTE: AssetId = 0;
export const MAX_ASSET: AssetId = 4_095;
const SUB_ID_BITS = 96n;
const MAX_SUB_ID = (1n << SUB_ID_BITS) - 1n;
const MAX_ACCOUNT = (1n << 256n) - 1n;
const DEFICIT_ROWS = 1n << 32n;
const SETTLEMENT_ROWS = 1n << 33n;

/** Rows of the house, which belong to nobody. */
export const ROWS = { treasury: 1n, insurance: 2n, dust: 3n, fees: 4n } as const;

/** What nobody has paid yet of a market's losses: never positive. */
export const deficitRow = (asset: AssetId): AccountId => DEFICIT_ROWS | BigInt(asset);
export const settlementRow = (asset: AssetId): AccountId => SETTLEMENT_ROWS | BigInt(asset);

/**
 * The id of an account; every sub-id is an isolated margin account of its owner.
 *
 * @example accountId("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", 7n)
 */
export function accountId(owner: Address, subId = 0n): AccountId {
  if (!isAddress(owner, { strict: false })) throw new NotAnAddress({ name: "owner", value: owner });
  if (subId < 0n || subId > MAX_SUB_ID)
    throw new OutOfRange({ name: "subId", value: subId, lower: 0n, upper: MAX_SUB_ID });
  return (BigInt(owner) << SUB_ID_BITS) | subId;
}

export const ownerOf = (account: AccountId): Address =>
  getAddress(`0x${(account >> SUB_ID_BITS).toString(16).padStart(40, "0")}`);

export const subIdOf = (account: AccountId): bigint => account & MAX_SUB_ID;

/** Whether no key can move it. */
export const isRow = (account: AccountId): boolean => account >> SUB_ID_BITS === 0n;

function formatRow(row: bigint): string {
  const name = Object.entries(ROWS).find(([, id]) => id === row)?.[0];
  if (name !== undefined) return name;
  if (row >= SETTLEMENT_ROWS) return `settlement/${row - SETTLEMENT_ROWS}`;
  return row >= DEFICIT_ROWS ? `deficit/${row - DEFICIT_ROWS}` : `row/${row}`;
}

/** As `owner/subId`, without the sub-id when it is 0; a row of the house by its name. */
export function formatAccount(account: AccountId): string {
  if (account < 0n || account > MAX_ACCOUNT) return String(account);
  if (isRow(account)) return formatRow(account);
  const subId = subIdOf(account);
  return subId === 0n ? ownerOf(account) : `${ownerOf(account)}/${subId}`;
}

const ROW = /^(deficit|settlement)\/(\d{1,4})$/;
const OWNED = /^(0x[0-9a-fA-F]{40})(?:\/(\d+))?$/;
const NUMBER = /^(0x[0-9a-fA-F]{41,64}|\d+)$/;

/** An account from `owner`, `owner/subId`, a row's name or the number itself. */
export function parseAccount(text: string): AccountId {
  const owned = OWNED.exec(text);
  if (owned !== null) return accountId(owned[1] as Address, BigInt(owned[2] ?? 0));
  const row = ROW.exec(text);
  if (row !== null) return (row[1] === "deficit" ? deficitRow : settlementRow)(Number(row[2]));
  if (text in ROWS) return ROWS[text as keyof typeof ROWS];
  if (NUMBER.test(text) && BigInt(text) <= MAX_ACCOUNT) return BigInt(text);
  throw new NotAnAccount({ text });
}
