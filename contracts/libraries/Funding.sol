// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint, WAD, RAY} from "./math/FixedPoint.sol";

/// @notice The funding index of a perp: quote per unit of size in ray; longs pay when it rises, shorts when it falls.
library Funding {
    /// @dev Beyond ±LIMIT the index stands still, so that no amount of funding can overflow a pick-up and block it.
    int256 internal constant LIMIT = 1 << 110;

    /// @notice index' = clamp(index + ⌊rate · mark · elapsed / day⌋, ±LIMIT), the rate per day in 1e18.
    function accrue(int256 index, int256 ratePerDay, uint256 mark, uint256 elapsed) internal pure returns (int256) {
        int256 next = index + FixedPoint.mulDivFloor(ratePerDay * int256(elapsed), mark * (RAY / WAD), WAD * 1 days);
        if (next > LIMIT) return LIMIT;
        return next < -LIMIT ? -LIMIT : next;
    }

    /// @notice ⌊size · (from − to)⌋: the payer pays rounded up, the receiver gets rounded down.
    function cash(int256 size, int256 from, int256 to) internal pure returns (int256) {
        int256 change = size * (from - to);
        return FixedPoint.mulDivFloor(change, 1, RAY);
    }
}
