// What happens to the market: phases of calm, fall and aftermath, and what is wrong besides.
import { Random } from "../../packages/reference/src/random.js";
import { PERPS } from "./world.js";

/** Whole quote that pools (each), backstop, insurance and bidders (each) begin with. */
export interface Funds {
  readonly pool: number;
  readonly backstop: number;
  readonly insurance: number;
  readonly bidder: number;
}

export interface Crowd {
  /** Of the traders' notional. */
  readonly longs: number;
  /** Margin by notional, one of them for each trader. */
  readonly margins: readonly number[];
  /** Notional that traders hold in each perp, as a share of its configured depth. */
  readonly interest: number;
}

/** Part of a path: so many blocks of so many seconds, over which the market moves by so many percent. */
export interface Phase {
  readonly name: string;
  readonly blocks: number;
  readonly seconds: number;
  readonly percent: number;
  /** A year's volatility around that, in percent. */
  readonly noise: number;
  /** What feeds of ETH say meanwhile. */
  readonly fault?: Fault;
}

/** One of them lies, or most of them are silent. */
export type Fault = "lie" | "silence";

export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly funds: Funds;
  readonly crowd: Crowd;
  readonly phases: readonly Phase[];
  /** Percent that closing a whole depth moves the price further. */
  readonly impact: number;
}

/** Prices in whole quote by name, so many seconds after those before. */
export interface Tick {
  readonly phase: string;
  readonly seconds: number;
  readonly prices: Readonly<Record<string, number>>;
  readonly fault?: Fault;
}

const FUNDS: Funds = { pool: 5_000_000, backstop: 3_000_000, insurance: 250_000, bidder: 3_000_000 };
const CROWD: Crowd = { longs: 0.7, margins: [0.12, 0.14, 0.16, 0.2, 0.3], interest: 0.12 };
const CALM = { name: "calm", noise: 40, percent: 0 };
const AFTER = { name: "aftermath", noise: 60, percent: 0 };

const scenario = (name: string, what: string, phases: readonly Phase[], more: Partial<Scenario> = {}): Scenario => ({
  ...{ name, what, phases, funds: FUNDS, crowd: CROWD, impact: 0 },
  ...more,
});

export const SCENARIOS: readonly Scenario[] = [
  scenario("calm", "nothing happens, for two hours", [{ ...CALM, blocks: 160, seconds: 45 }]),
  scenario("flash-crash", "-20 % in five minutes, half of it back at once", [
    { ...CALM, blocks: 50, seconds: 30 },
    { name: "crash", blocks: 60, seconds: 5, percent: -20, noise: 250 },
    { name: "rebound", blocks: 50, seconds: 8, percent: 11, noise: 200 },
    { ...AFTER, blocks: 100, seconds: 15 },
  ]),
  scenario("black-thursday", "-25 % in half an hour, a pause, then -20 % in ten minutes", [
    { ...CALM, blocks: 45, seconds: 30 },
    { name: "first fall", blocks: 80, seconds: 22, percent: -25, noise: 180 },
    { name: "pause", blocks: 40, seconds: 15, percent: 4, noise: 150 },
    { name: "second fall", blocks: 60, seconds: 10, percent: -20, noise: 300 },
    { ...AFTER, blocks: 90, seconds: 15 },
  ]),
  scenario(
    "short-squeeze",
    "most are short, and the market gains 35 % in a quarter of an hour",
    [
      { ...CALM, blocks: 45, seconds: 30 },
      { name: "squeeze", blocks: 100, seconds: 9, percent: 35, noise: 250 },
      { name: "fade", blocks: 40, seconds: 10, percent: -8, noise: 200 },
      { ...AFTER, blocks: 80, seconds: 15 },
    ],
    { crowd: { ...CROWD, longs: 0.2 } },
  ),
  scenario(
    "thin-insurance",
    "gaps of -9 % with hardly any insurance, backstop or bidders: the end of both chains",
    [
      { ...CALM, blocks: 30, seconds: 20 },
      { name: "slide", blocks: 40, seconds: 8, percent: -9, noise: 100 },
      { name: "gap", blocks: 1, seconds: 4, percent: -9, noise: 0 },
      { name: "shock", blocks: 50, seconds: 8, percent: -1, noise: 150 },
      { name: "gap", blocks: 1, seconds: 4, percent: -11, noise: 0 },
      { name: "shock", blocks: 50, seconds: 10, percent: -2, noise: 150 },
      { name: "gap", blocks: 1, seconds: 4, percent: -12, noise: 0 },
      { ...AFTER, blocks: 110, seconds: 15 },
    ],
    {
      funds: { pool: 1_500_000, backstop: 300_000, insurance: 20_000, bidder: 60_000 },
      crowd: { ...CROWD, interest: 0.2 },
    },
  ),
  scenario("oracle-failure", "one feed of ETH lies, then most of them fall silent, and the market falls meanwhile", [
    { ...CALM, blocks: 30, seconds: 20 },
    { name: "a feed lies", blocks: 40, seconds: 15, percent: -4, noise: 100, fault: "lie" },
    { name: "feeds are silent", blocks: 90, seconds: 20, percent: -14, noise: 100, fault: "silence" },
    { ...AFTER, name: "feeds are back", blocks: 100, seconds: 15 },
  ]),
  scenario(
    "cascade",
    "-9 % and every liquidation pushes the price further",
    [
      { ...CALM, blocks: 45, seconds: 30 },
      { name: "push", blocks: 80, seconds: 10, percent: -11, noise: 150 },
      { ...AFTER, blocks: 130, seconds: 12 },
    ],
    { impact: 60 },
  ),
];

