export { Watch, type WatchOptions } from "./book/watch.js";
export type { Candidate } from "./book/exact.js";
export { marketAt, priceAt, type MarketAt, type Moment } from "./book/markets.js";
export type * from "./send/intent.js";
