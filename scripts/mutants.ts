// Shows that every law bites: applies each committed one-line fault to a copy of the project and expects the tests to
// name the law it breaks.   npm run test:mutants [-- LAW ...] [-- --json]
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { readMutants, type Mutant } from "../test/mutants/mutants.js";

const COPIED = [
  "contracts",
  "deploy",
  "docs",
  "packages",
  "scripts",
  "test",
  "hardhat.config.ts",
  "package.json",
  "remappings.txt",
  "tsconfig.json",
];

interface Verdict {
  law: string;
  fault: string;
  caught: boolean;
  /** What failed instead, if anything did. */
  said?: string | undefined;
  seconds: number;
}

function copyProject(): string {
  const copy = mkdtempSync(path.join(tmpdir(), "ballast-mutants-"));
  for (const entry of COPIED) cpSync(entry, path.join(copy, entry), { recursive: true });
  symlinkSync(path.resolve("node_modules"), path.join(copy, "node_modules"));
  return copy;
}

function runTests(directory: string, test: string): { failed: boolean; output: string } {
  const kind = test.endsWith(".sol") ? "solidity" : "mocha";
  const result = spawnSync(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", kind, test], {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { failed: result.status !== 0, output: stripVTControlCharacters(result.stdout + result.stderr) };
}

/** Caught means: the tests fail, and the failure names the law. */
function judge(directory: string, mutant: Mutant): Verdict {
  const started = performance.now();
  const file = path.join(directory, mutant.file);
  const source = readFileSync(file, "utf8");
  writeFileSync(file, source.replace(mutant.find, mutant.replace));
  const { failed, output } = runTests(directory, mutant.test);
  writeFileSync(file, source);
  const failures = output.slice(Math.max(output.search(/^\s*\d+ failing/m), 0));
  if (process.env["BALLAST_VERBOSE"]) console.error(output.slice(-3_000));
  const { law, fault } = mutant;
  const seconds = Math.round((performance.now() - started) / 1_000);
  if (failed && failures.includes(law)) return { law, fault, caught: true, seconds };
  return { law, fault, caught: false, said: failed ? /Error.*/.exec(failures)?.[0] : "no test failed", seconds };
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const mutants = readMutants().filter(({ law }) => names.length === 0 || names.includes(law));
const copy = copyProject();
const verdicts: Verdict[] = [];
try {
  for (const [index, mutant] of mutants.entries()) {
    const verdict = judge(copy, mutant);
    verdicts.push(verdict);
    const mark = verdict.caught ? "caught" : "MISSED";
    console.error(
      `${index + 1}/${mutants.length} ${mark} ${verdict.law} (${verdict.fault}) ${verdict.seconds} s ${verdict.said ?? ""}`.trimEnd(),
    );
  }
} finally {
  rmSync(copy, { recursive: true });
}
const caught = verdicts.filter((verdict) => verdict.caught).length;
if (process.argv.includes("--json"))
  console.log(JSON.stringify({ mutants: verdicts, caught, missed: verdicts.length - caught }));
else console.log(`${caught} of ${verdicts.length} mutants caught`);
process.exit(caught === verdicts.length && caught > 0 ? 0 : 1);
