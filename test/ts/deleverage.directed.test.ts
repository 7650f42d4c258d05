import { expect } from "chai";
import { network } from "hardhat";
import { Amount, Kind, type Operation } from "../../packages/reference/src/campaign.js";
import type { DeleverageFormulas } from "../../types/contracts/index.js";

const WAD = 10n ** 18n;
const RAY = 10n ** 27n;
const ONE = 1n << 103n;
const WORDS = 6;
/** Above the cash of a wei of size at any price here. */
const UNIT = 10_000n;

const { ethers } = await network.create();

interface Member {
  size: bigint;
  cash: bigint;
  basis: bigint;
}

interface State {
  openInterest: bigint;
  row: bigint;
  dust: bigint;
  epochs: bigint;
  viewIsTouch: boolean;
  members: Member[];
}

const NOTHING: Operation = { kind: Kind.Touch, mode: Amount.Absolute, a: 0, b: 0, amount: 0n, price: 0n, funding: 0n };
const trade = (a: number, b: number, amount: bigint, price: bigint): Operation => ({
  ...NOTHING,
  kind: Kind.Trade,
  a,
  b,
  amount,
  price,
});
const offset = (a: number, amount: bigint, price: bigint): Operation => ({
  ...NOTHING,
  kind: Kind.Offset,
  a,
  amount,
  price,
});
const offsetPart = (a: number, percent: bigint, price: bigint): Operation => ({
  ...offset(a, (WAD * percent) / 100n, price),
  mode: Amount.Fraction,
});
const shareLongs = (amount: bigint, price: bigint): Operation => ({ ...NOTHING, kind: Kind.Share, amount, price });
const shareShorts = (amount: bigint, price: bigint): Operation => ({ ...shareLongs(amount, price), a: 1 });
const fund = (funding: bigint): Operation => ({ ...NOTHING, kind: Kind.Fund, funding });
const touch = (a: number, price: bigint): Operation => ({ ...NOTHING, a, price });
const repeat = (times: number, ...operations: Operation[]): Operation[] =>
  Array.from({ length: times }, () => operations).flat();

const magnitude = (x: bigint): bigint => (x < 0n ? -x : x);
const floor = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n);
const ceil = (a: bigint, b: bigint): bigint => -floor(-a, b);
const whole = (x: number): bigint => BigInt(x) * WAD;

function tickOf(price: bigint): bigint {
  const exponent = BigInt(price.toString(2).length - 1 - 6);
  return (exponent << 6n) | ((price >> exponent) & 63n);
}
const upperEdge = (price: bigint): bigint => (65n + (tickOf(price) & 63n)) << (tickOf(price) >> 6n);
const lowerEdge = (price: bigint): bigint => (64n + (tickOf(price) & 63n)) << (tickOf(price) >> 6n);

const deleveraging = await ethers.deployContract("Deleveraging");
const libraries = { Deleveraging: await deleveraging.getAddress() };

/** Runs the operations on a fresh book, as a call that leaves nothing behind, and returns the state after each. */
async function statesOf(accounts: number, haircut: number, operations: Operation[]): Promise<State[]> {
  const harness = await ethers.deployContract("DeleverageHarness", [accounts, haircut], { libraries });
  await harness.waitForDeployment();
  const words = await harness.run.staticCall(operations, { gasLimit: 900_000_000n });
  const width = WORDS * (1 + accounts);
  return operations.map((_, i) => readState(words.slice(i * width, (i + 1) * width), accounts));
}

function readState(words: bigint[], accounts: number): State {
  const [, openInterest = 0n, row = 0n, dust = 0n, epochs = 0n, viewIsTouch] = words;
  const members = Array.from({ length: accounts }, (_, i) => {
    const [size = 0n, cash = 0n, basis = 0n] = words.slice(WORDS * (1 + i));
    return { size: BigInt.asIntN(256, size), cash: BigInt.asIntN(256, cash), basis };
  });
  return { openInterest, row, dust, epochs, viewIsTouch: viewIsTouch === 1n, members };
}

async function lastState(accounts: number, haircut: number, operations: Operation[]): Promise<State> {
  const state = (await statesOf(accounts, haircut, operations)).at(-1);
  if (state === undefined) throw new RangeError("no operations");
  return state;
}

