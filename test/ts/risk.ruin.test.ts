// First passage: closed forms, limits, and walks that were counted.   BALLAST_SEED
import { expect } from "chai";
import { expectNear } from "../support/near.js";
import { WAD } from "@ballast/math";
import { Liquidation, Ruin, Tails } from "@ballast/risk";
import { Random } from "../../packages/reference/src/random.js";
import { ALT, ETH, SIGMA, leg, listing, randomAccount, workedExample } from "../support/risk.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 11);
const DAY = 86_400;
const sigma = Number(SIGMA) / 1e18;

describe("Tails", () => {
  it("are those of the tables", () => {
    const normals: [number, number][] = [
      [0, 0.5],
      [1, 0.15865525393145707],
      [1.959963984540054, 0.025],
      [3, 0.001349898031630095],
      [6, 9.865876450376981e-10],
      [10, 7.619853024160527e-24],
      [-1, 0.8413447460685429],
    ];
    for (const [z, p] of normals) expectNear(Tails.normal(z) / p, 1, 1e-12);
    const students: [number, number, number][] = [
      [1, 1, 0.25],
      [2, 2, 0.09175170953613698],
      [2.131846786326649, 4, 0.05],
      [5.597568, 4, 0.0025],
      [3.090232306, 1e7, 0.001],
    ];
    for (const [t, degrees, p] of students) expectNear(Tails.student(t, degrees) / p, 1, 1e-5);
    expect(() => Tails.tailOf(2)).to.throw(Tails.DegreesTooFew);
  });

  it("are inverted", () => {
    for (const degrees of [undefined, 3, 8])
      for (const p of [0.9, 0.5, 0.1, 1e-3, 1e-9]) {
        const tail = Tails.tailOf(degrees);
        expectNear(tail(Tails.inverse(tail, p)) / p, 1, 1e-9);
      }
  });
});

describe("Ruin", () => {
  it("of one barrier is twice the tail", () => {
    const process = { sigma, seconds: DAY };
    const distance = 0.1;
    const p = Ruin.probability({ below: distance, above: Infinity }, process);
    expectNear(p, 2 * Tails.normal(distance / (sigma * Math.sqrt(DAY))), 1e-15);
    expectNear(Ruin.distanceFor(p, process), distance, 1e-12);
    expect(Ruin.probability({ below: Infinity, above: Infinity }, process)).to.equal(0);
    expect(Ruin.probability({ below: 0, above: 0 }, process)).to.equal(1);
  });

  it("of two barriers has the limits it must have", () => {
    const at = (below: number, above: number, s: number) =>
      Ruin.probability({ below, above }, { sigma: s, seconds: 1 });
    for (const s of [0.01, 0.1, 0.3, 1, 3, 10, 100]) {
      expectNear(at(0.2, 0.3, s), at(0.3, 0.2, s), 1e-12);
      expectNear(at(0.2, 1e9, s), at(0.2, Infinity, s), 1e-6);
      expect(at(0.2, 0.3, s)).to.be.at.most(at(0.2, Infinity, s) + at(Infinity, 0.3, s));
      expectNear(at(0.2, 0.3, s), 1 - survival(0.2, 0.3, s), 1e-9);
    }
  });

  it("is what walks count, two barriers", () => {
    const random = new Random(SEED);
    for (const [below, above] of [
      [0.05, Infinity],
      [0.05, 0.08],
      [0.1, 0.04],
    ] as const) {
      const barriers = { below, above };
      const process = { sigma: 0.05, seconds: 1 };
      const [counted, error] = walks(random, barriers, process);
      expectNear(Ruin.probability(barriers, process), counted, error);
    }
  });

  it("with heavier tails is what walks of a volatility drawn once count", () => {
    const random = new Random(SEED + 1);
    const barriers = { below: 0.15, above: 0.2 };
    const process = { sigma: 0.05, seconds: 1, degrees: 5 };
    const [counted, error] = walks(random, barriers, process);
    const p = Ruin.probability(barriers, process);
    expectNear(p, counted, error);
    expect(p).to.be.greaterThan(Ruin.probability(barriers, { sigma: 0.05, seconds: 1 }));
    expect(Ruin.probability({ below: 1e-3, above: 1e-3 }, process)).to.be.within(0.99, 1);
  });

  it("of the worked example meets its liquidation price", () => {
    const account = workedExample();
    const { below, above } = Ruin.barriers(account);
    const price = Liquidation.prices(account, ETH)?.below ?? 0n;
    expectNear(2_000 * Math.exp(-below), Number(price) / 1e18, 1e-9);
    expect(above).to.be.greaterThan(10);
    const day = Ruin.of(account, { sigma, seconds: DAY });
    expectNear(day, 0.0495, 5e-4);
    expect(Ruin.of(account, { sigma, seconds: DAY }, "equity")).to.be.lessThan(day);
  });

  it("grows with time, and time to it is its inverse", () => {
    const random = new Random(SEED + 2);
    for (let i = 0; i < 40; i++) {
      const barriers = Ruin.barriers(randomAccount(random));
      const [hour, day] = [3_600, DAY].map((seconds) => Ruin.probability(barriers, { sigma, seconds }));
      expect(hour).to.be.at.most((day ?? 0) + 1e-12);
      const time = Ruin.quantileTime(barriers, 0.05, { sigma });
      if (time > 1 && time < 1e14) expectNear(Ruin.probability(barriers, { sigma, seconds: time }), 0.05, 1e-6);
    }
    const single = { below: 0.1, above: Infinity };
    const z = Tails.inverse(Tails.normal, 0.25);
    expectNear(Ruin.quantileTime(single, 0.5, { sigma }), (0.1 / (sigma * z)) ** 2, 1);
    expect(Ruin.quantileTime({ below: Infinity, above: Infinity }, 0.5, { sigma })).to.equal(Infinity);
  });

  it("takes a·b/σ² on average", () => {
    const random = new Random(SEED + 3);
    const barriers = { below: 0.03, above: 0.05 };
    const step = 0.001;
    let total = 0;
    const runs = 4_000;
    for (let i = 0; i < runs; i++) {
      let [x, n] = [0, 0];
      for (; x > -barriers.below + 1e-12 && x < barriers.above - 1e-12; n++)
        x += random.next() % 2 === 0 ? step : -step;
      total += n;
    }
    // A walk of ±step has σ = step per √step of time, and no overshoot.
    const expected = Ruin.expectedTime(barriers, step);
    expectNear(expected, 1_500, 1e-9);
    expectNear(total / runs, expected, 0.08 * expected);
    expect(Ruin.expectedTime({ below: 0.1, above: Infinity }, sigma)).to.equal(Infinity);
  });

  it("gives the margin, to the wei", () => {
    const place = listing(ETH);
    for (const size of [WAD, -WAD, 10_000n * WAD])
      for (const degrees of [undefined, 4]) {
        const process = degrees === undefined ? { sigma, seconds: DAY } : { sigma, seconds: DAY, degrees };
        const margin = Ruin.marginFor(place, size, 0.01, process);
        const of = (m: bigint) => Ruin.of(Ruin.entered(place, size, m), process);
        expectNear(of(margin), 0.01, 1e-9);
        expect(of((margin * 99n) / 100n)).to.be.greaterThan(0.01);
      }
    // 2,000·(1 − e^−b) and what maintenance asks for there.
    const b = Ruin.distanceFor(0.01, { sigma, seconds: DAY });
    const price = 2_000 * Math.exp(-b);
    const expected = 2_000 - price + price * (0.05 + price / 1e8);
    expectNear(Number(Ruin.marginFor(place, WAD, 0.01, { sigma, seconds: DAY })) / 1e18, expected, 1e-6);
  });

  it("bounds the position", () => {
    const account = { ...workedExample(), cash: 10_000n * WAD, legs: [leg(ALT, 100n * WAD)] };
    const process = { sigma, seconds: DAY };
    for (const long of [true, false]) {
      const size = Ruin.largestPosition(account, listing(ETH), long, 0.02, process);
      const of = (n: bigint) => {
        const { legs, cash } = Ruin.entered(listing(ETH), n, account.cash);
        const all = { ...account, cash, legs: [...account.legs, ...legs] };
        return Ruin.of(all, process, "maintenance", new Map([[ETH, WAD]]));
      };
      expect(of(size)).to.be.at.most(0.02);
      expect(of((size * 1_000_001n) / 1_000_000n)).to.be.greaterThan(0.02);
      const safer = Ruin.largestPosition(account, listing(ETH), long, 0.001, process);
      expect(long ? safer < size : safer > size).to.equal(true);
    }
    const fallen = { ...account, cash: -10_000n * WAD };
    expect(Ruin.largestPosition(fallen, listing(ETH), true, 0.02, process)).to.equal(0n);
    expect(() => Ruin.marginFor(listing(ETH), WAD, 0, process)).to.throw(Ruin.ProbabilityOutOfBounds);
  });
});

