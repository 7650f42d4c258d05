// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice The margin rule of one leg, and the rates it takes. Requirements round up, values round down.
library Margin {
    /// @dev How fast the maintenance rate of open positions may move, per hour.
    uint256 internal constant RISE = 0.02e18;
    uint256 internal constant FALL = 0.01e18;

    /// @dev How fast the depth that maintenance sees may fall, per hour, and its least share of the configured depth; in 1e9.
    uint256 internal constant WHOLE = 1e9;
    uint256 internal constant DEPTH_FALL = 0.1e9;
    uint256 internal constant LEAST_DEPTH = 0.1e9;

    /// @dev A pool's equity times this is the depth it lends its market.
    uint256 internal constant DEPTH_PER_EQUITY = 10;

    /// @dev The initial rate of a new position in a market that is full.
    uint256 internal constant CROWDED_RATE = 0.5e18;

    /// @notice clamp(z·σ·√horizon, floor, cap): z in hundredths, the bounds in basis points, σ per √second.
    function targetRate(
        uint256 deviations,
        uint256 horizon,
        uint256 sigma,
        uint256 floorRate,
        uint256 capRate
    ) internal pure returns (uint256) {
        uint256 root = FixedPointMathLib.sqrt(horizon * WAD * WAD);
        return
            FixedPointMathLib.clamp(
                FixedPoint.mulDivUp(deviations * sigma, root, 100 * WAD),
                floorRate * 1e14,
                capRate * 1e14
            );
    }

    /// @notice The rate after `elapsed` seconds on its way to a target.
    function ramped(uint256 rate, uint256 target, uint256 elapsed) internal pure returns (uint256) {
        if (target > rate) return rate + FixedPoint.min(target - rate, FixedPoint.mulDivDown(RISE, elapsed, 1 hours));
        return rate - FixedPoint.min(rate - target, FixedPoint.mulDivDown(FALL, elapsed, 1 hours));
    }

    /// @notice max(min(factor·max(target, rate), cap), rate): never below what maintenance asks for.
    function initialRate(uint256 rate, uint256 target, uint256 factor, uint256 cap) internal pure returns (uint256) {
        uint256 wanted = FixedPoint.mulDivUp(FixedPoint.max(rate, target), factor, 10_000);
        return FixedPoint.max(FixedPoint.min(wanted, cap * 1e14), rate);
    }

    /// @notice From the initial rate linearly up to 50 %, as open interest goes from `lower` to `upper`.
    function crowdedRate(
        uint256 rate,
        uint256 openInterest,
        uint256 lower,
        uint256 upper
    ) internal pure returns (uint256) {
        if (openInterest <= lower || rate >= CROWDED_RATE) return rate;
        if (openInterest >= upper) return CROWDED_RATE;
        return rate + FixedPoint.mulDivUp(CROWDED_RATE - rate, openInterest - lower, upper - lower);
    }

    /// @notice clamp(10·equity / depth, 10 %, 100 %) in 1e9.
    function depthShare(int256 equity, uint256 depth) internal pure returns (uint256) {
        if (equity <= 0) return LEAST_DEPTH;
        uint256 share = FixedPoint.mulDivDown(uint256(equity), DEPTH_PER_EQUITY * WHOLE, depth);
        return FixedPointMathLib.clamp(share, LEAST_DEPTH, WHOLE);
    }

    /// @notice The share that maintenance sees: rises at once, falls by at most 10 % of the whole per hour.
    function heldShare(uint256 held, uint256 live, uint256 elapsed) internal pure returns (uint256) {
        if (live >= held) return live;
        return held - FixedPoint.min(held - live, FixedPoint.mulDivDown(DEPTH_FALL, elapsed, 1 hours));
    }

    /// @notice N·(rate + N / 2D): the second term is what closing N costs at depth D, so there are no tiers.
    function required(uint256 notional, uint256 rate, uint256 depth) internal pure returns (uint256) {
        return FixedPoint.mulUp(notional, rate) + FixedPoint.mulDivUp(notional, notional, 2 * depth);
    }

    /// @notice haircut · max(profit, 0), haircut in basis points: the part of unrealised profit that does not count.
    function reserve(int256 size, uint256 price, uint256 basis, uint256 haircut) internal pure returns (uint256) {
        int256 profit = FixedPoint.mulCeil(size, price) - FixedPoint.mulFloor(size, basis);
        return profit > 0 ? FixedPoint.mulDivUp(uint256(profit), haircut, 10_000) : 0;
    }

    /// @notice |size|·price, up: what requirements are computed from.
    function notionalOf(int256 size, uint256 price) internal pure returns (uint256) {
        return FixedPoint.mulUp(FixedPoint.abs(size), price);
    }

    /// @notice size·price, down.
    function value(int256 size, uint256 price) internal pure returns (int256) {
        return FixedPoint.mulFloor(size, price);
    }

    /// @notice The part of a spot's value that counts, haircut in basis points.
    function counted(int256 gross, uint256 haircut) internal pure returns (int256) {
        return haircut >= 10_000 ? int256(0) : FixedPoint.mulDivFloor(gross, 10_000 - haircut, 10_000);
    }

    /// @notice The worse of two prices for the holder.
    function worse(int256 size, uint256 a, uint256 b) internal pure returns (uint256) {
        return (a < b) == (size > 0) ? a : b;
    }
}
