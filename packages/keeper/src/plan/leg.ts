// A leg of somebody in trouble, as the closing chain looks at it.
import { Account, Assessor, FixedPoint, Incentives, WAD } from "@ballast/math";
import { Situations, type MarketState } from "@ballast/risk";
import type { Ledger } from "@ballast/mirror";
import { snapshotOf, type Candidate } from "../book/exact.js";
import type { Room } from "./room.js";

/** Seconds after which a tip begins anew, and after which nobody comes for a lot that is over. */
const EPISODE = 3_600n;
export const FORGOTTEN = 3_600n;
const BASIS_POINT = WAD / 10_000n;

/** A leg as it becomes. */
export interface Leg {
  readonly at: MarketState;
  readonly id: bigint;
  readonly debtSale: boolean;
  readonly debtCap: bigint;
  size: bigint;
  standing: Assessor.Standing;
  tip: bigint;
  insurable: bigint;
}

/** None of a leg that there is not, or that the chain has no terms for. */
export function legOf(room: Room, candidate: Candidate, asset: bigint): Leg | undefined {
  const { ledger, book, markets } = room;
  const at = book.markets.get(asset);
  const account = snapshotOf(ledger, candidate.account, markets, book.time);
  const held = account.legs.find((leg) => leg.asset === asset);
  if (at === undefined || held === undefined) return undefined;
  const standing = Assessor.standing(Account.assess(account));
  const debtSale = candidate.verdict === Account.Verdict.Overborrowed;
  const { size } = held.position;
  const leg = { at, id: candidate.account, debtSale, debtCap: account.debtCap, size, standing, tip: 0n, insurable: 0n };
  const bare = look(leg);
  const { since, left } = ledger.lots.episodeOf(candidate.account);
  const insurable = Situations.isBankrupt(bare) ? (room.insurable.get(Number(asset)) ?? 0n) : 0n;
  return { ...leg, insurable, tip: book.time < since + EPISODE ? left : Situations.tipOf(bare) };
}

export function look({ id, at, size, standing, tip, insurable }: Leg): Situations.Situation {
  return Situations.situation(id, at, size, standing, tip, insurable);
}

/** When the premium of a lot is at its top: never later than one that opens now. */
export function endOf({ margin, at }: Situations.Situation, lot: ReturnType<Ledger["lots"]["of"]>): bigint {
  return BigInt(lot.start) + FixedPoint.min(BigInt(lot.duration), Incentives.duration(margin, at.price.sigma));
}

/** x of value with debt − (1 − f)·x = c·(collateral − x), c the cap over the target health; not more than repays all. */
export function debtPlan(s: Situations.Situation, debtCap: bigint, cost: bigint): bigint {
  const debt = Assessor.debt(s.standing);
  const cap = FixedPoint.mulDivDown(debtCap * BASIS_POINT, 10_000n, s.at.terms.target);
  const kept = FixedPoint.mulDown(s.standing.collateral, cap);
  const left = WAD - cost - cap;
  if (debt <= kept || left <= 0n) return 0n;
  return Situations.sizeOf(s, FixedPoint.min(FixedPoint.mulDivUp(debt - kept, WAD, left), debt));
}
