// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reserve} from "../core/Ledger.sol";
import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice How much of a reserve may leave: a share of what was held when the hour began, net of what comes in, or a floor
/// if that is more.
///
///     left = held − (start − max(share·start, floor))
library Outflows {
    /// @dev A share of everything, in basis points: no limit.
    uint256 internal constant ALL = 10_000;
    uint256 internal constant HOUR = 1 hours;
    /// @dev What a window counts in: thousandths of a token.
    uint256 internal constant GRAIN = 1e15;
    /// @dev More than the rounding to a grain can keep back, so that a last withdrawal always comes.
    uint256 internal constant LEAST_FLOOR = 10 * GRAIN;
    /// @dev Of a spot's total limit, in basis points.
    uint256 internal constant SPOT_FLOOR = 1_00;

    /// @notice The reserve at `time`, with a window that ended begun again. Rounded up, so that no more than the share leaves.
    /// @param inflow of what is held, what must not count: it could leave at once
    function current(Reserve memory reserve, uint256 inflow, uint256 time) internal pure returns (Reserve memory) {
        if (time < uint256(reserve.windowStart) + HOUR) return reserve;
        uint256 start = reserve.held > inflow ? reserve.held - inflow : 0;
        reserve.windowStart = uint32(time);
        reserve.windowHeld = uint56(FixedPoint.min(FixedPoint.divUp(start, GRAIN), type(uint56).max));
        return reserve;
    }

    /// @notice What may leave a current reserve.
    /// @param share in basis points
    function left(Reserve memory reserve, uint256 share, uint256 floor) internal pure returns (uint256) {
        uint256 start = uint256(reserve.windowHeld) * GRAIN;
        uint256 most = FixedPoint.max(FixedPoint.mulDivDown(start, share, ALL), floor);
        uint256 stays = start > most ? start - most : 0;
        return reserve.held > stays ? reserve.held - stays : 0;
    }

    /// @param thousands of quote
    function quoteFloor(uint256 thousands) internal pure returns (uint256) {
        return FixedPoint.max(thousands * 1_000e18, LEAST_FLOOR);
    }

    function spotFloor(uint256 total) internal pure returns (uint256) {
        return FixedPoint.max(FixedPoint.mulDivDown(total, SPOT_FLOOR, 10_000), LEAST_FLOOR);
    }
}
