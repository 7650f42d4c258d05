// The twin replays the scenario vectors to the wei.
import { readFileSync, readdirSync } from "node:fs";
import { Account, AssetKind, AssetState, Budgets, Accounting, Margin, PriceStatus, Reduction } from "@ballast/math";
import { expect } from "chai";
import { Amount, type Operation } from "../../packages/reference/src/campaign.js";
import { Book } from "../support/book.js";

const FOLDER = "test/scenario/vectors";
const WAD = 10n ** 18n;
const DEPTH = 50_000_000n * WAD;
/** Nothing in it is a number: the ledger alone can say what an action does in a state. */
const WITHOUT_NUMBERS = "states.json";
const replayed = new Set([WITHOUT_NUMBERS]);

type Column = readonly (string | boolean)[];

function read<T>(name: string): T {
  replayed.add(`${name}.json`);
  return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as T;
}

/** One object a row, of parallel arrays; numbers are whole. */
function rowsOf<K extends string>(columns: Record<K, Column>, ...names: K[]): Record<K, bigint>[] {
  const height = columns[names[0] as K].length;
  return Array.from({ length: height }, (_, i) => {
    const cells = names.map((name) => [name, BigInt(columns[name][i] ?? 0)] as const);
    return Object.fromEntries(cells) as Record<K, bigint>;
  });
}

describe("Twin of the vectors", () => {
  it("margin", () => {
    const inputs = ["size", "price", "basis", "maintenanceRate", "initialRate", "depth", "haircut"] as const;
    const results = ["maintenance", "initial", "value"] as const;
    type Name = (typeof inputs)[number] | (typeof results)[number];
    for (const row of rowsOf<Name>(read("margin"), ...inputs, ...results)) {
      const notional = Margin.notionalOf(row.size, row.price);
      expect(Margin.required(notional, row.maintenanceRate, row.depth)).to.equal(row.maintenance);
      const reserve = Margin.reserve(row.size, row.price, row.basis, row.haircut);
      expect(Margin.required(notional, row.initialRate, row.depth) + reserve).to.equal(row.initial);
      expect(Margin.value(row.size, row.price)).to.equal(row.value);
    }
  });

  it("reduction", () => {
    const file = read<Record<string, string[]>>("reduction");
    const numbers = [
      "equity",
      "otherMaintenance",
      "size",
      "price",
      "rate",
      "depth",
      "haircut",
      "target",
      "cost",
      "gross",
    ];
    const results = ["planned", "expense", "equityAfter", "maintenanceAfter"];
    const flags = ["spot", "toxic", "reaches"];
    const rows = rowsOf(file, ...numbers, ...results, ...flags);
    expect(rows.length).to.be.at.least(26);
    rows.forEach((row, i) => {
      const leg = { ...row, spot: row["spot"] === 1n } as unknown as Reduction.Leg;
      const plan = {
        size: row["planned"],
        toxic: row["toxic"] === 1n,
        reaches: row["reaches"] === 1n,
        expense: row["expense"],
        equity: row["equityAfter"],
        maintenance: row["maintenanceAfter"],
      };
      expect(Reduction.plan(leg), file["name"]?.[i]).to.deep.equal(plan);
    });
  });

  it("the worked example", () => {
    const file = read<Record<string, string>>("worked-example");
    const number = (name: string) => BigInt(file[name] ?? 0);
    expect(Margin.targetRate(400n, 1_800n, number("sigma80"), 500n, 1_200n)).to.equal(number("rate80"));
    const rate = Margin.targetRate(400n, 1_800n, number("sigma300"), 500n, 1_200n);
    expect(rate).to.equal(number("rate300"));
    const initial = Margin.initialRate(rate, rate, 20_000n, 3_000n);
    expect(Margin.required(2_000n * WAD, initial, DEPTH)).to.equal(number("initial300"));
    const { assessment } = Account.view(exampleAt(2_000n * WAD));
    expect(assessment.maintenance).to.equal(number("maintenance"));
    expect(assessment.initial).to.equal(number("initial"));
    const verdictAt = (mark: bigint) => Account.view(exampleAt(mark)).verdict;
    expect(verdictAt(number("liquidationPrice"))).to.equal(Account.Verdict.Healthy);
    expect(verdictAt(number("liquidationPrice") - 10n ** 10n)).to.equal(Account.Verdict.Guarded);
    expect(verdictAt(number("immediatePrice") + 10n ** 10n)).to.equal(Account.Verdict.Guarded);
    expect(verdictAt(number("immediatePrice"))).to.equal(Account.Verdict.FarBelow);
    expect(Account.view(exampleAt(number("bankruptPrice"))).assessment.equity).to.equal(0n);
    const fallen = exampleAt(1_835n * WAD);
    expect(Account.view(fallen).health).to.equal(number("health1835"));
    const planned = read<{ planned: string[] }>("reduction").planned.map(BigInt);
    const target = (12n * WAD) / 10n;
    expect(Account.reduction(fallen, 1n, target, (105n * WAD) / 10_000n).size).to.equal(planned[0]);
    expect(Account.reduction(fallen, 1n, target, (232n * WAD) / 10_000n).size).to.equal(planned[1]);
  });

  for (const name of ["main", "share", "storm", "dust"]) it(`deleverage, ${name}`, () => replayDeleverage(name));

  it("crash", replayCrash);

  it("leave out no file", () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
    expect([...replayed].sort()).to.deep.equal(files.sort());
  });
});

