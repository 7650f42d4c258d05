// A chain of one's own: test tokens, feeds that anyone can move, and the second to fourth account of the node's default
// mnemonic where others have multisigs.
import { DAY, DELAYS, FEES, HOUSE, PERP, POOL, ROLLUP_STAGES, SPOT, UNWINDING } from "./defaults.js";
import type { Draft, Sources } from "./types.js";

const mock = (price: bigint): Sources => ({
  feeds: [{ mock: price, heartbeat: BigInt(DAY) }],
  quorum: 1,
  maxDivergence: 100,
});

export const local: Draft = {
  network: "localhost",
  chainId: 31_337,
  real: false,
  confirmations: 1,
  quote: "mock",
  quoteSources: mock(1n),
  sequencer: "none",
  gracePeriod: 0n,
  fees: FEES,
  house: HOUSE,
  unwinding: UNWINDING,
  perps: [
    { name: "ETH", asset: 1, sources: mock(2_000n), terms: PERP, stages: ROLLUP_STAGES, pool: POOL },
    { name: "BTC", asset: 2, sources: mock(60_000n), terms: PERP, stages: ROLLUP_STAGES, pool: POOL },
  ],
  spots: [{ name: "WETH", asset: 3, token: "mock", sources: mock(2_000n), terms: SPOT, stages: ROLLUP_STAGES }],
  authority: {
    governor: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    recovery: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    guardian: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    delays: DELAYS,
  },
};
