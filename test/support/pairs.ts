// A crowd in pairs, one long and one short of the same, whose leverage says at which fall of prices they fail.
import { Random } from "../../packages/reference/src/random.js";
import { Economy, owner } from "./economy.js";

const WAD = 10n ** 18n;
const PAIRS_PER_BLOCK = 200;
/** Longs of more than this leverage fall with −17 %, and 28 of a hundred longs, 14 of a hundred accounts, have more. */
const EDGE = 473;
const BEYOND = 28;

export interface CrowdOptions {
  readonly accounts: number;
  readonly markets: number;
  readonly seed?: number;
  /** The most legs of an account. */
  readonly legs?: number;
}

export function crowdOf({ accounts, markets, seed = 7, legs = 4 }: CrowdOptions): Economy {
  const economy = new Economy(
    Array.from({ length: markets }, (_, i) => i + 1),
    seed,
  );
  economy.begin();
  for (let i = 0; i + 1 < accounts;) {
    economy.beginBlock();
    const openInterest = new Map(
      economy.markets.map((asset) => [asset, economy.ledger.markets.of(asset).openInterest]),
    );
    for (let n = 0; n < PAIRS_PER_BLOCK && i + 1 < accounts; n++, i += 2)
      openPair(economy, owner(i), owner(i + 1), legs, openInterest);
    economy.endBlock();
  }
  return economy;
}

function openPair(
  economy: Economy,
  buyer: bigint,
  seller: bigint,
  legs: number,
  openInterest: Map<number, bigint>,
): void {
  const { random } = economy;
  const count = Math.min(1 + random.below(legs), economy.markets.length);
  const assets = shuffled(random, economy.markets).slice(0, count);
  const sizes = assets.map(() => random.between(WAD / 20n, random.pick([1n, 10n, 50n]) * WAD));
  const value = sizes.reduce((sum, size, i) => sum + (size * (economy.prices.get(assets[i] ?? 0) ?? 0n)) / WAD, 0n);
  economy.deposit(buyer, (value * 100n) / BigInt(leverageOf(random)));
  economy.deposit(seller, (value * 100n) / BigInt(leverageOf(random)));
  assets.forEach((asset, i) => {
    const before = openInterest.get(asset) ?? 0n;
    openInterest.set(asset, economy.trade(asset, buyer, seller, sizes[i] ?? 0n, before));
  });
}

/** In hundredths. */
function leverageOf(random: Random): number {
  return random.below(100) < BEYOND ? EDGE + random.below(900 - EDGE) : 100 + random.below(EDGE - 100);
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const at = items.map((item) => ({ item, by: random.next() }));
  return at.sort((a, b) => a.by - b.by).map(({ item }) => item);
}
