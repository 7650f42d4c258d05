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
        uint256 decay = uint256(
            FixedPointMathLib.expWad(-int256((FixedPointMathLib.min(elapsed, 365 days) * WAD) / constant_))
        );
        return
            average > held
                ? held + FixedPoint.mulDown(average - held, decay)
                : held - FixedPoint.mulDown(held - average, decay);
    }
}
