// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Legs} from "../libraries/Legs.sol";
import {Margin} from "../libraries/Margin.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {Debts} from "./Debts.sol";
import {Account, AssetConfig, AssetKind, AssetState, Ledger, Position, Side} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";

/// @notice Values accounts: equity and requirements at mark, at the fast average, and at the worse of mark and slow.
library Assessor {
    using Legs for uint96;

    /// @dev The wick guard does not protect below this share of the maintenance margin, in basis points.
    uint256 internal constant GUARD = 8_000;

    struct Assessment {
        /// At mark, nothing taken off.
        int256 equity;
        /// At mark, with haircuts on spot.
        int256 marginEquity;
        uint256 maintenance;
        /// The two above at the fast average.
        int256 fastMarginEquity;
        uint256 fastMaintenance;
        /// What initial margin and withdrawals look at: each leg at the worse of mark and slow.
        int256 initialEquity;
        uint256 initial;
        /// Cash and perps only, at the same prices: quote is never withdrawn against spot.
        int256 quoteEquity;
        /// Spot at mark, nothing taken off.
        uint256 collateral;
        /// Whether the sources of a leg disagree.
        bool diverged;
    }

    /// @notice Who may take a leg: what he holds of it, and what his account can carry.
    struct Holder {
        int256 size;
        int256 equity;
        /// Initial equity beyond initial margin, and what of it is quote.
        int256 free;
        int256 freeQuote;
    }

    /// @notice An account, or one leg of it, at mark.
    struct Standing {
        int256 equity;
        int256 marginEquity;
        uint256 maintenance;
        uint256 collateral;
    }

    /// @param prices of the account's legs, in their order
    function assess(
        Ledger storage ledger,
        AccountId account,
        Price[] memory prices
    ) internal view returns (Assessment memory a) {
        Account storage stored = ledger.accounts[account];
        uint96 legs = stored.legs;
        int256 cash = stored.cash;
        if (stored.indebted) cash -= int256(Debts.interest(ledger, account));
        for (uint256 i = 0; i < prices.length; ++i) {
            AssetId asset = legs.legAt(i);
            Markets.Market memory market = Markets.current(ledger, asset, prices[i]);
            Position memory position = ledger.positions[account][asset];
            if (prices[i].status == PriceStatus.Diverged) a.diverged = true;
            if (market.config.kind == AssetKind.Spot) addSpot(a, market, position.size, prices[i]);
            else cash += addPerp(a, market, touched(ledger, asset, position, market), prices[i]);
        }
        addCash(a, cash);
    }

    /// @notice As `assess`, for an account without debt and with no leg but this perp, whose market is known.
    function assessOnly(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        Markets.Market memory market,
        Price memory price
    ) internal view returns (Assessment memory a) {
        int256 cash = ledger.accounts[account].cash;
        Position memory position = ledger.positions[account][asset];
        if (position.size != 0) cash += addPerp(a, market, touched(ledger, asset, position, market), price);
        a.diverged = price.status == PriceStatus.Diverged;
        addCash(a, cash);
    }

    /// @notice A position as a touch now would leave it.
    function preview(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        Price memory price
    ) internal view returns (Positions.PickedUp memory) {
        Position memory position = ledger.positions[account][asset];
        Markets.Market memory market = Markets.current(ledger, asset, price);
        if (market.config.kind == AssetKind.Spot) return Positions.PickedUp(position.size, 0, 0);
        return touched(ledger, asset, position, market);
    }

    /// @notice The size that `preview` returns, of an asset whose market is known.
    function sizeOf(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        Markets.Market memory market
    ) internal view returns (int256 size) {
        Position storage position = ledger.positions[account][asset];
        size = position.size;
        if (size == 0 || market.config.kind != AssetKind.Perp) return size;
        Side storage side = Positions.sideOf(ledger.perps[asset], size > 0);
        if (Positions.isCurrent(side, position.version, position.shareVersion)) return size;
        return touched(ledger, asset, position, market).size;
    }

    /// @notice As `preview`, of a perp whose market is known.
    function touched(
        Ledger storage ledger,
        AssetId asset,
        Position memory position,
        Markets.Market memory market
    ) internal view returns (Positions.PickedUp memory) {
        return
            Positions.preview(
                ledger.perps[asset],
                position,
                market.fundingIndex,
                uint256(market.config.haircut) * 1e14
            );
    }

    /// @notice Liquidatable at mark, and also at the fast average unless it is far below.
    function liquidatable(Assessment memory a) internal pure returns (bool) {
        if (a.marginEquity >= int256(a.maintenance)) return false;
        if (a.fastMarginEquity < int256(a.fastMaintenance)) return true;
        return a.marginEquity * 10_000 < int256(a.maintenance * GUARD);
    }

    function standing(Assessment memory a) internal pure returns (Standing memory) {
        return Standing(a.equity, a.marginEquity, a.maintenance, a.collateral);
    }

    function holder(Assessment memory a, int256 size) internal pure returns (Holder memory) {
        int256 free = a.initialEquity - int256(a.initial);
        return Holder(size, a.equity, free, free < a.quoteEquity ? free : a.quoteEquity);
    }

    /// @notice Quote owed against spot: −(cash + perps at mark) of an account that holds spot.
    function debt(Standing memory s) internal pure returns (uint256) {
        int256 quote = s.equity - int256(s.collateral);
        return quote < 0 && s.collateral != 0 ? uint256(-quote) : 0;
    }

    /// @notice Whether more is owed than `cap` basis points of the spot.
    function overborrowed(Standing memory s, uint256 cap) internal pure returns (bool) {
        return debt(s) * 10_000 > s.collateral * cap;
    }

    /// @notice Whether it no longer waits for somebody: bankrupt, or below half of maintenance.
    function orphaned(Standing memory s) internal pure returns (bool) {
        return s.equity < 0 || s.marginEquity * 2 < int256(s.maintenance);
    }

    /// @notice What one leg adds to an account at mark.
    function leg(
        Markets.Market memory market,
        int256 size,
        Price memory price
    ) internal pure returns (Standing memory s) {
        s.equity = Margin.value(size, price.mark);
        s.marginEquity = s.equity;
        if (market.config.kind == AssetKind.Spot) {
            s.collateral = uint256(s.equity);
            s.marginEquity = Margin.counted(s.equity, haircut(market.config, price.status));
        } else s.maintenance = maintenance(market, size, price);
    }

    /// @notice What a leg of a perp needs at mark.
    function maintenance(
        Markets.Market memory market,
        int256 size,
        Price memory price
    ) internal pure returns (uint256) {
        return maintenanceAt(market, size, price.mark, maintenanceRate(market, price.status));
    }

    /// @notice What one leg adds to the initial margin, the reserve on its profit included, at the worse of mark and slow.
    function initial(
        Markets.Market memory market,
        int256 size,
        uint256 basis,
        Price memory price
    ) internal pure returns (uint256) {
        uint256 rate = market.initialRate;
        if (frozen(market.config, price.status)) rate += market.initialRate;
        uint256 worse = Margin.worse(size, price.mark, price.slow);
        return
            Margin.required(Margin.notionalOf(size, worse), rate, market.initialDepth) +
            Margin.reserve(size, worse, basis, market.config.haircut);
    }

    /// @notice The account at mark if this leg were `to` instead of `from` and its cash `cash` more. Exact, because an
    /// assessment is a sum over legs.
    function shifted(
        Standing memory s,
        Markets.Market memory market,
        Price memory price,
        int256 from,
        int256 to,
        int256 cash
    ) internal pure returns (Standing memory) {
        Standing memory old = leg(market, from, price);
        Standing memory new_ = leg(market, to, price);
        return
            Standing(
                s.equity + cash + new_.equity - old.equity,
                s.marginEquity + cash + new_.marginEquity - old.marginEquity,
                s.maintenance + new_.maintenance - old.maintenance,
                s.collateral + new_.collateral - old.collateral
            );
    }

    /// @notice Whether a step keeps an account at least as healthy: health = margin equity / maintenance does not fall, one
    /// without health loses nothing, and a solvent account stays solvent. Spot that is left with no perp is sold at any
    /// health within its haircut. A wei is what the two parts of a leg may round apart.
    function noWorse(Standing memory before, Standing memory afterwards) internal pure returns (bool) {
        if (before.equity >= 0 && afterwards.equity < 0 && before.maintenance != 0) return false;
        if (before.maintenance == afterwards.maintenance) return afterwards.marginEquity + 1 >= before.marginEquity;
        if (before.marginEquity <= 0) return afterwards.equity + 1 >= before.equity;
        return
            afterwards.marginEquity * int256(before.maintenance) >=
            before.marginEquity * int256(afterwards.maintenance);
    }

    /// @dev A leg that cannot be traded weighs its initial rate more (a spot: twice its haircut) but blocks nothing.
    function frozen(AssetConfig memory config, PriceStatus status) internal pure returns (bool) {
        return status == PriceStatus.Stale || config.state == AssetState.Halted;
    }

    function haircut(AssetConfig memory config, PriceStatus status) internal pure returns (uint256) {
        return frozen(config, status) ? 2 * uint256(config.haircut) : config.haircut;
    }

    function maintenanceRate(Markets.Market memory market, PriceStatus status) internal pure returns (uint256) {
        return frozen(market.config, status) ? market.maintenanceRate + market.initialRate : market.maintenanceRate;
    }

    function maintenanceAt(
        Markets.Market memory market,
        int256 size,
        uint256 price,
        uint256 rate
    ) private pure returns (uint256) {
        return Margin.required(Margin.notionalOf(size, price), rate, market.maintenanceDepth);
    }

    function addCash(Assessment memory a, int256 cash) private pure {
        a.equity += cash;
        a.marginEquity += cash;
        a.fastMarginEquity += cash;
        a.initialEquity += cash;
        a.quoteEquity += cash;
    }

    function addSpot(Assessment memory a, Markets.Market memory market, int256 size, Price memory price) private pure {
        uint256 cut = haircut(market.config, price.status);
        int256 value = Margin.value(size, price.mark);
        a.equity += value;
        a.collateral += uint256(value);
        a.marginEquity += Margin.counted(value, cut);
        a.fastMarginEquity += Margin.counted(Margin.value(size, price.fast), cut);
        a.initialEquity += Margin.counted(Margin.value(size, Margin.worse(size, price.mark, price.slow)), cut);
    }

    /// @return what its pick-up would pay
    function addPerp(
        Assessment memory a,
        Markets.Market memory market,
        Positions.PickedUp memory position,
        Price memory price
    ) private pure returns (int256) {
        int256 size = position.size;
        int256 value = Margin.value(size, price.mark);
        a.equity += value;
        a.marginEquity += value;
        uint256 rate = maintenanceRate(market, price.status);
        a.maintenance += maintenanceAt(market, size, price.mark, rate);
        a.fastMarginEquity += Margin.value(size, price.fast);
        a.fastMaintenance += maintenanceAt(market, size, price.fast, rate);
        value = Margin.value(size, Margin.worse(size, price.mark, price.slow));
        a.initialEquity += value;
        a.quoteEquity += value;
        a.initial += initial(market, size, position.basis, price);
        return position.cash;
    }
}
