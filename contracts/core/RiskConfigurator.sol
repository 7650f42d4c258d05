// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskConfigurator} from "../interfaces/IRiskConfigurator.sol";
import {AssetId} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";
import {TREASURY} from "../types/Rows.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState} from "./Ledger.sol";

/// @title Setters and bounds
/// @notice The only contract whose parameters the clearing house accepts. Which role may call what, and after which delay,
/// is in the access manager.
contract RiskConfigurator is IRiskConfigurator, AccessManaged {
    uint256 internal constant MIN_MAINTENANCE = 0.005e18;
    uint256 internal constant MAX_RATE = 0.5e18;
    uint256 internal constant MIN_DEPTH = 10_000e18;
    uint256 internal constant MAX_DEPTH = 10_000_000_000e18;
    uint256 internal constant MIN_PROFIT_HAIRCUT = 1_00;
    uint256 internal constant MAX_PROFIT_HAIRCUT = 50_00;
    uint256 internal constant MIN_SPOT_HAIRCUT = 5_00;
    uint256 internal constant MAX_SPOT_HAIRCUT = 95_00;
    uint256 internal constant MAX_LIMIT = 1e30;
    /// @dev Per day.
    int256 internal constant MAX_FUNDING = 0.005e18;

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
        requireMargin(terms.maintenanceRate, terms.initialRate);
        requireWithin("depth", terms.depth, MIN_DEPTH, MAX_DEPTH);
        requireWithin("maxHaircut", terms.maxHaircut, MIN_PROFIT_HAIRCUT, MAX_PROFIT_HAIRCUT);
        requireLimits(terms.openInterestLimit, terms.sizeLimit);
        requireFunding(terms.fundingRate);
        AssetConfig memory config = AssetConfig({
            kind: AssetKind.Perp,
            state: AssetState.Active,
            haircut: terms.maxHaircut,
            maintenanceRate: terms.maintenanceRate,
            initialRate: terms.initialRate,
            depth: terms.depth
        });
        AssetLimits memory limits = AssetLimits(terms.openInterestLimit, terms.sizeLimit);
        clearingHouse.listPerp(asset, config, limits);
        if (terms.fundingRate != 0) clearingHouse.configure(asset, config, limits, terms.fundingRate);
        emit PerpListed(asset, terms);
    }

    /// @inheritdoc IRiskConfigurator
    function listSpot(AssetId asset, address token, SpotTerms calldata terms) external restricted bound {
        requireWithin("haircut", terms.haircut, MIN_SPOT_HAIRCUT, MAX_SPOT_HAIRCUT);
        requireLimits(terms.totalLimit, terms.sizeLimit);
        AssetConfig memory config;
        config.kind = AssetKind.Spot;
        config.haircut = terms.haircut;
        clearingHouse.listSpot(asset, token, config, AssetLimits(terms.totalLimit, terms.sizeLimit));
        emit SpotListed(asset, token, terms);
    }

    /// @inheritdoc IRiskConfigurator
    function setMargin(AssetId asset, uint64 maintenanceRate, uint64 initialRate) external restricted bound {
        requireMargin(maintenanceRate, initialRate);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Perp);
        emit MarginSet(asset, config.maintenanceRate, config.initialRate, maintenanceRate, initialRate);
        config.maintenanceRate = maintenanceRate;
        config.initialRate = initialRate;
        write(asset, config, limits);
    }

    /// @inheritdoc IRiskConfigurator
    function setDepth(AssetId asset, uint96 depth) external restricted bound {
        requireWithin("depth", depth, MIN_DEPTH, MAX_DEPTH);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Perp);
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
    function setLimits(AssetId asset, uint128 total, uint128 perAccount) external restricted bound {
        requireLimits(total, perAccount);
        (AssetConfig memory config, AssetLimits memory limits) = clearingHouse.configOf(asset);
        emit LimitsSet(asset, limits.total, limits.perAccount, total, perAccount);
        write(asset, config, AssetLimits(total, perAccount));
    }

    /// @inheritdoc IRiskConfigurator
    function setFundingRate(AssetId asset, int64 fundingRate) external restricted bound {
        requireFunding(fundingRate);
        (AssetConfig memory config, AssetLimits memory limits) = read(asset, AssetKind.Perp);
        emit FundingRateSet(asset, int64(clearingHouse.perpOf(asset).fundingRate), fundingRate);
        clearingHouse.configure(asset, config, limits, fundingRate);
    }

    /// @inheritdoc IRiskConfigurator
    function setState(AssetId asset, AssetState state) external restricted bound {
        changeState(asset, state);
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
        clearingHouse.configure(asset, config, limits, int64(clearingHouse.perpOf(asset).fundingRate));
    }

    function requireMargin(uint256 maintenanceRate, uint256 initialRate) internal pure {
        requireWithin("maintenanceRate", maintenanceRate, MIN_MAINTENANCE, MAX_RATE);
        requireWithin("initialRate", initialRate, maintenanceRate, MAX_RATE);
    }

    function requireLimits(uint256 total, uint256 perAccount) internal pure {
        requireWithin("totalLimit", total, 0, MAX_LIMIT);
        requireWithin("sizeLimit", perAccount, 0, MAX_LIMIT);
    }

    function requireFunding(int256 rate) internal pure {
        require(
            rate >= -MAX_FUNDING && rate <= MAX_FUNDING,
            OutOfBounds("fundingRate", rate, -MAX_FUNDING, MAX_FUNDING)
        );
    }

    function requireWithin(bytes32 parameter, uint256 value, uint256 lower, uint256 upper) internal pure {
        require(value >= lower && value <= upper, OutOfBounds(parameter, int256(value), int256(lower), int256(upper)));
    }
}
