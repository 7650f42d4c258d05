// What one `liquidate` would do with a leg: stage by stage in the chain's order, on numbers that each stage leaves behind.
import { Assessor, FixedPoint, Incentives, PriceStatus, WAD } from "@ballast/math";
import { Situations, Stages, type Stage } from "@ballast/risk";
import type { Candidate } from "../book/exact.js";
import { hindranceOf, type Hindrance } from "./hindrances.js";
import { FORGOTTEN, debtPlan, endOf, legOf, look, type Leg } from "./leg.js";
import type { Room } from "./room.js";

const PER_ACCOUNT = 5n;
const LEAST_PART = 10n;

/** Something that the call closes, and what the keeper gets for it. */
export interface Step {
  readonly stage: Stage;
  readonly size: bigint;
  readonly notional: bigint;
  /** Half the penalty and the tip. */
  readonly reward: bigint;
}

/** The least that is known of a call: what it closes, what it puts on offer, and why not more. */
export interface Call {
  readonly account: bigint;
  readonly asset: bigint;
  readonly steps: readonly Step[];
  /** A lot it opens; the reward comes with its fills. */
  readonly lot?: Step;
  /** When the lot that is on offer already is over; the call would revert until then. */
  readonly until?: bigint;
  readonly passed: Readonly<Partial<Record<Stage, Hindrance>>>;
  /** What the stages of the market have left after it. */
  readonly left: Stages.Capacity;
}

/** None of a leg that there is not, or that the chain has no terms for. */
export function callOf(room: Room, candidate: Candidate, asset: bigint): Call | undefined {
  const leg = legOf(room, candidate, asset);
  const before = room.capacities.get(asset);
  if (leg === undefined || before === undefined) return undefined;
  const { ledger, book } = room;
  const lot = ledger.lots.of(candidate.account, Number(asset));
  const auction = before.auction + freedBy(leg, lot.size);
  const left = { ...before, auction, pool: { ...before.pool }, backstop: { ...before.backstop } };
  const base = { account: candidate.account, asset, left };
  const end = endOf(look(leg), lot);
  if (lot.size !== 0n && book.time < end) return { ...base, steps: [], until: end, passed: {} };
  const over = lot.size !== 0n && book.time < end + FORGOTTEN;
  const order = over ? (["reduce", "absorb", "offset", "auction"] as const) : Stages.STAGES;
  return { ...base, ...run(room, leg, left, order) };
}

/** What a lot that is over leaves to the lots of its market. */
function freedBy({ at }: Leg, size: bigint): bigint {
  const most = Situations.share(at.market.initialDepth, at.terms.inFlight);
  const room = (inFlight: bigint) => FixedPoint.max(0n, most - FixedPoint.mulDown(inFlight, at.price.mark));
  return room(at.inFlight - size) - room(at.inFlight);
}

function run(
  room: Room,
  leg: Leg,
  capacity: Stages.Capacity,
  order: readonly Stage[],
): Pick<Call, "steps" | "lot" | "passed"> {
  const steps: Step[] = [];
  const passed: Partial<Record<Stage, Hindrance>> = {};
  for (const stage of order) {
    const s = look(leg);
    if (leg.size === 0n || (Situations.isDone(s) && !leg.debtSale)) break;
    const deal = offer(room, stage, s, leg, capacity);
    const after = deal && standingAfter(s, deal);
    // The ledger refuses what would leave the account less healthy; the stage is passed. A lot moves nothing yet.
    if (deal === undefined || after === undefined || (stage !== "auction" && !Assessor.noWorse(s.standing, after))) {
      passed[stage] = hindranceOf(stage, s, room.book, capacity);
      continue;
    }
    Stages.use(stage, s, capacity, deal.size);
    const reward = deal.tip + deal.insuredTip + deal.penalty / 2n;
    const step = { stage, size: deal.size, notional: Situations.notional(s, deal.size), reward };
    if (stage === "auction") return { steps, lot: step, passed };
    steps.push(step);
    leg.size = leftOf(s, deal);
    leg.standing = after;
    leg.tip = FixedPoint.max(0n, leg.tip - deal.tip - deal.insuredTip);
    leg.insurable = 0n;
  }
  return { steps, passed };
}

function offer(
  { book }: Room,
  stage: Stage,
  s: Situations.Situation,
  leg: Leg,
  capacity: Stages.Capacity,
): Situations.Deal | undefined {
  if (stage === "offset" && Situations.isSpot(s)) return leg.debtSale ? undefined : staleSale(s);
  if (!leg.debtSale) return Stages.offer(stage, s, book, capacity);
  return stage === "auction" && Situations.isSpot(s) ? debtSale(s, leg.debtCap, capacity) : undefined;
}

/** Spot that nobody knows the worth of, to insurance: for what it counts for, of which nothing is left to pay anybody. */
function staleSale(s: Situations.Situation): Situations.Deal | undefined {
  if (s.at.price.status !== PriceStatus.Stale || !Situations.isBankrupt(s) || s.margin >= WAD) return undefined;
  const counted = (value: bigint): bigint => Situations.sizeOf(s, value);
  const planned = counted(FixedPoint.mulDivUp(Assessor.debt(s.standing), WAD, WAD - s.margin));
  const size = FixedPoint.min(planned, counted(FixedPoint.mulDivDown(s.insurable, WAD, WAD - s.margin)));
  const nothing = { penalty: 0n, tip: 0n, insuredTip: 0n, insuredPremium: 0n };
  return size === 0n ? undefined : { ...nothing, size, premium: lostBy(s, size) };
}

/** What a stale spot is worth above what it counts for, to the wei. */
function lostBy({ at: { market, price }, size: held }: Situations.Situation, size: bigint): bigint {
  const [before, after] = [Assessor.leg(market, held, price), Assessor.leg(market, held - size, price)];
  return before.equity - after.equity - (before.marginEquity - after.marginEquity);
}

/** A slice of what is owed too much. */
function debtSale(s: Situations.Situation, debtCap: bigint, capacity: Stages.Capacity): Situations.Deal | undefined {
  const { terms, market } = s.at;
  if (Situations.isFrozen(s)) return undefined;
  const planned = debtPlan(s, debtCap, Situations.mostCost(s));
  const depth = market.initialDepth;
  const perAccount = Situations.share(depth, terms.inFlight) / PER_ACCOUNT;
  const slice = Situations.sizeOf(s, FixedPoint.min(Incentives.slice(s.margin, depth), perAccount));
  const wanted = FixedPoint.min(planned, slice);
  const size = FixedPoint.min(wanted, Situations.sizeOf(s, capacity.auction));
  return size === 0n || size * LEAST_PART < wanted ? undefined : Situations.dealOf(s, size, planned);
}

function standingAfter(s: Situations.Situation, deal: Situations.Deal): Assessor.Standing {
  const { market, price } = s.at;
  const left = leftOf(s, deal);
  const cash = Assessor.leg(market, s.size, price).equity - Assessor.leg(market, left, price).equity;
  return Assessor.shifted(s.standing, market, price, s.size, left, cash - deal.premium - deal.penalty - deal.tip);
}

function leftOf({ size }: Situations.Situation, deal: Situations.Deal): bigint {
  return size > 0n ? size - deal.size : size + deal.size;
}
