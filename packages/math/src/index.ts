// The twin of the contracts' formulas in bigint: one noun per module, the same function names, the same rounding.
export * as Account from "./account.js";
export * as Accounting from "./accounting.js";
export * as Assessor from "./assessor.js";
export * as Average from "./average.js";
export * as Budgets from "./budgets.js";
export * as Debts from "./debts.js";
export * as Deleverage from "./deleverage.js";
export * as Deleveraging from "./deleveraging.js";
export * as Entries from "./entries.js";
export * as FixedPoint from "./fixedPoint.js";
export * as Funding from "./funding.js";
export * as Incentives from "./incentives.js";
export * as Legs from "./legs.js";
export * as Margin from "./margin.js";
export * as Markets from "./markets.js";
export * as Minutes from "./minutes.js";
export * as Outflows from "./outflows.js";
export * as Planner from "./planner.js";
export * as Positions from "./positions.js";
export * as Quotes from "./quotes.js";
export * as Quoting from "./quoting.js";
export * as Reduction from "./reduction.js";
export * as Shares from "./shares.js";
export * as Sides from "./sides.js";
export * as Ticks from "./ticks.js";
export * as Vesting from "./vesting.js";
export * as Volatility from "./volatility.js";
export { ExpOverflow, LnWadUndefined } from "./elementary.js";
export { DivFailed, FullMulDivFailed, RAY, WAD } from "./fixedPoint.js";
export { ArithmeticError, ArithmeticOverflow, DivisionByZero } from "./integers.js";
export {
  AssetKind,
  AssetState,
  MAX_PRICE,
  MIN_PRICE,
  PriceStatus,
  type Accrual,
  type AssetConfig,
  type Conditions,
  type Debt,
  type Pool,
  type Price,
} from "./ledger.js";
