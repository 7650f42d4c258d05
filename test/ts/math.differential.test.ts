// The twin answers what the contracts answer.   BALLAST_DIFFERENTIAL cases, BALLAST_SEED
import { expect } from "chai";
import { network } from "hardhat";
import { NOW } from "../support/inputs.js";
import { CORE, LIBRARIES, differential, functionsOf, plain } from "../support/differential.js";

const CASES = Number(process.env["BALLAST_DIFFERENTIAL"] ?? 10_000);
const SEED = Number(process.env["BALLAST_SEED"] ?? 5);

describe("Twin of the libraries", function () {
  this.timeout(3_600_000);

  it("answers and refuses what the contracts do", async () => {
    const { cases, functions, refused, mismatches } = await differential(await chain(), CASES, SEED);
    const shown = mismatches.slice(0, 5).map((mismatch) => print(mismatch));
    expect(mismatches.length, shown.join("\n")).to.equal(0);
    console.log(`      differential: ${cases} cases over ${functions} functions, seed ${SEED}`);
    expect(cases).to.be.at.least(CASES);
    expect(refused)
      .to.be.greaterThan(0)
      .and.lessThan(cases / 3);
  });

  it("leaves out no function of a library", async () => {
    const { artifacts } = await import("hardhat");
    for (const library of [...LIBRARIES, ...CORE]) {
      const { abi } = await artifacts.readArtifact(`${library}Formulas`);
      const asked = (abi as readonly { type: string; name?: string }[]).map(({ name }) => plain(name ?? ""));
      for (const name of functionsOf(library)) expect(asked, `${library}.${name}`).to.include(name);
    }
  });
});

/** Its clock begins where the inputs are drawn around. */
const chain = () => network.create({ override: { initialDate: new Date(Number(NOW) * 1_000) } });

function print(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part));
}
