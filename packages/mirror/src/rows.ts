// Names of rows: the ids of accounts and assets, and the rows that belong to the house.

export const QUOTE = 0;
export const TREASURY = 1n;
export const INSURANCE = 2n;
export const DUST = 3n;
export const FEES = 4n;

export const DEFICIT_ROWS = 1n << 32n;
export const SETTLEMENT_ROWS = 1n << 33n;

/** The row that holds what nobody has paid yet of a market's losses. */
export function deficitRow(asset: number): bigint {
  return DEFICIT_ROWS | BigInt(asset);
}

/** The other party of every leg that is closed when a market is wound down. */
export function settlementRow(asset: number): bigint {
  return SETTLEMENT_ROWS | BigInt(asset);
}

/** The owner's address in the upper 160 bits, a sub-id of his choice in the lower 96. */
export function accountId(owner: string, subId = 0n): bigint {
  return (BigInt(owner) << 96n) | subId;
}

export function ownerOf(account: bigint): string {
  return `0x${(account >> 96n).toString(16).padStart(40, "0")}`;
}

/** As text, because engines hash a large integer by its lowest digits only, and those of most accounts are zero. */
export function keyOf(account: bigint): string {
  return account.toString(16);
}

export function accountOf(key: string): bigint {
  return BigInt(`0x${key}`);
}
