// What the same operation costs elsewhere: receipts of the systems' own contracts, each call its own cold transaction, 21,000 and
// calldata included, what pushes a price to an oracle not.

export interface Peer {
  readonly name: string;
  readonly source: string;
  readonly note?: string;
}

export const PEERS = {
  derive: { name: "Derive v2", source: "https://github.com/derivexyz/v2-core" },
  maker: {
    name: "Maker Liquidations 2.0",
    source: "https://github.com/makerdao/dss",
    note: "a lending system: nobody looks at the margin of who takes a lot",
  },
  synthetix: {
    name: "Synthetix v3 perps",
    source: "https://github.com/Synthetixio/synthetix-v3",
    note: "core and oracle mocked, so at least this",
  },
  perp: {
    name: "Perp v2",
    source: "https://github.com/perpetual-protocol/perp-curie-contract",
    note: "without its proxies",
  },
  gmx: {
    name: "GMX v2",
    source: "https://github.com/gmx-io/gmx-synthetics",
    note: "what takes two transactions counts as their sum",
  },
} as const satisfies Record<string, Peer>;
export type PeerKey = keyof typeof PEERS;

type Elsewhere = Readonly<Partial<Record<PeerKey, number>>>;

/** By row of the bench. */
export const ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  deposit_first: { derive: 233_734, maker: 80_434, synthetix: 191_159, perp: 96_118, gmx: 824_656 + 2_249_400 },
  deposit_again: { derive: 139_686, maker: 80_434, synthetix: 86_559, perp: 79_018 },
  withdraw_flat: { derive: 168_534, maker: 58_980, synthetix: 100_400, perp: 133_859, gmx: 819_059 + 2_380_419 },
  withdraw_position: { derive: 315_502, synthetix: 240_864, perp: 647_442 },
  open_pool_first: { synthetix: 953_352, perp: 668_720, gmx: 3_360_156 },
  close_pool: { derive: 453_866, synthetix: 705_396, perp: 446_296, gmx: 2_980_317 },
  match_two_fresh: { derive: 697_204 },
  liquidate_one: { synthetix: 432_259, perp: 1_105_926, gmx: 2_462_828 },
  auction_start: { derive: 462_125, maker: 433_680 },
  auction_take_full: { derive: 671_496, maker: 154_699 },
  auction_take_partial: { derive: 669_410, maker: 149_445 },
  auction_take_insured: { derive: 753_347 },
  auction_end_to_end: { derive: 1_133_621, maker: 588_379 },
  liquidate_leg_of_five: { derive: 3_695_986, synthetix: 1_625_231, perp: 4_469_939 },
  offset_10: { gmx: 10 * 2_605_051 },
  offset_10000: { gmx: 10_000 * 2_605_051 },
};

export interface Best {
  readonly peer: PeerKey;
  readonly gas: number;
}

export function bestOf(row: string): Best | undefined {
  const all = Object.entries(ELSEWHERE[row] ?? {}) as [PeerKey, number][];
  return all.map(([peer, gas]) => ({ peer, gas })).sort((a, b) => a.gas - b.gas)[0];
}
