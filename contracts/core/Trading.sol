// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {MAX_PRICE, Price, PriceStatus} from "../types/Price.sol";
import {FEES, POOL} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Breakers} from "./Breakers.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState, Ledger, Pool} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {Quotes} from "./Quotes.sol";

/// @notice The law of TRADE. The price is near mark, or the quote of the market's pool. Both accounts meet initial margin
/// afterwards; one below it may only reduce, with health not lower. A bankrupt account does not trade: its loss has to go
/// down the waterfall, where it is booked.
library Trading {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    /// @dev The most a party pays to others than its counterparty, in millionths of the fill's value.
    uint256 private constant MILLION = 1e6;
    uint256 private constant MAX_COST = 10_000;
    /// @dev How far a price may be from mark, in basis points. The pool's quote is the ledger's own.
    uint256 private constant PRICE_BAND = 200;

    /// @dev What a fill is checked against, read once for both of its parties.
    struct Fill {
        Price price;
        Markets.Market market;
        AssetLimits limits;
        AccountId buyer;
        AccountId seller;
        Pool pool;
        /// The pool's account, and whether it is the buyer.
        AccountId quoter;
        bool quoterBuys;
        /// The rate that positions added in a crowded market need.
        uint256 addedRate;
    }

    function trade(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Trade calldata terms
    ) external returns (IClearingHouse.Deal memory deal) {
        Fill memory fill = read(ledger, oracle, terms);
        deal.price = terms.price == 0 ? quoted(ledger, terms, fill) : requireNearMark(terms.price, fill.price.mark);
        uint256 openInterest = ledger.perps[terms.asset].openInterest;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            fill.buyer,
            fill.seller,
            terms.size,
            deal.price,
            fill.price.mark
        );
        bool grows = ledger.perps[terms.asset].openInterest > openInterest;
        if (adds(fill.buyer, buyer, fill) || adds(fill.seller, seller, fill)) {
            Breakers.requireOpen(ledger, oracle, terms.asset, FixedPoint.mulDown(openInterest, fill.price.mark), grows);
        }
        if (grows) requireOpen(ledger, terms.asset, fill);
        charge(ledger, terms, deal);
        buyer.paid -= int256(deal.buyerCost);
        seller.paid -= int256(deal.sellerCost);
        ledger.addCash(fill.buyer, buyer.settled + buyer.paid);
        ledger.addCash(fill.seller, seller.settled + seller.paid);
        checkTrader(ledger, oracle, terms.asset, fill.buyer, buyer, fill);
        checkTrader(ledger, oracle, terms.asset, fill.seller, seller, fill);
    }

    function read(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Trade calldata terms
    ) private returns (Fill memory fill) {
        AssetId asset = terms.asset;
        bool quotes = parties(ledger, terms, fill);
        fill.price = quotes ? ledger.latchQuietly(oracle, asset) : ledger.latchOne(oracle, asset);
        fill.market = Markets.current(ledger, asset, fill.price);
        AssetConfig memory config = fill.market.config;
        require(config.kind == AssetKind.Perp, IClearingHouse.WrongKind(asset));
        require(
            fill.price.status != PriceStatus.Stale && config.state < AssetState.Halted,
            IClearingHouse.AssetNotTradable(asset)
        );
        fill.limits = ledger.limits[asset];
    }

    /// @return quotes whether one of them is the market's pool; if not, the fill has none
    function parties(
        Ledger storage ledger,
        IClearingHouse.Trade calldata terms,
        Fill memory fill
    ) private view returns (bool quotes) {
        (fill.buyer, fill.seller) = (terms.buyer, terms.seller);
        Pool memory pool = ledger.perps[terms.asset].pool;
        if (pool.owner == address(0)) return false;
        AccountId quoter = accountId(pool.owner, 0);
        if (fill.buyer == POOL) fill.buyer = quoter;
        if (fill.seller == POOL) fill.seller = quoter;
        quotes = fill.buyer == quoter || fill.seller == quoter;
        if (!quotes) return false;
        require(terms.price == 0, IClearingHouse.PoolTradesAtItsQuote(terms.asset, terms.price));
        (fill.pool, fill.quoter, fill.quoterBuys) = (pool, quoter, fill.buyer == quoter);
    }

    /// @dev What the pool asks for, at the inventory that it has now.
    function quoted(
        Ledger storage ledger,
        IClearingHouse.Trade calldata terms,
        Fill memory fill
    ) private view returns (uint256) {
        require(fill.pool.owner != address(0), IClearingHouse.NothingQuoted(terms.asset));
        int256 size = int256(FixedPoint.min(terms.size, Positions.MAX_SIZE));
        require(size != 0, IClearingHouse.ZeroAmount());
        int256 inventory = Assessor.sizeOf(ledger, fill.quoter, terms.asset, fill.market);
        if (fill.quoterBuys) size = -size;
        return Quotes.price(fill.pool, fill.price, inventory, size, fill.market.initialDepth);
    }

    function checkTrader(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        AccountId account,
        Exchanging.Change memory change,
        Fill memory fill
    ) private {
        bool reduces = Exchanging.isReduction(change);
        if (!reduces) requireRoom(asset, account, change, fill);
        Assessor.Assessment memory a = ledger.assessAt(oracle, account, asset, fill.market, fill.price);
        Assessor.Standing memory standing = Assessor.standing(a);
        Debts.track(ledger, account, Assessor.debt(standing));
        if (account == fill.quoter) {
            if (!reduces)
                Quotes.requireInventory(fill.pool, asset, a.equity, change, fill.price.mark, fill.market.initialDepth);
            uint256 share = Margin.depthShare(a.equity, fill.market.config.depth);
            ledger.measured(asset, share, change.afterwards, fill.price.mark, Pricing.Tell.Always);
        }
        uint256 required = a.initial;
        if (!reduces) required = requiredToAdd(ledger, a.initial, change.afterwards, fill);
        if (a.initialEquity >= int256(required)) return;
        require(reduces, IClearingHouse.InsufficientMargin(account, a.initialEquity, required));
        Assessor.Standing memory before = Assessor.shifted(
            standing,
            fill.market,
            fill.price,
            change.afterwards,
            change.before,
            -change.paid
        );
        require(
            standing.equity >= 0 && Assessor.noWorse(before, standing),
            IClearingHouse.HealthLowered(account, a.marginEquity, a.maintenance)
        );
    }

    function requireRoom(
        AssetId asset,
        AccountId account,
        Exchanging.Change memory change,
        Fill memory fill
    ) private pure {
        require(
            fill.market.config.state == AssetState.Active && fill.price.status == PriceStatus.Fresh,
            IClearingHouse.OnlyReductions(account, asset, change.before, change.afterwards)
        );
        uint256 notional = Margin.notionalOf(change.afterwards, fill.price.mark);
        uint256 bound = FixedPoint.mulDown(fill.market.initialDepth, fill.limits.perAccount);
        require(notional <= bound, IClearingHouse.SizeAboveLimit(account, asset, notional, bound));
    }

    /// @dev Whoever adds meets the rate of a crowded market on that leg, and the least margin of an account.
    function requiredToAdd(
        Ledger storage ledger,
        uint256 initial,
        int256 size,
        Fill memory fill
    ) private view returns (uint256) {
        uint256 rate = fill.market.initialRate;
        if (fill.addedRate > rate) {
            uint256 worse = Margin.worse(size, fill.price.mark, fill.price.slow);
            initial += FixedPoint.mulUp(Margin.notionalOf(size, worse), fill.addedRate - rate);
        }
        return FixedPoint.max(initial, ledger.houseTerms.leastMargin);
    }

    /// @dev A pool only takes what somebody else wants.
    function adds(AccountId account, Exchanging.Change memory change, Fill memory fill) private pure returns (bool) {
        return account != fill.quoter && !Exchanging.isReduction(change);
    }

    /// @dev Only a trade that raises open interest is asked whether there is room for it, and pays for the crowd.
    function requireOpen(Ledger storage ledger, AssetId asset, Fill memory fill) private view {
        uint256 value = FixedPoint.mulUp(ledger.perps[asset].openInterest, fill.price.mark);
        (uint256 lower, uint256 upper) = (fill.limits.crowdedFrom, fill.limits.total);
        require(value <= upper, IClearingHouse.OpenInterestAboveLimit(asset, value, upper));
        fill.addedRate = Margin.crowdedRate(fill.market.initialRate, value, lower, upper);
    }

    /// @dev Fees go to their row, tips to the keeper. A tip that does not fit the bound shrinks.
    function charge(
        Ledger storage ledger,
        IClearingHouse.Trade calldata terms,
        IClearingHouse.Deal memory deal
    ) private {
        uint256 value = FixedPoint.mulUp(terms.size, deal.price);
        uint256 most = FixedPoint.mulDivUp(value, MAX_COST, MILLION);
        uint256 buyerFee = feeOf(value, terms.buyerFee);
        uint256 sellerFee = feeOf(value, terms.sellerFee);
        uint256 buyerTip = FixedPoint.min(terms.buyerTip, most - buyerFee);
        uint256 sellerTip = FixedPoint.min(terms.sellerTip, most - sellerFee);
        (deal.buyerCost, deal.sellerCost) = (buyerFee + buyerTip, sellerFee + sellerTip);
        ledger.addCash(FEES, int256(buyerFee + sellerFee));
        if (buyerTip + sellerTip == 0) return;
        require(terms.keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(terms.keeper));
        ledger.addCash(terms.keeper, int256(buyerTip + sellerTip));
    }

    function feeOf(uint256 value, uint256 rate) private pure returns (uint256) {
        require(rate <= MAX_COST, IClearingHouse.FeeAboveBound(rate, MAX_COST));
        return FixedPoint.mulDivUp(value, rate, MILLION);
    }

    function requireNearMark(uint256 price, uint256 mark) private pure returns (uint256) {
        require(price <= MAX_PRICE, IClearingHouse.ValueOutOfBounds(price, MAX_PRICE));
        uint256 distance = price > mark ? price - mark : mark - price;
        require(distance * 10_000 <= mark * PRICE_BAND, IClearingHouse.OutsidePriceBand(price, mark, PRICE_BAND));
        return price;
    }
}