/** A long of 1 bought at 2,000 with 250 of margin, in a market whose rates do not move; the averages have not followed. */
function exampleAt(mark: bigint): Account.Snapshot {
  const none = { floorRate: 500n, capRate: 500n, initialFactor: 20_000n, initialCap: 1_000n, deviations: 400n };
  const funding = { horizon: 1_800n, fundingSlope: 0n, fundingCap: 0n };
  const config = { kind: AssetKind.Perp, state: AssetState.Active, haircut: 3_000n, ...none, ...funding, depth: DEPTH };
  const rates = { maintenanceRate: WAD / 20n, initialRate: WAD / 10n };
  const market = { config, fundingIndex: 0n, ...rates, maintenanceDepth: DEPTH, initialDepth: DEPTH };
  const averages = { fast: 2_000n * WAD, slow: 2_000n * WAD, sigma: 0n, updatedAt: 0n };
  const price = { mark, ...averages, status: PriceStatus.Fresh };
  const position = { size: WAD, cash: 0n, basis: 2_000n * WAD };
  return { cash: -1_750n * WAD, interest: 0n, legs: [{ asset: 1n, market, price, position }], debtCap: 5_000n };
}

function replayDeleverage(name: string): void {
  type Name = "kind" | "a" | "b" | "amount" | "price" | "funding";
  type Results = Record<"size" | "cash" | "basis", string[]> &
    Record<"openInterest" | "row" | "dust" | "epochs", string>;
  const file = read<Record<Name, Column> & Results & { accounts: number; haircut: number }>(`deleverage-${name}`);
  const book = new Book(file.accounts, BigInt(file.haircut) * 10n ** 14n);
  for (const row of rowsOf<Name>(file, "kind", "a", "b", "amount", "price", "funding")) {
    const [kind, a, b] = [Number(row.kind), Number(row.a), Number(row.b)];
    const operation: Operation = { ...row, kind, a, b, mode: Amount.Absolute };
    book.execute(operation);
  }
  expect(book.perp.openInterest).to.equal(BigInt(file.openInterest));
  expect([book.row, book.dust]).to.deep.equal([BigInt(file.row), BigInt(file.dust)]);
  expect(book.perp.long.epoch + book.perp.short.epoch).to.equal(BigInt(file.epochs));
  file.size.forEach((size, i) => {
    const member = book.member(i);
    expect(member.size).to.equal(BigInt(size));
    expect(member.cash).to.equal(BigInt(file.cash[i] ?? 0));
    if (member.size !== 0n) expect(member.basis).to.equal(BigInt(file.basis[i] ?? 0));
  });
}

