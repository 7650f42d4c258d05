// Numbers as people write them, and back. Sizes, prices, cash and ratios are 1e18; amounts of tokens have the token's decimals.
import { NotANumber, TooManyDigits } from "./errors/input.js";

export const WAD = 10n ** 18n;
export const DECIMALS = 18;
/** The largest number of a call: "all of it". */
export const MAX_UINT256 = 2n ** 256n - 1n;
/** A health of an account that needs no maintenance. */
export const NO_REQUIREMENT = MAX_UINT256;

const NUMBER = /^([+-]?)(\d[\d_,]*)?(?:\.(\d+))?$/;

/**
 * A decimal number as a whole number of units. Refuses digits that the unit cannot hold instead of rounding them.
 *
 * @example parseUnits("1,000.5", 6) // 1000500000n
 */
export function parseUnits(text: string, decimals: number): bigint {
  const [, sign, whole, fraction = ""] = NUMBER.exec(text.trim()) ?? [];
  if (sign === undefined || (whole === undefined && fraction === "")) throw new NotANumber({ text });
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) throw new TooManyDigits({ text, decimals });
  const value = BigInt((whole ?? "0").replace(/[_,]/g, "") + digits.padEnd(decimals, "0"));
  return sign === "-" ? -value : value;
}

/**
 * A whole number of units as a decimal number, all digits that are not trailing zeros.
 *
 * @example formatUnits(1000500000n, 6) // "1000.5"
 */
export function formatUnits(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** @example parseSize("-1.5") // -1500000000000000000n */
export const parseSize = (text: string): bigint => parseUnits(text, DECIMALS);
/** @example parsePrice("2,000") // 2000000000000000000000n */
export const parsePrice = parseSize;
/** Quote in 1e18, as the ledger counts it. */
export const parseCash = parseSize;
/** @example parsePercent("0.5%") // 5000000000000000n */
export const parsePercent = (text: string): bigint => parseUnits(text.replace(/ ?%$/, ""), DECIMALS - 2);

export const formatSize = (size: bigint): string => formatUnits(size, DECIMALS);
export const formatPrice = formatSize;
export const formatCash = formatSize;

/** A ratio in percent. @example formatPercent(5n * 10n ** 15n) // "0.5%" */
export const formatPercent = (ratio: bigint): string => `${formatUnits(ratio, DECIMALS - 2)}%`;

/** Health, which is the largest number when nothing is required. */
export const formatHealth = (health: bigint): string =>
  health === NO_REQUIREMENT ? "-" : formatUnits(health, DECIMALS);

/**
 * A number with at most so many digits behind the point, cut towards zero: for tables, not for calls.
 *
 * @example abbreviate(1234567890000000000n, 2) // "1.23"
 */
export function abbreviate(value: bigint, digits: number, decimals = DECIMALS): string {
  const step = 10n ** BigInt(Math.max(decimals - digits, 0));
  return formatUnits((value / step) * step, decimals);
}

/** Units of a token as the ledger counts them, in 1e18. */
export const toValue = (amount: bigint, tokenDecimals: number): bigint =>
  amount * 10n ** BigInt(DECIMALS - tokenDecimals);

/** What of a value in 1e18 is whole units of a token: the rest is less than one. */
export const toUnitsDown = (value: bigint, tokenDecimals: number): bigint => {
  const unit = 10n ** BigInt(DECIMALS - tokenDecimals);
  const units = value / unit;
  return value < 0n && units * unit !== value ? units - 1n : units;
};
