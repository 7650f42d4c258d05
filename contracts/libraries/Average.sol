// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice Exponentially time-weighted averages.
library Average {
    /// @notice average' = held + (average − held)·exp(−elapsed / constant), between the two; `held` is the price that held
    /// during the interval.
    function step(uint256 average, uint256 held, uint256 elapsed, uint256 constant_) internal pure returns (uint256) {
        if (average == held) return held;
        uint256 left = decay(elapsed, constant_);
        return
            average > held
                ? held + FixedPoint.mulDown(average - held, left)
                : held - FixedPoint.mulDown(held - average, left);
    }

    /// @notice exp(−elapsed / constant) in 1e18: what is left of a difference.
    function decay(uint256 elapsed, uint256 constant_) internal pure returns (uint256) {
        return uint256(FixedPointMathLib.expWad(-int256((FixedPointMathLib.min(elapsed, 365 days) * WAD) / constant_)));
    }
}
