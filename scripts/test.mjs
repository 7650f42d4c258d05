// Runs the Solidity and the mocha tests and ends with one plain line that any CI can read.
// Arguments go to `hardhat test`; a run without a single passing test fails.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { stripVTControlCharacters } from "node:util";

const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", ...process.argv.slice(2)], {
  stdio: ["inherit", "pipe", "inherit"],
});
let stopped;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    stopped = signal;
    child.kill(signal);
  });
child.on("error", (error) => {
  console.error(`cannot start hardhat: ${error.message}`);
  process.exit(1);
});

// The summary is the last thing Hardhat prints; each of its lines replaces the one of the part before it.
const counts = { passing: 0, failing: 0, pending: 0, skipped: 0 };
let rest = "";
function count(line) {
  const summary = /^ *(\d+) (passing|failing|pending|skipped)(?: \(.*\))?$/.exec(stripVTControlCharacters(line));
  if (summary !== null) counts[summary[2]] = Number(summary[1]);
}
child.stdout.on("data", (data) => {
  process.stdout.write(data);
  const lines = (rest + data).split("\n");
  rest = lines.pop();
  lines.forEach(count);
});

child.on("close", (code, signal) => {
  count(rest);
  const skipped = Math.max(counts.pending, counts.skipped); // mocha's word and Hardhat's for the same tests
  console.log(`\n${counts.passing} passed, ${counts.failing} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  const killed = signal ?? stopped;
  if (killed !== undefined && killed !== null) process.exit(128 + constants.signals[killed]);
  process.exit(code || (counts.passing === 0 || counts.failing > 0 ? 1 : 0));
});
