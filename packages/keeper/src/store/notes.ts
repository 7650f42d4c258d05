// What may be lost with the power: why accounts were left alone, blocks for a replay, pauses after failures.
import { keyOf } from "@ballast/mirror";
import { numberOf, textOf, type Row, type Statements, type Value } from "./database.js";
import type { Backoff, Decision, DecisionRun, SeenBlock } from "./store.js";

/** Rows in one statement. */
const CHUNK = 500;

interface Run {
  readonly reason: string;
  readonly first: number;
  readonly last: number;
}

/** The latest reason of every account, so that the same one again makes its row longer and no new one. */
export class Runs {
  private readonly runs = new Map<string, Run>();
  private block = -1;

  extend(block: number, decisions: readonly Decision[]): (Decision & { readonly first: number })[] {
    const before = this.block;
    this.block = block;
    return decisions.map((one) => {
      const key = `${one.strategy}:${keyOf(one.account)}`;
      const run = this.runs.get(key);
      const same = run !== undefined && run.reason === one.reason && run.last >= before && run.first <= block;
      const first = same ? run.first : block;
      this.runs.set(key, { reason: one.reason, first, last: block });
      return { ...one, first };
    });
  }

  forget(before: number): void {
    for (const [key, { last }] of this.runs) if (last < before) this.runs.delete(key);
  }
}

export async function decide(
  db: Statements,
  owner: string,
  block: number,
  decisions: readonly (Decision & { readonly first: number })[],
): Promise<void> {
  for (let i = 0; i < decisions.length; i += CHUNK) {
    const values: Value[] = [owner, block];
    const rows = decisions.slice(i, i + CHUNK).map(({ account, strategy, first, reason, detail }) => {
      const at = values.push(String(account), strategy, first, reason, detail);
      return `($1, $${at - 4}, $${at - 3}, $${at - 2}, $2, $${at - 1}, $${at})`;
    });
    await db.query(
      `INSERT INTO decisions (owner, account, strategy, first, last, reason, detail) VALUES ${rows.join(", ")}
       ON CONFLICT (account, strategy, owner, first) DO UPDATE SET
         last = excluded.last, reason = excluded.reason, detail = excluded.detail`,
      values,
    );
  }
}

const runOf = (row: Row): DecisionRun => ({
  owner: textOf(row, "owner"),
  account: BigInt(textOf(row, "account")),
  strategy: textOf(row, "strategy"),
  reason: textOf(row, "reason"),
  detail: textOf(row, "detail"),
  first: numberOf(row, "first"),
  last: numberOf(row, "last"),
});

export async function decisionsOf(db: Statements, account: bigint, limit: number): Promise<DecisionRun[]> {
  const latest = "SELECT * FROM decisions WHERE account = $1 ORDER BY last DESC, first DESC LIMIT $2";
  return (await db.query(latest, [String(account), limit])).map(runOf);
}

export const see = (db: Statements, { number, hash, parentHash, timestamp, content }: SeenBlock): Promise<unknown> =>
  db.query(
    `INSERT INTO blocks (number, hash, parent_hash, timestamp, content) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (number, hash) DO UPDATE SET content = excluded.content`,
    [number, hash, parentHash, timestamp, content],
  );

export async function seen(db: Statements, from: number, to: number): Promise<SeenBlock[]> {
  const rows = await db.query("SELECT * FROM blocks WHERE number BETWEEN $1 AND $2 ORDER BY number, hash", [from, to]);
  return rows.map((row) => ({
    number: numberOf(row, "number"),
    hash: textOf(row, "hash"),
    parentHash: textOf(row, "parent_hash"),
    timestamp: numberOf(row, "timestamp"),
    content: textOf(row, "content"),
  }));
}

export async function backoffs(db: Statements): Promise<Backoff[]> {
  return (await db.query("SELECT * FROM backoffs")).map((row) => ({
    account: BigInt(textOf(row, "account")),
    strategy: textOf(row, "strategy"),
    failures: numberOf(row, "failures"),
    until: numberOf(row, "until"),
  }));
}

export function backOff(db: Statements, { account, strategy, failures, until }: Backoff): Promise<unknown> {
  const row = [String(account), strategy];
  if (failures === 0) return db.query("DELETE FROM backoffs WHERE account = $1 AND strategy = $2", row);
  return db.query(
    `INSERT INTO backoffs (account, strategy, failures, until) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account, strategy) DO UPDATE SET failures = excluded.failures, until = excluded.until`,
    [...row, failures, until],
  );
}

/** Of the journal what no reorg touches any more; the wallets' next nonces stay. */
export async function prune(db: Statements, before: number): Promise<void> {
  await db.query("DELETE FROM decisions WHERE last < $1", [before]);
  await db.query("DELETE FROM blocks WHERE number < $1", [before]);
  await db.query("DELETE FROM backoffs WHERE until < $1", [before]);
  await db.query(
    `DELETE FROM slots WHERE state IN ('final', 'foreign') AND NOT EXISTS (
       SELECT 1 FROM attempts WHERE attempts.wallet = slots.wallet AND attempts.nonce = slots.nonce AND block >= $1)`,
    [before],
  );
  const orphaned = "NOT EXISTS (SELECT 1 FROM slots WHERE slots.wallet = {t}.wallet AND slots.nonce = {t}.nonce)";
  for (const table of ["attempts", "intents"]) {
    await db.query(`DELETE FROM ${table} WHERE ${orphaned.replaceAll("{t}", table)}`);
  }
  await db.query("DELETE FROM intent_accounts WHERE intent NOT IN (SELECT id FROM intents)");
}
