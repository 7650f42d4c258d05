// What every strategy is: from what is known at a block to what should be done.
import type { Price } from "@ballast/math";
import type { Ledger } from "@ballast/mirror";
import type { Client, Deployment } from "@ballast/sdk";
import type { Watch } from "../book/watch.js";
import type { StrategyName } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import type { Decision } from "../store/store.js";

export interface Head {
  readonly number: number;
  readonly hash: string;
  readonly timestamp: bigint;
}

/** Everything that a strategy may know. */
export interface Snapshot {
  readonly head: Head;
  readonly watch: Watch;
  readonly ledger: Ledger;
  /** What a latch now would say, by asset; quote is 0. */
  readonly prices: ReadonlyMap<number, Price>;
  /** The fresh ones of them, as the watch wants them. */
  readonly marks: ReadonlyMap<bigint, bigint>;
  /** Wei. */
  readonly gasPrice: bigint;
  /** Quote for one native token. */
  readonly native: bigint;
  /** Quote for so much gas. */
  readonly costOf: (gas: bigint) => bigint;
  /** Whether an intent of this strategy for the account is on its way or rests. */
  readonly isBusy: (strategy: string, account: bigint) => boolean;
  /** Whether one is on its way. */
  readonly isUnderWay: (strategy: string, account: bigint) => boolean;
  /** As `isBusy`, for a deed that belongs to no account. */
  readonly isKeyBusy: (key: string) => boolean;
  /** Quote that deeds of this strategy lost within the last hour, those on their way included. */
  readonly lost: (strategy: string) => bigint;
  /** Notes how many accounts can be liquidated now. */
  readonly count: (candidates: number) => void;
  /** Whether those are looked at too who can wait until what is new is on the wire. */
  readonly thorough: boolean;
  /** Takes what need not wait for the rest of the plan, and lets it get on its way; nobody where nothing moves meanwhile. */
  readonly hand?: (intent: Intent) => Promise<void>;
  /** For views of single lots and markets, at the head; never for accounts at large. */
  readonly client: Client;
  readonly deployment: Deployment;
  /** The account that is paid. */
  readonly payee: bigint;
}

export interface Plan {
  readonly intents: readonly Intent[];
  /** Why something was left out, by account. */
  readonly decisions: readonly Decision[];
  /** Accounts that wait for a thorough look. */
  readonly waiting?: number;
  /** What kept parts of it from being planned. */
  readonly troubles?: readonly Error[];
}

export interface Strategy {
  readonly name: StrategyName;
  /** Whether it asks nodes; those that do not are planned first, and wait for nobody. */
  readonly asks: boolean;
  plan(snapshot: Snapshot): Plan | Promise<Plan>;
  /** Once before the first block, so that the first plan that matters finds warm code. */
  rehearse?(snapshot: Snapshot): void;
}

export const NOTHING: Plan = { intents: [], decisions: [] };

export const planOf = (intents: readonly Intent[], decisions: readonly Decision[] = []): Plan => ({
  intents,
  decisions,
});
