// How cost grows: measured, drawn, and told.
import { mkdirSync, writeFileSync } from "node:fs";
import { PLOTS, liquidateMany, type Plot } from "../../test/gas/growth.js";
import type { World } from "../local.js";
import { deployLocal } from "../local.js";
import { hre } from "../production.js";
import { gasOf, receiptOf } from "./measure.js";
import { plot, type Series } from "./plot.js";
import { count, table } from "./text.js";

const FOLDER = "docs/performance";

/** What fits into a block of a chain, and the most accounts that one transaction of it liquidates. */
const BLOCK = 30_000_000;

export interface Growth {
  readonly plots: Readonly<Record<string, readonly Series[]>>;
  readonly fits: { readonly accounts: number; readonly gas: number };
}

type Run = (world: World) => Promise<number>;

export async function measureGrowth(said: (line: string) => void): Promise<Growth> {
  const connection = await hre.network.create();
  const world = await deployLocal(connection);
  const clean = await connection.networkHelpers.takeSnapshot();
  const measured = async (run: Run): Promise<number> => {
    const gas = await run({ ...world, feeds: new Map(world.feeds) });
    await clean.restore();
    return gas;
  };
  const plots: Record<string, Series[]> = {};
  for (const { key, lines } of PLOTS) {
    plots[key] = [];
    for (const { name, points: xs, run } of lines) {
      const points: [number, number][] = [];
      for (const x of xs) {
        points.push([x, await measured(async (fresh) => gasOf([await receiptOf(await run(fresh, x))]))]);
        said(`${key}, ${name}, ${x}: ${count(points.at(-1)?.[1] ?? 0)}`);
      }
      plots[key].push({ name, points });
    }
  }
  return { plots, fits: await mostThatFit(plots["batch"]?.[0], measured) };
}

/** As many as the slope of the last two points promises, or the first below that does fit. */
async function mostThatFit(batch: Series | undefined, measured: (run: Run) => Promise<number>) {
  const [[a, before] = [0, 0], [b, last] = [1, 1]] = batch?.points.slice(-2) ?? [];
  for (let accounts = b + Math.floor(((BLOCK - last) * (b - a)) / (last - before)); ; --accounts) {
    const gas = await measured((world) => gasWithin(world, accounts));
    if (gas <= BLOCK) return { accounts, gas };
  }
}

/** More than fits, where an entry was skipped. */
async function gasWithin(world: World, accounts: number): Promise<number> {
  const receipt = await receiptOf(await liquidateMany(world, accounts, BigInt(BLOCK)));
  const skipped = world.liquidator.interface.getEvent("Skipped").topicHash;
  return receipt.logs.some(({ topics }) => topics[0] === skipped) ? BLOCK + 1 : gasOf([receipt]);
}

export function drawGrowth({ plots }: Growth): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const { key, title, axis, logarithmic } of PLOTS)
    writeFileSync(`${FOLDER}/${key}.svg`, plot(title, axis, plots[key] ?? [], logarithmic));
}

export function growthText({ plots, fits }: Growth): string {
  const parts = PLOTS.map((each) => partOf(each, plots[each.key] ?? []));
  const least = count(Math.round(fits.gas / fits.accounts));
  const batch = `${fits.accounts} accounts fit into ${count(BLOCK)} gas: ${count(fits.gas)} for all, ${least} each.`;
  return [...parts, batch].join("\n\n");
}

function partOf({ key, title, axis }: Plot, series: readonly Series[]): string {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))];
  const rows = series.map(({ name, points }) => [name, ...xs.map((x) => count(new Map(points).get(x) ?? 0))]);
  return [`### ${title}`, `![${title}](performance/${key}.svg)`, table([axis, ...xs.map(count)], rows)].join("\n\n");
}
