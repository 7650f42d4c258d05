// The market in the terminal: plain lines, where nothing else is possible.
import { clock, money, wholeOf } from "./numbers.js";
import type { Frame } from "./observer.js";
import { isSound, type Report } from "./report.js";
import { CLOSING } from "./tally.js";

export interface View {
  say(text: string): void;
  progress(what: string, done: number, all: number): void;
  frame(frame: Frame, done: number): void;
  report(report: Report, folder: string): void;
}

/** Blocks between two lines. */
const EVERY = 20;

const WIDTHS = [5, 9, 16, 9, 9, 9, 8, 6, 12, 12, 12, 12, 11, 11, 5];
const HEAD = [
  "done",
  "time",
  "phase",
  "BTC",
  "ETH",
  "SOL",
  "failing",
  "lots",
  ...CLOSING,
  "insurance",
  "deficit",
  "laws",
];
const row = (cells: readonly string[]): string => cells.map((cell, i) => cell.padStart(WIDTHS[i] ?? 0)).join(" ");

export class Plain implements View {
  private count = 0;
  private quarter = 0;

  constructor(private readonly quiet: boolean) {}

  say(text: string): void {
    (this.quiet ? process.stderr : process.stdout).write(`${text}\n`);
  }

  progress(what: string, done: number, all: number): void {
    if (Math.floor((4 * done) / all) === this.quarter) return;
    this.quarter = Math.floor((4 * done) / all);
    this.say(`${done} of ${all} ${what}`);
  }

  frame(frame: Frame, done: number): void {
    if (this.count === 0) this.say(row(HEAD));
    if (this.count++ % EVERY === 0) this.say(line(frame, done));
  }

  report(report: Report, folder: string): void {
    for (const text of summary(report)) this.say(text);
    this.say(`report: ${folder}/report.html, .md, .json`);
  }
}

function line({ time, phase, prices, failing, lots, closed, insurance, deficit, broken }: Frame, done: number): string {
  const price = (name: string): string => (prices[name] ?? 0).toFixed(name === "SOL" ? 2 : 0);
  const cells = [
    `${Math.round(100 * done)} %`,
    clock(time),
    phase,
    price("BTC"),
    price("ETH"),
    price("SOL"),
    String(failing),
    String(lots),
  ];
  const sums = [...CLOSING.map((name) => money(closed[name])), money(insurance), money(deficit)];
  return row([...cells, ...sums, broken === 0 ? "ok" : String(broken)]);
}

export function summary(report: Report): string[] {
  const { accounts, stages, laws, loss, paid, unaccounted, fill, gas, keeper } = report;
  const parts = Object.entries(paid).map(([name, wei]) => `${name} ${wholeOf(wei)}`);
  const broken = Object.entries(laws).filter(([, { held }]) => !held);
  const checks = Object.values(laws).reduce((sum, { checked }) => sum + checked, 0);
  return [
    "",
    `${accounts.liquidated} accounts liquidated, ${accounts.bankrupt} bankrupt, in ${clock(report.seconds)} of the market (${report.took.toFixed(0)} s)`,
    ...CLOSING.map((name) => {
      const { steps, notional, cost } = stages.closing[name];
      return `  ${name.padEnd(10)} ${String(stages.closing[name].accounts).padStart(5)} accounts ${String(steps).padStart(6)} steps ${money(notional).padStart(14)} closed ${money(cost).padStart(10)} beyond mark`;
    }),
    `lost beyond margin ${wholeOf(loss)} = ${parts.join(" + ")}; unaccounted ${unaccounted} wei`,
    `idle stages: ${stages.idle.join(", ") || "none"}`,
    `lots ${fill.lots}, fills ${fill.fills}: median ${fill.median} s, 90 % within ${fill.p90} s; gas median ${money(gas.median)}, most ${money(gas.most)}`,
    `keeper: ${keeper.sent} transactions, ${keeper.latency.median} ms from block to wire in the median, 95 % within ${keeper.latency.p95} ms`,
    `laws: ${checks} checks, ${report.compared} numbers compared with the chain, ${broken.length === 0 ? "all held" : `BROKEN: ${broken.map(([law, { broken }]) => `${law} (${broken[0]})`).join("; ")}`}`,
    isSound(report) ? "every law held, and no loss is unaccounted for" : "NOT SOUND",
  ];
}
