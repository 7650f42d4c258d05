// Numbers as tables show them: whole units, few digits.
import { NO_REQUIREMENT, abbreviate, formatPercent, formatUnits } from "@ballast/sdk";

/** Prices, which may be small. */
export const price = (value: bigint): string => abbreviate(value, value < 10n ** 18n ? 8 : 4);
export const size = (value: bigint): string => abbreviate(value, 6);
export const cash = (value: bigint): string => abbreviate(value, 2);
export const health = (value: bigint): string => (value === NO_REQUIREMENT ? "-" : abbreviate(value, 4));
/** A ratio in 1e18, in percent. */
export const percent = (ratio: bigint): string => formatPercent((ratio / 10n ** 12n) * 10n ** 12n);
/** A rate in 1e9 per day, in percent. */
export const perDay = (rate: bigint): string => `${formatUnits(rate, 7)}%`;
/** How long ago a moment was, or how long until it comes. */
export const since = (moment: bigint, now: bigint): string => `${now - moment}s`;
