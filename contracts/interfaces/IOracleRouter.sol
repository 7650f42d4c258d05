// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {IOracle} from "./IOracle.sol";

interface IOracleRouter is IOracle {
    struct Source {
        address source;
        /// Seconds after which a price of this source is not fresh.
        uint32 maxAge;
    }

    event PriceLatched(AssetId indexed asset, uint256 mark, uint256 fast, uint256 slow, PriceStatus status);
    event SourcesSet(AssetId indexed asset, Source[] before, Source[] afterwards, uint8 quorum, uint16 maxDivergence);

    error NoPrice(AssetId asset);
    error SourceCountOutOfBounds(uint256 count, uint256 lower, uint256 upper);
    error QuorumOutOfBounds(uint256 quorum, uint256 lower, uint256 upper);
    error DivergenceOutOfBounds(uint256 divergence, uint256 lower, uint256 upper);
    error MaxAgeOutOfBounds(uint256 maxAge, uint256 lower, uint256 upper);
    error DuplicateSource(address source);
    /// @notice The caller left too little gas to ask a source; whoever could starve sources could choose the median.
    error TooLittleGasForSource(uint256 gasLeft, uint256 bound);

    /// @param quorum how many sources must be fresh
    /// @param maxDivergence spread between the lowest and the highest fresh source, in basis points of the median
    function setSources(AssetId asset, Source[] calldata sources, uint8 quorum, uint16 maxDivergence) external;

    /// @notice The last latched price and its time.
    function latched(AssetId asset) external view returns (Price memory price, uint256 time);

    function sources(AssetId asset) external view returns (Source[] memory);
}
