// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {Account, AssetKind, Ledger} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Pricing} from "./Pricing.sol";

/// @notice The law of LIQUIDATE. The account is liquidatable in this block, its leg only shrinks, what it loses against mark
/// stays within the bound and never lowers its health, and the taker meets initial margin. What a bankrupt account cannot
/// pay is booked in the same call.
library Liquidating {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;
    using Pricing for Ledger;

    /// @dev What a step starts from, and why it may be taken.
    struct Step {
        Price price;
        Markets.Market market;
        Assessor.Standing before;
        bool debtSale;
    }

    function liquidate(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms
    ) external returns (uint256 deficit) {
        Step memory step = begin(ledger, oracle, terms);
        Exchanging.Change memory change = take(ledger, terms, step.price.mark);
        deficit = check(ledger, terms, change, step);
        ledger.requireInitial(oracle, terms.taker);
        AccountId pool = accountId(ledger.perps[terms.asset].pool.owner, 0);
        if (terms.taker == pool || terms.account == pool) ledger.measurePool(oracle, terms.asset, step.price);
    }

    /// @notice Brings every leg of an account, and what it owes against spot, up to date.
    function settle(Ledger storage ledger, IOracle oracle, AccountId account) external {
        AssetId[] memory legs = ledger.accounts[account].legs.list();
        Price[] memory prices = ledger.latch(oracle, legs);
        int256 cash;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (ledger.configs[legs[i]].kind != AssetKind.Perp) continue;
            Exchanging.Change memory change = ledger.resize(account, legs[i], 0, prices[i].mark);
            cash += change.settled;
        }
        ledger.addCash(account, cash);
        if (legs.length == 0) return;
        closeOut(ledger, account, legs[0]);
        uint256 owed = Assessor.debt(Assessor.standing(ledger.assess(oracle, account)));
        Debts.track(ledger, account, owed);
    }

    /// @dev The account is liquidatable, or spot is to be sold against which more quote is owed than the cap.
    function begin(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms
    ) private returns (Step memory step) {
        step.price = ledger.latchOne(oracle, terms.asset);
        step.market = Markets.current(ledger, terms.asset, step.price);
        Assessor.Assessment memory a = ledger.assess(oracle, terms.account);
        step.before = Assessor.standing(a);
        if (Assessor.liquidatable(a)) return step;
        step.debtSale =
            step.market.config.kind == AssetKind.Spot &&
            Assessor.overborrowed(step.before, ledger.houseTerms.debtCap);
        require(step.debtSale, IClearingHouse.AccountAboveMaintenance(terms.account, a.marginEquity, a.maintenance));
    }

    /// @dev Moves the size to the taker and pays everybody.
    function take(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        uint256 mark
    ) private returns (Exchanging.Change memory change) {
        bool long = ledger.positions[terms.account][terms.asset].size > 0;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            long ? terms.taker : terms.account,
            long ? terms.account : terms.taker,
            terms.size,
            terms.price,
            mark
        );
        Exchanging.Change memory taken;
        (change, taken) = long ? (seller, buyer) : (buyer, seller);
        payRewards(ledger, terms);
        change.paid -= Accounting.signed(terms.reward) + Accounting.signed(terms.penalty);
        ledger.addCash(terms.account, change.settled + change.paid);
        ledger.addCash(terms.taker, taken.settled + taken.paid);
    }

    /// @dev Loss within the bound, health not lower, and the account's part of what nobody can pay booked.
    function check(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Step memory step
    ) private returns (uint256 deficit) {
        AccountId account = terms.account;
        require(
            Exchanging.isReduction(change),
            IClearingHouse.OnlyReductions(account, terms.asset, change.before, change.afterwards)
        );
        Assessor.Standing memory standing = Assessor.shifted(
            step.before,
            step.market,
            step.price,
            change.before,
            change.afterwards,
            change.paid
        );
        int256 loss = step.before.equity - standing.equity;
        require(loss <= 0 || uint256(loss) <= terms.bound, IClearingHouse.LossAboveBound(account, loss, terms.bound));
        require(
            Assessor.noWorse(step.before, standing),
            IClearingHouse.HealthLowered(account, standing.marginEquity, standing.maintenance)
        );
        int256 quote = standing.equity - int256(standing.collateral);
        require(!step.debtSale || quote <= 0, IClearingHouse.SaleAboveDebt(account, quote));
        emit IClearingHouse.Liquidated(account, terms.asset, terms.taker, terms.size, loss);
        deficit = bookShortfall(ledger, terms.asset, account, step.before, standing);
        standing.equity += int256(deficit);
        Debts.track(ledger, account, Assessor.debt(standing));
    }

    /// @dev deficit = max(0, −equity)·(maintenance released) / maintenance, the whole when no leg is left.
    function bookShortfall(
        Ledger storage ledger,
        AssetId asset,
        AccountId account,
        Assessor.Standing memory before,
        Assessor.Standing memory standing
    ) private returns (uint256 deficit) {
        if (standing.equity < 0 && before.maintenance > standing.maintenance) {
            uint256 released = before.maintenance - standing.maintenance;
            deficit = FixedPoint.mulDivUp(uint256(-standing.equity), released, before.maintenance);
            ledger.bookDeficit(asset, account, deficit);
        }
        deficit += closeOut(ledger, account, asset);
    }

    /// @dev An account without legs owes nothing: what its cash lacks is a loss, in the row of the perp it closed last.
    function closeOut(Ledger storage ledger, AccountId account, AssetId asset) private returns (uint256 deficit) {
        Account storage stored = ledger.accounts[account];
        if (stored.legs != 0 || stored.cash >= 0) return 0;
        deficit = uint256(-int256(stored.cash));
        AssetId last = stored.lastClosed;
        ledger.bookDeficit(last == QUOTE ? asset : last, account, deficit);
    }

    function payRewards(Ledger storage ledger, IClearingHouse.Liquidation calldata terms) private {
        ledger.addCash(INSURANCE, Accounting.signed(terms.penalty));
        if (terms.reward == 0) return;
        require(terms.keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(terms.keeper));
        ledger.addCash(terms.keeper, Accounting.signed(terms.reward));
    }
}
