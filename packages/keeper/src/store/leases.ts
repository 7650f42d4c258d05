// Rights for a time, by the database's clock.
import { numberOf, textOf, type Statements } from "./database.js";
import { LeaseLost } from "./errors.js";
import type { Lease } from "./store.js";

export async function claim(db: Statements, key: string, owner: string, ttl: number): Promise<Lease | undefined> {
  // One who held it before and let its time go by is somebody new.
  const [row] = await db.query(
    `INSERT INTO leases (key, owner, token, expires) VALUES ($1, $2, 1, {now} + $3)
     ON CONFLICT (key) DO UPDATE SET
       token = CASE WHEN leases.expires > {now} THEN leases.token ELSE leases.token + 1 END,
       owner = excluded.owner, expires = excluded.expires
     WHERE leases.owner = excluded.owner OR leases.expires <= {now}
     RETURNING token`,
    [key, owner, ttl],
  );
  return row && { key, owner, token: numberOf(row, "token") };
}

/** The row stays for its token. */
export const release = (db: Statements, key: string, owner: string): Promise<unknown> =>
  db.query("UPDATE leases SET expires = 0 WHERE key = $1 AND owner = $2", [key, owner]);

export async function holder(db: Statements, key: string): Promise<string | undefined> {
  const [row] = await db.query("SELECT owner FROM leases WHERE key = $1 AND expires > {now}", [key]);
  return row && textOf(row, "owner");
}

/** Holds the lease's row to the end of the transaction: nobody takes it over meanwhile. */
export async function fence(db: Statements, { key, owner, token }: Lease): Promise<void> {
  const rows = await db.query(
    "SELECT key FROM leases WHERE key = $1 AND owner = $2 AND token = $3 AND expires > {now}{lock}",
    [key, owner, token],
  );
  if (rows.length === 0) throw new LeaseLost(key, owner, token);
}

/** The same for one whose holder is gone. */
export async function unheld(db: Statements, key: string): Promise<boolean> {
  const [row] = await db.query("SELECT expires - {now} AS rest FROM leases WHERE key = $1{lock}", [key]);
  return row === undefined || numberOf(row, "rest") <= 0;
}
