// Liquidation prices are what the ledger says, to the wei; derivatives are what differences say.   BALLAST_SEED
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { expectNear } from "../support/near.js";
import { Account, MAX_PRICE, MIN_PRICE, WAD } from "@ballast/math";
import { Liquidation, Moves, Sensitivity, isBelow, standingOf, type Line } from "@ballast/risk";
import { Random } from "../../packages/reference/src/random.js";
import { ALT, BTC, ETH, SPOT, leg, randomAccount, workedExample } from "../support/risk.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 7);
const ACCOUNTS = Number(process.env["BALLAST_ACCOUNTS"] ?? 400);
const LINES: readonly Line[] = ["maintenance", "guard", "equity"];

describe("Liquidation prices", () => {
  it("are those of the worked example", () => {
    const vector = JSON.parse(readFileSync("test/scenario/vectors/worked-example.json", "utf8")) as Record<
      string,
      string
    >;
    const account = workedExample();
    const [liquidation, immediate, bankrupt] = LINES.map((line) => Liquidation.prices(account, ETH, line)?.below ?? 0n);
    expect(hundredths(liquidation)).to.equal("1842.14");
    expect(hundredths(immediate)).to.equal("1822.94");
    expect(bankrupt).to.equal(1_750n * WAD - 1n);
    const near = (at: bigint | undefined, name: string) => {
      const expected = BigInt(vector[name] ?? 0);
      expect(Number((at ?? 0n) - expected)).to.be.within(-1e10, 1e10);
    };
    near(liquidation, "liquidationPrice");
    near(immediate, "immediatePrice");
  });

  it("are where the ledger changes its mind", () => {
    const random = new Random(SEED);
    const counts = { below: 0, above: 0, both: 0, none: 0, never: 0 };
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = randomAccount(random);
      for (const { asset } of account.legs)
        for (const line of LINES) count(counts, checkPrices(account, asset, line, random));
    }
    console.log(`      bounds of prices: ${JSON.stringify(counts)}, seed ${SEED}`);
    expect(Math.min(...Object.values(counts))).to.be.greaterThan(0);
  });

  it("of several legs are where the ledger changes its mind", () => {
    const random = new Random(SEED + 1);
    const counts = { below: 0, above: 0, both: 0, none: 0, never: 0 };
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = randomAccount(random);
      const betas = new Map(account.legs.map(({ asset }) => [asset, random.between(-WAD / 2n, 2n * WAD)]));
      for (const line of LINES) {
        count(counts, checkMoves(account, line, Moves.together(account)));
        count(counts, checkMoves(account, line, betas));
      }
    }
    console.log(`      bounds of moves: ${JSON.stringify(counts)}`);
    expect(Math.min(counts.below, counts.above, counts.both)).to.be.greaterThan(0);
  });

  it("are two where closing costs more than a rise brings", () => {
    const account = { ...workedExample(), cash: -5_200_000n * WAD, legs: [leg(ALT, 2_000_000n * WAD)] };
    const bounds = Liquidation.prices(account, ALT, "maintenance");
    expect(bounds).to.equal(undefined);
    const richer = Liquidation.prices({ ...account, cash: 4_000_000n * WAD }, ALT, "maintenance");
    expect(richer?.below).to.equal(undefined);
    expect(richer?.above).to.be.a("bigint");
    const both = Liquidation.prices({ ...account, cash: -700_000n * WAD }, ALT, "maintenance");
    expect(both?.below).to.be.a("bigint");
    expect(both?.above).to.be.a("bigint");
  });

  it("need a leg", () => {
    expect(() => Liquidation.prices(workedExample(), BTC)).to.throw(Account.LegUnknown);
  });
});

