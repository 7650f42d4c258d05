// Streams of logs that are made up and valid: they add up as the ledger's do, or the mirror would refuse them.
import { toEventSelector, type AbiParameter } from "viem";
import { Ledger, abis, accountId, type Block, type Change, type Deployment, type RawLog } from "@ballast/mirror";
import { Random } from "../../packages/reference/src/random.js";

const WAD = 10n ** 18n;
const RAY = 10n ** 27n;
const FEES = 4n;
const SECONDS_PER_BLOCK = 2n;

const address = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
export const deployment: Deployment = {
  chainId: 1,
  clearingHouse: address(0xb1),
  oracle: address(0xb2),
  liquidator: address(0xb3),
  vaults: [],
  quoteDecimals: 6,
  fromBlock: 1,
};

type Args = Readonly<Record<string, unknown>>;

/** Events as logs. */
class Writer {
  private logs: RawLog[] = [];
  private readonly events = new Map<string, { inputs: readonly AbiParameter[]; from: string; topic: string }>(
    [
      ...abis.clearingHouse.map((event) => ({ event, from: deployment.clearingHouse })),
      ...abis.oracle.map((event) => ({ event, from: deployment.oracle })),
      ...abis.liquidator.map((event) => ({ event, from: deployment.liquidator })),
    ].map(({ event, from }) => [event.name, { inputs: event.inputs, from, topic: toEventSelector(event) }]),
  );

  write(name: string, args: Args): void {
    const event = this.events.get(name);
    if (event === undefined) throw new RangeError(`there is no event ${name}`);
    const inputs = event.inputs as readonly (AbiParameter & { indexed?: boolean })[];
    const indexed = inputs.filter((input) => input.indexed === true);
    const data = inputs.filter((input) => input.indexed !== true).flatMap((input) => words(input, args));
    const topics = [event.topic, ...indexed.flatMap((input) => words(input, args)).map((word) => `0x${word}`)];
    this.logs.push({ address: event.from, topics, data: `0x${data.join("")}`, logIndex: this.logs.length });
  }

  take(): RawLog[] {
    const { logs } = this;
    this.logs = [];
    return logs;
  }
}

function words(input: AbiParameter, args: Args): string[] {
  const value = args[input.name ?? ""];
  if ("components" in input) return input.components.flatMap((part) => words(part, value as Args));
  return [
    BigInt.asUintN(256, BigInt(value as bigint))
      .toString(16)
      .padStart(64, "0"),
  ];
}

/** Makes up one block after another from what the ledger is. */
export class Economy {
  readonly ledger = new Ledger(deployment);
  readonly random: Random;
  readonly prices: Map<number, bigint>;
  readonly cash = new Map<bigint, bigint>();
  readonly writer = new Writer();
  number = 0;
  time = 1_700_000_000n;
  logs = 0;
  milliseconds = 0;

  constructor(
    readonly markets: readonly number[],
    seed = 11,
  ) {
    this.random = new Random(seed);
    this.prices = new Map(markets.map((asset) => [asset, 2_000n * WAD]));
  }

  begin(): void {
    const config = { kind: 1, state: 0, haircut: 3_000, floorRate: 500, capRate: 1_200, initialFactor: 20_000 };
    const rest = { initialCap: 3_000, deviations: 400, horizon: 1_800, fundingSlope: 1_000, fundingCap: 50 };
    const limits = { total: 10n ** 26n, crowdedFrom: 10n ** 26n, perAccount: WAD };
    for (const asset of this.markets)
      this.writer.write("AssetListed", {
        asset,
        config: { ...config, ...rest, depth: 10n ** 26n },
        limits,
        token: address(0),
      });
    this.endBlock();
  }

  /** What the closing chain may do in every market. */
  setTerms(): void {
    const shares = { target: 12_000, incentive: 5_000, penalty: 2_000, reduceImpact: 50, window: 200, inFlight: 500 };
    const terms = { ...shares, latency: 2, backstop: 2_000, tip: WAD / 2n };
    for (const asset of this.markets) this.writer.write("TermsSet", { asset, before: terms, terms });
  }

  beginBlock(): Change {
    for (const asset of this.markets) {
      const mark = ((this.prices.get(asset) ?? 0n) * this.random.between(9_990n, 10_010n)) / 10_000n;
      this.prices.set(asset, mark);
      this.writer.write("PriceLatched", { asset, mark, fast: mark, slow: mark, updatedAt: this.time, status: 0 });
      if (this.time - this.ledger.prices.of(asset).sampledAt >= 60n)
        this.writer.write("VarianceSampled", { asset, short: 31_709_791n, long: 31_709_791n });
      const drift = this.random.between(-(10n ** 22n), 10n ** 22n);
      const fundingIndex = this.ledger.markets.of(asset).fundingIndex + drift;
      this.writer.write("FundingAccrued", { asset, fundingIndex });
      const conditions = { maintenanceRate: WAD / 20n, targetRate: WAD / 20n, fundingRate: 0, fundingTarget: 0 };
      const shares = { depthShare: 10 ** 9, maintenanceDepthShare: 10 ** 9 };
      this.writer.write("ConditionsChanged", { asset, conditions: { ...conditions, ...shares } });
    }
    // What follows reads the funding index of now.
    return this.endBlock(0n);
  }

