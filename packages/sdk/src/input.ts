// What a call can carry, checked before it is sent.
import { isAddress, type Address } from "viem";
import { MAX_ASSET, type AccountId, type AssetId } from "./accounts.js";
import { LengthOutOfRange, NotAnAddress, OutOfRange } from "./errors/input.js";

export const MAX_UINT128 = (1n << 128n) - 1n;
const MAX_UINT256 = (1n << 256n) - 1n;

/** Entries of one batch: what a block has gas for. */
export const MOST_ENTRIES = 200;

export function requireWithin(name: string, value: bigint, lower: bigint, upper: bigint): bigint {
  if (value < lower || value > upper) throw new OutOfRange({ name, value, lower, upper });
  return value;
}

export const requireUint = (name: string, value: bigint): bigint => requireWithin(name, value, 0n, MAX_UINT256);

/** An amount or a size that does something. */
export const requirePositive = (name: string, value: bigint, upper = MAX_UINT256): bigint =>
  requireWithin(name, value, 1n, upper);

/** A size with its direction, which the exchange takes up to 128 bits of. */
export function requireSigned(name: string, size: bigint): bigint {
  if (size === 0n) throw new OutOfRange({ name, value: size, lower: 1n, upper: MAX_UINT128 });
  return requireWithin(name, size, -MAX_UINT128, MAX_UINT128);
}

export const requireAccount = (name: string, account: AccountId): AccountId => requireUint(name, account);

export function requireAsset(asset: AssetId): AssetId {
  if (!Number.isInteger(asset) || asset < 0 || asset > MAX_ASSET)
    throw new OutOfRange({ name: "asset", value: BigInt(Math.trunc(asset)), lower: 0n, upper: BigInt(MAX_ASSET) });
  return asset;
}

export function requireAddress(name: string, address: Address): Address {
  if (!isAddress(address, { strict: false })) throw new NotAnAddress({ name, value: address });
  return address;
}

export function requireEntries<Entry>(name: string, entries: readonly Entry[]): readonly Entry[] {
  const { length } = entries;
  if (length === 0 || length > MOST_ENTRIES)
    throw new LengthOutOfRange({ name, length, lower: 1, upper: MOST_ENTRIES });
  return entries;
}
