// Runs the rows of the bench: production build, contracts wired as deployed, each call a cold transaction in a new block.
import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Scenario } from "../../test/gas/scenarios.js";
import { deployLocal, type World } from "../local.js";
import { hre } from "../production.js";
import { addressOf, type Step } from "./trace.js";
import type { Traced } from "./where.js";

export class NotMined extends Error {
  override name = "NotMined";

  constructor(readonly hash: string) {
    super(`${hash} has no receipt`);
  }
}

export type Receipts = readonly ContractTransactionReceipt[];

/** Runs each in a world of its own, and gives its receipts before the world is gone. */
export async function runAll(
  scenarios: readonly Scenario[],
  done: (scenario: Scenario, receipts: Receipts, connection: NetworkConnection) => Promise<void>,
): Promise<void> {
  const connection = await hre.network.create();
  const world = await deployLocal(connection);
  const clean = await connection.networkHelpers.takeSnapshot();
  for (const scenario of scenarios) {
    await done(scenario, await receiptsOf(scenario, world), connection);
    await clean.restore();
  }
}

/** A scenario may give assets other feeds, which end with it. */
async function receiptsOf(scenario: Scenario, world: World): Promise<Receipts> {
  return Promise.all([await scenario.run({ ...world, feeds: new Map(world.feeds) })].flat().map(receiptOf));
}

export async function receiptOf(transaction: ContractTransactionResponse): Promise<ContractTransactionReceipt> {
  const receipt = await transaction.wait();
  if (receipt === null) throw new NotMined(transaction.hash);
  return receipt;
}

export const gasOf = (receipts: Receipts): number => receipts.reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0);

const LEAN = { disableMemory: true, disableStorage: true };
/** No opcode that is looked at takes more. */
const WORDS = 7;

export async function traceOf({ provider }: NetworkConnection, receipt: ContractTransactionReceipt): Promise<Traced> {
  const ask = async (method: string, ...params: unknown[]): Promise<unknown> => provider.request({ method, params });
  const { data, to } = await receipt.getTransaction();
  const trace = (await ask("debug_traceTransaction", receipt.hash, LEAN)) as { structLogs: Step[] };
  const steps = trace.structLogs.map((step) => ({ ...step, stack: step.stack.slice(-WORDS) }));
  const called = new Set([(to ?? "").toLowerCase()]);
  for (const { op, stack } of steps) if (op.endsWith("CALL")) called.add(addressOf(stack.at(-2)));
  const codes = new Map<string, string>();
  for (const address of called) codes.set(address, (await ask("eth_getCode", address, "latest")) as string);
  return { to: to ?? "", data, gasUsed: Number(receipt.gasUsed), steps, codes };
}
