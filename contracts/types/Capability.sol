// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a stage may ask of the ledger; each comes with a law that the ledger enforces itself.
enum Capability {
    Trade,
    Liquidate,
    Offset,
    Cover
}
