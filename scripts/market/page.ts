// The report as one file with plots: no script, nothing from elsewhere.
import { headlines, tablesOf, type Table } from "./markdown.js";
import { areaPlot, barPlot, escaped, linePlot } from "./plots.js";
import type { Frame } from "./observer.js";
import { isSound, type Report } from "./report.js";
import { CLOSING } from "./tally.js";
import { PERPS } from "./world.js";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 820px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
.sound { border-left: 4px solid #54a24b; padding: .3em .8em; } .broken { border-left: 4px solid #e45756; padding: .3em .8em; }
figure { margin: 1.4em 0; } figcaption { font-weight: 600; margin-bottom: .3em; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; } .grid { stroke: var(--line); }
.key span { margin-right: 1.2em; font-size: .85em; } .key i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9em; }
th, td { border-bottom: 1px solid var(--line); padding: .3em .5em; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } td { font-variant-numeric: tabular-nums; } .text td { text-align: left; } .text th { text-align: left; }`;

export function pageOf(report: Report): string {
  const [first = "", ...others] = headlines(report);
  const verdict = `<p class="${isSound(report) ? "sound" : "broken"}">${escaped(others.at(-1) ?? "")}</p>`;
  const text = others.slice(0, -1).map((line) => `<p>${escaped(line)}</p>`);
  const parts = [`<h1>${escaped(first)}</h1>`, verdict, ...text, ...plots(report), ...tablesOf(report).map(table)];
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(first)}</title>`;
  return `<!doctype html><html lang="en"><head>${head}<style>${STYLE}</style></head><body>${parts.join("\n")}</body></html>\n`;
}

function plots({ frames, paid, stages }: Report): string[] {
  const times = frames.map(({ time }) => time);
  const over = (name: string, of: (frame: Frame) => number) => ({ name, values: frames.map(of) });
  const first = frames[0];
  const index = (name: string) => over(name, ({ prices }) => (100 * (prices[name] ?? 0)) / (first?.prices[name] ?? 1));
  const whole = (wei: string): number => Number(BigInt(wei) / 10n ** 12n) / 1e6;
  return [
    linePlot(
      "Prices, 100 at the opening",
      times,
      PERPS.map(({ name }) => index(name)),
    ),
    linePlot(
      "Accounts that can be liquidated, accounts below health 1.2, lots on offer",
      times,
      [over("liquidatable", (f) => f.failing), over("below 1.2", (f) => f.near), over("lots", (f) => f.lots)],
      true,
    ),
    areaPlot(
      "Closed so far, by stage",
      times,
      CLOSING.map((name) => over(name, ({ closed }) => closed[name])),
    ),
    barPlot(
      "Closed, by stage",
      CLOSING.map((name) => ({ name, value: stages.closing[name].notional })),
    ),
    linePlot("Insurance fund", times, [over("insurance", (f) => f.insurance)]),
    areaPlot("Who has paid so far", times, [
      over("insurance", (f) => f.paid.insurance),
      over("shares of profit", (f) => f.paid.share),
      over("income", (f) => f.paid.income),
      over("standing deficit", (f) => f.deficit),
    ]),
    barPlot("Who paid the loss", [
      { name: "insurance", value: whole(paid.insurance) },
      { name: "insurance: premiums", value: whole(paid.rewards) },
      { name: "shares of profit", value: whole(paid.shares) },
      { name: "income", value: whole(paid.income) },
      { name: "stands unpaid", value: whole(paid.standing) },
    ]),
  ];
}

const TEXTS: readonly string[] = ["Laws", "Processes", "How fast, and at what cost"];

function table({ title, head, rows }: Table): string {
  const row = (cells: readonly (string | number)[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join("")}</tr>`;
  const kind = TEXTS.includes(title) ? ' class="text"' : "";
  const body = rows.map((cells) => row(cells, "td")).join("");
  return `<h2>${escaped(title)}</h2><div class="wide"><table${kind}><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table></div>`;
}
