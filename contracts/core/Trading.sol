// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {INSURANCE, TREASURY} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetConfig, AssetKind, AssetState, Ledger} from "./Ledger.sol";
import {Pricing} from "./Pricing.sol";

/// @notice The law of TRADE. Both accounts meet initial margin afterwards; one below it may only reduce, near mark, with
/// health not lower. A bankrupt account does not trade: its loss has to go down the waterfall, where it is booked.
library Trading {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    /// @dev Fees of one side of a fill, part of its value at mark, in basis points.
    uint256 private constant MAX_FEE = 100;
    /// @dev How far from mark an account below initial margin may reduce, in basis points.
    uint256 private constant PRICE_BAND = 200;

    function trade(Ledger storage ledger, IOracle oracle, IClearingHouse.Trade calldata terms) external {
        Price memory price = ledger.latchOne(oracle, terms.asset);
        AssetConfig memory config = ledger.configs[terms.asset];
        require(config.kind == AssetKind.Perp, IClearingHouse.WrongKind(terms.asset));
        require(
            price.status != PriceStatus.Stale && config.state < AssetState.Halted,
            IClearingHouse.AssetNotTradable(terms.asset)
        );
        uint256 openInterest = ledger.perps[terms.asset].openInterest;
        (Exchanging.Change memory buyer, Exchanging.Change memory seller) = ledger.exchange(
            terms.asset,
            terms.buyer,
            terms.seller,
            terms.size,
            terms.price,
            price.mark
        );
        requireOpenInterest(ledger, terms.asset, openInterest, price.mark);
        payFees(ledger, terms, price.mark);
        buyer.paid -= int256(terms.buyerFee);
        seller.paid -= int256(terms.sellerFee);
        ledger.addCash(terms.buyer, buyer.settled + buyer.paid);
        ledger.addCash(terms.seller, seller.settled + seller.paid);
        checkTrader(ledger, oracle, terms, terms.buyer, buyer, config, price);
        checkTrader(ledger, oracle, terms, terms.seller, seller, config, price);
    }

    function checkTrader(
        Ledger storage ledger,
        IOracle oracle,
        IClearingHouse.Trade calldata terms,
        AccountId account,
        Exchanging.Change memory change,
        AssetConfig memory config,
        Price memory price
    ) private {
        bool reduces = Exchanging.isReduction(change);
        if (!reduces) requireRoom(ledger, terms.asset, account, change, config, price);
        Assessor.Assessment memory a = ledger.assess(oracle, account);
        if (a.initialEquity >= int256(a.initial)) return;
        require(reduces, IClearingHouse.InsufficientMargin(account, a.initialEquity, a.initial));
        requireNearMark(terms.price, price.mark);
        Assessor.Standing memory standing = Assessor.Standing(a.equity, a.marginEquity, a.maintenance);
        Assessor.Standing memory before = Assessor.shifted(
            a,
            config,
            price,
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
        Ledger storage ledger,
        AssetId asset,
        AccountId account,
        Exchanging.Change memory change,
        AssetConfig memory config,
        Price memory price
    ) private view {
        require(
            config.state == AssetState.Active && price.status == PriceStatus.Fresh,
            IClearingHouse.OnlyReductions(account, asset, change.before, change.afterwards)
        );
        uint256 size = FixedPoint.abs(change.afterwards);
        uint256 bound = ledger.limits[asset].perAccount;
        require(size <= bound, IClearingHouse.SizeAboveLimit(account, asset, size, bound));
    }

    /// @dev Only a trade that raises open interest is asked whether there is room for it.
    function requireOpenInterest(Ledger storage ledger, AssetId asset, uint256 before, uint256 mark) private view {
        uint256 openInterest = ledger.perps[asset].openInterest;
        if (openInterest <= before) return;
        uint256 value = FixedPoint.mulUp(openInterest, mark);
        uint256 bound = ledger.limits[asset].total;
        require(value <= bound, IClearingHouse.OpenInterestAboveLimit(asset, value, bound));
    }

    function requireNearMark(uint256 price, uint256 mark) private pure {
        uint256 distance = price > mark ? price - mark : mark - price;
        require(distance * 10_000 <= mark * PRICE_BAND, IClearingHouse.OutsidePriceBand(price, mark, PRICE_BAND));
    }

    function payFees(Ledger storage ledger, IClearingHouse.Trade calldata terms, uint256 mark) private {
        uint256 bound = FixedPoint.mulDivDown(FixedPoint.mulDown(terms.size, mark), MAX_FEE, 10_000);
        require(terms.buyerFee <= bound, IClearingHouse.FeeAboveBound(terms.buyerFee, bound));
        require(terms.sellerFee <= bound, IClearingHouse.FeeAboveBound(terms.sellerFee, bound));
        uint256 fees = terms.buyerFee + terms.sellerFee;
        require(terms.insuranceFee <= fees, IClearingHouse.FeeAboveBound(terms.insuranceFee, fees));
        ledger.addCash(INSURANCE, int256(terms.insuranceFee));
        ledger.addCash(TREASURY, int256(fees - terms.insuranceFee));
    }
}
