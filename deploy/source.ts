// Single contracts beside a deployment: what authority then makes it listen to, or be quoted by.
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { encodeDeployData, zeroAddress, type Abi, type Address, type Hex } from "viem";
import { accountsOf, clientOf } from "./engine.js";
import { DeployerMissing, StepFailed } from "./errors.js";
import type { Parameters } from "./parameters/index.js";

export interface SourceParameters {
  readonly connection: NetworkConnection;
  readonly parameters: Parameters;
  readonly feed: Address;
  /** The longest that the feed promises to stay silent, in seconds. */
  readonly heartbeat: bigint;
}

/** Deploys a source of a Chainlink feed, with the network's sequencer; returns where it is. */
export function deploySource({ connection, parameters, feed, heartbeat }: SourceParameters): Promise<Address> {
  const { sequencer, gracePeriod } = parameters;
  const args = [feed, heartbeat, sequencer === "none" ? zeroAddress : sequencer, gracePeriod];
  return deployOne(connection, parameters, "ChainlinkSource", args);
}

/** Deploys a contract that needs no libraries; returns where it is. */
export async function deployOne(
  connection: NetworkConnection,
  { network, confirmations }: Pick<Parameters, "network" | "confirmations">,
  name: string,
  args: readonly unknown[],
): Promise<Address> {
  const [from] = await accountsOf(connection);
  if (from === undefined) throw new DeployerMissing(network);
  const { abi, bytecode } = await hre.artifacts.readArtifact(name);
  const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
  const hash = (await connection.provider.request({ method: "eth_sendTransaction", params: [{ from, data }] })) as Hex;
  const { contractAddress, status } = await clientOf(connection).waitForTransactionReceipt({ hash, confirmations });
  if (status !== "success" || contractAddress === null || contractAddress === undefined)
    throw new StepFailed(`${name} in ${hash}`);
  return contractAddress;
}
