// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetState} from "../core/Ledger.sol";
import {AssetId} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";

/// @notice All parameters of the ledger, each inside bounds that no authority can move. Setters wait for the delays of the
/// access manager; the guardian acts at once and can only tighten.
interface IRiskConfigurator {
    struct PerpTerms {
        uint64 maintenanceRate;
        uint64 initialRate;
        uint96 depth;
        /// Part of unrealised profit that does not count and that a share may take, in basis points; fixed at listing.
        uint16 maxHaircut;
        /// Open interest per side in quote, and size per account.
        uint128 openInterestLimit;
        uint128 sizeLimit;
        int64 fundingRate;
    }

    struct SpotTerms {
        uint16 haircut;
        uint128 totalLimit;
        uint128 sizeLimit;
    }

    event ClearingHouseBound(address indexed clearingHouse);
    event PerpListed(AssetId indexed asset, PerpTerms terms);
    event SpotListed(AssetId indexed asset, address indexed token, SpotTerms terms);
    event MarginSet(
        AssetId indexed asset,
        uint64 maintenanceBefore,
        uint64 initialBefore,
        uint64 maintenanceRate,
        uint64 initialRate
    );
    event DepthSet(AssetId indexed asset, uint96 before, uint96 depth);
    event HaircutSet(AssetId indexed asset, uint16 before, uint16 haircut);
    event LimitsSet(
        AssetId indexed asset,
        uint128 totalBefore,
        uint128 perAccountBefore,
        uint128 total,
        uint128 perAccount
    );
    event FundingRateSet(AssetId indexed asset, int64 before, int64 fundingRate);
    event StateSet(AssetId indexed asset, AssetState before, AssetState state);

    error AlreadyBound(address clearingHouse);
    error NotBound();
    error OtherConfigurator(address clearingHouse, address configurator);
    error OutOfBounds(bytes32 parameter, int256 value, int256 lower, int256 upper);
    error NotTighter(AssetId asset, AssetState before, AssetState state);
    error SettlingIsFinal(AssetId asset);

    function bind(address clearingHouse) external;

    function listPerp(AssetId asset, PerpTerms calldata terms) external;

    function listSpot(AssetId asset, address token, SpotTerms calldata terms) external;

    function setMargin(AssetId asset, uint64 maintenanceRate, uint64 initialRate) external;

    function setDepth(AssetId asset, uint96 depth) external;

    /// @notice For spot assets only: a perp's haircut is the promise its positions were opened under.
    function setHaircut(AssetId asset, uint16 haircut) external;

    function setLimits(AssetId asset, uint128 total, uint128 perAccount) external;

    function setFundingRate(AssetId asset, int64 fundingRate) external;

    function setState(AssetId asset, AssetState state) external;

    /// @notice For the guardian: from active to reduce-only or halted, from reduce-only to halted, never back.
    function tighten(AssetId asset, AssetState state) external;

    function setCapability(address stage, Capability capability, bool granted) external;

    /// @notice For the guardian: takes a capability away at once.
    function revokeCapability(address stage, Capability capability) external;

    function withdrawTreasury(AssetId asset, uint256 amount, address to) external returns (uint256 paid);
}
