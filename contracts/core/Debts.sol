// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Account, Debt, Ledger} from "./Ledger.sol";

/// @notice Quote owed against spot: what perps lost beyond the quote of an account that holds spot. It bears interest to
/// insurance. What is owed is measured whenever prices are at hand and held in between, as a price is in an average.
library Debts {
    /// @notice amount·rate·elapsed / year, up: what has not been charged yet.
    function interest(Ledger storage ledger, AccountId account) internal view returns (uint256) {
        Debt storage debt = ledger.debts[account];
        uint256 elapsed = block.timestamp - debt.since;
        return FixedPoint.mulDivUp(debt.amount, ledger.houseTerms.debtRate * elapsed, WAD * 365 days);
    }

    /// @notice Pays insurance the interest so far, which the caller takes from the account.
    function charge(Ledger storage ledger, AccountId account) internal returns (uint256 charged) {
        charged = interest(ledger, account);
        if (charged == 0) return 0;
        ledger.debts[account].since = uint40(block.timestamp);
        Accounting.addCash(ledger, INSURANCE, int256(charged));
        emit IClearingHouse.InterestCharged(account, charged);
    }

    /// @notice Writes down what the account owes now, interest so far paid.
    function track(Ledger storage ledger, AccountId account, uint256 amount) internal {
        Account storage stored = ledger.accounts[account];
        bool before = stored.indebted;
        if (!before && amount == 0) return;
        if (before) Accounting.addCash(ledger, account, 0);
        Debt storage debt = ledger.debts[account];
        if (before && debt.amount == amount) return;
        (debt.amount, debt.since) = (uint128(amount), uint40(block.timestamp));
        stored.indebted = amount != 0;
        emit IClearingHouse.DebtChanged(account, amount);
    }

    /// @notice Cash that arrives without prices at hand lowers what is owed.
    function repay(Ledger storage ledger, AccountId account, uint256 value) internal {
        if (!ledger.accounts[account].indebted) return;
        uint256 owed = ledger.debts[account].amount;
        track(ledger, account, owed > value ? owed - value : 0);
    }
}
