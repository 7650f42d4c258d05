// Follows the market block by block: the ledger from its logs, who is at risk, what was done, and whether the laws hold.
import { Watch } from "@ballast/keeper";
import { HttpRpc, INSURANCE, Mirror, RpcSource, type Ledger } from "@ballast/mirror";
import type { AccountId } from "@ballast/sdk";
import { WAD } from "@ballast/math";
import type { Log } from "viem";
import { Laws } from "./laws.js";
import { CLOSING, Tally, type Closing } from "./tally.js";
import { quotesAgainstCalls } from "./quotes.js";
import { Witness } from "./witness.js";
import { vaultOf, PERPS, type World } from "./world.js";

/** Below this health an account is near its end. */
const NEAR = (12n * WAD) / 10n;
const NEAREST = 2_000;
/** Accounts that are compared with the chain when it is not all. */
const SAMPLE = 24;

/** The market at one block, amounts in whole quote. */
export interface Frame {
  readonly block: number;
  /** Seconds since the market opened. */
  readonly time: number;
  readonly phase: string;
  readonly prices: Readonly<Record<string, number>>;
  readonly failing: number;
  readonly near: number;
  readonly lots: number;
  readonly inLots: number;
  /** Notional closed so far. */
  readonly closed: Readonly<Record<Closing, number>>;
  readonly insurance: number;
  readonly deficit: number;
  readonly bankrupt: number;
  /** Paid so far. */
  readonly paid: { readonly insurance: number; readonly share: number; readonly income: number };
  readonly broken: number;
}

export const toNumber = (value: bigint): number => Number(value / 10n ** 12n) / 1e6;

export class Observer {
  readonly frames: Frame[] = [];
  /** Whether a deficit stood at the end of any block, and the most. */
  stood = 0n;
  private opened = 0n;

  private constructor(
    private readonly world: World,
    private readonly rpc: HttpRpc,
    private readonly mirror: Mirror,
    readonly watch: Watch,
    readonly tally: Tally,
    readonly laws: Laws,
    private readonly witness: Witness,
  ) {}

  static async open(world: World): Promise<Observer> {
    const { chain, deployment, pools } = world;
    const { addresses } = deployment;
    const vaults = [
      ...pools.map(({ pool }) => pool),
      vaultOf(addresses, "backstopPool"),
      vaultOf(addresses, "insuranceVault"),
    ];
    const rpc = new HttpRpc([chain.url]);
    const followed = {
      ...{ chainId: deployment.chainId, clearingHouse: addresses.clearingHouse, oracle: addresses.oracleRouter },
      ...{ liquidator: addresses.liquidator, vaults, quoteDecimals: 6, fromBlock: 0 },
    };
    // The laws are made of the ledger, and hear of its logs before.
    const heard: { laws?: Laws } = {};
    const mirror = await Mirror.open(followed, new RpcSource(rpc), { onBroken: (error) => heard.laws?.hear(error) });
    const { ledger } = mirror;
    const tally = new Tally((asset) => ledger.prices.markOf(asset));
    const laws = (heard.laws = new Laws(ledger, tally));
    await mirror.catchUp();
    const watch = new Watch(ledger);
    const witness = new Witness(world, ledger, watch, laws);
    const observer = new Observer(world, rpc, mirror, watch, tally, laws, witness);
    const past = ledger.head?.number ?? 0;
    tally.read(await observer.logsOf(0, past), () => 0n);
    observer.opened = watch.time;
    return observer;
  }

  get ledger(): Ledger {
    return this.mirror.ledger;
  }

  /** Everything up to the head. */
  async follow(): Promise<void> {
    const from = (this.ledger.head?.number ?? -1) + 1;
    const to = Number(await this.world.publicClient.getBlockNumber());
    const logs = to < from ? [] : await this.logsOf(from, to);
    if (to === from) await this.witness.look(logs, BigInt(to));
    const times = new Map<bigint, bigint>();
    for await (const change of this.mirror.toHead()) {
      this.watch.apply(change);
      if (change.kind === "applied") times.set(BigInt(change.header.number), change.header.timestamp);
    }
    this.tally.read(logs, (block) => times.get(block) ?? 0n);
    if (to === from) this.witness.check();
    const { deficit } = this.ledger.reserves;
    if (deficit > this.stood) this.stood = deficit;
  }

  look(phase: string, prices: Readonly<Record<string, number>>): Frame {
    const failing = this.watch.liquidatable();
    const near = this.watch.nearest(NEAREST).filter(isNear);
    const lots = [...this.ledger.lots.live()];
    const inLots = lots.reduce((sum, { asset, lot }) => sum + (lot.size * this.ledger.prices.markOf(asset)) / WAD, 0n);
    const { insured, used, shared, reduced } = this.tally.total();
    const frame = {
      ...{ block: this.ledger.head?.number ?? 0, time: Number(this.watch.time - this.opened), phase, prices },
      ...{ failing: failing.length, near: near.length, lots: lots.length, inLots: toNumber(inLots) },
      closed: Object.fromEntries(
        CLOSING.map((name) => [name, toNumber(this.tally.stages[name].notional)]),
      ) as Frame["closed"],
      insurance: toNumber(this.ledger.cashOf(INSURANCE)),
      ...{ deficit: toNumber(this.ledger.reserves.deficit), bankrupt: this.tally.bankrupt.size },
      paid: { insurance: toNumber(used), share: toNumber(shared), income: toNumber(reduced - insured - shared) },
      broken: this.laws.broken.length,
    };
    this.frames.push(frame);
    return frame;
  }

  /** Marks as they were latched last, in whole quote. */
  marks(): Readonly<Record<string, number>> {
    return Object.fromEntries(PERPS.map(({ name, asset }) => [name, toNumber(this.ledger.prices.markOf(asset))]));
  }

  check(): void {
    this.laws.check();
  }

  /** @param taker asks what bids and trades would execute */
  async compare(taker: AccountId, all = false): Promise<void> {
    await this.laws.compare(this.rpc, all ? undefined : SAMPLE);
    this.laws.quotes(await quotesAgainstCalls(this.world, this.ledger, taker));
  }

  private logsOf(from: number, to: number): Promise<Log[]> {
    const { clearingHouse, liquidator } = this.world.deployment.addresses;
    const blocks = { fromBlock: BigInt(from), toBlock: BigInt(to) };
    return this.world.publicClient.getLogs({ address: [clearingHouse, liquidator], ...blocks });
  }
}

const isNear = ({ marginEquity, maintenance }: { marginEquity: bigint; maintenance: bigint }): boolean =>
  marginEquity * WAD < maintenance * NEAR;
