// What the journal of a deployment says was done, and whether the chain agrees.
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { status, wipe, type ArtifactResolver } from "@nomicfoundation/ignition-core";
import type { Hex, PublicClient, Address } from "viem";
import { JournalForeign } from "./errors.js";

interface Reference {
  readonly start: number;
  readonly length: number;
}

interface Artifact {
  readonly deployedBytecode: string;
  readonly deployedLinkReferences?: Readonly<Record<string, Readonly<Record<string, readonly Reference[]>>>>;
  readonly immutableReferences?: Readonly<Record<string, readonly Reference[]>>;
}

/** A library's code begins by comparing its own address with the one it runs at. */
const LIBRARY_PREFIX = /^73(0{40}|__)/;

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

/** Every contract of the journal by the step that made it. */
export async function contractsOf(folder: string): Promise<Readonly<Record<string, Address>>> {
  const file = join(folder, "deployed_addresses.json");
  return existsSync(file) ? ((await readJson(file)) as Record<string, Address>) : {};
}

/** Steps that were completed. */
export async function doneIn(folder: string): Promise<ReadonlySet<string>> {
  if (!existsSync(join(folder, "journal.jsonl"))) return new Set();
  return new Set((await status(folder)).successful);
}

/** The block of the first transaction that was confirmed. */
export async function firstBlock(folder: string): Promise<bigint> {
  const lines = (await readFile(join(folder, "journal.jsonl"), "utf8")).split("\n").filter((line) => line !== "");
  const entries = lines.map((line) => JSON.parse(line) as { receipt?: { blockNumber?: number } });
  const blocks = entries.flatMap(({ receipt }) => receipt?.blockNumber ?? []);
  return BigInt(Math.min(...blocks));
}

/** A step that failed left nothing on the chain, so it may be tried again. */
export async function forgetFailed(folder: string, artifacts: ArtifactResolver): Promise<void> {
  if (!existsSync(join(folder, "journal.jsonl"))) return;
  const { failed } = await status(folder);
  for (const { futureId } of failed) await wipe(folder, artifacts, futureId);
}

/** Code without what is only known once it is deployed: linked addresses, immutable values. */
function masked(code: string, { deployedLinkReferences = {}, immutableReferences = {} }: Artifact): string {
  const links = Object.values(deployedLinkReferences).flatMap((each) => Object.values(each).flat());
  const references = [...links, ...Object.values(immutableReferences).flat()];
  const characters = [...code];
  for (const { start, length } of references) characters.fill("_", 2 * start, 2 * (start + length));
  return characters.join("");
}

function sameCode(onChain: Hex, artifact: Artifact): boolean {
  const expected = artifact.deployedBytecode.slice(2);
  // An interface has no code to compare with.
  if (expected === "") return onChain !== "0x";
  const library = LIBRARY_PREFIX.test(expected);
  const [one, other] = [masked(onChain.slice(2), artifact), masked(expected, artifact)];
  return library ? one.slice(42) === other.slice(42) : one === other;
}

async function faultOf(folder: string, client: PublicClient, step: string, address: Address) {
  const code = await client.getCode({ address });
  if (code === undefined || code === "0x") return `${step} is not at ${address}`;
  const file = join(folder, "artifacts", `${step}.json`);
  if (!existsSync(file)) return undefined;
  return sameCode(code, (await readJson(file)) as Artifact) ? undefined : `${address} has not the code of ${step}`;
}

/** What the journal says that the chain does not. */
export async function faultsOf(folder: string, client: PublicClient): Promise<readonly string[]> {
  const contracts = Object.entries(await contractsOf(folder));
  const faults = await Promise.all(contracts.map(([step, address]) => faultOf(folder, client, step, address)));
  return faults.filter((fault) => fault !== undefined);
}

/**
 * Refuses to go on with the journal of another chain: with it the addresses of that chain would be reported, and nothing
 * deployed. On a local chain, which begins anew often, the journal is put aside.
 */
export async function requireOwnJournal(
  folder: string,
  client: PublicClient,
  chainId: number,
  local: boolean,
): Promise<void> {
  const faults = await faultsOf(folder, client);
  if (faults.length === 0) return;
  if (!local) throw new JournalForeign(folder, chainId, faults);
  await rm(folder, { recursive: true });
}
