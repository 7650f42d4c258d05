// Lots on offer, as a bid at a moment would find them.
import { Account, FixedPoint, Incentives, WAD } from "@ballast/math";
import { Situations } from "@ballast/risk";
import type { Watch } from "../book/watch.js";
import { FORGOTTEN, debtPlan, endOf, legOf, look, type Leg } from "./leg.js";
import { ofBid, type Costs, type Profit } from "./profit.js";
import type { Room } from "./room.js";

const FLOOR_UNIT = 10n ** 9n;
const LEAST_PART = 10n;
const { Below, FarBelow, Overborrowed } = Account.Verdict;

export interface Offered {
  readonly account: bigint;
  readonly asset: bigint;
  readonly long: boolean;
  /** What can be taken now, at most and at least. */
  readonly size: bigint;
  readonly least: bigint;
  /** Per unit, and what all of it is below (for a short: above) mark. */
  readonly price: bigint;
  readonly premium: bigint;
  readonly notional: bigint;
  readonly start: bigint;
  readonly end: bigint;
}

/** Every lot that is awake, with what taking all of it is worth. */
export function offered(watch: Watch, room: Room, costs: Costs): (Offered & { profit: Profit })[] {
  return [...watch.ledger.lots.live()].flatMap(({ account, asset }) => {
    const lot = offeredOf(watch, room, account, BigInt(asset));
    const sigma = room.markets.get(asset)?.price.sigma ?? 0n;
    return lot === undefined ? [] : [{ ...lot, profit: ofBid(lot.notional, lot.premium, sigma, costs) }];
  });
}

/** None when nothing of it can be taken: no lot, asleep, frozen or forgotten. */
export function offeredOf(watch: Watch, room: Room, account: bigint, asset: bigint): Offered | undefined {
  const lot = watch.ledger.lots.of(account, Number(asset));
  const { time } = room.book;
  const candidate = watch.standingIn(account, room.markets, time);
  if (lot.size === 0n || candidate === undefined) return undefined;
  const leg = legOf(room, candidate, asset);
  if (leg === undefined || ![Below, FarBelow, Overborrowed].some((verdict) => verdict === candidate.verdict))
    return undefined;
  const s = look(leg);
  const [start, end] = [BigInt(lot.start), endOf(s, lot)];
  if (Situations.isFrozen(s) || time >= end + FORGOTTEN) return undefined;
  const clock = { floor: BigInt(lot.floor) * FLOOR_UNIT, elapsed: time - start, duration: end - start };
  const planned = planOf(leg, s, costNow(s, clock));
  const size = sizeOf(s, lot.size, planned);
  if (size === 0n) return undefined;
  const deal = Situations.dealOf(s, size, planned);
  const notional = Situations.notional(s, size);
  const most = deal.premium + deal.insuredPremium;
  const premium = Incentives.premium(notional, clock.floor, most, clock.elapsed, clock.duration);
  const price = Incentives.price(s.size > 0n, s.at.price.mark, premium, size);
  const least = FixedPoint.min(size, FixedPoint.divUp(lot.size, LEAST_PART));
  return { account, asset, long: s.size > 0n, size, least, price, premium, notional, start, end };
}

/** How far the clock of a lot has gone. */
interface Clock {
  readonly floor: bigint;
  readonly elapsed: bigint;
  readonly duration: bigint;
}

/** What a unit of notional costs the account at this moment at most, the tip aside. */
function costNow(s: Situations.Situation, { floor, elapsed, duration }: Clock): bigint {
  const penalty = Situations.penaltyRate(s);
  const rate = Incentives.premium(WAD, floor, Situations.mostCost(s) - penalty, elapsed, duration);
  return rate > 0n ? penalty + rate + 1n : penalty;
}

function planOf({ debtSale, debtCap }: Leg, s: Situations.Situation, cost: bigint): bigint {
  if (!debtSale) return Situations.planAfterTip(s, cost);
  const { equity, marginEquity } = s.standing;
  const standing = { ...s.standing, equity: equity - s.tip, marginEquity: marginEquity - s.tip };
  return debtPlan({ ...s, standing }, debtCap, cost);
}

function sizeOf(s: Situations.Situation, lot: bigint, planned: bigint): bigint {
  const size = FixedPoint.min(lot, planned);
  const whole = FixedPoint.abs(s.size);
  if (size === 0n) return size;
  return planned === whole && Situations.isDust(s, whole - size) ? whole : size;
}
