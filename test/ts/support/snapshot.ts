import { WAD } from "@ballast/math";
import { costIn, freshMarks, readPrices } from "../../../packages/keeper/src/run/markets.js";
import type { Snapshot } from "../../../packages/keeper/src/strategies/strategy.js";

/** What a strategy plans on, of a chain whose head is the block asked for now. */
export async function snapshotOf(
  known: Pick<Snapshot, "client" | "deployment" | "ledger" | "watch" | "payee">,
  busy: ReadonlySet<string> = new Set(),
): Promise<Snapshot> {
  const { client, deployment, ledger } = known;
  const prices = await readPrices(client.publicClient, deployment, ledger);
  const block = await client.publicClient.getBlock();
  const [gasPrice, native] = [1_000_000n, 2_000n * WAD];
  return {
    ...known,
    head: { number: Number(block.number), hash: block.hash, timestamp: block.timestamp },
    ...{ prices, marks: freshMarks(ledger, prices), gasPrice, native },
    costOf: costIn(gasPrice, native),
    isBusy: () => false,
    isUnderWay: () => false,
    isKeyBusy: (key) => busy.has(key),
    thorough: true,
    lost: () => 0n,
    count: () => undefined,
  };
}
