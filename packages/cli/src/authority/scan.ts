// Who holds authority on the chain, from every log of it and from the chain's own views.
import { CAPABILITIES, accessManagerAbi, clearingHouseAbi, type Capability, type Deployment } from "@ballast/sdk";
import { getAddress, isAddressEqual, type Address, type Hex, type PublicClient } from "viem";
import { ABIS, GOVERNED_NAMES, Role, functionOf, type Grant, type Governed, type Member } from "./policy.js";

/** A member as the chain has it. */
export interface Held extends Member {
  /** From when on; later than now for one that waits. */
  readonly since: number;
  /** The delay that replaces this one, and when; zeros for none. */
  readonly pendingDelay: number;
  readonly effect: number;
}

export interface FoundRole {
  readonly id: bigint;
  readonly admin: bigint;
  readonly guardian: bigint;
  readonly grantDelay: number;
}

export interface FoundPermission {
  readonly target: Address;
  readonly selector: Hex;
  readonly role: bigint;
}

export interface FoundTarget {
  readonly contract: Governed;
  readonly target: Address;
  readonly authority: Address;
  readonly closed: boolean;
  readonly adminDelay: number;
}

/** A call that somebody scheduled and that nobody has executed or cancelled. */
export interface Scheduled {
  readonly id: Hex;
  readonly caller: Address;
  readonly target: Address;
  readonly data: Hex;
  /** When it may be executed. */
  readonly at: number;
}

export interface Scan {
  /** Whether the logs begin where the access manager does, so that nobody was granted a role before. */
  readonly whole: boolean;
  /** Everybody who ever had a role. */
  readonly accounts: readonly Address[];
  readonly members: readonly Held[];
  readonly roles: readonly FoundRole[];
  readonly permissions: readonly FoundPermission[];
  readonly targets: readonly FoundTarget[];
  readonly capabilities: readonly Grant[];
  readonly scheduled: readonly Scheduled[];
}

export interface Scene {
  readonly client: PublicClient;
  readonly deployment: Deployment;
  readonly blockNumber: bigint;
}

const unique = <T>(values: readonly T[], key: (value: T) => string = String): T[] => [
  ...new Map(values.map((value) => [key(value), value])).values(),
];

/** All logs of a contract since the deployment, in as many requests as the node asks for. */
async function logsOf<T>(
  ask: (fromBlock: bigint, toBlock: bigint) => Promise<readonly T[]>,
  from: bigint,
  to: bigint,
): Promise<readonly T[]> {
  try {
    return await ask(from, to);
  } catch (error) {
    if (from === to) throw error;
    const middle = (from + to) / 2n;
    return [...(await logsOf(ask, from, middle)), ...(await logsOf(ask, middle + 1n, to))];
  }
}

const managerOf = ({ deployment }: Scene): Address => deployment.addresses.accessManager;

const managerLogs = (scene: Scene) =>
  logsOf(
    (fromBlock, toBlock) =>
      scene.client.getContractEvents({
        ...{ abi: accessManagerAbi, address: managerOf(scene), strict: true },
        ...{ fromBlock, toBlock },
      }),
    scene.deployment.block,
    scene.blockNumber,
  );

type Log = Awaited<ReturnType<typeof managerLogs>>[number];
type Named<name extends Log["eventName"]> = Extract<Log, { eventName: name }>;

const only = <name extends Log["eventName"]>(logs: readonly Log[], name: name): Named<name>[] =>
  logs.filter((log): log is Named<name> => log.eventName === name);

const manager = (scene: Scene) =>
  ({ abi: accessManagerAbi, address: managerOf(scene), blockNumber: scene.blockNumber }) as const;

async function held(scene: Scene, role: bigint, account: Address): Promise<Held> {
  const call = { ...manager(scene), functionName: "getAccess", args: [role, account] } as const;
  const [since, delay, pendingDelay, effect] = await scene.client.readContract(call);
  return { role, account, since, delay, pendingDelay, effect };
}

async function roleOf(scene: Scene, id: bigint): Promise<FoundRole> {
  const ask = { ...manager(scene), args: [id] } as const;
  const [admin, guardian, grantDelay] = await Promise.all([
    scene.client.readContract({ ...ask, functionName: "getRoleAdmin" }),
    scene.client.readContract({ ...ask, functionName: "getRoleGuardian" }),
    scene.client.readContract({ ...ask, functionName: "getRoleGrantDelay" }),
  ]);
  return { id, admin, guardian, grantDelay };
}

