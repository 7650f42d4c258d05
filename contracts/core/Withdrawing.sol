// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Outflows} from "../libraries/Outflows.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {Inflows} from "./Inflows.sol";
import {Account, Ledger, Reserve} from "./Ledger.sol";
import {Pricing} from "./Pricing.sol";

/// @notice What leaves an account of its owner's will: it meets initial margin afterwards, on prices that agree, and quote is
/// never taken out against spot. While a deficit stands, quote is paid in proportion to what is held. A reserve loses no more
/// within an hour than the terms say.
library Withdrawing {
    using SafeERC20 for IERC20;
    using Accounting for Ledger;
    using Exchanging for Ledger;

    struct Terms {
        AccountId account;
        AssetId asset;
        /// Of the asset: its token, and what one unit of it is in 1e18.
        address token;
        uint256 unit;
        /// Token units.
        uint256 amount;
        address to;
    }

    function withdraw(Ledger storage ledger, IOracle oracle, Terms memory terms) external returns (uint256 paid) {
        require(terms.to != address(0), IClearingHouse.ZeroAddress());
        require(terms.amount != 0, IClearingHouse.ZeroAmount());
        uint256 value = Accounting.scaled(terms.amount, terms.unit);
        bool quote = terms.asset == QUOTE;
        int256 balance;
        paid = terms.amount;
        if (quote) (paid, value, balance) = debitQuote(ledger, terms.account, value, terms.unit);
        else balance = ledger.resizeSpot(terms.account, terms.asset, -int256(value));
        release(ledger, terms.asset, paid * terms.unit);
        requireFree(ledger, oracle, terms.account, quote);
        emit IClearingHouse.Withdrawn(terms.account, terms.asset, terms.to, value, paid, balance);
        push(terms.token, terms.to, paid);
    }

    function transferCash(Ledger storage ledger, IOracle oracle, AccountId from, AccountId to, uint256 value) external {
        address owner = from.ownerOf();
        require(to.ownerOf() != address(0), IClearingHouse.ReservedRow(to));
        require(msg.sender == owner || to.ownerOf() == owner, IClearingHouse.RecipientNotOwner(from, to.ownerOf()));
        require(from != to, IClearingHouse.SelfExchange(from));
        require(value != 0, IClearingHouse.ZeroAmount());
        int256 change = Accounting.signed(value);
        requireCash(ledger, from, value);
        ledger.addCash(from, -change);
        ledger.addCash(to, change);
        Debts.repay(ledger, to, value);
        requireFree(ledger, oracle, from, true);
    }

    function outflowLeft(Ledger storage ledger, AssetId asset) external view returns (uint256) {
        Reserve memory reserve = ledger.reserves[asset];
        return ledger.houseTerms.outflow == Outflows.ALL ? reserve.held : left(ledger, asset, current(asset, reserve));
    }

    /// @return paid token units
    function debitQuote(
        Ledger storage ledger,
        AccountId account,
        uint256 wanted,
        uint256 unit
    ) private returns (uint256 paid, uint256 value, int256 balance) {
        requireCash(ledger, account, wanted);
        (uint256 held, uint256 deficit) = (ledger.reserves[QUOTE].held, ledger.reserves[QUOTE].deficit);
        uint256 forgone;
        (paid, forgone) = Accounting.payout(wanted, held, deficit, unit);
        value = paid + forgone;
        require(value != 0, IClearingHouse.InsufficientHeld(QUOTE, held, wanted));
        balance = ledger.addCash(account, -int256(value));
        ledger.reduceDeficits(forgone);
        paid /= unit;
    }

    function release(Ledger storage ledger, AssetId asset, uint256 value) private {
        if (ledger.houseTerms.outflow != Outflows.ALL) limit(ledger, asset, value);
        ledger.reserves[asset].held -= uint128(value);
    }

    function limit(Ledger storage ledger, AssetId asset, uint256 value) private {
        Reserve storage stored = ledger.reserves[asset];
        Reserve memory reserve = stored;
        uint256 start = reserve.windowStart;
        uint256 most = left(ledger, asset, current(asset, reserve));
        require(value <= most, IClearingHouse.WithdrawalAboveLimit(asset, value, most));
        if (reserve.windowStart == start) return;
        (stored.windowStart, stored.windowHeld) = (reserve.windowStart, reserve.windowHeld);
        emit IClearingHouse.OutflowWindow(asset, reserve.windowStart, uint256(reserve.windowHeld) * Outflows.GRAIN);
    }

    function current(AssetId asset, Reserve memory reserve) private view returns (Reserve memory) {
        return Outflows.current(reserve, Inflows.sum(asset), block.timestamp);
    }

    function left(Ledger storage ledger, AssetId asset, Reserve memory reserve) private view returns (uint256) {
        uint256 floor =
            asset == QUOTE
                ? Outflows.quoteFloor(ledger.houseTerms.outflowFloor)
                : Outflows.spotFloor(ledger.limits[asset].total);
        return Outflows.left(reserve, ledger.houseTerms.outflow, floor);
    }

    function requireFree(Ledger storage ledger, IOracle oracle, AccountId account, bool quote) private {
        uint96 legs = ledger.accounts[account].legs;
        // Insurance owes nothing, whatever it holds.
        if (account == INSURANCE) legs = 0;
        // A flat account has nothing to price.
        if (legs == 0) {
            int256 cash = ledger.accounts[account].cash;
            require(cash >= 0, IClearingHouse.InsufficientMargin(account, cash, 0));
            return Debts.track(ledger, account, 0);
        }
        Assessor.Assessment memory a = Assessor.assess(ledger, account, Pricing.latchAll(oracle, legs));
        require(!a.diverged, IClearingHouse.PriceDiverged(account));
        Pricing.requireMargin(account, a);
        require(!quote || a.quoteEquity >= 0, IClearingHouse.InsufficientQuote(account, a.quoteEquity));
        Debts.track(ledger, account, Assessor.debt(Assessor.standing(a)));
    }

    /// @dev Without legs there is nothing but cash; with legs margin decides.
    function requireCash(Ledger storage ledger, AccountId account, uint256 needed) private view {
        Account storage stored = ledger.accounts[account];
        (int256 cash, uint96 legs) = (stored.cash, stored.legs);
        require(legs != 0 || cash >= int256(needed), IClearingHouse.InsufficientCash(account, cash, needed));
    }

    function push(address token, address to, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 sent = before - IERC20(token).balanceOf(address(this));
        require(sent == amount, IClearingHouse.TokenAmountMismatch(token, amount, sent));
    }
}
