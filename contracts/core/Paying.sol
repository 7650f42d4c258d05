// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Budgets} from "../libraries/Budgets.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {DUST, INSURANCE, deficitRow} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Breakers} from "./Breakers.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Account, AssetKind, Budget, Ledger, Loser, Losses, Perp} from "./Ledger.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";

/// @notice Who pays what an account could not: insurance within its budget, then a share of the winners' profit. What is left
/// stands in the market's row.
library Paying {
    using Accounting for Ledger;
    using Pricing for Ledger;

    /// @dev As many ticks as a step shares out besides what else it does; a side with more of them waits for `pay`.
    uint256 private constant MOST_TICKS = 128;

    /// @notice Books a loss in the row of the market and has it paid as far as it can be at once.
    /// @param mark zero where the market has none in this call; then only insurance pays
    function book(
        Ledger storage ledger,
        AssetId asset,
        AccountId account,
        uint256 amount,
        Loser loser,
        uint256 mark
    ) external {
        bookNow(ledger, asset, account, amount, loser, mark);
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
        bookNow(ledger, last, account, deficit, loser, mark);
    }

    /// @notice Insurance earns while something stands that nobody has paid.
    function earn(Ledger storage ledger, uint256 value) external {
        ledger.addIncome(value);
    }

    function bookNow(
        Ledger storage ledger,
        AssetId asset,
        AccountId account,
        uint256 amount,
        Loser loser,
        uint256 mark
    ) private {
        ledger.bookDeficit(asset, account, amount, loser);
        insure(ledger, asset);
        Perp storage perp = ledger.perps[asset];
        Losses memory losses = perp.losses;
        if (mark == 0 || loser == Loser.Unknown) return;
        uint256 standing = standingOf(ledger, asset);
        if (standing <= Breakers.tolerated(perp.openInterest, mark)) return;
        bool long = loser == Loser.Shorts;
        bool exhausted = long ? mark <= losses.sharedAt : losses.sharedAt != 0 && mark >= losses.sharedAt;
        if (exhausted || Deleveraging.countTicks(Positions.sideOf(perp, long)) > MOST_TICKS) return;
        share(ledger, asset, long, mark, MOST_TICKS);
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
        uint256 mark = ledger.latchOne(oracle, asset).mark;
        shared = share(ledger, asset, winners(ledger, asset, mark), mark, ticks);
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
        uint256 ticks
    ) private returns (uint256 paid) {
        uint256 dust;
        uint256 standing = standingOf(ledger, asset);
        (paid, dust) = Deleveraging.share(ledger, asset, long, standing, mark, ticks);
        ledger.addCash(DUST, int256(dust));
        if (paid != 0) ledger.reduceDeficit(asset, paid);
        Perp storage perp = ledger.perps[asset];
        // All of the side was asked and it was not enough.
        bool through = Positions.sideOf(perp, long).page.fraction == 0;
        if (through && paid != standing) perp.losses.sharedAt = uint80(mark);
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
