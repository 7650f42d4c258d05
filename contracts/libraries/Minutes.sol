// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice How much notional may go through a market within a minute: a share of its depth.
library Minutes {
    /// @notice The notional used in the minute since `start`.
    struct Minute {
        uint112 used;
        uint48 start;
    }

    /// @notice The minute now; one that ended begins again.
    function current(Minute memory minute) internal view returns (Minute memory) {
        if (block.timestamp < minute.start + 1 minutes) return minute;
        return Minute(0, uint48(block.timestamp));
    }

    /// @notice The minute when `notional` more goes through it.
    function plus(Minute memory minute, uint256 notional) internal view returns (Minute memory) {
        minute = current(minute);
        minute.used += uint112(notional);
        return minute;
    }

    /// @notice What is left of this minute's `rate`, in basis points of depth.
    function left(Minute memory minute, uint256 depth, uint256 rate) internal view returns (uint256) {
        uint256 most = FixedPoint.mulDivDown(depth, rate, 10_000);
        uint256 spent = current(minute).used;
        return most > spent ? most - spent : 0;
    }
}
