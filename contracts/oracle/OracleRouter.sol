// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IOracleRouter} from "../interfaces/IOracleRouter.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {Average} from "../libraries/Average.sol";
import {Volatility} from "../libraries/Volatility.sol";
import {AssetId} from "../types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../types/Price.sol";

/// @notice Median of fresh sources per asset, latched once per timestamp together with its averages and its variance.
contract OracleRouter is IOracleRouter, AccessManaged {
    uint256 internal constant SOURCE_GAS = 120_000;
    uint256 internal constant MAX_SOURCES = 5;
    uint256 internal constant MAX_AGE = 2 days;
    uint256 internal constant MIN_DIVERGENCE = 10;
    uint256 internal constant MAX_DIVERGENCE = 2_000;
    uint256 internal constant FAST = 60;
    uint256 internal constant SLOW = 30 minutes;

    /// @dev Two slots.
    struct Latched {
        uint80 mark;
        uint80 fast;
        uint32 time;
        uint32 updatedAt;
        PriceStatus status;
        uint80 slow;
        /// The price of the last sample of variance, and its time.
        uint80 sampled;
        uint32 sampledAt;
        uint32 shortVariance;
        uint32 longVariance;
    }

    /// @dev Two slots, one for the rules with the reference, one per source.
    struct Feed {
        Latched latched;
        uint8 count;
        uint8 quorum;
        uint16 maxDivergence;
        address reference_;
        uint32 referenceMaxAge;
        uint16 referenceMaxDistance;
        Source[MAX_SOURCES] sources;
    }

    /// @dev What the sources say together.
    struct Reading {
        uint256 median;
        uint256 updatedAt;
        PriceStatus status;
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
                uint256 sampledAt = last.sampledAt;
                last = next(feed, assets[i], last);
                feed.latched = last;
                emit PriceLatched(assets[i], last.mark, last.fast, last.slow, last.updatedAt, last.status);
                if (last.sampledAt != sampledAt) {
                    emit VarianceSampled(assets[i], last.shortVariance, last.longVariance);
                }
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
        requireDivergence(maxDivergence);
        Feed storage feed = feeds[asset];
        emit SourcesSet(asset, sources(asset), sources_, quorum, maxDivergence);
        for (uint256 i = 0; i < n; ++i) {
            requireSource(asset, sources_[i].source, sources_[i].maxAge);
            for (uint256 j = 0; j < i; ++j) {
                require(sources_[j].source != sources_[i].source, DuplicateSource(sources_[i].source));
            }
            feed.sources[i] = sources_[i];
        }
        (feed.count, feed.quorum, feed.maxDivergence) = (uint8(n), quorum, maxDivergence);
    }

    /// @inheritdoc IOracleRouter
    function setReference(AssetId asset, Reference calldata reference_) external restricted {
        if (reference_.source != address(0)) {
            requireSource(asset, reference_.source, reference_.maxAge);
            requireDivergence(reference_.maxDistance);
        }
        emit ReferenceSet(asset, referenceOf(asset), reference_);
        Feed storage feed = feeds[asset];
        feed.reference_ = reference_.source;
        feed.referenceMaxAge = reference_.maxAge;
        feed.referenceMaxDistance = reference_.maxDistance;
    }

    /// @inheritdoc IOracleRouter
    function latched(AssetId asset) external view returns (Price memory price, uint256 time) {
        Latched memory last = feeds[asset].latched;
        return (toPrice(last), last.time);
    }

    /// @inheritdoc IOracleRouter
    function sources(AssetId asset) public view returns (Source[] memory sources_) {
        Feed storage feed = feeds[asset];
        sources_ = new Source[](feed.count);
        for (uint256 i = 0; i < sources_.length; ++i) sources_[i] = feed.sources[i];
    }

    /// @inheritdoc IOracleRouter
    function rulesOf(AssetId asset) external view returns (uint8 quorum, uint16 maxDivergence) {
        return (feeds[asset].quorum, feeds[asset].maxDivergence);
    }

    /// @inheritdoc IOracleRouter
    function referenceOf(AssetId asset) public view returns (Reference memory) {
        Feed storage feed = feeds[asset];
        return Reference(feed.reference_, feed.referenceMaxAge, feed.referenceMaxDistance);
    }

    /// @dev A stale or diverged price never blocks: it is the last one, or the median, with its status.
    function next(Feed storage feed, AssetId asset, Latched memory last) internal view returns (Latched memory) {
        Reading memory reading = read(feed);
        bool stale = reading.status == PriceStatus.Stale;
        if (last.time == 0) {
            require(!stale, NoPrice(asset));
            last = begin(reading);
        } else {
            uint256 elapsed = block.timestamp - last.time;
            last.fast = uint80(Average.step(last.fast, last.mark, elapsed, FAST));
            last.slow = uint80(Average.step(last.slow, last.mark, elapsed, SLOW));
        }
        last.time = uint32(block.timestamp);
        last.status = reading.status;
        if (stale) return last;
        last.mark = uint80(reading.median);
        last.updatedAt = uint32(reading.updatedAt);
        if (contradicted(feed, last)) last.status = PriceStatus.Diverged;
        if (last.status == PriceStatus.Fresh) takeSample(last);
        return last;
    }

    function begin(Reading memory reading) internal view returns (Latched memory first) {
        uint80 mark = uint80(reading.median);
        (first.mark, first.fast, first.slow, first.sampled) = (mark, mark, mark, mark);
        first.sampledAt = uint32(block.timestamp);
        first.shortVariance = uint32(Volatility.INITIAL);
        first.longVariance = uint32(Volatility.INITIAL);
    }

    /// @dev A move between fresh prices counts, whatever happened in between.
    function takeSample(Latched memory last) internal view {
        uint256 elapsed = block.timestamp - last.sampledAt;
        if (elapsed < Volatility.LEAST_INTERVAL) return;
        uint256 sample = Volatility.sample(last.sampled, last.mark, elapsed);
        last.shortVariance = uint32(Volatility.step(last.shortVariance, sample, elapsed, Volatility.SHORT));
        last.longVariance = uint32(Volatility.step(last.longVariance, sample, elapsed, Volatility.LONG));
        last.sampled = last.mark;
        last.sampledAt = uint32(block.timestamp);
    }

    /// @dev A reference follows a real move late, so it is measured from the band between mark and slow.
    function contradicted(Feed storage feed, Latched memory last) internal view returns (bool) {
        if (feed.reference_ == address(0)) return false;
        (uint256 price, ) = ask(Source(feed.reference_, feed.referenceMaxAge), MAX_DIVERGENCE);
        if (price == 0) return false;
        (uint256 lower, uint256 upper) = last.mark < last.slow ? (last.mark, last.slow) : (last.slow, last.mark);
        uint256 distance = price < lower ? lower - price : (price > upper ? price - upper : 0);
        return distance * 10_000 > uint256(last.mark) * feed.referenceMaxDistance;
    }

    function read(Feed storage feed) internal view returns (Reading memory reading) {
        uint256 n = feed.count;
        uint256 maxDivergence = feed.maxDivergence;
        // Price above, time below: one sort orders both.
        uint256[] memory fresh = new uint256[](n);
        uint256 count;
        for (uint256 i = 0; i < n; ++i) {
            (uint256 price, uint256 updatedAt) = ask(feed.sources[i], maxDivergence);
            if (price != 0) fresh[count++] = (price << 32) | updatedAt;
        }
        if (count == 0 || count < feed.quorum) {
            reading.status = PriceStatus.Stale;
            return reading;
        }
        assembly ("memory-safe") {
            mstore(fresh, count)
        }
        LibSort.insertionSort(fresh);
        (uint256 left, uint256 right) = (fresh[(count - 1) / 2], fresh[count / 2]);
        reading.median = ((left >> 32) + (right >> 32)) / 2;
        reading.updatedAt = uint32(left) < uint32(right) ? uint32(left) : uint32(right);
        uint256 spread = (fresh[count - 1] >> 32) - (fresh[0] >> 32);
        if (spread * 10_000 > reading.median * maxDivergence) reading.status = PriceStatus.Diverged;
    }

    /// @notice The price of a source and its time, or zeros when it is not fresh. Gas and return data are capped.
    /// @param maxDoubt the most its own uncertainty may be, in basis points of its price
    function ask(Source memory source, uint256 maxDoubt) internal view returns (uint256 price, uint256 updatedAt) {
        uint256 bound = (SOURCE_GAS * 64) / 63 + 10_000;
        require(gasleft() > bound, TooLittleGasForSource(gasleft(), bound));
        address target = source.source;
        uint256 selector = uint256(bytes32(IPriceSource.latestPrice.selector));
        uint256 confidence;
        bool ok;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, selector)
            ok := staticcall(SOURCE_GAS, target, words, 4, words, 0x60)
            ok := and(ok, gt(returndatasize(), 0x5f))
            price := mload(words)
            updatedAt := mload(add(words, 0x20))
            confidence := mload(add(words, 0x40))
        }
        if (!ok || price < MIN_PRICE || price > MAX_PRICE) return (0, 0);
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > source.maxAge) return (0, 0);
        if (confidence > (price * maxDoubt) / 10_000) return (0, 0);
    }

    function requireSource(AssetId asset, address source, uint256 maxAge) internal pure {
        require(source != address(0), ZeroSource(asset));
        require(maxAge > 0 && maxAge <= MAX_AGE, MaxAgeOutOfBounds(maxAge, 1, MAX_AGE));
    }

    function requireDivergence(uint256 divergence) internal pure {
        require(
            divergence >= MIN_DIVERGENCE && divergence <= MAX_DIVERGENCE,
            DivergenceOutOfBounds(divergence, MIN_DIVERGENCE, MAX_DIVERGENCE)
        );
    }

    function toPrice(Latched memory last) internal pure returns (Price memory) {
        return
            Price({
                mark: last.mark,
                fast: last.fast,
                slow: last.slow,
                sigma: Volatility.sigma(last.shortVariance, last.longVariance),
                updatedAt: last.updatedAt,
                status: last.status
            });
    }
}
