// What a deployment leaves behind for people and programs: where it is, who should govern it, what the governor signs.
import { accountId, formatAccount, parseDeployment, serializeDeployment, type Deployment } from "@ballast/sdk";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { zeroAddress, type Address } from "viem";
import { batchOf, serializeBatch, type Batch } from "../packages/cli/src/authority/batch.js";
import { handoverOf } from "../packages/cli/src/authority/calls.js";
import { policyOf, readAuthority, type Authority } from "../packages/cli/src/authority/policy.js";
import { asJson, type Json } from "../packages/cli/src/terms.js";
import { StepFailed } from "./errors.js";
import {
  markersOf,
  type Draft,
  type Fills,
  type Parameters,
  type PerpParameters,
  type Sources,
  type SpotParameters,
} from "./parameters/index.js";

/** The step of every contract that the address book knows. */
const STEPS = {
  accessManager: "Ballast#AccessManager",
  clearingHouse: "Ballast#ClearingHouse",
  lens: "Ballast#Lens",
  riskConfigurator: "Ballast#RiskConfigurator",
  oracleRouter: "Ballast#OracleRouter",
  exchange: "Ballast#Exchange",
  liquidator: "Ballast#Liquidator",
  backstopPool: "Vaults#BackstopPool",
  insuranceVault: "Vaults#InsuranceVault",
  lotRunner: "Vaults#LotRunner",
} as const;

const LOCAL = 31_337;
const NO_MARGIN = { floorRate: 0, capRate: 0, initialFactor: 0, initialCap: 0, deviations: 0, horizon: 0 };

function addressOf(contracts: Readonly<Record<string, Address>>, step: string): Address {
  const address = contracts[step];
  if (address === undefined) throw new StepFailed(`nothing was deployed by ${step}`);
  return address;
}

export function deploymentOf(
  { chainId, perps, spots }: Parameters,
  contracts: Readonly<Record<string, Address>>,
  block: bigint,
): Deployment {
  const addresses = Object.entries(STEPS).map(([name, step]) => [name, addressOf(contracts, step)] as const);
  const markets = Object.fromEntries([...perps, ...spots].map(({ name, asset }) => [name, asset]));
  return { chainId, block, addresses: Object.fromEntries(addresses) as Deployment["addresses"], markets };
}

export const authorityOf = ({ chainId, authority }: Parameters): Authority => ({ chainId, ...authority });

/** What everything should be listed with, in the form in which `ballast markets --json` tells what it is. */
export function expectedTerms(parameters: Parameters, contracts: Readonly<Record<string, Address>>): Json {
  const { house, fees, quoteSources, perps, spots, sequencer, gracePeriod } = parameters;
  const prices = (name: string, { feeds, quorum, maxDivergence }: Sources) => ({
    sources: feeds.map((feed, i) => ({
      source: addressOf(contracts, `Markets#${name}_source${i}`),
      feed: "at" in feed ? feed.at : addressOf(contracts, `Markets#${name}_feed${i}`),
      ...{ heartbeat: feed.heartbeat, sequencer: sequencer === "none" ? zeroAddress : sequencer, gracePeriod },
      maxAge: Number(feed.heartbeat),
    })),
    ...{ quorum, maxDivergence },
  });
  const perpOf = ({ name, asset, sources, terms, stages, ...perp }: PerpParameters) => {
    const pool = { ...perp.pool, owner: addressOf(contracts, `Markets#${name}_pool`) };
    const { margin, depth, maxHaircut, funding, openInterestLimit: total, crowdedFrom, sizeLimit: perAccount } = terms;
    const rest = { depth, fundingSlope: funding.slope, fundingCap: funding.cap };
    const config = { haircut: maxHaircut, ...margin, ...rest };
    const limits = { total, crowdedFrom, perAccount };
    return [name, { asset, kind: "Perp", config, limits, pool, stages, ...prices(name, sources) }] as const;
  };
  const spotOf = ({ name, asset, sources, terms, stages, ...spot }: SpotParameters) => {
    const token = spot.token === "mock" ? addressOf(contracts, "LocalTokens#Weth") : spot.token.at;
    const { haircut, depth, totalLimit: total, sizeLimit: perAccount } = terms;
    const config = { ...NO_MARGIN, haircut, depth, fundingSlope: 0, fundingCap: 0 };
    const limits = { total, crowdedFrom: total, perAccount };
    return [name, { asset, kind: "Spot", config, limits, token, stages, ...prices(name, sources) }] as const;
  };
  const named = Object.fromEntries<unknown>([...perps.map(perpOf), ...spots.map(spotOf)]);
  const rules = { ...house, listed: undefined };
  return asJson({
    house: rules,
    fees,
    backstop: formatAccount(accountId(addressOf(contracts, STEPS.backstopPool))),
    quote: prices("quote", quoteSources),
    markets: named,
  });
}

