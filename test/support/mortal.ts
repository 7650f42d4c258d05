// A keeper in a process of its own that does every deed which is not done, and dies where it is told to.
import { openStore, WalletSender, type Store } from "@ballast/keeper";
import { HttpRpc, type Rpc, type RpcCall } from "@ballast/mirror";
import type { Anvil } from "../../scripts/anvil.js";
import { CHAIN, deedOf, GWEI, headOf, isDone, QUOTE, walletOf } from "../ts/support/deeds.js";

export type Phase = "claim" | "simulation" | "journal" | "wire" | "receipt" | "outcome" | "bump" | "cancel";

export interface Orders {
  readonly url: string;
  readonly store: string;
  readonly owner: string;
  readonly wallet: number;
  readonly deeds: number;
  /** Milliseconds. */
  readonly lease: number;
  readonly lifetime: number;
  readonly phase?: Phase;
  /** Is ready, and begins when it is told to. */
  readonly waits?: boolean;
  /** Wei per gas that it takes the blocks to cost, whatever they do. */
  readonly believed?: string;
}

/** Milliseconds. */
const GLANCE = 40;
const BURST = 6;
const BLOCKS_PER_BURST = 12;

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const die = (): void => void process.kill(process.pid, "SIGKILL");
const dieAt = (phase: Phase): void => (phase === orders.phase ? die() : undefined);

class MortalRpc implements Rpc {
  readonly nodes = [this];

  constructor(private readonly rpc: Rpc) {}

  async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    const answers = await this.rpc.batch(calls);
    if (calls[0]?.method === "eth_call") dieAt("simulation");
    if (calls[0]?.method === "eth_sendRawTransaction") dieAt("wire");
    return answers;
  }

  distrust(): void {
    this.rpc.distrust();
  }
}

/** Dies before or after a step of the journal. */
const mortal = (store: Store): Store =>
  new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...values: unknown[]): Promise<unknown> => {
        if (property === "settle") dieAt("receipt");
        const result: unknown = await Reflect.apply(value, target, values);
        if (property === "claim") dieAt("claim");
        if (property === "begin") dieAt("journal");
        if (property === "settle") dieAt("outcome");
        if (property === "attempt") dieAt((values[1] as { purpose: string }).purpose === "deed" ? "bump" : "cancel");
        return result;
      };
    },
  });

if (orders.waits === true) await new Promise((told) => process.once("message", told));

const rpc = new MortalRpc(new HttpRpc([orders.url], { timeout: 2_000, rounds: 1 }));
const chain = {
  ask: async (method: string, ...params: unknown[]) => (await rpc.batch([{ method, params }]))[0],
} as Anvil;
const store = mortal(await openStore(orders.store));
const sender = new WalletSender({
  ...{ store, rpc, account: walletOf(orders.wallet), chainId: CHAIN, owner: orders.owner },
  policy: { maxFee: 500n * GWEI, tip: GWEI, maxCost: 1_000n * QUOTE, nativePrice: () => 2_000n * QUOTE },
  options: { leaseMs: orders.lease, lifetime: orders.lifetime, bumpBlocks: 2, pendingLimit: 8 },
});

const underWay = new Set<bigint>();

/** More of them every few blocks; the wallets begin at different ends. */
function wanted(block: bigint): bigint[] {
  const most = Math.min(orders.deeds, BURST * (1 + Math.floor(Number(block) / BLOCKS_PER_BURST)));
  const deeds = Array.from({ length: most }, (_, i) => BigInt(i + 1));
  return orders.wallet === 0 ? deeds : deeds.reverse();
}

async function plan(block: bigint): Promise<void> {
  for (const deed of wanted(block)) {
    if (underWay.has(deed) || (await isDone(chain, deed))) continue;
    underWay.add(deed);
    const ticket = await sender.submit(deedOf(deed, { block }));
    const free = (): boolean => underWay.delete(deed);
    void ticket.outcome.then(free, free);
  }
}

await sender.start();
for (let last = -1; ; await new Promise((next) => setTimeout(next, GLANCE))) {
  const head = await headOf(chain).catch(() => undefined);
  if (head === undefined || head.number === last) continue;
  last = head.number;
  void sender.onBlock(orders.believed === undefined ? head : { ...head, baseFee: BigInt(orders.believed) });
  await plan(BigInt(last));
}
