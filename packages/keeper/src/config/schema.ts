// Every setting of a keeper, its default and its bounds. The file has the same shape; keys never stand in it.
import { z } from "zod";
import {
  account,
  accounts,
  amount,
  flag,
  httpUrl,
  httpUrls,
  list,
  number,
  oneOf,
  section,
  sectionError,
  socketUrl,
  text,
  whole,
} from "./types.js";

const QUOTE_MOST = "1000000000000";
/** Basis points. */
const points = (most: number) => whole(0, most);

const liquidate = section({
  enabled: flag.default(true),
  /** Quote of an account after gas; below zero, so that those who pay nobody are cleared where gas costs cents. */
  least: amount("-1000", QUOTE_MOST).prefault("-1"),
  /** Quote that may be lost so within an hour. */
  lossPerHour: amount("0", QUOTE_MOST).prefault("100"),
  /** Accounts in one transaction: what chains let one have carries five. */
  batch: whole(1, 64).default(5),
  /** Accounts that are planned on one block, the most urgent first. */
  most: whole(1, 10_000).default(250),
});

const bid = section({
  enabled: flag.default(false),
  /** Who takes; without it lots are only run through the periphery. */
  taker: account.optional(),
  /** Names or numbers of the assets to bid for; all when none is given. */
  markets: list.default([]),
  /** Asked for the risk of holding, of what is taken. */
  ask: points(1_000).default(20),
  /** Notional of a bid, and of all legs that the taker holds. */
  size: amount("0", QUOTE_MOST).prefault("50000"),
  inventory: amount("0", QUOTE_MOST).prefault("250000"),
  /** Whether lots are run without inventory when the pool pays for them. */
  run: flag.default(true),
  least: amount("0", QUOTE_MOST).prefault("0.5"),
  /** Lots looked at in one block. */
  lots: whole(1, 1_000).default(64),
});

const crank = section({
  enabled: flag.default(true),
  /** Notional below which unwinding waits. */
  least: amount("0", QUOTE_MOST).prefault("100"),
  /** Fees in their row below which sharing them out waits. */
  fees: amount("0", QUOTE_MOST).prefault("1000"),
  /** What it may cost in gas, in quote. */
  cost: amount("0", QUOTE_MOST).prefault("1"),
});

const deleverage = section({
  enabled: flag.default(true),
  /** A deficit below this waits. */
  least: amount("0", QUOTE_MOST).prefault("1"),
  /** Ticks of profit that one page looks at. */
  ticks: whole(1, 1_048_576).default(256),
  cost: amount("0", QUOTE_MOST).prefault("10"),
});

const settle = section({
  enabled: flag.default(false),
  /** Accounts in one transaction. */
  batch: whole(1, 64).default(8),
  /** What a transaction may cost in gas, in quote. */
  cost: amount("0", QUOTE_MOST).prefault("5"),
});

const spot = section({
  enabled: flag.default(false),
  /** Asked below the mark for the risk of holding it. */
  ask: points(1_000).default(20),
  /** Quote of one purchase, and of each spot that the wallet may hold. */
  size: amount("0", QUOTE_MOST).prefault("10000"),
  inventory: amount("0", QUOTE_MOST).prefault("50000"),
  /** After gas. */
  least: amount("0", QUOTE_MOST).prefault("0.5"),
  /** What approving quote may cost in gas. */
  cost: amount("0", QUOTE_MOST).prefault("1"),
});

const triggers = section({
  enabled: flag.default(false),
  /** A file of signed orders, one JSON a line, or an address that gives them. */
  orders: text.optional(),
  /** Milliseconds between two looks at them. */
  reload: whole(100, 3_600_000).default(2_000),
  /** Tips below this wait. */
  least: amount("0", QUOTE_MOST).prefault("0.1"),
});

const poke = section({
  enabled: flag.default(false),
  /** How far the price must have moved from the one latched last. */
  move: points(10_000).default(25),
  /** Seconds after which a price is latched anyway; 0 for never. */
  age: whole(0, 86_400).default(0),
  cost: amount("0", QUOTE_MOST).prefault("0.1"),
  /** Where signed updates of pull sources are to be had. */
  updates: httpUrl.optional(),
  /** Sources to bring updates to, each `asset=address=feed`. */
  sources: list.default([]),
  /** Wei for one update. */
  fee: amount("0", "0.1").prefault("0.000000000000000001"),
});

const funding = section({
  enabled: flag.default(false),
  /** Seconds. */
  every: whole(60, 604_800).default(3_600),
  cost: amount("0", QUOTE_MOST).prefault("0.1"),
});

