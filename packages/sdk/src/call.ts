// Reading and sending, with errors as classes of this package.
import {
  BaseError,
  ContractFunctionZeroDataError,
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  type EstimateContractGasParameters,
  type Hash,
  type ReadContractParameters,
  type SimulateContractParameters,
  type TransactionReceipt,
} from "viem";
import { MOST_GAS, walletOf, type Client } from "./client.js";
import { decodeError } from "./errors/decode.js";
import { RevertedInBlock } from "./errors/other.js";
import { NotDeployed } from "./errors/setup.js";

type Looks = "pure" | "view";
type Changes = "nonpayable" | "payable";
type Names<abi extends Abi, Kind extends Looks | Changes> = ContractFunctionName<abi, Kind>;
type Args<abi extends Abi, Kind extends Looks | Changes, name extends Names<abi, Kind>> = ContractFunctionArgs<
  abi,
  Kind,
  name
>;
type Returns<abi extends Abi, Kind extends Looks | Changes, name extends Names<abi, Kind>> = ContractFunctionReturnType<
  abi,
  Kind,
  name,
  Args<abi, Kind, name>
>;

/** As of which block to read; the latest by default. */
export interface At {
  blockNumber?: bigint;
}

export interface Read<abi extends Abi, name extends Names<abi, Looks>> extends At {
  abi: abi;
  address: Address;
  functionName: name;
  args: Args<abi, Looks, name>;
}

export async function read<const abi extends Abi, name extends Names<abi, Looks>>(
  client: Client,
  { blockNumber, ...call }: Read<abi, name>,
): Promise<Returns<abi, Looks, name>> {
  const at = blockNumber === undefined ? call : { ...call, blockNumber };
  try {
    const result: unknown = await client.publicClient.readContract(at as unknown as ReadContractParameters);
    return result as Returns<abi, Looks, name>;
  } catch (error) {
    throw saysNothing(error) ? new NotDeployed(call.address) : decodeError(error);
  }
}

/** An address without code answers every call, with nothing. */
const saysNothing = (error: unknown): boolean =>
  error instanceof BaseError && error.walk((inner) => inner instanceof ContractFunctionZeroDataError) !== null;

/** What a transaction may say about itself. */
export interface Sending {
  /** The gas limit; by default what the node estimates, with room for prices that have to be latched meanwhile. */
  gas?: bigint;
}

export interface Send<abi extends Abi, name extends Names<abi, Changes>> extends Sending {
  abi: abi;
  address: Address;
  functionName: name;
  args: Args<abi, Changes, name>;
  value?: bigint;
}

/** A transaction on its way, and what the call returns on the state it was simulated on. */
export interface Sent<Result> {
  hash: Hash;
  result: Result;
}

/** The same call, as another action of viem types it. */
const calling = (parameters: SimulateContractParameters): EstimateContractGasParameters =>
  parameters as unknown as EstimateContractGasParameters;

/** Without so much gas left no source is asked for its price. */
const SOURCE_GAS = 132_000n;

/**
 * A gas limit from an estimate. An estimate is made at the time of the last block, whose prices may be latched already; in the
 * next one each leg that is looked at may cost more than twice as much.
 */
export function gasLimitOf(estimate: bigint): bigint {
  const limit = (estimate * 5n) / 2n + SOURCE_GAS;
  return limit < MOST_GAS ? limit : MOST_GAS;
}

/** Simulates the call, so that a revert is a typed error before anything is sent, and sends it. */
export async function send<const abi extends Abi, name extends Names<abi, Changes>>(
  client: Client,
  call: Send<abi, name>,
): Promise<Sent<Returns<abi, Changes, name>>> {
  const wallet = walletOf(client);
  try {
    const parameters = { ...call, account: wallet.account } as unknown as SimulateContractParameters;
    const { result } = await client.publicClient.simulateContract(parameters);
    const gas = call.gas ?? gasLimitOf(await client.publicClient.estimateContractGas(calling(parameters)));
    const chain = wallet.chain ?? null;
    const hash = await wallet.writeContract({ ...parameters, chain, gas });
    return { hash, result };
  } catch (error) {
    throw decodeError(error);
  }
}

/**
 * Waits until a transaction is in a block. One that reverts there, because the state changed after it was simulated, is a
 * typed error too.
 *
 * @example
 * const receipt = await confirm(client, await deposit(client, { account, amount }));
 */
export async function confirm(client: Client, { hash }: { hash: Hash }): Promise<TransactionReceipt> {
  const { publicClient } = client;
  try {
    const receipt = await publicClient.waitForTransactionReceipt({ hash });
    if (receipt.status === "success") return receipt;
    throw await reasonOf(client, hash);
  } catch (error) {
    throw decodeError(error);
  }
}

/** Why a transaction reverted: what the same call says now, after what came before it in its block. */
async function reasonOf({ publicClient }: Client, hash: Hash): Promise<unknown> {
  const { from, to, input, value, gas } = await publicClient.getTransaction({ hash });
  return publicClient.call({ account: from, to, data: input, value, gas }).then(
    () => new RevertedInBlock(hash),
    (error: unknown) => error,
  );
}
