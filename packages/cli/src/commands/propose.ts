import { accessManagerAbi, clearingHouseAbi, decodeError, getReserve } from "@ballast/sdk";
import { erc20Abi, getAddress, isAddress, type Abi, type Address } from "viem";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { argumentsOf } from "../authority/arguments.js";
import { batchOf, serializeBatch } from "../authority/batch.js";
import { encodeCall, managerCall, type Call } from "../authority/calls.js";
import { ArgumentInvalid, CallUnknown, NotAuthorized } from "../authority/errors.js";
import { ABIS, functionOf, isRestricted, readAuthority } from "../authority/policy.js";
import type { BallastCommand } from "../command.js";
import type { Context } from "../context.js";

const PROPOSERS = ["governor", "recovery", "guardian"] as const;
type Proposer = (typeof PROPOSERS)[number];

interface Options {
  readonly as: string;
  readonly authority: string;
  readonly out: string;
  readonly cancel: boolean;
  readonly by: string | undefined;
}

const isProposer = (name: string): name is Proposer => (PROPOSERS as readonly string[]).includes(name);

function optionsOf({ deployment }: Context, given: Readonly<Record<string, unknown>>): Options {
  const text = (name: string): string | undefined => given[name] as string | undefined;
  return {
    as: text("as") ?? "governor",
    authority: text("authority") ?? `deployments/${deployment.chainId}.roles.json`,
    out: text("out") ?? ".",
    cancel: given["cancel"] === true,
    by: text("by"),
  };
}

async function accountOf({ deployment }: Context, { authority }: Options, name: string): Promise<Address> {
  if (isProposer(name)) return (await readAuthority(authority, deployment.chainId))[name];
  if (isAddress(name)) return getAddress(name);
  throw new ArgumentInvalid("--as", PROPOSERS.join(", "), name);
}

/** Contracts that the house's money goes through, besides those that authority governs. */
const CALLED: Readonly<Record<string, Abi>> = { ...ABIS, clearingHouse: clearingHouseAbi, quote: erc20Abi };

async function addressIn({ client, deployment, at }: Context, contract: string): Promise<Address | undefined> {
  if (contract === "quote") return (await getReserve(client, at)).token;
  return Object.entries(deployment.addresses).find(([key]) => key === contract)?.[1];
}

async function callOf(context: Context, [contract = "", name = "", ...texts]: readonly string[]): Promise<Call> {
  const { deployment } = context;
  const [abi, to] = [CALLED[contract], await addressIn(context, contract)];
  if (abi === undefined || to === undefined) throw new CallUnknown(contract, Object.keys(CALLED));
  const each = functionOf(abi, name);
  return { to, function: each, args: argumentsOf(deployment, each, texts) };
}

/** Seconds until a call may be executed; zero at once. */
async function delayOf(context: Context, account: Address, contract: string, call: Call): Promise<number> {
  const { client, deployment, at } = context;
  const { accessManager } = deployment.addresses;
  const ask = { abi: accessManagerAbi, address: accessManager, ...at } as const;
  const own = call.to === accessManager;
  if (!own && !isRestricted(contract, call.function.name)) return 0;
  const [allowed, delay] = own
    ? await client.publicClient.readContract({ ...ask, functionName: "hasRole", args: [0n, account] })
    : await client.publicClient
        .readContract({
          ...ask,
          functionName: "canCall",
          args: [account, call.to, encodeCall(call).slice(0, 10) as `0x${string}`],
        })
        .then(([immediate, seconds]) => [immediate || seconds > 0, seconds] as const);
  if (!allowed) throw new NotAuthorized(account, call.function.name);
  return delay;
}

/** What is sent at once is tried at once. */
async function simulate({ client }: Context, account: Address, call: Call): Promise<void> {
  try {
    await client.publicClient.call({ account, to: call.to, data: encodeCall(call) });
  } catch (error) {
    throw decodeError(error);
  }
}

interface Part {
  readonly step: "call" | "schedule" | "execute" | "cancel";
  readonly call: Call;
  readonly when: string;
}

interface Proposal {
  readonly contract: string;
  readonly account: Address;
  readonly call: Call;
}

async function partsOf(context: Context, options: Options, proposal: Proposal): Promise<Part[]> {
  const { contract, account, call } = proposal;
  const { accessManager } = context.deployment.addresses;
  const manager = (name: string, ...args: unknown[]): Call => managerCall(accessManager, name, ...args);
  const data = encodeCall(call);
  if (options.cancel) {
    const by = await accountOf(context, options, options.by ?? "governor");
    return [{ step: "cancel", call: manager("cancel", by, call.to, data), when: "now" }];
  }
  const delay = await delayOf(context, account, contract, call);
  if (delay === 0) return [{ step: "call", call, when: "now" }];
  return [
    { step: "schedule", call: manager("schedule", call.to, data, 0), when: "now" },
    { step: "execute", call: manager("execute", call.to, data), when: `${delay} s later, within a week` },
  ];
}

export const propose: BallastCommand = {
  usage: "propose <contract> <function> [arguments...]",
  summary: "a call of authority, as batch files that its multisig signs",
  configure: (command) => {
    command
      .option("--as <who>", "governor, recovery, guardian or an address (default: governor)")
      .option("--cancel", "cancel the call that --by has scheduled")
      .option("--by <who>", "who scheduled it (default: governor)")
      .option("--authority <file>", "who is who (default: deployments/<chain>.roles.json)")
      .option("--out <folder>", "where the batch files go (default: here)")
      .addHelpText(
        "after",
        `\n<contract>: ${Object.keys(CALLED).join(", ")}
[arguments...]: markets and states by name, whole numbers like 50e24, structs and lists as JSON`,
      );
  },
  async run(context, args, given) {
    const options = optionsOf(context, given);
    const call = await callOf(context, args);
    const account = await accountOf(context, options, options.as);
    const parts = await partsOf(context, options, { contract: args[0] ?? "", account, call });
    const { chainId } = context.deployment;
    const lines: string[] = [];
    for (const { step, call: each, when } of parts) {
      if (step !== "execute") await simulate(context, account, each);
      const name = `${call.function.name} (${step})`;
      const description = `${args.join(" ")}: ${step}, ${when}`;
      const batch = batchOf({
        chainId,
        safe: account,
        name,
        description,
        createdAt: Number(context.now) * 1_000,
        calls: [each],
      });
      const file = join(options.out, `${call.function.name}.${step}.json`);
      await writeFile(file, serializeBatch(batch));
      lines.push(`${step.padEnd(8)}  ${account} signs ${file} ${when}`);
    }
    return { json: parts.map(({ step, when }) => ({ step, when, safe: account })), text: lines.join("\n") };
  },
};
