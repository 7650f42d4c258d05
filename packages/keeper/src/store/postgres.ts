// One database for several instances, by its own clock.
import pg from "pg";
import type { Database, Row, Statements, Value } from "./database.js";
import { StoreFailed } from "./errors.js";

const NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
/** Milliseconds: a database that is silent for longer has failed. */
const PATIENCE = 10_000;
const CONNECTIONS = 8;
/** Any number that nobody else locks. */
const SCHEMA_LOCK = 0xba11a57;
const BIGINT: number = pg.types.builtins.INT8;

const parserOf = (type: number): unknown => (type === BIGINT ? Number : pg.types.getTypeParser(type));

export class PostgresDatabase implements Database {
  readonly name: string;
  readonly alone = `SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`;
  private readonly pool: pg.Pool;

  constructor(url: string) {
    const { host, pathname } = new URL(url);
    this.name = `postgres://${host}${pathname}`;
    this.pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
      statement_timeout: PATIENCE,
      idle_in_transaction_session_timeout: PATIENCE,
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    });
    // An idle connection that breaks is replaced when one is asked for.
    this.pool.on("error", () => undefined);
  }

  async transaction<T>(work: (statements: Statements) => Promise<T>, durable: boolean): Promise<T> {
    const client = await this.connect();
    const query = (sql: string, values: readonly Value[] = []): Promise<Row[]> => this.run(client, sql, values);
    let broken = false;
    try {
      await query(durable ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off");
      const result = await work({ query });
      await query("COMMIT");
      return result;
    } catch (error) {
      broken = !(await rolledBack(client));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async run(client: pg.PoolClient, sql: string, values: readonly Value[]): Promise<Row[]> {
    const own = sql.replaceAll("{now}", NOW).replaceAll("{lock}", " FOR UPDATE");
    try {
      return (await client.query<Row>(own, [...values])).rows;
    } catch (error) {
      throw this.failed(error);
    }
  }

  private async connect(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw this.failed(error);
    }
  }

  private failed(error: unknown): StoreFailed {
    return new StoreFailed(this.name, error instanceof Error ? error.message : String(error), error);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}
