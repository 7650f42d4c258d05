// How fast the mirror rebuilds a ledger from logs, and how much memory an account takes.
//   npm run -s bench:mirror -- [--accounts 100000] [--json]
// The logs are made up and valid: they add up as the ledger's do, or the mirror would refuse them. Every account deposits
// and trades against another one in one of four perps; a third trades again after funding and offsets, which it picks up;
// a tenth withdraws. A block has about 40 trades; in every block each market latches a price and accrues, and every
// hundredth an offset closes a part of a leg against the whole other side. Only what the mirror does is timed.
import { setFlagsFromString } from "node:v8";
import { parseArgs } from "node:util";
import { runInNewContext } from "node:vm";
import { toEventSelector, type AbiParameter } from "viem";
import { Ledger, abis, accountId, ledgerOf, linesOf, type Block, type Deployment, type RawLog } from "@ballast/mirror";
import { Random } from "../packages/reference/src/random.js";

const WAD = 10n ** 18n;
const RAY = 10n ** 27n;
const FEES = 4n;
const MARKETS = [1, 2, 3, 4];
const TRADES_PER_BLOCK = 40;
const SECONDS_PER_BLOCK = 2n;
const BLOCKS_PER_OFFSET = 100;

const { values } = parseArgs({
  options: { accounts: { type: "string", default: "100000" }, json: { type: "boolean", default: false } },
});
const accounts = Number(values.accounts);
if (!Number.isSafeInteger(accounts) || accounts < 100) {
  console.error(`--accounts ${values.accounts}: a whole number from 100 on`);
  process.exit(2);
}

const address = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
const deployment: Deployment = {
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
class Economy {
  readonly ledger = new Ledger(deployment);
  readonly random = new Random(11);
  readonly prices = new Map(MARKETS.map((asset) => [asset, 2_000n * WAD]));
  readonly cash = new Map<bigint, bigint>();
  readonly writer = new Writer();
  number = 0;
  time = 1_700_000_000n;
  logs = 0;
  milliseconds = 0;

  begin(): void {
    const config = { kind: 1, state: 0, haircut: 3_000, floorRate: 500, capRate: 1_200, initialFactor: 20_000 };
    const rest = { initialCap: 3_000, deviations: 400, horizon: 1_800, fundingSlope: 1_000, fundingCap: 50 };
    const limits = { total: 10n ** 26n, crowdedFrom: 10n ** 26n, perAccount: WAD };
    for (const asset of MARKETS)
      this.writer.write("AssetListed", {
        asset,
        config: { ...config, ...rest, depth: 10n ** 26n },
        limits,
        token: address(0),
      });
    this.endBlock();
  }

  beginBlock(): void {
    for (const asset of MARKETS) {
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
    this.endBlock(0n);
  }

  endBlock(seconds = SECONDS_PER_BLOCK): void {
    const logs = this.writer.take();
    const number = ++this.number;
    const hash = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;
    const header = { number, hash: hash(number), parentHash: hash(number - 1), timestamp: this.time };
    const block: Block = { header, logs };
    const started = performance.now();
    this.ledger.apply(block);
    this.milliseconds += performance.now() - started;
    this.logs += logs.length;
    this.time += seconds;
    this.cash.clear();
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

const owner = (i: number) =>
  accountId(`0x${(BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(40, "0").slice(-40)}`);

/** So many trades between accounts that come one after another, each of which deposits first where asked. */
function run(economy: Economy, first: number, last: number, opens: boolean): void {
  const { random } = economy;
  for (let i = first; i + 1 < last;) {
    economy.beginBlock();
    const openInterest = new Map(MARKETS.map((asset) => [asset, economy.ledger.markets.of(asset).openInterest]));
    for (let n = 0; n < TRADES_PER_BLOCK && i + 1 < last; n++, i += 2) {
      const pair = [owner(i), owner(i + 1)] as const;
      const asset = MARKETS[(i % 8) >> 1] ?? 1;
      if (opens) for (const account of pair) economy.deposit(account, 10_000n * WAD);
      else if (n % 3 === 0) economy.withdraw(pair[0], 1_000_000n);
      const [buyer, seller] = random.below(2) === 0 ? pair : [pair[1], pair[0]];
      const size = random.between(WAD / 100n, WAD);
      openInterest.set(asset, economy.trade(asset, buyer, seller, size, openInterest.get(asset) ?? 0n));
    }
    economy.endBlock();
    if (economy.number % BLOCKS_PER_OFFSET < 2) {
      economy.beginBlock();
      economy.offset(MARKETS[(random.below(i) % 8) >> 1] ?? 1, owner(random.below(i)));
      economy.endBlock();
    }
    if (economy.number % 200 < 2)
      process.stderr.write(`\r${opens ? "opening" : "trading"}: ${i} of ${last} accounts  `);
  }
  process.stderr.write("\n");
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const economy = new Economy();
const empty = heap();
economy.begin();
run(economy, 0, accounts, true);
run(economy, 0, Math.floor(accounts / 3), false);
const whole = heap();

process.stderr.write("storing and loading\n");
let started = performance.now();
const lines = [...linesOf(economy.ledger)];
const storing = performance.now() - started;
started = performance.now();
const loaded = await ledgerOf(lines, deployment, "lines");
const loading = performance.now() - started;
if (loaded.head?.number !== economy.number) throw new RangeError("what was loaded is not what was stored");

const loadedBytes = heap();
economy.ledger.journal.forget();
// What a mirror keeps to undo its last blocks does not grow with accounts.
const undoBytes = loadedBytes - heap();

const rows = economy.ledger.cash.accounts.size;
const seconds = economy.milliseconds / 1_000;
const result = {
  accounts: rows,
  blocks: economy.number,
  logs: economy.logs,
  msToRebuild: Math.round(economy.milliseconds),
  blocksPerSecond: Math.round(economy.number / seconds),
  logsPerSecond: Math.round(economy.logs / seconds),
  bytesPerAccount: Math.round((whole - empty - undoBytes) / rows),
  undoBytes,
  snapshotBytes: lines.reduce((sum, line) => sum + line.length + 1, 0),
  msToStore: Math.round(storing),
  msToLoad: Math.round(loading),
};
if (values.json) console.log(JSON.stringify(result));
else
  for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(18)} ${value.toLocaleString("en")}`);
