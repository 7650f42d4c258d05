import { expect } from "chai";
import { network } from "hardhat";
import { Ledger, ProviderRpc, RpcSource, fingerprint, readBlocks, verify, type Block } from "@ballast/mirror";
import { deploymentOf } from "./support/chains.js";
import { Crowd } from "./support/crowd.js";
import { Deleveraging__factory, Positions__factory } from "../../types/contracts/index.js";
import type { World } from "../../scripts/local.js";

const STEPS = Number(process.env["BALLAST_REPLAY_STEPS"] ?? 300);
const SEED = Number(process.env["BALLAST_SEED"] ?? 7);
/** How often an act may be tried until it does what it is for. */
const TRIES = 10;
/** Every so many blocks one is taken back and applied again. */
const UNDO_EVERY = 8;
/** What rounding may leave between sums: of cash, and of sizes. */
const CASH_DUST = 10n ** 9n;
const SIZE_DUST = 10n ** 4n;

/** The chain as the mirror follows it, block by block, with the names of the events it met. */
class Follower {
  readonly met = new Map<string, number>();
  blocks = 0;
  compared = 0;

  constructor(
    readonly ledger: Ledger,
    readonly rpc: ProviderRpc,
    readonly interfaces: Pick<World["house"]["interface"], "parseLog">[],
  ) {}

  /** Applies what was mined since, and compares every block, or the last one of a deployment, with the chain. */
  async follow(deployed = true): Promise<void> {
    const source = new RpcSource(this.rpc);
    const { ledger } = this;
    const from = (ledger.head?.number ?? -1) + 1;
    const head = await source.head();
    if (head < from) return;
    const blocks = await readBlocks(source, ledger, from, head, { all: true, bloom: true });
    for (const block of blocks) {
      this.apply(block);
      for (const log of block.logs) this.meet(log);
      if (block.logs.length === 0 || (!deployed && block.header.number < head)) continue;
      const { differences, compared } = await verify(ledger, this.rpc);
      expect(differences, `REPLAY-1 at block ${block.header.number}`).to.deep.equal([]);
      this.blocks++;
      this.compared += compared;
    }
  }

  private apply(block: Block): void {
    if (block.header.number % UNDO_EVERY === 0) {
      const before = fingerprint(this.ledger);
      this.ledger.apply(block);
      this.ledger.undo();
      expect(fingerprint(this.ledger) === before, `block ${block.header.number} taken back`).to.equal(true);
    }
    this.ledger.apply(block);
  }

  private meet({ topics, data }: { topics: readonly string[]; data: string }): void {
    for (const one of this.interfaces) {
      const name = one.parseLog({ topics: [...topics], data })?.name;
      if (name === undefined) continue;
      this.met.set(name, (this.met.get(name) ?? 0) + 1);
      return;
    }
  }
}

describe("Replay", () => {
  it(`${STEPS} random steps are rebuilt from logs alone, block by block (seed ${SEED})`, async function () {
    this.timeout(600_000);
    const connection = await network.create();
    const crowd = await Crowd.open(connection, SEED);
    const ledger = new Ledger(await deploymentOf(crowd));
    const { house, router, liquidator } = crowd.world;
    const libraries = [Deleveraging__factory, Positions__factory].map((factory) => factory.createInterface());
    const interfaces = [house, router, liquidator, crowd.insurance]
      .map((one) => one.interface)
      .concat(libraries as never);
    const follower = new Follower(ledger, new ProviderRpc(connection.provider), interfaces);
    await follower.follow(false);
    const acts = Object.entries(crowd.acts);
    for (let i = 0; i < STEPS; i++) {
      await crowd.step();
      await follower.follow();
      const act = acts[Math.floor((i * acts.length) / STEPS)];
      if (act !== undefined && !follower.met.has(act[0])) await crowd.act(act[1]);
    }
    for (const [name, act] of acts) {
      for (let i = 0; i < TRIES && !follower.met.has(name); i++) {
        await crowd.act(act);
        await follower.follow();
      }
    }
    expect([...follower.met.keys()], "what the run must have met").to.include.members(acts.map(([name]) => name));
    await compareRequests(crowd, ledger);
    expectSums(ledger);
    console.log(
      `      ${crowd.sent} steps, ${crowd.refused} refused, seed ${SEED}: ` +
        `${follower.blocks} blocks, ${follower.compared} numbers compared`,
    );
  });
});

/** What the vaults have of requests, and who acts for whom. */
async function compareRequests({ pool, deployer, house, signers }: Crowd, ledger: Ledger): Promise<void> {
  const [shares, value, claimableAt] = await pool.requestOf(deployer);
  const request = ledger.vaults.requestOf(await pool.getAddress(), deployer.address);
  expect(request, "REPLAY-1 request").to.deep.equal({ shares, value, claimableAt });
  for (const { address } of signers)
    expect(ledger.reserves.isOperator(address, deployer.address), "REPLAY-1 operator").to.equal(
      await house.isOperator(address, deployer),
    );
}

/** The laws of conservation on the state of the mirror: every row, what is not settled included. */
function expectSums(ledger: Ledger): void {
  const { cash, unsettled, held, sizes } = ledger.totals();
  expect(distance(cash + unsettled, held) < CASH_DUST, `CASH-1: ${cash} + ${unsettled}, ${held} held`).to.equal(true);
  for (const asset of ledger.perps) {
    const { long, short } = sizes.get(asset) ?? { long: 0n, short: 0n };
    const { openInterest } = ledger.markets.of(asset);
    for (const side of [long, short])
      expect(distance(side, openInterest) < SIZE_DUST, `SIZE-1: ${side} of ${openInterest}`).to.equal(true);
  }
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
