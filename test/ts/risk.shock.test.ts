// A shock over the whole book: nobody is missed, nothing is lost.   BALLAST_SEED
import { expect } from "chai";
import { Account, Positions, Sides, WAD } from "@ballast/math";
import { Shock, standingOf, type Book, type Row, type Waterfall } from "@ballast/risk";
import { shareable } from "../../packages/risk/src/profits.js";
import { Random } from "../../packages/reference/src/random.js";
import {
  ALT,
  BTC,
  ETH,
  LISTINGS,
  SPOT,
  TERMS,
  leg,
  randomAccount,
  randomBook,
  workedExample,
  type Mood,
} from "../support/risk.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 21);
const MOODS: readonly Mood[] = [
  { least: 60n, most: 300n, fund: 1_000_000n * WAD, takers: 50_000_000n * WAD },
  { least: 100n, most: 150n, fund: 0n },
  { least: 100n, most: 400n, fund: 100_000_000n * WAD, takers: 1_000_000n * WAD },
];

describe("A shock", () => {
  it("to an account shows it as the views would", () => {
    const account = workedExample();
    const at = (price: bigint, seconds: bigint) =>
      Shock.account(account, new Map([[ETH, ((price - 2_000n) * WAD) / 2_000n]]), seconds);
    const jumped = at(1_835n, 0n);
    expect(jumped.verdict).to.equal(Account.Verdict.Guarded);
    expect(jumped.health).to.equal(926_090_642_445_394_202n);
    // The guard lasts 188 seconds.
    expect(at(1_835n, 187n).liquidatable).to.equal(false);
    expect(at(1_835n, 189n).verdict).to.equal(Account.Verdict.Below);
    expect(at(1_822n, 0n).verdict).to.equal(Account.Verdict.FarBelow);
    expect(at(1_749n, 0n).bankrupt).to.equal(true);
  });

  it("leaves every unit of loss in a row", () => {
    const counts = { falls: 0, bankrupt: 0, reduce: 0, auction: 0, absorb: 0, offset: 0, shared: 0, standing: 0 };
    for (const [i, mood] of MOODS.entries())
      for (const percent of [-51n, -23n, -8n, 5n, 31n]) {
        const book = randomBook(new Random(SEED + i), 200, mood);
        const [waterfall] = Shock.book(book, [{ moves: all(percent), seconds: 300n }]);
        if (waterfall === undefined) throw new RangeError("no step");
        checkSums(waterfall);
        checkFalls(book, waterfall, percent);
        tally(counts, waterfall);
      }
    console.log(`      shocks: ${JSON.stringify(counts)}, seed ${SEED}`);
    expect(Math.min(...Object.values(counts))).to.be.greaterThan(0);
  });

  it("finds everybody who is a wei below, and nobody who is not", () => {
    const random = new Random(SEED + 9);
    const base = randomBook(random, 0, { least: 1n, most: 1n, fund: 0n });
    const members = Array.from({ length: 600 }, (_, i) => {
      const account = randomAccount(random);
      const { marginEquity, maintenance } = standingOf(account);
      const missing = maintenance - marginEquity - BigInt(i % 3);
      return { id: BigInt(i), account: { ...account, cash: account.cash + missing + 1n } };
    });
    // One wei above, on the line, one below.
    const [waterfall] = Shock.book({ ...base, members }, [{ moves: new Map(), seconds: 0n }]);
    const expected = members.filter(({ id }) => id % 3n === 2n).map(({ id }) => id);
    expect(sorted(waterfall?.falls.map(({ id }) => id) ?? [])).to.deep.equal(expected);
  });

  it("takes from the fallen what the others win", () => {
    const book = randomBook(new Random(SEED), 100, MOODS[1] as Mood);
    const perps = book.members.filter(({ account }) => account.legs.every(({ asset }) => asset !== SPOT));
    const ids = new Set(perps.map(({ id }) => id));
    const pairs = perps.filter(({ id }) => ids.has(id ^ 1n));
    const closed = { ...book, members: pairs };
    const sums = [closed, Shock.bookAfter(closed, { moves: all(-31n), seconds: 60n })].map(equityOf);
    expect(Number((sums[0] ?? 0n) - (sums[1] ?? 0n))).to.be.within(-pairs.length * 8, pairs.length * 8);
  });

  it("goes on where the step before ended", () => {
    const book = randomBook(new Random(SEED), 150, MOODS[0] as Mood);
    const step = (percent: bigint) => ({ moves: all(percent), seconds: 120n, bidders: 0n });
    const waterfalls = Shock.book(book, [step(-17n), step(0n), step(-10n)]);
    waterfalls.forEach(checkSums);
    const [first, second] = waterfalls;
    expect(second?.bankrupt ?? 0).to.be.lessThan(first?.bankrupt ?? 0);
    expect(Shock.book(book, [step(-17n)])[0]).to.deep.equal(first);
  });

  it("keeps value and open interest from step to step", () => {
    for (const mood of MOODS) {
      const book = randomBook(new Random(SEED), 150, mood);
      const moved = { moves: all(-20n), seconds: 120n, bidders: 0n };
      const [waterfall] = Shock.book(book, [moved]);
      if (waterfall === undefined) throw new RangeError("no step");
      const after = Shock.bookAfterAll(book, [moved]);
      const { receipts, taken } = waterfall;
      const sum = (part: (row: Row) => bigint) => waterfall.rows.reduce((total, row) => total + part(row), 0n);
      expect(taken.auction).to.equal(0n);
      // What was booked comes back to the accounts; insurance, winners and rows pay it. Keepers are outside.
      const before = equityOf(Shock.bookAfter(book, moved)) + book.fund;
      const afterwards = equityOf(after) + after.fund - sum(({ standing }) => standing) + receipts.keepers;
      expect(Number(afterwards - before)).to.be.within(-1e7, 1e7);
      for (const asset of [ETH, BTC, ALT]) expect(Number(openOf(after, asset))).to.be.within(-2_000, 2_000);
    }
  });

  it("uses stages by what they have", () => {
    const mood = { least: 100n, most: 110n, fund: 10n ** 6n * WAD, takers: 10n ** 8n * WAD };
    const moves = new Map([[ETH, -7n * (WAD / 100n)]]);
    const book = randomBook(new Random(SEED), 60, mood);
    const withBidders = Shock.book(book, [{ moves, seconds: 600n }])[0]?.taken;
    const without = Shock.book(book, [{ moves, seconds: 600n, bidders: 0n }])[0]?.taken;
    expect(withBidders?.auction).to.not.equal(0n);
    expect(without?.auction).to.equal(0n);
    const depth = LISTINGS[0]?.market.initialDepth ?? 0n;
    expect(withBidders?.auction ?? 0n).to.be.at.most((depth * TERMS.inFlight) / 10_000n);
  });

  it("pays one bankrupt account by insurance, profit and a row", () => {
    const long = { id: 1n, account: { ...workedExample(), legs: [leg(ETH, 100n * WAD)], cash: -175_000n * WAD } };
    const short = { id: 2n, account: { ...workedExample(), legs: [leg(ETH, -100n * WAD)], cash: 300_000n * WAD } };
    const base = randomBook(new Random(SEED), 0, { least: 1n, most: 1n, fund: 1_000n * WAD });
    const book = { ...base, members: [long, short] };
    // 100 long at 1,700: 170,000 − 175,000.
    const [waterfall] = Shock.book(book, [{ moves: new Map([[ETH, -15n * (WAD / 100n)]]), seconds: 0n, bidders: 0n }]);
    const [row] = waterfall?.rows ?? [];
    expect(waterfall?.losses.deficit).to.equal(5_000n * WAD);
    expect(waterfall?.taken.offset).to.equal(170_000n * WAD);
    expect(row?.booked).to.equal(5_000n * WAD);
    // A tenth of the fund within the hour, of which the keeper's tip was paid before.
    expect((row?.insured ?? 0n) + (waterfall?.insuredCosts ?? 0n)).to.equal(100n * WAD);
    expect(waterfall?.insuredCosts).to.equal(WAD / 2n);
    // Profit of 300 each from the edge of its tick, a hundred of them, at most 30 %: it is enough.
    expect(row?.standing).to.equal(0n);
    const dear = {
      ...book,
      members: [long, { ...short, account: { ...short.account, legs: [leg(ETH, -100n * WAD, 1_750n * WAD)] } }],
    };
    const [less] = Shock.book(dear, [{ moves: new Map([[ETH, -15n * (WAD / 100n)]]), seconds: 0n }]);
    const [owed] = less?.rows ?? [];
    expect(owed?.shared ?? 0n).to.be.within(30n * 100n * 20n * (WAD / 100n), 30n * 100n * 50n * (WAD / 100n));
    expect((owed?.insured ?? 0n) + (owed?.shared ?? 0n) + (owed?.standing ?? 0n)).to.equal(owed?.booked);
    expect(owed?.standing).to.not.equal(0n);
  });

  it("has insurance pay four fifths, and winners only what is not tolerated", () => {
    const row = (price: bigint) => {
      const moves = new Map([[ETH, ((price - 20_000n) * WAD) / 20_000n]]);
      const [waterfall] = Shock.book(pair(1_000_000n * WAD), [{ moves, seconds: 0n, bidders: 0n }]);
      return waterfall?.rows.map(({ booked, insured, shared, standing }) => [booked, insured, shared, standing]);
    };
    // 100 at 1,700: a thousand is left of five, open interest of 170,000 tolerates 17.
    expect(row(17_000n)).to.deep.equal([[5_000n, 4_000n, 1_000n, 0n].map((part) => part * WAD)]);
    // 100 at 1,749.5: ten are left of fifty, which 17.495 tolerate.
    expect(row(17_495n)).to.deep.equal([[50n, 40n, 0n, 10n].map((part) => part * WAD)]);
  });

  it("books by the maintenance that was released", () => {
    const base = randomBook(new Random(SEED), 0, { least: 1n, most: 1n, fund: 0n });
    // 100 ETH and 10 BTC, long, that lose 40,000 and 120,000 of 100,000.
    const legs = [leg(ETH, 100n * WAD), leg(BTC, 10n * WAD)];
    const member = { id: 1n, account: { cash: -700_000n * WAD, interest: 0n, legs, debtCap: 0n } };
    const [waterfall] = Shock.book({ ...base, members: [member] }, [{ moves: all(-20n), seconds: 0n, bidders: 0n }]);
    const booked = new Map(waterfall?.falls[0]?.bookings.map(({ asset, amount }) => [asset, amount]));
    // N·(5 % + N/2D): 160,000 at 50 million, 480,000 at 200 million.
    const [eth, btc] = [8_000n + 256n, 24_000n + 576n];
    expect([...booked.keys()]).to.deep.equal([BTC, ETH]);
    expect(booked.get(BTC)).to.equal((60_000n * WAD * btc) / (eth + btc) + 1n);
    expect((booked.get(BTC) ?? 0n) + (booked.get(ETH) ?? 0n)).to.equal(60_000n * WAD);
  });

  it("finds in the stored sides what the bases say", () => {
    const book = Shock.bookAfter(randomBook(new Random(SEED), 100, MOODS[0] as Mood), {
      moves: all(-20n),
      seconds: 0n,
    });
    for (const asset of [ETH, BTC, ALT]) {
      const perp = { fundingIndex: 0n, openInterest: 0n, long: Sides.create(), short: Sides.create() };
      for (const { position } of book.members.flatMap(({ account }) =>
        account.legs.filter((held) => held.asset === asset),
      ))
        Positions.resize(perp, Positions.NOTHING, position.size, position.basis, (WAD * 3n) / 10n);
      const state = book.markets.get(asset);
      if (state === undefined) throw new RangeError("no market");
      const markets = new Map([...book.markets, [asset, { ...state, sides: perp }]]);
      for (const side of ["long", "short"] as const) {
        expect(shareable({ ...book, markets }, asset, side)).to.equal(shareable(book, asset, side));
        expect(shareable(book, asset, side) > 0n).to.equal(true);
      }
    }
  });
});

