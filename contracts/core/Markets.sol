// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Funding} from "../libraries/Funding.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {AssetConfig, AssetKind, AssetState, Conditions, Ledger, Perp} from "./Ledger.sol";

/// @notice A market as of now: what changes with time and price, computed the same way for a view and for an accrual.
library Markets {
    /// @notice What margin reads of a market. A spot has only its configuration and the depth in it.
    struct Market {
        AssetConfig config;
        int256 fundingIndex;
        uint256 maintenanceRate;
        uint256 initialRate;
        uint256 maintenanceDepth;
        uint256 initialDepth;
    }

    /// @notice The market at this price, accrued to now.
    function current(
        Ledger storage ledger,
        AssetId asset,
        Price memory price
    ) internal view returns (Market memory market) {
        market.config = ledger.configs[asset];
        (market.maintenanceDepth, market.initialDepth) = (market.config.depth, market.config.depth);
        if (market.config.kind != AssetKind.Perp) return market;
        Perp storage perp = ledger.perps[asset];
        Conditions memory conditions;
        (market.fundingIndex, conditions) = accrued(perp, market.config, price);
        market.maintenanceRate = conditions.maintenanceRate;
        market.initialRate = Margin.initialRate(
            conditions.maintenanceRate,
            conditions.targetRate,
            market.config.initialFactor,
            market.config.initialCap
        );
        market.maintenanceDepth = depth(market.config, conditions.maintenanceDepthShare);
        market.initialDepth = depth(market.config, conditions.depthShare);
    }

    /// @notice Funding index and conditions after the time since the last accrual: what held then holds until now.
    function accrued(
        Perp storage perp,
        AssetConfig memory config,
        Price memory price
    ) internal view returns (int256 fundingIndex, Conditions memory conditions) {
        uint256 elapsed = block.timestamp - perp.accruedAt;
        (fundingIndex, conditions) = (perp.fundingIndex, perp.conditions);
        if (elapsed == 0 || config.state == AssetState.Settling) return (fundingIndex, conditions);
        (int256 funding, int256 charged) = Funding.averaged(conditions.fundingRate, conditions.fundingTarget, elapsed);
        fundingIndex = Funding.accrue(fundingIndex, charged, price.mark);
        conditions.fundingRate = int32(funding);
        uint256 rate = Margin.ramped(conditions.maintenanceRate, conditions.targetRate, elapsed);
        uint256 share = Margin.heldShare(conditions.maintenanceDepthShare, conditions.depthShare, elapsed);
        conditions.maintenanceRate = uint64(rate);
        conditions.targetRate = uint64(target(config, price));
        conditions.maintenanceDepthShare = uint32(share);
    }

    function target(AssetConfig memory config, Price memory price) internal pure returns (uint256) {
        return Margin.targetRate(config.deviations, config.horizon, price.sigma, config.floorRate, config.capRate);
    }

    function depth(AssetConfig memory config, uint256 share) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(config.depth, share, Margin.WHOLE);
    }
}
