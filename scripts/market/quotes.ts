// What views quote, against what the same calls on the same state would execute.
import { ownerOf, exchangeAbi, lensAbi, liquidatorAbi, type AccountId } from "@ballast/sdk";
import type { Ledger } from "@ballast/mirror";
import { magnitude } from "./tally.js";
import { WAD, type World } from "./world.js";

/** Lots that are asked about, and the notional of a trade with a pool in whole quote. */
const LOTS = 6;
const TRADED = 1_000n;
const ANY = (1n << 256n) - 1n;

export interface Compared {
  readonly what: string;
  readonly quoted: readonly bigint[];
  readonly executed: readonly bigint[];
}

/** Nothing of it is sent. @param taker somebody with margin for it; what is refused for another reason is left out */
export async function quotesAgainstCalls(world: World, ledger: Ledger, taker: AccountId): Promise<Compared[]> {
  const lots = [...ledger.lots.live()].slice(0, LOTS);
  const found = await Promise.all([
    ...lots.map(({ account, asset }) => lotAgainstBid(world, account, asset, taker)),
    ...ledger.perps.flatMap((asset) =>
      [1n, -1n].map((sign) => {
        const mark = ledger.prices.markOf(asset);
        return poolAgainstTrade(world, asset, (sign * TRADED * WAD * WAD) / mark, taker);
      }),
    ),
  ]);
  return found.filter((each) => each !== undefined);
}

const orNothing = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(() => undefined);

async function lotAgainstBid(
  { publicClient, deployment }: World,
  account: bigint,
  asset: number,
  taker: AccountId,
): Promise<Compared | undefined> {
  const ask = { abi: liquidatorAbi, address: deployment.addresses.liquidator } as const;
  const { size, price, long } = await publicClient.readContract({
    ...ask,
    functionName: "lotOf",
    args: [account, asset],
  });
  if (size === 0n) return undefined;
  const terms = { account, asset, taker, most: size, least: 0n, limit: long ? ANY : 0n, deadline: ANY, data: "0x" };
  const bid = { ...ask, functionName: "bid", args: [terms as { data: "0x" } & typeof terms] } as const;
  const executed = await orNothing(publicClient.simulateContract({ ...bid, account: ownerOf(taker) }));
  if (executed === undefined) return undefined;
  return { what: `lot of ${account} in asset ${asset}`, quoted: [size, price], executed: [...executed.result] };
}

async function poolAgainstTrade(
  { publicClient, deployment }: World,
  asset: number,
  size: bigint,
  taker: AccountId,
): Promise<Compared | undefined> {
  const { lens, exchange } = deployment.addresses;
  const quote = { abi: lensAbi, address: lens, functionName: "quote", args: [asset, size] } as const;
  const terms = { account: taker, asset, size, limit: size > 0n ? ANY : 0n, reduceOnly: false, deadline: ANY };
  const trade = { abi: exchangeAbi, address: exchange, functionName: "trade", args: [terms] } as const;
  const [quoted, executed] = await Promise.all([
    orNothing(publicClient.readContract(quote)),
    orNothing(publicClient.simulateContract({ ...trade, account: ownerOf(taker) })),
  ]);
  if (quoted === undefined || executed === undefined) return undefined;
  const [traded, price] = executed.result;
  return { what: `pool of asset ${asset}`, quoted: [magnitude(size), quoted[0]], executed: [magnitude(traded), price] };
}
