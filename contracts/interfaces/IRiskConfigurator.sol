// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetLimits, AssetState, HouseTerms, Pool} from "../core/Ledger.sol";
import {AssetId} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";

/// @notice All parameters of the ledger, each inside bounds that no authority can move. Setters wait for the delays of the
/// access manager; the guardian acts at once and can only tighten.
interface IRiskConfigurator {
    /// @notice Rates and factors in basis points.
    struct MarginTerms {
        /// The least and the largest maintenance rate.
        uint16 floorRate;
        uint16 capRate;
        /// Initial rate per maintenance rate, and the most it may become.
        uint16 initialFactor;
        uint16 initialCap;
        /// How many standard deviations of the move within the horizon, in seconds, maintenance covers; in hundredths.
        uint16 deviations;
        uint16 horizon;
    }

    /// @notice In basis points per day: what longs pay shorts for each unit of skew, and the most they do.
    struct FundingTerms {
        uint16 slope;
        uint16 cap;
    }

    struct PerpTerms {
        MarginTerms margin;
        uint96 depth;
        /// Part of unrealised profit that does not count and that a share may take, in basis points; fixed at listing.
        uint16 maxHaircut;
        /// Open interest per side in quote, and from where on it makes new positions dearer.
        uint96 openInterestLimit;
        uint96 crowdedFrom;
        /// Notional of one account as a share of the live depth, in 1e18.
        uint64 sizeLimit;
        FundingTerms funding;
    }

    struct SpotTerms {
        uint16 haircut;
        uint96 totalLimit;
        /// Size of one account as a share of the total limit, in 1e18.
        uint64 sizeLimit;
        /// Notional that moves its price by 100 %: how large the lots of its auctions are.
        uint96 depth;
    }

    event ClearingHouseBound(address indexed clearingHouse);
    event PerpListed(AssetId indexed asset, PerpTerms terms);
    event SpotListed(AssetId indexed asset, address indexed token, SpotTerms terms);
    event MarginSet(AssetId indexed asset, MarginTerms before, MarginTerms margin);
    event DepthSet(AssetId indexed asset, uint96 before, uint96 depth);
    event HaircutSet(AssetId indexed asset, uint16 before, uint16 haircut);
    event LimitsSet(AssetId indexed asset, AssetLimits before, AssetLimits limits);
    event FundingSet(AssetId indexed asset, FundingTerms before, FundingTerms funding);
    event PoolSet(AssetId indexed asset, Pool before, Pool pool);
    event HouseTermsSet(HouseTerms before, HouseTerms terms);
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

    /// @notice New rates apply to new positions at once; those of open positions follow by their ramp.
    function setMargin(AssetId asset, MarginTerms calldata margin) external;

    function setDepth(AssetId asset, uint96 depth) external;

    /// @notice For spot assets only: a perp's haircut is the promise its positions were opened under.
    function setHaircut(AssetId asset, uint16 haircut) external;

    function setLimits(AssetId asset, AssetLimits calldata limits) external;

    /// @notice Who quotes a perp, and on what terms: its equity tells the live depth, its inventory the funding.
    function setPool(AssetId asset, Pool calldata pool) external;

    /// @notice Least margin, interest on quote owed against spot and its cap, the guard on quote's peg, the insurance's part
    /// of fees, and what may be withdrawn within an hour. `listed` is ignored.
    function setHouseTerms(HouseTerms calldata terms) external;

    /// @notice Funding per day = clamp(slope · one-hour average of the pool's skew / max(depth, open interest), ±cap).
    function setFunding(AssetId asset, FundingTerms calldata funding) external;

    function setState(AssetId asset, AssetState state) external;

    /// @notice Begins the end of a perp whose price is fixed for good; anybody may. Its legs close at that price.
    function windDown(AssetId asset) external;

    /// @notice For the guardian: from active to reduce-only or halted, from reduce-only to halted, never back.
    function tighten(AssetId asset, AssetState state) external;

    function setCapability(address stage, Capability capability, bool granted) external;

    /// @notice For the guardian: takes a capability away at once.
    function revokeCapability(address stage, Capability capability) external;

    function withdrawTreasury(AssetId asset, uint256 amount, address to) external returns (uint256 paid);
}
