// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice The price a pool quotes. It rounds against the taker.
///
/// rate = half spread + the average, over the trade, of max(0, age + x / D), where x is the notional the pool is short (for a
/// buyer; long for a seller) and D its market's depth. Each unit pays for the inventory it meets, so a size costs the
/// same in one piece or in a hundred; one that rebalances the pool pays less, but never less than half of the spread.
library Quoting {
    /// @dev Rates are in 1e18; nothing is quoted further from its base than this.
    uint256 internal constant MAX_RATE = 0.5e18;

    /// @notice min(deviation, factor·σ·√age): what the mark may have moved since its sources spoke. The factor is in
    /// hundredths, the deviation in 1e18, σ per √second.
    function ageRate(uint256 sigma, uint256 age, uint256 factor, uint256 deviation) internal pure returns (uint256) {
        uint256 root = FixedPoint.sqrtUp(age * WAD * WAD);
        return FixedPoint.min(deviation, FixedPoint.mulDivUp(factor * sigma, root, 100 * WAD));
    }

    /// @notice The average of max(0, age + x / D) for x from `from` to `from + notional`: the mean of its ends, or the part
    /// above zero as ½·D·end² / notional.
    function inventoryRate(uint256 age, int256 from, uint256 notional, uint256 depth) internal pure returns (uint256) {
        int256 start = int256(age) + FixedPoint.mulDivCeil(from, WAD, depth);
        int256 end = int256(age) + FixedPoint.mulDivCeil(from + int256(notional), WAD, depth);
        if (end <= 0) return 0;
        if (start >= 0) return FixedPoint.divUp(uint256(start + end), 2);
        return FixedPoint.mulDivUp(FixedPoint.mulUp(uint256(end), uint256(end)), depth, 2 * notional);
    }

    /// @notice The worse of mark and fast for the taker, moved against him by `rate`.
    function price(bool buys, uint256 mark, uint256 fast, uint256 rate) internal pure returns (uint256) {
        rate = FixedPoint.min(rate, MAX_RATE);
        if (buys) return FixedPoint.mulUp(FixedPoint.max(mark, fast), WAD + rate);
        return FixedPoint.mulDown(FixedPoint.min(mark, fast), WAD - rate);
    }
}
