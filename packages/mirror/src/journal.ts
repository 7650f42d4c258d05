// State that can be undone: rows are immutable records, and whoever replaces one leaves the one before it in the journal.

export interface BlockId {
  readonly number: number;
  readonly hash: string;
}

export interface BlockRef extends BlockId {
  readonly parentHash: string;
}

export interface Touched {
  readonly table: string;
  readonly key: string | number;
}

interface Change {
  readonly table: Undoable;
  readonly key: string | number;
  readonly before: object | undefined;
}

interface Undoable {
  readonly name: string;
  entries(): Iterable<[string | number, object]>;
  restore(key: string | number, before: object | null | undefined): void;
  keyOf(text: string): string | number;
}

/** What a block changed, oldest first. */
interface BlockChanges {
  readonly ref: BlockRef;
  readonly changes: readonly Change[];
}

/** A row by the name of its table and its key. */
export type StoredRow = readonly [table: string, key: string, row: object | null];

export interface StoredBlock {
  readonly ref: BlockRef;
  readonly changes: readonly StoredRow[];
}

/** The changes of the last `depth` blocks, and what was there before; none when the depth is 0. */
export class Journal {
  private readonly tables = new Map<string, Undoable>();
  private blocks: BlockChanges[] = [];
  private open: Change[] = [];

  constructor(readonly depth: number) {}

  register(table: Undoable): void {
    this.tables.set(table.name, table);
  }

  note(table: Undoable, key: string | number, before: object | undefined): void {
    this.open.push({ table, key, before });
  }

  get head(): BlockRef | undefined {
    return this.blocks.at(-1)?.ref;
  }

  /** Blocks that can be undone. */
  get kept(): number {
    return this.blocks.length;
  }

  /** The block at this height, if it can still be undone. */
  at(number: number): BlockRef | undefined {
    return this.blocks.find(({ ref }) => ref.number === number)?.ref;
  }

  /** Ends a block; those that are too deep are kept no longer. */
  commit(ref: BlockRef): Touched[] {
    const touched = this.open.map(({ table, key }) => ({ table: table.name, key }));
    this.blocks.push({ ref, changes: this.open });
    this.open = [];
    let old = 0;
    while (old < this.blocks.length && (this.blocks[old]?.ref.number ?? 0) <= ref.number - this.depth) old++;
    if (old > 0) this.blocks.splice(0, old);
    return touched;
  }

  /** Takes back what the open block has changed so far. */
  abandon(): void {
    undoAll(this.open);
    this.open = [];
  }

  /** Takes back the last block. */
  undo(): BlockRef | undefined {
    const last = this.blocks.pop();
    if (last !== undefined) undoAll(last.changes);
    return last?.ref;
  }

  /** Everything before the head is final. */
  forget(): void {
    this.blocks = [];
  }

  /** Every row of every table. */
  *rows(): IterableIterator<StoredRow> {
    for (const table of this.tables.values())
      for (const [key, row] of table.entries()) yield [table.name, String(key), row];
  }

  /** What blocks that can be undone have changed, oldest first; of what was not there before the row is null. */
  *undoRecords(): IterableIterator<StoredBlock> {
    for (const { ref, changes } of this.blocks) {
      const stored = changes.map(({ table, key, before }): StoredRow => [table.name, String(key), before ?? null]);
      yield { ref, changes: stored };
    }
  }

  putRow([name, key, row]: StoredRow): void {
    const table = this.table(name);
    table.restore(table.keyOf(key), row);
  }

  putBlock({ ref, changes }: StoredBlock): void {
    const own = changes.map(([name, key, before]): Change => {
      const table = this.table(name);
      return { table, key: table.keyOf(key), before: before ?? undefined };
    });
    this.blocks.push({ ref, changes: own });
  }

  private table(name: string): Undoable {
    const table = this.tables.get(name);
    if (table === undefined) throw new RangeError(`there is no table ${name}`);
    return table;
  }
}

function undoAll(changes: readonly Change[]): void {
  for (let i = changes.length - 1; i >= 0; i--) {
    const change = changes[i];
    if (change !== undefined) change.table.restore(change.key, change.before);
  }
}

/** Rows by key. */
export class Table<K extends string | number, V extends object> {
  private readonly rows = new Map<K, V>();

  constructor(
    private readonly journal: Journal,
    readonly name: string,
    private readonly parse: (text: string) => K,
  ) {
    journal.register(this);
  }

  get size(): number {
    return this.rows.size;
  }

  get(key: K): V | undefined {
    return this.rows.get(key);
  }

  set(key: K, row: V): void {
    this.journal.note(this, key, this.rows.get(key));
    this.rows.set(key, row);
  }

  delete(key: K): void {
    const before = this.rows.get(key);
    if (before === undefined) return;
    this.journal.note(this, key, before);
    this.rows.delete(key);
  }

  entries(): IterableIterator<[K, V]> {
    return this.rows.entries();
  }

  keyOf(text: string): K {
    return this.parse(text);
  }

  /** Past the journal: for undoing and for loading only. */
  restore(key: string | number, before: object | null | undefined): void {
    if (before === undefined || before === null) this.rows.delete(key as K);
    else this.rows.set(key as K, before as V);
  }
}

/** Rows whose key is text. */
export function textTable<V extends object>(journal: Journal, name: string): Table<string, V> {
  return new Table<string, V>(journal, name, (text) => text);
}

/** Rows whose key is a number, like an asset. */
export function numberTable<V extends object>(journal: Journal, name: string): Table<number, V> {
  return new Table<number, V>(journal, name, Number);
}
