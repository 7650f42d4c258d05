// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {QUOTE} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {INSURANCE, POOL} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {Account, AssetKind, Ledger, Loser, Pool} from "./Ledger.sol";
import {Looks} from "./Looks.sol";
import {Markets} from "./Markets.sol";
import {Paying} from "./Paying.sol";
import {Pricing} from "./Pricing.sol";

/// @notice What every step against an account's will has in common: it may be taken, the account loses no more than the
/// bound and no health, everybody is paid, and what nobody can pay is booked.
library Steps {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    /// @dev What a step starts from, and why it may be taken.
    struct Start {
        Price price;
        Markets.Market market;
        Assessor.Standing before;
        bool debtSale;
        bool long;
        AccountId taker;
        /// The market's pool, if it is the taker.
        Pool pool;
        /// What insurance pays the taker.
        uint256 premium;
    }

    /// @dev The account is liquidatable, or spot is to be sold against which more quote is owed than the cap.
    function begin(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms
    ) internal returns (Start memory start) {
        start.price = ledger.latchOne(oracle, terms.asset);
        start.market = Markets.current(ledger, terms.asset, start.price);
        bool known;
        bool liquidatable;
        (known, liquidatable, start.before) = Looks.recall(terms.account);
        if (!known) {
            Assessor.Assessment memory a = ledger.assessAt(
                oracle,
                terms.account,
                terms.asset,
                start.market,
                start.price
            );
            (liquidatable, start.before) = (Assessor.liquidatable(a), Assessor.standing(a));
        }
        start.long = ledger.positions[terms.account][terms.asset].size > 0;
        start.taker = terms.taker;
        if (terms.taker == POOL) {
            start.pool = ledger.perps[terms.asset].pool;
            start.taker = accountId(start.pool.owner, 0);
        }
        if (liquidatable) return start;
        start.debtSale =
            start.market.config.kind == AssetKind.Spot &&
            Assessor.overborrowed(start.before, ledger.houseTerms.debtCap);
        (int256 equity, uint256 maintenance) = (start.before.marginEquity, start.before.maintenance);
        require(start.debtSale, IClearingHouse.AccountAboveMaintenance(terms.account, equity, maintenance));
    }

    /// @notice Pays everybody but the taker: what the account owes for the step, which the caller takes from it, and what insurance adds
    /// for a bankrupt one. Before a loss is booked, which would leave nothing of the budget.
    /// @return premium what insurance pays the taker
    function payRewards(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        uint256 closing,
        Start memory start
    ) internal returns (uint256 premium) {
        if (ledger.reserves[QUOTE].deficit == 0) ledger.addCash(INSURANCE, Accounting.signed(terms.penalty));
        else Paying.earn(ledger, terms.penalty);
        uint256 reward = terms.reward;
        // Nobody is paid for being bankrupt.
        uint256 wanted = terms.insuredPremium + (terms.keeper == terms.account ? 0 : terms.insuredTip);
        if (wanted != 0) {
            int256 equity = start.before.equity;
            require(equity < 0, IClearingHouse.NotBankrupt(terms.account, equity));
            uint256 bound = Incentives.insured(FixedPoint.mulDown(closing, start.price.mark));
            require(wanted <= bound, IClearingHouse.ValueOutOfBounds(wanted, bound));
            uint256 paid = Paying.use(ledger, terms.asset, wanted);
            premium = FixedPoint.min(paid, terms.insuredPremium);
            reward += paid - premium;
        }
        if (reward == 0) return premium;
        require(terms.keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(terms.keeper));
        ledger.addCash(terms.keeper, int256(reward));
    }

    /// @notice What the account pays for the step.
    function costOf(IClearingHouse.Liquidation calldata terms) internal pure returns (int256) {
        return Accounting.signed(terms.reward) + Accounting.signed(terms.penalty);
    }

    /// @notice Loss within the bound, and health not lower.
    function check(
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Start memory start
    ) internal returns (Assessor.Standing memory standing) {
        AccountId account = terms.account;
        require(
            Exchanging.isReduction(change),
            IClearingHouse.OnlyReductions(account, terms.asset, change.before, change.afterwards)
        );
        standing = Assessor.shifted(
            start.before,
            start.market,
            start.price,
            change.before,
            change.afterwards,
            terms.keeper == account ? change.paid + int256(terms.reward) : change.paid
        );
        int256 loss = start.before.equity - standing.equity;
        require(loss <= 0 || uint256(loss) <= terms.bound, IClearingHouse.LossAboveBound(account, loss, terms.bound));
        require(
            Assessor.noWorse(start.before, standing),
            IClearingHouse.HealthLowered(account, standing.marginEquity, standing.maintenance)
        );
        int256 quote = standing.equity - int256(standing.collateral);
        require(!start.debtSale || quote <= 0, IClearingHouse.SaleAboveDebt(account, quote));
        uint256 size = FixedPoint.abs(change.before - change.afterwards);
        emit IClearingHouse.Liquidated(account, terms.asset, start.taker, size, loss);
    }

    /// @notice deficit = max(0, −equity)·(maintenance released) / maintenance
    function shortfall(
        Assessor.Standing memory before,
        Assessor.Standing memory standing
    ) internal pure returns (uint256) {
        if (standing.equity >= 0 || before.maintenance <= standing.maintenance) return 0;
        uint256 released = before.maintenance - standing.maintenance;
        return FixedPoint.mulDivUp(uint256(-standing.equity), released, before.maintenance);
    }

    /// @notice Books a loss in the row of the market and has it paid as far as it can be, before size changes hands: who takes it
    /// may be one who has profit to share.
    /// @param closing what of the open interest the step ends
    function book(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        uint256 deficit,
        uint256 closing,
        Start memory start
    ) internal {
        if (deficit == 0) return;
        uint256 openInterest = ledger.perps[terms.asset].openInterest - closing;
        Paying.book(
            ledger,
            Paying.Loss(terms.asset, terms.account, deficit, loserOf(start), start.price.mark, openInterest)
        );
    }

    /// @notice Of an account without legs the rest is booked; what the step left it is written down.
    function finish(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Assessor.Standing memory standing,
        Start memory start,
        IClearingHouse.Step memory step
    ) internal {
        Account storage stored = ledger.accounts[terms.account];
        if (stored.legs == 0 && stored.cash < 0) {
            step.deficit += Paying.closeOut(ledger, terms.account, terms.asset, loserOf(start), start.price.mark);
        }
        standing.equity += int256(step.deficit);
        standing.marginEquity += int256(step.deficit);
        Debts.track(ledger, terms.account, Assessor.debt(standing));
        (step.size, step.standing) = (change.afterwards, standing);
    }

    function loserOf(Start memory start) private pure returns (Loser) {
        if (start.market.config.kind == AssetKind.Spot) return Loser.Unknown;
        return start.long ? Loser.Longs : Loser.Shorts;
    }
}
