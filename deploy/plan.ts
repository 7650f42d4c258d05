// What a deployment will do and cost: the whole of it is rehearsed in this process, on a chain that stands in for the
// network, with the same code and the same arguments.
import { network } from "hardhat";
import { formatEther, formatGwei, type PublicClient } from "viem";
import { accountsOf, clientOf, runModule } from "./engine.js";
import type { Parameters } from "./parameters/index.js";
import { plant } from "./plant.js";

export interface Step {
  readonly id: string;
  readonly gas: bigint;
  /** Bytes of the transaction's data, which a rollup publishes elsewhere at a price of its own. */
  readonly bytes: number;
  readonly done: boolean;
}

export interface Plan {
  readonly parameters: Parameters;
  readonly steps: readonly Step[];
  /** Of the steps that are left. */
  readonly gas: bigint;
  readonly gasPrice: bigint;
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
      const [{ gasUsed }, { input }] = await Promise.all([
        client.getTransactionReceipt({ hash }),
        client.getTransaction({ hash }),
      ]);
      steps.push({ id, gas: gasUsed, bytes: (input.length - 2) / 2 });
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
  return { parameters, steps, gas, gasPrice, cost: gas * gasPrice };
}

const authorityLines = ({ authority }: Parameters): string[] => {
  const { governor, recovery, guardian, delays } = authority;
  return [
    `governor  ${governor}, after ${delays.admin} s for roles, ${delays.parameters} s for parameters, ${delays.prices} s for sources`,
    `recovery  ${recovery}, after ${delays.admin} s`,
    `guardian  ${guardian}, at once, tightens only`,
  ];
};

export function describePlan({ parameters, steps, gas, gasPrice, cost }: Plan): string {
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
    `${left.length} of ${steps.length} transactions are left: ${gas} gas at ${formatGwei(gasPrice)} gwei = ${formatEther(cost)} ether (${bytes} bytes, which a rollup charges for besides)`,
    ...authorityLines(parameters),
  ].join("\n");
}
