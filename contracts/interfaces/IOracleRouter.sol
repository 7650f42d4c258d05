// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";
import {PriceStatus} from "../types/Price.sol";
import {IOracle} from "./IOracle.sol";

/// @title Prices that one bad source cannot bend
/// @notice Per asset the median of one to five sources that are fresh, each asked with a fixed amount of gas and a fixed
/// amount of returned data. A source that reverts, lies about its time, burns its gas, or is less certain than sources may
/// differ, is not fresh. A reference lags too much for the median; it can only declare divergence.
/// The price of a market that ends is fixed for good: mark, fast and slow are the slow average of that moment, and no source
/// is asked again.
interface IOracleRouter is IOracle {
    struct Source {
        address source;
        /// Seconds after which a price of this source is not fresh.
        uint32 maxAge;
    }

    struct Reference {
        /// Zero for none.
        address source;
        uint32 maxAge;
        /// How far it may lie outside the band from mark to slow, in basis points of the mark.
        uint16 maxDistance;
    }

    event PriceLatched(
        AssetId indexed asset,
        uint256 mark,
        uint256 fast,
        uint256 slow,
        uint256 updatedAt,
        PriceStatus status
    );
    /// @notice Both variances, per second in 1e15, after a sample.
    event VarianceSampled(AssetId indexed asset, uint256 short, uint256 long);
    /// @notice The price stays what it is.
    event PriceFixed(AssetId indexed asset, uint256 price);
    event ClearingHouseBound(address indexed clearingHouse);
    event SourcesSet(AssetId indexed asset, Source[] before, Source[] afterwards, uint8 quorum, uint16 maxDivergence);
    event ReferenceSet(AssetId indexed asset, Reference before, Reference reference_);

    error NoPrice(AssetId asset);
    error AlreadyFixed(AssetId asset);
    /// @notice Quote's price guards every market.
    error NeverFixed(AssetId asset);
    /// @param staleSince when a latch first found it stale; now, for one that is not known to be
    error NotStaleForLong(AssetId asset, uint256 staleSince, uint256 bound);
    error AlreadyBound(address clearingHouse);
    error OtherOracle(address clearingHouse, address oracle);
    error ZeroSource(AssetId asset);
    error SourceCountOutOfBounds(uint256 count, uint256 lower, uint256 upper);
    error QuorumOutOfBounds(uint256 quorum, uint256 lower, uint256 upper);
    error DivergenceOutOfBounds(uint256 divergence, uint256 lower, uint256 upper);
    error MaxAgeOutOfBounds(uint256 maxAge, uint256 lower, uint256 upper);
    error DuplicateSource(address source);
    /// @notice The caller left too little gas to ask a source; whoever could starve sources could choose the median.
    error TooLittleGasForSource(uint256 gasLeft, uint256 bound);

    /// @notice Names the ledger whose markets are priced here, once.
    function bind(address clearingHouse) external;

    /// @notice Fixes the price of an asset at its slow average of now. Sources that are stale leave the last mark, as ever.
    function fix(AssetId asset) external;

    /// @notice As `fix`, for anyone: of an asset that is stale now and was at every latch of the last 24 hours and more.
    function fixStale(AssetId asset) external;

    /// @notice Replaces all sources of an asset. Of one that is fixed only when the ledger no longer lists it: its price then
    /// begins anew.
    /// @param quorum how many sources must be fresh
    /// @param maxDivergence spread between the lowest and the highest fresh source, in basis points of the median
    function setSources(AssetId asset, Source[] calldata sources, uint8 quorum, uint16 maxDivergence) external;

    /// @notice Sets or, with a zero source, removes the reference of an asset.
    function setReference(AssetId asset, Reference calldata reference_) external;

    /// @notice Since when every latch found the asset stale; zero when the last one did not.
    function staleSince(AssetId asset) external view returns (uint256);

    function sources(AssetId asset) external view returns (Source[] memory);

    function rulesOf(AssetId asset) external view returns (uint256 quorum, uint256 maxDivergence);

    function referenceOf(AssetId asset) external view returns (Reference memory);
}
