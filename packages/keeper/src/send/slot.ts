// A nonce while it is under way.
import type { Hex } from "viem";
import type { Attempt, Inclusion, OpenIntent, SlotRow } from "../store/store.js";

export interface Slot {
  readonly nonce: number;
  /** With an outcome when it ended elsewhere: then its nonce is only to be used up. */
  intent: OpenIntent | undefined;
  /** In the order of their fees; never empty. */
  readonly attempts: Attempt[];
  inclusion: Inclusion | undefined;
  /** The last one that a node took. */
  delivered: Hex | undefined;
  /** The head when it was last given to a node. */
  deliveredAt: number;
  /** The head when it was open again; its age counts from there. */
  since: number;
  /** A node said that it offers too little. */
  cheap: boolean;
  /** The relay did not take it, or it took too long. */
  exposed: boolean;
  /** Rounds in which the nonce was used and none of the attempts was included. */
  missing: number;
  /** Why it should end without being done. */
  withdrawn: string | undefined;
}

export const slotOf = ({ nonce, intent, inclusion, attempts }: Omit<SlotRow, "state">): Slot => ({
  nonce,
  intent,
  attempts: [...attempts],
  inclusion,
  delivered: undefined,
  deliveredAt: -1,
  since: -1,
  cheap: false,
  exposed: false,
  missing: 0,
  withdrawn: undefined,
});

export function latestOf({ attempts }: Slot): Attempt {
  const last = attempts.at(-1);
  if (last === undefined) throw new RangeError("a nonce without an attempt");
  return last;
}

/** Blocks since it was begun, or open again. */
export const ageOf = ({ attempts, since }: Slot, head: number): number =>
  head - Math.max(attempts[0]?.block ?? head, since);

export const isOpen = ({ inclusion }: Slot): boolean => inclusion === undefined;

export const keyOf = ({ intent }: Slot): { key?: string } => (intent === undefined ? {} : { key: intent.intent.key });
