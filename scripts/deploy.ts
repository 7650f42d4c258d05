// Deploys the protocol with its markets, or goes on where a run was interrupted.
//   npm run deploy -- --network sepolia [--dry-run] [--fill governor=0x… …] [--yes] [--explorer]
//   npm run deploy -- --network sepolia --source FEED [--heartbeat SECONDS]
//   npm run deploy -- --network sepolia --market FILE
// Builds for production first, unless the network is localhost or --no-build says not to. --explorer verifies the sources of
// what the journal knows instead of deploying; --source deploys one more price source, --market
// sources and pool of one more perp, with the batches that list it. The key is in Hardhat's keystore or in DEPLOYER_KEY, never in a file here.
import { BallastError, decodeError } from "@ballast/sdk";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { getAddress } from "viem";
import { StepFailed } from "../deploy/errors.js";
import { knownFills } from "../deploy/outputs.js";
import { DRAFTS, draftOf, resolve, type Fills, type Parameters } from "../deploy/parameters/index.js";

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "localhost" },
    fill: { type: "string", multiple: true, default: [] },
    source: { type: "string" },
    market: { type: "string" },
    heartbeat: { type: "string", default: "86400" },
    "dry-run": { type: "boolean", default: false },
    explorer: { type: "boolean", default: false },
    yes: { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
    "any-build": { type: "boolean", default: false },
    confirmations: { type: "string" },
    journal: { type: "string" },
    deployments: { type: "string", default: "deployments" },
    book: { type: "string", default: "packages/sdk/src/deployments.ts" },
  },
});

const fillsOf = (pairs: readonly string[]): Fills =>
  Object.fromEntries(pairs.map((pair) => [pair.split("=")[0] ?? "", pair.split("=").slice(1).join("=")]));

function hardhat(...args: string[]): void {
  const { status } = spawnSync("npx", ["hardhat", ...args], { stdio: "inherit" });
  if (status !== 0) throw new StepFailed(`hardhat ${args[0] ?? ""} ended with ${status}`);
}

async function confirm({ network: name, real }: Parameters): Promise<boolean> {
  if (values.yes || !real) return true;
  if (!process.stdin.isTTY) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`Answer with ${name} to send this: `);
  prompt.close();
  return answer.trim() === name;
}

/** What a real network takes is built beside what tests take, which is decided before Hardhat is loaded. */
async function build(real: boolean): Promise<void> {
  if (real && !values["any-build"]) {
    const { buildProduction } = await import("./production.js");
    if (!values["no-build"]) await buildProduction();
  } else if (!values["no-build"]) {
    const { tasks } = await import("hardhat");
    await tasks.getTask("build").run({ noTests: true, quiet: true });
  }
}

async function main(): Promise<void> {
  const draft = draftOf(DRAFTS, values.network);
  const { real, chainId } = draft;
  const id = `chain-${chainId}`;
  if (values.explorer) return hardhat("ignition", "verify", id, "--network", values.network);
  const parameters = resolve(draft, { ...(await knownFills(values.deployments, draft)), ...fillsOf(values.fill) });
  await build(real);
  const [{ network }, { deployNetwork }, { deploySource }, { deployMarket }] = await Promise.all([
    import("hardhat"),
    import("../deploy/deploy.js"),
    import("../deploy/source.js"),
    import("../deploy/market.js"),
  ]);
  const connection = await network.create(values.network);
  if (values.source !== undefined) {
    const [feed, heartbeat] = [getAddress(values.source), BigInt(values.heartbeat)];
    return console.log(await deploySource({ connection, parameters, feed, heartbeat }));
  }
  const { deployments, market: file } = values;
  if (file !== undefined) {
    await deployMarket({ connection, parameters, file, deployments, say: (line) => console.log(line) });
    return;
  }
  const { files } = await deployNetwork({
    connection,
    parameters,
    journal: values.journal ?? join("deploy", "deployments", id),
    deployments: values.deployments,
    book: values.book,
    confirmations: Number(values.confirmations ?? parameters.confirmations),
    anyBuild: values["any-build"],
    dryRun: values["dry-run"],
    say: (line) => console.log(line),
    confirm: () => confirm(parameters),
  });
  if (files === undefined) return;
  console.log(`\nwritten: ${Object.values(files).join(", ")}`);
  console.log(`next: the governor executes ${files.handover}, then \`ballast roles --verify\``);
}

try {
  await main();
} catch (thrown) {
  const error = thrown instanceof BallastError ? thrown : decodeError(thrown);
  console.error(`deploy: ${error.message}`);
  process.exitCode = error.retryable ? 4 : 1;
}
