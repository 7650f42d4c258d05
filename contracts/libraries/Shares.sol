// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice What shares cost who enters and bring who leaves; against him by every rounding.
library Shares {
    /// @notice A row at mark, to one who enters (never less) and to one who leaves (never more).
    struct Worth {
        int256 equity;
        int256 entry;
        int256 exit;
    }

    /// @notice So many shares for so much value.
    struct Rate {
        uint256 shares;
        uint256 value;
    }

    struct Request {
        uint128 shares;
        uint128 value;
        uint64 claimableAt;
        uint64 generation;
    }

    /// @dev As if somebody had paid a millionth of quote for a millionth of a share and never left. Who holds s shares, gives
    /// d to the row and waits for a victim loses d·1e12 / (s + 1e12) to them: 1e12 times the price of the one 1e-18 of a
    /// share that a deposit can lose by rounding. A deposit v loses less than 1e12 / v of itself to them besides. Value that
    /// appears while there are no shares is theirs too, whoever comes next.
    uint256 internal constant VIRTUAL_SHARES = 1e12;
    uint256 internal constant VIRTUAL_VALUE = 1e12;

    /// @notice (supply + virtual) shares for (worth to who enters + virtual).
    function entryRate(uint256 supply, int256 entry) internal pure returns (Rate memory) {
        return Rate(supply + VIRTUAL_SHARES, positive(entry) + VIRTUAL_VALUE);
    }

    /// @notice (supply + virtual) shares for max(0, worth to who leaves − locked).
    function exitRate(uint256 supply, uint256 value, uint256 locked) internal pure returns (Rate memory) {
        return Rate(supply + VIRTUAL_SHARES, value > locked ? value - locked : 0);
    }

    /// @notice What can still come in without more shares than fit 128 bits.
    function room(Rate memory rate) internal pure returns (uint256) {
        return valueDown(rate, type(uint128).max + VIRTUAL_SHARES - rate.shares);
    }

    function sharesDown(Rate memory rate, uint256 value) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(value, rate.shares, rate.value);
    }

    function valueDown(Rate memory rate, uint256 shares) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(shares, rate.value, rate.shares);
    }

    function valueUp(Rate memory rate, uint256 shares) internal pure returns (uint256) {
        return FixedPoint.mulDivUp(shares, rate.value, rate.shares);
    }

    /// @notice min(value at the request in proportion, value now)
    function due(Request memory request, Rate memory rate, uint256 shares) internal pure returns (uint256) {
        if (shares == 0) return 0;
        uint256 most = FixedPoint.mulDivDown(request.value, shares, request.shares);
        return FixedPoint.min(most, valueDown(rate, shares));
    }

    /// @notice The fewest shares to which `value` is due. `value` is at most what is due to the whole request.
    function sharesDue(Request memory request, Rate memory rate, uint256 value) internal pure returns (uint256) {
        if (value == 0) return 0;
        uint256 least = FixedPoint.mulDivUp(value, request.shares, request.value);
        return FixedPoint.max(least, FixedPoint.mulDivUp(value, rate.shares, rate.value));
    }

    function positive(int256 value) internal pure returns (uint256) {
        return value > 0 ? uint256(value) : 0;
    }
}