  endBlock(seconds = SECONDS_PER_BLOCK): Change {
    const logs = this.writer.take();
    const number = ++this.number;
    const hash = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;
    const header = { number, hash: hash(number), parentHash: hash(number - 1), timestamp: this.time };
    const block: Block = { header, logs };
    const started = performance.now();
    const touched = this.ledger.apply(block);
    this.milliseconds += performance.now() - started;
    this.logs += logs.length;
    this.time += seconds;
    this.cash.clear();
    return { kind: "applied", header, touched };
  }

  private pay(account: bigint, change: bigint): void {
    const cash = (this.cash.get(account) ?? this.ledger.cashOf(account)) + change;
    this.cash.set(account, cash);
    this.writer.write("CashChanged", { account, cash });
  }

  deposit(account: bigint, value: bigint): void {
    this.pay(account, value);
    const balance = this.cash.get(account) ?? 0n;
    this.writer.write("Deposited", { account, asset: 0, payer: address(0xee), value, balance });
  }

  withdraw(account: bigint, paid: bigint): void {
    const value = paid * 10n ** 12n;
    this.pay(account, -value);
    const balance = this.cash.get(account) ?? 0n;
    this.writer.write("Withdrawn", { account, asset: 0, to: address(0xee), value, paid, balance });
  }

  /** A touch and a change of a leg; what the touch paid. */
  private move(account: bigint, asset: number, delta: bigint): bigint {
    const position = this.ledger.positions.of(account, asset);
    const before = this.ledger.positions.preview(position);
    const size = before.size + delta;
    const turns = before.size === 0n || before.size > 0n !== delta > 0n;
    const keeps = before.size > 0n === size > 0n && size !== 0n;
    const basis = before.size !== 0n && (turns ? keeps || size === 0n : true) ? before.basis : this.markOf(asset);
    this.writer.write("PositionChanged", { account, asset, size, basis, settled: before.cash });
    return before.cash;
  }

  private markOf(asset: number): bigint {
    return this.prices.get(asset) ?? 0n;
  }

  trade(asset: number, buyer: bigint, seller: bigint, size: bigint, openInterest: bigint): bigint {
    const long = (account: bigint, delta: bigint) => {
      const { size: before } = this.ledger.positions.preview(this.ledger.positions.of(account, asset));
      const positive = (value: bigint) => (value > 0n ? value : 0n);
      return positive(before + delta) - positive(before);
    };
    const grown = openInterest + long(buyer, size) + long(seller, -size);
    const settled = [this.move(buyer, asset, size), this.move(seller, asset, -size)] as const;
    const price = this.markOf(asset);
    const value = (size * price) / WAD;
    const fee = value / 2_000n;
    this.writer.write("Exchanged", { asset, buyer, seller, size, price, openInterest: grown });
    this.pay(FEES, 2n * fee);
    this.pay(buyer, settled[0] - value - fee);
    this.pay(seller, settled[1] + value - fee);
    return grown;
  }

  /** A tenth of a leg closes against the whole other side. */
  offset(asset: number, account: bigint): void {
    const { fundingIndex, openInterest } = this.ledger.markets.of(asset);
    const { size } = this.ledger.positions.preview(this.ledger.positions.of(account, asset));
    const closed = (size < 0n ? -size : size) / 10n;
    if (closed === 0n) return;
    const long = size < 0n;
    const price = this.markOf(asset);
    const settled = this.move(account, asset, long ? closed : -closed);
    const side = this.ledger.sides.of(asset, long);
    const left = openInterest - closed;
    const up = (x: bigint, d: bigint) => (long ? x / d : (x + d - 1n) / d);
    const multiplier = up(side.multiplier * left, openInterest);
    const funded = (side.multiplier - multiplier) * fundingIndex;
    const moved = up(closed * price * (RAY / WAD) * side.multiplier, openInterest);
    const cashIndex = side.cashIndex + ((long ? moved - funded : funded - moved) >> 64n);
    const version = BigInt(side.version + 1);
    this.writer.write("SideOffset", {
      asset,
      long,
      closed,
      price,
      version,
      multiplier,
      cashIndex,
      openInterest: left,
    });
    const proceeds = long ? -((closed * price + WAD - 1n) / WAD) : (closed * price) / WAD;
    this.pay(account, settled + proceeds);
  }
}

export const owner = (i: number) =>
  accountId(`0x${(BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(40, "0").slice(-40)}`);
