// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {INSURANCE, TREASURY} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState, Ledger} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Pricing} from "./Pricing.sol";

/// @notice The law of TRADE. The price is near mark. Both accounts meet initial margin afterwards; one below it may only
/// reduce, with health not lower. A bankrupt account does not trade: its loss has to go down the waterfall, where it is
/// booked.
library Trading {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    /// @dev Fees of one side of a fill, tip included, part of its value at mark or its price, in basis points.
    uint256 private constant MAX_FEE = 100;
    /// @dev How far a price may be from mark, in basis points. A pool asks for the worse of mark and fast and for what its
    /// inventory costs, so its quotes go further: from the band between the two.
    uint256 private constant PRICE_BAND = 200;
    uint256 private constant POOL_BAND = 2_000;

    /// @dev What a fill is checked against, read once for both of its parties.
    struct Fill {
        Price price;
        Markets.Market market;
        AssetLimits limits;
        AccountId pool;
        /// The rate that positions added in a crowded market need.
        uint256 addedRate;
    }

    function trade(Ledger storage ledger, IOracle oracle, IClearingHouse.Trade calldata terms) external {
        Fill memory fill;
        fill.price = ledger.latchOne(oracle, terms.asset);
        fill.market = Markets.current(ledger, terms.asset, fill.price);
        fill.limits = ledger.limits[terms.asset];
        fill.pool = ledger.perps[terms.asset].pool;
        AssetConfig memory config = fill.market.config;
        require(config.kind == AssetKind.Perp, IClearingHouse.WrongKind(terms.asset));
        require(
            fill.price.status != PriceStatus.Stale && config.state < AssetState.Halted,
            IClearingHouse.AssetNotTradable(terms.asset)
        );
        uint256 openInterest = ledger.perps[terms.asset].openInterest;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            terms.buyer,
            terms.seller,
            terms.size,
            terms.price,
            fill.price.mark
        );
        requireNearMark(terms, fill);
        checkOpenInterest(ledger, terms.asset, openInterest, fill);
        payFees(ledger, terms, FixedPoint.max(fill.price.mark, terms.price));
        buyer.paid -= int256(terms.buyerFee);
        seller.paid -= int256(terms.sellerFee);
        ledger.addCash(terms.buyer, buyer.settled + buyer.paid);
        ledger.addCash(terms.seller, seller.settled + seller.paid);
        if (!(Exchanging.isReduction(buyer) && Exchanging.isReduction(seller))) requirePeg(ledger, oracle);
        checkTrader(ledger, oracle, terms, terms.buyer, buyer, fill);
        checkTrader(ledger, oracle, terms, terms.seller, seller, fill);
    }

    function checkTrader(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Trade calldata terms,
        AccountId account,
        Exchanging.Change memory change,
        Fill memory fill
    ) private {
        bool reduces = Exchanging.isReduction(change);
        if (!reduces) requireRoom(terms.asset, account, change, fill);
        Assessor.Assessment memory a = ledger.assess(oracle, account);
        Assessor.Standing memory standing = Assessor.standing(a);
        Debts.track(ledger, account, Assessor.debt(standing));
        if (account == fill.pool) {
            uint256 share = Margin.depthShare(a.equity, fill.market.config.depth);
            ledger.measured(terms.asset, share, change.afterwards, fill.price.mark);
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

    /// @dev Only a trade that raises open interest is asked whether there is room for it, and pays for the crowd.
    function checkOpenInterest(Ledger storage ledger, AssetId asset, uint256 before, Fill memory fill) private view {
        uint256 openInterest = ledger.perps[asset].openInterest;
        if (openInterest <= before) return;
        uint256 value = FixedPoint.mulUp(openInterest, fill.price.mark);
        (uint256 lower, uint256 upper) = (fill.limits.crowdedFrom, fill.limits.total);
        require(value <= upper, IClearingHouse.OpenInterestAboveLimit(asset, value, upper));
        fill.addedRate = Margin.crowdedRate(fill.market.initialRate, value, lower, upper);
    }

    /// @dev While quote is not worth a dollar, or nobody can tell, nothing is added.
    function requirePeg(Ledger storage ledger, IOracle oracle) private view {
        uint256 bound = ledger.houseTerms.pegBound;
        if (bound == 0) return;
        AssetId[] memory quote = new AssetId[](1);
        Price memory price = oracle.peek(quote)[0];
        uint256 distance = price.mark > WAD ? price.mark - WAD : WAD - price.mark;
        require(
            price.status == PriceStatus.Fresh && distance * 10_000 <= WAD * bound,
            IClearingHouse.QuoteOffPeg(price.mark, bound)
        );
    }

    function requireNearMark(IClearingHouse.Trade calldata terms, Fill memory fill) private pure {
        (uint256 lower, uint256 upper, uint256 band) = (fill.price.mark, fill.price.mark, PRICE_BAND);
        if (terms.buyer == fill.pool || terms.seller == fill.pool) {
            lower = FixedPoint.min(lower, fill.price.fast);
            upper = FixedPoint.max(upper, fill.price.fast);
            band = POOL_BAND;
        }
        require(
            terms.price * 10_000 >= lower * (10_000 - band) && terms.price * 10_000 <= upper * (10_000 + band),
            IClearingHouse.OutsidePriceBand(terms.price, fill.price.mark, band)
        );
    }

    function payFees(Ledger storage ledger, IClearingHouse.Trade calldata terms, uint256 price) private {
        uint256 bound = FixedPoint.mulDivDown(FixedPoint.mulDown(terms.size, price), MAX_FEE, 10_000);
        require(terms.buyerFee <= bound, IClearingHouse.FeeAboveBound(terms.buyerFee, bound));
        require(terms.sellerFee <= bound, IClearingHouse.FeeAboveBound(terms.sellerFee, bound));
        uint256 fees = terms.buyerFee + terms.sellerFee;
        require(terms.tip <= fees, IClearingHouse.FeeAboveBound(terms.tip, fees));
        uint256 kept = fees - terms.tip;
        require(terms.insuranceFee <= kept, IClearingHouse.FeeAboveBound(terms.insuranceFee, kept));
        ledger.addCash(INSURANCE, int256(terms.insuranceFee));
        ledger.addCash(TREASURY, int256(kept - terms.insuranceFee));
        if (terms.tip == 0) return;
        require(terms.keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(terms.keeper));
        ledger.addCash(terms.keeper, int256(terms.tip));
    }
}
