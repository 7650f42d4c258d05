// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Funding} from "../libraries/Funding.sol";
import {Legs} from "../libraries/Legs.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Assessing} from "./Assessing.sol";
import {Assessor} from "./Assessor.sol";
import {Account, AssetConfig, AssetKind, AssetState, Conditions, Ledger, Perp} from "./Ledger.sol";
import {Markets} from "./Markets.sol";

/// @notice Prices as the ledger uses them: latched first, markets accrued, then read.
library Pricing {
    using Legs for uint96;

    /// @dev When the log says what conditions are stored.
    enum Tell {
        Changes,
        Never,
        Always
    }

    /// @notice Latches; accrues every perp among the assets, which are about to be changed.
    function latch(
        Ledger storage ledger,
        IOracle oracle,
        AssetId[] memory assets
    ) internal returns (Price[] memory prices) {
        if (assets.length == 0) return prices;
        prices = oracle.latch(assets);
        for (uint256 i = 0; i < assets.length; ++i) accrue(ledger, assets[i], prices[i], Tell.Changes);
    }

    function latchOne(Ledger storage ledger, IOracle oracle, AssetId asset) internal returns (Price memory price) {
        requireListed(ledger, asset);
        price = oracle.latchOne(asset);
        accrue(ledger, asset, price, Tell.Changes);
    }

    /// @notice As `latchOne`, of a market whose pool is measured before the call ends: that tells the conditions once.
    function latchQuietly(Ledger storage ledger, IOracle oracle, AssetId asset) internal returns (Price memory price) {
        requireListed(ledger, asset);
        price = oracle.latchOne(asset);
        accrue(ledger, asset, price, Tell.Never);
    }

    /// @notice The prices of the legs of an account, to look at: nothing accrues.
    function latchAll(IOracle oracle, uint96 legs) internal returns (Price[] memory prices) {
        if (legs != 0) prices = oracle.latch(legs.list());
    }

    /// @notice The account's assessment on latched prices.
    function assess(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account
    ) internal returns (Assessor.Assessment memory) {
        return Assessing.assess(ledger, account, latchAll(oracle, ledger.accounts[account].legs));
    }

    /// @notice As `assess`, where the market of one of its legs is known: mostly there is no other.
    function assessAt(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset,
        Markets.Market memory market,
        Price memory price
    ) internal returns (Assessor.Assessment memory) {
        Account storage stored = ledger.accounts[account];
        (uint96 legs, bool indebted) = (stored.legs, stored.indebted);
        bool alone = legs == 0 || legs == AssetId.unwrap(asset);
        if (indebted || !alone || market.config.kind != AssetKind.Perp) return assess(ledger, oracle, account);
        return Assessor.assessOnly(ledger, account, asset, market, price);
    }

    /// @notice Reads what a market's pool lends it and asks of it, as of now: depth from its equity, funding from its
    /// inventory.
    function measurePool(Ledger storage ledger, IOracle oracle, AssetId asset, Price memory price) internal {
        address owner = ledger.perps[asset].pool.owner;
        if (owner == address(0)) return;
        AccountId pool = accountId(owner, 0);
        int256 equity = assess(ledger, oracle, pool).equity;
        int256 inventory = Assessing.preview(ledger, pool, asset, price).size;
        uint256 share = Margin.depthShare(equity, ledger.configs[asset].depth);
        measured(ledger, asset, share, inventory, price.mark, Tell.Changes);
    }

    /// @dev Traders are long what their pool is short.
    function measured(
        Ledger storage ledger,
        AssetId asset,
        uint256 share,
        int256 inventory,
        uint256 mark,
        Tell tell
    ) internal {
        Perp storage perp = ledger.perps[asset];
        Conditions memory conditions = perp.conditions;
        conditions.depthShare = uint32(share);
        if (share > conditions.maintenanceDepthShare) conditions.maintenanceDepthShare = uint32(share);
        AssetConfig memory config = ledger.configs[asset];
        uint256 openInterest = FixedPoint.mulDown(perp.openInterest, mark);
        conditions.fundingTarget = int32(
            Funding.target(
                -Margin.value(inventory, mark),
                Markets.depth(config, share),
                openInterest,
                config.fundingSlope,
                config.fundingCap
            )
        );
        store(perp, asset, conditions, tell);
    }

    /// @notice Puts what a configuration asks for in place at once; the ramp of open positions follows.
    function retarget(Ledger storage ledger, AssetId asset, Price memory price) internal {
        Conditions memory conditions = ledger.perps[asset].conditions;
        conditions.targetRate = uint64(Markets.target(ledger.configs[asset], price));
        store(ledger.perps[asset], asset, conditions, Tell.Changes);
    }

    function accrue(Ledger storage ledger, AssetId asset, Price memory price, Tell tell) private {
        Perp storage perp = ledger.perps[asset];
        uint256 accruedAt = perp.accruedAt;
        // A spot never accrues.
        if (accruedAt == 0 || accruedAt == block.timestamp) return;
        AssetConfig memory config = ledger.configs[asset];
        // What is wound down stands still.
        if (config.state == AssetState.Settling) return;
        int256 before = perp.fundingIndex;
        (int256 index, Conditions memory conditions) = Markets.accrued(perp, config, price);
        (perp.fundingIndex, perp.accruedAt) = (int128(index), uint32(block.timestamp));
        if (index != before) emit IClearingHouse.FundingAccrued(asset, index);
        store(perp, asset, conditions, tell);
    }

    function store(Perp storage perp, AssetId asset, Conditions memory next, Tell tell) private {
        Conditions memory stored = perp.conditions;
        bool same =
            stored.maintenanceRate == next.maintenanceRate &&
                stored.targetRate == next.targetRate &&
                stored.fundingRate == next.fundingRate &&
                stored.fundingTarget == next.fundingTarget &&
                stored.depthShare == next.depthShare &&
                stored.maintenanceDepthShare == next.maintenanceDepthShare;
        if (!same) perp.conditions = next;
        if (tell == Tell.Always || (tell == Tell.Changes && !same)) emit IClearingHouse.ConditionsChanged(asset, next);
    }

    /// @dev What an account must meet that took something on.
    function requireMargin(AccountId account, Assessor.Assessment memory a) internal pure {
        require(
            a.initialEquity >= int256(a.initial),
            IClearingHouse.InsufficientMargin(account, a.initialEquity, a.initial)
        );
    }

    function requireListed(Ledger storage ledger, AssetId asset) private view {
        require(ledger.configs[asset].kind != AssetKind.None, IClearingHouse.UnknownAsset(asset));
    }
}
