// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskConfigurator} from "../interfaces/IRiskConfigurator.sol";
import {AssetId} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";
import {TREASURY} from "../types/Rows.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState, HouseTerms, Pool} from "./Ledger.sol";

/// @title Setters and bounds
/// @notice The only contract whose parameters the clearing house accepts. Which role may call what, and after which delay,
/// is in the access manager.
contract RiskConfigurator is IRiskConfigurator, AccessManaged {
    /// @dev Rates and factors in basis points.
    uint256 internal constant MIN_RATE = 50;
    uint256 internal constant MAX_RATE = 50_00;
    uint256 internal constant MIN_FACTOR = 1_00_00;
    uint256 internal constant MAX_FACTOR = 5_00_00;
    uint256 internal constant MIN_DEVIATIONS = 1_00;
    uint256 internal constant MAX_DEVIATIONS = 10_00;
    uint256 internal constant MIN_HORIZON = 1 minutes;
    uint256 internal constant MAX_HORIZON = 12 hours;
    uint256 internal constant MIN_DEPTH = 10_000e18;
    uint256 internal constant MAX_DEPTH = 10_000_000_000e18;
    uint256 internal constant MIN_PROFIT_HAIRCUT = 1_00;
    uint256 internal constant MAX_PROFIT_HAIRCUT = 50_00;
    uint256 internal constant MIN_SPOT_HAIRCUT = 5_00;
    uint256 internal constant MAX_SPOT_HAIRCUT = 95_00;
    uint256 internal constant MAX_LIMIT = 7e28;
    uint256 internal constant MIN_SHARE = 0.001e18;
    uint256 internal constant MAX_SHARE = 1e18;
    uint256 internal constant MAX_LEAST_MARGIN = 10_000e18;
    uint256 internal constant MAX_DEBT_RATE = 1e18;
    uint256 internal constant MAX_DEBT_CAP = 80_00;
    uint256 internal constant MIN_PEG_BOUND = 50;
    uint256 internal constant MAX_PEG_BOUND = 20_00;
    uint256 internal constant MIN_OUTFLOW = 5_00;
    /// @dev Of a pool: millionths, hundredths, basis points, basis points of depth, hundredths of equity.
    uint256 internal constant MAX_HALF_SPREAD = 10_000;
    uint256 internal constant MAX_AGE_FACTOR = 10_00;
    uint256 internal constant MAX_DEVIATION = 5_00;
    uint256 internal constant MAX_INVENTORY = 20_00;
    uint256 internal constant MAX_LEVERAGE = 5_00;
    /// @dev In basis points per day.
    uint256 internal constant MAX_FUNDING_SLOPE = 1_00_00;
    uint256 internal constant MAX_FUNDING_CAP = 5_00;

    IClearingHouse public clearingHouse;

    constructor(address authority) AccessManaged(authority) {}

    modifier bound() {
        require(address(clearingHouse) != address(0), NotBound());
        _;
    }

    /// @inheritdoc IRiskConfigurator
    function bind(address clearingHouse_) external restricted {
        require(address(clearingHouse) == address(0), AlreadyBound(address(clearingHouse)));
        address configurator = IClearingHouse(clearingHouse_).configurator();
        require(configurator == address(this), OtherConfigurator(clearingHouse_, configurator));
        clearingHouse = IClearingHouse(clearingHouse_);
        emit ClearingHouseBound(clearingHouse_);
    }

    /// @inheritdoc IRiskConfigurator
    function listPerp(AssetId asset, PerpTerms calldata terms) external restricted bound {
        requireMargin(terms.margin);
        requireWithin("depth", terms.depth, MIN_DEPTH, MAX_DEPTH);
        requireWithin("maxHaircut", terms.maxHaircut, MIN_PROFIT_HAIRCUT, MAX_PROFIT_HAIRCUT);
        requireFunding(terms.funding);
        AssetLimits memory limits = AssetLimits(terms.openInterestLimit, terms.crowdedFrom, terms.sizeLimit);
        requireLimits(limits);
        AssetConfig memory config;
        config.kind = AssetKind.Perp;
        config.haircut = terms.maxHaircut;
        config.depth = terms.depth;
        (config.fundingSlope, config.fundingCap) = (terms.funding.slope, terms.funding.cap);
        put(config, terms.margin);
        clearingHouse.listPerp(asset, config, limits);
        emit PerpListed(asset, terms);
    }

    /// @inheritdoc IRiskConfigurator
    function listSpot(AssetId asset, address token, SpotTerms calldata terms) external restricted bound {
        requireWithin("haircut", terms.haircut, MIN_SPOT_HAIRCUT, MAX_SPOT_HAIRCUT);
        requireWithin("depth", terms.depth, MIN_DEPTH, MAX_DEPTH);
        AssetLimits memory limits = AssetLimits(terms.totalLimit, terms.totalLimit, terms.sizeLimit);
        requireLimits(limits);
        AssetConfig memory config;
        config.kind = AssetKind.Spot;
        (config.haircut, config.depth) = (terms.haircut, terms.depth);
        clearingHouse.listSpot(asset, token, config, limits);
        emit SpotListed(asset, token, terms);
    }

    /// @inheritdoc IRiskConfigurator
    function setMargin(AssetId asset, MarginTerms calldata margin) external restricted bound {
        requireMargin(margin);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Perp);
        emit MarginSet(asset, marginOf(config), margin);
        put(config, margin);
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setDepth(AssetId asset, uint96 depth) external restricted bound {
        requireWithin("depth", depth, MIN_DEPTH, MAX_DEPTH);
        (AssetConfig memory config, AssetLimits memory limits) = clearingHouse.configOf(asset);
        emit DepthSet(asset, config.depth, depth);
        config.depth = depth;
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setHaircut(AssetId asset, uint16 haircut) external restricted bound {
        requireWithin("haircut", haircut, MIN_SPOT_HAIRCUT, MAX_SPOT_HAIRCUT);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Spot);
        emit HaircutSet(asset, config.haircut, haircut);
        config.haircut = haircut;
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setLimits(AssetId asset, AssetLimits calldata limits) external restricted bound {
        requireLimits(limits);
        (AssetConfig memory config, AssetLimits memory before) = clearingHouse.configOf(asset);
        emit LimitsSet(asset, before, limits);
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setPool(AssetId asset, Pool calldata pool) external restricted bound {
        requireWithin("halfSpread", pool.halfSpread, 0, MAX_HALF_SPREAD);
        requireWithin("ageFactor", pool.ageFactor, 0, MAX_AGE_FACTOR);
        requireWithin("deviation", pool.deviation, 0, MAX_DEVIATION);
        requireWithin("inventoryLimit", pool.inventoryLimit, 0, MAX_INVENTORY);
        requireWithin("leverageLimit", pool.leverageLimit, 0, MAX_LEVERAGE);
        requireWithin("oneSided", pool.oneSided, 0, pool.leverageLimit);
        emit PoolSet(asset, clearingHouse.poolOf(asset), pool);
        clearingHouse.setPool(asset, pool);
    }

    /// @inheritdoc IRiskConfigurator
    function setHouseTerms(HouseTerms calldata terms) external restricted bound {
        requireWithin("leastMargin", terms.leastMargin, 0, MAX_LEAST_MARGIN);
        requireWithin("debtRate", terms.debtRate, 0, MAX_DEBT_RATE);
        requireWithin("debtCap", terms.debtCap, 0, MAX_DEBT_CAP);
        requireWithin("insuranceShare", terms.insuranceShare, 0, 100_00);
        requireWithin("outflow", terms.outflow, MIN_OUTFLOW, 100_00);
        if (terms.pegBound != 0) requireWithin("pegBound", terms.pegBound, MIN_PEG_BOUND, MAX_PEG_BOUND);
        HouseTerms memory before = clearingHouse.houseTerms();
        clearingHouse.setHouseTerms(terms);
        emit HouseTermsSet(before, clearingHouse.houseTerms());
    }

    /// @inheritdoc IRiskConfigurator
    function setFunding(AssetId asset, FundingTerms calldata funding) external restricted bound {
        requireFunding(funding);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Perp);
        emit FundingSet(asset, FundingTerms(config.fundingSlope, config.fundingCap), funding);
        (config.fundingSlope, config.fundingCap) = (funding.slope, funding.cap);
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setState(AssetId asset, AssetState state) external restricted bound {
        changeState(asset, state);
    }

    /// @inheritdoc IRiskConfigurator
    function windDown(AssetId asset) external bound {
        changeState(asset, AssetState.Settling);
    }

    /// @inheritdoc IRiskConfigurator
    function tighten(AssetId asset, AssetState state) external restricted bound {
        (AssetConfig memory config, ) = clearingHouse.configOf(asset);
        require(state > config.state && state <= AssetState.Halted, NotTighter(asset, config.state, state));
        changeState(asset, state);
    }

    /// @inheritdoc IRiskConfigurator
    function setCapability(address stage, Capability capability, bool granted) external restricted bound {
        clearingHouse.setCapability(stage, capability, granted);
    }

    /// @inheritdoc IRiskConfigurator
    function revokeCapability(address stage, Capability capability) external restricted bound {
        clearingHouse.setCapability(stage, capability, false);
    }

    /// @inheritdoc IRiskConfigurator
    function withdrawTreasury(
        AssetId asset,
        uint256 amount,
        address to
    ) external restricted bound returns (uint256 paid) {
        return clearingHouse.withdraw(TREASURY, asset, amount, to);
    }

    function changeState(AssetId asset, AssetState state) internal {
        (AssetConfig memory config, AssetLimits memory limits) = clearingHouse.configOf(asset);
        require(config.state != AssetState.Settling, SettlingIsFinal(asset));
        emit StateSet(asset, config.state, state);
        config.state = state;
        write(asset, config, limits);
    }

    function read(AssetId asset, AssetKind kind) internal view returns (AssetConfig memory, AssetLimits memory) {
        (AssetConfig memory config, AssetLimits memory limits) = clearingHouse.configOf(asset);
        require(config.kind == kind, IClearingHouse.WrongKind(asset));
        return (config, limits);
    }

    function write(AssetId asset, AssetConfig memory config, AssetLimits memory limits) internal {
        clearingHouse.configure(asset, config, limits);
    }

    function put(AssetConfig memory config, MarginTerms calldata margin) internal pure {
        config.floorRate = margin.floorRate;
        config.capRate = margin.capRate;
        config.initialFactor = margin.initialFactor;
        config.initialCap = margin.initialCap;
        config.deviations = margin.deviations;
        config.horizon = margin.horizon;
    }

    function marginOf(AssetConfig memory config) internal pure returns (MarginTerms memory) {
        return
            MarginTerms(
                config.floorRate,
                config.capRate,
                config.initialFactor,
                config.initialCap,
                config.deviations,
                config.horizon
            );
    }

    function requireMargin(MarginTerms calldata margin) internal pure {
        requireWithin("capRate", margin.capRate, MIN_RATE, MAX_RATE);
        requireWithin("floorRate", margin.floorRate, MIN_RATE, margin.capRate);
        requireWithin("initialCap", margin.initialCap, margin.capRate, MAX_RATE);
        requireWithin("initialFactor", margin.initialFactor, MIN_FACTOR, MAX_FACTOR);
        requireWithin("deviations", margin.deviations, MIN_DEVIATIONS, MAX_DEVIATIONS);
        requireWithin("horizon", margin.horizon, MIN_HORIZON, MAX_HORIZON);
    }

    function requireLimits(AssetLimits memory limits) internal pure {
        requireWithin("totalLimit", limits.total, 0, MAX_LIMIT);
        requireWithin("crowdedFrom", limits.crowdedFrom, 0, limits.total);
        requireWithin("sizeLimit", limits.perAccount, MIN_SHARE, MAX_SHARE);
    }

    function requireFunding(FundingTerms calldata funding) internal pure {
        requireWithin("fundingSlope", funding.slope, 0, MAX_FUNDING_SLOPE);
        requireWithin("fundingCap", funding.cap, 0, MAX_FUNDING_CAP);
    }

    function requireWithin(bytes32 parameter, uint256 value, uint256 lower, uint256 upper) internal pure {
        require(value >= lower && value <= upper, OutOfBounds(parameter, int256(value), int256(lower), int256(upper)));
    }
}
