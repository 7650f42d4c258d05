// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

enum PriceStatus {
    Fresh,
    Diverged,
    Stale
}

/// @notice A latched price in 1e18: the mark and its averages with time constants of 60 s and 30 min.
struct Price {
    uint256 mark;
    uint256 fast;
    uint256 slow;
    PriceStatus status;
}

/// @dev Prices outside these bounds are refused by the oracle; every width in the ledger is planned for them.
uint256 constant MIN_PRICE = 1e6;
uint256 constant MAX_PRICE = (1 << 80) - 1;
