// What the closing chain would do, and why.
import { liquidatorAbi } from "../abi/index.js";
import { read } from "../call.js";
import type { Client } from "../client.js";
import { REASONS, STAGES, nameOf, type Reason, type Stage } from "../enums.js";
import { requireAccount, requireAsset } from "../input.js";
import type { LegParameters } from "./positions.js";

/** What a stage would do now. */
export interface Offer {
  size: bigint;
  /** Why it has no capacity. */
  reason: Reason;
  /** What the account needs of this stage, whatever its room. */
  planned: bigint;
  /** Notional it has room for. */
  capacity: bigint;
  /** To the account at this size, penalty and tip aside; of an auction the most. */
  cost: bigint;
}

/** What `liquidate` would do now, stage by stage. */
export interface Outlook {
  /** Whether anything may be done: below maintenance, or with spot to be sold. */
  open: boolean;
  /** Whether nothing needs to be done: at the target health. */
  safe: boolean;
  health: bigint;
  /** The margin that a unit of notional frees when closed. */
  margin: bigint;
  stage: Stage;
  reduce: Offer;
  auction: Offer;
  absorb: Offer;
  offset: Offer;
}

/**
 * What `liquidate` would do with a leg now: the stage, its plan, and why every other stage would not act.
 *
 * @example
 * const { stage, reduce } = await getOutlook(client, { account, asset: 1 });
 * if (stage === "None") console.log(reduce.reason);
 */
export async function getOutlook(client: Client, { account, asset, ...at }: LegParameters): Promise<Outlook> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  const address = client.addresses.liquidator;
  const o = await read(client, { abi: liquidatorAbi, address, functionName: "outlook", args, ...at });
  const offer = (raw: (typeof o)["reduce"]): Offer => ({ ...raw, reason: nameOf(REASONS, raw.reason) });
  return {
    ...o,
    stage: nameOf(STAGES, o.stage),
    reduce: offer(o.reduce),
    auction: offer(o.auction),
    absorb: offer(o.absorb),
    offset: offer(o.offset),
  };
}

/** A slice of a leg on offer, as a bid now would find it. */
export interface LotView {
  /** What can be taken now, at most and at least; nothing of a lot that is asleep. */
  size: bigint;
  least: bigint;
  /** What the taker pays (for a long) or gets (for a short) per unit. */
  price: bigint;
  /** The whole premium for `size`, above mark when negative. */
  premium: bigint;
  /** Since when, and when the premium is at its top. */
  start: bigint;
  end: bigint;
  long: boolean;
  /** As it was opened or last filled. */
  lot: { size: bigint; start: number; duration: number; floor: number; keeper: bigint };
}

/**
 * The lot of a leg; its size is zero when nothing can be taken.
 *
 * @example
 * const { size, price, premium } = await getLot(client, { account, asset: 1 });
 */
export async function getLot(client: Client, { account, asset, ...at }: LegParameters): Promise<LotView> {
  const args = [requireAccount("account", account), requireAsset(asset)] as const;
  const address = client.addresses.liquidator;
  return read(client, { abi: liquidatorAbi, address, functionName: "lotOf", args, ...at });
}
