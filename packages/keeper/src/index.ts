// A keeper of a Ballast clearing house.
export { KeeperError } from "./errors.js";
export type { Intent, Outcome, Sender, Sent, Ticket } from "./send/intent.js";
export * from "./send/errors.js";
export { Refused } from "./send/delivery.js";
export type { Observe, SendEvent } from "./send/events.js";
export type { FeePolicy, Fees } from "./send/fees.js";
export { SENDER_OPTIONS, type SenderOptions } from "./send/options.js";
export type { Head } from "./send/rounds.js";
export { WalletSender, type SenderParameters } from "./send/sender.js";
export * from "./store/errors.js";
export { openStore } from "./store/open.js";
export type * from "./store/store.js";
export { Watch, type WatchOptions } from "./book/watch.js";
export type { Candidate } from "./book/exact.js";
export { marketAt, priceAt, type MarketAt, type Moment } from "./book/markets.js";
