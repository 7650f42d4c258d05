// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Budgets} from "../libraries/Budgets.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {DUST, INSURANCE, deficitRow} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Breakers} from "./Breakers.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Account, AssetKind, Budget, Ledger, Loser, Losses, Perp, Side} from "./Ledger.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";

/// @notice Who pays what an account could not: insurance within its budget, then a share of the winners' profit. What is left
/// stands in the market's row.
library Paying {
    using Accounting for Ledger;
    using Pricing for Ledger;

    /// @dev As many ticks as a step shares out besides what else it does; a side with more of them waits for `pay`.
    uint256 private constant MOST_TICKS = 128;

    /// @notice A loss, and what is known of it.
    /// mark: zero where the market has none in this call; then only insurance pays.
    /// openInterest: what will be left of it after the call, for how much of a loss is left standing without asking anybody.
    struct Loss {
        AssetId asset;
        AccountId account;
        uint256 amount;
        Loser loser;
        uint256 mark;
        uint256 openInterest;
    }

    /// @notice Books a loss in the row of the market and has it paid as far as it can be at once.
    function book(Ledger storage ledger, Loss memory loss) external {
        bookNow(ledger, loss);
    }

    /// @notice An account without legs owes nothing: what its cash lacks is a loss, in the row of the perp that it closed last.
    /// @param asset what it closed in this call, and `mark` its price
    function closeOut(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        Loser loser,
        uint256 mark
    ) external returns (uint256 deficit) {
        Account storage stored = ledger.accounts[account];
        if (stored.legs != 0 || stored.cash >= 0) return 0;
        deficit = uint256(-int256(stored.cash));
        AssetId last = stored.lastClosed == QUOTE ? asset : stored.lastClosed;
        if (last != asset) (loser, mark) = (ledger.perps[last].losses.loser, 0);
        bookNow(ledger, Loss(last, account, deficit, loser, mark, ledger.perps[last].openInterest));
    }

    /// @notice Insurance earns while something stands that nobody has paid.
    function earn(Ledger storage ledger, uint256 value) external {
        ledger.addIncome(value);
    }

    function bookNow(Ledger storage ledger, Loss memory loss) private {
        AssetId asset = loss.asset;
        ledger.bookDeficit(asset, loss.account, loss.amount, loss.loser);
        insure(ledger, asset);
        if (loss.mark == 0 || loss.loser == Loser.Unknown) return;
        uint256 standing = standingOf(ledger, asset);
        if (standing <= Breakers.tolerated(loss.openInterest, loss.mark)) return;
        // What the winners' own side has lost is not theirs to pay.
        if (ledger.perps[asset].losses.loser != loss.loser) standing = FixedPoint.min(standing, loss.amount);
        shareOut(ledger, asset, loss.loser == Loser.Shorts, loss.mark, standing);
    }

    /// @notice Shares what stands of a market that ends, before anybody takes his profit.
    function settleUp(Ledger storage ledger, AssetId asset, uint256 mark) external {
        shareOut(ledger, asset, winners(ledger, asset, mark), mark, standingOf(ledger, asset));
    }

    /// @dev Not where all was asked already at this mark, and not through more ticks than fit beside a step.
    function shareOut(Ledger storage ledger, AssetId asset, bool long, uint256 mark, uint256 most) private {
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        Losses memory losses = ledger.perps[asset].losses;
        if (losses.loser == (long ? Loser.Shorts : Loser.Longs) && losses.sharedAt != 0) {
            if (long ? mark <= losses.sharedAt : mark >= losses.sharedAt) return;
        }
        if (Deleveraging.countTicks(side) > MOST_TICKS) return;
        // A share that did not get through comes to its end before the next one begins.
        if (side.page != 0) most -= FixedPoint.min(most, share(ledger, asset, long, mark, most, MOST_TICKS));
        share(ledger, asset, long, mark, most, MOST_TICKS);
    }

    /// @notice Pays what can be paid of what stands.
    /// @param ticks the most to look for profit in
    function pay(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        uint256 ticks
    ) external returns (uint256 insured, uint256 shared) {
        insured = insure(ledger, asset);
        if (ticks == 0 || ledger.configs[asset].kind != AssetKind.Perp) return (insured, 0);
        if (!ledger.perps[asset].losses.standing) return (insured, 0);
        Price memory price = ledger.latchOne(oracle, asset);
        // Nobody knows who has won.
        if (price.status == PriceStatus.Stale) return (insured, 0);
        bool long = winners(ledger, asset, price.mark);
        shared = share(ledger, asset, long, price.mark, standingOf(ledger, asset), ticks);
    }

    /// @notice Takes from insurance what a market may use, at most `wanted`; the caller says where it goes.
    function use(Ledger storage ledger, AssetId asset, uint256 wanted) external returns (uint256 paid) {
        return useBudget(ledger, asset, wanted);
    }

    function insurable(Ledger storage ledger, AssetId asset) external view returns (uint256) {
        return FixedPoint.min(fund(ledger), Budgets.available(budgetOf(ledger, asset)));
    }

    function budgetOf(Ledger storage ledger, AssetId asset) public view returns (Budget memory) {
        return Budgets.current(ledger.budgets[asset], fund(ledger), block.timestamp);
    }

    function insure(Ledger storage ledger, AssetId asset) private returns (uint256 paid) {
        uint256 coverable = ledger.perps[asset].losses.coverable;
        if (coverable == 0) return 0;
        paid = useBudget(ledger, asset, coverable);
        if (paid == 0) return 0;
        ledger.perps[asset].losses.coverable = uint120(coverable - paid);
        emit IClearingHouse.DeficitInsured(asset, paid);
        ledger.reduceDeficit(asset, paid);
    }

    /// @dev A market that has nothing left of its budget is known to be without until a window ends.
    function useBudget(Ledger storage ledger, AssetId asset, uint256 wanted) private returns (uint256 paid) {
        Budget memory budget = budgetOf(ledger, asset);
        uint256 available = Budgets.available(budget);
        paid = FixedPoint.min(wanted, FixedPoint.min(fund(ledger), available));
        if (paid == 0) return 0;
        budget.hourUsed += uint128(paid);
        budget.dayUsed += uint128(paid);
        ledger.budgets[asset] = budget;
        if (paid == available) ledger.perps[asset].losses.spentUntil = uint40(Budgets.refilledAt(budget));
        ledger.addCash(INSURANCE, -int256(paid));
        emit IClearingHouse.InsuranceUsed(asset, paid);
    }

    function share(
        Ledger storage ledger,
        AssetId asset,
        bool long,
        uint256 mark,
        uint256 most,
        uint256 ticks
    ) private returns (uint256 paid) {
        uint256 dust;
        (paid, dust) = Deleveraging.share(ledger, asset, long, most, mark, ticks);
        ledger.addCash(DUST, int256(dust));
        if (paid != 0) ledger.reduceDeficit(asset, paid);
        Perp storage perp = ledger.perps[asset];
        // All of the side was asked and it was not enough, by more than rounding.
        bool through = Positions.sideOf(perp, long).page == 0;
        if (!through || most <= paid + MOST_TICKS) return paid;
        perp.losses.sharedAt = uint80(mark);
        emit IClearingHouse.ProfitExhausted(asset, mark);
    }

    /// @dev The other side of who lost; where nobody knows, the side that has more to share.
    function winners(Ledger storage ledger, AssetId asset, uint256 mark) private view returns (bool long) {
        Loser loser = ledger.perps[asset].losses.loser;
        if (loser != Loser.Unknown) return loser == Loser.Shorts;
        return Deleveraging.capacity(ledger, asset, true, mark) > Deleveraging.capacity(ledger, asset, false, mark);
    }

    function standingOf(Ledger storage ledger, AssetId asset) private view returns (uint256) {
        return uint256(-int256(ledger.accounts[deficitRow(asset)].cash));
    }

    function fund(Ledger storage ledger) private view returns (uint256) {
        return uint256(int256(ledger.accounts[INSURANCE].cash));
    }
}
