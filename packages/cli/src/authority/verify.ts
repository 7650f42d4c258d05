// Compares who holds authority with who should. Whoever is not expected is a fault, and so is whoever is missing.
import { accessManagerAbi, clearingHouseAbi, oracleRouterAbi, riskConfiguratorAbi } from "@ballast/sdk";
import { isAddressEqual, type Address } from "viem";
import { Role, ROLE_NAMES, roleName, type Member, type Permission, type Policy } from "./policy.js";
import type { FoundRole, Held, Scan, Scene } from "./scan.js";

/** Somebody without any role, for whom the chain is asked as for the others. */
const STRANGER: Address = "0x00000000000000000000000000000000000ba57e";

export interface Verdict {
  /** How many facts of the chain were compared. */
  readonly checks: number;
  readonly faults: readonly string[];
}

const verdict = (faults: readonly (string | undefined)[]): Verdict => ({
  checks: faults.length,
  faults: faults.filter((fault) => fault !== undefined),
});

const sameMember = (one: Member, other: Member): boolean =>
  one.role === other.role && isAddressEqual(one.account, other.account);

function memberFault(policy: Policy, { role, account, delay, since, pendingDelay, effect }: Held, now: number) {
  const expected = policy.members.find((each) => sameMember(each, { role, account, delay }));
  if (expected === undefined) return `${account} has the role ${roleName(role)}, and should not`;
  if (since > now) return `${account} has the role ${roleName(role)} only from ${since} on`;
  if (effect !== 0 && pendingDelay !== expected.delay)
    return `${account} will wait ${pendingDelay} s as ${roleName(role)}, and should wait ${expected.delay} s`;
  if (delay !== expected.delay)
    return `${account} waits ${delay} s as ${roleName(role)}, and should wait ${expected.delay} s`;
  return undefined;
}

function members(policy: Policy, found: readonly Held[], now: number): Verdict {
  const missing = policy.members.map((each) =>
    found.some((other) => sameMember(each, other))
      ? undefined
      : `${each.account} lacks the role ${roleName(each.role)}`,
  );
  return verdict([...found.map((each) => memberFault(policy, each, now)), ...missing]);
}

function roleFault({ guardians }: Policy, { id, admin, guardian, grantDelay }: FoundRole): string | undefined {
  const known = ROLE_NAMES.find((name) => Role[name] === id);
  const expected = known === undefined ? Role.admin : guardians[known];
  if (admin !== Role.admin) return `members of ${roleName(admin)} decide who has the role ${roleName(id)}`;
  if (guardian !== expected)
    return `members of ${roleName(guardian)} may cancel what ${roleName(id)} scheduled, it should be ${roleName(expected)}`;
  if (grantDelay !== 0) return `the role ${roleName(id)} begins ${grantDelay} s after it is granted, it should be 0 s`;
  return undefined;
}

const sameFunction = (one: Pick<Permission, "target" | "selector">, other: Pick<Permission, "target" | "selector">) =>
  isAddressEqual(one.target, other.target) && one.selector === other.selector;

function permissions(policy: Policy, found: Scan["permissions"]): Verdict {
  const whose = (each: Permission): bigint => found.find((other) => sameFunction(each, other))?.role ?? Role.admin;
  const expected = policy.permissions.map((each) =>
    whose(each) === each.role
      ? undefined
      : `${each.contract}.${each.name} is for ${roleName(whose(each))}, it should be for ${roleName(each.role)}`,
  );
  const strange = found
    .filter((each) => !policy.permissions.some((other) => sameFunction(each, other)))
    .map(({ target, selector, role }) =>
      role === Role.admin ? undefined : `${selector} of ${target} is for ${roleName(role)}, and should be for nobody`,
    );
  return verdict([...expected, ...strange]);
}

