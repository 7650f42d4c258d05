// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AssetId, MAX_ASSET, QUOTE} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {
    AssetConfig,
    AssetKind,
    AssetLimits,
    AssetState,
    Conditions,
    HouseTerms,
    Ledger,
    Perp,
    Pool,
    Reserve
} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Pricing} from "./Pricing.sol";
import {Winding} from "./Winding.sol";

/// @notice How assets come into the ledger, get their parameters, and are kept up to date.
library Listing {
    using Accounting for Ledger;
    using Pricing for Ledger;

    /// @dev What the dust row must hold per listed market.
    uint256 private constant DUST_SEED = 0.01e18;
    /// @dev What the insurance fund should hold, in basis points of all open interest.
    uint256 private constant TARGET = 200;
    uint16 private constant ALL = 10_000;

    function listPerp(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external {
        require(config.kind == AssetKind.Perp, IClearingHouse.WrongKind(asset));
        Price memory price = list(ledger, oracle, asset, config, limits, address(0));
        uint256 needed = DUST_SEED * ++ledger.houseTerms.listed;
        int256 dust = ledger.accounts[DUST].cash;
        require(dust >= int256(needed), IClearingHouse.DustRowUnderfunded(dust, needed));
        ledger.markets.push(asset);
        Perp storage perp = ledger.perps[asset];
        perp.accruedAt = uint32(block.timestamp);
        uint64 rate = uint64(Markets.target(config, price));
        perp.conditions = Conditions(rate, rate, 0, 0, uint32(Margin.WHOLE), uint32(Margin.WHOLE));
        emit IClearingHouse.ConditionsChanged(asset, perp.conditions);
        // A slot that was listed before goes on counting where it stood.
        if (perp.long.multiplier == 0) {
            perp.long.multiplier = uint104(Deleverage.ONE);
            perp.short.multiplier = uint104(Deleverage.ONE);
        }
    }

    function listSpot(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        address token,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external {
        require(config.kind == AssetKind.Spot, IClearingHouse.WrongKind(asset));
        list(ledger, oracle, asset, config, limits, token);
        addReserve(ledger, asset, token);
    }

    function configure(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external {
        AssetConfig storage stored = ledger.configs[asset];
        require(stored.kind != AssetKind.None && stored.kind == config.kind, IClearingHouse.UnknownAsset(asset));
        Price memory price = ledger.latchOne(oracle, asset);
        bool ends = config.state == AssetState.Settling && stored.state != AssetState.Settling;
        if (ends) requireEnd(oracle, asset, config);
        ledger.configs[asset] = config;
        // From now on all profit may have to pay for what the market's losers cannot.
        if (config.state == AssetState.Settling) stored.haircut = ALL;
        ledger.limits[asset] = limits;
        if (config.kind == AssetKind.Perp) {
            ledger.retarget(asset, price);
            ledger.measurePool(oracle, asset, price);
        }
        emit IClearingHouse.AssetConfigured(asset, stored, limits);
        if (ends) Winding.retire(ledger, asset);
    }

    function requireEnd(IOracle oracle, AssetId asset, AssetConfig calldata config) private view {
        require(config.kind == AssetKind.Perp, IClearingHouse.WrongKind(asset));
        require(oracle.isFixed(asset), IClearingHouse.PriceNotFixed(asset));
    }

    function setPool(Ledger storage ledger, IOracle oracle, AssetId asset, Pool calldata pool) external {
        require(ledger.configs[asset].kind == AssetKind.Perp, IClearingHouse.WrongKind(asset));
        Perp storage perp = ledger.perps[asset];
        emit IClearingHouse.PoolSet(asset, perp.pool, pool);
        perp.pool = pool;
        Price memory price = ledger.latchOne(oracle, asset);
        if (pool.owner != address(0)) ledger.measurePool(oracle, asset, price);
        else ledger.measured(asset, Margin.WHOLE, 0, price.mark, Pricing.Tell.Changes);
    }

    function setHouseTerms(Ledger storage ledger, IOracle oracle, HouseTerms calldata terms) external {
        // A guard on the quote needs a price of it, from then on always.
        if (terms.pegBound != 0) oracle.latchOne(QUOTE);
        uint16 listed = ledger.houseTerms.listed;
        ledger.houseTerms = terms;
        ledger.houseTerms.listed = listed;
        emit IClearingHouse.HouseTermsSet(ledger.houseTerms);
    }

    function accrue(Ledger storage ledger, IOracle oracle, AssetId[] calldata assets) external {
        for (uint256 i = 0; i < assets.length; ++i) {
            // The vault of a market that is gone still brings up to date what there is.
            if (isGone(ledger, assets[i])) continue;
            Price memory price = ledger.latchOne(oracle, assets[i]);
            if (ledger.configs[assets[i]].kind == AssetKind.Perp) ledger.measurePool(oracle, assets[i], price);
        }
    }

    /// @notice The insurance's part of the fees falls in a straight line to nothing as the fund nears its target.
    function shareFees(Ledger storage ledger, IOracle oracle) external returns (uint256 insured, uint256 kept) {
        uint256 fees = uint256(int256(ledger.accounts[FEES].cash));
        uint256 target = insuranceTarget(ledger, oracle);
        uint256 fund = uint256(int256(ledger.accounts[INSURANCE].cash));
        uint256 most = FixedPoint.mulDivDown(fees, ledger.houseTerms.insuranceShare, 10_000);
        if (fund < target) insured = FixedPoint.mulDivUp(most, target - fund, target);
        insured = FixedPoint.max(insured, FixedPoint.min(most, ledger.reserves[QUOTE].deficit));
        kept = fees - insured;
        ledger.addCash(FEES, -int256(fees));
        ledger.addIncome(insured);
        ledger.addCash(TREASURY, int256(kept));
        emit IClearingHouse.FeesShared(insured, kept);
    }

    /// @notice What the fund should hold: a part of all open interest, at the marks latched last.
    function insuranceTarget(Ledger storage ledger, IOracle oracle) public view returns (uint256 target) {
        for (uint256 i = 0; i < ledger.markets.length; ++i) {
            (Price memory price, ) = oracle.latched(ledger.markets[i]);
            target += FixedPoint.mulDown(ledger.perps[ledger.markets[i]].openInterest, price.mark);
        }
        return FixedPoint.mulDivDown(target, TARGET, 10_000);
    }

    function isGone(Ledger storage ledger, AssetId asset) private view returns (bool) {
        return ledger.configs[asset].kind == AssetKind.None && ledger.perps[asset].long.multiplier != 0;
    }

    function addReserve(Ledger storage ledger, AssetId asset, address token) public {
        require(!ledger.tokens[token], IClearingHouse.TokenInUse(token));
        ledger.tokens[token] = true;
        uint8 decimals = IERC20Metadata(token).decimals();
        require(decimals <= 18, IClearingHouse.TooManyDecimals(decimals, 18));
        ledger.reserves[asset] = Reserve(token, decimals, 0, 0, 0, 0);
    }

    function list(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits,
        address token
    ) private returns (Price memory) {
        uint256 id = AssetId.unwrap(asset);
        require(id != 0 && id <= MAX_ASSET, IClearingHouse.AssetOutOfBounds(id, MAX_ASSET));
        require(ledger.configs[asset].kind == AssetKind.None, IClearingHouse.AssetAlreadyListed(asset));
        require(!oracle.isFixed(asset), IClearingHouse.PriceIsFixed(asset));
        int256 standing = ledger.accounts[deficitRow(asset)].cash;
        require(standing == 0, IClearingHouse.DeficitStands(asset, standing));
        ledger.configs[asset] = config;
        ledger.limits[asset] = limits;
        emit IClearingHouse.AssetListed(asset, config, limits, token);
        // Nothing is listed without a price: from here on there is always a last one.
        return ledger.latchOne(oracle, asset);
    }
}
