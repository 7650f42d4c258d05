// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What the ledger asks of a stage that lets takers act before their margin is looked at.
interface ILiquidationStage {
    /// @notice Called by the ledger inside `liquidate`, when the taker has the position and the account is settled.
    function onTaken(bytes calldata data) external;
}
