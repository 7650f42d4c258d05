import { readFileSync } from "node:fs";
import { expect } from "chai";

interface States {
  states: string[];
  actions: Record<string, string>;
  cells: Record<string, string[]>;
}

const HEADING = "## State × action";

/** A refusal names its error; everything else stands as it is. */
function text(cell: string): string {
  return cell.startsWith("no:") ? `no: \`${cell.slice("no:".length)}\`` : cell;
}

function expectedTable({ states, actions, cells }: States): string[][] {
  const rows = Object.entries(actions).map(([key, action]) => [action, ...(cells[key] ?? []).map(text)]);
  return [["action", ...states], ...rows];
}

/** The first table below the heading, without its line of dashes. */
function tableOf(page: string): string[][] {
  const lines = page.slice(page.indexOf(HEADING)).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  const rows = lines.slice(start, end).map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split("|")
      .map((cell) => cell.trim()),
  );
  return rows.filter((_, i) => i !== 1);
}

function printed([head = [], ...rows]: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

describe("State × action", () => {
  const vectors = JSON.parse(readFileSync("test/scenario/vectors/states.json", "utf8")) as States;

  it("every action has a cell for every state", () => {
    expect(Object.keys(vectors.cells)).to.deep.equal(Object.keys(vectors.actions));
    for (const [key, cells] of Object.entries(vectors.cells)) {
      expect(cells, key).to.have.length(vectors.states.length);
    }
  });

  it("the table of the documentation is the one that is replayed", () => {
    const expected = expectedTable(vectors);
    const actual = tableOf(readFileSync("docs/waterfall.md", "utf8"));
    expect(actual, `docs/waterfall.md must have\n\n${printed(expected)}\n`).to.deep.equal(expected);
  });
});
