import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { Parameters } from "../parameters/types.js";
import type { BallastModule } from "./Ballast.js";

const COVER = 3;

/** What takes over and what insures, and the contract through which anybody takes lots without inventory. */
export const vaultsModule = (ballast: BallastModule, { unwinding }: Parameters) =>
  buildModule("Vaults", (m) => {
    const { manager, house, lens, exchange, liquidator, configurator } = m.useModule(ballast);
    const insuranceVault = m.contract("InsuranceVault", [house, "Ballast Insurance", "BIN"]);
    m.call(configurator, "setCapability", [insuranceVault, COVER, true], { id: "insuranceCovers" });
    const backstopPool = m.contract("BackstopPool", [
      manager,
      lens,
      exchange,
      { ...unwinding },
      "Ballast Backstop",
      "BBP",
    ]);
    m.call(liquidator, "setBackstop", [m.staticCall(backstopPool, "account")], { id: "backstop" });
    const lotRunner = m.contract("LotRunner", [liquidator, exchange, lens]);
    return { insuranceVault, backstopPool, lotRunner };
  });
