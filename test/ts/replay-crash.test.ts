// A fall of 17 % in five minutes with a handful of accounts and next to no insurance: every stage of both chains acts, and who
// paid adds up to what was lost, to the wei.
import { expect } from "chai";
import { pathOf, SCENARIOS } from "../../packages/reference/src/paths.js";
import { Chain } from "../../scripts/replay/market.js";
import { Run } from "../../scripts/replay/run.js";

/** One in which every payer has something to pay. */
const SEED = 5;
const THIN = { insurance: 10_000, backstop: 250_000, capital: 25_000 };

describe("Replayed crash", () => {
  it("closes what fails and accounts for every unit", async () => {
    const scenario = SCENARIOS.find(({ name }) => name === "fall-17-5m");
    const path = scenario && pathOf(scenario, SEED, "");
    if (path === undefined) throw new TypeError("no scenario");
    const chain = await Chain.create({}, THIN);
    const outcome = await new Run(chain, path, { seed: SEED, accounts: 12, impact: false, up: false }).go();
    expect(Math.round(outcome.opened)).to.equal(10_000_000);
    expect(outcome.liquidated).to.be.greaterThan(0);
    for (const [stage, { notional }] of Object.entries(outcome.stages)) expect(notional, stage).to.be.greaterThan(0);
    const { differences, loss, insured, rewards, shared, income, standing, stood, own } = outcome.payers;
    expect(differences).to.deep.equal([]);
    expect(insured + rewards + shared + income + standing).to.equal(loss);
    for (const [payer, value] of Object.entries({ own, insured, rewards, shared, income, stood })) {
      expect(Number(value), payer).to.be.greaterThan(0);
    }
    expect(outcome.refused).to.equal(0);
    expect(Number(outcome.unaccounted)).to.be.within(0, 1_000_000);
    expect(Number(outcome.sizes)).to.be.within(-1_000, 0);
  });
});
