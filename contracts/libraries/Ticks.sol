// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @notice Price bands of basis: 64 to a doubling, 0.8 to 1.6 % wide, with exact edges and no tables.
///
///     e = ⌊log₂ price⌋ − 6      tick = 64·e + (⌊price / 2^e⌋ mod 64)
library Ticks {
    function tickOf(uint256 price) internal pure returns (uint256) {
        uint256 exponent = FixedPointMathLib.log2(price) - 6;
        return (exponent << 6) | ((price >> exponent) & 63);
    }

    /// @notice The lowest price of the band.
    function lower(uint256 tick) internal pure returns (uint256) {
        return (64 + (tick & 63)) << (tick >> 6);
    }

    /// @notice The lowest price above the band.
    function upper(uint256 tick) internal pure returns (uint256) {
        return (65 + (tick & 63)) << (tick >> 6);
    }
}
