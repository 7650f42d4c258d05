// How fast a keeper knows who can be liquidated and what it does about it, and how fast others would be.
//   npm run -s bench:keeper -- [--accounts 100000] [--sample 2000] [--seconds 30] [--no-chain] [--no-keeper] [--json]
// First without a chain: exact set after one price, after −17 % in all markets, and plans, over 1 and 20 markets with a tenth
// of the accounts and with all of them; every verdict is compared with the twin's. Then on anvil with the real contracts,
// where the same accounts stand in storage: the keeper as a process of its own with a block a second, then −17 %, and the set
// of the mirror against the ledger's view of every account by Multicall3. Single calls are measured for a sample;
// `scaled` names what is reckoned up to 100,000 from fewer.
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Anvil } from "./anvil.js";
import { benchBook, type BookFigures } from "./keeper/book.js";
import { benchChain, openStage, type ChainFigures } from "./keeper/chain.js";
import { benchKeeper, type KeeperFigures } from "./keeper/process.js";

const MARKETS = [1, 20];
/** A number of its own, because what is deployed is remembered by chain. Blocks of a crash are large; nobody pays for what is only asked. */
const CHAIN = 1_000_000 + process.pid;
const ANVIL = [
  "--chain-id",
  String(CHAIN),
  "--gas-limit",
  "1000000000000",
  "--accounts",
  "3",
  "--block-base-fee-per-gas",
  "1000000",
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

const books = MARKETS.flatMap((markets) => [accounts / 10, accounts].map((count) => said(count, markets)));
const chain = values.chain ? await onChain() : undefined;
const result = { ...headline(books, chain), books, ...(chain === undefined ? {} : { chain }) };
if (values.json) console.log(JSON.stringify(result));
else print(result);
process.exit(0);

function said(count: number, markets: number): BookFigures {
  process.stderr.write(`${count} accounts in ${markets} markets\n`);
  return benchBook(Math.floor(count), markets);
}

interface OnChain {
  readonly keeper: KeeperFigures | undefined;
  readonly ways: ChainFigures;
}

async function onChain(): Promise<OnChain> {
  process.stderr.write(`a chain with ${accounts} accounts\n`);
  const anvil = await Anvil.start(...ANVIL);
  try {
    const stage = await openStage(anvil, accounts, 1);
    const keeper = values.keeper ? await benchKeeper(stage, seconds) : undefined;
    return { keeper, ways: await benchChain(stage, sample) };
  } finally {
    await anvil.stop();
    await rm(`deploy/deployments/chain-${CHAIN}`, { recursive: true, force: true });
  }
}

/** Of the largest books, whatever `accounts` says: the slower of one and of many markets. Null is what was not measured. */
function headline(books: readonly BookFigures[], chain: OnChain | undefined) {
  const largest = books.filter((book) => book.accounts === accounts);
  const { keeper, ways } = chain ?? {};
  return {
    scan_100k_ms: Math.max(...largest.map(({ scan_ms }) => scan_ms)),
    crash_100k_ms: Math.max(...largest.map(({ crash_ms }) => crash_ms)),
    sent_p50_ms: keeper?.sent_p50_ms ?? null,
    sent_p99_ms: keeper?.sent_p99_ms ?? null,
    rpc_per_minute: keeper?.rpc_per_minute ?? null,
    rss_mb: keeper?.rss_mb ?? null,
    multicall_100k_ms: ways?.multicall_100k_ms ?? null,
    naive_100k_ms: ways?.naive_100k_ms ?? null,
    accounts,
    scaled: ways?.scaled ?? [],
  };
}

function print({ books, chain, ...figures }: { books: readonly BookFigures[]; chain?: OnChain }): void {
  console.table(figures);
  console.table(books);
  console.table({ ...chain?.ways, ...chain?.keeper });
}

function whole(name: "accounts" | "sample" | "seconds", least: number): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  console.error(`--${name} ${values[name]}: a whole number from ${least} on`);
  process.exit(2);
}
