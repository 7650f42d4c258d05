// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice The margin rule of one leg. Requirements round up, values round down.
library Margin {
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
