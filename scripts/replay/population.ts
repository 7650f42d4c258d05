import { Random } from "../../packages/reference/src/random.js";
import { DEPTH, MAKERS, toWad, type Opening } from "./market.js";

/** Open interest as a share of depth; margins per notional; sizes are lognormal around 25,000. */
const OPEN_INTEREST = 0.2;
const MARGINS = [0.1, 0.125, 0.15, 0.2];
const SPREAD = 1;
const EVERY = 300;

export interface Planned {
  at: number;
  opening: Opening;
}

/** Who opens what and when: evenly over the time before the crash, in batches; trader 1 first. */
export function populate(accounts: number, seconds: number, long: boolean, random: Random): Planned[] {
  const weights = Array.from({ length: accounts }, () => Math.exp(SPREAD * random.normal()));
  const unit = (OPEN_INTEREST * DEPTH) / weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight, i) => ({
    at: Math.max(EVERY, Math.floor((seconds * i) / accounts / EVERY) * EVERY),
    opening: {
      trader: BigInt(i + 1),
      maker: MAKERS[i % MAKERS.length] ?? 0n,
      long,
      notional: toWad(weight * unit),
      margin: toWad(random.pick(MARGINS)),
    },
  }));
}
