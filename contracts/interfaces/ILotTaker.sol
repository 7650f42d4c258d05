// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "./ILiquidator.sol";

/// @notice A bidder that wants to act between his fill and the look at his margin.
interface ILotTaker {
    /// @notice Called by the liquidator. Nothing of the ledger is open but trades of the taker in this asset.
    function onTaken(ILiquidator.Taken calldata taken, bytes calldata data) external;
}
