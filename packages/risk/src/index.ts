// What could happen to an account and to the whole book, as pure functions of what the ledger holds.
export * as Coverage from "./coverage.js";
export * as Liquidation from "./liquidation.js";
export * as Moves from "./moves.js";
export * as Ruin from "./ruin.js";
export * as Sensitivity from "./sensitivity.js";
export * as Shock from "./shock.js";
export * as Situations from "./situations.js";
export * as Stages from "./stages.js";
export * as Tails from "./tails.js";
export { MemberUnknown, memberOf, type Book, type MarketState, type Member, type Terms } from "./book.js";
export { isBelow, standingOf, type Line } from "./standing.js";
export type { Stage } from "./stages.js";
export type { Booking, Closing, Fall, Loser, Losses, Receipts, Row, Waiting, Waterfall } from "./waterfall.js";
