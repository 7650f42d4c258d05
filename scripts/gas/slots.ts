// Names of slots: the hashes that a transaction made say of which mapping and key a slot is, the compiler's layout the rest.
import type { Codes, Layout, Slot } from "./code.js";
import { hex, type Frame, type Step } from "./trace.js";

interface Hash {
  readonly key: bigint;
  readonly base: bigint;
}

/** No member is further from the beginning of its struct. */
const MOST_OFFSET = 64n;
const MOST_LABELS = 4;

/** The hashes of two words: how a mapping finds the slot of a key. */
export function hashesOf(steps: readonly Step[]): Map<bigint, Hash> {
  const hashes = new Map<bigint, Hash>();
  const words = new Map<string, bigint>();
  steps.forEach(({ op, depth, stack }, index) => {
    const offset = BigInt(hex(stack.at(-1)));
    if (op === "MSTORE") words.set(`${depth}:${offset}`, BigInt(hex(stack.at(-2))));
    if (op !== "KECCAK256" || offset !== 0n || BigInt(hex(stack.at(-2))) !== 64n) return;
    const [key, base] = [words.get(`${depth}:0`), words.get(`${depth}:32`)];
    const slot = BigInt(hex(steps[index + 1]?.stack.at(-1)));
    if (key !== undefined && base !== undefined) hashes.set(slot, { key, base });
  });
  return hashes;
}

interface Place {
  readonly name: string;
  readonly type: string | undefined;
}

/** What a slot of a contract is called, as the source calls it. */
export class Slots {
  constructor(
    private readonly hashes: ReadonlyMap<bigint, Hash>,
    private readonly codes: Codes,
    private readonly codeAt: (address: string) => string,
  ) {}

  nameOf({ storage }: Frame, slot: string): string {
    const code = this.codes.of(this.codeAt(storage));
    const place = code?.layout === undefined ? undefined : this.placeOf(code.layout, BigInt(hex(slot)));
    return `${code?.name ?? storage}: ${place?.name ?? short(BigInt(hex(slot)))}`;
  }

  private placeOf(layout: Layout, slot: bigint): Place | undefined {
    for (let offset = 0n; offset < MOST_OFFSET; ++offset) {
      const hash = this.hashes.get(slot - offset);
      if (hash === undefined) continue;
      const mapping = this.placeOf(layout, hash.base);
      const value = layout.types?.[mapping?.type ?? ""]?.value;
      if (mapping === undefined) return undefined;
      return memberOf(layout, { name: `${mapping.name}[${short(hash.key)}]`, type: value }, offset);
    }
    return rootOf(layout, slot);
  }
}

function rootOf(layout: Layout, slot: bigint): Place | undefined {
  const root = layout.storage.filter((entry) => BigInt(entry.slot) <= slot).at(-1);
  return root === undefined ? undefined : within(layout, [root], "", slot);
}

/** The member of a struct that begins so many slots behind its beginning, and what it holds itself. */
function memberOf(layout: Layout, place: Place, offset: bigint): Place {
  const members = layout.types?.[place.type ?? ""]?.members;
  if (members === undefined) return offset === 0n ? place : { name: `${place.name}+${offset}`, type: undefined };
  return within(layout, members, `${place.name}.`, offset) ?? place;
}

function within(layout: Layout, members: readonly Slot[], before: string, slot: bigint): Place | undefined {
  const first = members.filter((entry) => BigInt(entry.slot) <= slot).at(-1);
  if (first === undefined) return undefined;
  const beside = members.filter((entry) => entry.slot === first.slot).map(({ label }) => label);
  const more = beside.length > MOST_LABELS ? "|…" : "";
  const name = `${before}${beside.slice(0, MOST_LABELS).join("|")}${more}`;
  return memberOf(layout, { name, type: first.type }, slot - BigInt(first.slot));
}

/** Rows and assets as numbers, accounts and hashes by their beginning. */
const short = (value: bigint): string =>
  value < 1n << 40n ? value.toString() : `0x${value.toString(16).slice(0, 6)}…`;
