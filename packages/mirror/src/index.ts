// Rebuilds the whole ledger of a deployment from its logs.
export * from "./errors.js";
export type { Block, Deployment, Header, Leg, LedgerOptions } from "./ledger.js";
export { Ledger } from "./ledger.js";
export { abis, Decoder, type RawLog } from "./events.js";
export type { BlockId, BlockRef, Touched } from "./journal.js";
export * from "./rows.js";
export { HttpRpc, ProviderRpc, type HttpRpcOptions, type Rpc, type RpcCall } from "./rpc.js";
export { readBlocks, RpcSource, type LogSource, type SourceHeader, type SourceLog } from "./source.js";
export { verify, type Difference, type Verification, type VerifyOptions } from "./verify.js";
export type { Account } from "./cash.js";
export { AssetKind, AssetState, type Market } from "./markets.js";
export type { PickedUp, Position } from "./positions.js";
export { PriceStatus, type Feed } from "./prices.js";
export type { Debt, HouseTerms, Reserve } from "./reserves.js";
export type { Side, Tick } from "./sides.js";
export type { Episode, Flow, Lot } from "./lots.js";
export type { Request, Vault } from "./vaults.js";
