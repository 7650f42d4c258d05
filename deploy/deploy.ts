// Deploys a network, or what is left of it: looks, plans, asks, runs, writes down.
import { accessManagerAbi, parseDeployment, type Deployment } from "@ballast/sdk";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Address, PublicClient } from "viem";
import { accountsOf, artifactsOf, clientOf, runModule } from "./engine.js";
import { DeployerMissing, HandedOver, JournalLost, NotConfirmed, NotProduction, WrongNetwork } from "./errors.js";
import { contractsOf, doneIn, firstBlock, forgetFailed, requireOwnJournal } from "./journal.js";
import { authorityOf, deploymentOf, expectedTerms, filesOf, writeOutputs, type Files } from "./outputs.js";
import type { Parameters } from "./parameters/index.js";
import { describePlan, planOf, type Plan } from "./plan.js";
import { requireReady } from "./preflight.js";

export interface Options {
  readonly connection: NetworkConnection;
  readonly parameters: Parameters;
  /** Where the journal is. */
  readonly journal: string;
  /** Where the files of deployments are, and the address book of the SDK. */
  readonly deployments: string;
  readonly book: string;
  readonly confirmations: number;
  /** Whether a build for tests will do. */
  readonly anyBuild: boolean;
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
  /** Asks whether to go on. */
  readonly confirm: (plan: Plan) => Promise<boolean>;
}

export interface Deployed {
  readonly plan: Plan;
  /** Neither with a dry run. */
  readonly deployment?: Deployment;
  readonly files?: Files;
}

async function requireProduction({ real, network }: Parameters): Promise<void> {
  if (!real) return;
  const { buildInfoId = "" } = (await hre.artifacts.readArtifact("ClearingHouse")) as { buildInfoId?: string };
  const path = await hre.artifacts.getBuildInfoPath(buildInfoId);
  if (path === undefined) throw new NotProduction(network);
  const info = JSON.parse(await readFile(path, "utf8")) as { input: { settings: { viaIR?: boolean } } };
  if (info.input.settings.viaIR !== true) throw new NotProduction(network);
}

/** A deployment that is written down must be the journal's. */
async function requireJournal({ deployments, journal, parameters }: Options, client: PublicClient): Promise<void> {
  const { deployment: file } = filesOf(deployments, parameters.chainId);
  if (!parameters.real || !existsSync(file)) return;
  const { addresses } = parseDeployment(JSON.parse(await readFile(file, "utf8")));
  const known = Object.values(await contractsOf(journal)).map((address) => address.toLowerCase());
  if (known.includes(addresses.clearingHouse.toLowerCase())) return;
  const code = await client.getCode({ address: addresses.clearingHouse });
  if (code !== undefined && code !== "0x") throw new JournalLost(file, journal);
}

/** Once authority is handed over, what is new goes another way. */
async function requireAdmin(client: PublicClient, manager: Address, deployer: Address, plan: Plan): Promise<void> {
  const ask = { abi: accessManagerAbi, address: manager, functionName: "hasRole", args: [0n, deployer] } as const;
  const left = plan.steps.filter(({ done }) => !done).map(({ id }) => id);
  if (left.length === 0) return;
  const [isAdmin] = await client.readContract(ask);
  if (!isAdmin) throw new HandedOver(deployer, left);
}

async function prepare(options: Options, client: PublicClient, deployer: Address): Promise<Plan> {
  const { parameters, journal, say } = options;
  await requireOwnJournal(journal, client, parameters.chainId, !parameters.real);
  await requireJournal(options, client);
  const done = await doneIn(journal);
  const plan = await planOf(parameters, client, done);
  say(describePlan(plan));
  const manager = (await contractsOf(journal))["Ballast#AccessManager"];
  if (manager !== undefined) await requireAdmin(client, manager, deployer, plan);
  if (plan.steps.some((step) => !step.done))
    await requireReady({ client, parameters, deployer, cost: plan.cost, seeded: done.has("Markets#seed") });
  return plan;
}

async function execute(options: Options, client: PublicClient, deployer: Address, plan: Plan): Promise<Deployed> {
  const { connection, parameters, journal, confirmations, say } = options;
  await forgetFailed(journal, artifactsOf());
  const onConfirmed = (step: string): Promise<void> => Promise.resolve(say(`done  ${step}`));
  const contracts = await runModule({ connection, parameters, confirmations, folder: journal, onConfirmed });
  const deployment = deploymentOf(parameters, contracts, await firstBlock(journal));
  const { timestamp: time } = await client.getBlock({ blockNumber: deployment.block });
  const terms = expectedTerms(parameters, contracts);
  const handover = { deployment, authority: authorityOf(parameters), terms, deployer, time };
  const files = await writeOutputs(handover, options.deployments, options.book);
  return { plan, deployment, files };
}

export async function deployNetwork(options: Options): Promise<Deployed> {
  const { connection, parameters } = options;
  const client = clientOf(connection);
  const [chainId, [deployer]] = [await client.getChainId(), await accountsOf(connection)];
  if (chainId !== parameters.chainId) throw new WrongNetwork(parameters.network, parameters.chainId, chainId);
  if (deployer === undefined) throw new DeployerMissing(parameters.network);
  if (!options.anyBuild) await requireProduction(parameters);
  const plan = await prepare(options, client, deployer);
  if (options.dryRun) return { plan };
  if (!(await options.confirm(plan))) throw new NotConfirmed(parameters.network);
  return execute(options, client, deployer, plan);
}
