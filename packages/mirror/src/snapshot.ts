// A ledger as lines of text: what it is of, every row, and what its last blocks can be undone with.
import { DamagedStore, OtherDeployment } from "./errors.js";
import type { BlockId, StoredBlock, StoredRow } from "./journal.js";
import { Ledger, type Deployment, type LedgerOptions } from "./ledger.js";
import type { Side } from "./sides.js";

const FORMAT = "ballast-mirror";
const VERSION = 2;

interface Heading extends Deployment {
  readonly format: string;
  readonly version: number;
  readonly head: BlockId | null;
}

/** The first line says of what; rows and undo records follow, one a line. */
export function* linesOf(ledger: Ledger): IterableIterator<string> {
  const heading: Heading = { format: FORMAT, version: VERSION, ...ledger.deployment, head: ledger.head ?? null };
  yield encode(heading);
  for (const row of ledger.journal.rows()) yield encode(row);
  for (const block of ledger.journal.undoRecords()) yield encode(block);
}

/** All rows in an order that depends on nothing but them: two ledgers are equal if these are. */
export function fingerprint(ledger: Ledger): string {
  return [...ledger.journal.rows()].map(encode).sort().join("\n");
}

/**
 * The ledger of these lines.
 * @param name where they are from, for errors
 */
export async function ledgerOf(
  lines: AsyncIterable<string> | Iterable<string>,
  deployment: Deployment,
  name: string,
  options?: LedgerOptions,
): Promise<Ledger> {
  const ledger = new Ledger(deployment, options);
  const sides = new Map<string, Side>();
  let heading: Heading | undefined;
  for await (const line of lines) {
    const stored = decode(line, name, sides);
    if (heading === undefined) heading = headingOf(stored, deployment, name);
    else if (Array.isArray(stored)) ledger.journal.putRow(stored as unknown as StoredRow);
    else ledger.journal.putBlock(stored as StoredBlock);
  }
  if (heading === undefined) throw new DamagedStore(name, "it is empty");
  ledger.startAfter(heading.head ?? undefined);
  return ledger;
}

function headingOf(stored: unknown, deployment: Deployment, name: string): Heading {
  const heading = stored as Heading;
  if (heading.format !== FORMAT) throw new DamagedStore(name, "it is no snapshot of a mirror");
  if (heading.version !== VERSION) throw new DamagedStore(name, `it has version ${heading.version}, not ${VERSION}`);
  for (const field of [
    "chainId",
    "clearingHouse",
    "oracle",
    "liquidator",
    "vaults",
    "quoteDecimals",
    "fromBlock",
  ] as const) {
    const [expected, actual] = [String(deployment[field]), String(heading[field])];
    if (expected.toLowerCase() !== actual.toLowerCase()) throw new OtherDeployment(name, field, expected, actual);
  }
  return heading;
}

/** Integers of any size are text that begins with a mark nothing else begins with. */
const MARK = "#";

function encode(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${MARK}${part}` : part));
}

/** The many records that refer to one side share it again. */
function decode(line: string, name: string, sides: Map<string, Side>): unknown {
  try {
    return JSON.parse(line, (key, part: unknown) => {
      if (typeof part === "string" && part.startsWith(MARK)) return BigInt(part.slice(1));
      return key === "side" ? shared(part as Side, sides) : part;
    });
  } catch (error) {
    throw new DamagedStore(name, "a line is no JSON", error);
  }
}

function shared(side: Side, sides: Map<string, Side>): Side {
  const key = Object.values(side).join("/");
  const known = sides.get(key);
  if (known === undefined) sides.set(key, side);
  return known ?? side;
}
