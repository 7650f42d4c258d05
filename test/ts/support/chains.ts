// A chain of a run of everybody, recorded once, and sources that serve it well or badly.
import { network } from "hardhat";
import {
  ProviderRpc,
  RpcSource,
  type Deployment,
  type Header,
  type LogSource,
  type SourceHeader,
  type SourceLog,
} from "@ballast/mirror";
import { Crowd } from "./crowd.js";

const STEPS = 60;

export interface RecordedBlock {
  readonly header: SourceHeader;
  readonly logs: readonly SourceLog[];
}

export interface Recording {
  readonly deployment: Deployment;
  readonly blocks: readonly RecordedBlock[];
}

export async function deploymentOf({ world, pool, insurance, ruined }: Crowd): Promise<Deployment> {
  const [clearingHouse, oracle, liquidator, ...vaults] = await Promise.all(
    [world.house, world.router, world.liquidator, pool, insurance, ruined].map((one) => one.getAddress()),
  );
  if (clearingHouse === undefined || oracle === undefined || liquidator === undefined)
    throw new TypeError("no address");
  return { chainId: 31_337, clearingHouse, oracle, liquidator, vaults, quoteDecimals: 6, fromBlock: 0 };
}

let recording: Promise<Recording> | undefined;

/** The same for all tests of a process. */
export function recorded(): Promise<Recording> {
  return (recording ??= record());
}

async function record(): Promise<Recording> {
  const connection = await network.create();
  const crowd = await Crowd.open(connection, 21);
  for (const act of Object.values(crowd.acts)) await crowd.act(act);
  for (let i = 0; i < STEPS; i++) await crowd.step();
  const deployment = await deploymentOf(crowd);
  const source = new RpcSource(new ProviderRpc(connection.provider));
  const head = await source.head();
  const numbers = Array.from({ length: head + 1 }, (_, i) => i);
  const { clearingHouse, oracle, liquidator, vaults } = deployment;
  const logs = await source.logs([clearingHouse, oracle, liquidator, ...vaults], 0, head);
  const headers = await source.headers(numbers);
  const blocks = headers.map((header) => ({ header, logs: [] as SourceLog[] }));
  for (const log of logs) blocks[log.blockNumber]?.logs.push(log);
  return { deployment, blocks };
}

/** Serves recorded blocks; a test says what goes wrong by overriding. */
export class RecordedSource implements LogSource {
  asked = 0;

  constructor(public blocks: readonly RecordedBlock[]) {}

  chainId(): Promise<number> {
    return Promise.resolve(31_337);
  }

  head(): Promise<number> {
    return Promise.resolve(this.blocks.at(-1)?.header.number ?? -1);
  }

  headers(numbers: readonly number[]): Promise<SourceHeader[]> {
    return Promise.resolve(numbers.map((number) => this.block(number).header));
  }

  logs(_: readonly string[], from: number, to: number): Promise<SourceLog[]> {
    this.asked++;
    return Promise.resolve(
      this.blocks.filter(({ header }) => header.number >= from && header.number <= to).flatMap(({ logs }) => logs),
    );
  }

  logsAgain(_: readonly string[], { number }: Header): Promise<SourceLog[]> {
    return Promise.resolve([...this.block(number).logs]);
  }

  block(number: number): RecordedBlock {
    const block = this.blocks.find(({ header }) => header.number === number);
    if (block === undefined) throw new RangeError(`no block ${number} was recorded`);
    return block;
  }
}
