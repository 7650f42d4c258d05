// The twin of the contracts' formulas in bigint: one noun per module, the same function names, the same rounding.
export * as Average from "./average.js";
export * as Budgets from "./budgets.js";
export * as Deleverage from "./deleverage.js";
export * as Entries from "./entries.js";
export * as FixedPoint from "./fixedPoint.js";
export * as Funding from "./funding.js";
export * as Incentives from "./incentives.js";
export * as Legs from "./legs.js";
export * as Margin from "./margin.js";
export * as Outflows from "./outflows.js";
export * as Quoting from "./quoting.js";
export * as Reduction from "./reduction.js";
export * as Shares from "./shares.js";
export * as Ticks from "./ticks.js";
export * as Vesting from "./vesting.js";
export * as Volatility from "./volatility.js";
export { RAY, WAD } from "./fixedPoint.js";
export { ArithmeticError, ArithmeticOverflow, DivisionByZero } from "./integers.js";
