// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidationStage} from "../interfaces/ILiquidationStage.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {INSURANCE, POOL} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessing} from "./Assessing.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetKind, AssetState, Ledger, Pool, Position} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {Quotes} from "./Quotes.sol";
import {Session} from "./Session.sol";

/// @notice The law of LIQUIDATE. The account is liquidatable in this block, its leg only shrinks, what it loses against mark
/// stays within the bound and never lowers its health, and the taker meets initial margin. What a bankrupt account cannot
/// pay is booked in the same call.
library Liquidating {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;
    using Pricing for Ledger;

    /// @dev How far a price may be from mark against the taker, in basis points: no stage makes anybody pay more.
    uint256 private constant PRICE_BAND = 200;

    /// @dev What a step starts from, and why it may be taken.
    struct Start {
        Price price;
        Markets.Market market;
        Assessor.Standing before;
        bool debtSale;
        AccountId taker;
        /// The market's pool, if it is the taker.
        Pool pool;
    }

    function examine(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) external returns (IClearingHouse.Case memory c) {
        (c.price, c.market, c.account) = look(ledger, oracle, account, asset);
        Position memory position = ledger.positions[account][asset];
        c.size =
            c.market.config.kind == AssetKind.Perp
                ? Assessor.touched(ledger, asset, position, c.market).size
                : position.size;
    }

    function liquidate(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms,
        bytes calldata data
    ) external returns (IClearingHouse.Step memory step) {
        Start memory start = begin(ledger, oracle, terms);
        step.price = priceOf(ledger, terms, start);
        (Exchanging.Change memory given, Exchanging.Change memory taken) = take(ledger, terms, start, step.price);
        check(ledger, terms, given, start, step);
        bool session = data.length != 0 && terms.taker != POOL;
        if (session) {
            Session.open(start.taker, terms.asset);
            ILiquidationStage(msg.sender).onTaken(data);
            Session.close();
        }
        AccountId pool = accountId(ledger.perps[terms.asset].pool.owner, 0);
        bool pooled = terms.account == pool || terms.taker == pool;
        if (pooled) ledger.measurePool(oracle, terms.asset, start.price);
        // The depth that the taker's margin is looked at with is the one that is left.
        if (pooled || session) start.market = Markets.current(ledger, terms.asset, start.price);
        checkTaker(ledger, oracle, terms.asset, taken, start);
    }

    function look(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) private returns (Price memory price, Markets.Market memory market, Assessor.Assessment memory a) {
        price = ledger.latchOne(oracle, asset);
        market = Markets.current(ledger, asset, price);
        a = ledger.assessAt(oracle, account, asset, market, price);
    }

    /// @dev The account is liquidatable, or spot is to be sold against which more quote is owed than the cap.
    function begin(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms
    ) private returns (Start memory start) {
        Assessor.Assessment memory a;
        (start.price, start.market, a) = look(ledger, oracle, terms.account, terms.asset);
        start.before = Assessor.standing(a);
        start.taker = terms.taker;
        if (terms.taker == POOL) {
            start.pool = ledger.perps[terms.asset].pool;
            start.taker = accountId(start.pool.owner, 0);
        }
        if (Assessor.liquidatable(a)) return start;
        start.debtSale =
            start.market.config.kind == AssetKind.Spot &&
            Assessor.overborrowed(start.before, ledger.houseTerms.debtCap);
        require(start.debtSale, IClearingHouse.AccountAboveMaintenance(terms.account, a.marginEquity, a.maintenance));
    }

    /// @dev A pool takes at its quote; what anybody else pays is bounded.
    function priceOf(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Start memory start
    ) private view returns (uint256 price) {
        bool long = ledger.positions[terms.account][terms.asset].size > 0;
        uint256 mark = start.price.mark;
        if (terms.taker == POOL) {
            bool open =
                start.pool.owner != address(0) &&
                    start.price.status == PriceStatus.Fresh &&
                    start.market.config.state < AssetState.Halted;
            require(open, IClearingHouse.NothingQuoted(terms.asset));
            int256 size = int256(FixedPoint.min(terms.size, Positions.MAX_SIZE));
            require(size != 0, IClearingHouse.ZeroAmount());
            return Assessing.quote(ledger, terms.asset, start.market, start.price, long ? -size : size);
        }
        price = terms.price;
        bool beyond =
            long ? price * 10_000 > mark * (10_000 + PRICE_BAND) : price * 10_000 < mark * (10_000 - PRICE_BAND);
        require(!beyond, IClearingHouse.OutsidePriceBand(price, mark, PRICE_BAND));
    }

    /// @dev Moves the size to the taker and pays everybody.
    function take(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Start memory start,
        uint256 price
    ) private returns (Exchanging.Change memory change, Exchanging.Change memory taken) {
        bool long = ledger.positions[terms.account][terms.asset].size > 0;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            long ? start.taker : terms.account,
            long ? terms.account : start.taker,
            terms.size,
            price,
            start.price.mark
        );
        (change, taken) = long ? (seller, buyer) : (buyer, seller);
        payRewards(ledger, terms);
        change.paid -= Accounting.signed(terms.reward) + Accounting.signed(terms.penalty);
        ledger.addCash(terms.account, change.settled + change.paid);
        ledger.addCash(start.taker, taken.settled + taken.paid);
    }

    /// @dev Loss within the bound, health not lower, and the account's part of what nobody can pay booked.
    function check(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory change,
        Start memory start,
        IClearingHouse.Step memory step
    ) private {
        AccountId account = terms.account;
        require(
            Exchanging.isReduction(change),
            IClearingHouse.OnlyReductions(account, terms.asset, change.before, change.afterwards)
        );
        Assessor.Standing memory standing = Assessor.shifted(
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
        emit IClearingHouse.Liquidated(account, terms.asset, start.taker, terms.size, loss);
        step.deficit = bookShortfall(ledger, terms.asset, account, start.before, standing);
        standing.equity += int256(step.deficit);
        standing.marginEquity += int256(step.deficit);
        Debts.track(ledger, account, Assessor.debt(standing));
        (step.size, step.standing) = (change.afterwards, standing);
    }

    /// @dev A taker meets initial margin; a pool also stays within its limits, and is measured.
    function checkTaker(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        Exchanging.Change memory change,
        Start memory start
    ) private {
        Assessor.Assessment memory a = ledger.assessAt(oracle, start.taker, asset, start.market, start.price);
        Pricing.requireMargin(start.taker, a);
        Debts.track(ledger, start.taker, Assessor.debt(Assessor.standing(a)));
        if (start.pool.owner == address(0)) return;
        uint256 mark = start.price.mark;
        if (!Exchanging.isReduction(change)) {
            Quotes.requireInventory(start.pool, asset, a.equity, change, mark, start.market.initialDepth);
        }
        uint256 share = Margin.depthShare(a.equity, start.market.config.depth);
        ledger.measured(asset, share, change.afterwards, mark, Pricing.Tell.Changes);
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
        deficit += ledger.closeOut(account, asset);
    }

    function payRewards(Ledger storage ledger, IClearingHouse.Liquidation calldata terms) private {
        ledger.addCash(INSURANCE, Accounting.signed(terms.penalty));
        if (terms.reward == 0) return;
        require(terms.keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(terms.keeper));
        ledger.addCash(terms.keeper, Accounting.signed(terms.reward));
    }
}
