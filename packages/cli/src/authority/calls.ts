// Calls that authority makes, and the handover: all of them that put every role in its place.
import { accessManagerAbi } from "@ballast/sdk";
import { encodeFunctionData, type AbiFunction, type Address, type Hex } from "viem";
import { Role, functionOf, type Permission, type Policy } from "./policy.js";

/** One call, with what a reader needs to know it by. */
export interface Call {
  readonly to: Address;
  readonly function: AbiFunction;
  readonly args: readonly unknown[];
}

export const encodeCall = ({ function: each, args }: Call): Hex =>
  encodeFunctionData({ abi: [each], functionName: each.name, args: [...args] });

/** A call of the access manager. */
export const managerCall = (to: Address, name: string, ...args: unknown[]): Call => ({
  to,
  function: functionOf(accessManagerAbi, name),
  args,
});

function functionRoles(manager: Address, permissions: readonly Permission[]): Call[] {
  const same = (one: Permission, other: Permission): boolean => one.target === other.target && one.role === other.role;
  const firsts = permissions.filter((each, i) => permissions.findIndex((other) => same(each, other)) === i);
  return firsts.map((first) => {
    const selectors = permissions.filter((each) => same(each, first)).map(({ selector }) => selector);
    return managerCall(manager, "setTargetFunctionRole", first.target, selectors, first.role);
  });
}

/**
 * What the governor signs, in order, while he is an admin without delay beside the deployer. The deployer goes before the
 * governor's own delay begins, which is last: after it every change has to wait.
 */
export function handoverOf(manager: Address, { members, guardians, permissions }: Policy, deployer: Address): Call[] {
  const call = (name: string, ...args: unknown[]): Call => managerCall(manager, name, ...args);
  const others = members.filter(({ role }) => role !== Role.admin);
  const admins = members.filter(({ role }) => role === Role.admin);
  const named = (["parameters", "guardian", "treasury", "prices"] as const).map((name) =>
    call("labelRole", Role[name], name),
  );
  const guarded = (["parameters", "treasury", "prices"] as const).map((name) =>
    call("setRoleGuardian", Role[name], guardians[name]),
  );
  const grants = (some: typeof members): Call[] =>
    some.map(({ role, account, delay }) => call("grantRole", role, account, delay));
  return [
    ...named,
    ...functionRoles(manager, permissions),
    ...guarded,
    ...grants(others),
    call("revokeRole", Role.admin, deployer),
    ...grants(admins),
  ];
}
