// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {INSURANCE, deficitRow} from "../types/Rows.sol";
import {Debts} from "./Debts.sol";
import {Account, Ledger, Loser, Losses} from "./Ledger.sol";

/// @notice Cash between rows, and the deficits among them.
library Accounting {
    /// @dev The part of a deficit that insurance may pay, in basis points.
    uint256 private constant INSURED = 8_000;

    /// @dev Values come from outside as unsigned numbers: one beyond this would turn its sign.
    uint256 private constant MAX_VALUE = uint256(uint128(type(int128).max));

    /// @notice A value as a signed number; every value that a caller chooses passes here.
    function signed(uint256 value) internal pure returns (int256) {
        require(value <= MAX_VALUE, IClearingHouse.ValueOutOfBounds(value, MAX_VALUE));
        return int256(value);
    }

    /// @notice Token units in 1e18.
    function scaled(uint256 amount, uint256 unit) internal pure returns (uint256) {
        require(amount <= MAX_VALUE / unit, IClearingHouse.ValueOutOfBounds(amount, MAX_VALUE / unit));
        return amount * unit;
    }

    /// @dev Whoever touches the cash of an account that owes quote pays the interest so far first.
    function addCash(Ledger storage ledger, AccountId account, int256 change) internal returns (int256 cash) {
        Account storage stored = ledger.accounts[account];
        bool indebted;
        (cash, indebted) = (stored.cash, stored.indebted);
        if (indebted) change -= int256(Debts.charge(ledger, account));
        if (change == 0) return cash;
        cash += change;
        require(cash == int128(cash), IClearingHouse.CashOutOfBounds(account, cash));
        stored.cash = int128(cash);
        emit IClearingHouse.CashChanged(account, cash);
    }

    /// @notice What insurance gets of steps and fees: it repays what nobody has paid yet before it stays with the fund.
    function addIncome(Ledger storage ledger, uint256 value) internal {
        if (value == 0) return;
        uint256 repaid = FixedPoint.min(value, ledger.reserves[QUOTE].deficit);
        if (repaid != 0) reduceDeficits(ledger, repaid);
        addCash(ledger, INSURANCE, int256(value - repaid));
    }

    /// @notice Makes the account whole and writes the loss to the row of the market.
    function bookDeficit(
        Ledger storage ledger,
        AssetId asset,
        AccountId account,
        uint256 amount,
        Loser loser
    ) internal {
        if (amount == 0) return;
        addCash(ledger, account, int256(amount));
        Losses storage losses = ledger.perps[asset].losses;
        int256 row = addCash(ledger, deficitRow(asset), -int256(amount));
        if (!losses.standing) ledger.inDeficit.push(asset);
        // Who lost more tells who won; what was known to be shared out was known of the other side.
        if (losses.loser != loser && uint256(-row) < 2 * amount) (losses.loser, losses.sharedAt) = (loser, 0);
        losses.coverable += uint120(FixedPoint.mulDivDown(amount, INSURED, 10_000));
        losses.standing = true;
        ledger.reserves[QUOTE].deficit += uint128(amount);
        emit IClearingHouse.DeficitBooked(asset, account, amount, loser);
    }

    /// @notice Pays off part of a market's deficit; the cash must come from another row or from a claim that ends.
    function reduceDeficit(Ledger storage ledger, AssetId asset, uint256 amount) internal {
        int256 left = addCash(ledger, deficitRow(asset), int256(amount));
        ledger.reserves[QUOTE].deficit -= uint128(amount);
        uint256 standing = uint256(-left);
        Losses storage losses = ledger.perps[asset].losses;
        if (losses.coverable > standing) losses.coverable = uint120(standing);
        if (standing == 0) {
            (losses.loser, losses.standing, losses.sharedAt) = (Loser.Unknown, false, 0);
            (ledger.perps[asset].long.page, ledger.perps[asset].short.page) = (0, 0);
            forget(ledger, asset);
        }
        emit IClearingHouse.DeficitReduced(asset, amount);
    }

    /// @notice Pays off `amount` over the markets in deficit, the newest first. `amount` is at most the total.
    function reduceDeficits(Ledger storage ledger, uint256 amount) internal {
        while (amount != 0) {
            AssetId asset = ledger.inDeficit[ledger.inDeficit.length - 1];
            uint256 paid = FixedPoint.min(amount, uint256(-int256(ledger.accounts[deficitRow(asset)].cash)));
            reduceDeficit(ledger, asset, paid);
            amount -= paid;
        }
    }

    /// @notice What a claim of `value` on the quote held pays now: in full without a deficit, else v·H / (H + deficit), and
    /// never more than is held. The claim that ends is in the same proportion to what is paid for everybody, to the wei, so
    /// what a holder takes out never makes the deficit per remaining claim larger, and nobody gains by running.
    /// @return paid a multiple of `unit`
    /// @return forgone the part of the claim that ends unpaid and reduces the deficit
    function payout(
        uint256 value,
        uint256 held,
        uint256 deficit,
        uint256 unit
    ) internal pure returns (uint256 paid, uint256 forgone) {
        uint256 claimed = FixedPoint.min(value, held + deficit);
        if (claimed == 0) return (0, 0);
        paid = FixedPoint.mulDivDown(claimed, held, held + deficit);
        paid -= paid % unit;
        if (paid != 0) forgone = FixedPoint.min(FixedPoint.mulDivUp(paid, deficit, held), claimed - paid);
    }

    /// @notice The largest claim whose payout is no more than `most`; any claim, when all that is held may be paid.
    /// @param held a multiple of `unit`
    function claim(uint256 most, uint256 held, uint256 deficit, uint256 unit) internal pure returns (uint256) {
        if (most >= held) return type(uint256).max;
        uint256 whole = most - (most % unit);
        return whole == 0 ? 0 : FixedPoint.mulDivUp(whole + unit, held + deficit, held) - 1;
    }

    function forget(Ledger storage ledger, AssetId asset) private {
        AssetId[] storage list = ledger.inDeficit;
        uint256 i;
        while (list[i] != asset) ++i;
        list[i] = list[list.length - 1];
        list.pop();
    }
}
