// Puts a keeper together from its settings, and takes it apart.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  HttpRpc,
  Mirror,
  RpcSource,
  SocketHeads,
  type Deployment as Logs,
  type Ledger,
  type MirrorError,
  type Progress,
} from "@ballast/mirror";
import { accountId, assetOf, createClient, getReserve, type Client, type Deployment } from "@ballast/sdk";
import { createPublicClient, fallback, http, type LocalAccount } from "viem";
import type { Settings } from "../config/schema.js";
import type { SendEvent } from "../send/events.js";
import { SENDER_OPTIONS } from "../send/options.js";
import { WalletSender } from "../send/sender.js";
import { openStore } from "../store/open.js";
import type { Store } from "../store/store.js";
import { missing, strategiesOf } from "../strategies/index.js";
import { Books, Snapshots } from "./books.js";
import { Health } from "./health.js";
import { Keeper, type Parts } from "./keeper.js";
import type { Log } from "./log.js";
import type { Quoted } from "./markets.js";
import { Metrics } from "./metrics.js";
import { Published } from "./published.js";
import { KeeperServer } from "./server.js";
import { CountedRpc, TimedHeads, WatchedSource } from "./source.js";
import { Webhook } from "./webhook.js";

export interface Ordered {
  readonly settings: Settings;
  readonly deployment: Deployment;
  /** Nobody in a dry run. */
  readonly wallet: LocalAccount | undefined;
  readonly log: Log;
}

/** Looks at the head without word of it this many times in the time after which the loop counts as dead. */
const LOOKS = 10;

/** A keeper with everything around it. */
export class Opened {
  private constructor(
    readonly keeper: Keeper,
    readonly parts: Parts,
    readonly server: KeeperServer | undefined,
  ) {}

