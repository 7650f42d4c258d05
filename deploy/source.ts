// One more price source: what authority then makes the router listen to.
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { encodeDeployData, zeroAddress, type Address, type Hex } from "viem";
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
export async function deploySource({ connection, parameters, feed, heartbeat }: SourceParameters): Promise<Address> {
  const { network, sequencer, gracePeriod, confirmations } = parameters;
  const [from] = await accountsOf(connection);
  if (from === undefined) throw new DeployerMissing(network);
  const { abi, bytecode } = await hre.artifacts.readArtifact("ChainlinkSource");
  const args = [feed, heartbeat, sequencer === "none" ? zeroAddress : sequencer, gracePeriod];
  const data = encodeDeployData({ abi, bytecode: bytecode as Hex, args });
  const hash = (await connection.provider.request({ method: "eth_sendTransaction", params: [{ from, data }] })) as Hex;
  const { contractAddress, status } = await clientOf(connection).waitForTransactionReceipt({ hash, confirmations });
  if (status !== "success" || contractAddress === null || contractAddress === undefined)
    throw new StepFailed(`the source of ${feed} in ${hash}`);
  return contractAddress;
}
