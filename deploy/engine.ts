// Ignition on one connection: runs a network's module, and tells which step every transaction is of.
import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import {
  DeploymentResultType,
  ExecutionEventType,
  deploy,
  type DeploymentResult,
  type ExecutionEventListener,
} from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  createPublicClient,
  custom,
  getAddress,
  type Address,
  type EIP1193Provider,
  type Hex,
  type PublicClient,
} from "viem";
import { StepFailed } from "./errors.js";
import { moduleParameters, networkModule } from "./modules/Network.js";
import type { Parameters } from "./parameters/index.js";

export const artifactsOf = (): HardhatArtifactResolver => new HardhatArtifactResolver(hre.artifacts);

export const clientOf = ({ provider }: NetworkConnection): PublicClient =>
  createPublicClient({
    transport: custom(provider as unknown as EIP1193Provider, { retryCount: 0 }),
    cacheTime: 0,
    pollingInterval: 100,
  });

export async function accountsOf({ provider }: NetworkConnection): Promise<Address[]> {
  const accounts = (await provider.request({ method: "eth_accounts" })) as string[];
  return accounts.map((account) => getAddress(account));
}

/** The first thing that went wrong. */
function reasonOf(result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>): string {
  if ("failed" in result) {
    const failed = result.failed.map(({ futureId, error }) => `${futureId}: ${error}`);
    const late = result.timedOut.map(({ futureId }) => `${futureId} is not in a block yet`);
    return [...failed, ...late, ...result.started.map((step) => `${step} has begun`)][0] ?? "for no known reason";
  }
  const errors = Object.entries(result.errors).map(([step, texts]) => `${step}: ${texts[0] ?? ""}`);
  return errors[0] ?? "for no known reason";
}

export interface Run {
  readonly connection: NetworkConnection;
  readonly parameters: Parameters;
  readonly confirmations: number;
  /** Where the journal is; none for a chain that nobody keeps. */
  readonly folder?: string;
  /** Called for every transaction that is confirmed. */
  readonly onConfirmed?: (step: string, hash: Hex) => Promise<void>;
}

const camelCase = (text: string): string =>
  text.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Listens to confirmed transactions alone. */
function listenerOf(onConfirmed: NonNullable<Run["onConfirmed"]>): ExecutionEventListener {
  const deaf = Object.values(ExecutionEventType).map((type) => [camelCase(type), () => Promise.resolve()] as const);
  return {
    ...(Object.fromEntries(deaf) as unknown as ExecutionEventListener),
    transactionConfirm: ({ futureId, hash }) => onConfirmed(futureId, hash as Hex),
  };
}

/** Ignition's number for a node that has more of an account's transactions than it expects. */
const NONCE_AHEAD = "HHE10411";
const TRIES = 3;

/**
 * Deploys what is not there yet; returns where each contract is, by its step. A run that was stopped may have written down
 * later transactions of a batch as done and an earlier one as on its way: Ignition counts from the latter, finds the node
 * ahead and stops, but has looked it up by then.
 */
export async function runModule(run: Run): Promise<Readonly<Record<string, Address>>> {
  for (let tries = 1; ; tries++) {
    try {
      return await runOnce(run);
    } catch (error) {
      const ahead = error instanceof Error && error.message.includes(NONCE_AHEAD);
      if (!ahead || run.folder === undefined || tries === TRIES) throw error;
    }
  }
}

async function runOnce(run: Run): Promise<Readonly<Record<string, Address>>> {
  const { connection, parameters, confirmations, folder, onConfirmed } = run;
  const accounts = await accountsOf(connection);
  const result = await deploy({
    config: { requiredConfirmations: confirmations, blockPollingInterval: parameters.real ? 1_000 : 100 },
    provider: connection.provider,
    artifactResolver: artifactsOf(),
    ignitionModule: networkModule(parameters),
    deploymentParameters: moduleParameters(parameters),
    accounts,
    ...(folder === undefined ? {} : { deploymentDir: folder }),
    ...(onConfirmed === undefined ? {} : { executionEventListener: listenerOf(onConfirmed) }),
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new StepFailed(reasonOf(result));
  const contracts = Object.values(result.contracts).map(({ id, address }) => [id, getAddress(address)] as const);
  return Object.fromEntries(contracts);
}
