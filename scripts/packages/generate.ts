// What is made from the contracts and committed, so that the packages can be read and used without a compiler.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { abiFiles } from "./abi.js";
import { classesFile, errorsPage } from "./errors.js";

const SOURCES = "packages/sdk/src";

const EXAMPLE = /(<!-- (packages\/\S+\.ts) -->\n\n```ts\n)[^]*?(```\n)/g;

/** A page with every example as it is in its file. */
const withExamples = (root: string, page: string): string =>
  readFileSync(join(root, page), "utf8").replace(EXAMPLE, (_, before: string, file: string, after: string) =>
    [before, readFileSync(join(root, file), "utf8"), after].join(""),
  );

/** Path and text of every generated file. */
async function generated(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, text] of abiFiles(root)) files.set(`${SOURCES}/abi/${name}`, text);
  files.set(`${SOURCES}/errors/classes.ts`, classesFile(root));
  const options = await resolveConfig(join(root, "docs/errors.md"));
  files.set("docs/sdk.md", withExamples(root, "docs/sdk.md"));
  files.set("docs/errors.md", await format(errorsPage(root), { ...options, parser: "markdown" }));
  return files;
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The generated files that are not what the contracts say. */
export async function outdated(root: string): Promise<string[]> {
  const files = [...(await generated(root))];
  return files.filter(([path, text]) => current(join(root, path)) !== text).map(([path]) => path);
}

export async function generate(root: string): Promise<void> {
  for (const [path, text] of await generated(root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
