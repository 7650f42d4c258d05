// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {PriceStatus} from "../types/Price.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetKind, AssetState, Ledger} from "./Ledger.sol";
import {Paying} from "./Paying.sol";
import {Planner} from "./Planner.sol";
import {Pricing} from "./Pricing.sol";
import {Steps} from "./Steps.sol";

/// @notice The law of OFFSET, for a leg that nobody takes. A perp of an account that is bankrupt or far below maintenance is
/// closed at mark against the whole other side, everyone by the same fraction. A spot of a bankrupt account whose price
/// is stale goes to insurance, below its last mark.
library Offsetting {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    function offset(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms
    ) external returns (IClearingHouse.Step memory step) {
        require(terms.insuredPremium == 0, IClearingHouse.ValueOutOfBounds(terms.insuredPremium, 0));
        Steps.Start memory start = Steps.begin(ledger, oracle, terms);
        (start.taker, step.price) = (AccountId.wrap(0), start.price.mark);
        Exchanging.Change memory change;
        if (start.market.config.kind == AssetKind.Spot) sell(ledger, terms, change, start, step);
        else end(ledger, oracle, terms, change, start, step);
        Assessor.Standing memory standing = Steps.check(terms, change, start);
        Steps.finish(ledger, terms, change, standing, start, step);
    }

    /// @dev Who has profit on the other side shares the loss before any of it is realised.
    function end(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Steps.Start memory start,
        IClearingHouse.Step memory step
    ) private {
        requireOpen(terms, start);
        (AccountId account, AssetId asset) = (terms.account, terms.asset);
        (change.settled, change.before) = Deleveraging.touch(ledger, account, asset);
        ledger.addCash(account, change.settled);
        uint256 asked = FixedPoint.min(
            terms.size,
            Planner.orphaned(start.before, start.market, change.before, start.price, Steps.costOf(terms))
        );
        // Rounding may have left less of the other side.
        uint256 size = FixedPoint.min(asked, ledger.perps[asset].openInterest);
        require(size != 0 || isResidue(ledger, asset, change), IClearingHouse.ZeroAmount());
        change.afterwards = start.long ? change.before - int256(size) : change.before + int256(size);
        Steps.payRewards(ledger, terms, asked, start);
        step.deficit = lossOf(start, change, size);
        Steps.book(ledger, terms, step.deficit, size, start);
        close(ledger, terms, change, size, start.price.mark);
        ledger.addCash(account, change.paid);
        emit IClearingHouse.Offset(account, asset, size, start.price.mark);
        ledger.measurePool(oracle, asset, start.price);
    }

    /// @dev What rounding leaves of a leg when nothing is left of the other side has nobody to close against.
    function close(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        uint256 size,
        uint256 mark
    ) private {
        (AccountId account, AssetId asset) = (terms.account, terms.asset);
        int256 proceeds;
        int256 left = change.before;
        if (size != 0) (, proceeds, left) = Deleveraging.offset(ledger, account, asset, size, mark);
        if (left != 0 && ledger.perps[asset].openInterest == 0) {
            Deleveraging.drop(ledger, account, asset);
            left = 0;
        }
        ledger.track(account, asset, left);
        change.afterwards = left;
        change.paid = proceeds - Steps.costOf(terms);
    }

    function isResidue(
        Ledger storage ledger,
        AssetId asset,
        Exchanging.Change memory change
    ) private view returns (bool) {
        return change.before != 0 && ledger.perps[asset].openInterest == 0;
    }

    function requireOpen(IClearingHouse.Liquidation calldata terms, Steps.Start memory start) private pure {
        bool open = start.price.status != PriceStatus.Stale && start.market.config.state != AssetState.Settling;
        require(open, IClearingHouse.AssetNotTradable(terms.asset));
        require(
            Assessor.orphaned(start.before),
            IClearingHouse.NotOrphaned(terms.account, start.before.marginEquity, start.before.maintenance)
        );
    }

    /// @dev What of a bankrupt account's loss is this leg's; at mark the rest of the step costs nothing but a wei of rounding.
    function lossOf(
        Steps.Start memory start,
        Exchanging.Change memory change,
        uint256 size
    ) private pure returns (uint256) {
        if (start.before.equity >= 0) return 0;
        int256 paid = Deleverage.offsetProceeds(start.long, size, start.price.mark);
        return
            Steps.shortfall(
                start.before,
                Assessor.shifted(start.before, start.market, start.price, change.before, change.afterwards, paid)
            );
    }

    /// @dev At last mark·(1 − 2·haircut): what the spot counts for.
    function sell(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Steps.Start memory start,
        IClearingHouse.Step memory step
    ) private {
        change.before = ledger.positions[terms.account][terms.asset].size;
        step.price = priceOf(terms, start);
        start.taker = INSURANCE;
        uint256 size = sold(ledger, terms, change.before, start.before, step.price);
        change.afterwards = ledger.resizeSpot(terms.account, terms.asset, -int256(size));
        ledger.resizeSpot(INSURANCE, terms.asset, int256(size));
        Steps.payRewards(ledger, terms, size, start);
        change.paid = int256(Paying.use(ledger, terms.asset, counted(start, change))) - Steps.costOf(terms);
        ledger.addCash(terms.account, change.paid);
        emit IClearingHouse.Exchanged(terms.asset, INSURANCE, terms.account, size, step.price, 0);
    }

    /// @dev What the spot sold counted for, to the wei.
    function counted(Steps.Start memory start, Exchanging.Change memory change) private pure returns (uint256) {
        int256 before = Assessor.leg(start.market, change.before, start.price).marginEquity;
        return uint256(before - Assessor.leg(start.market, change.afterwards, start.price).marginEquity);
    }

    function priceOf(
        IClearingHouse.Liquidation calldata terms,
        Steps.Start memory start
    ) private pure returns (uint256) {
        bool bankrupt = start.before.equity < 0 || start.before.maintenance == 0;
        require(!start.debtSale && bankrupt, IClearingHouse.NotBankrupt(terms.account, start.before.equity));
        uint256 cut = Assessor.haircut(start.market.config, start.price.status);
        bool open = start.price.status == PriceStatus.Stale && cut < 10_000;
        require(open, IClearingHouse.AssetNotTradable(terms.asset));
        return FixedPoint.mulDivDown(start.price.mark, 10_000 - cut, 10_000);
    }

    /// @dev As much as pays what is owed, as far as the budget goes.
    function sold(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        int256 held,
        Assessor.Standing memory before,
        uint256 price
    ) private view returns (uint256 size) {
        size = FixedPoint.min(terms.size, uint256(held));
        size = FixedPoint.min(size, FixedPoint.mulDivUp(Assessor.debt(before), WAD, price));
        size = FixedPoint.min(size, FixedPoint.mulDivDown(Paying.insurable(ledger, terms.asset), WAD, price));
        require(size != 0, IClearingHouse.ZeroAmount());
    }
}
