// Ethereum's test network.
import { DELAYS, FEES, MAINCHAIN_HOUSE, PERP, POOL, MAINCHAIN_STAGES, SPOT, UNWINDING, testFeed } from "./defaults.js";
import { GOVERNOR, GUARDIAN, RECOVERY } from "./fill.js";
import type { Draft } from "./types.js";

const ETH = testFeed("ETH / USD", "0x694AA1769357215DE4FAC081bf1f309aDC325306");
const BTC = testFeed("BTC / USD", "0x1b44F3514812d835EB1BDB0acB33d3fA3351Ee43");

export const sepolia: Draft = {
  network: "sepolia",
  chainId: 11_155_111,
  real: true,
  confirmations: 5,
  quote: { at: "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", symbol: "USDC", decimals: 6 },
  quoteSources: testFeed("USDC / USD", "0xA2F78ab2355fe2f984D808B5CeE7FD0A93D5270E"),
  sequencer: "none",
  gracePeriod: 0n,
  fees: FEES,
  house: MAINCHAIN_HOUSE,
  unwinding: UNWINDING,
  perps: [
    { name: "ETH", asset: 1, sources: ETH, terms: PERP, stages: MAINCHAIN_STAGES, pool: POOL },
    { name: "BTC", asset: 2, sources: BTC, terms: PERP, stages: MAINCHAIN_STAGES, pool: POOL },
  ],
  spots: [
    {
      name: "WETH",
      asset: 3,
      token: { at: "0xfFf9976782d46CC05630D1f6eBAb18b2324d6B14", symbol: "WETH", decimals: 18 },
      sources: ETH,
      terms: SPOT,
      stages: MAINCHAIN_STAGES,
    },
  ],
  authority: {
    governor: GOVERNOR,
    recovery: RECOVERY,
    guardian: GUARDIAN,
    delays: DELAYS,
  },
};
