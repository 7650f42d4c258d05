// The price of every asset as it was latched last, with its averages and its variance.
import { Volatility } from "@ballast/math";
import type { Conservation } from "./conservation.js";
import type { EventArgs } from "./events.js";
import { numberTable, type Journal, type Table } from "./journal.js";
import type { At, Handlers } from "./ledger.js";

export const PriceStatus = { Fresh: 0, Diverged: 1, Stale: 2 } as const;

export interface Feed {
  readonly mark: bigint;
  readonly fast: bigint;
  readonly slow: bigint;
  /** The sources' own time of the mark. */
  readonly updatedAt: bigint;
  readonly status: number;
  /** When it was latched; zero for never. */
  readonly time: bigint;
  readonly shortVariance: bigint;
  readonly longVariance: bigint;
  /** When the variance was sampled last, and the mark then. */
  readonly sampledAt: bigint;
  readonly sampled: bigint;
  readonly fixed: boolean;
  /** The last time that a latch found it stale after one that did not. */
  readonly staleFrom: bigint;
}

const NO_FEED: Feed = {
  mark: 0n,
  fast: 0n,
  slow: 0n,
  updatedAt: 0n,
  status: PriceStatus.Fresh,
  time: 0n,
  shortVariance: 0n,
  longVariance: 0n,
  sampledAt: 0n,
  sampled: 0n,
  fixed: false,
  staleFrom: 0n,
};

/** Seconds between two samples of variance. */
const LEAST_INTERVAL = 60n;

export class Prices {
  private readonly feeds: Table<number, Feed>;

  constructor(
    journal: Journal,
    private readonly conservation: Conservation,
  ) {
    this.feeds = numberTable<Feed>(journal, "feeds");
  }

  readonly on: Handlers<"oracle"> = {
    PriceLatched: (latched, at) => this.latch(latched, at),
    VarianceSampled: ({ asset, short, long }, { timestamp }) => {
      const feed = this.of(asset);
      this.conservation.priced(asset, feed.time, timestamp);
      this.conservation.sampled(asset);
      const variances = { shortVariance: short, longVariance: long };
      this.feeds.set(asset, { ...feed, ...variances, sampledAt: timestamp, sampled: feed.mark });
    },
    PriceFixed: ({ asset }) => {
      this.conservation.sampled(asset);
      this.feeds.set(asset, { ...this.of(asset), fixed: true });
    },
    // A price that was fixed begins anew with its next sources.
    SourcesSet: ({ asset }) => {
      const { fixed, staleFrom } = this.of(asset);
      if (fixed) this.feeds.set(asset, { ...NO_FEED, staleFrom });
    },
  };

  of(asset: number): Feed {
    return this.feeds.get(asset) ?? NO_FEED;
  }

  /** When its price was latched last; always, for one that is fixed. */
  latchedAt(asset: number, time: bigint): bigint {
    const feed = this.of(asset);
    return feed.fixed ? time : feed.time;
  }

  markOf(asset: number): bigint {
    return this.of(asset).mark;
  }

  /** Volatility per √second in 1e18. */
  sigmaOf(asset: number): bigint {
    const { shortVariance, longVariance } = this.of(asset);
    return Volatility.sigma(shortVariance, longVariance);
  }

  /** Since when every latch found the asset stale; zero when the last one did not. */
  staleSince(asset: number): bigint {
    const { status, staleFrom } = this.of(asset);
    return status === PriceStatus.Stale ? staleFrom : 0n;
  }

  private latch(latched: EventArgs<"oracle", "PriceLatched">, { timestamp }: At): void {
    const before = this.of(latched.asset);
    const { mark, fast, slow, updatedAt, status } = latched;
    const turns = status === PriceStatus.Stale && before.status !== PriceStatus.Stale;
    const due = status === PriceStatus.Fresh && timestamp - before.sampledAt >= LEAST_INTERVAL;
    if (due) this.conservation.sampleDue(latched.asset);
    const staleFrom = turns ? timestamp : before.staleFrom;
    this.feeds.set(latched.asset, { ...before, mark, fast, slow, updatedAt, status, time: timestamp, staleFrom });
  }
}