const YEAR = 365 * 86_400;
/** How much of the market's moves each perp makes, and how much of the noise is common to all. */
const BETAS: Readonly<Record<string, number>> = { BTC: 0.9, ETH: 1, SOL: 1.2 };
const COMMON = 0.8;

/** The same seed gives the same path. */
export function pathOf({ phases }: Pick<Scenario, "phases">, seed: number): Tick[] {
  const random = new Random(4 * seed + 1);
  const ticks: Tick[] = [];
  let start = logsOf(Object.fromEntries(PERPS.map(({ name, price }) => [name, price])));
  for (const phase of phases) {
    const walk = walkOf(phase, random);
    for (const step of walk) ticks.push(tickOf(phase, start, step));
    start = logsOf(ticks.at(-1)?.prices ?? {});
  }
  return ticks;
}

type Logs = Readonly<Record<string, number>>;

const logsOf = (prices: Logs): Logs =>
  Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, Math.log(price)]));

function tickOf({ name: phase, seconds, fault }: Phase, start: Logs, step: Logs): Tick {
  const prices = PERPS.map(({ name }) => [name, Math.exp((start[name] ?? 0) + (step[name] ?? 0))] as const);
  return { phase, seconds, prices: Object.fromEntries(prices), ...(fault === undefined ? {} : { fault }) };
}

/** Noise that ends where the phase says, for every perp. */
function walkOf({ blocks, seconds, percent, noise }: Phase, random: Random): Logs[] {
  const deviation = (noise / 100) * Math.sqrt(seconds / YEAR);
  const drift = Math.log(1 + percent / 100);
  const sums = new Map(PERPS.map(({ name }) => [name, 0]));
  const raw = Array.from({ length: blocks }, () => {
    const common = random.normal();
    for (const { name } of PERPS) {
      const shock = COMMON * common + Math.sqrt(1 - COMMON ** 2) * random.normal();
      sums.set(name, (sums.get(name) ?? 0) + deviation * shock);
    }
    return Object.fromEntries(sums);
  });
  // A calm phase may end anywhere; one that moves ends where it should.
  const last = percent === 0 ? {} : raw.at(-1);
  return raw.map((logs, i) => {
    const part = (i + 1) / blocks;
    const bent = PERPS.map(({ name }) => {
      const target = drift * (BETAS[name] ?? 1);
      return [name, (logs[name] ?? 0) + part * (target - (last?.[name] ?? 0))] as const;
    });
    return Object.fromEntries(bent);
  });
}
