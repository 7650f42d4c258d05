// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {Account, Ledger} from "./Ledger.sol";
import {Pricing} from "./Pricing.sol";

/// @notice What leaves an account of its owner's will: it meets initial margin afterwards, on prices that agree, and quote is
/// never taken out against spot. While a deficit stands, quote is paid in proportion to what is held.
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
        ledger.reserves[terms.asset].held -= uint128(paid * terms.unit);
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
        uint96 legs = ledger.accounts[account].legs;
        // A flat account has nothing to price, and insurance owes nothing.
        if (legs == 0 || account == INSURANCE) {
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
