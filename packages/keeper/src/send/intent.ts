// What strategies want done, and what became of it.
import type { Address, Hex } from "viem";

export interface Intent {
  /** What it does, the same for the same deed whoever plans it: "liquidate:17". Over all instances one of a key is alive. */
  readonly key: string;
  readonly strategy: string;
  readonly to: Address;
  readonly data: Hex;
  readonly value?: bigint;
  /** Limit: the planner knows it. */
  readonly gas: bigint;
  readonly accounts: readonly bigint[];
  readonly asset?: bigint;
  /** Quote, before gas; negative for a duty that costs. */
  readonly profit: bigint;
  /** Higher first. */
  readonly urgency: number;
  /** Where it was planned. */
  readonly block: bigint;
  /** Unix seconds after which it is worth nothing. */
  readonly deadline?: bigint;
}

export type Outcome =
  | {
      readonly kind: "included";
      readonly hash: Hex;
      readonly block: bigint;
      readonly gasUsed: bigint;
      readonly reverted: boolean;
    }
  /** Nothing was sent: the simulation, the caps or the queue said no. */
  | { readonly kind: "refused"; readonly error: string; readonly retryable: boolean }
  /** `taken`: another instance has it, or another keeper did it. */
  | { readonly kind: "cancelled" | "expired" | "taken"; readonly by?: string };

/** On the wire at a time, in milliseconds. */
export interface Sent {
  readonly hash: Hex;
  readonly at: number;
}

export interface Ticket {
  /** The first of both: it was written to the socket, or it ended before. */
  readonly sent: Promise<Sent | Outcome>;
  readonly outcome: Promise<Outcome>;
}

export interface Sender {
  submit(intent: Intent): Promise<Ticket>;
  /** Transactions without an outcome. */
  readonly pending: number;
  /** Takes nothing more and leaves what is open in the journal, for who comes next. */
  stop(): Promise<void>;
}
