// Base's test network.
import { DELAYS, FEES, HOUSE, PERP, POOL, ROLLUP_STAGES, SPOT, UNWINDING, testFeed } from "./defaults.js";
import { GOVERNOR, GUARDIAN, RECOVERY, SEQUENCER } from "./fill.js";
import type { Draft } from "./types.js";

const ETH = testFeed("ETH / USD", "0x4aDC67696bA383F43DD60A9e78F2C97Fbbfc7cb1");
const BTC = testFeed("BTC / USD", "0x0FB99723Aee6f420beAD13e6bBB79b7E6F034298");

export const baseSepolia: Draft = {
  network: "baseSepolia",
  chainId: 84_532,
  real: true,
  confirmations: 5,
  quote: { at: "0x036CbD53842c5426634e7929541eC2318f3dCF7e", symbol: "USDC", decimals: 6 },
  quoteSources: testFeed("USDC / USD", "0xd30e2101a97dcbAeBCBC04F14C3f624E67A35165"),
  sequencer: SEQUENCER,
  gracePeriod: 3_600n,
  fees: FEES,
  house: HOUSE,
  unwinding: UNWINDING,
  perps: [
    { name: "ETH", asset: 1, sources: ETH, terms: PERP, stages: ROLLUP_STAGES, pool: POOL },
    { name: "BTC", asset: 2, sources: BTC, terms: PERP, stages: ROLLUP_STAGES, pool: POOL },
  ],
  spots: [
    {
      name: "WETH",
      asset: 3,
      token: { at: "0x4200000000000000000000000000000000000006", symbol: "WETH", decimals: 18 },
      sources: ETH,
      terms: SPOT,
      stages: ROLLUP_STAGES,
    },
  ],
  authority: {
    governor: GOVERNOR,
    recovery: RECOVERY,
    guardian: GUARDIAN,
    delays: DELAYS,
  },
};
