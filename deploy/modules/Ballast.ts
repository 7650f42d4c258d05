import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

const TRADE = 0;
const LIQUIDATE = 1;

/**
 * The protocol without markets. Every id is the contract's name in the address book. Authority stays with the account
 * that deploys until it is handed on. Tests deploy their harness of the clearing house by the same module.
 */
export function ballastModule(clearingHouse: string) {
  return buildModule("Ballast", (m) => {
    const quote = m.getParameter<string>("quote");
    // Millionths of the value of a fill.
    const fees = {
      maker: m.getParameter<number>("makerFee", 200),
      taker: m.getParameter<number>("takerFee", 500),
    };
    const admin = m.getAccount(0);

    const manager = m.contract("AccessManager", [admin]);
    const router = m.contract("OracleRouter", [manager]);
    const configurator = m.contract("RiskConfigurator", [manager]);

    const assessing = m.library("Assessing");
    const rule = (name: string) => m.library(name, { libraries: { Assessing: assessing } });
    const libraries = {
      Assessing: assessing,
      Listing: rule("Listing"),
      Withdrawing: m.library("Withdrawing"),
      Trading: rule("Trading"),
      Liquidating: rule("Liquidating"),
      Settling: rule("Settling"),
      ...(clearingHouse === "ClearingHouse" ? {} : { Deleveraging: m.library("Deleveraging") }),
    };
    const house = m.contract(clearingHouse, [quote, router, configurator], { libraries });
    const lens = m.contract("Lens", [house]);
    const bound = m.call(configurator, "bind", [house], { id: "bind" });
    m.call(router, "bind", [house], { id: "bindRouter" });
    const exchange = m.contract("Exchange", [manager, lens, fees]);
    m.call(configurator, "setCapability", [exchange, TRADE, true], { id: "exchangeTrades", after: [bound] });
    const planning = m.library("Planning");
    const auctions = m.library("AuctionHouse", { libraries: { Planning: planning } });
    const liquidator = m.contract("Liquidator", [manager, house], {
      libraries: { Planning: planning, AuctionHouse: auctions, Bounds: m.library("Bounds") },
    });
    m.call(configurator, "setCapability", [liquidator, LIQUIDATE, true], {
      id: "liquidatorLiquidates",
      after: [bound],
    });

    return { manager, router, configurator, house, lens, exchange, liquidator };
  });
}

export default ballastModule("ClearingHouse");
