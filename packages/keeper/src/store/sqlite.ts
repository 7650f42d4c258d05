// One file, for one machine: several processes may share it.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Database, Row, Statements, Value } from "./database.js";
import { StoreFailed } from "./errors.js";

/** Milliseconds that one waits for another's transaction, and between two looks. */
const PATIENCE = 5_000;
const GLANCE = 4;
const BUSY = 5;
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

export class SqliteDatabase implements Database, Statements {
  readonly name: string;
  /** A transaction that writes is alone anyway. */
  readonly alone = "SELECT 1";
  private readonly connection: DatabaseSync;
  private readonly prepared = new Map<string, StatementSync>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.name = `sqlite:${path}`;
    try {
      this.connection = new DatabaseSync(path);
      this.connection.exec(`PRAGMA busy_timeout = ${PATIENCE}; PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 0`);
    } catch (error) {
      throw this.failed(error);
    }
  }

  query(sql: string, values: readonly Value[] = []): Promise<Row[]> {
    try {
      return Promise.resolve(this.prepare(sql).all(...values) as Row[]);
    } catch (error) {
      return Promise.reject(this.failed(error));
    }
  }

  /** One after the other: there is one connection. */
  transaction<T>(work: (statements: Statements) => Promise<T>, durable: boolean): Promise<T> {
    const turn = this.last.then(() => this.run(work, durable));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.last;
    if (this.connection.isOpen) this.connection.close();
  }

  private async run<T>(work: (statements: Statements) => Promise<T>, durable: boolean): Promise<T> {
    this.execute(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
    await this.begin();
    try {
      const result = await work(this);
      this.execute("COMMIT");
      return result;
    } catch (error) {
      if (this.connection.isTransaction) this.execute("ROLLBACK");
      throw error;
    }
  }

  /** Others write too; meanwhile this process goes on. */
  private async begin(): Promise<void> {
    for (const end = Date.now() + PATIENCE; ; await new Promise((next) => setTimeout(next, GLANCE))) {
      try {
        this.connection.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== BUSY || Date.now() > end) throw this.failed(error);
      }
    }
  }

  private execute(sql: string): void {
    try {
      this.connection.exec(sql);
    } catch (error) {
      throw this.failed(error);
    }
  }

  private prepare(sql: string): StatementSync {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      const own = sql
        .replaceAll(/\$(\d+)/g, "?$1")
        .replaceAll("{now}", NOW)
        .replaceAll("{lock}", "");
      statement = this.connection.prepare(own);
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  private failed(error: unknown): StoreFailed {
    return new StoreFailed(this.name, error instanceof Error ? error.message : String(error), error);
  }
}
