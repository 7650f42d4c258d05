// What the pages of the packages show is what they print.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";

const FOLDER = "cache/examples";

describe("Pages of the packages", () => {
  for (const name of ["math", "risk"])
    it(`${name}: prints what it says`, async () => {
      const page = readFileSync(`packages/${name}/README.md`, "utf8");
      const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
      const expected = code.trimEnd().split("\n").at(-1)?.replace("// ", "");
      const file = path.resolve(FOLDER, `${name}.ts`);
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, code);
      expect(await printedBy(() => import(pathToFileURL(file).href))).to.equal(expected);
    });
});

async function printedBy(run: () => Promise<unknown>): Promise<string> {
  const original = console.log;
  const lines: string[] = [];
  console.log = (...values: unknown[]) => {
    lines.push(values.map((value) => (typeof value === "bigint" ? `${value}n` : String(value))).join(" "));
  };
  try {
    await run();
  } finally {
    console.log = original;
  }
  return lines.join("\n");
}
