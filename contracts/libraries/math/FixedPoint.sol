// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

uint256 constant WAD = 1e18;
uint256 constant RAY = 1e27;

/// @notice All division of the protocol: `Down`/`Up` for unsigned, `Floor`/`Ceil` for signed, never towards zero.
library FixedPoint {
    function mulDown(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivDown(x, y, WAD);
    }

    function mulUp(uint256 x, uint256 y) internal pure returns (uint256) {
        return mulDivUp(x, y, WAD);
    }

    /// @dev Nearly every product fits: two factors of 128 bits need no more.
    function mulDivDown(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        unchecked {
            if ((x | y) >> 128 == 0) return (x * y) / d;
        }
        return FixedPointMathLib.fullMulDiv(x, y, d);
    }

    function mulDivUp(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        unchecked {
            if ((x | y | d) >> 127 == 0) return (x * y + d - 1) / d;
        }
        return FixedPointMathLib.fullMulDivUp(x, y, d);
    }

    function divUp(uint256 x, uint256 d) internal pure returns (uint256) {
        return FixedPointMathLib.divUp(x, d);
    }

    function mulFloor(int256 x, uint256 y) internal pure returns (int256) {
        return mulDivFloor(x, y, WAD);
    }

    function mulCeil(int256 x, uint256 y) internal pure returns (int256) {
        return -mulDivFloor(-x, y, WAD);
    }

    /// @dev Factors are bounded so that results fit 255 bits; the product itself may take 512.
    function mulDivFloor(int256 x, uint256 y, uint256 d) internal pure returns (int256) {
        return x < 0 ? -int256(mulDivUp(uint256(-x), y, d)) : int256(mulDivDown(uint256(x), y, d));
    }

    function mulDivCeil(int256 x, uint256 y, uint256 d) internal pure returns (int256) {
        return -mulDivFloor(-x, y, d);
    }

    function sqrtUp(uint256 x) internal pure returns (uint256 root) {
        root = FixedPointMathLib.sqrt(x);
        if (root * root < x) ++root;
    }

    function abs(int256 x) internal pure returns (uint256) {
        unchecked {
            return x < 0 ? uint256(-x) : uint256(x);
        }
    }

    function min(uint256 x, uint256 y) internal pure returns (uint256) {
        return x < y ? x : y;
    }

    function max(uint256 x, uint256 y) internal pure returns (uint256) {
        return x > y ? x : y;
    }
}
