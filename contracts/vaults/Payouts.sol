// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reserve} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {QUOTE} from "../types/AssetId.sol";

/// @notice Shares end only for claims that the ledger pays as it pays everybody's. Of a claim beyond all that is held, which there
/// is while an account owes more than it has and nobody has closed it, the ledger pays what is there and the rest stays a
/// claim; of shares that had ended for it nothing would stay.
library Payouts {
    function bounded(IClearingHouse house, uint256 value) internal view returns (uint256) {
        Reserve memory reserve = house.reserveOf(QUOTE);
        return FixedPoint.min(value, reserve.held + reserve.deficit);
    }

    function requireHeld(IClearingHouse house, uint256 value) internal view {
        uint256 most = bounded(house, value);
        require(value <= most, IClearingHouse.InsufficientHeld(QUOTE, most, value));
    }
}
