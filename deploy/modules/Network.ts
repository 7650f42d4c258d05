import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { Parameters } from "../parameters/types.js";
import { ballastModule } from "./Ballast.js";
import LocalTokens from "./LocalTokens.js";
import { marketsModule } from "./Markets.js";
import { vaultsModule } from "./Vaults.js";

const ADMIN = 0;

/**
 * All of a network: the protocol, its vaults and markets, and at the end the governor's way in. The governor becomes a
 * second admin beside the deployer; the batch that it signs puts every role in its place and removes the deployer.
 */
export const networkModule = (parameters: Parameters) => {
  const ballast = ballastModule("ClearingHouse", parameters.quote === "mock" ? LocalTokens : undefined);
  return buildModule("Network", (m) => {
    const core = m.useModule(ballast);
    const vaultsOf = vaultsModule(ballast, parameters);
    const marketsOf = marketsModule(ballast, parameters);
    const vaults = m.useModule(vaultsOf);
    const pools = m.useModule(marketsOf);
    const { governor } = parameters.authority;
    m.call(core.manager, "grantRole", [ADMIN, governor, 0], { id: "offer", after: [vaultsOf, marketsOf] });
    return { ...core, ...vaults, ...pools };
  });
};

/** What the modules do not know from their own parameters. */
export const moduleParameters = ({ quote, fees }: Parameters) => ({
  Ballast: { makerFee: fees.maker, takerFee: fees.taker, ...(quote === "mock" ? {} : { quote: quote.at }) },
});
