// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./AccountId.sol";
import {AssetId} from "./AssetId.sol";

/// @dev No row: in the terms of a trade it stands for the account of the market's pool.
AccountId constant POOL = AccountId.wrap(0);

/// @dev Reserved rows belong to owner zero, whom nobody can impersonate: they are ordinary rows that no key can move.
AccountId constant TREASURY = AccountId.wrap(1);
AccountId constant INSURANCE = AccountId.wrap(2);
AccountId constant DUST = AccountId.wrap(3);
/// @dev Fees of trades, until somebody has them shared out.
AccountId constant FEES = AccountId.wrap(4);

uint256 constant DEFICIT_ROWS = 1 << 32;

uint256 constant SETTLEMENT_ROWS = 1 << 33;

/// @notice The row that holds what nobody has paid yet of a market's losses; its cash is never positive.
function deficitRow(AssetId asset) pure returns (AccountId) {
    return AccountId.wrap(DEFICIT_ROWS | AssetId.unwrap(asset));
}

/// @notice The other party of every leg that is closed when a market is wound down; it ends with nothing.
function settlementRow(AssetId asset) pure returns (AccountId) {
    return AccountId.wrap(SETTLEMENT_ROWS | AssetId.unwrap(asset));
}
