// What is looked at before a keeper begins: whether nodes, contracts, wallet and store are what the settings say.
import {
  backstopPoolAbi,
  clearingHouseAbi,
  exchangeAbi,
  formatAccount,
  insuranceVaultAbi,
  lensAbi,
  liquidatorAbi,
  lotRunnerAbi,
  oracleRouterAbi,
  type Addresses,
  type Deployment,
} from "@ballast/sdk";
import { SocketHeads } from "@ballast/mirror";
import { createPublicClient, formatEther, http, isAddressEqual, type Abi, type Address, type PublicClient } from "viem";
import { shown } from "./read.js";
import type { Settings } from "./schema.js";

export type Verdict = "ok" | "warning" | "failed";

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** What is looked at besides the settings. */
export interface Subject {
  readonly settings: Settings;
  readonly deployment: Deployment;
  /** Who signs; nobody in a dry run. */
  readonly wallet: Address | undefined;
  /** Opens the store and closes it again. */
  readonly tryStore: () => Promise<void>;
  readonly now?: () => number;
}

/** Seconds that a block may be ahead of this clock. */
const AHEAD = 15;

export const hasFailed = (checks: readonly Check[]): boolean => checks.some(({ verdict }) => verdict === "failed");

/** Everything; what one check throws fails that one alone. */
export async function examine(subject: Subject): Promise<Check[]> {
  const { settings, deployment } = subject;
  const clients = settings.rpc.map((url) => clientOf(url, settings));
  const nodes = await Promise.all(clients.map((client, i) => node(client, settings.rpc[i] ?? "", subject)));
  const answering = clients.find((_, i) => nodes[i]?.verdict !== "failed");
  const others = await Promise.all([socket(settings), store(subject)]);
  if (answering === undefined) return [...nodes, ...others];
  const contracts = await code(answering, deployment.addresses);
  const agreed = hasFailed([contracts]) ? [] : [await agreement(answering, deployment.addresses)];
  return [...nodes, ...others, contracts, ...agreed, await balance(answering, subject)];
}

const clientOf = (url: string, { timeout }: Settings): PublicClient =>
  createPublicClient({ transport: http(url, { timeout: timeout * 1_000, retryCount: 1 }) });

async function attempt(name: string, look: () => Promise<readonly [Verdict, string]>): Promise<Check> {
  try {
    const [verdict, detail] = await look();
    return { name, verdict, detail };
  } catch (error) {
    const { shortMessage, message } = error as { shortMessage?: string; message?: string };
    return { name, verdict: "failed", detail: (shortMessage ?? message ?? String(error)).split("\n")[0] ?? "" };
  }
}

/** The chain of a node, and the age of its head by this clock. */
function node(client: PublicClient, url: string, { deployment, settings, now = Date.now }: Subject): Promise<Check> {
  return attempt(`rpc ${shown("rpc", url)}`, async () => {
    const [chainId, block] = await Promise.all([client.getChainId(), client.getBlock()]);
    if (chainId !== deployment.chainId)
      return ["failed", `chain ${chainId}, the deployment is on chain ${deployment.chainId}`];
    const age = Math.floor(now() / 1_000) - Number(block.timestamp);
    const where = `chain ${chainId}, block ${block.number}, ${age} s old`;
    if (age < -AHEAD) return ["warning", `${where}: ahead of this clock by more than ${AHEAD} s`];
    return age > settings.stall ? ["warning", `${where}: more than stall (${settings.stall} s)`] : ["ok", where];
  });
}

function socket({ socket: url, poll, timeout }: Settings): Promise<Check> {
  if (url === undefined)
    return Promise.resolve({ name: "socket", verdict: "warning", detail: `none is given: polls every ${poll} ms` });
  return attempt(`socket ${shown("socket", url)}`, async () => {
    const nothing = () => undefined;
    const stop = await new SocketHeads(url, timeout * 1_000).subscribe(nothing, nothing);
    stop();
    return ["ok", "tells new heads"];
  });
}

const store = ({ settings, tryStore }: Subject): Promise<Check> =>
  attempt(`store ${shown("store", settings.store)}`, async () => {
    await tryStore();
    return ["ok", "opens"];
  });

const addressesOf = (addresses: Addresses): [string, Address][] =>
  Object.entries(addresses).filter((pair): pair is [string, Address] => pair[1] !== undefined);

