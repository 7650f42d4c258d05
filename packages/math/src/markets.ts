// A market as of now: what changes with time and price, computed the same way for a view and for an accrual.
import { mulDivDown } from "./fixedPoint.js";
import * as Funding from "./funding.js";
import { asInt, asUint, uint } from "./integers.js";
import { AssetKind, AssetState, type Accrual, type AssetConfig, type Conditions, type Price } from "./ledger.js";
import * as Margin from "./margin.js";

/** What margin reads of a market. A spot has only its configuration and the depth in it. */
export interface Market {
  readonly config: AssetConfig;
  readonly fundingIndex: bigint;
  readonly maintenanceRate: bigint;
  readonly initialRate: bigint;
  readonly maintenanceDepth: bigint;
  readonly initialDepth: bigint;
}

/** The market at this price, accrued to `time`; a perp has its last accrual. */
export function current(config: AssetConfig, perp: Accrual, price: Price, time: bigint): Market {
  if (config.kind !== AssetKind.Perp) return unpriced(config);
  const { fundingIndex, conditions } = accrued(perp, config, price, time);
  const { maintenanceRate, targetRate } = conditions;
  return {
    config,
    fundingIndex,
    maintenanceRate,
    initialRate: Margin.initialRate(maintenanceRate, targetRate, config.initialFactor, config.initialCap),
    maintenanceDepth: depth(config, conditions.maintenanceDepthShare),
    initialDepth: depth(config, conditions.depthShare),
  };
}

/** Funding index and conditions after the time since the last accrual: what held then holds until `time`. */
export function accrued(
  perp: Accrual,
  config: AssetConfig,
  price: Price,
  time: bigint,
): { fundingIndex: bigint; conditions: Conditions } {
  const { fundingIndex, conditions } = perp;
  const elapsed = uint(time - perp.accruedAt);
  if (elapsed === 0n || config.state === AssetState.Settling) return { fundingIndex, conditions };
  const funding = Funding.averaged(conditions.fundingRate, conditions.fundingTarget, elapsed);
  const { depthShare, maintenanceDepthShare, maintenanceRate, targetRate } = conditions;
  return {
    fundingIndex: Funding.accrue(fundingIndex, funding.accrued, price.mark),
    conditions: {
      fundingRate: asInt(funding.next, 32),
      fundingTarget: conditions.fundingTarget,
      depthShare,
      maintenanceRate: asUint(Margin.ramped(maintenanceRate, targetRate, elapsed), 64),
      targetRate: asUint(target(config, price), 64),
      maintenanceDepthShare: asUint(Margin.heldShare(maintenanceDepthShare, depthShare, elapsed), 32),
    },
  };
}

export function target(config: AssetConfig, price: Price): bigint {
  return Margin.targetRate(config.deviations, config.horizon, price.sigma, config.floorRate, config.capRate);
}

export function depth(config: AssetConfig, share: bigint): bigint {
  return mulDivDown(config.depth, share, Margin.WHOLE);
}

function unpriced(config: AssetConfig): Market {
  return {
    config,
    fundingIndex: 0n,
    maintenanceRate: 0n,
    initialRate: 0n,
    maintenanceDepth: config.depth,
    initialDepth: config.depth,
  };
}
