// The store over either database.
import type { Outcome } from "../send/intent.js";
import type { Database, Statements } from "./database.js";
import { KeysTaken } from "./errors.js";
import * as journal from "./journal.js";
import * as leases from "./leases.js";
import * as notes from "./notes.js";
import type {
  Attempt,
  Backoff,
  Begun,
  Decision,
  DecisionRun,
  HistoryEntry,
  Inclusion,
  Lease,
  Loss,
  OpenIntent,
  Opening,
  Orphan,
  SeenBlock,
  Store,
  WalletJournal,
} from "./store.js";

export class SqlStore implements Store {
  private readonly runs = new notes.Runs();

  constructor(private readonly database: Database) {}

  get name(): string {
    return this.database.name;
  }

  claim(key: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    return this.durably((db) => leases.claim(db, key, owner, ttlMs));
  }

  async release(key: string, owner: string): Promise<void> {
    await this.durably((db) => leases.release(db, key, owner));
  }

  holder(key: string): Promise<string | undefined> {
    return this.lightly((db) => leases.holder(db, key));
  }

  journal(wallet: string, from?: number): Promise<WalletJournal> {
    return this.lightly(async (db) => ({
      next: await journal.nextOf(db, wallet),
      slots: await journal.slotsOf(db, wallet, from),
    }));
  }

  async begin(lease: Lease, openings: readonly Opening[]): Promise<Begun> {
    try {
      await this.durably((db) => journal.begin(db, lease, openings));
      return { kind: "begun" };
    } catch (error) {
      if (error instanceof KeysTaken) return { kind: "taken", by: error.by };
      throw error;
    }
  }

  attempt(lease: Lease, attempt: Attempt): Promise<void> {
    return this.durably((db) => journal.attempt(db, lease, attempt));
  }

  settle(lease: Lease, nonce: number, inclusion: Inclusion | undefined, outcome: Outcome | undefined): Promise<void> {
    return this.durably((db) => journal.settle(db, lease, nonce, inclusion, outcome));
  }

  reopen(lease: Lease, nonce: number): Promise<OpenIntent | undefined> {
    return this.durably((db) => journal.reopen(db, lease, nonce));
  }

  finalize(lease: Lease, block: number): Promise<void> {
    return this.durably((db) => journal.finalize(db, lease, block));
  }

  advance(lease: Lease, next: number): Promise<void> {
    return this.durably((db) => journal.advance(db, lease, next));
  }

  orphans(): Promise<Orphan[]> {
    return this.lightly((db) => journal.orphans(db));
  }

  conclude(wallet: string, id: string, outcome: Outcome): Promise<boolean> {
    return this.durably((db) => journal.conclude(db, wallet, id, outcome));
  }

  losses(since: number, except: string): Promise<Loss[]> {
    return this.lightly((db) => journal.losses(db, since, except));
  }

  async lose(id: string, amount: bigint): Promise<void> {
    await this.lightly((db) => journal.lose(db, id, amount));
  }

  intent(id: string): Promise<OpenIntent | undefined> {
    return this.lightly((db) => journal.intentOf(db, id));
  }

  history(account: bigint, limit: number): Promise<HistoryEntry[]> {
    return this.lightly((db) => journal.history(db, account, limit));
  }

  backoffs(): Promise<Backoff[]> {
    return this.lightly((db) => notes.backoffs(db));
  }

  async backOff(backoff: Backoff): Promise<void> {
    await this.lightly((db) => notes.backOff(db, backoff));
  }

  async decide(owner: string, block: number, decisions: readonly Decision[]): Promise<void> {
    const rows = this.runs.extend(block, decisions);
    if (rows.length > 0) await this.lightly((db) => notes.decide(db, owner, block, rows));
  }

  decisions(account: bigint, limit: number): Promise<DecisionRun[]> {
    return this.lightly((db) => notes.decisionsOf(db, account, limit));
  }

  async see(block: SeenBlock): Promise<void> {
    await this.lightly((db) => notes.see(db, block));
  }

  seen(from: number, to: number): Promise<SeenBlock[]> {
    return this.lightly((db) => notes.seen(db, from, to));
  }

  async prune(before: number): Promise<void> {
    this.runs.forget(before);
    await this.lightly((db) => notes.prune(db, before));
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private durably<T>(work: (db: Statements) => Promise<T>): Promise<T> {
    return this.database.transaction(work, true);
  }

  private lightly<T>(work: (db: Statements) => Promise<T>): Promise<T> {
    return this.database.transaction(work, false);
  }
}
