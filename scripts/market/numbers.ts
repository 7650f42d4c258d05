// Numbers for people.

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? 0;
}

export const money = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Hours, minutes, seconds. */
export function clock(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${Math.floor(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** In whole quote, to a hundredth. */
export const wholeOf = (wei: string): string =>
  (Number(BigInt(wei) / 10n ** 14n) / 10_000).toLocaleString("en-US", { maximumFractionDigits: 2 });
