// How cost grows: the same operation with more of one thing.
import type { ContractTransactionResponse } from "ethers";
import { QUOTE, WAD, addFeeds, listPerp, setPrice, type World } from "../../scripts/local.js";
import { Batch, Crowd, ETH, Failing, UNIT, insure, openLegs, wait } from "./worlds.js";

/** One line of a plot: what is measured at each of its points. */
export interface Line {
  readonly name: string;
  readonly points: readonly number[];
  readonly run: (world: World, x: number) => Promise<ContractTransactionResponse>;
}

export interface Plot {
  readonly key: string;
  readonly title: string;
  /** What there is more of. */
  readonly axis: string;
  readonly logarithmic?: boolean;
  readonly lines: readonly Line[];
}

const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];
const FURTHER = [4n, 5n, 6n, 7n, 8n, 9n, 10n];

/** ETH and so many other perps like it. */
async function perps(world: World, count: number): Promise<bigint[]> {
  const others = FURTHER.slice(0, count - 1);
  for (const asset of others) await listPerp(world, asset, 2_000n);
  return [ETH, ...others];
}

async function withdraw(world: World, legs: number): Promise<ContractTransactionResponse> {
  const { alice, account } = await openLegs(world, await perps(world, legs), 250n * BigInt(legs));
  return world.house.connect(alice).withdraw(account, QUOTE, 10n * UNIT, alice.address);
}

export async function liquidate(world: World, legs: number): Promise<ContractTransactionResponse> {
  const failing = await Failing.rehearsed(world, true, await perps(world, legs));
  await failing.fall();
  return failing.liquidate();
}

export async function latch(world: World, sources: number): Promise<ContractTransactionResponse> {
  await addFeeds(world, ETH, 2_000n, sources);
  await world.router.latch([ETH]);
  await wait(world, 120);
  await setPrice(world, ETH, 2_001n * WAD);
  await world.router.latch([ETH]);
  await wait(world, 120);
  return world.router.latch([ETH]);
}

export async function offset(world: World, counterparties: number): Promise<ContractTransactionResponse> {
  const crowd = await Crowd.open(world, counterparties, 1);
  await insure(world);
  await crowd.liquidate(await crowd.orphaned(1n));
  return crowd.liquidate(await crowd.orphaned(2n));
}

export async function share(world: World, ticks: number): Promise<ContractTransactionResponse> {
  const crowd = await Crowd.open(world, ticks, ticks);
  await crowd.liquidate(await crowd.orphaned(1n));
  await world.house.pay(ETH, 1_000n);
  await crowd.liquidate(await crowd.orphaned(2n));
  return world.house.pay(ETH, 1_000n);
}

/** Accounts of one position each, in one call. */
export async function liquidateMany(world: World, size: number, gasLimit?: bigint) {
  const batch = await Batch.failing(world, size);
  return batch.liquidate(gasLimit);
}

export const PLOTS: readonly Plot[] = [
  {
    key: "legs",
    title: "Legs of the account",
    axis: "legs",
    lines: [
      { name: "withdraw", points: EIGHT, run: withdraw },
      { name: "liquidate one of them", points: EIGHT, run: liquidate },
    ],
  },
  {
    key: "sources",
    title: "Sources of a price",
    axis: "sources",
    lines: [{ name: "latch", points: [1, 2, 3, 4, 5], run: latch }],
  },
  {
    key: "accounts",
    title: "Accounts on the other side of an offset",
    axis: "accounts",
    logarithmic: true,
    lines: [{ name: "offset", points: [10, 100, 1_000, 10_000], run: offset }],
  },
  {
    key: "ticks",
    title: "Ticks in use of the side whose profit is shared",
    axis: "ticks",
    lines: [{ name: "share", points: [1, 10, 25, 50, 75, 100], run: share }],
  },
  {
    key: "batch",
    title: "Accounts liquidated in one transaction",
    axis: "accounts",
    lines: [{ name: "liquidateMany", points: [1, 2, 5, 10, 20, 30, 40, 50], run: liquidateMany }],
  },
];