describe("Sensitivities", () => {
  it("of the worked example", () => {
    const { equity, excess, legs, joint } = Sensitivity.of(workedExample());
    expect([equity, excess]).to.deep.equal([250n * WAD, 250n * WAD - 10_004n * 10n ** 16n]);
    const [only] = legs;
    // 1 − (5 % + 2,000 / 50 million), −1 / 50 million
    expect([only?.delta, only?.percent]).to.deep.equal([WAD, 20n * WAD]);
    expect([only?.excessDelta, only?.excessGamma]).to.deep.equal([94_996n * 10n ** 13n, -2n * 10n ** 10n]);
    expectNear(joint.delta, 2_000 * 0.94996, 1e-9);
    expectNear(joint.gamma, (-2_000 * 2_000) / 5e7, 1e-12);
  });

  it("are what differences say", () => {
    const random = new Random(SEED + 2);
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = randomAccount(random);
      const { excess, legs } = Sensitivity.of(account);
      for (const [j, { excessDelta, excessGamma, asset }] of legs.entries()) {
        const mark = account.legs[j]?.price.mark ?? 0n;
        const step = mark / 100n;
        const predicted = (excessDelta * step) / WAD + (excessGamma * step * step) / (2n * WAD * WAD);
        const actual = Sensitivity.excessAt(account, asset, mark + step) - excess;
        expect(Math.abs(Number(predicted - actual))).to.be.lessThan(1e-9 * Math.abs(Number(actual)) + 1e9);
      }
    }
  });

  it("of health are what differences say", () => {
    const random = new Random(SEED + 3);
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = randomAccount(random);
      for (const { asset, healthSlope, healthCurvature } of Sensitivity.of(account).legs) {
        const [down, now, up] = [-1n, 0n, 1n].map((k) => healthAfter(account, asset, k * 10n ** 14n));
        if (down === undefined || now === undefined || up === undefined) continue;
        const size = Math.abs(now) + Math.abs(healthSlope) + Math.abs(healthCurvature);
        expectNear((up - down) / 2e-4, healthSlope, 1e-6 * size);
        expectNear((up - 2 * now + down) / 1e-8, healthCurvature, 1e-3 * size);
      }
    }
  });
});

function checkPrices(account: Account.Snapshot, asset: bigint, line: Line, random: Random): keyof Counts {
  const bounds = Liquidation.prices(account, asset, line);
  const fails = (price: bigint) => failsAt(Moves.accountAt(account, asset, price), line);
  if (bounds === undefined) {
    for (let i = 0; i < 5; i++) expect(fails(random.between(MIN_PRICE, 10n ** 23n))).to.equal(true);
    return "never";
  }
  const { below, above } = bounds;
  expect(fails(MIN_PRICE)).to.equal(below !== undefined);
  expect(fails(MAX_PRICE)).to.equal(above !== undefined);
  if (below !== undefined) expect([fails(below), fails(below + 1n)]).to.deep.equal([true, false]);
  if (above !== undefined) expect([fails(above), fails(above - 1n)]).to.deep.equal([true, false]);
  return kindOf(bounds);
}

function checkMoves(account: Account.Snapshot, line: Line, betas: Moves.Moves): keyof Counts {
  const bounds = Liquidation.moves(account, line, betas);
  if (bounds === undefined) return "never";
  const fails = (x: bigint) => isBelow(Liquidation.standingAfter(account, betas, x), line);
  const { below, above } = bounds;
  if (below !== undefined) expect([fails(below), fails(below + 1n)]).to.deep.equal([true, false]);
  if (above !== undefined) expect([fails(above), fails(above - 1n)]).to.deep.equal([true, false]);
  return kindOf(bounds);
}

interface Counts {
  below: number;
  above: number;
  both: number;
  none: number;
  never: number;
}

function count(counts: Counts, kind: keyof Counts): void {
  counts[kind]++;
}

function kindOf({ below, above }: Liquidation.Bounds): keyof Counts {
  if (below === undefined) return above === undefined ? "none" : "above";
  return above === undefined ? "below" : "both";
}

/** What the ledger's own view says of an account whose averages have followed, or (guard) have not moved yet. */
function failsAt(account: Account.Snapshot, line: Line): boolean {
  const view = Account.view(settled(account));
  if (line === "equity") return view.bankrupt;
  if (line === "maintenance") return view.liquidatable;
  return isBelow(standingOf(account), line);
}

/** Every average at its mark. */
function settled(account: Account.Snapshot): Account.Snapshot {
  const legs = account.legs.map((held) => ({ ...held, price: { ...held.price, fast: held.price.mark } }));
  return { ...account, legs };
}

function healthAfter(account: Account.Snapshot, asset: bigint, move: bigint): number | undefined {
  const { marginEquity, maintenance } = standingOf(Moves.accountAfter(account, new Map([[asset, move]]), 0n));
  return maintenance === 0n ? undefined : Number((marginEquity * 10n ** 24n) / maintenance) / 1e24;
}

function hundredths(price: bigint | undefined): string {
  return (Math.round(Number(price ?? 0n) / 1e16) / 100).toFixed(2);
}

describe("A guard that no average lifts", () => {
  it("gives way where the view says far below", () => {
    const account = workedExample();
    const at = Liquidation.prices(account, ETH, "guard")?.below ?? 0n;
    const verdict = (mark: bigint) => {
      const [only] = account.legs;
      if (only === undefined) throw new RangeError("no leg");
      return Account.view({ ...account, legs: [{ ...only, price: { ...only.price, mark } }] }).verdict;
    };
    expect(verdict(at)).to.equal(Account.Verdict.FarBelow);
    expect(verdict(at + 1n)).to.equal(Account.Verdict.Guarded);
    expect(Liquidation.prices({ ...account, legs: [leg(SPOT, WAD)] }, SPOT)).to.be.an("object");
  });
});
