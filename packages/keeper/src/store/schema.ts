// The tables, in steps: each step is done once, in one transaction with its number.
import { numberOf, type Database, type Statements } from "./database.js";
import { SchemaTooNew } from "./errors.js";

// Amounts and account numbers are text: they have 256 bits.
const STEPS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE leases (
       key TEXT PRIMARY KEY, owner TEXT NOT NULL, token BIGINT NOT NULL, expires BIGINT NOT NULL)`,
    `CREATE TABLE wallets (wallet TEXT PRIMARY KEY, next BIGINT NOT NULL)`,
    `CREATE TABLE intents (
       id TEXT PRIMARY KEY, key TEXT NOT NULL, strategy TEXT NOT NULL, wallet TEXT NOT NULL, nonce BIGINT NOT NULL,
       owner TEXT NOT NULL, body TEXT NOT NULL, opened BIGINT NOT NULL,
       kind TEXT, outcome TEXT, included BIGINT, closed BIGINT)`,
    `CREATE UNIQUE INDEX intents_alive ON intents (key) WHERE kind IS NULL`,
    `CREATE INDEX intents_key ON intents (key, included)`,
    `CREATE INDEX intents_slot ON intents (wallet, nonce)`,
    `CREATE TABLE intent_accounts (account TEXT NOT NULL, intent TEXT NOT NULL, PRIMARY KEY (account, intent))`,
    `CREATE TABLE slots (
       wallet TEXT NOT NULL, nonce BIGINT NOT NULL, intent TEXT,
       hash TEXT, block BIGINT, block_hash TEXT, state TEXT NOT NULL, PRIMARY KEY (wallet, nonce))`,
    `CREATE INDEX slots_alive ON slots (wallet, state)`,
    `CREATE TABLE attempts (
       hash TEXT PRIMARY KEY, wallet TEXT NOT NULL, nonce BIGINT NOT NULL, serial BIGINT NOT NULL,
       purpose TEXT NOT NULL, verdict TEXT, max_fee TEXT NOT NULL, tip TEXT NOT NULL, gas TEXT NOT NULL, raw TEXT NOT NULL,
       block BIGINT NOT NULL, at BIGINT NOT NULL)`,
    `CREATE UNIQUE INDEX attempts_slot ON attempts (wallet, nonce, serial)`,
    `CREATE TABLE backoffs (
       account TEXT NOT NULL, strategy TEXT NOT NULL, failures BIGINT NOT NULL, until BIGINT NOT NULL,
       PRIMARY KEY (account, strategy))`,
    `CREATE TABLE decisions (
       owner TEXT NOT NULL, account TEXT NOT NULL, strategy TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
       reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (account, strategy, owner, first))`,
    `CREATE INDEX decisions_last ON decisions (last)`,
    `CREATE TABLE blocks (
       number BIGINT NOT NULL, hash TEXT NOT NULL, parent_hash TEXT NOT NULL, timestamp BIGINT NOT NULL,
       content TEXT NOT NULL, PRIMARY KEY (number, hash))`,
  ],
  [`ALTER TABLE intents ADD COLUMN loss TEXT`, `CREATE INDEX intents_lost ON intents (opened) WHERE loss IS NOT NULL`],
];

export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (statements) => {
    await statements.query(database.alone);
    const version = await versionOf(statements);
    if (version > STEPS.length) throw new SchemaTooNew(database.name, version, STEPS.length);
    for (const step of STEPS.slice(version)) for (const statement of step) await statements.query(statement);
    await statements.query("UPDATE schema_version SET version = $1", [STEPS.length]);
  }, true);
}

async function versionOf(statements: Statements): Promise<number> {
  await statements.query("CREATE TABLE IF NOT EXISTS schema_version (one BIGINT PRIMARY KEY, version BIGINT NOT NULL)");
  await statements.query("INSERT INTO schema_version VALUES (1, 0) ON CONFLICT DO NOTHING");
  const [row] = await statements.query("SELECT version FROM schema_version");
  return row === undefined ? 0 : numberOf(row, "version");
}
