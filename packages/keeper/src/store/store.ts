// What a keeper writes down: who holds what, every transaction before it is sent, what became of it, and why.
import type { Hex } from "viem";
import type { Intent, Outcome } from "../send/intent.js";

/** A right for a time. The token grows with every new holding, so that one who comes back late cannot write. */
export interface Lease {
  readonly key: string;
  readonly owner: string;
  readonly token: number;
}

export type Purpose = "deed" | "cancel" | "fill";

/** One signed transaction. All attempts of a slot have its nonce; at most one of them is ever included. */
export interface Attempt {
  readonly hash: Hex;
  readonly nonce: number;
  readonly serial: number;
  readonly purpose: Purpose;
  /** What its inclusion means for the intent; without it the inclusion itself is the outcome. */
  readonly verdict?: Outcome;
  readonly maxFee: bigint;
  readonly tip: bigint;
  readonly gas: bigint;
  readonly raw: Hex;
  /** The head when it was signed. */
  readonly block: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface Inclusion {
  readonly hash: Hex;
  readonly block: number;
  readonly blockHash: Hex;
}

/** `open`: to be included; `included`: until it is deep enough; `final`; `foreign`: somebody else used the nonce. */
export type SlotState = "open" | "included" | "final" | "foreign";

export interface OpenIntent {
  readonly id: string;
  readonly intent: Intent;
  readonly outcome?: Outcome;
}

/** A nonce of a wallet, with everything that was signed for it. */
export interface SlotRow {
  readonly nonce: number;
  readonly state: SlotState;
  readonly intent?: OpenIntent;
  readonly inclusion?: Inclusion;
  readonly attempts: readonly Attempt[];
}

export interface WalletJournal {
  /** Nothing before the first transaction. */
  readonly next: number | undefined;
  /** All that are open or included, and all from a nonce on when one is given; by nonce. */
  readonly slots: readonly SlotRow[];
}

/** What is to be done, with the nonce and the first attempt of it. */
export interface Opening {
  readonly id: string;
  readonly intent: Intent;
  readonly attempt: Attempt;
}

/** Taken: whose the keys are that somebody has; then nothing was written. */
export type Begun = { readonly kind: "begun" } | { readonly kind: "taken"; readonly by: ReadonlyMap<string, string> };

/** An intent of a wallet that nobody holds. */
export interface Orphan {
  readonly wallet: string;
  readonly slot: SlotRow & { readonly intent: OpenIntent };
}

/** Quote that an intent lost: as planned until somebody notes what it was. */
export interface Loss {
  readonly strategy: string;
  /** When it was opened, in unix milliseconds. */
  readonly at: number;
  readonly amount: bigint;
}

export interface HistoryEntry {
  readonly id: string;
  readonly key: string;
  readonly strategy: string;
  readonly wallet: string;
  readonly nonce: number;
  readonly owner: string;
  readonly opened: number;
  readonly outcome?: Outcome;
}

export interface Backoff {
  readonly account: bigint;
  readonly strategy: string;
  readonly failures: number;
  /** The first block at which it is tried again. */
  readonly until: number;
}

export interface Decision {
  readonly account: bigint;
  readonly strategy: string;
  /** One word for the same reason on every block. */
  readonly reason: string;
  /** The numbers of it, of the last block. */
  readonly detail: string;
}

/** The same reason on all blocks from the first to the last. */
export interface DecisionRun extends Decision {
  readonly owner: string;
  readonly first: number;
  readonly last: number;
}

export interface SeenBlock {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: number;
  /** Whatever a replay needs of it. */
  readonly content: string;
}

export interface Store {
  /** For errors; no password in it. */
  readonly name: string;

  /** Takes it, or keeps it when the owner has it; nothing when another has. After its time was up the token is a new one. */
  claim(key: string, owner: string, ttlMs: number): Promise<Lease | undefined>;
  release(key: string, owner: string): Promise<void>;
  holder(key: string): Promise<string | undefined>;

  // The journal of a wallet: its key is the lease's, and only who holds it writes.
  journal(wallet: string, from?: number): Promise<WalletJournal>;
  /** All of them at once, of successive nonces. Taken, when a key is alive or was done after it was planned. */
  begin(lease: Lease, openings: readonly Opening[]): Promise<Begun>;
  /** Another attempt for a nonce; also the first one where there is no intent. */
  attempt(lease: Lease, attempt: Attempt): Promise<void>;
  /** The nonce is used: by one of the attempts, or by a transaction that is not in the journal. */
  settle(lease: Lease, nonce: number, inclusion: Inclusion | undefined, outcome: Outcome | undefined): Promise<void>;
  /** The block that had it is gone. The intent is alive again; with its outcome, when its key is alive elsewhere. */
  reopen(lease: Lease, nonce: number): Promise<OpenIntent | undefined>;
  /** What was included up to this block stays. */
  finalize(lease: Lease, block: number): Promise<void>;
  /** Goes on at a later nonce. */
  advance(lease: Lease, next: number): Promise<void>;

  /** Intents without an outcome whose wallet nobody holds. */
  orphans(): Promise<Orphan[]>;
  /** Ends an intent in the name of nobody; not when its wallet is held again. */
  conclude(wallet: string, id: string, outcome: Outcome): Promise<boolean>;
  /** Of intents of everybody else, opened since then, in unix milliseconds, that are on their way or were included. */
  losses(since: number, except: string): Promise<Loss[]>;
  /** What an intent lost after all. */
  lose(id: string, amount: bigint): Promise<void>;
  intent(id: string): Promise<OpenIntent | undefined>;
  /** The latest intents that touched an account. */
  history(account: bigint, limit: number): Promise<HistoryEntry[]>;

  backoffs(): Promise<Backoff[]>;
  /** No failures: forgotten. */
  backOff(backoff: Backoff): Promise<void>;
  decide(owner: string, block: number, decisions: readonly Decision[]): Promise<void>;
  decisions(account: bigint, limit: number): Promise<DecisionRun[]>;
  see(block: SeenBlock): Promise<void>;
  /** By number; of a reorg both are there. */
  seen(from: number, to: number): Promise<SeenBlock[]>;
  /** Forgets decisions and blocks before a block, and settled intents that were closed before it was seen. */
  prune(before: number): Promise<void>;

  close(): Promise<void>;
}
