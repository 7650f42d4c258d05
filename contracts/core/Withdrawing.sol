// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {Ledger, Reserve} from "./Ledger.sol";
import {Pricing} from "./Pricing.sol";

/// @notice What leaves an account of its owner's will: it meets initial margin afterwards, on prices that agree, and quote is
/// never taken out against spot. While a deficit stands, quote is paid in proportion to what is held.
library Withdrawing {
    using SafeERC20 for IERC20;
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    function withdraw(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset,
        uint256 amount,
        address to
    ) external returns (uint256 paid) {
        require(to != address(0), IClearingHouse.ZeroAddress());
        require(amount != 0, IClearingHouse.ZeroAmount());
        Reserve storage reserve = ledger.reserves[asset];
        require(reserve.token != address(0), IClearingHouse.UnknownAsset(asset));
        uint256 unit = Accounting.unitOf(reserve);
        uint256 value = Accounting.scaled(amount, unit);
        int256 balance;
        paid = amount;
        if (asset == QUOTE) (paid, value, balance) = debitQuote(ledger, account, value, unit);
        else balance = ledger.resizeSpot(account, asset, -int256(value));
        reserve.held -= uint128(paid * unit);
        requireFree(ledger, oracle, account, asset == QUOTE);
        emit IClearingHouse.Withdrawn(account, asset, to, value, paid, balance);
        push(reserve.token, to, paid);
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
        requireFree(ledger, oracle, from, true);
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

    function requireFree(Ledger storage ledger, IOracle oracle, AccountId account, bool quote) private {
        // A flat account has nothing to price.
        if (ledger.accounts[account].legs == 0) {
            int256 cash = ledger.accounts[account].cash;
            require(cash >= 0, IClearingHouse.InsufficientMargin(account, cash, 0));
            return Debts.track(ledger, account, 0);
        }
        Price[] memory prices = ledger.latchAll(oracle, account);
        Assessor.Assessment memory a = Assessor.assess(ledger, account, prices);
        require(!a.diverged, IClearingHouse.PriceDiverged(account));
        Pricing.requireMargin(account, a);
        require(!quote || a.quoteEquity >= 0, IClearingHouse.InsufficientQuote(account, a.quoteEquity));
        Debts.track(ledger, account, Assessor.debt(Assessor.standing(a)));
    }

    /// @dev Without legs there is nothing but cash; with legs margin decides.
    function requireCash(Ledger storage ledger, AccountId account, uint256 needed) private view {
        int256 cash = ledger.accounts[account].cash;
        require(
            ledger.accounts[account].legs != 0 || cash >= int256(needed),
            IClearingHouse.InsufficientCash(account, cash, needed)
        );
    }

    function push(address token, address to, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 sent = before - IERC20(token).balanceOf(address(this));
        require(sent == amount, IClearingHouse.TokenAmountMismatch(token, amount, sent));
    }
}
