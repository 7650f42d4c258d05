export * from "./errors.js";
export { Health, type HealthOptions, type State } from "./health.js";
export { Keeper, type Parts } from "./keeper.js";
export { openLog, type Log } from "./log.js";
export { Metrics } from "./metrics.js";
export { Opened, logsOf, nativeAsset, nativeOf, payeeOf, tryStore, type Ordered } from "./open.js";
export { replay, type ReplayedBlock, type ReplayOptions } from "./replay.js";
export { Webhook, type Alert } from "./webhook.js";
