import { createClient, decodeError, type At, type Client, type Deployment } from "@ballast/sdk";
import { createPublicClient, http } from "viem";
import { chooseDeployment, type Config } from "./config.js";

/** What a command looks at. */
export interface Context {
  client: Client;
  deployment: Deployment;
  /** All that is read is of one block. */
  at: Required<At>;
  /** The time of that block. */
  now: bigint;
}

/** Connects to the chain and finds the protocol on it. */
export async function connect(config: Config): Promise<Context> {
  const transport = http(config.rpc, { timeout: config.timeout * 1_000, retryCount: 1 });
  const publicClient = createPublicClient({ transport });
  try {
    const chainId = await publicClient.getChainId();
    const deployment = await chooseDeployment(config, chainId);
    const block = await publicClient.getBlock();
    const client = createClient({ source: { publicClient }, addresses: deployment.addresses });
    return { client, deployment, at: { blockNumber: block.number }, now: block.timestamp };
  } catch (error) {
    throw decodeError(error);
  }
}
