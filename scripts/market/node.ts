// The chain under the market: anvil where npm has it, else Hardhat's own node.
import { createServer } from "node:net";
import { once } from "node:events";
import { Anvil, AnvilFailed, anvilProgram, freePort, type Program } from "../anvil.js";
import { NodeMissing, PortBusy } from "./errors.js";

const GAS_LIMIT = 200_000_000;
/** Wei: what a rollup takes. */
const BASE_FEE = 10_000_000;
/** Blocks whose state anvil keeps, in memory. All of them would be gigabytes in its folder, which outlive it. */
const STATES = 128;

export interface Node {
  readonly chain: Anvil;
  readonly kind: "anvil" | "hardhat";
}

const anvil = (): Program => ({
  command: anvilProgram(),
  args: [
    ...["--host", "127.0.0.1", "--silent", "--order", "fifo", "--disable-code-size-limit"],
    ...["--gas-limit", String(GAS_LIMIT), "--block-base-fee-per-gas", String(BASE_FEE)],
    ...["--prune-history", String(STATES)],
  ],
});

const hardhat = (): Program => ({
  command: process.execPath,
  args: ["--import", "tsx", "scripts/market/hardhatNode.ts"],
});

const KINDS = { anvil, hardhat } as const;

/** @param wanted any free port when none is given */
export async function startNode(wanted: number | undefined, kinds: readonly Node["kind"][]): Promise<Node> {
  const port = wanted ?? (await freePort());
  if (wanted !== undefined) await requireFree(wanted);
  const tried: string[] = [];
  for (const kind of kinds) {
    try {
      const chain = await Anvil.run(KINDS[kind](), port);
      if (kind === "anvil") await stopClock(chain);
      return { chain, kind };
    } catch (error) {
      if (!(error instanceof AnvilFailed) && (error as { code?: string }).code !== "MODULE_NOT_FOUND") throw error;
      tried.push(`${kind}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw new NodeMissing(tried);
}

/**
 * No time passes by itself. While blocks come fast anvil may answer a call with the state of a new block at the time of the
 * one before, and prices would be of the future.
 */
async function stopClock(chain: Anvil): Promise<void> {
  await chain.ask("anvil_setBlockTimestampInterval", 0);
}

async function requireFree(port: number): Promise<void> {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  await listening.catch(() => {
    throw new PortBusy(port);
  });
  server.close();
  await once(server, "close");
}
