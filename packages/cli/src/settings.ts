// What commands of a keeper are told: its settings, its deployment, its wallet.
import { KeeperError, hasKey, readAccount, readSettings, type Settings } from "@ballast/keeper";
import { createClient, decodeError, type Client, type Deployment } from "@ballast/sdk";
import { createPublicClient, fallback, http, type LocalAccount, type PublicClient } from "viem";
import type { Command } from "commander";
import type { Options, Surroundings } from "./command.js";
import { chooseDeployment } from "./config.js";

/** Another process sends from this wallet. */
export class WalletBusy extends KeeperError {
  override readonly retryable = true;

  constructor(
    readonly wallet: string,
    readonly holder: string,
  ) {
    super(`${wallet} is in the hands of ${holder}`);
  }
}

export interface Told {
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly wallet: LocalAccount | undefined;
  readonly client: Client;
}

export function withConfig(command: Command): Command {
  return command.option("--config <file>", "the keeper's settings (BALLAST_CONFIG)");
}

const FLAGS = ["deployment", "timeout", "dryRun"] as const;

/** Flags win over variables, variables over the file. */
export function settingsOf(options: Options, { env }: Surroundings): Settings {
  const { rpc, config = env["BALLAST_CONFIG"] } = options;
  const given = FLAGS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]);
  const flags = { ...Object.fromEntries(given), ...(rpc === undefined ? {} : { rpc }) } as Record<string, unknown>;
  return readSettings(config as string | undefined, env, flags);
}

/** The settings, the deployment on the chain of the first node that answers, and who signs, if anybody. */
export async function readTold(options: Options, surroundings: Surroundings): Promise<Told> {
  const settings = settingsOf(options, surroundings);
  const publicClient = clientOf(settings);
  const chainId = await publicClient.getChainId().catch((error: unknown) => {
    throw decodeError(error);
  });
  const deployment = await chooseDeployment(settings, chainId);
  const wallet = hasKey(settings, surroundings.env) ? readAccount(settings, surroundings.env) : undefined;
  const client = createClient({ source: { publicClient }, addresses: deployment.addresses });
  return { settings, deployment, wallet, client };
}

function clientOf({ rpc, timeout }: Settings): PublicClient {
  const nodes = rpc.map((url) => http(url, { timeout: timeout * 1_000, retryCount: 0 }));
  return createPublicClient({ transport: fallback(nodes, { retryCount: 1 }), cacheTime: 0 });
}
