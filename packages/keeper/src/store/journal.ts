// Nonces, what was signed for them, and what became of it. Everything here runs inside a transaction.
import type { Outcome } from "../send/intent.js";
import { attemptOf, encode, historyOf, openIntentOf, slotOf } from "./codec.js";
import { numberOf, rowsOf, textOf, type Row, type Statements, type Value } from "./database.js";
import { KeysTaken, NonceConflict } from "./errors.js";
import { fence, unheld } from "./leases.js";
import type { Attempt, HistoryEntry, Inclusion, Lease, Loss, OpenIntent, Opening, Orphan, SlotRow } from "./store.js";

export async function begin(db: Statements, lease: Lease, openings: readonly Opening[]): Promise<void> {
  const attempts = openings.map(({ attempt }) => attempt);
  await fence(db, lease);
  await take(db, lease, openings);
  await step(db, lease.key, attempts);
  const slots = rowsOf(openings.map(({ id, attempt }) => [lease.key, attempt.nonce, id, "open"]));
  await db.query(`INSERT INTO slots (wallet, nonce, intent, state) VALUES ${slots.text}`, slots.values);
  await write(db, lease.key, attempts);
}

/** In the order of the keys, so that two instances never wait for one another. */
async function take(db: Statements, lease: Lease, openings: readonly Opening[]): Promise<void> {
  const byKey = openings.toSorted((a, b) => (a.intent.key < b.intent.key ? -1 : 1));
  const { text, values } = rowsOf(byKey.map((opening) => intentRow(lease, opening)));
  const rows = await db.query(
    `INSERT INTO intents (id, key, strategy, wallet, nonce, owner, body, opened, loss) VALUES ${text}
     ON CONFLICT (key) WHERE kind IS NULL DO NOTHING RETURNING id`,
    values,
  );
  const written = new Set(rows.map((row) => textOf(row, "id")));
  const alive = openings.filter(({ id }) => !written.has(id));
  const by = new Map([...(await doneSincePlanned(db, openings)), ...(await aliveAt(db, alive))]);
  if (by.size > 0) throw new KeysTaken(by);
  const accounts = openings.flatMap(({ id, intent }) => [...new Set(intent.accounts)].map((one) => [String(one), id]));
  if (accounts.length === 0) return;
  const touched = rowsOf(accounts);
  await db.query(`INSERT INTO intent_accounts (account, intent) VALUES ${touched.text}`, touched.values);
}

const intentRow = ({ key, owner }: Lease, { id, intent, attempt }: Opening): Value[] => [
  ...[id, intent.key, intent.strategy, key, attempt.nonce],
  ...[owner, encode(intent), attempt.at, (intent.loss ?? 0n) > 0n ? String(intent.loss) : null],
];

async function aliveAt(db: Statements, openings: readonly Opening[]): Promise<Map<string, string>> {
  const by = new Map<string, string>();
  for (const { intent } of openings) {
    const [row] = await db.query("SELECT owner FROM intents WHERE key = $1 AND kind IS NULL", [intent.key]);
    by.set(intent.key, row === undefined ? "another" : textOf(row, "owner"));
  }
  return by;
}

async function doneSincePlanned(db: Statements, openings: readonly Opening[]): Promise<Map<string, string>> {
  const { text, values } = rowsOf([openings.map(({ intent }) => intent.key)]);
  const rows = await db.query(
    `SELECT key, owner, included FROM intents WHERE key IN ${text} AND included IS NOT NULL`,
    values,
  );
  const plannedAt = new Map(openings.map(({ intent }) => [intent.key, Number(intent.block)]));
  const late = rows.filter((row) => numberOf(row, "included") >= (plannedAt.get(textOf(row, "key")) ?? 0));
  return new Map(late.map((row) => [textOf(row, "key"), textOf(row, "owner")]));
}

/** The next nonce is the one after these. */
async function step(db: Statements, wallet: string, attempts: readonly Attempt[]): Promise<void> {
  const first = attempts[0]?.nonce ?? 0;
  const rows = await db.query(
    `INSERT INTO wallets (wallet, next) VALUES ($1, $2) ON CONFLICT (wallet) DO UPDATE SET next = excluded.next
     WHERE wallets.next = $3 RETURNING next`,
    [wallet, first + attempts.length, first],
  );
  if (rows.length === 0 || attempts.some(({ nonce }, i) => nonce !== first + i)) throw new NonceConflict(wallet, first);
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

async function write(db: Statements, wallet: string, attempts: readonly Attempt[]): Promise<void> {
  const { text, values } = rowsOf(attempts.map((one) => attemptRow(wallet, one)));
  await db.query(`INSERT INTO attempts (${ATTEMPT}) VALUES ${text}`, values);
}

const attemptRow = (wallet: string, one: Attempt): Value[] => [
  ...[one.hash, wallet, one.nonce, one.serial, one.purpose, one.verdict === undefined ? null : encode(one.verdict)],
  ...[String(one.maxFee), String(one.tip), String(one.gas), one.raw, one.block, one.at],
];

export async function attempt(db: Statements, lease: Lease, one: Attempt): Promise<void> {
  await fence(db, lease);
  await db.query(
    `INSERT INTO slots (wallet, nonce, state) VALUES ($1, $2, 'open')
     ON CONFLICT (wallet, nonce) DO UPDATE SET state = 'open', hash = NULL, block = NULL, block_hash = NULL`,
    [lease.key, one.nonce],
  );
  await write(db, lease.key, [one]);
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

export async function losses(db: Statements, since: number, except: string): Promise<Loss[]> {
  const rows = await db.query(
    `SELECT strategy, opened, loss FROM intents
     WHERE opened >= $1 AND loss IS NOT NULL AND owner <> $2 AND (kind IS NULL OR kind = 'included')`,
    [Math.floor(since), except],
  );
  return rows.map((row) => ({
    strategy: textOf(row, "strategy"),
    at: numberOf(row, "opened"),
    amount: BigInt(textOf(row, "loss")),
  }));
}

export const lose = (db: Statements, id: string, amount: bigint): Promise<unknown> =>
  db.query("UPDATE intents SET loss = $2 WHERE id = $1", [id, amount > 0n ? String(amount) : null]);

export async function history(db: Statements, account: bigint, limit: number): Promise<HistoryEntry[]> {
  const rows = await db.query(
    `SELECT intents.* FROM intents JOIN intent_accounts ON intent_accounts.intent = intents.id
     WHERE intent_accounts.account = $1 ORDER BY intents.opened DESC LIMIT $2`,
    [String(account), limit],
  );
  return rows.map(historyOf);
}
