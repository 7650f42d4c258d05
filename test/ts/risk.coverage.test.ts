// Whether insurance is enough, by hand and by shocks.   BALLAST_SEED
import { expect } from "chai";
import { WAD } from "@ballast/math";
import { Coverage, Shock } from "@ballast/risk";
import { Random } from "../../packages/reference/src/random.js";
import { ETH, leg, randomBook, workedExample } from "../support/risk.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 31);

describe("Coverage", () => {
  it("knows the worst moves, down and up, alone and together", () => {
    const book = randomBook(new Random(SEED), 1, { least: 100n, most: 200n, fund: 0n });
    const grid = Coverage.grid(book);
    // Three perps and all of them with the spot; four moves each way.
    expect(grid.length).to.equal(4 * 2 * 4);
    const falls = grid.map(({ moves }) => moves.get(ETH) ?? 0n);
    expect(falls.reduce((a, b) => (a < b ? a : b))).to.equal((-51n * WAD) / 100n);
    expect(falls.reduce((a, b) => (a > b ? a : b))).to.equal((51n * WAD) / 100n);
    const one = { ...book, members: [], markets: new Map([...book.markets].slice(0, 1)) };
    expect(Coverage.grid(one).length).to.equal(8);
  });

  it("of two longs and their short, by hand", () => {
    const longs = [1n, 2n].map((id) => ({ id, account: { ...workedExample() } }));
    const short = { id: 3n, account: { ...workedExample(), legs: [leg(ETH, -2n * WAD)], cash: 6_000n * WAD } };
    const base = randomBook(new Random(SEED), 0, { least: 1n, most: 1n, fund: 770n * WAD });
    const coverage = Coverage.of({ ...base, members: [...longs, short] });
    // At −51 % each long is worth 980 − 1,750; at +51 % the short 6,000 − 6,040.
    expect(coverage.worst?.deficit).to.equal(1_540n * WAD);
    expect(coverage.worst?.twoWorst).to.equal(1_540n * WAD);
    expect(coverage.ratio).to.equal(WAD / 2n);
    expect(coverage.suggested).to.equal(1_540n * WAD);
    expect(coverage.stresses.filter(({ deficit }) => deficit === 40n * WAD).length).to.equal(2);
    expect(Coverage.of({ ...base, members: [] }).ratio).to.equal(undefined);
    // 80 % of 1,540, at a tenth of the fund.
    expect(Coverage.fundFor(1_540n * WAD)).to.equal(12_320n * WAD);
  });

  it("sums what the waterfall says", () => {
    const mood = { least: 100n, most: 300n, fund: 1_000_000n * WAD, takers: 10_000_000n * WAD };
    const book = randomBook(new Random(SEED), 80, mood);
    const { stresses, worst, suggested } = Coverage.of(book);
    expect(stresses.length).to.equal(32);
    for (const { shock, deficit, insured, shared, standing, twoWorst } of stresses) {
      const [waterfall] = Shock.book(book, [shock]);
      expect(deficit).to.equal(waterfall?.losses.deficit);
      expect(insured + shared + standing + (waterfall?.losses.unbooked ?? 0n)).to.equal(
        deficit + (waterfall?.insuredCosts ?? 0n),
      );
      expect(twoWorst <= deficit && deficit <= (worst?.deficit ?? 0n)).to.equal(true);
    }
    expect(suggested > 0n).to.equal(true);
  });

  it("means the worst part of equally likely deficits", () => {
    const deficits = Array.from({ length: 400 }, (_, i) => BigInt(i) * WAD);
    // Two of 400 are half a percent.
    expect(Coverage.expectedShortfall(deficits)).to.equal((399n * WAD + 398n * WAD) / 2n);
    // Three of 400 weigh 1, 1 and 1 at 99.25 %; at 99.9 % less than one is left, which is the worst.
    expect(Coverage.expectedShortfall(deficits, 9_925n)).to.equal(398n * WAD);
    expect(Coverage.expectedShortfall(deficits, 9_990n)).to.equal(399n * WAD);
    expect(Coverage.expectedShortfall(deficits, 0n)).to.equal((399n * WAD) / 2n);
    expect(Coverage.expectedShortfall([])).to.equal(0n);
    expect(() => Coverage.expectedShortfall(deficits, 10_000n)).to.throw(Coverage.LevelOutOfBounds);
  });
});
