// What a latch now would say of every asset: the only read of a block that brings nothing to do.
import { FixedPoint, PriceStatus, WAD, type Price } from "@ballast/math";
import type { Ledger } from "@ballast/mirror";
import { oracleRouterAbi, type Deployment } from "@ballast/sdk";
import type { PublicClient } from "viem";

const QUOTE = 0;

export interface Quoted {
  readonly prices: ReadonlyMap<number, Price>;
  readonly marks: ReadonlyMap<bigint, bigint>;
}

/** At a block, or the latest one of a node; what is planned on it is simulated again before it is sent. */
export async function readPrices(
  client: PublicClient,
  { addresses }: Deployment,
  ledger: Ledger,
  block?: number,
): Promise<ReadonlyMap<number, Price>> {
  const assets = [QUOTE, ...ledger.perps, ...ledger.spots].filter((asset) => ledger.prices.of(asset).time !== 0n);
  const call = { abi: oracleRouterAbi, address: addresses.oracleRouter, functionName: "peek" } as const;
  const at = block === undefined ? {} : { blockNumber: BigInt(block) };
  const peeked = assets.length === 0 ? [] : await client.readContract({ ...call, ...at, args: [assets] });
  return new Map(
    assets.flatMap((asset, i) => {
      const price = peeked[i];
      return price === undefined ? [] : [[asset, { ...price, status: BigInt(price.status) }] as const];
    }),
  );
}

/** Marks that differ from those latched last; one that is not fresh stays what it was. */
export function freshMarks(ledger: Ledger, prices: ReadonlyMap<number, Price>): Map<bigint, bigint> {
  const marks = new Map<bigint, bigint>();
  for (const [asset, { mark, status, updatedAt }] of prices) {
    const latched = ledger.prices.of(asset);
    if (asset === QUOTE || status !== PriceStatus.Fresh) continue;
    if (mark !== latched.mark || updatedAt !== latched.updatedAt) marks.set(BigInt(asset), mark);
  }
  return marks;
}

/** Quote for so much gas, at wei per gas and quote per native token. */
export const costIn = (gasPrice: bigint, native: bigint) => (gas: bigint) =>
  FixedPoint.mulDivUp(gas * gasPrice, native, WAD);
