// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";

/// @notice What was deposited in this transaction. Borrowed for one transaction, it would otherwise begin a window of
/// withdrawals, leave again, and so use up what others may withdraw.
library Inflows {
    /// @dev The first of the slots, one per asset.
    uint256 private constant SLOT = uint256(keccak256("ballast.inflow"));

    function add(AssetId asset, uint256 value) internal {
        uint256 slot = SLOT + AssetId.unwrap(asset);
        assembly ("memory-safe") {
            tstore(slot, add(tload(slot), value))
        }
    }

    function sum(AssetId asset) internal view returns (uint256 value) {
        uint256 slot = SLOT + AssetId.unwrap(asset);
        assembly ("memory-safe") {
            value := tload(slot)
        }
    }
}
