// How fast a keeper knows who can be liquidated and what it does about it, and how fast others would be.
//   npm run -s bench:keeper -- [--accounts 100000] [--sample 2000] [--seconds 30] [--no-chain] [--no-keeper] [--json]
// First without a chain: exact set after one price, after −17 % in all markets, and plans, over 1 and 20 markets with a tenth
// of the accounts and with all of them; every verdict is compared with the twin's. `scan` is a price of one market at which
// tens to hundreds fall, `calm` one at which nobody does. Then on anvil with the real contracts, where the same accounts stand in
// storage: the keeper as a process of its own with a block a second, then a price at which some fall and one of −17 %, with the set
// of the mirror against the ledger's view of every account by Multicall3. Single calls are measured for a sample; `scaled` names
// what is reckoned up to 100,000 from fewer.
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Anvil } from "./anvil.js";
import { benchBook, type BookFigures } from "./keeper/book.js";
import { benchChain, openStage, type ChainFigures, type Stage } from "./keeper/chain.js";
import { benchKeeper, type KeeperFigures } from "./keeper/process.js";

const MARKETS = [1, 20];
/** A number of its own, because what is deployed is remembered by chain. Blocks of a crash are large; nobody pays for what is only asked. */
const CHAIN = 1_000_000 + 10 * process.pid;
const ANVIL = [
  "--disable-code-size-limit",
  ...["--gas-limit", "1000000000000", "--accounts", "3", "--block-base-fee-per-gas", "1000000"],
  // A state of this size for every block fills a disk.
  ...["--prune-history", "32"],
];

const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "100000" },
    sample: { type: "string", default: "2000" },
    seconds: { type: "string", default: "30" },
    chain: { type: "boolean", default: true },
    keeper: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  },
  allowNegative: true,
});
const accounts = whole("accounts", 1_000);
const sample = whole("sample", 1);
const seconds = whole("seconds", 1);

/** Each number of accounts in each number of markets. */
const grid = MARKETS.flatMap((markets) => [Math.floor(accounts / 10), accounts].map((count) => ({ count, markets })));
const books = grid.map(said);
const chain = values.chain ? await onChain() : undefined;
const result = { ...headline(books, chain), books, ...(chain === undefined ? {} : { chain }) };
if (values.json) console.log(JSON.stringify(result));
else print(result);
process.exit(0);

function said({ count, markets }: Size): BookFigures {
  process.stderr.write(`${count} accounts in ${markets} markets\n`);
  return benchBook(count, markets);
}

interface Size {
  readonly count: number;
  readonly markets: number;
}

interface OnChain {
  readonly keeper: KeeperFigures | undefined;
  readonly ways: readonly ChainFigures[];
}

async function onChain(): Promise<OnChain> {
  let keeper: KeeperFigures | undefined;
  const ways: ChainFigures[] = [];
  for (const [serial, size] of grid.entries())
    await staged(serial, size, async (stage) => {
      if (values.keeper && isMain(size.count, size.markets)) keeper = await benchKeeper(stage, seconds);
      ways.push(await benchChain(stage, Math.min(sample, size.count)));
    });
  return { keeper, ways };
}

/** All accounts in one market: where the keeper runs, and where others are measured. */
function isMain(count: number, markets: number): boolean {
  return count === accounts && markets === 1;
}

async function staged(serial: number, { count, markets }: Size, work: (stage: Stage) => Promise<void>): Promise<void> {
  process.stderr.write(`a chain with ${count} accounts in ${markets} markets\n`);
  const id = CHAIN + serial;
  const anvil = await Anvil.start("--chain-id", String(id), ...ANVIL);
  try {
    await work(await openStage(anvil, count, markets));
  } finally {
    await anvil.stop();
    await rm(`deploy/deployments/chain-${id}`, { recursive: true, force: true });
  }
}

/** Of the largest books, whatever `accounts` says: the slower of one and of many markets. Null is what was not measured. */
function headline(books: readonly BookFigures[], chain: OnChain | undefined) {
  const largest = books.filter((book) => book.accounts === accounts);
  const { keeper, ways = [] } = chain ?? {};
  const first = ways.find((each) => isMain(each.chain_accounts, each.chain_markets));
  return {
    scan_100k_ms: Math.max(...largest.map(({ scan_ms }) => scan_ms)),
    scan_fell: Math.min(...largest.map(({ scan_fell }) => scan_fell)),
    crash_100k_ms: Math.max(...largest.map(({ crash_ms }) => crash_ms)),
    sent_p50_ms: keeper?.sent_p50_ms ?? null,
    sent_p99_ms: keeper?.sent_p99_ms ?? null,
    rpc_per_minute: keeper?.rpc_per_minute ?? null,
    rss_mb: keeper?.rss_mb ?? null,
    multicall_100k_ms: first?.multicall_100k_ms ?? null,
    naive_100k_ms: first?.naive_100k_ms ?? null,
    accounts,
    scaled: first?.scaled ?? [],
  };
}

function print({ books, chain, ...figures }: { books: readonly BookFigures[]; chain?: OnChain }): void {
  console.table(figures);
  console.table(books);
  console.table(chain?.ways ?? []);
  console.table(chain?.keeper ?? {});
}

function whole(name: "accounts" | "sample" | "seconds", least: number): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  console.error(`--${name} ${values[name]}: a whole number from ${least} on`);
  process.exit(2);
}
