// Calls that pay nobody and keep the house in order.
import type { Address, Hex } from "viem";
import type { Intent } from "../send/intent.js";
import type { Snapshot } from "./strategy.js";

export interface Duty {
  readonly key: string;
  readonly strategy: string;
  readonly to: Address;
  readonly data: Hex;
  readonly gas: bigint;
  /** What it will use, when that is far from its limit. */
  readonly gasUsed?: bigint;
  readonly urgency: number;
  readonly asset?: number;
  readonly value?: bigint;
  readonly deadline?: bigint;
}

/** The intent, unless its gas costs more than it may or it is on its way. */
export function dutyOf(snapshot: Snapshot, { asset, ...duty }: Duty, most: bigint): Intent[] {
  if (snapshot.isKeyBusy(duty.key) || snapshot.costOf(duty.gasUsed ?? duty.gas) > most) return [];
  const about = asset === undefined ? {} : { asset: BigInt(asset) };
  return [{ ...duty, ...about, accounts: [], profit: 0n, block: BigInt(snapshot.head.number) }];
}
