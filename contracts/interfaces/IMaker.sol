// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";

/// @notice A contract that quotes for an account it owns. By returning a price it agrees to trade at it now.
interface IMaker {
    /// @param size what the taker buys, negative for what he sells
    /// @return price of one unit, in 1e18
    function quote(AssetId asset, int256 size) external view returns (uint256 price);

    /// @notice The largest size that a taker can buy or sell now.
    function capacity(AssetId asset, bool buys) external view returns (uint256 size);
}
