// Nonces, what was signed for them, and what became of it. Everything here runs inside a transaction.
import type { Intent, Outcome } from "../send/intent.js";
import { attemptOf, encode, historyOf, openIntentOf, slotOf } from "./codec.js";
import { numberOf, textOf, type Row, type Statements, type Value } from "./database.js";
import { KeyTaken, NonceConflict } from "./errors.js";
import { fence, unheld } from "./leases.js";
import type {
  Attempt,
  Begun,
  HistoryEntry,
  Inclusion,
  Lease,
  OpenIntent,
  OpenedIntent,
  Orphan,
  SlotRow,
} from "./store.js";

export async function begin(db: Statements, lease: Lease, id: string, intent: Intent, first: Attempt): Promise<Begun> {
  await fence(db, lease);
  await take(db, lease, id, intent, first);
  await step(db, lease.key, first.nonce);
  const slot = "INSERT INTO slots (wallet, nonce, intent, state) VALUES ($1, $2, $3, 'open')";
  await db.query(slot, [lease.key, first.nonce, id]);
  await write(db, lease.key, first);
  return { kind: "begun" };
}

async function take(db: Statements, lease: Lease, id: string, intent: Intent, first: Attempt): Promise<void> {
  const rows = await db.query(
    `INSERT INTO intents (id, key, strategy, wallet, nonce, owner, body, opened) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (key) WHERE kind IS NULL DO NOTHING RETURNING id`,
    [id, intent.key, intent.strategy, lease.key, first.nonce, lease.owner, encode(intent), first.at],
  );
  if (rows.length === 0) throw new KeyTaken(intent.key, await aliveAt(db, intent.key));
  const done = "SELECT owner FROM intents WHERE key = $1 AND included >= $2 LIMIT 1";
  const [earlier] = await db.query(done, [intent.key, Number(intent.block)]);
  if (earlier !== undefined) throw new KeyTaken(intent.key, textOf(earlier, "owner"));
  if (intent.accounts.length === 0) return;
  const pairs = intent.accounts.map((_, i) => `($${i + 2}, $1)`).join(", ");
  const accounts = [...new Set(intent.accounts.map(String))];
  await db.query(`INSERT INTO intent_accounts (account, intent) VALUES ${pairs}`, [id, ...accounts]);
}

async function aliveAt(db: Statements, key: string): Promise<string> {
  const [row] = await db.query("SELECT owner FROM intents WHERE key = $1 AND kind IS NULL", [key]);
  return row === undefined ? "another" : textOf(row, "owner");
}

/** The next nonce is the one after this. */
async function step(db: Statements, wallet: string, nonce: number): Promise<void> {
  const rows = await db.query(
    `INSERT INTO wallets (wallet, next) VALUES ($1, $2) ON CONFLICT (wallet) DO UPDATE SET next = excluded.next
     WHERE wallets.next = excluded.next - 1 RETURNING next`,
    [wallet, nonce + 1],
  );
  if (rows.length === 0) throw new NonceConflict(wallet, nonce);
}

export async function advance(db: Statements, lease: Lease, next: number): Promise<void> {
  await fence(db, lease);
  await db.query(
    `INSERT INTO wallets (wallet, next) VALUES ($1, $2) ON CONFLICT (wallet) DO UPDATE SET next = excluded.next
     WHERE wallets.next < excluded.next`,
    [lease.key, next],
  );
}

const ATTEMPT = "hash, wallet, nonce, serial, purpose, verdict, max_fee, tip, gas, raw, block, at";

async function write(db: Statements, wallet: string, one: Attempt): Promise<void> {
  const verdict = one.verdict === undefined ? null : encode(one.verdict);
  const values: Value[] = [one.hash, wallet, one.nonce, one.serial, one.purpose, verdict];
  values.push(String(one.maxFee), String(one.tip), String(one.gas), one.raw, one.block, one.at);
  const places = values.map((_, i) => `$${i + 1}`).join(", ");
  await db.query(`INSERT INTO attempts (${ATTEMPT}) VALUES (${places})`, values);
}

export async function attempt(db: Statements, lease: Lease, one: Attempt): Promise<void> {
  await fence(db, lease);
  await db.query(
    `INSERT INTO slots (wallet, nonce, state) VALUES ($1, $2, 'open')
     ON CONFLICT (wallet, nonce) DO UPDATE SET state = 'open', hash = NULL, block = NULL, block_hash = NULL`,
    [lease.key, one.nonce],
  );
  await write(db, lease.key, one);
}

export async function settle(
  db: Statements,
  lease: Lease,
  nonce: number,
  inclusion: Inclusion | undefined,
  outcome: Outcome | undefined,
): Promise<void> {
  await fence(db, lease);
  const { hash = null, block = null, blockHash = null } = inclusion ?? {};
  await db.query(
    "UPDATE slots SET state = $3, hash = $4, block = $5, block_hash = $6 WHERE wallet = $1 AND nonce = $2",
    [...[lease.key, nonce, inclusion === undefined ? "foreign" : "included"], ...[hash, block, blockHash]],
  );
  if (outcome === undefined) return;
  const [row] = await db.query("SELECT intent FROM slots WHERE wallet = $1 AND nonce = $2", [lease.key, nonce]);
  if (row !== undefined && row["intent"] !== null) await close(db, textOf(row, "intent"), outcome);
}