function targets({ deployment }: Scene, found: Scan["targets"]): Verdict {
  const { accessManager } = deployment.addresses;
  return verdict(
    found.flatMap(({ contract, authority, closed, adminDelay }) => [
      isAddressEqual(authority, accessManager) ? undefined : `${contract} obeys ${authority}, not the access manager`,
      closed ? `${contract} is closed to everybody` : undefined,
      adminDelay === 0 ? undefined : `roles of ${contract} change after ${adminDelay} s, it should be 0 s`,
    ]),
  );
}

function capabilities(policy: Policy, found: Scan["capabilities"]): Verdict {
  const same = (one: (typeof found)[number], other: (typeof found)[number]): boolean =>
    isAddressEqual(one.stage, other.stage) && one.capability === other.capability;
  return verdict([
    ...found.map((each) =>
      policy.capabilities.some((other) => same(each, other))
        ? undefined
        : `${each.stage} has the capability ${each.capability}, and should not`,
    ),
    ...policy.capabilities.map((each) =>
      found.some((other) => same(each, other)) ? undefined : `${each.stage} lacks the capability ${each.capability}`,
    ),
  ]);
}

/** The contracts that authority goes through must be those that the ledger listens to. */
async function bindings({ client, deployment, blockNumber }: Scene): Promise<Verdict> {
  const { clearingHouse, riskConfigurator, oracleRouter } = deployment.addresses;
  const house = { abi: clearingHouseAbi, address: clearingHouse, blockNumber } as const;
  const found = await Promise.all([
    client.readContract({ ...house, functionName: "configurator" }),
    client.readContract({ ...house, functionName: "oracle" }),
    client.readContract({ abi: riskConfiguratorAbi, address: riskConfigurator, functionName: "clearingHouse" }),
    client.readContract({ abi: oracleRouterAbi, address: oracleRouter, functionName: "clearingHouse" }),
  ]);
  const expected = [riskConfigurator, oracleRouter, clearingHouse, clearingHouse];
  const names = [
    "the ledger's configurator",
    "the ledger's oracle",
    "the configurator's ledger",
    "the oracle's ledger",
  ];
  return verdict(
    found.map((at, i) => (isAddressEqual(at, expected[i] as Address) ? undefined : `${names[i] ?? ""} is ${at}`)),
  );
}

/** Everybody who ever had a role, and a stranger, against every function: the chain's own answer. */
async function calls(scene: Scene, policy: Policy, accounts: readonly Address[]): Promise<Verdict> {
  const { client, deployment, blockNumber } = scene;
  const pairs = [...accounts, STRANGER].flatMap((account) => policy.permissions.map((each) => ({ account, ...each })));
  const faults = await Promise.all(
    pairs.map(async ({ account, target, selector, role, contract, name }) => {
      const expected = policy.members.find((each) => sameMember(each, { role, account, delay: 0 }));
      const [immediate, delay] = await client.readContract({
        abi: accessManagerAbi,
        address: deployment.addresses.accessManager,
        functionName: "canCall",
        args: [account, target, selector],
        blockNumber,
      });
      const allowed = immediate || delay > 0;
      if (allowed !== (expected !== undefined))
        return `${account} ${allowed ? "may" : "may not"} call ${contract}.${name}`;
      return allowed && delay !== expected?.delay
        ? `${account} may call ${contract}.${name} after ${delay} s`
        : undefined;
    }),
  );
  return verdict(faults);
}

export async function verify(scene: Scene, policy: Policy, found: Scan, now: bigint): Promise<Verdict> {
  const accounts = [...new Set([...found.accounts, ...policy.members.map(({ account }) => account)])];
  const { block } = scene.deployment;
  const verdicts = [
    verdict([found.whole ? undefined : `the access manager is older than block ${block}, where the deployment begins`]),
    members(policy, found.members, Number(now)),
    verdict(found.roles.map((role) => roleFault(policy, role))),
    permissions(policy, found.permissions),
    targets(scene, found.targets),
    capabilities(policy, found.capabilities),
    await bindings(scene),
    await calls(scene, policy, accounts),
  ];
  return {
    checks: verdicts.reduce((sum, { checks }) => sum + checks, 0),
    faults: [...new Set(verdicts.flatMap(({ faults }) => faults))],
  };
}
