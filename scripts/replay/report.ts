// What the runs of one scenario come to, as lines of text and as numbers.
import { toNumber } from "./market.js";
import type { Outcome } from "./run.js";

const STAGES = ["reduce", "auction", "absorb", "offset"] as const;

export interface Report {
  scenario: string;
  seeds: number;
  /** Of the liquidated accounts, in percent. */
  bankruptMedian: number;
  bankruptWorst: number;
  worstSeed: number;
  outcomes: Outcome[];
  /** Accounts liquidated with impact minus without, per seed. */
  caused: number[];
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? 0;
}

/** Who was below zero at any step counts, also if the market came back. */
export const bankruptShare = ({ everBankrupt, liquidated }: Outcome): number =>
  liquidated === 0 ? 0 : (100 * everBankrupt) / liquidated;

export function reportOf(scenario: string, outcomes: Outcome[], caused: number[]): Report {
  const shares = outcomes.map(bankruptShare);
  const worst = outcomes[shares.indexOf(Math.max(...shares))];
  return {
    scenario,
    seeds: outcomes.length,
    bankruptMedian: quantile(shares, 0.5),
    bankruptWorst: Math.max(...shares),
    worstSeed: worst?.seed ?? 0,
    outcomes,
    caused,
  };
}

const row = (name: string, cells: readonly (string | number)[]): string =>
  `| ${[name.padEnd(28), ...cells.map((cell) => String(cell).padStart(12))].join(" | ")} |`;
const money = (value: number): string => Math.round(value).toLocaleString("en-US");

type Figure = [name: string, of: (outcome: Outcome) => number, show: (value: number) => string];
const count = (value: number): string => String(value);
const one = (value: number): string => value.toFixed(1);

const FIGURES: readonly Figure[] = [
  ["accounts liquidated", ({ liquidated }) => liquidated, count],
  ["bankrupt at the end", ({ bankrupt }) => bankrupt, count],
  ["bankrupt, % of liquidated", bankruptShare, one],
  ["bankrupt at any time", ({ everBankrupt }) => everBankrupt, count],
  ["lost beyond margin", ({ payers }) => toNumber(payers.loss), money],
  ["deficits not closed", ({ deficitLeft }) => deficitLeft, money],
  ["margin raised at opening", ({ raised }) => raised, count],
  ["fill of a lot, median s", ({ fills }) => quantile(fills, 0.5), count],
  ["fill of a lot, p90 s", ({ fills }) => quantile(fills, 0.9), count],
  ["below maintenance, median s", ({ rescues }) => quantile(rescues, 0.5), count],
  ["below maintenance, p90 s", ({ rescues }) => quantile(rescues, 0.9), count],
  ["takers liquidated", ({ takersLiquidated }) => takersLiquidated, count],
  ["bidders' equity at the end", ({ takers }) => takers, money],
  ["backstop's equity at the end", ({ backstop }) => backstop, money],
  ["pool's equity at the end", ({ pool }) => pool, money],
];

/** A table: the median of each figure over all seeds, beside the seed with most bankrupt accounts. */
export function lines(report: Report): string[] {
  const worst = report.outcomes.find(({ seed }) => seed === report.worstSeed);
  if (worst === undefined) return [];
  const middle = (of: (outcome: Outcome) => number): number => quantile(report.outcomes.map(of), 0.5);
  const text = [
    `### ${report.scenario}: ${report.seeds} seeds, ${worst.accounts} accounts`,
    "",
    row("", ["median", `seed ${worst.seed}`]),
    row("---", ["---:", "---:"]),
  ];
  for (const [name, of, show] of FIGURES) text.push(row(name, [show(middle(of)), show(of(worst))]));
  if (report.caused.length > 0)
    text.push(row("caused by liquidations", [quantile(report.caused, 0.5), Math.max(...report.caused)]));
  text.push("", row("stage (median)", ["accounts", "notional", "premium", "bp"]));
  text.push(row("---", ["---:", "---:", "---:", "---:"]));
  for (const stage of STAGES) {
    const [notional, premium] = [middle((o) => o.stages[stage].notional), middle((o) => o.stages[stage].premium)];
    const points = notional === 0 ? 0 : (10_000 * premium) / notional;
    text.push(row(stage, [middle((o) => o.stages[stage].accounts), money(notional), money(premium), one(points)]));
  }
  return [...text, "", ...paid(report.outcomes)];
}

/** Names of payers; they add up to the loss to the wei. */
const PAYERS: readonly [name: string, key: "insured" | "rewards" | "shared" | "income" | "standing"][] = [
  ["insurance: deficits", "insured"],
  ["insurance: premiums, tips", "rewards"],
  ["shares of profit", "shared"],
  ["penalties that repaid", "income"],
  ["standing at the end", "standing"],
];

const percent = (part: number, whole: number): string => (whole === 0 ? "0.0" : ((100 * part) / whole).toFixed(1));
/** In quote, down to a hundredth. */
const exact = (value: bigint): string => {
  const cents = value / 10n ** 16n;
  return `${(cents / 100n).toLocaleString("en-US")}.${String(cents % 100n).padStart(2, "0")}`;
};

const PAYING: readonly [name: string, of: (outcome: Outcome) => string][] = [
  ["deficits", ({ payers }) => String(payers.deficits)],
  ["accounts offset", ({ offsets }) => String(offsets.accounts)],
  ["notional offset", ({ offsets }) => money(offsets.notional)],
  ["other side's gain, largest", ({ gained }) => money(toNumber(gained))],
  ["of it shared, %", ({ payers, gained }) => percent(toNumber(payers.shared), toNumber(gained))],
  ["of a share's bound, most %", ({ payers }) => one(100 * payers.fraction)],
  ["stood after a step, most", ({ payers }) => exact(payers.stood)],
  ["of opened notional, %", ({ payers, opened }) => ((100 * toNumber(payers.stood)) / opened).toFixed(4)],
  ["gas of a liquidate, highest", ({ gas }) => money(gas)],
];

/** Who paid, of the seeds whose losses are in the middle and the largest. */
function paid(outcomes: readonly Outcome[]): string[] {
  const sorted = [...outcomes].sort((a, b) => (a.payers.loss < b.payers.loss ? -1 : 1));
  const places = new Set([Math.round((sorted.length - 1) / 2), sorted.length - 1]);
  const chosen = [...places].flatMap((i) => sorted[i] ?? []);
  if ((sorted.at(-1)?.payers.loss ?? 0n) === 0n) return ["No account lost more than its margin.", ""];
  const line = (name: string, of: (outcome: Outcome) => [string, string]): string => row(name, chosen.flatMap(of));
  const share = (part: bigint, { payers }: Outcome): string => percent(toNumber(part), toNumber(payers.loss));
  return [
    line("who paid", ({ seed }) => [`seed ${seed}`, "%"]),
    line("---", () => ["---:", "---:"]),
    line("own margin of the bankrupt", ({ payers }) => [exact(payers.own), ""]),
    line("lost beyond it", (outcome) => [exact(outcome.payers.loss), share(outcome.payers.loss, outcome)]),
    ...PAYERS.map(([name, key]) =>
      line(name, (outcome) => [exact(outcome.payers[key]), share(outcome.payers[key], outcome)]),
    ),
    ...PAYING.map(([name, of]) => line(name, (outcome) => [of(outcome), ""])),
    "",
  ];
}
