import { HttpRpc, RpcSource } from "@ballast/mirror";
import {
  Opened,
  hasFailed,
  logsOf,
  nativeOf,
  openLog,
  openStore,
  payeeOf,
  replay as replayBlocks,
  strategiesOf,
  type Check,
  type Intent,
  type ReplayedBlock,
} from "@ballast/keeper";
import { formatCash } from "@ballast/sdk";
import type { OwnCommand, Options, Surroundings } from "../command.js";
import { ConfigInvalid } from "../config.js";
import { Exit } from "../exits.js";
import { table, type Report } from "../report.js";
import { readTold, withConfig, type Told } from "../settings.js";
import { check } from "./doctor.js";

const NOTHING: Report = { json: undefined, text: "" };

const failed = (checks: readonly Check[]): string =>
  checks
    .filter(({ verdict }) => verdict === "failed")
    .map(({ name, detail }) => `${name}: ${detail}`)
    .join("; ");

/** Runs until it is told to stop; what it does it logs. */
async function keep(told: Told, { error }: Surroundings, once: boolean): Promise<Report> {
  const checks = await check(told);
  if (hasFailed(checks)) {
    error(`ballast: ${failed(checks)}; see ballast doctor`);
    return { ...NOTHING, code: Exit.differs };
  }
  const { settings, deployment, wallet } = told;
  if (!settings.dryRun && wallet === undefined)
    throw new ConfigInvalid("BALLAST_PRIVATE_KEY", "is needed, or a keystore or a command, unless it is a dry run");
  const log = openLog(settings.log);
  for (const { name, verdict, detail } of checks) log.info({ check: name, verdict, detail }, "checked");
  const opened = await Opened.open({ settings, deployment, wallet, log });
  log.info(
    {
      ...{ chain: deployment.chainId, wallet: wallet?.address, dry_run: settings.dryRun, pid: process.pid },
      ...{ strategies: opened.parts.strategies.map(({ name }) => name), server: opened.server?.url },
    },
    "started",
  );
  await runUntilStopped(opened, once);
  return NOTHING;
}

async function runUntilStopped(opened: Opened, once: boolean): Promise<void> {
  const stop = (): void => opened.keeper.stop();
  process.once("SIGTERM", stop).once("SIGINT", stop);
  if (once) void opened.keeper.planned.then(stop);
  try {
    await opened.keeper.run();
  } finally {
    process.removeListener("SIGTERM", stop).removeListener("SIGINT", stop);
    await opened.close();
  }
}

const RANGE = /^(\d+)\.\.(\d+)$/;

function rangeOf(text: string): { from: number; to: number } {
  const [, first, last] = RANGE.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first !== undefined && last !== undefined && from <= to) return { from, to };
  throw new ConfigInvalid("--replay", `${text} is not FROM..TO, two blocks in order`);
}

const HEAD = ["block", "key", "profit", "urgency", "accounts"];
const row = (block: number, { key, profit, urgency, accounts }: Intent): (string | number)[] => [
  ...[block, key.length > 40 ? `${key.slice(0, 37)}...` : key],
  ...[formatCash(profit), urgency.toFixed(3), accounts.length],
];

/** What would have been planned, from what was recorded. */
async function replay(told: Told, range: { from: number; to: number }): Promise<Report> {
  const { settings, deployment, client } = told;
  const store = await openStore(settings.store);
  try {
    const nothing = { tell: () => undefined, publish: () => Promise.resolve() };
    const blocks: ReplayedBlock[] = [];
    const source = new RpcSource(new HttpRpc(settings.rpc, { timeout: settings.timeout * 1_000 }));
    const options = {
      ...{ deployment, store, client, source, ...range, logs: await logsOf(deployment, client), payee: payeeOf(told) },
      native: nativeOf(settings, deployment),
      strategies: strategiesOf(settings, { deployment, wallet: undefined, ...nothing }),
    };
    for await (const block of replayBlocks(options)) blocks.push(block);
    const rows = blocks.flatMap(({ block, intents }) => intents.map((intent) => row(block, intent)));
    const text = rows.length === 0 ? `nothing in ${blocks.length} blocks` : table(HEAD, rows);
    return { json: { ...range, blocks }, text };
  } finally {
    await store.close();
  }
}

export const keeper: OwnCommand = {
  usage: "keeper",
  summary: "keeps the house: liquidates, bids, cranks, quotes, until it is stopped",
  configure: (command) => {
    withConfig(command)
      .option("--dry-run", "plan and log, send nothing")
      .option("--once", "plan on one block, wait for what was sent, stop")
      .option("--replay <from..to>", "what it would have planned on recorded blocks")
      .addHelpText(
        "after",
        "\nSIGTERM and SIGINT stop it: what is on its way is waited for, then left to the journal.",
      );
  },
  async begin(surroundings: Surroundings, _, options: Options) {
    const told = await readTold(options, surroundings);
    const { replay: blocks, once } = options;
    if (typeof blocks === "string") return replay(told, rangeOf(blocks));
    return keep(told, surroundings, once === true);
  },
};
