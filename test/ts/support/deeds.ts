// A contract on which every deed can be done once, and wallets and blocks of a chain of its own.
import { type Head, type Intent } from "@ballast/keeper";
import { numberToHex, type Address, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Anvil } from "../../../scripts/anvil.js";

/** Stores a one under its argument and returns it; reverts when it is there already. */
const CODE = "0x600035805460165760019055600160005260206000f35b60006000fd";
export const DEEDS: Address = "0x00000000000000000000000000000000deed5000";
export const CHAIN = 31_337;
export const GWEI = 10n ** 9n;
export const QUOTE = 10n ** 18n;

/** The first wallets that the chain endows. */
const KEYS: readonly Hex[] = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];

export function walletOf(index: number): ReturnType<typeof privateKeyToAccount> {
  const key = KEYS[index];
  if (key === undefined) throw new RangeError(`wallet ${index}`);
  return privateKeyToAccount(key);
}

export const install = (anvil: Anvil): Promise<unknown> => anvil.ask("anvil_setCode", DEEDS, CODE);

export const isDone = async (anvil: Anvil, deed: bigint): Promise<boolean> =>
  BigInt(await anvil.ask<Hex>("eth_getStorageAt", DEEDS, numberToHex(deed, { size: 32 }), "latest")) === 1n;

export function deedOf(deed: bigint, changes: Partial<Intent> = {}): Intent {
  return {
    ...{ key: `deed:${deed}`, strategy: "deeds", to: DEEDS, data: numberToHex(deed, { size: 32 }) },
    ...{ gas: 60_000n, accounts: [deed], profit: 100n * QUOTE, urgency: 1, block: 0n },
    ...changes,
  };
}

interface Block {
  readonly number: Hex;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: Hex;
  readonly baseFeePerGas: Hex;
  readonly transactions: readonly { hash: Hex; from: Address; nonce: Hex; to: Address }[];
}

export const blockOf = (anvil: Anvil, number: Hex | "latest"): Promise<Block> =>
  anvil.ask<Block>("eth_getBlockByNumber", number, true);

export async function headOf(anvil: Anvil): Promise<Head> {
  const { number, hash, parentHash, timestamp, baseFeePerGas } = await blockOf(anvil, "latest");
  return { number: Number(number), hash, parentHash, timestamp: BigInt(timestamp), baseFee: BigInt(baseFeePerGas) };
}

/** Everything that wallets sent and the chain has, in its order. */
export async function sentBy(
  anvil: Anvil,
  ...wallets: readonly Address[]
): Promise<{ hash: Hex; nonce: number; to: Address }[]> {
  const { number } = await headOf(anvil);
  const senders = new Set(wallets.map((one) => one.toLowerCase()));
  const found: { hash: Hex; nonce: number; to: Address }[] = [];
  for (let i = 0; i <= number; i++) {
    const { transactions } = await blockOf(anvil, numberToHex(i));
    for (const { hash, from, nonce, to } of transactions) {
      if (senders.has(from.toLowerCase())) found.push({ hash, nonce: Number(nonce), to });
    }
  }
  return found;
}
