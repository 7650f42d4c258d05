// The two databases speak one language here: `$1` for parameters, `{now}` for the database's clock in milliseconds,
// `{lock}` after a select of rows that are held to the end of the transaction.

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface Statements {
  query(sql: string, values?: readonly Value[]): Promise<Row[]>;
}

export interface Database {
  /** For errors; no password in it. */
  readonly name: string;
  /** The statement by which two that make the tables wait for one another. */
  readonly alone: string;
  /** All of it or nothing. What is not `durable` may be lost, whole, with the power. */
  transaction<T>(work: (statements: Statements) => Promise<T>, durable: boolean): Promise<T>;
  close(): Promise<void>;
}

export const textOf = (row: Row, column: string): string => String(row[column]);
export const numberOf = (row: Row, column: string): number => Number(row[column]);

/** Rows for one INSERT, and what stands in them. */
export function rowsOf(rows: readonly (readonly Value[])[]): { readonly text: string; readonly values: Value[] } {
  let place = 0;
  const text = rows.map((row) => `(${row.map(() => `$${++place}`).join(", ")})`).join(", ");
  return { text, values: rows.flat() };
}
