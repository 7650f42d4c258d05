// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IOracleRouter} from "../interfaces/IOracleRouter.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {Average} from "../libraries/Average.sol";
import {AssetId} from "../types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../types/Price.sol";

/// @notice Median of fresh sources per asset, latched once per timestamp together with its averages.
contract OracleRouter is IOracleRouter, AccessManaged {
    uint256 internal constant SOURCE_GAS = 120_000;
    uint256 internal constant MAX_SOURCES = 5;
    uint256 internal constant FAST = 60;
    uint256 internal constant SLOW = 30 minutes;

    struct Latched {
        uint80 mark;
        uint80 fast;
        uint40 time;
        PriceStatus status;
        uint80 slow;
    }

    struct Feed {
        Latched latched;
        uint8 quorum;
        uint16 maxDivergence;
        Source[] sources;
    }

    mapping(AssetId => Feed) internal feeds;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IOracle
    function latch(AssetId[] calldata assets) external returns (Price[] memory prices) {
        prices = new Price[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            Feed storage feed = feeds[assets[i]];
            Latched memory last = feed.latched;
            if (last.time != block.timestamp) {
                last = next(feed, assets[i], last);
                feed.latched = last;
                emit PriceLatched(assets[i], last.mark, last.fast, last.slow, last.status);
            }
            prices[i] = toPrice(last);
        }
    }

    /// @inheritdoc IOracle
    function peek(AssetId[] calldata assets) external view returns (Price[] memory prices) {
        prices = new Price[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            Feed storage feed = feeds[assets[i]];
            Latched memory last = feed.latched;
            prices[i] = toPrice(last.time == block.timestamp ? last : next(feed, assets[i], last));
        }
    }

    /// @inheritdoc IOracleRouter
    function setSources(
        AssetId asset,
        Source[] calldata sources_,
        uint8 quorum,
        uint16 maxDivergence
    ) external restricted {
        uint256 n = sources_.length;
        require(n > 0 && n <= MAX_SOURCES, SourceCountOutOfBounds(n, 1, MAX_SOURCES));
        require(quorum > 0 && quorum <= n, QuorumOutOfBounds(quorum, 1, n));
        require(maxDivergence >= 10 && maxDivergence <= 2_000, DivergenceOutOfBounds(maxDivergence, 10, 2_000));
        Feed storage feed = feeds[asset];
        emit SourcesSet(asset, feed.sources, sources_, quorum, maxDivergence);
        delete feed.sources;
        for (uint256 i = 0; i < n; ++i) {
            uint256 maxAge = sources_[i].maxAge;
            require(maxAge > 0 && maxAge <= 2 days, MaxAgeOutOfBounds(maxAge, 1, 2 days));
            for (uint256 j = 0; j < i; ++j) {
                require(sources_[j].source != sources_[i].source, DuplicateSource(sources_[i].source));
            }
            feed.sources.push(sources_[i]);
        }
        feed.quorum = quorum;
        feed.maxDivergence = maxDivergence;
    }

    /// @inheritdoc IOracleRouter
    function latched(AssetId asset) external view returns (Price memory price, uint256 time) {
        Latched memory last = feeds[asset].latched;
        return (toPrice(last), last.time);
    }

    /// @inheritdoc IOracleRouter
    function sources(AssetId asset) external view returns (Source[] memory) {
        return feeds[asset].sources;
    }

    /// @dev A stale or diverged price never blocks: it is the last one, or the median, with its status.
    function next(Feed storage feed, AssetId asset, Latched memory last) internal view returns (Latched memory) {
        (uint256 median, PriceStatus status) = read(feed);
        bool first = last.time == 0;
        if (status == PriceStatus.Stale) {
            require(!first, NoPrice(asset));
            median = last.mark;
        }
        if (first) return Latched(uint80(median), uint80(median), uint40(block.timestamp), status, uint80(median));
        uint256 elapsed = block.timestamp - last.time;
        return
            Latched({
                mark: uint80(median),
                fast: uint80(Average.step(last.fast, last.mark, elapsed, FAST)),
                time: uint40(block.timestamp),
                status: status,
                slow: uint80(Average.step(last.slow, last.mark, elapsed, SLOW))
            });
    }

    function read(Feed storage feed) internal view returns (uint256 median, PriceStatus status) {
        uint256 n = feed.sources.length;
        uint256[] memory fresh = new uint256[](n);
        uint256 count;
        for (uint256 i = 0; i < n; ++i) {
            uint256 price = ask(feed.sources[i]);
            if (price != 0) fresh[count++] = price;
        }
        if (count == 0 || count < feed.quorum) return (0, PriceStatus.Stale);
        assembly ("memory-safe") {
            mstore(fresh, count)
        }
        LibSort.insertionSort(fresh);
        median = (fresh[(count - 1) / 2] + fresh[count / 2]) / 2;
        bool diverged = (fresh[count - 1] - fresh[0]) * 10_000 > median * feed.maxDivergence;
        return (median, diverged ? PriceStatus.Diverged : PriceStatus.Fresh);
    }

    /// @notice The price of a source, or 0 when it is not fresh. Gas and return data are capped.
    function ask(Source memory source) internal view returns (uint256 price) {
        uint256 bound = (SOURCE_GAS * 64) / 63 + 10_000;
        require(gasleft() > bound, TooLittleGasForSource(gasleft(), bound));
        address target = source.source;
        uint256 selector = uint256(bytes32(IPriceSource.latestPrice.selector));
        uint256 updatedAt;
        bool ok;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, selector)
            ok := staticcall(SOURCE_GAS, target, words, 4, words, 0x60)
            ok := and(ok, gt(returndatasize(), 0x5f))
            price := mload(words)
            updatedAt := mload(add(words, 0x20))
        }
        if (!ok || price < MIN_PRICE || price > MAX_PRICE) return 0;
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > source.maxAge) return 0;
    }

    function toPrice(Latched memory last) internal pure returns (Price memory) {
        return Price(last.mark, last.fast, last.slow, last.status);
    }
}
