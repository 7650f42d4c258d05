// docs/performance.md and the table of the README: what stands between markers there is made from the figures.
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { scenarios, type Scenario } from "../../test/gas/scenarios.js";
import { growthText, type Growth } from "./growth.js";
import { ELSEWHERE, PEERS, bestOf, type PeerKey } from "./peers.js";
import { count, table } from "./text.js";
import { floorOf, type Figures } from "./where.js";

export const FIGURES = "test/gas/figures.json";
export const GROWTH = "test/gas/growth.json";
export const PAGE = "docs/performance.md";
const README = "README.md";

export type Snapshot = Readonly<Record<string, Figures>>;

export class MarkerMissing extends Error {
  override name = "MarkerMissing";

  constructor(
    readonly file: string,
    readonly marker: string,
  ) {
    super(`${file} has no <!-- ${marker} --> with its end`);
  }
}

export const readFigures = (): Snapshot => JSON.parse(readFileSync(FIGURES, "utf8")) as Snapshot;
export const readGrowth = (): Growth => JSON.parse(readFileSync(GROWTH, "utf8")) as Growth;

/** The files that say what the figures are, as they should be. */
export async function pages(figures: Snapshot, growth: Growth): Promise<Map<string, string>> {
  const known = scenarios.filter(({ key }) => figures[key] !== undefined);
  const page = filled(PAGE, {
    rows: rowsTable(known, figures),
    where: whereTable(known, figures),
    reasons: reasons(known, figures),
    peers: peersText(known),
    growth: growthText(growth),
  });
  const readme = filled(README, { gas: readmeTable(known, figures) });
  return new Map([
    [PAGE, await pretty(PAGE, page)],
    [README, await pretty(README, readme)],
  ]);
}

export async function writePages(figures: Snapshot, growth: Growth): Promise<void> {
  for (const [file, text] of await pages(figures, growth)) writeFileSync(file, text);
}

/** Files that do not say what the figures are. */
export async function outdated(figures: Snapshot, growth: Growth): Promise<string[]> {
  const all = await pages(figures, growth);
  return [...all].filter(([file, text]) => readFileSync(file, "utf8") !== text).map(([file]) => file);
}

export const pretty = async (file: string, text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(file)), filepath: file });

function filled(file: string, parts: Readonly<Record<string, string>>): string {
  let text = readFileSync(file, "utf8");
  for (const [marker, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${marker} -->`, `<!-- end of ${marker} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new MarkerMissing(file, marker);
    text = `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
  }
  return text;
}

/** Gas in words of one row: its best peer, and how it compares. */
export function comparison(key: string, gas: number): { peer: string; ratio: string } {
  const best = bestOf(key);
  if (best === undefined) return { peer: "", ratio: "" };
  return { peer: `${PEERS[best.peer].name} ${count(best.gas)}`, ratio: (gas / best.gas).toPrecision(2) };
}

function rowsTable(rows: readonly Scenario[], figures: Snapshot): string {
  return table(
    ["operation", "row", "gas", "bound", "floor", "best elsewhere", "ratio"],
    rows.flatMap(({ key, title, bound }) => {
      const row = figures[key];
      if (row === undefined) return [];
      const { peer, ratio } = comparison(key, row.gas);
      return [[title, `\`${key}\``, count(row.gas), count(bound), count(floorOf(row)), peer, ratio]];
    }),
  );
}

function readmeTable(rows: readonly Scenario[], figures: Snapshot): string {
  return table(
    ["operation", "gas", "bound", "best elsewhere"],
    rows.flatMap(({ key, title, bound }) => {
      const row = figures[key];
      return row === undefined ? [] : [[title, count(row.gas), count(bound), comparison(key, row.gas).peer]];
    }),
  );
}

function whereTable(rows: readonly Scenario[], figures: Snapshot): string {
  const head = ["row", "transaction", "slots", "written", "logs", "contracts", "again", "calls, hashes", "memory"];
  return table(
    [...head, "arithmetic", "stack"],
    rows.flatMap(({ key }) => {
      const row = figures[key];
      if (row === undefined) return [];
      const written = row.writes + row.created - row.refund;
      const { transaction, slots, logs, accounts, again, memory, arithmetic, stack } = row;
      const calls = row.calls + row.hashes + row.signatures;
      const cells = [transaction, slots, written, logs, accounts, again, calls, memory, arithmetic, stack];
      return [[`\`${key}\``, ...cells.map(count)]];
    }),
  );
}

function reasons(rows: readonly Scenario[], figures: Snapshot): string {
  return rows
    .flatMap(({ key, bound, above }) => {
      const row = figures[key];
      if (row === undefined || row.gas <= bound || above === undefined) return [];
      const [more, rest] = [row.gas - bound, row.gas - floorOf(row)];
      return [`- \`${key}\`, ${count(more)} above its bound, ${count(rest)} above its floor: ${above}.`];
    })
    .join("\n");
}

function peersText(rows: readonly Scenario[]): string {
  const keys = Object.keys(PEERS) as PeerKey[];
  const known = rows.filter(({ key }) => ELSEWHERE[key] !== undefined);
  const cells = (key: string): string[] =>
    keys.map((peer) => {
      const gas = ELSEWHERE[key]?.[peer];
      return gas === undefined ? "" : count(gas);
    });
  const sources = keys.map((key) => {
    const { name, source, ...rest } = PEERS[key];
    return `- ${name}: <${source}>${"note" in rest ? `; ${rest.note}` : ""}`;
  });
  const head = ["row", ...keys.map((key) => PEERS[key].name)];
  return [
    table(
      head,
      known.map(({ key }) => [`\`${key}\``, ...cells(key)]),
    ),
    "",
    ...sources,
  ].join("\n");
}
