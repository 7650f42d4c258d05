// How long the risk views take over a book of 100,000 accounts.   --json  BALLAST_ACCOUNTS
import { WAD } from "@ballast/math";
import { Coverage, Liquidation, Ruin, Sensitivity, Shock, type Book } from "@ballast/risk";
import { Random } from "../packages/reference/src/random.js";
import { LISTINGS, randomBook } from "../test/support/risk.js";

const ACCOUNTS = Number(process.env["BALLAST_ACCOUNTS"] ?? 100_000);
const SEED = 21;
const RUNS = 5;

interface Timing {
  readonly name: string;
  readonly milliseconds: number;
  readonly falls: number;
  readonly bankrupt: number;
}

const book = randomBook(new Random(SEED), ACCOUNTS / 2, {
  least: 110n,
  most: 1_500n,
  fund: 1_000_000n * WAD,
  takers: 50_000_000n * WAD,
});
const timings = [
  shock("first look, prices stand", 0n, 1),
  ...[0n, -1n, -5n, -17n, -51n].map((percent) => shock(`all prices ${percent} %`, percent, RUNS)),
  coverage(),
  perAccount("liquidation price of a leg", (i) => Liquidation.prices(accountOf(i), legOf(i))),
  perAccount("joint liquidation", (i) => Liquidation.moves(accountOf(i))),
  perAccount("sensitivities", (i) => Sensitivity.of(accountOf(i))),
  perAccount("ruin probability", (i) => Ruin.of(accountOf(i), { sigma: 1.4e-4, seconds: 86_400 })),
];
if (process.argv.includes("--json"))
  console.log(JSON.stringify({ accounts: book.members.length, seed: SEED, timings }));
else console.table(timings);

function shock(name: string, percent: bigint, runs: number): Timing {
  const moves = new Map(LISTINGS.map(({ asset }) => [asset, (percent * WAD) / 100n]));
  const step = { moves, seconds: 300n };
  const [first] = Shock.book(runs === 1 ? fresh(book) : book, [step]);
  const milliseconds = median(runs, () => Shock.book(runs === 1 ? fresh(book) : book, [step]));
  return { name, milliseconds, falls: first?.falls.length ?? 0, bankrupt: first?.bankrupt ?? 0 };
}

/** The same members, of which nothing is known yet. */
function fresh(known: Book): Book {
  return { ...known, members: [...known.members] };
}

function coverage(): Timing {
  const milliseconds = median(1, () => Coverage.of(book));
  return { name: "coverage, 32 shocks", milliseconds, falls: 0, bankrupt: 0 };
}

/** Of one, in the mean of a thousand. */
function perAccount(name: string, view: (i: number) => unknown): Timing {
  const milliseconds = median(3, () => Array.from({ length: 1_000 }, (_, i) => view(i))) / 1_000;
  return { name, milliseconds, falls: 0, bankrupt: 0 };
}

function accountOf(i: number) {
  const member = book.members[i % book.members.length];
  if (member === undefined) throw new RangeError(`no member ${i}`);
  return member.account;
}

function legOf(i: number): bigint {
  return accountOf(i).legs[0]?.asset ?? 0n;
}

function median(runs: number, work: () => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return Math.round((times[runs >> 1] ?? 0) * 1_000) / 1_000;
}
