// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";

/// @notice Where the ledger gets its prices. A price is latched at most once per timestamp and asset; later calls in the
/// block read what was latched.
interface IOracle {
    /// @notice Latches what is not latched yet and returns the prices, in the order of `assets`.
    function latch(AssetId[] calldata assets) external returns (Price[] memory);

    /// @notice As `latch`, of one asset.
    function latchOne(AssetId asset) external returns (Price memory);

    /// @notice What was latched last, and when.
    function latched(AssetId asset) external view returns (Price memory price, uint256 time);

    /// @notice What `latch` would return now.
    function peek(AssetId[] calldata assets) external view returns (Price[] memory);

    /// @notice Whether the price of an asset no longer moves.
    function isFixed(AssetId asset) external view returns (bool);
}
