export * from "./checks.js";
export * from "./errors.js";
export { hasKey, readAccount, type KeySettings } from "./keys.js";
export { pathsOf, readSettings, shown, variableOf, type Env } from "./read.js";
export type { Settings, StrategyName, StrategySettings } from "./schema.js";
