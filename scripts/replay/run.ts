// One run of one scenario: prices step by step, and the books of what the closing chain did.
import { STEP, type Path } from "../../packages/reference/src/paths.js";
import { Random } from "../../packages/reference/src/random.js";
import { Stage, WAD } from "../local.js";
import { BACKSTOP, BIDDERS, Chain, DEPTH, MADE, START, toNumber, type Entry } from "./market.js";
import { Payments, type Payers } from "./payers.js";
import { populate, type Planned } from "./population.js";

const QUIET = 60;
/** Health below which an account is looked at, and one within the next minute below which every step counts. */
const NEAR = 1.03;
const CLOSE = 1.05;
const SAFE = 1.2;
const SUB_IDS = (1n << 96n) - 1n;
const STAGES = ["reduce", "auction", "absorb", "offset"] as const;
type StageName = (typeof STAGES)[number];

export interface StageFigures {
  accounts: number;
  steps: number;
  notional: number;
  premium: number;
}

export interface Outcome {
  seed: number;
  accounts: number;
  /** Whose margin was raised to what the market asked for. */
  raised: number;
  opened: number;
  liquidated: number;
  bankrupt: number;
  /** Equity below zero at any step. */
  everBankrupt: number;
  /** Of accounts that are below zero at the end and still hold something. */
  deficitLeft: number;
  payers: Payers;
  /** The most that the other side had gained at any step, shares it paid not taken off. */
  gained: bigint;
  offsets: { accounts: number; notional: number };
  /** The most that one `liquidate` used. */
  gas: number;
  /** Calls that failed with an error that no account should meet, and stages that failed and were passed. */
  refused: number;
  failed: number;
  stages: Record<StageName, StageFigures>;
  /** Seconds from the start of a lot to its fill, and from below maintenance to safe or closed. */
  fills: number[];
  rescues: number[];
  /** Account-steps in which nothing was possible, by why there was no auction. */
  blocked: Record<string, number>;
  takersLiquidated: number;
  takers: number;
  backstop: number;
  pool: number;
  lowest: number;
  sigma: number;
  rate: number;
  steps: number;
  unaccounted: string;
  sizes: string;
}

export interface RunOptions {
  seed: number;
  accounts: number;
  impact: boolean;
  up: boolean;
  /** Seconds from the crash on in which nobody liquidates or bids. */
  outage?: number;
}

interface Member {
  trader: bigint;
  taker: boolean;
  size: number;
  cash: number;
  lot: number | undefined;
  trouble: number | undefined;
  deposit: bigint;
  booked: bigint;
  ever: boolean;
  worked: Set<StageName>;
}

interface Look {
  trader: bigint;
  size: bigint;
  equity: bigint;
  maintenance: bigint;
  auction: bigint;
  gas: bigint;
}

const REASONS = [
  "none",
  "no pool",
  "own account",
  "frozen",
  "no room",
  "toxic",
  "no backstop",
  "pays too little",
  "live",
];

export class Run {
  private readonly members = new Map<bigint, Member>();
  private readonly direction: number;
  private rate = 0.05;
  private depth = DEPTH;
  private factor = 1;
  private planned: Planned[];
  private readonly outcome: Outcome;
  private readonly payments: Payments;
  private readonly orphans = new Set<bigint>();

  constructor(
    private readonly chain: Chain,
    private readonly path: Path,
    private readonly options: RunOptions,
  ) {
    this.direction = options.up ? -1 : 1;
    this.planned = populate(options.accounts, path.crash, !options.up, new Random(options.seed));
    const { insurance, backstop, capital } = chain.funds;
    this.payments = new Payments(BigInt(insurance) * WAD);
    for (const trader of [BACKSTOP, ...BIDDERS]) {
      this.join(trader, true, BigInt(trader === BACKSTOP ? backstop : capital) * WAD, 0, 0);
    }
    this.outcome = begin(options.seed, options.accounts);
  }