function checkSums({ losses, rows, receipts, insuredCosts, falls }: Waterfall): void {
  const { moved, costs, earlier, own, deficit, unbooked } = losses;
  expect(moved + costs + earlier).to.equal(own + deficit);
  expect(rows.reduce((sum, row) => sum + row.booked, unbooked)).to.equal(deficit);
  for (const { booked, insured, shared, standing } of rows) {
    expect(insured + shared + standing).to.equal(booked);
    expect([insured, shared, standing].every((part) => part >= 0n)).to.equal(true);
    expect(insured * 10n <= booked * 8n).to.equal(true);
  }
  const { pools, bidders, backstop, insurance, keepers } = receipts;
  expect(pools + bidders + backstop + insurance + keepers).to.equal(costs + insuredCosts);
  for (const { moved: equity, end, closings, waiting } of falls) {
    // Only spot that is sold at its haircut, when nothing else is left, can use a solvent account up.
    if (equity >= 0n && closings.every(({ asset }) => asset !== SPOT)) expect(end >= 0n).to.equal(true);
    for (const { size } of waiting) expect(size).to.not.equal(0n);
  }
}

/** Those who fall are those whom the ledger's own view calls liquidatable. */
function checkFalls(book: Book, { falls, guarded }: Waterfall, percent: bigint): void {
  const views = book.members.map(({ id, account }) => ({ id, view: Shock.account(account, all(percent), 300n) }));
  const liquidatable = views.filter(({ view }) => view.liquidatable).map(({ id }) => id);
  expect(sorted(falls.map(({ id }) => id))).to.deep.equal(sorted(liquidatable));
  expect(guarded).to.equal(views.filter(({ view }) => view.verdict === Account.Verdict.Guarded).length);
  for (const { id, moved } of falls)
    expect(moved).to.equal(views.find((item) => item.id === id)?.view.assessment.equity);
}

