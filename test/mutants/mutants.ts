import { readFileSync } from "node:fs";

/** A one-line fault and the law that must catch it. */
export interface Mutant {
  law: string;
  fault: string;
  file: string;
  find: string;
  replace: string;
  /** The test that names the law; the invariant suite when the entry has none. */
  test: string;
}

export function readMutants(): Mutant[] {
  const entries = JSON.parse(readFileSync("test/mutants/mutants.json", "utf8")) as (Omit<Mutant, "test"> & {
    test?: string;
  })[];
  return entries.map((entry) => ({ ...entry, test: entry.test ?? "test/invariant/Laws.t.sol" }));
}
