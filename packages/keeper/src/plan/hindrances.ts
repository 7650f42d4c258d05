// Why a stage does nothing with a leg, in the words of the closing chain.
import { AssetState, FixedPoint, Incentives, PriceStatus, WAD } from "@ballast/math";
import { Situations, type Book, type Stage, type Stages } from "@ballast/risk";

export type Hindrance =
  "NoPool" | "OwnAccount" | "Frozen" | "NoRoom" | "Toxic" | "NoBackstop" | "PaysTooLittle" | "NotOrphaned";

/** Asked only about a stage that offers nothing; where room is left, what is left is too dear or too little. */
export function hindranceOf(stage: Stage, s: Situations.Situation, book: Book, capacity: Stages.Capacity): Hindrance {
  if (stage === "reduce") return reduce(s, capacity);
  if (stage === "auction") return auction(s, capacity);
  if (stage === "absorb") return absorb(s, book, capacity);
  return offset(s);
}

function reduce(s: Situations.Situation, capacity: Stages.Capacity): Hindrance {
  const { pool, price, market } = s.at;
  if (Situations.isSpot(s) || pool === undefined) return "NoPool";
  if (pool.id === s.account) return "OwnAccount";
  if (price.status !== PriceStatus.Fresh || market.config.state >= AssetState.Halted) return "Frozen";
  return roomLeft(s, FixedPoint.min(capacity.window, capacity.pool[sideOf(s)]));
}

function auction(s: Situations.Situation, capacity: Stages.Capacity): Hindrance {
  return Situations.isFrozen(s) ? "Frozen" : roomLeft(s, capacity.auction);
}

function absorb(s: Situations.Situation, book: Book, capacity: Stages.Capacity): Hindrance {
  if (book.backstop === undefined) return "NoBackstop";
  if (book.backstop === s.account) return "OwnAccount";
  if (Situations.isFrozen(s)) return "Frozen";
  const dear = Situations.mostCost(s) < Incentives.move(s.at.price.sigma, 60n);
  const room = roomLeft(s, capacity.backstop[sideOf(s)]);
  return room === "Toxic" && dear ? "PaysTooLittle" : room;
}

function offset(s: Situations.Situation): Hindrance {
  if (Situations.isSpot(s)) return staleSale(s);
  if (Situations.isFrozen(s)) return "Frozen";
  return Situations.isBankrupt(s) || s.health < WAD / 2n ? "Toxic" : "NotOrphaned";
}

/** Of a spot: it goes to insurance when its price is stale and the account is bankrupt. */
function staleSale(s: Situations.Situation): Hindrance {
  const { equity, marginEquity, maintenance } = s.standing;
  const due = equity < 0n || marginEquity < maintenance;
  if (s.at.price.status !== PriceStatus.Stale || !due || !Situations.isBankrupt(s)) return "NotOrphaned";
  return s.margin >= WAD ? "Toxic" : "NoRoom";
}

function roomLeft(s: Situations.Situation, room: bigint): Hindrance {
  return Situations.sizeOf(s, room) === 0n ? "NoRoom" : "Toxic";
}

function sideOf({ size }: Situations.Situation): "long" | "short" {
  return size > 0n ? "long" : "short";
}