function tally(counts: Record<string, number>, { falls, bankrupt, taken, rows }: Waterfall): void {
  const add = (name: string, n: number) => (counts[name] = (counts[name] ?? 0) + n);
  add("falls", falls.length);
  add("bankrupt", bankrupt);
  for (const [stage, notional] of Object.entries(taken)) if (notional !== 0n) add(stage, 1);
  for (const { shared, standing } of rows) {
    if (shared !== 0n) add("shared", 1);
    if (standing !== 0n) add("standing", 1);
  }
}

function equityOf({ members, markets }: Book): bigint {
  return members.reduce((sum, { account }) => {
    const legs = account.legs.map((held) => ({ ...held, price: markets.get(held.asset)?.price ?? held.price }));
    return sum + Account.assess({ ...account, legs }).equity;
  }, 0n);
}

function openOf({ members }: Book, asset: bigint): bigint {
  const legs = members.flatMap(({ account }) => account.legs).filter((held) => held.asset === asset);
  return legs.reduce((sum, { position }) => sum + position.size, 0n);
}

function all(percent: bigint): Map<bigint, bigint> {
  return new Map([ETH, BTC, ALT, SPOT].map((asset) => [asset, percent * (WAD / 100n)]));
}

function sorted(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => Number(a - b));
}

/** 100 long with 25,000 of margin against a rich short. */
function pair(fund: bigint): Book {
  const base = randomBook(new Random(SEED), 0, { least: 1n, most: 1n, fund });
  const legs = [leg(ETH, 100n * WAD), leg(ETH, -100n * WAD)].map((held) => [held]);
  const accounts = legs.map((held, i) => ({
    id: BigInt(i + 1),
    account: { cash: (i === 0 ? -175_000n : 300_000n) * WAD, interest: 0n, legs: held, debtCap: 5_000n },
  }));
  const markets = new Map([...base.markets].map(([asset, at]) => [asset, { ...at, terms: { ...TERMS, tip: 0n } }]));
  return { ...base, members: accounts, markets };
}