/** The rows of the house around one perp. */
class House {
  readonly book = new Book(4, (3n * WAD) / 10n);
  mark = 2_000n * WAD;
  time = 1_700_000_000n;
  insurance = 0n;
  deficit = 0n;
  coverable = 0n;
  /** What the dust row was seeded with. */
  held = WAD;
  budget: Budgets.Budget = { hourUsed: 0n, hourFund: 0n, dayUsed: 0n, dayFund: 0n, hourStart: 0n, dayStart: 0n };

  deposit(account: number, amount: bigint): void {
    this.book.at(account).cash += this.receive(amount);
  }

  insure(amount: bigint): void {
    this.insurance += this.receive(amount);
  }

  move(mark: bigint): void {
    this.mark = mark;
    this.time += 172_801n;
  }

  /** All of a long at mark; what it lacks is booked and shared first. */
  liquidate(account: number, taker: number, size: bigint): void {
    const loss = -(this.book.member(account).cash + Margin.value(size, this.mark));
    this.book.at(account).cash += loss;
    this.deficit -= loss;
    this.coverable += (loss * 8_000n) / 10_000n;
    this.pay();
    this.deficit += this.book.share(false, -this.deficit, this.mark);
    this.book.exchange(taker, account, size, this.mark, this.mark);
  }

  /** Insurance, within its budget. */
  pay(): void {
    this.budget = Budgets.current(this.budget, this.insurance, this.time);
    const left = [this.coverable, Budgets.available(this.budget), this.insurance];
    const paid = left.reduce((least, value) => (value < least ? value : least));
    this.budget = {
      ...this.budget,
      hourUsed: this.budget.hourUsed + paid,
      dayUsed: this.budget.dayUsed + paid,
    };
    this.coverable -= paid;
    this.insurance -= paid;
    this.deficit += paid;
  }

  withdraw(account: number, amount: bigint): void {
    const { paid, forgone } = Accounting.payout(amount * 10n ** 12n, this.held, -this.deficit, 10n ** 12n);
    this.book.at(account).cash -= paid + forgone;
    this.deficit += forgone;
    this.held -= paid;
  }

  private receive(amount: bigint): bigint {
    this.held += amount * 10n ** 12n;
    return amount * 10n ** 12n;
  }
}

function replayCrash(): void {
  type Name = "a" | "b" | "amount" | "price";
  type Results = Record<"call" | "cash" | "size", string[]> & Record<"insurance" | "deficit" | "held", string>;
  const file = read<Record<Name, Column> & Results>("crash");
  const house = new House();
  rowsOf<Name>(file, "a", "b", "amount", "price").forEach((row, i) => {
    const [a, b] = [Number(row.a), Number(row.b)];
    const verbs: Record<string, () => void> = {
      deposit: () => house.deposit(a, row.amount),
      insure: () => house.insure(row.amount),
      trade: () => house.book.exchange(a, b, row.amount, row.price, house.mark),
      price: () => house.move(row.price),
      liquidate: () => house.liquidate(a, b, row.amount),
      pay: () => house.pay(),
      withdraw: () => house.withdraw(a, row.amount),
    };
    const verb = verbs[file.call[i] ?? ""];
    if (verb === undefined) throw new TypeError(`no such call: ${file.call[i]}`);
    verb();
  });
  file.cash.forEach((cash, i) => {
    const member = house.book.member(i);
    expect(member.cash, `cash of ${i}`).to.equal(BigInt(cash));
    expect(member.size, `size of ${i}`).to.equal(BigInt(file.size[i] ?? 0));
  });
  expect([house.insurance, house.deficit, house.held]).to.deep.equal(
    [file.insurance, file.deficit, file.held].map(BigInt),
  );
}
