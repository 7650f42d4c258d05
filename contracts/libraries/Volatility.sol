// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";
import {Average} from "./Average.sol";

/// @notice Realised variance per second, in 1e15, as the larger of a quick and a patient average.
library Volatility {
    /// @dev Half-lives of 15 minutes and 24 hours as time constants: half-life / ln 2.
    uint256 internal constant SHORT = 1_298;
    uint256 internal constant LONG = 124_649;
    uint256 internal constant LEAST_INTERVAL = 60;

    /// @dev (20 %)², (100 %)² and (1,000 %)² per year of 365 days. The largest fits 32 bits.
    uint256 internal constant FLOOR = 1_268_391;
    uint256 internal constant INITIAL = 31_709_791;
    uint256 internal constant CAP = 3_170_979_198;

    /// @notice ln(price / before)² / elapsed, down.
    function sample(uint256 before, uint256 price, uint256 elapsed) internal pure returns (uint256) {
        uint256 ratio = FixedPoint.mulDivDown(price, WAD, before);
        int256 move = FixedPointMathLib.lnWad(ratio == 0 ? int256(1) : int256(ratio));
        return FixedPoint.mulDivDown(uint256(move * move), 1, 1e21 * elapsed);
    }

    /// @notice min(sample + (average − sample)·exp(−elapsed / constant), CAP): what stands is capped, not the sample, so that a
    /// violent minute counts in full and yet is forgotten as fast as any other.
    function step(
        uint256 average,
        uint256 sample_,
        uint256 elapsed,
        uint256 constant_
    ) internal pure returns (uint256) {
        return FixedPoint.min(Average.step(average, sample_, elapsed, constant_), CAP);
    }

    /// @notice σ = √max(short, long, FLOOR), per √second in 1e18.
    function sigma(uint256 short, uint256 long) internal pure returns (uint256) {
        uint256 variance = short > long ? short : long;
        return FixedPointMathLib.sqrt((variance > FLOOR ? variance : FLOOR) * 1e21);
    }
}
