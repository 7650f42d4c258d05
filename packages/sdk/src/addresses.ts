import { isAddress, type Address } from "viem";
import { MAX_ASSET, QUOTE, type AssetId } from "./accounts.js";
import { DEPLOYMENTS } from "./deployments.js";
import { AddressMissing, DeploymentInvalid, UnknownChain, UnknownMarket } from "./errors/setup.js";

const REQUIRED = [
  "accessManager",
  "clearingHouse",
  "lens",
  "riskConfigurator",
  "oracleRouter",
  "exchange",
  "liquidator",
] as const;
const OPTIONAL = ["backstopPool", "insuranceVault", "lotRunner"] as const;

type Required = (typeof REQUIRED)[number];
type Optional = (typeof OPTIONAL)[number];

/** Where the contracts are. The pool of a market is what `getMarket` tells. */
export type Addresses = Readonly<Record<Required, Address> & Partial<Record<Optional, Address>>>;

/** One deployment, as `deployments/<chain id>.json` describes it. */
export interface Deployment {
  readonly chainId: number;
  /** The block from which its logs begin. */
  readonly block: bigint;
  readonly addresses: Addresses;
  /** What people call its assets. */
  readonly markets: Readonly<Record<string, AssetId>>;
}

/**
 * The deployment on a chain.
 *
 * @param more deployments besides the shared ones; they come first
 */
export function deploymentOf(chainId: number, more: readonly Deployment[] = []): Deployment {
  const known = [...more, ...Object.values(DEPLOYMENTS)];
  const found = known.find((deployment) => deployment.chainId === chainId);
  if (found === undefined) throw new UnknownChain(chainId, [...new Set(known.map((each) => each.chainId))]);
  return found;
}

/** The address of a contract that not every deployment has. */
export function addressOf(addresses: Addresses, contract: Optional): Address {
  const address = addresses[contract];
  if (address === undefined) throw new AddressMissing(contract);
  return address;
}

/** The asset of a market by its name, or by its number. */
export function assetOf(deployment: Deployment, market: string): AssetId {
  const name = Object.keys(deployment.markets).find((each) => each.toLowerCase() === market.toLowerCase());
  const named = name === undefined ? undefined : deployment.markets[name];
  if (named !== undefined) return named;
  if (/^\d{1,4}$/.test(market) && Number(market) <= MAX_ASSET) return Number(market);
  throw new UnknownMarket(market, Object.keys(deployment.markets));
}

/** What people call an asset: its number when it has no name. */
export const marketName = (deployment: Deployment, asset: AssetId): string =>
  asset === QUOTE ? "quote" : (Object.entries(deployment.markets).find(([, id]) => id === asset)?.[0] ?? String(asset));

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DeploymentInvalid(field, "is not an object");
  return value as Fields;
}

function wholeOf(value: unknown, field: string, upper: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > upper)
    throw new DeploymentInvalid(field, `is not a whole number from 0 to ${upper}`);
  return value;
}

function addressesOf(contracts: Fields): Addresses {
  const names = [...REQUIRED, ...OPTIONAL.filter((name) => name in contracts)];
  const pairs = names.map((name) => {
    const address = contracts[name];
    if (typeof address !== "string" || !isAddress(address, { strict: false }))
      throw new DeploymentInvalid(`contracts.${name}`, "is not an address");
    return [name, address] as const;
  });
  return Object.fromEntries(pairs) as Addresses;
}

/**
 * A deployment from the JSON of `deployments/<chain id>.json`:
 * `{ "chainId": 31337, "block": 0, "contracts": { "clearingHouse": "0x…", … }, "markets": { "ETH": 1 } }`.
 */
export function parseDeployment(json: unknown): Deployment {
  const { chainId, block, contracts, markets } = fieldsOf(json, "whole");
  const named = Object.entries(fieldsOf(markets ?? {}, "markets"));
  return {
    chainId: wholeOf(chainId, "chainId", Number.MAX_SAFE_INTEGER),
    block: BigInt(wholeOf(block ?? 0, "block", Number.MAX_SAFE_INTEGER)),
    addresses: addressesOf(fieldsOf(contracts, "contracts")),
    markets: Object.fromEntries(named.map(([name, id]) => [name, wholeOf(id, `markets.${name}`, MAX_ASSET)])),
  };
}

/** The JSON that `parseDeployment` reads. */
export const serializeDeployment = ({ chainId, block, addresses, markets }: Deployment): string =>
  `${JSON.stringify({ chainId, block: Number(block), contracts: addresses, markets }, null, 2)}\n`;
