// Flags and environment, validated; what the deployment is and where.
import { access } from "node:fs/promises";
import { BallastError, UnknownChain, deploymentOf, type Deployment } from "@ballast/sdk";
import { findDeployment, readDeployment } from "@ballast/sdk/node";
import { z } from "zod";

/** A flag or a variable has a value that means nothing. */
export class ConfigInvalid extends BallastError {
  override readonly name = "ConfigInvalid";
  override readonly retryable = false;
  override readonly args: { setting: string; fault: string };

  constructor(setting: string, fault: string) {
    super(`${setting}: ${fault}`);
    this.args = { setting, fault };
  }
}

/** The deployment is on another chain than the one that answers. */
export class WrongChain extends BallastError {
  override readonly name = "WrongChain";
  override readonly retryable = false;
  override readonly args: { deployed: number; connected: number };

  constructor(deployed: number, connected: number) {
    super(`the deployment is on chain ${deployed}, the node is on chain ${connected}`);
    this.args = { deployed, connected };
  }
}

/** Every setting, its flag and its variable. */
const SETTINGS = {
  rpc: ["--rpc", "BALLAST_RPC"],
  deployment: ["--deployment", "BALLAST_DEPLOYMENT"],
  timeout: ["--timeout", "BALLAST_TIMEOUT"],
  json: ["--json", "BALLAST_JSON"],
} as const;

const schema = z.object({
  rpc: z.url({ protocol: /^https?$/, error: "is no http(s) address" }).default("http://127.0.0.1:8545"),
  /** A file, or a chain id that stands for deployments/<chain id>.json; by default the one of the node. */
  deployment: z.string().min(1, "is empty").optional(),
  timeout: z.coerce
    .number("is no number of seconds")
    .min(1, "is less than 1 s")
    .max(600, "is more than 600 s")
    .default(10),
  json: z.union([z.boolean(), z.stringbool("is neither true nor false")]).default(false),
});

export type Config = z.infer<typeof schema>;
type Env = Readonly<Record<string, string | undefined>>;

/** Flags win over variables, variables over defaults. */
export function readConfig(flags: Readonly<Record<string, unknown>>, env: Env): Config {
  const pairs = Object.entries(SETTINGS).map(([name, [, variable]]) => [name, flags[name] ?? env[variable]]);
  const parsed = schema.safeParse(Object.fromEntries(pairs));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [flag, variable] = SETTINGS[issue?.path[0] as keyof typeof SETTINGS];
  throw new ConfigInvalid(`${flag} (${variable})`, issue?.message ?? "is invalid");
}

const FOLDER = "deployments";

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The shared deployment of a chain, unless the operator has his own. */
async function ofChain(chainId: number): Promise<Deployment> {
  try {
    return await findDeployment(FOLDER, chainId);
  } catch (error) {
    if (error instanceof UnknownChain) return deploymentOf(chainId);
    throw error;
  }
}

/** The deployment that is meant, which must be on the chain that answers. */
export async function chooseDeployment(
  { deployment }: { deployment?: string | undefined },
  chainId: number,
): Promise<Deployment> {
  const named = deployment ?? String(chainId);
  const isChain = /^\d+$/.test(named) && !(await exists(named));
  const chosen = isChain ? await ofChain(Number(named)) : await readDeployment(named);
  if (chosen.chainId !== chainId) throw new WrongChain(chosen.chainId, chainId);
  return chosen;
}
