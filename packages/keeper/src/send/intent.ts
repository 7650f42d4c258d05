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
  /** What it will use, when the planner knows better than its limit; by it the profit is weighed. */
  readonly gasUsed?: bigint;
  /** For what succeeds without doing anything: what is wrong with what the simulation returned. */
  readonly objection?: (returned: Hex) => string | undefined;
  readonly accounts: readonly bigint[];
  readonly asset?: bigint;
  /** Quote, before gas; negative for a duty that costs. */
  readonly profit: bigint;
  /** Quote that its gas may cost, when that is not its profit: less to earn something, more where a loss is allowed. */
  readonly budget?: bigint;
  /** Quote that it loses by the plan. */
  readonly loss?: bigint;
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
  /**
   * Nothing was sent. `simulated`: the chain's state said no, which is a reason to leave an account alone for a while;
   * else it was the node, the queue or the fees, which is none. Retryable: the same may succeed later.
   */
  | {
      readonly kind: "refused";
      /** What refused it, by the name of its error: a contract's own where one spoke. */
      readonly reason: string;
      readonly error: string;
      readonly retryable: boolean;
      readonly simulated?: true;
    }
  /** `taken`: another instance has it, or another keeper did it. */
  | { readonly kind: "cancelled" | "expired" | "taken"; readonly by?: string };

/** On the wire at a time, in milliseconds. */
export interface Sent {
  readonly hash: Hex;
  readonly at: number;
}

export interface Ticket {
  /** Of the intent in the journal. */
  readonly id: string;
  /** Both reject with `SenderStopped` when the sender stops before. */
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
