// Who may do what once a deployment is handed over. Everything else is nobody's.
import {
  accessManagerAbi,
  addressOf,
  backstopPoolAbi,
  exchangeAbi,
  liquidatorAbi,
  oracleRouterAbi,
  riskConfiguratorAbi,
  type Addresses,
  type Capability,
} from "@ballast/sdk";
import { getAddress, isAddress, toFunctionSelector, type Abi, type AbiFunction, type Address, type Hex } from "viem";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AuthorityInvalid, CallUnknown } from "./errors.js";

export const Role = { admin: 0n, parameters: 1n, guardian: 2n, treasury: 3n, prices: 4n } as const;
export type RoleName = keyof typeof Role;
export const ROLE_NAMES = Object.keys(Role) as RoleName[];

export const roleName = (id: bigint): string => ROLE_NAMES.find((name) => Role[name] === id) ?? String(id);

export const GOVERNED = {
  riskConfigurator: riskConfiguratorAbi,
  oracleRouter: oracleRouterAbi,
  exchange: exchangeAbi,
  liquidator: liquidatorAbi,
  backstopPool: backstopPoolAbi,
} as const satisfies Record<string, Abi>;
export type Governed = keyof typeof GOVERNED;
export const GOVERNED_NAMES = Object.keys(GOVERNED) as Governed[];

export const ABIS: Readonly<Record<string, Abi>> = { ...GOVERNED, accessManager: accessManagerAbi };

const isGoverned = (contract: string): contract is Governed => contract in GOVERNED;

/** Whether a function asks the access manager who calls it. */
export const isRestricted = (contract: string, name: string): boolean =>
  isGoverned(contract) && Object.values(FUNCTIONS[contract]).some((names) => names.includes(name));

/** Every function that asks the access manager, and whose it is. */
export const FUNCTIONS: Readonly<Record<Governed, Partial<Record<RoleName, readonly string[]>>>> = {
  riskConfigurator: {
    admin: ["bind", "setCapability"],
    parameters: [
      ...["listPerp", "listSpot", "setMargin", "setDepth", "setHaircut", "setLimits", "setPool"],
      ...["setHouseTerms", "setFunding", "setState"],
    ],
    guardian: ["tighten", "revokeCapability"],
    treasury: ["withdrawTreasury"],
  },
  oracleRouter: { admin: ["bind"], parameters: ["fix"], prices: ["setSources", "setReference"] },
  exchange: { parameters: ["setFees"] },
  liquidator: { admin: ["setBackstop"], parameters: ["setTerms"] },
  backstopPool: { parameters: ["setUnwinding"] },
};

/** What each stage may do in the ledger. */
const STAGES = { exchange: ["Trade"], liquidator: ["Liquidate", "Offset"], insuranceVault: ["Cover"] } as const;

/** How many seconds a change waits, by its role. */
export interface Delays {
  readonly admin: number;
  readonly parameters: number;
  readonly treasury: number;
  /** Shorter than a market without a price lives. */
  readonly prices: number;
}

/** Who should hold authority, and how many seconds each change waits. */
export interface Authority {
  readonly chainId: number;
  readonly governor: Address;
  readonly recovery: Address;
  readonly guardian: Address;
  readonly delays: Delays;
}

export interface Member {
  readonly role: bigint;
  readonly account: Address;
  /** Seconds between scheduling a call and its execution. */
  readonly delay: number;
}

export interface Permission {
  readonly contract: Governed;
  readonly target: Address;
  readonly name: string;
  readonly selector: Hex;
  readonly role: bigint;
}

export interface Grant {
  readonly stage: Address;
  readonly capability: Capability;
}

export interface Policy {
  readonly members: readonly Member[];
  /** Who may cancel what members of a role have scheduled. */
  readonly guardians: Readonly<Record<RoleName, bigint>>;
  readonly permissions: readonly Permission[];
  readonly capabilities: readonly Grant[];
}

/** A function of an interface by its name. */
export function functionOf(abi: Abi, name: string): AbiFunction {
  const functions = abi.filter((each): each is AbiFunction => each.type === "function");
  const found = functions.find((each) => each.name === name);
  if (found !== undefined) return found;
  const changing = functions.filter(({ stateMutability }) => !["view", "pure"].includes(stateMutability));
  throw new CallUnknown(
    name,
    changing.map((each) => each.name),
  );
}

const addressIn = (addresses: Addresses, contract: Governed): Address =>
  contract === "backstopPool" ? addressOf(addresses, contract) : addresses[contract];

function permissionsOf(addresses: Addresses, contract: Governed): Permission[] {
  const target = addressIn(addresses, contract);
  return ROLE_NAMES.flatMap((role) =>
    (FUNCTIONS[contract][role] ?? []).map((name) => {
      const selector = toFunctionSelector(functionOf(GOVERNED[contract], name));
      return { contract, target, name, selector, role: Role[role] };
    }),
  );
}

function membersOf({ governor, recovery, guardian, delays }: Authority): Member[] {
  return [
    { role: Role.parameters, account: governor, delay: delays.parameters },
    { role: Role.treasury, account: governor, delay: delays.treasury },
    { role: Role.prices, account: governor, delay: delays.prices },
    { role: Role.guardian, account: guardian, delay: 0 },
    ...(guardian === governor ? [] : [{ role: Role.guardian, account: governor, delay: 0 }]),
    { role: Role.admin, account: recovery, delay: delays.admin },
    { role: Role.admin, account: governor, delay: delays.admin },
  ];
}

export function policyOf(addresses: Addresses, authority: Authority): Policy {
  const stages = Object.entries(STAGES) as [keyof typeof STAGES, readonly Capability[]][];
  return {
    members: membersOf(authority),
    guardians: {
      ...{ admin: Role.admin, guardian: Role.admin },
      ...{ parameters: Role.guardian, treasury: Role.guardian, prices: Role.guardian },
    },
    permissions: GOVERNED_NAMES.flatMap((contract) => permissionsOf(addresses, contract)),
    capabilities: stages.flatMap(([stage, capabilities]) => {
      const at = stage === "insuranceVault" ? addressOf(addresses, stage) : addresses[stage];
      return capabilities.map((capability) => ({ stage: at, capability }));
    }),
  };
}

const address = z
  .string()
  .refine((value) => isAddress(value), "is no address with a right checksum")
  .transform((value) => getAddress(value));
/** Whoever waits longer repairs nothing any more. */
const delay = z.int().min(0).max(1_209_600, "is more than a fortnight");

const schema = z.object({
  chainId: z.int().positive(),
  governor: address,
  recovery: address,
  guardian: address,
  delays: z.object({ admin: delay, parameters: delay, treasury: delay, prices: delay }),
});

/** Who should hold authority, as `deployments/<chain id>.roles.json` says. */
export async function readAuthority(file: string, chainId: number): Promise<Authority> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new AuthorityInvalid(file, "cannot be read");
  });
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AuthorityInvalid(file, `${issue?.path.join(".") ?? ""} ${issue?.message ?? "is invalid"}`);
  }
  if (parsed.data.chainId !== chainId) throw new AuthorityInvalid(file, `is of chain ${parsed.data.chainId}`);
  return parsed.data;
}
