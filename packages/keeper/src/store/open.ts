import type { Database } from "./database.js";
import { PostgresDatabase } from "./postgres.js";
import { migrate } from "./schema.js";
import { SqliteDatabase } from "./sqlite.js";
import { SqlStore } from "./sqlStore.js";
import type { Store } from "./store.js";

const POSTGRES = /^postgres(ql)?:\/\//;

/** A url of Postgres, or the path of a file. */
export async function openStore(where: string): Promise<Store> {
  const database: Database = POSTGRES.test(where)
    ? new PostgresDatabase(where)
    : new SqliteDatabase(where.replace(/^sqlite:/, ""));
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new SqlStore(database);
}
