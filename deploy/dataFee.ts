// What a rollup charges for putting a transaction's data on its main chain, as its own contract tells.
import { parseAbi, serializeTransaction, type Address, type Hex, type PublicClient } from "viem";

/** A transaction of the plan, as it would be sent. */
export interface Posted {
  /** None when it makes a contract. */
  readonly to: Address | null;
  readonly input: Hex;
  readonly nonce: number;
  readonly gas: bigint;
}

export interface DataFee {
  /** Who told. */
  readonly by: "GasPriceOracle" | "NodeInterface";
  readonly wei: bigint;
}

/** Of every chain of the OP Stack. */
const ORACLE = "0x420000000000000000000000000000000000000F";
const ORACLE_ABI = parseAbi(["function getL1Fee(bytes) view returns (uint256)"]);
/** Of Arbitrum: no code is there, its nodes answer. */
const NODE = "0x00000000000000000000000000000000000000C8";
const NODE_ABI = parseAbi([
  "function gasEstimateL1Component(address, bool, bytes) payable returns (uint64, uint256, uint256)",
]);
const NOBODY = "0x0000000000000000000000000000000000000000";

/** Of all of them together at this moment; nothing where neither answers. */
export async function dataFeeOf(
  client: PublicClient,
  chainId: number,
  gasPrice: bigint,
  transactions: readonly Posted[],
): Promise<DataFee | undefined> {
  const code = await client.getCode({ address: ORACLE });
  if (code !== undefined && code !== "0x") {
    const fees = await Promise.all(transactions.map((each) => oracleFee(client, chainId, gasPrice, each)));
    return { by: "GasPriceOracle", wei: sum(fees) };
  }
  try {
    const fees = await Promise.all(transactions.map((each) => nodeFee(client, gasPrice, each)));
    return { by: "NodeInterface", wei: sum(fees) };
  } catch {
    return undefined;
  }
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

function oracleFee(
  client: PublicClient,
  chainId: number,
  gasPrice: bigint,
  { to, input: data, nonce, gas }: Posted,
): Promise<bigint> {
  const fees = { maxFeePerGas: gasPrice, maxPriorityFeePerGas: 1n };
  const unsigned = serializeTransaction({ type: "eip1559", chainId, nonce, to, data, gas, ...fees });
  return client.readContract({ abi: ORACLE_ABI, address: ORACLE, functionName: "getL1Fee", args: [unsigned] });
}

/** Arbitrum takes it as gas of its own. */
async function nodeFee(client: PublicClient, gasPrice: bigint, { to, input }: Posted): Promise<bigint> {
  const args = [to ?? NOBODY, to === null, input] as const;
  const call = { abi: NODE_ABI, address: NODE, functionName: "gasEstimateL1Component", args } as const;
  const { result } = await client.simulateContract(call);
  return result[0] * gasPrice;
}
