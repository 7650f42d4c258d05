// What the closing chain has on its way: lots on offer, what went to pools, episodes, and its terms.
import { Minutes } from "@ballast/math";
import type { EventArgs } from "./events.js";
import { numberTable, textTable, type Journal, type Table } from "./journal.js";
import type { Handlers } from "./ledger.js";
import { accountOf, keyOf } from "./rows.js";

export type Lot = EventArgs<"liquidator", "LotChanged">["lot"];
export type Terms = EventArgs<"liquidator", "TermsSet">["terms"];

/** Size in live lots, and the notional that went to the pool since the minute began. */
export interface Flow {
  readonly inFlight: bigint;
  readonly windowStart: bigint;
  readonly windowUsed: bigint;
}

/** One run of steps on one account: what is left of its tip. */
export interface Episode {
  readonly since: bigint;
  readonly left: bigint;
}

const NO_LOT: Lot = { size: 0n, start: 0, duration: 0, floor: 0, keeper: 0n };
const NO_FLOW: Flow = { inFlight: 0n, windowStart: 0n, windowUsed: 0n };
const NO_EPISODE: Episode = { since: 0n, left: 0n };

export class Lots {
  private readonly lots: Table<string, Lot>;
  private readonly flows: Table<number, Flow>;
  private readonly episodes: Table<string, Episode>;
  private readonly terms: Table<number, Terms>;
  private readonly backstops: Table<number, { readonly account: bigint }>;

  constructor(journal: Journal) {
    this.lots = textTable<Lot>(journal, "lots");
    this.flows = numberTable<Flow>(journal, "flows");
    this.episodes = textTable<Episode>(journal, "episodes");
    this.terms = numberTable<Terms>(journal, "terms");
    this.backstops = numberTable(journal, "backstops");
  }

  readonly on: Handlers<"liquidator"> = {
    LotChanged: ({ account, asset, lot }) => {
      const flow = this.flowOf(asset);
      const inFlight = flow.inFlight - this.of(account, asset).size + lot.size;
      this.flows.set(asset, { ...flow, inFlight });
      this.lots.set(lotKey(account, asset), lot);
    },
    WindowUsed: ({ asset, start, used }) =>
      this.flows.set(asset, { ...this.flowOf(asset), windowStart: start, windowUsed: used }),
    EpisodeChanged: ({ account, since, left }) => this.episodes.set(keyOf(account), { since, left }),
    TermsSet: ({ asset, terms }) => this.terms.set(asset, terms),
    BackstopSet: ({ backstop }) => this.backstops.set(0, { account: backstop }),
  };

  /** The lot of a leg; of one that is gone the size is zero and the rest is what it was. */
  of(account: bigint, asset: number): Lot {
    return this.lots.get(lotKey(account, asset)) ?? NO_LOT;
  }

  /** All lots on offer. */
  *live(): IterableIterator<{ account: bigint; asset: number; lot: Lot }> {
    for (const [key, lot] of this.lots.entries()) {
      const [account = "0", asset] = key.split("/");
      if (lot.size !== 0n) yield { account: accountOf(account), asset: Number(asset), lot };
    }
  }

  flowOf(asset: number): Flow {
    return this.flows.get(asset) ?? NO_FLOW;
  }

  /** The notional that went to the pool in the minute of this time. */
  windowUsed(asset: number, time: bigint): bigint {
    const { windowStart, windowUsed } = this.flowOf(asset);
    return Minutes.current({ used: windowUsed, start: windowStart }, time).used;
  }

  episodeOf(account: bigint): Episode {
    return this.episodes.get(keyOf(account)) ?? NO_EPISODE;
  }

  termsOf(asset: number): Terms | undefined {
    return this.terms.get(asset);
  }

  /** The account of the backstop, zero for none. */
  get backstop(): bigint {
    return this.backstops.get(0)?.account ?? 0n;
  }
}

function lotKey(account: bigint, asset: number): string {
  return `${keyOf(account)}/${asset}`;
}
