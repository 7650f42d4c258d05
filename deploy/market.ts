// One more perp on a deployment that is handed over: deploys its price sources and its pool, and writes what the governor
// signs to list it.
import { clearingHouseAbi, parseDeployment, serializeDeployment, type Deployment } from "@ballast/sdk";
import type { NetworkConnection } from "hardhat/types/network";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getAddress, isAddress, zeroAddress, type Address, type PublicClient } from "viem";
import { z } from "zod";
import { argumentsOf } from "../packages/cli/src/authority/arguments.js";
import { batchOf, serializeBatch } from "../packages/cli/src/authority/batch.js";
import { encodeCall, managerCall, type Call } from "../packages/cli/src/authority/calls.js";
import { ABIS, functionOf, readAuthority, type Authority } from "../packages/cli/src/authority/policy.js";
import { asJson, type Json } from "../packages/cli/src/terms.js";
import { seedDust } from "./dust.js";
import { clientOf } from "./engine.js";
import { MarketInvalid, NotReady } from "./errors.js";
import { filesOf } from "./outputs.js";
import { PERP, POOL, ROLLUP_STAGES } from "./parameters/defaults.js";
import type { Parameters } from "./parameters/types.js";
import { feedFaults } from "./preflight.js";
import { deployOne, deploySource } from "./source.js";

const MOST_FEEDS = 5;
const address = z
  .string()
  .refine((text) => isAddress(text), "is no address")
  .transform((text) => getAddress(text));
const terms = z.record(z.string(), z.json()).optional();
/** What a market is asked for with; what is left out of its terms is as `parameters/defaults.ts` has it. */
const schema = z.strictObject({
  name: z.string().regex(/^[A-Z0-9]{1,16}$/),
  asset: z.int().min(1).max(65_535),
  feeds: z
    .array(z.strictObject({ at: address, pair: z.string(), heartbeat: z.int().min(1) }))
    .min(1)
    .max(MOST_FEEDS),
  quorum: z.int().min(1),
  maxDivergence: z.int().min(1),
  ...{ terms, stages: terms, pool: terms },
});
type Market = z.output<typeof schema>;

/** Where its contracts are. */
interface Made {
  readonly sources: readonly Address[];
  readonly pool: Address;
}

export interface MarketParameters {
  readonly connection: NetworkConnection;
  readonly parameters: Parameters;
  /** What the market is to be. */
  readonly file: string;
  /** Where the files of deployments are. */
  readonly deployments: string;
  readonly say: (line: string) => void;
}

export interface MarketFiles {
  readonly made: string;
  readonly schedule: string;
  readonly execute: string;
}

async function readMarket(file: string): Promise<Market> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) throw new MarketInvalid(file, "it cannot be read");
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const what = issue === undefined ? (error as Error).message : `${issue.path.join(".")}: ${issue.message}`;
    throw new MarketInvalid(file, what);
  }
}

/**
 * Deploys what is not there yet and writes both batches; once they are executed, the same command adds the market to the
 * deployment's file.
 */
export async function deployMarket(run: MarketParameters): Promise<MarketFiles> {
  const { connection, parameters, deployments, say } = run;
  const market = await readMarket(run.file);
  const { deployment: at, roles } = filesOf(deployments, parameters.chainId);
  const deployment = parseDeployment(JSON.parse(await readFile(at, "utf8")));
  const client = clientOf(connection);
  const files = {
    made: join(deployments, `${parameters.chainId}.${market.name}.json`),
    schedule: join(deployments, `${parameters.chainId}.${market.name}.schedule.json`),
    execute: join(deployments, `${parameters.chainId}.${market.name}.execute.json`),
  };
  const known = existsSync(files.made) ? (JSON.parse(await readFile(files.made, "utf8")) as Made) : undefined;
  if (known !== undefined && (await isListed(client, deployment, market, known))) {
    await writeFile(at, serializeDeployment(withMarket(deployment, market)));
    say(`${market.name} is listed; it is in ${at} now`);
    return files;
  }
  await requireFree(client, deployment, market, parameters);
  // What the chain would refuse is refused before anything is sent.
  callsOf({ deployment, parameters, market, made: known ?? NOTHING_MADE });
  await seedDust(connection, parameters, deployment.addresses);
  const made = known ?? (await make(run, market, deployment));
  await writeFile(files.made, `${JSON.stringify(made, null, 2)}\n`);
  say(`pool ${made.pool}, sources ${made.sources.join(", ")}`);
  const authority = await readAuthority(roles, parameters.chainId);
  const listing = { deployment, parameters, authority, files, market, made };
  for (const { function: each, args } of await writeBatches(listing, await client.getBlock()))
    say(`  ${each.name} ${args.map((arg) => JSON.stringify(asJson(arg))).join(" ")}`);
  const wait = Math.max(authority.delays.parameters, authority.delays.prices);
  say(`the governor signs ${files.schedule} now and ${files.execute} ${wait} s later, within a week; then this again`);
  return files;
}

const withMarket = (deployment: Deployment, { name, asset }: Market): Deployment => ({
  ...deployment,
  markets: { ...deployment.markets, [name]: asset },
});

