// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

enum PriceStatus {
    Fresh,
    Diverged,
    Stale
}

/// @notice A latched price in 1e18.
struct Price {
    uint256 mark;
    /// Averages of the mark with time constants of 60 s and 30 min.
    uint256 fast;
    uint256 slow;
    /// Volatility per √second in 1e18.
    uint256 sigma;
    /// The sources' own time of the mark: of the older one when two make the median.
    uint256 updatedAt;
    PriceStatus status;
}

/// @dev Prices outside these bounds are refused by the oracle; every width in the ledger is planned for them.
uint256 constant MIN_PRICE = 1e6;
uint256 constant MAX_PRICE = (1 << 80) - 1;
