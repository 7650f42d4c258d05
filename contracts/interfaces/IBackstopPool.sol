// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Minutes} from "../libraries/Minutes.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {IExchange} from "./IExchange.sol";

/// @title Liquidity of last resort
/// @notice Shares of the account that takes over, leg by leg, what nobody else takes of accounts that fail, and what gets rid
/// of it again. Absorbing needs no call: the closing chain trades with the account.
///
/// Unwinding: anyone may, a bounded part of live depth per minute and asset, at a bounded distance from what the price is, and
/// only while that is fresh. Amounts shrink to the leg, the minute and the pool; nothing left reverts, with why.
/// Prices: distances are from the one of mark and fast that is better for the vault, fees of the exchange aside: a wick sells
/// nothing.
interface IBackstopPool {
    /// @notice How it gets rid of what it took, in basis points.
    struct Unwinding {
        /// Of live depth, per minute and asset.
        uint16 rate;
        /// The most that the price of a perp may be worse.
        uint16 maxCost;
        /// What a buyer of spot gets off.
        uint16 spotDiscount;
    }

    /// @param size what was bought, negative for sold
    event Unwound(AssetId indexed asset, int256 size, uint256 price, Minutes.Minute minute);
    event UnwindingSet(Unwinding before, Unwinding unwinding);

    /// @param most what the caller and the pool leave
    /// @param allowance notional left of this minute
    error NothingToUnwind(AssetId asset, int256 held, uint256 most, uint256 allowance);
    /// @notice An order on the same side as the leg.
    error NoReduction(AssetId asset, int256 held, int256 size);
    error PriceTooFar(uint256 price, uint256 bound);
    error OutOfBounds(bytes32 parameter, uint256 value, uint256 lower, uint256 upper);

    /// @notice Trades with the market's pool to reduce a leg.
    /// @param most in 1e18; what is done is less if leg, minute or pool leave less
    function unwind(AssetId asset, uint256 most, uint256 deadline) external returns (uint256 size, uint256 price);

    /// @notice Takes a signed order to reduce a leg, as much of it as leg and minute leave; a tip in it is the vault's.
    function unwindInto(
        IExchange.SignedOrder calldata order,
        uint256 most,
        uint256 deadline
    ) external returns (uint256 size);

    /// @notice Sells spot to the caller, at the dearer of mark and fast less the discount.
    /// @param amount token units of it; what is sold is less if leg, minute or the ledger's limit on withdrawals leave less
    /// @param mostQuote token units of quote to pay for all of it; for a part of it, that part
    /// @return bought token units of the spot
    /// @return paid token units of quote
    function buySpot(
        AssetId spot,
        uint256 amount,
        uint256 mostQuote,
        uint256 deadline
    ) external returns (uint256 bought, uint256 paid);

    function setUnwinding(Unwinding calldata terms) external;

    /// @notice What leg, minute and, of spot, the ledger's limit on withdrawals leave to be unwound now, in 1e18; nothing
    /// while the market is halted or its price not fresh. Who buys spot needs the backstop to have its initial margin besides.
    function unwindable(AssetId asset) external view returns (uint256 size);

    function unwinding() external view returns (Unwinding memory);

    function account() external view returns (AccountId);

    function exchange() external view returns (IExchange);
}
