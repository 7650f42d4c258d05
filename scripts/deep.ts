// The long campaigns: the whole ledger under all laws with every actor, and beside it the deleverage arithmetic against
// its exact reference and the contracts' formulas against their twin.
//     npm run test:deep [-- --seed N] [-- --scale X] [-- --json]
// Fails when a law breaks, when the twin differs, when there were fewer than a million state-changing calls or a hundred
// thousand formulas compared (at scale 1), or when an action was less than 1 % of the calls.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { parseArgs, stripVTControlCharacters } from "node:util";

/** What each half of the campaign wrote down: a line per run. */
const CALLS_FILES = ["cache/campaign-calls-1.csv", "cache/campaign-calls-2.csv"];
const LAWS = "test/invariant/Laws.t.sol";
/** Against exact references, and a crowd that fails at once. */
const EXACT = [
  ...["deleverage.campaign", "replay", "math.differential", "math.positions", "math.accounts", "many-bankrupt"],
].map((name) => `test/ts/${name}.test.ts`);
const BANKRUPT = 10_000;
const RUNS = 3_600;
const SEQUENCES = 1_500;
/** Fewer do not meet everything that a replay must meet. */
const REPLAY_STEPS_AT_LEAST = 1_000;
const CALLS_AT_LEAST = 1_000_000;
const SHARE_AT_LEAST = 0.01;
const COMPARED_AT_LEAST = 100_000;
const MINUTE = 60_000;

class UsageError extends Error {}

interface Row {
  action: string;
  calls: number;
  reverts: number;
}

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    scale: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const scale = Number(values.scale);
if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError(`--seed ${values.seed}: a whole number from 0 on`);
if (!(scale > 0 && scale <= 100)) throw new UsageError(`--scale ${values.scale}: a number above 0, up to 100`);

const failed: string[] = [];

/** Runs tests of one kind; resolves with their output, and shows its last lines if they fail. The others go on. */
async function campaign(
  name: string,
  args: string[],
  env: Record<string, string>,
  running: () => void = () => undefined,
): Promise<string> {
  const started = performance.now();
  const minutes = () => ((performance.now() - started) / MINUTE).toFixed(1);
  const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", ...args], {
    env: { ...process.env, BALLAST_SEED: String(seed), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.includes("Running Solidity tests")) running();
    });
  const progress = setInterval(() => console.error(`${name}: ${minutes()} min ...`), MINUTE);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(progress);
  const plain = stripVTControlCharacters(output);
  console.error(`${name}: ${code === 0 ? "done" : "FAILED"}, ${minutes()} min`);
  if (code !== 0) {
    console.error(plain.slice(Math.max(plain.search(/^\s*\d+ failing/m), 0)).slice(0, 60_000));
    failed.push(name);
  }
  return plain;
}

/** One half of the runs of the laws, on a core of its own; the next begins when it runs, for both write the cache of builds. */
async function half(file: string, index: number): Promise<{ done: Promise<string> }> {
  return new Promise((resolve) => {
    const done = campaign(
      `laws, half ${index + 1}`,
      ["solidity", LAWS, "--no-compile", "--test-profile", "deep"],
      {
        BALLAST_SEED: `0x${(2 * seed + index).toString(16)}`,
        BALLAST_RUNS: String(Math.ceil((RUNS * scale) / CALLS_FILES.length)),
        BALLAST_CALLS: file,
      },
      () => resolve({ done }),
    );
    void done.then(() => resolve({ done }));
  });
}

/** The handler's own list, so that a new action cannot be forgotten here. */
function actionNames(): string[] {
  const source = readFileSync("test/invariant/Watcher.sol", "utf8");
  return (/enum Action \{([^}]*)\}/.exec(source)?.[1] ?? "").split(",").map((name) => name.trim());
}

