import { decodeFunctionData, type Hex } from "viem";
import { AuthorityDiffers } from "../authority/errors.js";
import { ABIS, policyOf, readAuthority, roleName } from "../authority/policy.js";
import { scan, type Scan, type Scheduled } from "../authority/scan.js";
import { verify } from "../authority/verify.js";
import type { BallastCommand } from "../command.js";
import type { Context } from "../context.js";
import { list, paragraphs, table } from "../report.js";

const nameOf = ({ deployment }: Context, address: string): string =>
  Object.entries(deployment.addresses).find(([, at]) => at === address)?.[0] ?? address;

function callName(context: Context, target: string, data: Hex): string {
  const contract = nameOf(context, target);
  try {
    return `${contract}.${decodeFunctionData({ abi: ABIS[contract] ?? [], data }).functionName}`;
  } catch {
    return `${contract}.${data.slice(0, 10)}`;
  }
}

const waiting = (context: Context, { id, caller, target, data, at }: Scheduled): string[] => [
  callName(context, target, data),
  caller,
  new Date(at * 1_000).toISOString(),
  id,
];

const membersTable = ({ members }: Scan): string =>
  table(
    ["role", "member", "delay"],
    members
      .toSorted((one, other) => Number(one.role - other.role))
      .map(({ role, account, delay }) => [roleName(role), account, `${delay}s`]),
  );

const functionsTable = (context: Context, { permissions }: Scan): string =>
  permissions.length === 0
    ? "every function is for admin"
    : table(
        ["function", "role"],
        permissions.map(({ target, selector, role }) => [callName(context, target, selector), roleName(role)]),
      );

const describe = (context: Context, found: Scan): string =>
  paragraphs(
    membersTable(found),
    functionsTable(context, found),
    list(found.capabilities.map(({ stage, capability }) => [nameOf(context, stage), capability])),
    found.scheduled.length === 0
      ? ""
      : table(
          ["scheduled", "by", "from", "operation"],
          found.scheduled.map((each) => waiting(context, each)),
        ),
  );

export const roles: BallastCommand = {
  usage: "roles",
  summary: "who may do what, and what is scheduled; --verify fails if it is not as agreed",
  configure: (command) => {
    command
      .option("--verify", "compare with who should hold authority")
      .option("--authority <file>", "who should (default: deployments/<chain>.roles.json)");
  },
  async run(context, _, options) {
    const { client, deployment, at, now } = context;
    const scene = { client: client.publicClient, deployment, blockNumber: at.blockNumber };
    const found = await scan(scene);
    const text = describe(context, found);
    if (options["verify"] !== true) return { json: found, text };
    const file = (options["authority"] as string | undefined) ?? `deployments/${deployment.chainId}.roles.json`;
    const policy = policyOf(deployment.addresses, await readAuthority(file, deployment.chainId));
    const { checks, faults } = await verify(scene, policy, found, now);
    if (faults.length > 0) throw new AuthorityDiffers(faults);
    return { json: { ...found, checks, faults }, text: paragraphs(text, `verified: ${checks} checks, nobody else`) };
  },
};