const included = (outcome: Outcome): number | null => (outcome.kind === "included" ? Number(outcome.block) : null);

async function close(db: Statements, id: string, outcome: Outcome): Promise<void> {
  await db.query("UPDATE intents SET kind = $2, outcome = $3, included = $4, closed = {now} WHERE id = $1", [
    ...[id, outcome.kind, encode(outcome), included(outcome)],
  ]);
}

export async function reopen(db: Statements, lease: Lease, nonce: number): Promise<OpenIntent | undefined> {
  await fence(db, lease);
  const slot = [lease.key, nonce] as const;
  await db.query(
    "UPDATE slots SET state = 'open', hash = NULL, block = NULL, block_hash = NULL WHERE wallet = $1 AND nonce = $2",
    slot,
  );
  await db.query(
    `UPDATE intents SET kind = NULL, outcome = NULL, included = NULL, closed = NULL
     WHERE wallet = $1 AND nonce = $2 AND kind IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM intents other WHERE other.key = intents.key AND other.kind IS NULL)`,
    slot,
  );
  const [row] = await db.query("SELECT * FROM intents WHERE wallet = $1 AND nonce = $2", slot);
  return row && openIntentOf(row);
}

export async function finalize(db: Statements, lease: Lease, block: number): Promise<void> {
  await fence(db, lease);
  await db.query("UPDATE slots SET state = 'final' WHERE wallet = $1 AND state = 'included' AND block <= $2", [
    ...[lease.key, block],
  ]);
}

export async function nextOf(db: Statements, wallet: string): Promise<number | undefined> {
  const [row] = await db.query("SELECT next FROM wallets WHERE wallet = $1", [wallet]);
  return row && numberOf(row, "next");
}

export async function slotsOf(db: Statements, wallet: string, from = Number.MAX_SAFE_INTEGER): Promise<SlotRow[]> {
  const slots = await db.query(
    "SELECT * FROM slots WHERE wallet = $1 AND (state IN ('open', 'included') OR nonce >= $2) ORDER BY nonce",
    [wallet, from],
  );
  return complete(db, wallet, slots);
}

async function complete(db: Statements, wallet: string, slots: readonly Row[]): Promise<SlotRow[]> {
  const [low, high] = [slots[0], slots.at(-1)];
  if (low === undefined || high === undefined) return [];
  const range = [wallet, numberOf(low, "nonce"), numberOf(high, "nonce")];
  const between = "WHERE wallet = $1 AND nonce BETWEEN $2 AND $3 ORDER BY nonce";
  const attempts = (await db.query(`SELECT * FROM attempts ${between}, serial`, range)).map(attemptOf);
  const intents = (await db.query(`SELECT * FROM intents ${between}`, range)).map(openIntentOf);
  const byId = new Map(intents.map((one) => [one.id, one]));
  const byNonce = new Map<number, Attempt[]>();
  for (const one of attempts) byNonce.set(one.nonce, [...(byNonce.get(one.nonce) ?? []), one]);
  return slots.map((row) => slotOf(row, byId.get(String(row["intent"])), byNonce.get(numberOf(row, "nonce")) ?? []));
}

export async function orphans(db: Statements): Promise<Orphan[]> {
  const wallets = await db.query(
    `SELECT DISTINCT intents.wallet AS wallet FROM intents LEFT JOIN leases ON leases.key = intents.wallet
     WHERE intents.kind IS NULL AND (leases.key IS NULL OR leases.expires <= {now})`,
  );
  const found: Orphan[] = [];
  for (const row of wallets) {
    const wallet = textOf(row, "wallet");
    for (const slot of await slotsOf(db, wallet)) {
      const { intent } = slot;
      if (intent !== undefined && intent.outcome === undefined) found.push({ wallet, slot: { ...slot, intent } });
    }
  }
  return found;
}

export async function conclude(db: Statements, wallet: string, id: string, outcome: Outcome): Promise<boolean> {
  if (!(await unheld(db, wallet))) return false;
  const rows = await db.query("SELECT id FROM intents WHERE id = $1 AND kind IS NULL", [id]);
  if (rows.length > 0) await close(db, id, outcome);
  return rows.length > 0;
}

export async function intentOf(db: Statements, id: string): Promise<OpenIntent | undefined> {
  const [row] = await db.query("SELECT * FROM intents WHERE id = $1", [id]);
  return row && openIntentOf(row);
}

export async function doneSince(db: Statements, time: number): Promise<OpenedIntent[]> {
  const done = "SELECT * FROM intents WHERE opened >= $1 AND (kind IS NULL OR kind = 'included')";
  const rows = await db.query(done, [Math.floor(time)]);
  return rows.map((row) => ({ intent: openIntentOf(row).intent, opened: numberOf(row, "opened") }));
}

export async function history(db: Statements, account: bigint, limit: number): Promise<HistoryEntry[]> {
  const rows = await db.query(
    `SELECT intents.* FROM intents JOIN intent_accounts ON intent_accounts.intent = intents.id
     WHERE intent_accounts.account = $1 ORDER BY intents.opened DESC LIMIT $2`,
    [String(account), limit],
  );
  return rows.map(historyOf);
}
