// A fall of 17 % in five minutes with a handful of accounts: the chain liquidates, and no unit of loss or size gets lost.
import { expect } from "chai";
import { pathOf, SCENARIOS } from "../../packages/reference/src/paths.js";
import { Chain } from "../../scripts/replay/market.js";
import { Run } from "../../scripts/replay/run.js";

describe("Replayed crash", () => {
  it("closes what fails and accounts for every unit", async () => {
    const scenario = SCENARIOS.find(({ name }) => name === "fall-17-5m");
    const path = scenario && pathOf(scenario, 1, "");
    if (path === undefined) throw new TypeError("no scenario");
    const chain = await Chain.create({});
    const outcome = await new Run(chain, path, { seed: 1, accounts: 12, impact: false, up: false }).go();
    expect(Math.round(outcome.opened)).to.equal(10_000_000);
    expect(outcome.liquidated).to.be.greaterThan(0);
    expect(Math.round(outcome.stages.auction.notional)).to.be.greaterThan(0);
    expect(Number(outcome.unaccounted)).to.be.within(0, 1_000_000);
    expect(outcome.sizes).to.equal("0");
  });
});
