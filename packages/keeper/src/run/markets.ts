// What a latch now would say of every asset, and what gas costs: the only reads of a block that brings nothing to do.
import { FixedPoint, PriceStatus, WAD, type Price } from "@ballast/math";
import type { Ledger } from "@ballast/mirror";
import { oracleRouterAbi, type Deployment } from "@ballast/sdk";
import type { PublicClient } from "viem";

const QUOTE = 0;

export interface Quoted {
  /** Where it was read; none of what was recorded. */
  readonly block?: number;
  readonly prices: ReadonlyMap<number, Price>;
  readonly marks: ReadonlyMap<bigint, bigint>;
  /** Wei per gas of the block, without what its producer gets. */
  readonly baseFee: bigint;
  /** Wei per gas of a transaction now. */
  readonly gasPrice: bigint;
}

/** At the latest block of a node; what is planned on it is simulated again before it is sent. */
export async function readMarkets(
  client: PublicClient,
  { addresses }: Deployment,
  ledger: Ledger,
  tip: bigint,
): Promise<Quoted> {
  const assets = [QUOTE, ...ledger.perps, ...ledger.spots].filter((asset) => ledger.prices.of(asset).time !== 0n);
  const call = { abi: oracleRouterAbi, address: addresses.oracleRouter, functionName: "peek" } as const;
  const [peeked, { number, baseFeePerGas }] = await Promise.all([
    assets.length === 0 ? [] : client.readContract({ ...call, args: [assets] }),
    client.getBlock(),
  ]);
  const prices = new Map(
    assets.flatMap((asset, i) => {
      const price = peeked[i];
      return price === undefined ? [] : [[asset, { ...price, status: BigInt(price.status) }] as const];
    }),
  );
  const baseFee = baseFeePerGas ?? 0n;
  return { block: Number(number), prices, marks: freshMarks(ledger, prices), baseFee, gasPrice: baseFee + tip };
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
