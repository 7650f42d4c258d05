import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Tokens that stand in for real ones on a local chain. */
export default buildModule("LocalTokens", (m) => {
  const quote = m.contract("TestToken", ["USD Coin", "USDC", 6], { id: "Quote" });
  const weth = m.contract("TestToken", ["Wrapped Ether", "WETH", 18], { id: "Weth" });
  return { quote, weth };
});
