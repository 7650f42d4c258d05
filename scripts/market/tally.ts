// What the logs of a market come to: what each stage closed, what was lost, who paid.
import { clearingHouseAbi, liquidatorAbi } from "@ballast/sdk";
import { parseEventLogs, type Hash, type Log } from "viem";
import { WAD } from "./world.js";

export const CLOSING = ["reduce", "auction", "absorb", "offset"] as const;
export const PAYING = ["ownMargin", "insurance", "share", "standing"] as const;
export type Closing = (typeof CLOSING)[number];

const STAGE_NAMES: Readonly<Record<number, Closing>> = { 1: "reduce", 3: "absorb" };
/** Events of transactions that did something with an account or a lot. */
const WORK = new Set<string>(["Stepped", "LotFilled", "LotChanged", "Offset"]);
const ABI = [...liquidatorAbi, ...clearingHouseAbi] as const;

export interface StageFigures {
  steps: number;
  readonly accounts: Set<bigint>;
  notional: bigint;
  /** Price against mark and premium, paid by the account. */
  cost: bigint;
}

/** Of one market's losses. */
export interface Losses {
  booked: bigint;
  reduced: bigint;
  insured: bigint;
  used: bigint;
  shared: bigint;
  fraction: bigint;
}

/** Of offsets: what accounts lost of their size, and what each side did. */
interface Offsets {
  orphaned: bigint;
  closed: bigint;
  events: number;
}

type Args = Readonly<Record<string, unknown>>;

export class Tally {
  readonly stages: Readonly<Record<Closing, StageFigures>> = {
    ...{ reduce: stage(), auction: stage(), absorb: stage(), offset: stage() },
  };
  readonly losses = new Map<number, Losses>();
  readonly offsets = new Map<number, Offsets>();
  /** What everybody brought, in 1e18 of quote; of spot the size. */
  readonly brought = new Map<bigint, bigint>();
  readonly broughtSpot = new Map<bigint, bigint>();
  readonly bankrupt = new Set<bigint>();
  /** Of keepers and bidders. */
  readonly transactions = new Set<Hash>();
  /** Seconds from the opening of a lot to each fill. */
  readonly fills: number[] = [];
  /** Notional closed for the market in the blocks since last asked, signed: below zero is sold. */
  private pressure = new Map<number, bigint>();
  readonly counts = { logs: 0, skipped: 0, unexplained: 0, failed: 0, lots: 0 };
  private readonly lots = new Map<string, bigint>();
  penalties = 0n;
  tips = 0n;

  /** @param markOf latched last */
  constructor(private readonly markOf: (asset: number) => bigint) {}

  read(logs: readonly Log[], timeOf: (block: bigint) => bigint): void {
    this.counts.logs += logs.length;
    const parsed = parseEventLogs({ abi: ABI, logs: [...logs], strict: false });
    for (const { eventName, args, blockNumber, transactionHash } of parsed) {
      if (WORK.has(eventName)) this.transactions.add(transactionHash);
      this.take(eventName, args, timeOf(blockNumber));
    }
  }

  lossesOf(asset: number): Losses {
    const none = { booked: 0n, reduced: 0n, insured: 0n, used: 0n, shared: 0n, fraction: 0n };
    const found = this.losses.get(asset) ?? none;
    this.losses.set(asset, found);
    return found;
  }

  /** All markets together. */
  total(): Losses {
    const all = [...this.losses.values()];
    const sum = (key: keyof Losses): bigint => all.reduce((total, losses) => total + losses[key], 0n);
    const fraction = all.reduce((most, each) => (each.fraction > most ? each.fraction : most), 0n);
    const sums = { booked: sum("booked"), reduced: sum("reduced"), insured: sum("insured") };
    return { ...sums, used: sum("used"), shared: sum("shared"), fraction };
  }

  takePressure(): ReadonlyMap<number, bigint> {
    const taken = this.pressure;
    this.pressure = new Map();
    return taken;
  }

