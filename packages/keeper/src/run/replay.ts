// What would have been planned on blocks of the past: the ledger from their logs, prices as they were seen.
import { Ledger, readBlocks, type Deployment as Logs, type LogSource } from "@ballast/mirror";
import type { Client, Deployment } from "@ballast/sdk";
import { Watch } from "../book/watch.js";
import type { Intent } from "../send/intent.js";
import type { Plan, Strategy } from "../strategies/strategy.js";
import type { Decision, SeenBlock, Store } from "../store/store.js";
import { NotRecorded } from "./errors.js";
import { costIn, freshMarks, type Quoted } from "./markets.js";
import { decodeRecording } from "./recording.js";

export interface ReplayOptions {
  readonly logs: Logs;
  readonly deployment: Deployment;
  readonly source: LogSource;
  readonly store: Store;
  readonly client: Client;
  readonly payee: bigint;
  readonly native: (ledger: Ledger, quoted: Quoted) => bigint;
  /** Those that ask nodes are left out: a node tells the present. */
  readonly strategies: readonly Strategy[];
  readonly from: number;
  readonly to: number;
}

export interface ReplayedBlock {
  readonly block: number;
  readonly intents: readonly Intent[];
  readonly decisions: readonly Decision[];
}

/** Blocks read at once. */
const CHUNK = 2_000;

export async function* replay(options: ReplayOptions): AsyncGenerator<ReplayedBlock> {
  const { from, to, store, strategies } = options;
  const recorded = chainOf(await store.seen(from, to));
  if (recorded.size === 0) throw new NotRecorded(from, to);
  const ledger = await ledgerBefore(options);
  const watch = new Watch(ledger);
  for (const number of range(from, to)) {
    const seen = recorded.get(number);
    if (seen === undefined) {
      await applyUnseen(options.source, watch, number);
      continue;
    }
    const { logs, prices, gasPrice } = decodeRecording(seen.content);
    const header = { ...seen, timestamp: BigInt(seen.timestamp) };
    watch.apply({ kind: "applied", header, touched: ledger.apply({ header, logs }) });
    const quoted = { prices, marks: freshMarks(ledger, prices) };
    const { client, deployment, payee } = options;
    const native = options.native(ledger, quoted);
    const nobody = () => false;
    const snapshot = {
      head: { number, hash: seen.hash, timestamp: header.timestamp },
      ...{ watch, ledger, ...quoted, gasPrice, native, client, deployment, payee },
      ...{
        costOf: costIn(gasPrice, native),
        isBusy: nobody,
        isUnderWay: nobody,
        isKeyBusy: nobody,
        thorough: true,
        lost: () => 0n,
        count: () => undefined,
      },
    };
    const plans: Plan[] = [];
    for (const strategy of strategies) if (!strategy.asks) plans.push(await strategy.plan(snapshot));
    yield {
      block: number,
      intents: plans.flatMap(({ intents }) => intents),
      decisions: plans.flatMap(({ decisions }) => decisions),
    };
  }
}

/** A block that came together with later ones: nothing was planned on it. */
async function applyUnseen(source: LogSource, watch: Watch, number: number): Promise<void> {
  const { ledger } = watch;
  for (const block of await readBlocks(source, ledger, number, number, { all: true, bloom: true }))
    watch.apply({ kind: "applied", header: block.header, touched: ledger.apply(block) });
}

/** Of a fork the blocks that others follow. */
function chainOf(seen: readonly SeenBlock[]): Map<number, SeenBlock> {
  const chain = new Map<number, SeenBlock>();
  for (const block of [...seen].reverse()) {
    const parent = chain.get(block.number + 1)?.parentHash;
    if (parent === undefined ? !chain.has(block.number) : parent === block.hash) chain.set(block.number, block);
  }
  return chain;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function ledgerBefore({ logs, source, from }: ReplayOptions): Promise<Ledger> {
  const ledger = new Ledger(logs, { depth: 1 });
  for (let at = logs.fromBlock; at < from; at += CHUNK) {
    const last = Math.min(at + CHUNK, from) - 1;
    for (const block of await readBlocks(source, ledger, at, last, { all: false, bloom: true })) ledger.apply(block);
  }
  return ledger;
}
