// What has to be so before anything is sent: found on the network itself, compared with the parameters.
import { erc20Abi, formatEther, formatUnits, parseAbi, type Address, type PublicClient } from "viem";
import { NotReady } from "./errors.js";
import { seedOf } from "./modules/Markets.js";
import type { Feed, Parameters, Sources, Token } from "./parameters/index.js";

const FEED = parseAbi([
  "function description() view returns (string)",
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
]);
const MOST_DECIMALS = 18;
/** Seconds without a price after which anybody may end a market. */
const STALE_LIMIT = 86_400;

type Faults = Promise<readonly string[]>;

export interface Ground {
  readonly client: PublicClient;
  readonly parameters: Parameters;
  readonly deployer: Address;
  /** What the steps that are left will cost, in wei. */
  readonly cost: bigint;
  /** Whether the dust row is paid for. */
  readonly seeded: boolean;
}

/** One fault instead of whatever a call to the wrong contract ends with. */
const orFault = (check: Faults, fault: string): Faults => check.catch(() => [fault]);

export async function feedFaults(client: PublicClient, feed: Extract<Feed, { at: Address }>, now: bigint): Faults {
  const { at, pair, heartbeat } = feed;
  const ask = { abi: FEED, address: at } as const;
  const [description, decimals, [, answer, , updatedAt]] = await Promise.all([
    client.readContract({ ...ask, functionName: "description" }),
    client.readContract({ ...ask, functionName: "decimals" }),
    client.readContract({ ...ask, functionName: "latestRoundData" }),
  ]);
  return [
    ...(description === pair ? [] : [`the feed ${at} is ${description}, not ${pair}`]),
    ...(decimals <= MOST_DECIMALS ? [] : [`the feed ${at} of ${pair} has ${decimals} decimals`]),
    ...(answer > 0n ? [] : [`the feed ${at} of ${pair} says ${answer}`]),
    ...(now - updatedAt <= heartbeat ? [] : [`the feed ${at} of ${pair} is ${now - updatedAt} s old`]),
  ];
}

async function tokenFaults(client: PublicClient, { at, symbol, decimals }: Exclude<Token, "mock">): Faults {
  const ask = { abi: erc20Abi, address: at } as const;
  const [foundSymbol, foundDecimals] = await Promise.all([
    client.readContract({ ...ask, functionName: "symbol" }),
    client.readContract({ ...ask, functionName: "decimals" }),
  ]);
  return [
    ...(foundSymbol === symbol ? [] : [`the token ${at} is ${foundSymbol}, not ${symbol}`]),
    ...(foundDecimals === decimals ? [] : [`${symbol} has ${foundDecimals} decimals, not ${decimals}`]),
  ];
}

async function sequencerFaults(client: PublicClient, { sequencer, gracePeriod }: Parameters, now: bigint): Faults {
  if (sequencer === "none") return [];
  const ask = { abi: FEED, address: sequencer, functionName: "latestRoundData" } as const;
  const [, down, startedAt] = await client.readContract(ask);
  if (down !== 0n) return [`the sequencer is down, says ${sequencer}`];
  return now - startedAt > gracePeriod ? [] : [`the sequencer has been up for ${now - startedAt} s only`];
}

async function authorityFaults(client: PublicClient, { real, authority }: Parameters, deployer: Address): Faults {
  const { governor, recovery, guardian } = authority;
  const twice = new Set([governor, recovery]).size < 2 ? ["governor and recovery are the same account"] : [];
  const own = [governor, recovery, guardian].includes(deployer) ? ["the deployer is among those who govern"] : [];
  const late = authority.delays.prices < STALE_LIMIT ? [] : [`a source takes ${authority.delays.prices} s to replace`];
  if (!real) return [...twice, ...own, ...late];
  const codes = await Promise.all([governor, recovery].map((address) => client.getCode({ address })));
  const keys = ["governor", "recovery"].filter((_, i) => codes[i] === undefined || codes[i] === "0x");
  return [
    ...twice,
    ...own,
    ...late,
    ...keys.map((name) => `the ${name} ${authority[name as "governor"]} is no contract`),
  ];
}

async function fundsFaults({ client, parameters, deployer, cost, seeded }: Ground): Faults {
  const balance = await client.getBalance({ address: deployer });
  const poor = balance < cost ? [`${deployer} has ${formatEther(balance)} of ${formatEther(cost)} for gas`] : [];
  const { quote } = parameters;
  if (quote === "mock" || seeded) return poor;
  const held = await client.readContract({
    abi: erc20Abi,
    address: quote.at,
    functionName: "balanceOf",
    args: [deployer],
  });
  const seed = seedOf(parameters);
  const show = (amount: bigint): string => formatUnits(amount, quote.decimals);
  return held >= seed
    ? poor
    : [...poor, `${deployer} has ${show(held)} of ${show(seed)} ${quote.symbol} for the dust row`];
}

const feedsIn = ({ quoteSources, perps, spots }: Parameters): Extract<Feed, { at: Address }>[] => {
  const sources: readonly Sources[] = [quoteSources, ...[...perps, ...spots].map((each) => each.sources)];
  const all = sources.flatMap(({ feeds }) => feeds).filter((feed) => "at" in feed);
  return all.filter((feed, i) => all.findIndex(({ at }) => at === feed.at) === i);
};

/** Refuses with everything that is not as it should be. */
export async function requireReady(ground: Ground): Promise<void> {
  const { client, parameters, deployer } = ground;
  const { timestamp } = await client.getBlock();
  const tokens = [parameters.quote, ...parameters.spots.map(({ token }) => token)].filter((token) => token !== "mock");
  const faults = await Promise.all([
    ...feedsIn(parameters).map((feed) =>
      orFault(feedFaults(client, feed, timestamp), `there is no feed of ${feed.pair} at ${feed.at}`),
    ),
    ...tokens.map((token) => orFault(tokenFaults(client, token), `there is no token ${token.symbol} at ${token.at}`)),
    orFault(sequencerFaults(client, parameters, timestamp), `there is no sequencer feed at ${parameters.sequencer}`),
    authorityFaults(client, parameters, deployer),
    orFault(fundsFaults(ground), `the funds of ${deployer} cannot be read`),
  ]);
  if (faults.flat().length > 0) throw new NotReady(parameters.network, faults.flat());
}
