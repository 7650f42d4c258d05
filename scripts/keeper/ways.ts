// How others find who can be liquidated: a call for every account, or many of them in one call of Multicall3.
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { decodeFunctionResult, encodeFunctionData, multicall3Abi, parseAbi, type Address, type Hex } from "viem";
import type { Anvil } from "../anvil.js";

const IN_FLIGHT = 16;
const PER_CALL = 500;
/** Milliseconds between two looks for a receipt. */
const GLANCE = 20;
const abi = parseAbi(["function isLiquidatable(uint256 account) view returns (bool)"]);

interface Receipt {
  readonly contractAddress: Address;
}

/** The code that is on every public chain, which viem carries. */
export async function deployMulticall(anvil: Anvil, from: string): Promise<Address> {
  const home = path.dirname(createRequire(import.meta.url).resolve("viem/package.json"));
  const file = path.join(home, "_esm", "constants", "contracts.js");
  const { multicall3Bytecode } = (await import(pathToFileURL(file).href)) as { multicall3Bytecode: Hex };
  const hash = await anvil.request("eth_sendTransaction", [{ from, data: multicall3Bytecode, gas: "0x500000" }]);
  for (;;) {
    const receipt = (await anvil.request("eth_getTransactionReceipt", [hash])) as Receipt | null;
    if (receipt !== null) return receipt.contractAddress;
    await pause(GLANCE);
  }
}

/** One request for each account, so many at a time. */
export async function naive(anvil: Anvil, house: Address, accounts: readonly bigint[], block: string) {
  const found: boolean[] = [];
  await inParallel(accounts, IN_FLIGHT, async (account, i) => {
    const data = encodeFunctionData({ abi, functionName: "isLiquidatable", args: [account] });
    found[i] = BigInt((await anvil.request("eth_call", [{ to: house, data }, block])) as Hex) === 1n;
  });
  return accounts.filter((_, i) => found[i]);
}

export async function multicall(
  anvil: Anvil,
  at: { house: Address; multicall: Address },
  accounts: readonly bigint[],
  block: string,
): Promise<bigint[]> {
  const chunks = Array.from({ length: Math.ceil(accounts.length / PER_CALL) }, (_, i) =>
    accounts.slice(i * PER_CALL, (i + 1) * PER_CALL),
  );
  const found: bigint[][] = [];
  await inParallel(chunks, 4, async (chunk, i) => {
    const calls = chunk.map((account) => ({
      target: at.house,
      allowFailure: false,
      callData: encodeFunctionData({ abi, functionName: "isLiquidatable", args: [account] }),
    }));
    const data = encodeFunctionData({ abi: multicall3Abi, functionName: "aggregate3", args: [calls] });
    const answer = (await anvil.request("eth_call", [{ to: at.multicall, data }, block])) as Hex;
    const results = decodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", data: answer });
    found[i] = chunk.filter((_, k) => BigInt(results[k]?.returnData ?? "0x0") === 1n);
  });
  return found.flat();
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T, i: number) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
