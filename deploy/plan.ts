// What a deployment will do and cost: the whole of it is rehearsed in this process, on a chain that stands in for the
// network, with the same code and the same arguments.
import { network } from "hardhat";
import { formatEther, formatGwei, type PublicClient } from "viem";
import { dataFeeOf, type DataFee, type Posted } from "./dataFee.js";
import { accountsOf, clientOf, runModule } from "./engine.js";
import type { Parameters } from "./parameters/index.js";
import { plant } from "./plant.js";

export interface Step {
  readonly id: string;
  readonly gas: bigint;
  /** Bytes of the transaction's data, which a rollup publishes elsewhere at a price of its own. */
  readonly bytes: number;
  readonly done: boolean;
  readonly posted: Posted;
}

export interface Plan {
  readonly parameters: Parameters;
  readonly steps: readonly Step[];
  /** Of the steps that are left. */
  readonly gas: bigint;
  readonly gasPrice: bigint;
  /** Of a rollup that tells it. */
  readonly dataFee: DataFee | undefined;
  /** All together, in wei. */
  readonly cost: bigint;
}

async function rehearse(parameters: Parameters): Promise<Omit<Step, "done">[]> {
  const connection = await network.create({
    network: "default",
    override: { chainId: parameters.chainId },
  });
  try {
    const [deployer] = await accountsOf(connection);
    if (deployer === undefined) return [];
    const client = clientOf(connection);
    const request = (method: string, params: readonly unknown[] = []): Promise<unknown> =>
      connection.provider.request({ method, params: [...params] });
    await plant(request, deployer, parameters);
    const steps: Omit<Step, "done">[] = [];
    const onConfirmed = async (id: string, hash: `0x${string}`): Promise<void> => {
      const [{ gasUsed }, { input, to, nonce }] = await Promise.all([
        client.getTransactionReceipt({ hash }),
        client.getTransaction({ hash }),
      ]);
      const posted = { to, input, nonce, gas: gasUsed };
      steps.push({ id, gas: gasUsed, bytes: (input.length - 2) / 2, posted });
    };
    await runModule({ connection, parameters, confirmations: 1, onConfirmed });
    return steps;
  } finally {
    await connection.close();
  }
}

export async function planOf(parameters: Parameters, client: PublicClient, done: ReadonlySet<string>): Promise<Plan> {
  const [rehearsed, gasPrice] = [await rehearse(parameters), await client.getGasPrice()];
  const steps = rehearsed.map((step) => ({ ...step, done: done.has(step.id) }));
  const gas = steps.reduce((sum, step) => (step.done ? sum : sum + step.gas), 0n);
  const left = steps.filter((step) => !step.done).map(({ posted }) => posted);
  const dataFee = await dataFeeOf(client, parameters.chainId, gasPrice, left);
  return { parameters, steps, gas, gasPrice, dataFee, cost: gas * gasPrice + (dataFee?.wei ?? 0n) };
}

const authorityLines = ({ authority }: Parameters): string[] => {
  const { governor, recovery, guardian, delays } = authority;
  return [
    `governor  ${governor}, after ${delays.admin} s for roles, ${delays.parameters} s for parameters, ${delays.prices} s for sources`,
    `recovery  ${recovery}, after ${delays.admin} s`,
    `guardian  ${guardian}, at once, tightens only`,
  ];
};

/** What data costs besides gas, and who says so. */
const dataLine = (bytes: number, fee: DataFee | undefined): string =>
  fee === undefined
    ? `${bytes} bytes; what a rollup charges for data is not in it: this chain has neither GasPriceOracle nor NodeInterface`
    : `${formatEther(fee.wei)} ether of it for ${bytes} bytes of data on the main chain, says ${fee.by} for this moment`;

export function describePlan({ parameters, steps, gas, gasPrice, dataFee, cost }: Plan): string {
  const width = Math.max(...steps.map(({ id }) => id.length));
  const lines = steps.map(
    ({ id, gas: used, bytes, done }) =>
      `${done ? "done" : "todo"}  ${id.padEnd(width)}  ${String(used).padStart(9)} gas  ${String(bytes).padStart(6)} bytes`,
  );
  const left = steps.filter(({ done }) => !done);
  const bytes = left.reduce((sum, step) => sum + step.bytes, 0);
  return [
    `${parameters.network}, chain ${parameters.chainId}`,
    ...lines,
    "",
    `${left.length} of ${steps.length} transactions are left: ${gas} gas at ${formatGwei(gasPrice)} gwei${dataFee === undefined ? "" : " and data"} = ${formatEther(cost)} ether`,
    dataLine(bytes, dataFee),
    ...authorityLines(parameters),
  ].join("\n");
}