const quote = section({
  enabled: flag.default(false),
  account: account.optional(),
  /** Names or numbers of the perps to quote. */
  markets: list.default([]),
  spread: points(1_000).default(10),
  /** Further from the mark for every whole inventory held, against the inventory. */
  skew: points(1_000).default(10),
  /** Notional of one order, and of the most inventory. */
  size: amount("0", QUOTE_MOST).prefault("10000"),
  inventory: amount("0", QUOTE_MOST).prefault("100000"),
  /** Seconds that a quote lives, and the move of the mark that ends it. */
  life: whole(2, 3_600).default(30),
  move: points(1_000).default(5),
  /** Whether inventory above the share is traded with the pool. */
  hedge: flag.default(false),
  /** Of the inventory, in basis points. */
  hedgeAbove: points(10_000).default(8_000),
  hedgeCost: points(1_000).default(15),
  /** The file that takers read. */
  publish: text.optional(),
});

const alert = section({
  enabled: flag.default(false),
  /** All accounts when none is given. */
  accounts: accounts.default([]),
  health: amount("0", "100").prefault("1.2"),
  /** The probability to fall within the horizon in seconds; 0 looks at health alone. */
  ruin: number(0, 1).default(0.1),
  horizon: whole(1, 31_536_000).default(3_600),
  /** Of freedom of the tails; 0 for normal ones. */
  degrees: whole(0, 100).default(3),
  /** Seconds between two looks. */
  every: whole(1, 3_600).default(10),
  /** The accounts nearest to failing that are looked at. */
  nearest: whole(1, 100_000).default(200),
  /** Seconds until the same account is told again. */
  again: whole(1, 604_800).default(3_600),
});

export const schema = z.strictObject(
  {
    /** Read from in turn. */
    rpc: httpUrls.prefault("http://127.0.0.1:8545"),
    socket: socketUrl.optional(),
    /** Takes the transactions instead of the first of `rpc`. */
    relay: httpUrl.optional(),
    /** A file, or a chain id that stands for deployments/<chain id>.json. */
    deployment: text.optional(),
    /** Seconds for one answer. */
    timeout: number(0.05, 600).default(10),
    /** Milliseconds between two looks at the head. */
    poll: whole(50, 60_000).default(1_000),
    /** Seconds without a new block that count as a stall. */
    stall: whole(1, 86_400).default(60),
    /** Milliseconds without word of a block until the socket is begun again. */
    silence: whole(500, 3_600_000).default(30_000),
    keystore: text.optional(),
    /** A program and its arguments that print the key. */
    command: z.array(text, { error: "is no list" }).min(1, { error: "has fewer than 1 word" }).optional(),
    /** Who is paid; the wallet's own account by default. */
    payee: account.optional(),
    /** A file of SQLite, or a postgres:// address. */
    store: text.default("keeper.sqlite"),
    /** The mirror's file. */
    snapshot: text.default("keeper.snapshot"),
    /** Blocks after which what was seen and decided is forgotten. */
    remember: whole(1_000, 100_000_000).default(100_000),
    /** Blocks between two snapshots. */
    saveEvery: whole(1, 1_000_000).default(1_000),
    /** For metrics and health; port 0 takes any. */
    listen: section({
      enabled: flag.default(true),
      host: text.default("127.0.0.1"),
      port: whole(0, 65_535).default(9_464),
    }),
    log: oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    webhook: section({
      url: httpUrl.optional(),
      retries: whole(0, 20).default(5),
      /** Milliseconds of the first pause. */
      pause: whole(1, 60_000).default(500),
    }),
    gas: section({
      /** Gwei. */
      most: amount("0.000000001", "1000000", 9).prefault("200"),
      tip: amount("0", "1000000", 9).prefault("1"),
      /** Quote that the gas of one transaction may cost, however much it earns. */
      cost: amount("0", QUOTE_MOST).prefault("50"),
      /** Quote for one native token; or the asset whose mark says so, by default the one that is called ETH. */
      price: amount("0", QUOTE_MOST).optional(),
      asset: text.optional(),
    }),
    /** Native tokens that the wallet must have. */
    balance: amount("0", "1000000").prefault("0.05"),
    send: section({
      /** Transactions without an outcome at a time. */
      pending: whole(1, 256).default(16),
      /** Blocks after which one that is not included offers more, and after which it is given up. */
      bump: whole(1, 1_000).default(3),
      lifetime: whole(2, 10_000).default(30),
      /** Blocks on which something that was included may still vanish. */
      depth: whole(1, 1_000).default(12),
      /** Blocks that the private relay has for it, and whether everybody may see it afterwards. */
      relay: whole(1, 1_000).default(5),
      fallback: flag.default(true),
      /** Milliseconds after which another instance may take over the wallet of one that is silent. */
      lease: whole(1_000, 600_000).default(5_000),
    }),
    /** Blocks of the first pause after an outcome that was none, and of the longest. */
    backoff: section({ first: whole(1, 10_000).default(1), most: whole(1, 1_000_000).default(128) }),
    /** Seconds that a stop waits for what is on its way. */
    grace: number(0, 600).default(20),
    dryRun: flag.default(false),
    strategies: section({ liquidate, bid, crank, deleverage, settle, spot, triggers, poke, funding, quote, alert }),
  },
  { error: sectionError },
);

export type Settings = z.output<typeof schema>;
export type StrategyName = keyof Settings["strategies"];
export type StrategySettings<Name extends StrategyName> = Settings["strategies"][Name];
