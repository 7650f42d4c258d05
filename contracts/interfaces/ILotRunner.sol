// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {IExchange} from "./IExchange.sol";
import {ILotTaker} from "./ILotTaker.sol";

/// @title Lots for keepers without inventory
/// @notice Takes a lot, gets rid of it in the bidder's callback and sends what is left over to the caller's choice of account,
/// all in one call. Nobody needs capital for it, and nobody's is at risk: the account of this contract is empty before and after.
///
/// Order: first the orders that the caller brings, one by one, then the market's pool for the rest. Either all that was taken
/// is gone or nothing happened.
/// Authority: none. Who is in front of a caller earns what the caller would have earned.
/// Donations: anybody can add quote to any account. What lies in this one blocks nothing, is no part of a profit, and goes to
/// the next run's account with it.
interface ILotRunner is ILotTaker {
    struct Run {
        AccountId account;
        AssetId asset;
        /// What to take of the lot: more than orders and pool have room for reverts.
        uint256 most;
        uint256 least;
        /// In quote, after all fees.
        uint256 leastProfit;
        /// Where the profit goes: any ordinary account.
        AccountId to;
        IExchange.SignedOrder[] orders;
        uint256 deadline;
    }

    /// @notice One run: the size taken and offloaded, what it earned, and what went to `to`, donations included.
    event Ran(
        AccountId indexed account,
        AssetId indexed asset,
        AccountId indexed to,
        uint256 size,
        uint256 profit,
        uint256 sent
    );
    /// @notice An order that was left out, with what it failed with.
    event OrderSkipped(uint256 indexed index, bytes reason);

    error NotLiquidator(address caller);
    error NoRun();
    error WrongSide(int256 taken, int256 size);
    error ProfitTooSmall(int256 profit, uint256 least);
    error NoReason();

    /// @notice Takes up to `most` of a lot at its price of this moment and offloads it.
    function run(Run calldata terms) external returns (uint256 size, uint256 profit);

    /// @notice What a run now would take and earn with nothing but the pool: for a whole lot to the wei, for the part that the
    /// pool has room for at least so much. Nothing when there is no lot, no pool, or less room than a bid must take.
    /// @param size to be passed as `most`
    function quote(AccountId account, AssetId asset) external view returns (uint256 size, int256 profit);

    function ownAccount() external view returns (AccountId);
}