  async go(): Promise<Outcome> {
    await this.chain.reset();
    for (let at = 0; at < this.path.end;) {
      at = Math.min(this.path.end, this.next(at));
      await this.advance(at);
    }
    await this.finish();
    return this.outcome;
  }

  private next(at: number): number {
    const later = at + (this.isBusy(at) ? STEP : QUIET);
    const opening = this.planned[0]?.at;
    return opening !== undefined && opening > at ? Math.min(later, opening) : later;
  }

  private async advance(at: number): Promise<void> {
    const price = this.priceAt(at);
    this.outcome.lowest = Math.min(this.outcome.lowest, this.direction > 0 ? price : 1 / price);
    this.outcome.steps++;
    const openings = this.planned.filter((planned) => planned.at <= at);
    if (openings.length > 0) {
      this.planned = this.planned.slice(openings.length);
      for (const entry of await this.chain.open(
        at,
        price,
        openings.map(({ opening }) => opening),
      ))
        this.record(entry, at, price * START);
      return;
    }
    this.judge(at, price * START);
    const candidates = this.isOut(at) ? [] : this.candidates(price * START);
    const [waiting, others] = [true, false].map((lot) =>
      candidates.filter((member) => (member.lot !== undefined) === lot).map(({ trader }) => trader),
    ) as [bigint[], bigint[]];
    const entries = await this.chain.step(at, price, waiting, others);
    const before = this.notional();
    for (const entry of entries) this.record(entry, at, price * START);
    if (this.options.impact) this.factor *= 1 - (this.direction * (this.notional() - before)) / DEPTH;
  }

  private priceAt(at: number): number {
    const price = this.path.prices[Math.round(at / STEP)];
    if (price === undefined) throw new RangeError(`no price at ${at} s`);
    return price * this.factor;
  }

  /** Whether anybody may fall below maintenance within a quiet step, or a lot waits that somebody might take. */
  private isBusy(at: number): boolean {
    const from = Math.round(at / STEP);
    const part = this.path.prices.subarray(from, from + QUIET / STEP + 1);
    const worst = (this.direction > 0 ? Math.min(...part) : Math.max(...part)) * this.factor * START;
    for (const member of this.members.values()) {
      if (member.size === 0) continue;
      if (member.lot !== undefined || this.healthOf(member, worst) < CLOSE) return true;
    }
    return false;
  }

  private isOut(at: number): boolean {
    const { crash } = this.path;
    return at >= crash && at < crash + (this.options.outage ?? 0);
  }

  private candidates(mark: number): Member[] {
    const chosen: Member[] = [];
    for (const member of this.members.values()) {
      if (member.size === 0) continue;
      if (member.lot === undefined && this.healthOf(member, mark) >= NEAR) continue;
      chosen.push(member);
    }
    return chosen;
  }

  private healthOf({ size, cash }: Member, mark: number): number {
    const notional = Math.abs(size) * mark;
    return (cash + size * mark) / (notional * (this.rate + notional / (2 * this.depth)));
  }

  private record(entry: Entry, at: number, mark: number): void {
    const { name, args } = entry;
    this.payments.record(entry);
    if (name === "Opened") this.recordOpened(args as never);
    else if (name === "Stepped") this.recordStep(args as never, mark);
    else if (name === "LotFilled") this.recordFill(args as never, at, mark);
    else if (name === "PassedOn") this.recordPassedOn(args as never);
    else if (name === "LotChanged") this.recordLot(args as never, at);
    else if (name === "DeficitBooked") this.recordDeficit(args as never);
    else if (name === "Offset") this.recordOffset(args as never);
    else if (name === "Looked") this.recordLooks(args as never);
    else if (name === "Refused") this.outcome.refused++;
    else if (name === "StageFailed") this.outcome.failed++;
  }

  private recordOpened(args: { trader: bigint; size: bigint; price: bigint; margin: bigint; raised: boolean }): void {
    const size = toNumber(args.size);
    this.join(args.trader, false, args.margin, size, size * toNumber(args.price));
    this.outcome.opened += Math.abs(size) * toNumber(args.price);
    if (args.raised) this.outcome.raised++;
  }