/** By the sine series, which knows nothing of reflections. */
function survival(a: number, b: number, s: number): number {
  const width = a + b;
  let sum = 0;
  for (let k = 1; k < 4_001; k += 2)
    sum +=
      (4 / (k * Math.PI)) *
      Math.sin((k * Math.PI * a) / width) *
      Math.exp(-((k * Math.PI * s) ** 2) / (2 * width ** 2));
  return sum;
}

/** The part of walks that meet a barrier, each step corrected for what happens within it; three standard errors. */
function walks(random: Random, { below, above }: Ruin.Barriers, process: Ruin.Process): [number, number] {
  const [runs, steps] = [30_000, 24];
  let survived = 0;
  for (let i = 0; i < runs; i++) {
    const variance = (process.sigma ** 2 * process.seconds * drawn(random, process.degrees)) / steps;
    let [x, alive] = [0, 1];
    for (let j = 0; j < steps && alive > 0; j++) {
      const next = x + random.normal() * Math.sqrt(variance);
      if (next <= -below || next >= above) alive = 0;
      else alive *= (1 - bridge(x + below, next + below, variance)) * (1 - bridge(above - x, above - next, variance));
      x = next;
    }
    survived += alive;
  }
  const p = 1 - survived / runs;
  return [p, 3 * Math.sqrt((p * (1 - p)) / runs) + 1e-3];
}

/** The probability that a bridge between two points at these distances touches the barrier. */
function bridge(from: number, to: number, variance: number): number {
  return from === Infinity ? 0 : Math.exp((-2 * from * to) / variance);
}

/** (ν − 2)/χ²(ν), so that the mean is one; one without degrees. */
function drawn(random: Random, degrees: number | undefined): number {
  if (degrees === undefined) return 1;
  let sum = 0;
  for (let i = 0; i < degrees; i++) sum += random.normal() ** 2;
  return (degrees - 2) / sum;
}
