// How fast the mirror rebuilds a ledger from logs, and how much memory an account takes.
//   npm run -s bench:mirror -- [--accounts 100000] [--json]
// The logs are made up and valid: they add up as the ledger's do, or the mirror would refuse them. Every account deposits
// and trades against another one in one of four perps; a third trades again after funding and offsets, which it picks up;
// a tenth withdraws. A block has about 40 trades; in every block each market latches a price and accrues, and every
// hundredth an offset closes a part of a leg against the whole other side. Only what the mirror does is timed.
import { setFlagsFromString } from "node:v8";
import { parseArgs } from "node:util";
import { runInNewContext } from "node:vm";
import { ledgerOf, linesOf } from "@ballast/mirror";
import { Economy, deployment, owner } from "../test/support/economy.js";

const WAD = 10n ** 18n;
const MARKETS = [1, 2, 3, 4];
const TRADES_PER_BLOCK = 40;
const BLOCKS_PER_OFFSET = 100;

const { values } = parseArgs({
  options: { accounts: { type: "string", default: "100000" }, json: { type: "boolean", default: false } },
});
const accounts = Number(values.accounts);
if (!Number.isSafeInteger(accounts) || accounts < 100) {
  console.error(`--accounts ${values.accounts}: a whole number from 100 on`);
  process.exit(2);
}

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

const economy = new Economy(MARKETS);
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
