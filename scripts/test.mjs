// Runs the Solidity and the mocha tests and ends with one plain line that any CI can read.
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", ...process.argv.slice(2)], {
  stdio: ["inherit", "pipe", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));

const TAIL = 20_000;
let tail = "";
child.stdout.on("data", (data) => {
  process.stdout.write(data);
  tail = (tail + data).slice(-TAIL);
});

child.on("close", (code, signal) => {
  const plain = stripVTControlCharacters(tail);
  const last = (pattern) => Number([...plain.matchAll(pattern)].pop()?.[1] ?? 0);
  const passed = last(/^ *(\d+) passing\b/gm);
  const failed = last(/^ *(\d+) failing\b/gm);
  const skipped = last(/^ *(\d+) (?:skipped|pending)\b/gm);
  console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  if (signal !== null) process.exit(1);
  process.exit(code || (passed === 0 || failed > 0 ? 1 : 0));
});