  private take(name: string, args: Args, time: bigint): void {
    const [asset, amount] = [Number(args["asset"]), args["amount"] as bigint];
    if (name === "Stepped") this.step(args, asset);
    else if (name === "LotFilled") this.fill(args, asset, time);
    else if (name === "LotChanged") this.lot(args, asset, time);
    else if (name === "Offset") this.offset(args, asset);
    else if (name === "SideOffset") this.offsetsOf(asset).closed += args["closed"] as bigint;
    else if (name === "DeficitBooked") this.book(args, asset);
    else if (name === "DeficitReduced") this.lossesOf(asset).reduced += amount;
    else if (name === "DeficitInsured") this.lossesOf(asset).insured += amount;
    else if (name === "InsuranceUsed") this.lossesOf(asset).used += amount;
    else if (name === "ProfitShared") this.share(args, asset);
    else if (name === "Deposited") this.deposit(args, asset, 1n);
    else if (name === "Withdrawn") this.deposit(args, asset, -1n);
    else if (name === "StageFailed") this.counts.failed++;
    else if (name === "Skipped") this.skip(args["reason"] as string);
  }

  private step(args: Args, asset: number): void {
    const name = STAGE_NAMES[Number(args["stage"])];
    this.pay(args);
    if (name === undefined) return;
    const [account, size, price] = [args["account"], args["size"], args["price"]] as [bigint, bigint, bigint];
    const mark = this.markOf(asset);
    const notional = (magnitude(size) * mark) / WAD;
    this.count(name, account, notional, (magnitude(size) * magnitude(mark - price)) / WAD);
    if (name === "reduce") this.push(asset, size, price < mark ? -notional : notional);
  }

  private fill(args: Args, asset: number, time: bigint): void {
    const [account, size, price] = [args["account"], args["size"], args["price"]] as [bigint, bigint, bigint];
    const notional = (magnitude(size) * this.markOf(asset)) / WAD;
    this.pay(args);
    this.count("auction", account, notional, args["premium"] as bigint);
    this.push(asset, size, price <= this.markOf(asset) ? -notional : notional);
    const opened = this.lots.get(`${account}/${asset}`);
    if (opened !== undefined) this.fills.push(Number(time - opened));
  }

  private lot(args: Args, asset: number, time: bigint): void {
    const key = `${String(args["account"])}/${asset}`;
    const { size } = args["lot"] as { size: bigint };
    if (size === 0n) return void this.lots.delete(key);
    if (this.lots.has(key)) return;
    this.counts.lots++;
    this.lots.set(key, time);
  }

  private offset(args: Args, asset: number): void {
    const [account, size, price] = [args["account"], args["size"], args["price"]] as [bigint, bigint, bigint];
    this.count("offset", account, (magnitude(size) * price) / WAD, 0n);
    const offsets = this.offsetsOf(asset);
    offsets.orphaned += magnitude(size);
    offsets.events++;
  }

  private book(args: Args, asset: number): void {
    this.lossesOf(asset).booked += args["amount"] as bigint;
    this.bankrupt.add(args["account"] as bigint);
  }

  private share(args: Args, asset: number): void {
    const losses = this.lossesOf(asset);
    losses.shared += args["paid"] as bigint;
    const fraction = args["fraction"] as bigint;
    if (fraction > losses.fraction) losses.fraction = fraction;
  }

  private deposit(args: Args, asset: number, sign: bigint): void {
    const into = asset === 0 ? this.brought : this.broughtSpot;
    const account = args["account"] as bigint;
    into.set(account, (into.get(account) ?? 0n) + sign * (args["value"] as bigint));
  }

  private skip(reason: string): void {
    this.counts.skipped++;
    if (reason === "0x") this.counts.unexplained++;
  }

  private pay(args: Args): void {
    this.penalties += args["penalty"] as bigint;
    this.tips += args["tip"] as bigint;
  }

  private count(name: Closing, account: bigint, notional: bigint, cost: bigint): void {
    const figures = this.stages[name];
    figures.steps++;
    figures.accounts.add(account);
    figures.notional += notional;
    figures.cost += cost;
  }

  private push(asset: number, size: bigint, notional: bigint): void {
    if (size !== 0n) this.pressure.set(asset, (this.pressure.get(asset) ?? 0n) + notional);
  }

  private offsetsOf(asset: number): Offsets {
    const found = this.offsets.get(asset) ?? { orphaned: 0n, closed: 0n, events: 0 };
    this.offsets.set(asset, found);
    return found;
  }
}

const stage = (): StageFigures => ({ steps: 0, accounts: new Set(), notional: 0n, cost: 0n });

export const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
