// Arbitrum's test network.
import { DELAYS, FEES, HOUSE, PERP, POOL, ROLLUP_STAGES, SPOT, UNWINDING, testFeed } from "./defaults.js";
import { GOVERNOR, GUARDIAN, RECOVERY, SEQUENCER } from "./fill.js";
import type { Draft } from "./types.js";

const ETH = testFeed("ETH / USD", "0xd30e2101a97dcbAeBCBC04F14C3f624E67A35165");
const BTC = testFeed("BTC / USD", "0x56a43EB56Da12C0dc1D972ACb089c06a5dEF8e69");

export const arbitrumSepolia: Draft = {
  network: "arbitrumSepolia",
  chainId: 421_614,
  real: true,
  confirmations: 5,
  quote: { at: "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", symbol: "USDC", decimals: 6 },
  quoteSources: testFeed("USDC / USD", "0x0153002d20B96532C639313c2d54c3dA09109309"),
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
      token: { at: "0x980B62Da83eFf3D4576C647993b0c1D7faf17c73", symbol: "WETH", decimals: 18 },
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