  static async open(ordered: Ordered): Promise<Opened> {
    const store = await openStore(ordered.settings.store);
    try {
      return await Opened.assemble(ordered, store);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private static async assemble(ordered: Ordered, store: Store): Promise<Opened> {
    const { settings, deployment, wallet, log } = ordered;
    const metrics = new Metrics();
    const health = healthOf(settings, store, metrics);
    const published = new Published(settings.strategies.quote.publish);
    const webhook = new Webhook(settings.webhook, log, metrics);
    const client = clientOf(settings, deployment, metrics);
    const native = nativeOf(settings, deployment);
    const strategies = strategiesOf(settings, {
      ...{ deployment, wallet: settings.dryRun ? undefined : wallet },
      tell: (alert) => webhook.tell(alert),
      publish: (orders) => published.publish(orders),
    });
    const rpc = new CountedRpc(rpcOf(settings), metrics);
    const source = new WatchedSource(new RpcSource(rpc), health);
    const heads = headsOf(settings);
    const books = await booksOf(ordered, client, { source, heads, metrics });
    const owner = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const price = { native: 0n };
    const sender = await senderOf(ordered, { store, rpc, owner, metrics, native: () => price.native });
    const parts: Parts = {
      ...{ settings, deployment, owner, payee: payeeOf(ordered), books, source, heads, rpc, client, store, sender },
      ...{ strategies, health, metrics, webhook, log },
      native: (ledger, quoted) => (price.native = native(ledger, quoted)),
    };
    const keeper = await Keeper.open(parts);
    const { listen } = settings;
    const served = { metrics, health, orders: () => published.text };
    const server = listen.enabled ? await KeeperServer.listen(served, listen) : undefined;
    return new Opened(keeper, parts, server);
  }

  async close(): Promise<void> {
    this.server?.close();
    await this.parts.store.close();
  }
}

const rpcOf = ({ rpc, timeout }: Settings): HttpRpc => new HttpRpc(rpc, { timeout: timeout * 1_000, rounds: 2 });

function healthOf(settings: Settings, store: Store, metrics: Metrics): Health {
  const silence = Math.max(settings.stall, (LOOKS * settings.poll) / 1_000, 3 * settings.timeout);
  return new Health({ stall: settings.stall, silence, tryStore: () => tryStore(store) }, metrics);
}

export async function tryStore(store: Store): Promise<void> {
  await store.holder("health");
}

/** Reads of strategies go from node to node like those of the mirror. */
function clientOf({ rpc, timeout }: Settings, { addresses }: Deployment, metrics: Metrics): Client {
  const onFetchResponse = (): void => metrics.rpc.inc({ method: "strategies" });
  const one = { timeout: timeout * 1_000, retryCount: 0, batch: true, onFetchResponse };
  const transport = fallback(
    rpc.map((url) => http(url, one)),
    { retryCount: 1 },
  );
  return createClient({ source: { publicClient: createPublicClient({ transport, cacheTime: 0 }) }, addresses });
}

function headsOf({ socket, timeout }: Settings): TimedHeads | undefined {
  return socket === undefined ? undefined : new TimedHeads(new SocketHeads(socket, timeout * 1_000));
}

/** What the mirror has to know of a deployment. */
export async function logsOf({ chainId, addresses, block }: Deployment, client: Client): Promise<Logs> {
  const { decimals } = await getReserve(client, {});
  const { clearingHouse, oracleRouter, liquidator, backstopPool, insuranceVault } = addresses;
  const vaults = [backstopPool, insuranceVault].filter((each) => each !== undefined);
  return {
    ...{ chainId, clearingHouse, liquidator, vaults },
    ...{ oracle: oracleRouter, quoteDecimals: decimals, fromBlock: Number(block) },
  };
}

async function booksOf(
  { settings, deployment, log }: Ordered,
  client: Client,
  { source, heads, metrics }: { source: WatchedSource; heads: TimedHeads | undefined; metrics: Metrics },
): Promise<Books> {
  const [logs, store] = [await logsOf(deployment, client), new Snapshots(settings.snapshot)];
  const tell = (error: Error): void => {
    metrics.troubles.inc({ kind: error.name });
    log.warn({ kind: error.name, error: error.message }, "begun anew");
  };
  const options = {
    store,
    saveEvery: settings.saveEvery,
    poll: settings.poll,
    silence: settings.silence,
    retryPause: Math.min(settings.poll, 250),
    ...(heads === undefined ? {} : { heads }),
    onTrouble: (error: MirrorError) => {
      metrics.troubles.inc({ kind: error.name });
      log.warn({ kind: error.name, error: error.message }, "trouble");
    },
    onProgress: ({ block, head, logs }: Progress) => log.debug({ block, head, logs }, "read"),
  };
  return Books.open(store, () => Mirror.open(logs, source, options), tell);
}

export function payeeOf({ settings, wallet }: Pick<Ordered, "settings" | "wallet">): bigint {
  if (settings.payee !== undefined) return settings.payee;
  if (wallet !== undefined) return accountId(wallet.address);
  throw missing(["payee"], "is needed where there is no wallet");
}

/** The market whose mark is the price of the native token. */
export function nativeAsset({ asset }: Settings["gas"], deployment: Deployment): number {
  if (asset === undefined && !("ETH" in deployment.markets))
    throw missing(["gas", "price"], "is needed: quote for one native token, or gas.asset for the market that says so");
  return assetOf(deployment, asset ?? "ETH");
}

/** Quote for one native token: as it is set, or the mark of a market. */
export function nativeOf({ gas }: Settings, deployment: Deployment): (ledger: Ledger, quoted: Quoted) => bigint {
  const { price } = gas;
  if (price !== undefined) return () => price;
  const asset = nativeAsset(gas, deployment);
  return (ledger, { prices }) => prices.get(asset)?.mark ?? ledger.prices.markOf(asset);
}

interface Around {
  readonly store: Store;
  readonly rpc: CountedRpc;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly native: () => bigint;
}

async function senderOf(
  ordered: Ordered,
  { store, rpc, owner, metrics, native }: Around,
): Promise<WalletSender | undefined> {
  const { settings, deployment, wallet, log } = ordered;
  if (settings.dryRun || wallet === undefined) return undefined;
  const { gas, send, relay, timeout } = settings;
  const sender = new WalletSender({
    ...{ store, rpc, account: wallet, chainId: deployment.chainId, owner },
    ...(relay === undefined ? {} : { relay: new HttpRpc([relay], { timeout: timeout * 1_000, rounds: 1 }) }),
    policy: { maxFee: gas.most, tip: gas.tip, maxCost: gas.cost, nativePrice: native },
    options: {
      ...SENDER_OPTIONS,
      ...{ pendingLimit: send.pending, bumpBlocks: send.bump, lifetime: send.lifetime, depth: send.depth },
      ...{ relayBlocks: send.relay, relayFallback: send.fallback, leaseMs: send.lease },
    },
    observe: (event) => observe(event, log, metrics),
  });
  await sender.start();
  return sender;
}

/** What the sender tells beside the outcomes of what it was handed. */
function observe({ kind, ...event }: SendEvent, log: Log, metrics: Metrics): void {
  if (kind === "outcome" || kind === "sent") return void log.debug({ event: kind, ...event }, "sender");
  if (kind !== "trouble") return void log.info({ event: kind, ...event }, "sender");
  metrics.troubles.inc({ kind: "sender" });
  log.warn({ event: kind, ...event }, "sender");
}
