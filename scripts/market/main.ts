// `npm start`: a whole deployment, its processes and its people on a chain of its own, from calm into a crash.
import { serializeDeployment } from "@ballast/sdk";
import { tasks } from "hardhat";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Actor, quotesFiles, rolesOf } from "./actors.js";
import { Exit, Interrupted, MarketError } from "./errors.js";
import { startNode } from "./node.js";
import { markdownOf } from "./markdown.js";
import { Observer } from "./observer.js";
import { HELP, readOptions, type Options } from "./options.js";
import { pageOf } from "./page.js";
import { choose } from "./paths.js";
import { Play } from "./play.js";
import { openPopulation, planPopulation } from "./population.js";
import { isSound, reportOf, type Report } from "./report.js";
import { Screen } from "./screen.js";
import { Plain, type View } from "./view.js";
import { openWorld } from "./world.js";

/** Milliseconds for the last block of a market that is kept running. */
const IDLE_GRACE = 2_000;

/** What has to be stopped, the last first. */
class Running {
  private readonly stops: (() => Promise<void>)[] = [];

  add<T extends { stop(): Promise<void> }>(part: T): T {
    this.stops.push(() => part.stop());
    return part;
  }

  async stop(): Promise<void> {
    const [chain, ...others] = this.stops.splice(0);
    await Promise.all(others.map((stop) => stop()));
    await chain?.();
  }
}

async function market(options: Options, view: View, running: Running, signal: AbortSignal): Promise<Report> {
  const began = Date.now();
  const { scenario, path } = choose(options.scenario, options.seed);
  const plans = planPopulation(options.accounts, scenario.crowd, options.seed);
  view.say("building the contracts ...");
  await withoutWarnings(() => tasks.getTask("build").run({ noTests: true, quiet: true }));
  const { chain, kind } = await startNode(
    options.port,
    options.node === undefined ? ["anvil", "hardhat"] : [options.node],
  );
  running.add(chain);
  view.say(`${kind} on ${chain.url}; deploying three perps, a spot, pools, backstop and insurance ...`);
  const world = await openWorld(chain, scenario.funds);
  const folder = folderOf(options, scenario.name);
  writeFileSync(join(folder, "deployment.json"), serializeDeployment(world.deployment));
  const actors: Actor[] = [];
  for (const role of rolesOf(scenario.funds))
    actors.push(running.add(await Actor.start(world, role, folder, options.seed)));
  view.say(
    `${actors.map(({ name, pid }) => `${name} (${pid})`).join(", ")} are starting; opening ${plans.length} accounts ...`,
  );
  const population = await openPopulation(world, plans, options.seed, (opened) =>
    view.progress("accounts", opened, plans.length),
  );
  await Promise.all(actors.map((actor) => actor.isReady()));
  const observer = await Observer.open(world);
  view.say(
    `${scenario.name}: ${scenario.what}; ${population.holders.length} accounts, ${path.length} blocks, seed ${options.seed}`,
  );
  const stage = { world, scenario, population, actors, observer, signal, seed: options.seed, speed: options.speed };
  const play = new Play({ ...stage, quotes: quotesFiles(folder), tell: (frame, done) => view.frame(frame, done) });
  await play.run(path);
  if (signal.aborted) throw new Interrupted();
  const took = (Date.now() - began) / 1_000;
  const finished = { ...stage, node: kind, path, plans, trades: play.trades, took };
  const report = await reportOf(finished);
  writeFileSync(join(folder, "report.json"), JSON.stringify(report, null, 2));
  writeFileSync(join(folder, "report.md"), markdownOf(report));
  writeFileSync(join(folder, "report.html"), pageOf(report));
  view.report(report, folder);
  while (options.keepRunning && !signal.aborted) await play.idle();
  return report;
}

/** What a compiler says of sources that nobody here changes; what stops it is told. */
async function withoutWarnings(work: () => Promise<unknown>): Promise<void> {
  const { warn, log } = console;
  console.warn = console.log = () => undefined;
  try {
    await work();
  } finally {
    Object.assign(console, { warn, log });
  }
}

function folderOf({ out, seed }: Options, name: string): string {
  const folder = out ?? join("cache", "market", `${name}-${seed}`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new MarketError(
      `${folder} cannot be written: ${(error as Error).message}`,
      "give another --out",
      Exit.badInput,
    );
  }
  return folder;
}

/** What is under way when it is stopped is left as it is; a market that only goes on running ends by itself. */
async function unlessStopped(work: Promise<Report>, { keepRunning }: Options, signal: AbortSignal): Promise<Report> {
  const grace = keepRunning ? IDLE_GRACE : 0;
  const stopped = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => setTimeout(() => reject(new Interrupted()), grace)),
  );
  return Promise.race([work, stopped]);
}

/** A pipe may be slower than this process ends. */
const written = (text: string): Promise<void> => new Promise((done) => process.stdout.write(text, () => done()));

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const running = new Running();
  const stop = new AbortController();
  // Whoever asks twice does not wait: what is left is killed with this process.
  const interrupt = (): void => (stop.signal.aborted ? process.exit(Exit.interrupted) : stop.abort());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  try {
    const options = readOptions(args);
    if (options.help) return (console.log(HELP), Exit.ok);
    const view = process.stdout.isTTY && !options.json ? new Screen() : new Plain(options.json);
    const report = await unlessStopped(market(options, view, running, stop.signal), options, stop.signal);
    await running.stop();
    if (options.json) await written(`${JSON.stringify(report)}\n`);
    return isSound(report) ? Exit.ok : Exit.broken;
  } catch (error) {
    await running.stop();
    if (!(error instanceof MarketError)) throw error;
    console.error(`${error.message}\n${error.wayOut}`);
    return error.code;
  }
}