export interface Handover {
  readonly deployment: Deployment;
  readonly authority: Authority;
  readonly terms: Json;
  readonly deployer: Address;
  /** Of the deployment's first block, in seconds. */
  readonly time: bigint;
}

export function handoverBatch({ deployment, authority, deployer, time }: Omit<Handover, "terms">): Batch {
  const { chainId, addresses } = deployment;
  return batchOf({
    chainId,
    safe: authority.governor,
    name: `Ballast handover, chain ${chainId}`,
    description: `Every role goes to who should have it, then ${deployer}, who deployed, to nobody.`,
    createdAt: Number(time) * 1_000,
    calls: handoverOf(addresses.accessManager, policyOf(addresses, authority), deployer),
  });
}

/** Numbers of a program's text rather than of JSON: blocks are bigint. */
const literal = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${literal(each)}`)
    .join(", ")} }`;
};

/** The address book of the SDK, from every deployment of the folder that everybody can reach. */
export async function bookOf(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => /^\d+\.json$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const all = texts.map((text) => parseDeployment(JSON.parse(text))).filter(({ chainId }) => chainId !== LOCAL);
  const entries = Object.fromEntries(all.map((deployment) => [deployment.chainId, deployment]));
  const text = `// Generated by \`npm run deploy\` from deployments/<chain id>.json.
import type { Deployment } from "./addresses.js";

/** Deployments that everybody shares, by chain id. An operator's own come from \`parseDeployment\`. */
export const DEPLOYMENTS: Readonly<Record<number, Deployment>> = ${literal(entries)};
`;
  return format(text, { ...(await resolveConfig("packages/sdk/src/deployments.ts")), parser: "typescript" });
}

export interface Files {
  readonly deployment: string;
  readonly roles: string;
  readonly terms: string;
  readonly handover: string;
}

export const filesOf = (folder: string, chainId: number): Files => ({
  deployment: join(folder, `${chainId}.json`),
  roles: join(folder, `${chainId}.roles.json`),
  terms: join(folder, `${chainId}.terms.json`),
  handover: join(folder, `${chainId}.handover.json`),
});

/** Writes the deployment's files, and the address book unless the chain is a local one. */
export async function writeOutputs(handover: Handover, folder: string, book: string): Promise<Files> {
  const { deployment, authority } = handover;
  const files = filesOf(folder, deployment.chainId);
  await mkdir(folder, { recursive: true });
  await writeFile(files.deployment, serializeDeployment(deployment));
  await writeFile(files.roles, `${JSON.stringify(authority, null, 2)}\n`);
  await writeFile(files.terms, `${JSON.stringify(handover.terms, null, 2)}\n`);
  await writeFile(files.handover, serializeBatch(handoverBatch(handover)));
  if (deployment.chainId !== LOCAL) await writeFile(book, await bookOf(folder));
  return files;
}

/** What an earlier run was given, from the files that it left; nothing when there are none. */
export async function knownFills(folder: string, draft: Draft): Promise<Fills> {
  const { roles, terms } = filesOf(folder, draft.chainId);
  if (!existsSync(roles) || !existsSync(terms)) return {};
  const { governor, recovery, guardian } = await readAuthority(roles, draft.chainId);
  const { quote } = JSON.parse(await readFile(terms, "utf8")) as { quote: { sources: { sequencer: Address }[] } };
  const uptime = quote.sources[0]?.sequencer ?? zeroAddress;
  const known: Fills = { governor, recovery, guardian, sequencer: uptime === zeroAddress ? "none" : uptime };
  const asked = markersOf(draft);
  return Object.fromEntries(Object.entries(known).filter(([name]) => asked.includes(name)));
}
