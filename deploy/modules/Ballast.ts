import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type LocalTokens from "./LocalTokens.js";

const TRADE = 0;
const LIQUIDATE = 1;
const OFFSET = 2;

/**
 * The protocol without markets. Every id is the contract's name in the address book. Authority stays with the account
 * that deploys until it is handed on. Tests deploy their harness of the clearing house by the same module.
 *
 * @param tokens where there is no quote yet: the module that makes it
 */
export function ballastModule(clearingHouse: string, tokens?: typeof LocalTokens) {
  return buildModule("Ballast", (m) => {
    const quote = tokens === undefined ? m.getParameter<string>("quote") : m.useModule(tokens).quote;
    // Millionths of the value of a fill.
    const fees = {
      maker: m.getParameter<number>("makerFee", 200),
      taker: m.getParameter<number>("takerFee", 500),
    };
    const admin = m.getAccount(0);

    const manager = m.contract("AccessManager", [admin]);
    const router = m.contract("OracleRouter", [manager]);
    const configurator = m.contract("RiskConfigurator", [manager]);

    const Assessing = m.library("Assessing");
    const Deleveraging = m.library("Deleveraging");
    const Planning = m.library("Planning");
    const Paying = m.library("Paying", { libraries: { Deleveraging } });
    const Winding = m.library("Winding", { libraries: { Assessing, Deleveraging, Paying } });
    const libraries = {
      Assessing,
      Deleveraging,
      Paying,
      Listing: m.library("Listing", { libraries: { Assessing, Winding } }),
      Withdrawing: m.library("Withdrawing"),
      Trading: m.library("Trading", { libraries: { Assessing } }),
      Liquidating: m.library("Liquidating", { libraries: { Assessing, Paying } }),
      Offsetting: m.library("Offsetting", { libraries: { Assessing, Deleveraging, Paying, Planning } }),
      Settling: m.library("Settling", { libraries: { Assessing, Paying, Winding } }),
    };
    const house = m.contract(clearingHouse, [quote, router, configurator], { libraries });
    const lens = m.contract("Lens", [house]);
    const bound = m.call(configurator, "bind", [house], { id: "bind" });
    m.call(router, "bind", [house], { id: "bindRouter" });
    const exchange = m.contract("Exchange", [manager, lens, fees]);
    m.call(configurator, "setCapability", [exchange, TRADE, true], { id: "exchangeTrades", after: [bound] });
    const liquidator = m.contract("Liquidator", [manager, house], {
      libraries: {
        Waterfall: m.library("Waterfall"),
        AuctionHouse: m.library("AuctionHouse"),
        Outlooks: m.library("Outlooks", { libraries: { Planning } }),
        Bounds: m.library("Bounds"),
      },
    });
    m.call(configurator, "setCapability", [liquidator, LIQUIDATE, true], {
      id: "liquidatorLiquidates",
      after: [bound],
    });
    m.call(configurator, "setCapability", [liquidator, OFFSET, true], { id: "liquidatorOffsets", after: [bound] });

    return { manager, router, configurator, house, lens, exchange, liquidator };
  });
}

export default ballastModule("ClearingHouse");

export type BallastModule = ReturnType<typeof ballastModule>;
