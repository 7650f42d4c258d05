// Puts tokens and feeds where the parameters say a network has them, on a chain that stands in for it.
import hre from "hardhat";
import type { Artifact } from "hardhat/types/artifacts";
import { encodeDeployData, encodeFunctionData, numberToHex, parseAbi, type Address, type Hex } from "viem";

import type { Feed, Parameters, Sources, Token } from "./parameters/index.js";

/** Sends a request as the owner of a development chain may. */
export type Request = (method: string, params?: readonly unknown[]) => Promise<unknown>;

/** Stops, and so takes every call: enough to be a contract. */
const SOME_CODE = "0x00";
const FEED = parseAbi(["function set(string, uint8, int256, uint256)"]);
const TOKEN = parseAbi(["function mint(address, uint256)"]);
const DECIMALS = 8;
/** Of an ERC-20 of OpenZeppelin: its name and its symbol. */
const NAME_SLOTS = [3, 4];
/** What each pair costs in whole dollars. */
const PRICES: Readonly<Record<string, bigint>> = { "ETH / USD": 2_000n, "BTC / USD": 60_000n, "USDC / USD": 1n };

async function send(request: Request, from: Address, to: Address | undefined, data: Hex): Promise<Address> {
  const transaction = to === undefined ? { from, data } : { from, to, data };
  const hash = (await request("eth_sendTransaction", [transaction])) as Hex;
  for (;;) {
    const receipt = (await request("eth_getTransactionReceipt", [hash])) as { contractAddress: Address } | null;
    if (receipt !== null) return receipt.contractAddress;
  }
}

const artifactOf = (name: string): Promise<Artifact> => hre.artifacts.readArtifact(name);

async function plantToken(request: Request, from: Address, token: Exclude<Token, "mock">): Promise<void> {
  const { abi, bytecode } = await artifactOf("TestToken");
  const args = [token.symbol, token.symbol, token.decimals];
  const made = await send(request, from, undefined, encodeDeployData({ abi, bytecode: bytecode as Hex, args }));
  await request("hardhat_setCode", [token.at, await request("eth_getCode", [made, "latest"])]);
  for (const slot of NAME_SLOTS.map((each) => numberToHex(each, { size: 32 }))) {
    const value = await request("eth_getStorageAt", [made, slot, "latest"]);
    await request("hardhat_setStorageAt", [token.at, numberToHex(BigInt(slot)), value]);
  }
}

/** A feed with this answer, which counts from now; its round began at the beginning of time. */
export async function plantFeed(
  request: Request,
  from: Address,
  at: Address,
  pair: string,
  answer: bigint,
): Promise<void> {
  await request("hardhat_setCode", [at, (await artifactOf("PlantedFeed")).deployedBytecode]);
  await send(request, from, at, encodeFunctionData({ abi: FEED, args: [pair, DECIMALS, answer, 1n] }));
}

async function plantSources(request: Request, from: Address, { feeds }: Sources): Promise<void> {
  const real = feeds.filter((feed): feed is Extract<Feed, { at: Address }> => "at" in feed);
  for (const { at, pair } of real)
    await plantFeed(request, from, at, pair, (PRICES[pair] ?? 1n) * 10n ** BigInt(DECIMALS));
}

/** Everything that a network has before the protocol comes, quote for the deployer included. */
export async function plant(request: Request, from: Address, parameters: Parameters): Promise<void> {
  const { quote, quoteSources, perps, spots, sequencer, authority } = parameters;
  for (const token of [quote, ...spots.map((spot) => spot.token)])
    if (token !== "mock") await plantToken(request, from, token);
  for (const { sources } of [{ sources: quoteSources }, ...perps, ...spots]) await plantSources(request, from, sources);
  if (sequencer !== "none") await plantFeed(request, from, sequencer, "L2 Sequencer Uptime Status Feed", 0n);
  if (!parameters.real) return;
  for (const at of [authority.governor, authority.recovery]) await request("hardhat_setCode", [at, SOME_CODE]);
  if (quote === "mock") return;
  const mint = encodeFunctionData({ abi: TOKEN, args: [from, 10n ** BigInt(quote.decimals)] });
  await send(request, from, quote.at, mint);
}
