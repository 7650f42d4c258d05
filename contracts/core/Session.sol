// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

/// @notice The time between a taker's fill and the look at his margin. Everything else of the ledger is locked meanwhile;
/// trades of the taker in the asset are not. Forgotten when it ends, at the latest with the transaction.
library Session {
    /// @dev This slot holds the taker, the next one the asset.
    uint256 private constant TAKER = uint256(keccak256("ballast.session"));
    uint256 private constant ASSET = TAKER + 1;

    function open(AccountId taker, AssetId asset) internal {
        (uint256 takerSlot, uint256 assetSlot) = (TAKER, ASSET);
        assembly ("memory-safe") {
            tstore(takerSlot, taker)
            tstore(assetSlot, asset)
        }
    }

    function close() internal {
        open(AccountId.wrap(0), AssetId.wrap(0));
    }

    /// @notice Whether this trade is one of the taker's, in the asset of the session that is open.
    function admits(IClearingHouse.Trade calldata terms) internal view returns (bool) {
        (uint256 takerSlot, uint256 assetSlot) = (TAKER, ASSET);
        AccountId taker;
        AssetId asset;
        assembly ("memory-safe") {
            taker := tload(takerSlot)
        }
        if (AccountId.unwrap(taker) == 0) return false;
        assembly ("memory-safe") {
            asset := tload(assetSlot)
        }
        return asset == terms.asset && (terms.buyer == taker || terms.seller == taker);
    }
}
