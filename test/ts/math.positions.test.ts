// The twin picks up offsets and shares as the ledger does: every member after every operation of random sequences, to the
// wei.   BALLAST_DIFFERENTIAL cases, BALLAST_SEED
import { expect } from "chai";
import { network } from "hardhat";
import { PROFILES, makeSequence } from "../../packages/reference/src/campaign.js";
import { Random } from "../../packages/reference/src/random.js";
import { Book } from "../support/book.js";

const SEED = Number(process.env["BALLAST_SEED"] ?? 5);
/** A state is some dozen numbers that depend on all operations before. */
const SEQUENCES = Math.max(4, Math.ceil(Number(process.env["BALLAST_DIFFERENTIAL"] ?? 10_000) / 2_500));
const WORDS = 6;
const GAS = 900_000_000n;

const { ethers } = await network.create();

describe("Twin of the positions", function () {
  this.timeout(3_600_000);

  it("keeps every member as the ledger does", async () => {
    const deleveraging = await ethers.deployContract("Deleveraging");
    const libraries = { Deleveraging: await deleveraging.getAddress() };
    const random = new Random(SEED);
    let states = 0;
    for (let i = 0; i < SEQUENCES; i++) {
      const { accounts, haircut, operations } = makeSequence(random.pick(PROFILES), random);
      const harness = await ethers.deployContract("DeleverageHarness", [accounts, haircut], { libraries });
      await harness.waitForDeployment();
      const words = await harness.run.staticCall(operations, { gasLimit: GAS });
      const book = new Book(accounts, BigInt(haircut) * 10n ** 14n);
      operations.forEach((operation, step) => {
        const executed = book.execute(operation);
        const state = words.slice(step * WORDS * (1 + accounts), (step + 1) * WORDS * (1 + accounts));
        expect(stateOf(book, executed), `sequence ${i}, operation ${step}`).to.deep.equal(seenOf(state, accounts));
        states++;
      });
    }
    console.log(`      positions: ${states} states of ${SEQUENCES} sequences, seed ${SEED}`);
  });
});

function stateOf(book: Book, executed: bigint): bigint[] {
  const { perp, row, dust, rows } = book;
  const members = rows.flatMap((_, i) => {
    const { size, cash, basis } = book.member(i);
    return [size, cash, size === 0n ? 0n : basis];
  });
  return [executed, perp.openInterest, row, dust, perp.long.epoch + perp.short.epoch, ...members];
}

function seenOf(words: bigint[], accounts: number): bigint[] {
  const word = (at: number) => words[at] ?? 0n;
  const members = Array.from({ length: accounts }, (_, i) => {
    const at = WORDS * (1 + i);
    const size = BigInt.asIntN(256, word(at));
    return [size, BigInt.asIntN(256, word(at + 1)), size === 0n ? 0n : word(at + 2)];
  });
  const signed = [word(2), word(3)].map((value) => BigInt.asIntN(256, value));
  return [word(0), word(1), ...signed, word(4), ...members.flat()];
}