async function targetOf(scene: Scene, contract: Governed, target: Address): Promise<FoundTarget> {
  const ask = { ...manager(scene), args: [target] } as const;
  const authority = [functionOf(ABIS[contract] ?? [], "authority")];
  const [authorityAt, closed, adminDelay] = await Promise.all([
    scene.client.readContract({ abi: authority, address: target, functionName: "authority" }),
    scene.client.readContract({ ...ask, functionName: "isTargetClosed" }),
    scene.client.readContract({ ...ask, functionName: "getTargetAdminDelay" }),
  ]);
  return { contract, target, authority: getAddress(authorityAt), closed, adminDelay };
}

/** The first log of the access manager is its first admin, in the transaction that created it. */
async function isWhole(scene: Scene, first: { transactionHash: Hex } | undefined): Promise<boolean> {
  if (first === undefined) return false;
  const { contractAddress } = await scene.client.getTransactionReceipt({ hash: first.transactionHash });
  return contractAddress !== null && contractAddress !== undefined && isAddressEqual(contractAddress, managerOf(scene));
}

async function membersOf(scene: Scene, logs: readonly Log[]): Promise<Pick<Scan, "whole" | "accounts" | "members">> {
  const granted = only(logs, "RoleGranted").map(({ args }) => args);
  const pairs = unique(granted, ({ roleId, account }) => `${roleId}/${account}`);
  const all = await Promise.all(pairs.map(({ roleId, account }) => held(scene, roleId, getAddress(account))));
  const accounts = unique(granted.map(({ account }) => getAddress(account)));
  const whole = await isWhole(scene, logs[0]);
  return { whole, accounts, members: all.filter(({ since }) => since !== 0) };
}

async function rolesOf(scene: Scene, logs: readonly Log[]): Promise<FoundRole[]> {
  const kinds = ["RoleGranted", "RoleLabel", "RoleAdminChanged", "RoleGuardianChanged"] as const;
  const ids = kinds.flatMap((kind) => only(logs, kind).map(({ args }) => args.roleId));
  return Promise.all(unique([...Object.values(Role), ...ids]).map((id) => roleOf(scene, id)));
}

/** Every function that ever had a role of its own, and whose it is now. */
async function permissionsOf(scene: Scene, logs: readonly Log[]): Promise<FoundPermission[]> {
  const updated = only(logs, "TargetFunctionRoleUpdated").map(({ args }) => args);
  return Promise.all(
    unique(updated, ({ target, selector }) => `${target}/${selector}`).map(async ({ target, selector }) => {
      const ask = { ...manager(scene), functionName: "getTargetFunctionRole", args: [target, selector] } as const;
      return { target: getAddress(target), selector, role: await scene.client.readContract(ask) };
    }),
  );
}

async function capabilitiesOf(scene: Scene): Promise<Grant[]> {
  const { client, deployment, blockNumber } = scene;
  const house = { abi: clearingHouseAbi, address: deployment.addresses.clearingHouse } as const;
  const query = { ...house, eventName: "CapabilityChanged", strict: true } as const;
  const logs = await logsOf(
    (fromBlock, toBlock) => client.getContractEvents({ ...query, fromBlock, toBlock }),
    deployment.block,
    blockNumber,
  );
  const pairs = unique(
    logs.map(({ args }) => args),
    ({ stage, capability }) => `${stage}/${capability}`,
  );
  const found = await Promise.all(
    pairs.map(async ({ stage, capability }) => {
      const ask = { ...house, blockNumber, functionName: "hasCapability", args: [stage, capability] } as const;
      const name = CAPABILITIES[capability] as Capability;
      return (await client.readContract(ask)) ? [{ stage: getAddress(stage), capability: name }] : [];
    }),
  );
  return found.flat();
}

async function scheduledOf(scene: Scene, logs: readonly Log[]): Promise<Scheduled[]> {
  const scheduled = only(logs, "OperationScheduled").map(({ args }) => args);
  const found = await Promise.all(
    unique(scheduled, ({ operationId }) => operationId).map(async ({ operationId, caller, target, data }) => {
      const ask = { ...manager(scene), functionName: "getSchedule", args: [operationId] } as const;
      const at = await scene.client.readContract(ask);
      return { id: operationId, caller: getAddress(caller), target: getAddress(target), data, at };
    }),
  );
  return found.filter(({ at }) => at !== 0);
}

export async function scan(scene: Scene): Promise<Scan> {
  const logs = await managerLogs(scene);
  const { addresses } = scene.deployment;
  const governed = GOVERNED_NAMES.flatMap((name) =>
    addresses[name] === undefined ? [] : [[name, addresses[name]] as const],
  );
  const [who, roles, permissions, targets, capabilities, scheduled] = await Promise.all([
    membersOf(scene, logs),
    rolesOf(scene, logs),
    permissionsOf(scene, logs),
    Promise.all(governed.map(([name, target]) => targetOf(scene, name, target))),
    capabilitiesOf(scene),
    scheduledOf(scene, logs),
  ]);
  return { ...who, roles, permissions, targets, capabilities, scheduled };
}
