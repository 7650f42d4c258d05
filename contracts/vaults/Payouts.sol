// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Accounting} from "../core/Accounting.sol";
import {Reserve} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {QUOTE} from "../types/AssetId.sol";

/// @notice Shares end only for claims that the ledger pays as it pays everybody's. Of a claim beyond all that is held, which there
/// is while an account owes more than it has and nobody has closed it, the ledger pays what is there and the rest stays a
/// claim; of shares that had ended for it nothing would stay.
library Payouts {
    /// @notice What of a value may leave now: no more than is held and the hour leaves, and nothing that pays nothing.
    /// @param unit of the token in 1e18
    function bounded(IClearingHouse house, uint256 value, uint256 unit) internal view returns (uint256) {
        Reserve memory reserve = house.reserveOf(QUOTE);
        uint256 all = reserve.held + reserve.deficit;
        value = FixedPoint.min(value, Accounting.claim(house.outflowLeft(QUOTE), reserve.held, reserve.deficit, unit));
        value = FixedPoint.min(value, all);
        if (value < unit) return 0;
        return FixedPoint.mulDivDown(value - (value % unit), reserve.held, all) < unit ? 0 : value;
    }

    function requireHeld(IClearingHouse house, uint256 value) internal view {
        Reserve memory reserve = house.reserveOf(QUOTE);
        uint256 most = reserve.held + reserve.deficit;
        require(value <= most, IClearingHouse.InsufficientHeld(QUOTE, most, value));
    }
}