function code(client: PublicClient, addresses: Addresses): Promise<Check> {
  return attempt("code", async () => {
    const named = addressesOf(addresses);
    const codes = await Promise.all(named.map(([, address]) => client.getCode({ address })));
    const empty = named.filter((_, i) => (codes[i] ?? "0x") === "0x").map(([name, address]) => `${name} ${address}`);
    if (empty.length > 0) return ["failed", `nothing at ${empty.join(", ")}`];
    return ["ok", `at all ${named.length} addresses`];
  });
}

/** What a contract says, and what it should say. */
interface Promised {
  readonly of: keyof Addresses;
  readonly abi: Abi;
  readonly says: string;
  readonly expected: keyof Addresses;
}

const PROMISES: readonly Promised[] = [
  { of: "clearingHouse", abi: clearingHouseAbi, says: "oracle", expected: "oracleRouter" },
  { of: "clearingHouse", abi: clearingHouseAbi, says: "configurator", expected: "riskConfigurator" },
  { of: "oracleRouter", abi: oracleRouterAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "lens", abi: lensAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "exchange", abi: exchangeAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "exchange", abi: exchangeAbi, says: "lens", expected: "lens" },
  { of: "liquidator", abi: liquidatorAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "insuranceVault", abi: insuranceVaultAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "backstopPool", abi: backstopPoolAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "backstopPool", abi: backstopPoolAbi, says: "exchange", expected: "exchange" },
  { of: "lotRunner", abi: lotRunnerAbi, says: "clearingHouse", expected: "clearingHouse" },
  { of: "lotRunner", abi: lotRunnerAbi, says: "liquidator", expected: "liquidator" },
  { of: "lotRunner", abi: lotRunnerAbi, says: "exchange", expected: "exchange" },
  { of: "lotRunner", abi: lotRunnerAbi, says: "lens", expected: "lens" },
];

function agreement(client: PublicClient, addresses: Addresses): Promise<Check> {
  return attempt("contracts", async () => {
    const asked = PROMISES.filter(({ of }) => addresses[of] !== undefined);
    const told = await Promise.all(
      asked.map(({ of, abi, says }) =>
        client.readContract({ address: addresses[of] as Address, abi, functionName: says }),
      ),
    );
    const wrong = asked.flatMap(({ of, says, expected }, i) => {
      const [actual, meant] = [told[i] as Address, addresses[expected] as Address];
      return isAddressEqual(actual, meant) ? [] : [`${of}.${says} is ${actual}, not ${expected} ${meant}`];
    });
    if (wrong.length > 0) return ["failed", wrong.join("; ")];
    const backstop = await backstopDoubt(client, addresses);
    return backstop === undefined ? ["ok", `${asked.length} of them agree`] : ["warning", backstop];
  });
}

/** The liquidator may have another backstop, or none: then there is nothing to crank. */
async function backstopDoubt(client: PublicClient, addresses: Addresses): Promise<string | undefined> {
  const { backstopPool, liquidator } = addresses;
  if (backstopPool === undefined) return undefined;
  const [used, own] = await Promise.all([
    client.readContract({ address: liquidator, abi: liquidatorAbi, functionName: "backstop" }),
    client.readContract({ address: backstopPool, abi: backstopPoolAbi, functionName: "account" }),
  ]);
  return used === own
    ? undefined
    : `the liquidator's backstop is ${formatAccount(used)}, not backstopPool ${backstopPool}`;
}

function balance(client: PublicClient, { settings, wallet }: Subject): Promise<Check> {
  if (wallet === undefined)
    return Promise.resolve({
      name: "wallet",
      verdict: settings.dryRun ? "ok" : "warning",
      detail: "none: signs nothing",
    });
  return attempt(`wallet ${wallet}`, async () => {
    const [held, latest, pending] = await Promise.all([
      client.getBalance({ address: wallet }),
      client.getTransactionCount({ address: wallet }),
      client.getTransactionCount({ address: wallet, blockTag: "pending" }),
    ]);
    const state = `${formatEther(held)} native tokens, nonce ${latest}`;
    if (held < settings.balance) return ["failed", `${state}: less than balance (${formatEther(settings.balance)})`];
    return pending > latest ? ["warning", `${state}, ${pending - latest} transactions on their way`] : ["ok", state];
  });
}