function readRows(): Row[] {
  const rows = actionNames().map((action) => ({ action, calls: 0, reverts: 0 }));
  // The runner replays the last run once more: its line stands there twice.
  const lines = CALLS_FILES.filter((file) => existsSync(file)).flatMap((file) =>
    readFileSync(file, "utf8").trim().split("\n").slice(0, -1),
  );
  for (const line of lines) {
    for (const [i, pair] of line.split(";").entries()) {
      const [calls, reverts] = pair.split(",").map(Number);
      const row = rows[i];
      if (row === undefined || calls === undefined || reverts === undefined) continue;
      row.calls += calls;
      row.reverts += reverts;
    }
  }
  return rows;
}

console.error(`seed ${seed}`);
await campaign("build", ["solidity", LAWS, "--test-profile", "deep"], { BALLAST_RUNS: "1" });
if (failed.length > 0) process.exit(1);
for (const file of CALLS_FILES) rmSync(file, { force: true });
const halves: Promise<string>[] = [];
for (const [index, file] of CALLS_FILES.entries()) halves.push((await half(file, index)).done);
const [mocha] = await Promise.all([
  campaign("deleverage, replay and twin", ["mocha", ...EXACT, "--no-compile"], {
    BALLAST_SEQUENCES: String(Math.ceil(SEQUENCES * scale)),
    BALLAST_BANKRUPT: String(Math.ceil(BANKRUPT * Math.min(scale, 1))),
    BALLAST_DIFFERENTIAL: String(Math.ceil(COMPARED_AT_LEAST * scale)),
    BALLAST_REPLAY_STEPS: String(Math.max(REPLAY_STEPS_AT_LEAST, Math.ceil(3_000 * scale))),
  }),
  ...halves,
]);

const deleverage = JSON.parse(/seed \d+ (\{.*\})/.exec(mocha)?.[1] ?? "{}") as { operations?: number };
const compared = /differential: (\d+) cases over (\d+) functions/.exec(mocha) ?? [];
const differential = { cases: Number(compared[1] ?? 0), functions: Number(compared[2] ?? 0) };
const replayed = /(\d+) blocks, (\d+) numbers compared/.exec(mocha) ?? [];
const replay = { blocks: Number(replayed[1] ?? 0), numbers: Number(replayed[2] ?? 0) };
const rows = readRows();
const ledgerCalls = rows.reduce((sum, { calls }) => sum + calls, 0);
const total = ledgerCalls + (deleverage.operations ?? 0);
const rare = rows.filter(({ calls }) => calls < ledgerCalls * SHARE_AT_LEAST).map(({ action }) => action);
if (values.json) console.log(JSON.stringify({ seed, total, ledger: rows, deleverage, differential, replay, failed }));
else {
  for (const { action, calls, reverts } of rows) {
    console.log(`${action.padEnd(14)} ${String(calls).padStart(8)} calls ${String(reverts).padStart(8)} refused`);
  }
  console.log(`deleverage     ${JSON.stringify(deleverage)}`);
  console.log(`differential   ${differential.cases} cases over ${differential.functions} functions, seed ${seed}`);
  console.log(`replay         ${replay.numbers} numbers over ${replay.blocks} blocks, seed ${seed}`);
  console.log(`${total} state-changing calls, ${failed.length === 0 ? "no law broken" : "FAILED"}, seed ${seed}`);
}
if (rare.length > 0) console.error(`less than 1 % of the calls: ${rare.join(", ")}`);
const least = Math.min(scale, 1);
const few = total < CALLS_AT_LEAST * least || differential.cases < COMPARED_AT_LEAST * least;
if (total < CALLS_AT_LEAST * least) console.error(`${total} calls are fewer than ${CALLS_AT_LEAST * least}`);
if (differential.cases < COMPARED_AT_LEAST * least)
  console.error(`${differential.cases} cases of the twin are fewer than ${COMPARED_AT_LEAST * least}`);
if (failed.length > 0) console.error(`failed: ${failed.join("; ")}`);
process.exit(rare.length > 0 || few || failed.length > 0 ? 1 : 0);
