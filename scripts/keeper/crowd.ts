// A crowd on a real chain without a transaction for each: the same rows go into the storage of the ledger's contract and into
// a mirror that has followed the chain so far.
import { Ledger, keyOf, type StoredRow } from "@ballast/mirror";
import { concat, encodeAbiParameters, keccak256, pad, toHex, type Hex } from "viem";
import { Random } from "../../packages/reference/src/random.js";
import type { Anvil } from "../anvil.js";

const WAD = 10n ** 18n;
/** Where the ledger keeps accounts and positions: its first two mappings. */
const ACCOUNTS = 0n;
const POSITIONS = 1n;
const CALLS_PER_BATCH = 3_000;
const BITS_PER_LEG = 12n;

interface Leg {
  readonly asset: number;
  readonly size: bigint;
  readonly basis: bigint;
}

interface Member {
  readonly id: bigint;
  readonly cash: bigint;
  readonly legs: readonly Leg[];
}

/** One to four legs; of a hundred accounts fourteen, all long, fall with −17 %. */
export function membersOf(count: number, marks: ReadonlyMap<number, bigint>, seed = 5): Member[] {
  const random = new Random(seed);
  const assets = [...marks.keys()];
  return Array.from({ length: count }, (_, i) => {
    const falls = random.below(100) < 14;
    const long = falls || random.below(2) === 0;
    const leverage = BigInt(falls ? 473 + random.below(420) : 100 + random.below(370));
    const held = Math.min(assets.length, 1 + random.below(4));
    const first = random.below(assets.length);
    const legs = Array.from({ length: held }, (_, k) => {
      const asset = assets[(first + k) % assets.length] ?? 1;
      const basis = marks.get(asset) ?? WAD;
      const size = (random.between(20n, 20_000n) * WAD * WAD) / basis;
      return { asset, size: long ? size : -size, basis };
    });
    const value = legs.reduce((sum, { size, basis }) => sum + (size * basis) / WAD, 0n);
    const margin = ((value < 0n ? -value : value) * 100n) / leverage;
    const owner = (BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n) & ((1n << 160n) - 1n);
    return { id: owner << 96n, cash: margin - value, legs };
  });
}

/** @param house the contract that holds the ledger */
export async function load(anvil: Anvil, house: string, ledger: Ledger, members: readonly Member[]): Promise<void> {
  const words = members.flatMap((member) => storageOf(member, ledger));
  for (let i = 0; i < words.length; i += CALLS_PER_BATCH)
    await anvil.batch(
      words
        .slice(i, i + CALLS_PER_BATCH)
        .map(([slot, word]) => ({ method: "anvil_setStorageAt", params: [house, slot, word] })),
    );
  for (const member of members) ledger.journal.putRow(rowOf(member, ledger));
}

function rowOf({ id, cash, legs }: Member, ledger: Ledger): StoredRow {
  const held = legs.map(({ asset, size, basis }) => {
    const { fundingIndex } = ledger.markets.of(asset);
    return { asset, size, basis, fundingIndex, side: ledger.sides.of(asset, size > 0n), seen: undefined };
  });
  return ["accounts", keyOf(id), { cash, legs: held, closed: [] }];
}

function storageOf({ id, cash, legs }: Member, ledger: Ledger): [Hex, Hex][] {
  const packed = legs.reduceRight((ids, { asset }) => (ids << BITS_PER_LEG) | BigInt(asset), 0n);
  const account = BigInt.asUintN(128, cash) | (packed << 128n);
  const words: [Hex, Hex][] = [[slotIn(id, toHex(ACCOUNTS, { size: 32 })), word(account)]];
  const positions = slotIn(id, toHex(POSITIONS, { size: 32 }));
  for (const leg of legs) {
    const slot = slotIn(BigInt(leg.asset), positions);
    const { version, shareVersion, epoch } = ledger.sides.of(leg.asset, leg.size > 0n);
    const { fundingIndex } = ledger.markets.of(leg.asset);
    const first =
      BigInt.asUintN(96, leg.size) | (leg.basis << 96n) | (BigInt(version) << 176n) | (BigInt(shareVersion) << 216n);
    words.push([slot, word(first)]);
    const second = BigInt.asUintN(128, fundingIndex) | (BigInt(epoch) << 128n);
    if (second !== 0n) words.push([toHex(BigInt(slot) + 1n, { size: 32 }), word(second)]);
  }
  return words;
}

function slotIn(key: bigint, mapping: Hex): Hex {
  return keccak256(concat([encodeAbiParameters([{ type: "uint256" }], [key]), mapping]));
}

function word(value: bigint): Hex {
  return pad(toHex(value), { size: 32 });
}
