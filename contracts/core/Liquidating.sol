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
import {PriceStatus} from "../types/Price.sol";
import {POOL} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetKind, AssetState, Ledger} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {Quotes} from "./Quotes.sol";
import {Session} from "./Session.sol";
import {Steps} from "./Steps.sol";

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

    function liquidate(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Liquidation calldata terms,
        bytes calldata data
    ) external returns (IClearingHouse.Step memory step) {
        Steps.Start memory start = Steps.begin(ledger, oracle, terms);
        step.price = priceOf(ledger, terms, start);
        start.premium = Steps.payRewards(ledger, terms, terms.size, start);
        step.deficit = lossOf(ledger, terms, start, step.price);
        Steps.book(ledger, terms, step.deficit, 0, start);
        (Exchanging.Change memory given, Exchanging.Change memory taken) = take(ledger, terms, start, step.price);
        settle(ledger, terms, given, start, step);
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

    /// @dev A pool takes at its quote; what anybody else pays is bounded.
    function priceOf(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Steps.Start memory start
    ) private view returns (uint256 price) {
        bool long = start.long;
        uint256 mark = start.price.mark;
        if (terms.taker == POOL) {
            bool open =
                start.pool.owner != address(0) &&
                    start.price.status == PriceStatus.Fresh &&
                    start.market.config.state < AssetState.Halted;
            require(open, IClearingHouse.NothingQuoted(terms.asset));
            int256 size = int256(FixedPoint.min(terms.size, Positions.MAX_SIZE));
            require(size != 0, IClearingHouse.ZeroAmount());
            return quote(ledger, terms.asset, start, long ? -size : size);
        }
        price = terms.price;
        bool beyond =
            long ? price * 10_000 > mark * (10_000 + PRICE_BAND) : price * 10_000 < mark * (10_000 - PRICE_BAND);
        require(!beyond, IClearingHouse.OutsidePriceBand(price, mark, PRICE_BAND));
    }

    /// @dev What the pool asks per unit when it gives `size` (takes, if negative).
    function quote(
        Ledger storage ledger,
        AssetId asset,
        Steps.Start memory start,
        int256 size
    ) private view returns (uint256) {
        int256 inventory = Assessor.sizeOf(ledger, start.taker, asset, start.market);
        return Quotes.price(start.pool, start.price, inventory, size, start.market.initialDepth);
    }

    /// @dev What of a bankrupt account's loss is this step's: known before it is taken.
    function lossOf(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Steps.Start memory start,
        uint256 price
    ) private view returns (uint256) {
        if (start.before.equity >= 0 || start.market.config.kind != AssetKind.Perp) return 0;
        int256 held = Assessor.sizeOf(ledger, terms.account, terms.asset, start.market);
        int256 size = int256(FixedPoint.min(terms.size, FixedPoint.abs(held)));
        int256 paid = int256(FixedPoint.mulDown(uint256(size), price));
        if (held < 0) (size, paid) = (-size, -paid);
        paid -= Steps.costOf(terms);
        return
            Steps.shortfall(
                start.before,
                Assessor.shifted(start.before, start.market, start.price, held, held - size, paid)
            );
    }

    /// @dev Moves the size to the taker and pays everybody.
    function take(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Steps.Start memory start,
        uint256 price
    ) private returns (Exchanging.Change memory change, Exchanging.Change memory taken) {
        bool long = start.long;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            long ? start.taker : terms.account,
            long ? terms.account : start.taker,
            terms.size,
            price,
            start.price.mark
        );
        (change, taken) = long ? (seller, buyer) : (buyer, seller);
        change.paid -= Steps.costOf(terms);
        taken.paid += int256(start.premium);
        ledger.addCash(terms.account, change.settled + change.paid);
        ledger.addCash(start.taker, taken.settled + taken.paid);
    }

    function settle(
        Ledger storage ledger,
        IClearingHouse.Liquidation calldata terms,
        Exchanging.Change memory given,
        Steps.Start memory start,
        IClearingHouse.Step memory step
    ) private {
        Assessor.Standing memory standing = Steps.check(terms, given, start);
        Steps.finish(ledger, terms, given, standing, start, step);
    }

    /// @dev A taker meets initial margin; a pool also stays within its limits, and is measured.
    function checkTaker(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        Exchanging.Change memory change,
        Steps.Start memory start
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
}
