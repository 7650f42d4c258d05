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
        ((await ethers.deployContract("DeleverageHarness", [accounts, haircut], {
          libraries,
        })) as unknown as DeleverageHarness);
      harnesses.set(key, harness);
      return harness.run.staticCall(operations, { gasLimit: 900_000_000n });
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
