import { expect } from "chai";
import { network } from "hardhat";
import {
  Judge,
  PROFILES,
  emptyStatistics,
  makeSequence,
  type Sequence,
  type State,
} from "../../packages/reference/src/campaign.js";
import { Random } from "../../packages/reference/src/random.js";
import type { DeleverageHarness } from "../../types/contracts/index.js";

const SEQUENCES = Number(process.env["BALLAST_SEQUENCES"] ?? 80);
const SEED = Number(process.env["BALLAST_SEED"] ?? 11);

const { ethers } = await network.create();

const FIELDS = 6;

/** The words that `run` returns, read by hand: decoding them with the ABI costs more than running them. */
function readStates(output: string, accounts: number): State[] {
  const HEAD = 2 + 2 * 64;
  const count = (output.length - HEAD) / 64;
  const word = (i: number): bigint => BigInt(`0x${output.slice(HEAD + 64 * i, HEAD + 64 * (i + 1))}`);
  const signed = (i: number): bigint => BigInt.asIntN(256, word(i));
  const states: State[] = [];
  for (let i = 0; i < count; i += FIELDS * (1 + accounts)) {
    const members = Array.from({ length: accounts }, (_, j) => {
      const k = i + FIELDS * (1 + j);
      return {
        size: signed(k),
        cash: signed(k + 1),
        basis: word(k + 2),
        long: word(k + 3) === 1n,
        tick: word(k + 4),
        taken: word(k + 5),
      };
    });
    states.push({
      executed: word(i),
      openInterest: word(i + 1),
      row: signed(i + 2),
      dust: signed(i + 3),
      epochs: word(i + 4),
      viewIsTouch: word(i + 5) === 1n,
      members,
    });
  }
  return states;
}

describe("Deleverage arithmetic", () => {
  it(`agrees with the exact reference over ${SEQUENCES} random sequences (seed ${SEED})`, async function () {
    this.timeout(7_200_000);
    const deleveraging = await ethers.deployContract("Deleveraging");
    const libraries = { Deleveraging: await deleveraging.getAddress() };
    const statistics = emptyStatistics();
    const harnesses = new Map<string, DeleverageHarness>();

    /** Every sequence runs as one call on a fresh book: nothing of it is kept. */
    async function states({ accounts, haircut, operations }: Sequence): Promise<State[]> {
      const key = `${accounts}/${haircut}`;
      const harness =
        harnesses.get(key) ??
        (await ethers.deployContract("DeleverageHarness", [accounts, haircut], {
          libraries,
        }));
      harnesses.set(key, harness);
      const data = harness.interface.encodeFunctionData("run", [operations]);
      const output = await ethers.provider.call({ to: await harness.getAddress(), data, gasLimit: 900_000_000n });
      return readStates(output, accounts);
    }

    const random = new Random(SEED);
    for (let i = 0; i < SEQUENCES; i++) {
      const sequence = makeSequence(random.pick(PROFILES), random);
      new Judge(sequence, statistics).run(await states(sequence));
    }
    const { violations, ...figures } = statistics;
    console.log(`      seed ${SEED} ${JSON.stringify(figures)}`);
    expect(violations.slice(0, 5)).to.deep.equal([]);
    expect(figures.offsets * figures.shares).to.be.greaterThan(0);
  });
});
