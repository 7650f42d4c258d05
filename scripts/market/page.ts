// The report as one file with plots: no script, nothing from elsewhere.
import { processesOf, remainsOf, speedOf, type Table } from "./markdown.js";
import { clock, money, wholeOf } from "./numbers.js";
import { escaped, plotOf, short, type Band, type Plot, type Series } from "./plots.js";
import type { Frame } from "./observer.js";
import { isSound, type Report } from "./report.js";
import { STYLE } from "./style.js";
import { CLOSING, type Closing } from "./tally.js";
import { PERPS } from "./world.js";

const STAGE: Readonly<Record<Closing, { colour: string; does: string }>> = {
  reduce: { colour: "blue", does: "traded with the pool" },
  auction: { colour: "teal", does: "taken by bidders, for a premium" },
  absorb: { colour: "amber", does: "taken by the backstop at mark" },
  offset: { colour: "red", does: "closed at mark against the other side" },
};
const PRICE_COLOURS = ["amber", "blue", "violet"];
/** Bars of what was closed, over the whole time. */
const BINS = 80;

export function pageOf(report: Report): string {
  const title = `${report.scenario}: ${report.what}`;
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>`;
  const parts = [
    ...[heading(report), tiles(report), market(report), waterfall(report), payers(report), gains(report)],
    ...[laws(report), speed(report)],
  ];
  return `<!doctype html><html lang="en"><head>${head}<style>${STYLE}</style></head><body><main>${parts.join("\n")}</main></body></html>\n`;
}

function heading(report: Report): string {
  const { scenario, what, seed, node, market, blocks, seconds, took } = report;
  const sound = isSound(report);
  const verdict = sound
    ? "✓ Every law held, and no loss is unaccounted for"
    : "✗ Not sound: a law was broken, or a loss is unaccounted for";
  const facts = `${blocks} blocks, ${clock(seconds)} of the market played in ${took.toFixed(0)} s on ${node}; seed ${seed}, market ${market}`;
  return `<h1>${escaped(scenario)}</h1><p class="what">${escaped(what)}</p>
<p class="verdict ${sound ? "sound" : "broken"}">${verdict}</p><p class="facts">${escaped(facts)}</p>`;
}

function tiles({ frames, accounts, stages, loss, unaccounted, fill, keeper }: Report): string {
  const moves = PERPS.map(({ name }) => furthest(frames.map(({ prices }) => prices[name] ?? 0)));
  const extreme = moves.reduce((most, move) => (Math.abs(move) > Math.abs(most) ? move : most), 0);
  const closed = CLOSING.reduce((sum, name) => sum + stages.closing[name].notional, 0);
  const shown: [string, string][] = [
    [`${percent(extreme)}`, "furthest price from the opening"],
    [`${accounts.liquidated} of ${accounts.opened}`, "accounts liquidated"],
    [String(accounts.bankrupt), "of them bankrupt"],
    [short(closed), "quote of positions closed"],
    [money(quoteOf(loss)), "quote lost beyond margin"],
    [`${unaccounted} wei`, "of it unaccounted for"],
    [`${fill.median} s`, `to fill a lot, median of ${fill.fills}`],
    [`${keeper.latency.median} ms`, "from block to wire, keeper's median"],
  ];
  return `<ul class="tiles">${shown.map(([value, name]) => `<li><b>${escaped(value)}</b><span>${escaped(name)}</span></li>`).join("")}</ul>`;
}

const percent = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} %`;

function furthest(prices: readonly number[]): number {
  const first = prices[0] ?? 1;
  return prices.map((price) => 100 * (price / first - 1)).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
}

function market(report: Report): string {
  const { frames } = report;
  const bands = bandsOf(frames);
  const times = frames.map(({ time }) => time);
  const over = (name: string, colour: string, of: (frame: Frame) => number): Series => ({
    ...{ name, colour, values: frames.map(of) },
  });
  const [first] = frames;
  const prices = PERPS.map(({ name }, i) =>
    over(name, PRICE_COLOURS[i] ?? "grey", (f) => 100 * ((f.prices[name] ?? 0) / (first?.prices[name] ?? 1) - 1)),
  );
  const risk = [
    over("below health 1.2", "grey", ({ near }) => near),
    over("can be liquidated", "red", ({ failing }) => failing),
    over("lots on offer", "teal", ({ lots }) => lots),
  ];
  const funds = [
    over("insurance fund", "blue", ({ insurance }) => insurance),
    over("standing deficits", "red", ({ deficit }) => deficit),
  ];
  const sizes = CLOSING.map((name) => over(name, STAGE[name].colour, ({ closed }) => closed[name]));
  const paid = [
    over("insurance", "blue", (f) => f.paid.insurance),
    over("shares of profit", "amber", (f) => f.paid.share),
    over("income", "teal", (f) => f.paid.income),
    over("stands unpaid", "red", (f) => f.deficit),
  ];
  const draw = (title: string, unit: string, series: readonly Series[], more: Partial<Plot> = {}): string =>
    plotOf({ ...{ title, unit, times, series, bands, shape: "lines" }, ...more });
  return `<h2>What happened</h2><p class="note">Time of the market, in hours and minutes, on every axis below.</p>
${draw("Prices", "% from the opening", prices, { named: true })}
${closings(frames, bands)}
${draw("Accounts at risk", "accounts, lots", risk, { fromZero: true })}
<div class="two">${draw("Closed so far, by stage", "quote", sizes, { shape: "areas" })}
${draw("Insurance and deficits", "quote, at the end of each block", funds, { fromZero: true })}</div>
${paid.some(({ values }) => values.some((value) => value > 0)) ? draw("Who has paid so far", "quote beyond margin", paid, { shape: "areas" }) : ""}`;
}

/** Parts of the time in which the path does one thing. */
function bandsOf(frames: readonly Frame[]): Band[] {
  const found: { name: string; from: number; to: number }[] = [];
  for (const { phase, time } of frames) {
    const last = found.at(-1);
    if (last !== undefined) last.to = time;
    if (last?.name !== phase) found.push({ name: phase, from: time, to: time });
  }
  return found;
}

/** What each stage closed while a bar lasts. */
function closings(frames: readonly Frame[], bands: readonly Band[]): string {
  const [from, to] = [frames[0]?.time ?? 0, frames.at(-1)?.time ?? 1];
  const width = Math.max(1, Math.ceil((to - from) / BINS));
  const times = Array.from({ length: Math.ceil((to - from + 1) / width) }, (_, i) => from + i * width);
  const series = CLOSING.map((name) => {
    const values = times.map(() => 0);
    frames.forEach(({ time, closed }, i) => {
      const bin = Math.floor((time - from) / width);
      values[bin] = (values[bin] ?? 0) + closed[name] - (frames[i - 1]?.closed[name] ?? 0);
    });
    return { name, colour: STAGE[name].colour, values };
  });
  const unit = `quote closed in every ${width} s, by stage`;
  return plotOf({ title: "Liquidations", unit, times, series, bands, shape: "bars", until: to });
}

interface Box {
  readonly name: string;
  readonly colour: string;
  readonly amount: number;
  readonly of: number;
  readonly lines: readonly string[];
}

function waterfall({ stages, paid }: Report): string {
  const closed = CLOSING.reduce((sum, name) => sum + stages.closing[name].notional, 0);
  const closing = CLOSING.map((name) => {
    const { notional, accounts, steps, cost } = stages.closing[name];
    const points = notional === 0 ? "" : `, ${((10_000 * cost) / notional).toFixed(0)} bp beyond mark`;
    const lines = [STAGE[name].does, `${accounts} accounts, ${steps} steps${points}`];
    return { name, colour: STAGE[name].colour, amount: notional, of: closed, lines };
  });
  const { ownMargin, insurance, share, standing } = stages.paying;
  const whole = ownMargin + insurance + share + quoteOf(paid.standing);
  const paying = [
    { name: "own margin", colour: "grey", amount: ownMargin, lines: ["what the bankrupt had, before anybody else"] },
    { name: "insurance", colour: "blue", amount: insurance, lines: ["deficits, premiums and tips, within budgets"] },
    { name: "share of profit", colour: "amber", amount: share, lines: ["the same part from every winner's profit"] },
    { name: "standing deficit", colour: "red", amount: standing, lines: ["the most that stood at the end of a block"] },
  ].map((box) => ({ ...box, of: whole }));
  return `<h2>The waterfall</h2><p class="note">What has no capacity is passed in the same call. The closing chain deals with positions, the paying chain with the loss that they leave behind.</p>
<ol class="chain">${closing.map(boxOf).join("")}</ol><ol class="chain">${paying.map(boxOf).join("")}</ol>`;
}

function boxOf({ name, colour, amount, of, lines }: Box, i: number): string {
  const part = of === 0 ? 0 : Math.min(100, (100 * amount) / of);
  const bar = `<div class="part"><i style="width:${part.toFixed(1)}%;background:var(--${colour})"></i></div>`;
  const text = lines.map((line) => `<p>${escaped(line)}</p>`).join("");
  return `<li class="${amount === 0 ? "idle" : ""}"><h3>${i + 1}. ${escaped(name)}</h3><b>${money(amount)}</b>${bar}${text}</li>`;
}

const quoteOf = (wei: string): number => Number(BigInt(wei) / 10n ** 12n) / 1e6;

function payers({ loss, paid }: Report): string {
  if (loss === "0")
    return `<h2>Who paid</h2><div class="card">No loss went beyond the margin of whoever made it: nobody had to pay.</div>`;
  const parts = [
    { name: "insurance: deficits", colour: "blue", wei: paid.insurance },
    { name: "insurance: premiums, tips", colour: "violet", wei: paid.rewards },
    { name: "shares of profit", colour: "amber", wei: paid.shares },
    { name: "income that repaid what stood", colour: "teal", wei: paid.income },
    { name: "stands unpaid", colour: "red", wei: paid.standing },
  ].map((each) => ({ ...each, part: (100 * quoteOf(each.wei)) / quoteOf(loss) }));
  const bars = parts.map(({ part, colour }) => `<i style="width:${part.toFixed(2)}%;background:var(--${colour})"></i>`);
  const rows = parts.map(
    ({ name, colour, wei, part }) =>
      `<i style="background:var(--${colour})"></i><span>${name}</span><b>${wholeOf(wei)}</b><span>${part.toFixed(1)} %</span>`,
  );
  return `<h2>Who paid</h2><p class="note">${wholeOf(loss)} quote lost beyond all margin, and who bears it.</p>
<div class="card"><div class="stack">${bars.join("")}</div><div class="rows">${rows.join("")}</div></div>`;
}

function gains({ groups }: Report): string {
  const most = Math.max(...groups.map(({ change }) => Math.abs(change)), 1);
  const shown = groups.filter(({ accounts, change }) => accounts > 0 && Math.abs(change) >= 0.5);
  const rows = shown.map(({ name, accounts, change }) => {
    const width = (50 * Math.abs(change)) / most;
    const [left, colour] = change < 0 ? [50 - width, "red"] : [50, "teal"];
    const who = accounts > 1 ? `${name} (${accounts})` : name;
    const bar = `<i style="left:${left.toFixed(2)}%;width:${width.toFixed(2)}%;background:var(--${colour})"></i>`;
    return `<span>${escaped(who)}</span><div>${bar}</div><b>${change < 0 ? "−" : "+"}${money(Math.abs(change))}</b>`;
  });
  return `<h2>Who gained, who lost</h2><p class="note">Change of equity in quote since the opening. All together lost what the collateral lost in price.</p>
<div class="card gains">${rows.join("")}</div>`;
}

function laws({ laws: all, unaccounted }: Report): string {
  const items = Object.entries(all).map(([law, { says, held, checked, broken }]) => {
    const kind = !held ? "failed" : checked === 0 ? "none" : "held";
    const detail = held ? (checked === 0 ? "nothing to check" : `${money(checked)} checks`) : (broken[0] ?? "");
    return `<li class="${kind}"><b>${law}</b>${escaped(says)}<small>${escaped(detail)}</small></li>`;
  });
  const account = `<li class="${unaccounted === "0" ? "held" : "failed"}"><b>loss</b>who paid is what was lost<small>${unaccounted} wei unaccounted for</small></li>`;
  return `<h2>Laws</h2><p class="note">Held against the chain while the market ran.</p><ul class="laws">${items.join("")}${account}</ul>`;
}

function speed(report: Report): string {
  const remains = remainsOf(report);
  const [first, second] = [speedOf(report), processesOf(report)];
  const tables = [...(remains === undefined ? [] : [remains]), first, second];
  return tables.map(table).join("");
}

function table({ title, head, rows }: Table): string {
  const row = (cells: readonly (string | number)[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("");
  return `<h2>${escaped(title)}</h2><div class="card wide"><table class="text"><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table></div>`;
}
