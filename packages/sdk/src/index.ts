// Integrators import this: ABIs, typed errors, addresses, a client and its actions, units.
export * from "./abi/index.js";
export * from "./accounts.js";
export * from "./actions/index.js";
export * from "./addresses.js";
export { confirm, gasLimitOf, type At, type Sending, type Sent } from "./call.js";
export * from "./client.js";
export * from "./deployments.js";
export * from "./enums.js";
export * from "./errors/index.js";
export { MAX_UINT128, MOST_ENTRIES } from "./input.js";
export * from "./units.js";
