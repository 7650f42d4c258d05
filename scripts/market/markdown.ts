// The report as a page of text.
import { clock, money, wholeOf } from "./numbers.js";
import { isSound, type Report } from "./report.js";
import { CLOSING } from "./tally.js";
import { PERPS } from "./world.js";

export type Cells = readonly (string | number)[];

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly Cells[];
}

const signed = (value: number): string => `${value >= 0 ? "+" : "-"}${money(Math.abs(value))}`;

const PAID: Readonly<Record<keyof Report["paid"], string>> = {
  insurance: "insurance: deficits",
  rewards: "insurance: premiums, tips",
  shares: "shares of profit",
  income: "income that repaid what stood",
  standing: "stands unpaid",
};

/** Everything that the report has to say in rows, for the page and the text. */
export function tablesOf(report: Report): Table[] {
  const remains = remainsOf(report);
  const last = [...(remains === undefined ? [] : [remains]), speedOf(report), processesOf(report), laws(report)];
  return [closingOf(report), whoPaid(report), groups(report), ...last];
}

function closingOf({ stages }: Report): Table {
  const rows = CLOSING.map((name) => {
    const { accounts, steps, notional, cost } = stages.closing[name];
    const points = notional === 0 ? "" : ((10_000 * cost) / notional).toFixed(1);
    return [name, accounts, steps, money(notional), money(cost), points];
  });
  return {
    title: "What each stage closed",
    head: ["stage", "accounts", "steps", "notional", "beyond mark", "bp"],
    rows,
  };
}

function whoPaid({ loss, paid, unaccounted, stages }: Report): Table {
  const share = (wei: string): string =>
    loss === "0" ? "" : `${(Number((10_000n * BigInt(wei)) / BigInt(loss)) / 100).toFixed(2)} %`;
  const rows: Cells[] = (Object.keys(PAID) as (keyof Report["paid"])[]).map((name) => [
    PAID[name],
    wholeOf(paid[name]),
    share(paid[name]),
  ]);
  const own: Cells = ["own margin of the bankrupt, before it", money(stages.paying.ownMargin), ""];
  const most: Cells = ["most that stood at the end of a block", money(stages.paying.standing), ""];
  const sum: Cells[] = [
    ["lost beyond margin", wholeOf(loss), share(loss)],
    ["unaccounted, in wei", unaccounted, ""],
  ];
  return { title: "Who paid the loss", head: ["who", "quote", "of the loss"], rows: [own, ...rows, ...sum, most] };
}

function groups({ groups: all }: Report): Table {
  const rows = all.map(({ name, accounts, brought, equity, change }) => [
    ...[name, accounts, money(brought), money(equity), signed(change)],
  ]);
  return { title: "Who gained, who lost", head: ["who", "accounts", "brought", "has now", "change"], rows };
}

/** Nothing when nobody fails. */
export function remainsOf({ remains }: Report): Table | undefined {
  if (remains.length === 0) return undefined;
  const kinds = new Map<string, { legs: number; notional: number; inLots: number }>();
  for (const { asset, next, why, notional, inLot } of remains) {
    const reasons = CLOSING.map((name) => `${name} ${why[name]}`).join(", ");
    const key = `${nameOf(asset)}|${inLot > 0 && next === "None" ? "waits for its lot" : `next ${next}: ${reasons}`}`;
    const { legs, notional: sum, inLots } = kinds.get(key) ?? { legs: 0, notional: 0, inLots: 0 };
    kinds.set(key, { legs: legs + 1, notional: sum + notional, inLots: inLots + inLot });
  }
  const rows = [...kinds].map(([key, { legs, notional, inLots }]) => {
    const [name = "", state = ""] = key.split("|");
    return [name, state, legs, money(notional), money(inLots)];
  });
  return { title: "Who still fails", head: ["asset", "state", "legs", "notional", "on offer"], rows };
}

const nameOf = (asset: number): string => PERPS.find((perp) => perp.asset === asset)?.name ?? "WETH";

export function speedOf({ fill, gas, keeper, batches, compared }: Report): Table {
  const rows: Cells[] = [
    ["lots opened, fills", `${fill.lots}, ${fill.fills}`],
    ["from a lot's opening to a fill, median", `${fill.median} s`],
    ["the same, 90 % within, most", `${fill.p90} s, ${fill.most} s`],
    ["gas of a transaction of the closing chain, median, most", `${money(gas.median)}, ${money(gas.most)}`],
    ["keeper: from block to wire, median, 95 % within", `${keeper.latency.median} ms, ${keeper.latency.p95} ms`],
    ["entries that batches skipped, each with a reason", batches.skipped],
    ["stages that had capacity and failed", batches.failedStages],
    ["numbers of the mirror compared with the chain", money(compared)],
  ];
  return { title: "How fast, and at what cost", head: ["what", "is"], rows };
}

export function processesOf({ processes: all }: Report): Table {
  const counts = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const rows = all.map(({ name, sent, latency, outcomes, errors }) => [
    ...[name, sent, `${latency.median} / ${latency.p95}`, counts(outcomes), errors],
  ]);
  return { title: "Processes", head: ["process", "sent", "ms, median / 95 %", "outcomes", "errors"], rows };
}

function laws({ laws: all }: Report): Table {
  const rows = Object.entries(all).map(([law, { says, held, checked, broken }]) => [
    ...[law, says, checked, held ? (checked > 0 ? "held" : "nothing to check") : `BROKEN: ${broken[0] ?? ""}`],
  ]);
  return { title: "Laws", head: ["law", "says", "checks", "is"], rows };
}

/** What there is to know first. */
export function headlines(report: Report): string[] {
  const { scenario, what, seed, accounts, blocks, seconds, took, node, market } = report;
  return [
    `${scenario}: ${what}.`,
    `${accounts.opened} accounts (${accounts.refused} refused), ${accounts.liquidated} liquidated, ${accounts.bankrupt} bankrupt.`,
    `${blocks} blocks, ${clock(seconds)} of the market in ${took.toFixed(0)} s on ${node}; seed ${seed}, market ${market}.`,
    isSound(report)
      ? "Every law held, and no loss is unaccounted for."
      : "NOT SOUND: a law was broken, or a loss is unaccounted for.",
  ];
}

export function markdownOf(report: Report): string {
  const table = ({ title, head, rows }: Table): string =>
    [`## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
  const top = headlines(report).map((text) => `- ${text}`);
  return [`# Market report: ${report.scenario}`, "", ...top, "", ...tablesOf(report).map(table)].join("\n");
}

const line = (cells: Cells): string => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