/** Whether the ledger has this market with this pool. */
async function isListed(
  client: PublicClient,
  { addresses }: Deployment,
  { asset }: Market,
  { pool }: Made,
): Promise<boolean> {
  const ask = { abi: clearingHouseAbi, address: addresses.clearingHouse } as const;
  const { owner } = await client.readContract({ ...ask, functionName: "poolOf", args: [asset] });
  return owner.toLowerCase() === pool.toLowerCase();
}

/** Neither name nor number belong to another market, and every feed is what it should be. */
async function requireFree(
  client: PublicClient,
  { addresses, markets }: Deployment,
  { name, asset, feeds }: Market,
  { network }: Parameters,
): Promise<void> {
  const ask = { abi: clearingHouseAbi, address: addresses.clearingHouse, functionName: "configOf" } as const;
  const [{ kind }] = await client.readContract({ ...ask, args: [asset] });
  const { timestamp } = await client.getBlock();
  const heard = feeds.map(async ({ heartbeat, ...feed }) =>
    feedFaults(client, { ...feed, heartbeat: BigInt(heartbeat) }, timestamp).catch(() => [
      `there is no feed of ${feed.pair} at ${feed.at}`,
    ]),
  );
  const faults = [
    ...(kind === 0 ? [] : [`asset ${asset} is listed already`]),
    ...((markets[name] ?? asset) === asset ? [] : [`${name} is asset ${markets[name]}`]),
    ...(await Promise.all(heard)).flat(),
  ];
  if (faults.length > 0) throw new NotReady(network, faults);
}

async function make({ connection, parameters }: MarketParameters, market: Market, at: Deployment): Promise<Made> {
  const sources: Address[] = [];
  for (const { at: feed, heartbeat } of market.feeds)
    sources.push(await deploySource({ connection, parameters, feed, heartbeat: BigInt(heartbeat) }));
  const { name, asset } = market;
  const args = [at.addresses.clearingHouse, asset, `Ballast Pool ${name}`, `BLP-${name}`];
  return { sources, pool: await deployOne(connection, parameters, "LiquidityPool", args) };
}

const NOTHING_MADE: Made = { sources: Array<Address>(MOST_FEEDS).fill(zeroAddress), pool: zeroAddress };

interface Listing {
  readonly deployment: Deployment;
  readonly parameters: Parameters;
  readonly authority: Authority;
  readonly files: MarketFiles;
  readonly market: Market;
  readonly made: Made;
}

/** What `given` says, field by field, and what the defaults say of the rest. */
function filled(defaults: Json, given: Json | undefined): Json {
  const isRecord = (json: Json | undefined): json is Readonly<Record<string, Json>> =>
    typeof json === "object" && json !== null && !Array.isArray(json);
  if (given === undefined) return defaults;
  if (!isRecord(defaults) || !isRecord(given)) return given;
  const names = [...new Set([...Object.keys(defaults), ...Object.keys(given)])];
  return Object.fromEntries(names.map((name) => [name, filled(defaults[name] ?? null, given[name])]));
}

/** The calls that list it, in order. */
function callsOf({ deployment, parameters, market, made }: Omit<Listing, "authority" | "files">): Call[] {
  const { asset, feeds, quorum, maxDivergence } = market;
  const { oracleRouter, liquidator, riskConfigurator } = deployment.addresses;
  const call = (contract: string, to: Address, name: string, ...args: Json[]): Call => {
    const each = functionOf(ABIS[contract] ?? [], name);
    const texts = args.map((arg) => (typeof arg === "object" ? JSON.stringify(arg) : String(arg)));
    return { to, function: each, args: argumentsOf(deployment, each, texts) };
  };
  const sources = feeds.map(({ heartbeat }, i) => ({ source: made.sources[i] ?? "", maxAge: heartbeat }));
  const stages = filled(asJson(parameters.perps[0]?.stages ?? ROLLUP_STAGES), market.stages);
  const pool = filled(asJson({ owner: made.pool, ...POOL }), market.pool);
  return [
    call("oracleRouter", oracleRouter, "setSources", asset, sources, quorum, maxDivergence),
    call("liquidator", liquidator, "setTerms", asset, stages),
    call("riskConfigurator", riskConfigurator, "listPerp", asset, filled(asJson(PERP), market.terms)),
    call("riskConfigurator", riskConfigurator, "setPool", asset, pool),
  ];
}

async function writeBatches(listing: Listing, { timestamp }: { timestamp: bigint }): Promise<Call[]> {
  const { deployment, authority, files, market } = listing;
  const { accessManager } = deployment.addresses;
  const calls = callsOf(listing);
  for (const step of ["schedule", "execute"] as const) {
    const batch = batchOf({
      chainId: deployment.chainId,
      safe: authority.governor,
      name: `${market.name}: ${step}`,
      description: `Lists ${market.name} as asset ${market.asset}: sources, stages, terms, pool (${step}).`,
      createdAt: Number(timestamp) * 1_000,
      calls: calls.map((call) =>
        managerCall(accessManager, step, call.to, encodeCall(call), ...(step === "schedule" ? [0] : [])),
      ),
    });
    await writeFile(files[step], serializeBatch(batch));
  }
  return calls;
}