  private recordStep(args: { account: bigint; stage: bigint; size: bigint; price: bigint }, mark: number): void {
    // Of what closes against the other side the ledger says how much.
    if (args.stage === Stage.Offset) return;
    const stage = args.stage === Stage.Reduce ? "reduce" : "absorb";
    const [size, price] = [toNumber(args.size), toNumber(args.price)];
    this.work(args.account, stage, size * mark, this.direction * (mark - price) * size);
    if (stage === "absorb") this.take(BACKSTOP, size, price);
  }

  private recordFill(
    args: { account: bigint; taker: bigint; size: bigint; price: bigint; premium: bigint },
    at: number,
    mark: number,
  ): void {
    const [size, price] = [toNumber(args.size), toNumber(args.price)];
    this.work(args.account, "auction", size * mark, toNumber(args.premium));
    this.take(args.taker & SUB_IDS, size, price);
    this.outcome.fills.push(at - (this.member(args.account).lot ?? at));
  }

  private recordPassedOn({ bidder, size, price }: { bidder: bigint; size: bigint; price: bigint }): void {
    const member = this.member(bidder);
    member.size -= toNumber(size);
    member.cash += toNumber(size) * toNumber(price);
  }

  private recordLot({ account, lot }: { account: bigint; lot: { size: bigint } }, at: number): void {
    this.member(account).lot = lot.size === 0n ? undefined : at;
  }

  private recordDeficit({ account, amount }: { account: bigint; amount: bigint }): void {
    this.member(account).booked += amount;
  }

  private recordOffset({ account, size, price }: { account: bigint; size: bigint; price: bigint }): void {
    const notional = toNumber(size) * toNumber(price);
    this.work(account, "offset", notional, 0);
    this.orphans.add(account);
    this.outcome.offsets.notional += notional;
  }

  private recordLooks({
    conditions,
    looks,
  }: {
    conditions: { mark: bigint; sigma: bigint; rate: bigint; depth: bigint; makers: bigint };
    looks: readonly Look[];
  }): void {
    this.rate = toNumber(conditions.rate);
    this.depth = toNumber(conditions.depth);
    this.outcome.rate = Math.max(this.outcome.rate, this.rate);
    this.outcome.sigma = Math.max(this.outcome.sigma, toNumber(conditions.sigma) * Math.sqrt(365 * 86_400));
    const gained = conditions.makers - MADE + this.payments.shared;
    if (gained > this.outcome.gained) this.outcome.gained = gained;
    for (const look of looks) this.recordLook(look, toNumber(conditions.mark));
  }

  private recordLook(look: Look, mark: number): void {
    const member = this.member(look.trader);
    const equity = toNumber(look.equity);
    member.size = toNumber(look.size);
    member.cash = equity - member.size * mark;
    if (equity < 0) member.ever = true;
    this.outcome.gas = Math.max(this.outcome.gas, Number(look.gas));
    if (look.auction === 0n || equity <= 0) return;
    const reason = REASONS[Number(look.auction)] ?? "unknown";
    this.outcome.blocked[reason] = (this.outcome.blocked[reason] ?? 0) + 1;
  }

  /** Who is bankrupt, in trouble, or out of it at this price. */
  private judge(at: number, mark: number): void {
    for (const member of this.members.values()) {
      if (member.size === 0 && member.trouble === undefined) continue;
      const health = member.size === 0 ? Infinity : this.healthOf(member, mark);
      if (health < 0) member.ever = true;
      if (health < 1) member.trouble ??= at;
      else if (health >= SAFE) this.rescue(member, at);
    }
  }

  private rescue(member: Member, at: number): void {
    if (member.trouble !== undefined && member.worked.size > 0) this.outcome.rescues.push(at - member.trouble);
    member.trouble = undefined;
  }