function memberOf(state: State, index: number): Member {
  const member = state.members[index];
  if (member === undefined) throw new RangeError(`no member ${index}`);
  return member;
}

const longsOf = ({ members }: State): bigint => members.reduce((sum, { size }) => sum + (size > 0n ? size : 0n), 0n);
const shortsOf = ({ members }: State): bigint => members.reduce((sum, { size }) => sum - (size < 0n ? size : 0n), 0n);
const cashOf = ({ members, row, dust }: State): bigint => members.reduce((sum, { cash }) => sum + cash, row + dust);

function expectNear(actual: bigint, expected: bigint, tolerance: bigint): void {
  expect(magnitude(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`).to.equal(
    true,
  );
}

describe("Deleverage formulas, to the last bit", () => {
  let math: DeleverageFormulas;
  before(async () => {
    math = await ethers.deployContract("DeleverageFormulas");
  });
  const MULTIPLIERS = [ONE, ONE - 1n, ONE / 3n, (1n << 80n) + 12_345n, 1n << 80n];
  const SIDES: [side: bigint, closed: bigint][] = [
    [3n, 1n],
    [7n, 5n],
    [10n ** 18n + 1n, 333n],
    [(1n << 95n) - 1n, (1n << 94n) + 7n],
  ];
  const PRICES = [1n, 10n ** 6n + 1n, 1_999n * WAD + 7n, (1n << 80n) - 1n];
  const FUNDING = [0n, 1n, -1n, RAY + 3n, -(1n << 110n)];

  it("offset multiplier: down for longs, up for shorts", async () => {
    for (const m of MULTIPLIERS) {
      for (const [side, closed] of SIDES) {
        const exact = m * (side - closed);
        expect(await math.offsetMultiplier(true, m, side, closed)).to.equal(floor(exact, side));
        expect(await math.offsetMultiplier(false, m, side, closed)).to.equal(ceil(exact, side));
      }
    }
    expect(await math.offsetMultiplier(true, ONE, 5n, 5n)).to.equal(0n);
    expect(await math.offsetMultiplier(false, ONE, 5n, 5n)).to.equal(0n);
  });

  it("offset cash index: dK itself is rounded before the shift, down for longs and up for shorts", async () => {
    // 1e9·m/1031 lies just above, or just below, a multiple of 2⁶⁴: here one bit of dK decides a unit of the index.
    const side = 1_031n;
    for (const multiplier of [5070602400912973846291017538669n, 5070602400943521871945746441107n]) {
      const index = { multiplier, cash: 0n, funding: 0n };
      const value = 10n ** 9n * multiplier;
      const forLongs = await math.offsetCash(true, index, 0n, side, 1n, 1n);
      const forShorts = await math.offsetCash(false, index, 0n, side, 1n, 1n);
      expect(forLongs).to.equal(floor(floor(value, side), 1n << 64n));
      expect(forShorts).to.equal(floor(-ceil(value, side), 1n << 64n));
    }
  });

  for (const long of [true, false]) {
    it(`offset cash index: dK ${long ? "down for longs" : "up for shorts"}, the sum down`, async () => {
      for (const [i, multiplier] of MULTIPLIERS.entries()) {
        for (const [j, [side, closed]] of SIDES.entries()) {
          const price = PRICES[(i + j) % PRICES.length] ?? 1n;
          const funding = FUNDING[(i + 2 * j) % FUNDING.length] ?? 0n;
          const index = { multiplier, cash: 17n - BigInt(j), funding };
          const after = (multiplier * (side - closed)) / side;
          const value = closed * price * 10n ** 9n * multiplier;
          const change = long ? floor(value, side) : -ceil(value, side);
          const folded = change - (long ? 1n : -1n) * (multiplier - after) * funding;
          const actual = await math.offsetCash(long, index, after, side, closed, price);
          expect(actual).to.equal(index.cash + floor(folded, 1n << 64n));
        }
      }
    });

    it(`pick-up: size ${long ? "down" : "up"}, cash down whether paid or received`, async () => {
      const signs = new Set<boolean>();
      for (const [i, m0] of MULTIPLIERS.entries()) {
        for (const size of [1n, 999n, 10n ** 25n + 1n, (1n << 95n) - 1n]) {
          const to = { multiplier: m0 - m0 / 7n, cash: (-1n) ** BigInt(i) * (10n ** 30n + 7n), funding: RAY / 3n };
          const from = { multiplier: m0, cash: 11n, funding: FUNDING[i] ?? 0n };
          const charged = BigInt(i) * 1_000n;
          const product = size * to.multiplier;
          expect(await math.pickUpSize(long, size, m0, to.multiplier)).to.equal(
            long ? floor(product, m0) : ceil(product, m0),
          );
          const moved = (to.cash - from.cash - charged) << 64n;
          const funded = to.multiplier * to.funding - m0 * from.funding;
          const exact = size * (long ? moved - funded : moved + funded);
          const cash = await math.pickUpCash(long, size, from, to, charged);
          expect(cash).to.equal(floor(exact, m0 * RAY));
          signs.add(exact < 0n);
        }
      }
      expect(signs.size, "positive and negative").to.equal(2);
    });
  }

  it("offset proceeds: down for the long that receives, up for the short that pays", async () => {
    for (const price of PRICES) {
      for (const closed of [1n, 3n, WAD + 1n, (1n << 95n) - 1n]) {
        expect(await math.offsetProceeds(true, closed, price)).to.equal(floor(closed * price, WAD));
        expect(await math.offsetProceeds(false, closed, price)).to.equal(-ceil(closed * price, WAD));
      }
    }
  });

  it("share capacity: down, from the edge, never below what was taken", async () => {
    for (const haircut of [WAD / 100n, (WAD * 3n) / 10n, WAD]) {
      for (const profit of [1n, 7n, 10n ** 20n + 7n]) {
        const capacity = floor(haircut * profit, WAD);
        const edge = 10n ** 21n;
        expect(await math.shareCapacity(true, edge + profit, edge, haircut, 0n)).to.equal(capacity);
        expect(await math.shareCapacity(false, edge - profit, edge, haircut, 0n)).to.equal(capacity);
        expect(await math.shareCapacity(true, edge - profit, edge, haircut, 0n)).to.equal(0n);
        expect(await math.shareCapacity(false, edge + profit, edge, haircut, 0n)).to.equal(0n);
        expect(await math.shareCapacity(true, edge + profit, edge, haircut, capacity)).to.equal(0n);
        expect(await math.shareCapacity(true, edge + profit, edge, haircut, capacity + 1n)).to.equal(0n);
      }
    }
  });

  it("share fraction: up, at most one", async () => {
    for (const deficit of [1n, 7n, 10n ** 20n + 1n]) {
      for (const capacity of [3n * WAD, 10n ** 40n + 9n, (1n << 170n) + 1n]) {
        const fraction = ceil(deficit * WAD * RAY, capacity);
        expect(await math.shareFraction(deficit, capacity)).to.equal(fraction < RAY ? fraction : RAY);
      }
    }
    expect(await math.shareFraction(3n, 3n * WAD)).to.equal(RAY);
    expect(await math.shareFraction(10n ** 30n, 10n ** 48n + 1n)).to.equal(RAY, "rounded up to one");
    expect(await math.shareFraction(2n, 3n * WAD)).to.equal(ceil(2n * RAY, 3n));
  });

  it("share: charge and payment down, cash index and taken up", async () => {
    for (const charge of [1n, RAY / 3n, 10n ** 36n + 1n]) {
      expect(await math.shareCharge(charge % RAY, 10n ** 20n + 7n)).to.equal(
        floor((charge % RAY) * (10n ** 20n + 7n), WAD),
      );
      expect(await math.shareTaken(charge)).to.equal(ceil(charge, 10n ** 9n));
      for (const size of [1n, 10n ** 25n + 1n]) {
        expect(await math.sharePaid(size, charge)).to.equal(floor(size * charge, RAY));
      }
      for (const m of MULTIPLIERS) expect(await math.shareCash(charge, m)).to.equal(ceil(charge * m, 1n << 64n));
    }
  });

  it("absorb: towards the mark by the taken profit, rounded up, never below zero", async () => {
    for (const haircut of [WAD / 100n, (WAD * 3n) / 10n, WAD]) {
      for (const taken of [1n, 7n, 10n ** 20n + 7n]) {
        const basis = 10n ** 21n;
        const shift = ceil(taken * WAD, haircut);
        expect(await math.absorb(true, basis, taken, haircut)).to.equal(basis + shift);
        expect(await math.absorb(false, basis, taken, haircut)).to.equal(shift < basis ? basis - shift : 0n);
      }
    }
  });
});

describe("Deleverage on a book", () => {
  const P2 = whole(2_000);
  const P3 = whole(3_000);
  const HAIRCUT = 3_000;
  /** What a share may take per unit of a long from 2000 at a mark of 3000. */
  const cap = ((P3 - upperEdge(P2)) * 3n) / 10n;

  it("averages the basis up for longs and down for shorts", async () => {
    const state = await lastState(2, HAIRCUT, [trade(0, 1, 1n, 10n ** 18n), trade(0, 1, 2n, 10n ** 18n + 1n)]);
    expect(memberOf(state, 0).basis).to.equal(10n ** 18n + 1n);
    expect(memberOf(state, 1).basis).to.equal(10n ** 18n);
  });

  it("absorbs what a share took into the basis, up for a long and down for a short", async () => {
    const long = await lastState(2, HAIRCUT, [trade(0, 1, WAD, P2), shareLongs(whole(1_000_000), P3)]);
    const short = await lastState(2, HAIRCUT, [trade(1, 0, WAD, P3), shareShorts(whole(1_000_000), P2)]);
    expect(memberOf(long, 0).basis).to.equal(P2 + ceil(cap * 10n, 3n));
    const taken = ((lowerEdge(P3) - P2) * 3n) / 10n;
    expect(memberOf(short, 0).basis).to.equal(P3 - ceil(taken * 10n, 3n));
  });

  it("a side that is refilled after each of 120 offsets of 90 % loses nothing", async () => {
    const side = whole(1_000_000);
    const refill = [offsetPart(1, 90n, P2), trade(2, 1, (side * 9n) / 10n, P2)];
    const states = await statesOf(4, HAIRCUT, [trade(0, 1, side, P2), ...repeat(120, ...refill)]);
    for (const state of states) {
      const missing = state.openInterest - longsOf(state);
      expect(missing >= 0n && missing <= 4n, `${missing} wei missing`).to.equal(true);
      expect(shortsOf(state)).to.equal(state.openInterest);
    }
    const last = states.at(-1);
    expect(last?.openInterest).to.equal(side);
    expect(last?.epochs).to.equal(17n);
  });

  for (const long of [true, false]) {
    const [buyer, seller] = long ? [0, 1] : [1, 0];
    const side = long ? "longs" : "shorts";

    it(`6 offsets of 90 %, then 6 more: ${side} keep a millionth of a millionth`, async () => {
      const size = whole(1_000_000) + 7n;
      const start = [trade(buyer, seller, size, P2)];
      const six = await statesOf(2, HAIRCUT, [...start, ...repeat(12, offsetPart(1, 90n, P3)), touch(0, P3)]);
      const untouched = six.at(-2);
      const touched = six.at(-1);
      if (untouched === undefined || touched === undefined) throw new RangeError("no states");
      expect(touched.members).to.deep.equal(untouched.members, "view = touch");
      expect(touched.epochs).to.equal(1n);
      const sign = long ? 1n : -1n;
      for (const [i, left] of [
        [6, 10n ** 6n],
        [12, 10n ** 12n],
      ] as const) {
        const state = six[i];
        if (state === undefined) throw new RangeError("no state");
        expectNear(memberOf(state, 0).size, (sign * size) / left, 2n);
        expectNear(memberOf(state, 0).size, sign * state.openInterest, 2n);
        const closed = sign * size - memberOf(state, 0).size;
        expectNear(memberOf(state, 0).cash, (closed * P3 - sign * size * P2) / WAD, 3n * UNIT);
      }
    });

    it(`the whole side of ${side} is offset, the last member has left, and the side starts again`, async () => {
      const offsets = [trade(buyer, seller, whole(7), P2), offset(1, whole(7), whole(1_500))];
      const again = trade(buyer + 2, seller + 2, whole(5), whole(1_500));
      const state = await lastState(4, HAIRCUT, [...offsets, again, touch(0, P2)]);
      const sign = long ? 1n : -1n;
      expect(state.openInterest).to.equal(whole(5));
      expect(state.epochs).to.equal(1n);
      const expected: [number, number][] = [
        [0, -3_500],
        [0, 3_500],
        [5, -7_500],
        [-5, 7_500],
      ];
      for (const [i, [size, cash]] of expected.entries()) {
        expect(memberOf(state, i).size).to.equal(sign * whole(size));
        expectNear(memberOf(state, i).cash, sign * whole(cash), 1n);
      }
      expect(cashOf(state) <= 0n && cashOf(state) >= -2n).to.equal(true);
    });
  }

  it("a share before an offset is paid in full: `taken` is no cash index", async () => {
    const before = [trade(0, 1, whole(100), P2), shareLongs(whole(10_000), P3)];
    const state = await lastState(3, HAIRCUT, [...before, offset(1, whole(90), P3), touch(0, P3)]);
    expect(state.row).to.equal(whole(10_000));
    expectNear(memberOf(state, 0).cash, whole(90 * 3_000 - 100 * 2_000 - 10_000), UNIT);
  });

  it("a share after an offset counts only what is left of a tick", async () => {
    const before = [trade(0, 1, whole(100), P2), offset(1, whole(90), P3)];
    const state = await lastState(3, HAIRCUT, [...before, shareLongs(whole(10_000), P3), touch(0, P3)]);
    expectNear(state.row, 10n * cap, UNIT);
    expectNear(memberOf(state, 0).cash, whole(90 * 3_000 - 100 * 2_000) - state.row - state.dust, UNIT);
  });

  it("losers pay nothing", async () => {
    const before = [trade(0, 1, WAD, P2), trade(2, 1, WAD, whole(4_000))];
    const state = await lastState(3, HAIRCUT, [...before, shareLongs(whole(1_000_000), P3)]);
    expect(memberOf(state, 0).cash).to.equal(-P2 - cap);
    expect(memberOf(state, 2).cash).to.equal(-whole(4_000));
  });

  it("takes no more than the deficit, up to rounding, and no more than the cap in any number of events", async () => {
    const small = await lastState(3, HAIRCUT, [trade(0, 1, WAD, P2), shareLongs(WAD, P3)]);
    expect(small.row).to.equal(WAD);
    expectNear(memberOf(small, 0).cash, -P2 - WAD, 1n);
    const share = shareLongs(whole(1_000_000), P3);
    const modes = {
      untouched: [share],
      touched: [share, touch(0, P3)],
      increased: [share, trade(0, 1, WAD / 1_000n, P3)],
    };
    for (const [mode, operations] of Object.entries(modes)) {
      const state = await lastState(3, HAIRCUT, [trade(0, 1, WAD, P2), ...repeat(8, ...operations)]);
      expect(state.row <= (whole(1_000) * 3n) / 10n, mode).to.equal(true);
      expectNear(state.row, cap, 100n);
    }
  });

  it("a tick forgets what was taken when its last member leaves, and only then", async () => {
    const share = shareLongs(whole(1_000_000), P3);
    const left = [trade(0, 1, WAD, P2), share, trade(1, 0, WAD, P3), trade(2, 1, WAD, P2), share];
    expect((await lastState(3, HAIRCUT, left)).row).to.equal(2n * cap, "left: the next member pays in full");
    const reduced = [trade(0, 1, WAD, P2), share, trade(1, 0, WAD / 2n, P3), share];
    expect((await lastState(3, HAIRCUT, reduced)).row).to.equal(cap, "reduced: nothing more");
    const joined = [trade(0, 1, WAD, P2), share, trade(2, 1, WAD, P2), share];
    const state = await lastState(3, HAIRCUT, joined);
    expect(state.row).to.equal(cap, "joined: the tick shelters");
    expect(memberOf(state, 2).cash).to.equal(-P2, "and its cash index is not charged to who came later");
  });

  it("funding of an ended epoch is settled to its last wei of size", async () => {
    const size = WAD + 5_555_555n;
    const perUnit = 10n ** 6n;
    const history = [trade(0, 1, size, P2), fund(perUnit * RAY), ...repeat(7, offsetPart(1, 90n, P2))];
    const state = await lastState(2, HAIRCUT, history);
    expect(state.epochs).to.equal(1n);
    expectNear(memberOf(state, 0).cash, -size * perUnit - (state.openInterest * P2) / WAD, 1_000n);
  });

  it("a tick stays in use until its last member leaves", async () => {
    const two = [trade(0, 1, WAD, P2), trade(2, 1, WAD, P2), trade(1, 0, WAD, P2)];
    const state = await lastState(3, HAIRCUT, [...two, shareLongs(whole(1_000_000), P3)]);
    expect(state.row).to.equal(cap);
    expect(memberOf(state, 2).cash).to.equal(-P2 - cap);
  });

  for (const epochs of [0n, 1n]) {
    it(`who joins a tick later absorbs only what is taken later (${epochs} epoch ends between)`, async () => {
      const end = epochs === 0n ? [] : repeat(7, offsetPart(1, 90n, P2));
      const joined = [trade(0, 1, WAD, P2), shareLongs(WAD, P3), ...end, trade(2, 1, WAD, P2)];
      const states = await statesOf(3, HAIRCUT, [...joined, shareLongs(whole(1_000_000), P3)]);
      const [before, after] = states.slice(-2);
      if (before === undefined || after === undefined) throw new RangeError("no states");
      expect(after.epochs).to.equal(epochs);
      expect(memberOf(before, 2).basis).to.equal(P2);
      const charged = memberOf(before, 2).cash - memberOf(after, 2).cash;
      expectNear(charged, cap - WAD, 2n);
      expectNear(memberOf(after, 2).basis, P2 + ceil(charged * 10n, 3n), 10n);
    });
  }

  it("an epoch that ends after a share keeps what members of the old epoch owe", async () => {
    const size = whole(1_000_000);
    const state = await lastState(4, HAIRCUT, [
      trade(0, 1, size, P2),
      shareLongs(whole(100_000_000), whole(4_000)),
      trade(3, 1, size, P2),
      trade(2, 1, size, P2),
      ...repeat(7, offsetPart(1, 90n, P2)),
      touch(3, P2),
      trade(3, 1, WAD, P2),
      shareLongs(WAD, whole(6_000)),
      ...[0, 1, 2, 3].map((i) => touch(i, P2)),
    ]);
    expect(state.epochs).to.equal(1n);
    expectNear(cashOf(state), 0n, 30n * UNIT);
    expect(cashOf(state) <= 0n).to.equal(true);
  });

  it("a view is the touch to the wei, for every member, after offsets, shares, funding and the end of epochs", async () => {
    const history = [
      trade(0, 1, whole(1_000) + 1n, P2),
      trade(2, 3, whole(777) + 3n, P2 + 12_345n),
      fund(whole(3) * 10n ** 9n + 7n),
      shareLongs(whole(12_345) + 1n, P3),
      offsetPart(1, 37n, P3),
      trade(4, 2, 333n * 10n ** 15n + 1n, P3),
      fund(-whole(11) * 10n ** 9n + 1n),
      shareLongs(whole(777) + 1n, P3 + 777n),
      ...repeat(8, offsetPart(3, 90n, P2)),
      shareShorts(whole(10), whole(1_000)),
      offsetPart(4, 90n, whole(1_500)),
      fund(12_345_678_901n),
    ];
    for (const member of [0, 1, 2, 3, 4]) {
      const states = await statesOf(5, HAIRCUT, [...history, touch(member, P2), touch(member, P2)]);
      const [view, once, twice] = states.slice(-3);
      expect(once?.viewIsTouch).to.equal(true);
      expect(once?.members).to.deep.equal(view?.members);
      expect(twice?.members).to.deep.equal(view?.members);
    }
  });
});
