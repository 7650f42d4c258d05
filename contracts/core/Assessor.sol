// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Funding} from "../libraries/Funding.sol";
import {Legs} from "../libraries/Legs.sol";
import {Margin} from "../libraries/Margin.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {Account, AssetConfig, AssetKind, AssetState, Ledger, Perp, Position} from "./Ledger.sol";
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
        /// Whether the sources of a leg disagree.
        bool diverged;
    }

    /// @notice An account, or one leg of it, at mark.
    struct Standing {
        int256 equity;
        int256 marginEquity;
        uint256 maintenance;
    }

    /// @param prices of the account's legs, in their order
    function assess(
        Ledger storage ledger,
        AccountId account,
        Price[] memory prices
    ) external view returns (Assessment memory a) {
        Account storage stored = ledger.accounts[account];
        uint96 legs = stored.legs;
        addCash(a, stored.cash);
        for (uint256 i = 0; i < prices.length; ++i) {
            AssetId asset = legs.legAt(i);
            AssetConfig memory config = ledger.configs[asset];
            Position memory position = ledger.positions[account][asset];
            if (prices[i].status == PriceStatus.Diverged) a.diverged = true;
            if (config.kind == AssetKind.Spot) addSpot(a, config, position.size, prices[i]);
            else addPerp(a, config, current(ledger, asset, position, prices[i].mark), prices[i]);
        }
    }

    /// @notice A position as a touch now would leave it.
    function preview(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        uint256 mark
    ) external view returns (Positions.PickedUp memory) {
        Position memory position = ledger.positions[account][asset];
        if (ledger.configs[asset].kind == AssetKind.Spot) return Positions.PickedUp(position.size, 0, 0);
        return current(ledger, asset, position, mark);
    }

    function current(
        Ledger storage ledger,
        AssetId asset,
        Position memory position,
        uint256 mark
    ) private view returns (Positions.PickedUp memory) {
        Perp storage perp = ledger.perps[asset];
        int256 index = Funding.accrue(perp.fundingIndex, perp.fundingRate, mark, block.timestamp - perp.accruedAt);
        return Positions.preview(perp, position, index, Positions.haircutOf(ledger, asset));
    }

    /// @notice Liquidatable at mark, and also at the fast average unless it is far below.
    function liquidatable(Assessment memory a) internal pure returns (bool) {
        if (a.marginEquity >= int256(a.maintenance)) return false;
        if (a.fastMarginEquity < int256(a.fastMaintenance)) return true;
        return a.marginEquity * 10_000 < int256(a.maintenance * GUARD);
    }

    /// @notice What one leg adds to an account at mark.
    function leg(AssetConfig memory config, int256 size, Price memory price) internal pure returns (Standing memory s) {
        s.equity = Margin.value(size, price.mark);
        s.marginEquity = s.equity;
        if (config.kind == AssetKind.Spot) s.marginEquity = Margin.counted(s.equity, haircut(config, price.status));
        else s.maintenance = maintenance(config, size, price.mark, price.status);
    }

    /// @notice The account at mark if this leg were `to` instead of `from` and its cash `cash` more. Exact, because an
    /// assessment is a sum over legs.
    function shifted(
        Assessment memory a,
        AssetConfig memory config,
        Price memory price,
        int256 from,
        int256 to,
        int256 cash
    ) internal pure returns (Standing memory) {
        Standing memory old = leg(config, from, price);
        Standing memory new_ = leg(config, to, price);
        return
            Standing(
                a.equity + cash + new_.equity - old.equity,
                a.marginEquity + cash + new_.marginEquity - old.marginEquity,
                a.maintenance + new_.maintenance - old.maintenance
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

    function haircut(AssetConfig memory config, PriceStatus status) private pure returns (uint256) {
        return frozen(config, status) ? 2 * uint256(config.haircut) : config.haircut;
    }

    function maintenance(
        AssetConfig memory config,
        int256 size,
        uint256 price,
        PriceStatus status
    ) private pure returns (uint256) {
        uint256 rate = config.maintenanceRate;
        if (frozen(config, status)) rate += config.initialRate;
        return Margin.required(Margin.notionalOf(size, price), rate, config.depth);
    }

    function addCash(Assessment memory a, int256 cash) private pure {
        a.equity += cash;
        a.marginEquity += cash;
        a.fastMarginEquity += cash;
        a.initialEquity += cash;
        a.quoteEquity += cash;
    }

    function addSpot(Assessment memory a, AssetConfig memory config, int256 size, Price memory price) private pure {
        uint256 cut = haircut(config, price.status);
        int256 value = Margin.value(size, price.mark);
        a.equity += value;
        a.marginEquity += Margin.counted(value, cut);
        a.fastMarginEquity += Margin.counted(Margin.value(size, price.fast), cut);
        a.initialEquity += Margin.counted(Margin.value(size, Margin.worse(size, price.mark, price.slow)), cut);
    }

    function addPerp(
        Assessment memory a,
        AssetConfig memory config,
        Positions.PickedUp memory position,
        Price memory price
    ) private pure {
        int256 size = position.size;
        addCash(a, position.cash);
        int256 value = Margin.value(size, price.mark);
        a.equity += value;
        a.marginEquity += value;
        a.maintenance += maintenance(config, size, price.mark, price.status);
        a.fastMarginEquity += Margin.value(size, price.fast);
        a.fastMaintenance += maintenance(config, size, price.fast, price.status);
        uint256 worse = Margin.worse(size, price.mark, price.slow);
        value = Margin.value(size, worse);
        a.initialEquity += value;
        a.quoteEquity += value;
        a.initial += initial(config, position, worse, price.status);
    }

    function initial(
        AssetConfig memory config,
        Positions.PickedUp memory position,
        uint256 price,
        PriceStatus status
    ) private pure returns (uint256) {
        uint256 rate = config.initialRate;
        if (frozen(config, status)) rate += config.initialRate;
        return
            Margin.required(Margin.notionalOf(position.size, price), rate, config.depth) +
            Margin.reserve(position.size, price, position.basis, config.haircut);
    }
}
