// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {Assessor} from "./Assessor.sol";

/// @notice What the last look of a stage found an account worth, so that the step that follows at once need not look again.
/// Whatever may change an account in between ends it, at the latest the step, the next block or the transaction.
library Looks {
    /// @dev This slot holds the time and whether the account is liquidatable, the next one the account, four more its standing.
    uint256 private constant FOUND = uint256(keccak256("ballast.look"));

    function remember(AccountId account, Assessor.Assessment memory a) internal {
        uint256 slot = FOUND;
        uint256 found = (block.timestamp << 1) | (Assessor.liquidatable(a) ? 1 : 0);
        Assessor.Standing memory standing = Assessor.standing(a);
        assembly ("memory-safe") {
            tstore(slot, found)
            tstore(add(slot, 1), account)
            tstore(add(slot, 2), mload(standing))
            tstore(add(slot, 3), mload(add(standing, 0x20)))
            tstore(add(slot, 4), mload(add(standing, 0x40)))
            tstore(add(slot, 5), mload(add(standing, 0x60)))
        }
    }

    /// @return known whether this account was looked at last, now, and nothing has happened since
    function recall(
        AccountId account
    ) internal returns (bool known, bool liquidatable, Assessor.Standing memory standing) {
        uint256 slot = FOUND;
        uint256 found;
        AccountId last;
        assembly ("memory-safe") {
            found := tload(slot)
            last := tload(add(slot, 1))
        }
        known = found >> 1 == block.timestamp && last == account;
        forget();
        if (!known) return (false, false, standing);
        liquidatable = found & 1 == 1;
        assembly ("memory-safe") {
            mstore(standing, tload(add(slot, 2)))
            mstore(add(standing, 0x20), tload(add(slot, 3)))
            mstore(add(standing, 0x40), tload(add(slot, 4)))
            mstore(add(standing, 0x60), tload(add(slot, 5)))
        }
    }

    function forget() internal {
        uint256 slot = FOUND;
        assembly ("memory-safe") {
            tstore(slot, 0)
        }
    }
}
