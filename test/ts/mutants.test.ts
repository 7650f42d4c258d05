import { readFileSync } from "node:fs";
import { expect } from "chai";
import { readMutants } from "../mutants/mutants.js";

describe("Mutants", () => {
  const mutants = readMutants();

  for (const { law, file, find, test } of mutants) {
    it(`${law}: the line it breaks stands in ${file} once`, () => {
      expect(readFileSync(file, "utf8").split(find).length - 1).to.equal(1);
      expect(readFileSync(test, "utf8")).to.not.equal("");
    });
  }

  it("every law of the documentation has one", () => {
    const documented = [...readFileSync("docs/laws.md", "utf8").matchAll(/^\| ([A-Z]+-\d) /gm)].map(([, law]) => law);
    expect(new Set(mutants.map(({ law }) => law))).to.deep.equal(new Set(documented));
  });
});