  private work(account: bigint, stage: StageName, notional: number, premium: number): void {
    const member = this.member(account);
    const figures = this.outcome.stages[stage];
    if (!member.taker && !member.worked.has(stage)) figures.accounts++;
    member.worked.add(stage);
    figures.steps++;
    figures.notional += notional;
    figures.premium += premium;
  }

  private take(taker: bigint, size: number, price: number): void {
    const member = this.member(taker);
    member.size += this.direction * size;
    member.cash -= this.direction * size * price;
  }

  private notional(): number {
    return STAGES.reduce((sum, stage) => sum + this.outcome.stages[stage].notional, 0);
  }

  private join(trader: bigint, taker: boolean, deposit: bigint, size: number, paid: number): void {
    const fresh = { lot: undefined, trouble: undefined, booked: 0n, ever: false };
    const cash = toNumber(deposit) - paid;
    this.members.set(trader, { trader, taker, deposit, size, cash, worked: new Set(), ...fresh });
  }

  private member(account: bigint): Member {
    const member = this.members.get(account & SUB_IDS);
    if (member === undefined) throw new RangeError(`nobody has account ${account}`);
    return member;
  }

  private async finish(): Promise<void> {
    const { outcome, chain } = this;
    const traders = [...this.members.values()].filter(({ taker }) => !taker);
    const balance = await chain.balance(traders.map(({ trader }) => trader));
    outcome.unaccounted = String(balance.unaccounted);
    outcome.sizes = String(balance.sizes);
    for (const member of traders) await this.finishTrader(member);
    outcome.offsets.accounts = this.orphans.size;
    outcome.payers = this.payments.close(await this.ownLoss(), await chain.rows());
    outcome.backstop = toNumber(await chain.equityOf(BACKSTOP));
    for (const bidder of BIDDERS) outcome.takers += toNumber(await chain.equityOf(bidder));
    outcome.takersLiquidated = [...this.members.values()].filter(
      ({ taker, worked }) => taker && worked.size > 0,
    ).length;
    outcome.pool = await chain.poolEquity();
  }

  private async finishTrader(member: Member): Promise<void> {
    const untouched = member.worked.size === 0 && !member.ever;
    const equity = untouched ? 0 : toNumber(await this.chain.equityOf(member.trader));
    const bankrupt = equity < 0 || member.booked > 0n;
    if (equity < 0) this.outcome.deficitLeft -= equity;
    if (bankrupt) this.outcome.bankrupt++;
    if (bankrupt || member.ever) this.outcome.everBankrupt++;
    if (bankrupt || member.worked.size > 0) this.outcome.liquidated++;
  }

  /** What accounts with a deficit brought and have no more. */
  private async ownLoss(): Promise<bigint> {
    let sum = 0n;
    for (const { trader, deposit, booked } of this.members.values()) {
      if (booked > 0n) sum += deposit - (await this.chain.equityOf(trader));
    }
    return sum;
  }
}

const NOBODY: Payers = {
  ...{ own: 0n, loss: 0n, insured: 0n, rewards: 0n, shared: 0n, income: 0n, standing: 0n, stood: 0n },
  ...{ deficits: 0, fraction: 0, differences: [] },
};

function begin(seed: number, accounts: number): Outcome {
  const none = (): StageFigures => ({ accounts: 0, steps: 0, notional: 0, premium: 0 });
  const zero = { raised: 0, opened: 0, liquidated: 0, bankrupt: 0, everBankrupt: 0, deficitLeft: 0 };
  const actors = { takersLiquidated: 0, takers: 0, backstop: 0, pool: 0, lowest: 1, sigma: 0, rate: 0, steps: 0 };
  const lists = { fills: [], rescues: [], blocked: {}, unaccounted: "0", sizes: "0" };
  const stages = { reduce: none(), auction: none(), absorb: none(), offset: none() };
  const losses = { payers: NOBODY, gained: 0n, offsets: { accounts: 0, notional: 0 }, gas: 0, refused: 0, failed: 0 };
  return { seed, accounts, ...zero, ...actors, ...lists, ...losses, stages };
}
