// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {AssetConfig, AssetKind} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IOracleRouter} from "../interfaces/IOracleRouter.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {Average} from "../libraries/Average.sol";
import {Volatility} from "../libraries/Volatility.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../types/Price.sol";
import {Feeds} from "./Feeds.sol";

/// @notice Median of fresh sources per asset, latched once per timestamp together with its averages and its variance.
contract OracleRouter is IOracleRouter, AccessManaged {
    using Feeds for Feeds.Words;

    uint256 internal constant SOURCE_GAS = 120_000;
    uint256 internal constant MAX_SOURCES = 5;
    uint256 internal constant MAX_AGE = 2 days;
    uint256 internal constant MIN_DIVERGENCE = 10;
    uint256 internal constant MAX_DIVERGENCE = 2_000;
    uint256 internal constant FAST = 60;
    uint256 internal constant SLOW = 30 minutes;
    uint256 internal constant STALE_LIMIT = 24 hours;

    struct Asset {
        Feeds.Words words;
        Source[MAX_SOURCES] sources;
        Reference reference_;
        /// The last time that a latch found the asset stale after one that did not.
        uint256 staleFrom;
    }

    /// @dev What the sources say together.
    struct Reading {
        uint256 median;
        uint256 updatedAt;
        PriceStatus status;
    }

    IClearingHouse public clearingHouse;
    mapping(AssetId => Asset) internal assets_;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IOracle
    function latch(AssetId[] calldata assets) external returns (Price[] memory prices) {
        prices = new Price[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) write(prices[i], latchFeed(assets[i]));
    }

    /// @inheritdoc IOracle
    function latchOne(AssetId asset) external returns (Price memory price) {
        write(price, latchFeed(asset));
    }

    /// @inheritdoc IOracle
    function peek(AssetId[] calldata assets) external view returns (Price[] memory prices) {
        prices = new Price[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            Asset storage asset = assets_[assets[i]];
            Feeds.Feed memory feed = asset.words.load();
            if (feed.time != block.timestamp && !feed.fixed_) advance(asset, assets[i], feed);
            write(prices[i], feed);
        }
    }

    /// @inheritdoc IOracleRouter
    function bind(address clearingHouse_) external restricted {
        require(address(clearingHouse) == address(0), AlreadyBound(address(clearingHouse)));
        address oracle = IClearingHouse(clearingHouse_).oracle();
        require(oracle == address(this), OtherOracle(clearingHouse_, oracle));
        clearingHouse = IClearingHouse(clearingHouse_);
        emit ClearingHouseBound(clearingHouse_);
    }

    /// @inheritdoc IOracleRouter
    function fix(AssetId asset) external restricted {
        end(asset, last(asset));
    }

    /// @inheritdoc IOracleRouter
    function fixStale(AssetId asset) external {
        Feeds.Feed memory feed = last(asset);
        uint256 since = staleSince(asset);
        if (since == 0) since = block.timestamp;
        require(block.timestamp - since >= STALE_LIMIT, NotStaleForLong(asset, since, STALE_LIMIT));
        end(asset, feed);
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
        emit SourcesSet(asset, sources(asset), sources_, quorum, maxDivergence);
        Asset storage stored = assets_[asset];
        for (uint256 i = 0; i < n; ++i) {
            requireSource(asset, sources_[i].source, sources_[i].maxAge);
            for (uint256 j = 0; j < i; ++j) {
                require(sources_[j].source != sources_[i].source, DuplicateSource(sources_[i].source));
            }
            stored.sources[i] = sources_[i];
        }
        Feeds.Feed memory feed = stored.words.load();
        if (feed.fixed_) feed = anew(asset, feed.referenced);
        (feed.count, feed.quorum, feed.maxDivergence) = (n, quorum, maxDivergence);
        stored.words.store(feed);
    }

    /// @inheritdoc IOracleRouter
    function setReference(AssetId asset, Reference calldata reference_) external restricted {
        Asset storage stored = assets_[asset];
        Feeds.Feed memory feed = stored.words.load();
        require(!feed.fixed_, AlreadyFixed(asset));
        feed.referenced = reference_.source != address(0);
        if (feed.referenced) {
            requireSource(asset, reference_.source, reference_.maxAge);
            requireDivergence(reference_.maxDistance);
        }
        emit ReferenceSet(asset, stored.reference_, reference_);
        stored.reference_ = reference_;
        stored.words.store(feed);
    }

    /// @inheritdoc IOracle
    function latched(AssetId asset) external view returns (Price memory price, uint256 time) {
        Feeds.Feed memory feed = assets_[asset].words.load();
        write(price, feed);
        return (price, feed.time);
    }

    /// @inheritdoc IOracle
    function isFixed(AssetId asset) external view returns (bool) {
        return assets_[asset].words.load().fixed_;
    }

    /// @inheritdoc IOracleRouter
    function staleSince(AssetId asset) public view returns (uint256) {
        bool stale = assets_[asset].words.load().status == PriceStatus.Stale;
        return stale ? assets_[asset].staleFrom : 0;
    }

    /// @inheritdoc IOracleRouter
    function sources(AssetId asset) public view returns (Source[] memory sources_) {
        sources_ = new Source[](assets_[asset].words.load().count);
        for (uint256 i = 0; i < sources_.length; ++i) sources_[i] = assets_[asset].sources[i];
    }

    /// @inheritdoc IOracleRouter
    function rulesOf(AssetId asset) external view returns (uint256 quorum, uint256 maxDivergence) {
        Feeds.Feed memory feed = assets_[asset].words.load();
        return (feed.quorum, feed.maxDivergence);
    }

    /// @inheritdoc IOracleRouter
    function referenceOf(AssetId asset) external view returns (Reference memory) {
        return assets_[asset].reference_;
    }

    /// @dev A feed as of now: the first time in a block it is brought there, and told.
    function latchFeed(AssetId id) internal returns (Feeds.Feed memory feed) {
        Asset storage asset = assets_[id];
        feed = asset.words.load();
        if (feed.time == block.timestamp || feed.fixed_) return feed;
        (uint256 sampledAt, PriceStatus status) = (feed.sampledAt, feed.status);
        advance(asset, id, feed);
        asset.words.store(feed);
        if (feed.status == PriceStatus.Stale && status != PriceStatus.Stale) asset.staleFrom = block.timestamp;
        emit PriceLatched(id, feed.mark, feed.fast, feed.slow, feed.updatedAt, feed.status);
        if (feed.sampledAt != sampledAt) emit VarianceSampled(id, feed.shortVariance, feed.longVariance);
    }

    /// @dev A feed as of now, latched, that may be fixed.
    function last(AssetId asset) internal returns (Feeds.Feed memory) {
        require(asset != QUOTE, NeverFixed(asset));
        require(!assets_[asset].words.load().fixed_, AlreadyFixed(asset));
        return latchFeed(asset);
    }

    function end(AssetId asset, Feeds.Feed memory feed) internal {
        (feed.mark, feed.fast) = (feed.slow, feed.slow);
        (feed.updatedAt, feed.status, feed.fixed_) = (block.timestamp, PriceStatus.Fresh, true);
        assets_[asset].words.store(feed);
        emit PriceLatched(asset, feed.mark, feed.fast, feed.slow, feed.updatedAt, feed.status);
        emit PriceFixed(asset, feed.slow);
    }

    /// @dev A price that ended begins again only when nobody holds what it settled.
    function anew(AssetId asset, bool referenced) internal view returns (Feeds.Feed memory feed) {
        require(address(clearingHouse) != address(0), AlreadyFixed(asset));
        (AssetConfig memory config, ) = clearingHouse.configOf(asset);
        require(config.kind == AssetKind.None, AlreadyFixed(asset));
        feed.referenced = referenced;
    }

    /// @dev Brings a feed to now. A stale or diverged price never blocks: it is the last one, or the median, with its status.
    function advance(Asset storage asset, AssetId id, Feeds.Feed memory feed) internal view {
        Reading memory reading = read(asset, feed);
        bool stale = reading.status == PriceStatus.Stale;
        if (feed.time == 0) {
            require(!stale, NoPrice(id));
            begin(feed, reading.median);
        } else {
            uint256 elapsed = block.timestamp - feed.time;
            feed.fast = Average.step(feed.fast, feed.mark, elapsed, FAST);
            feed.slow = Average.step(feed.slow, feed.mark, elapsed, SLOW);
        }
        feed.time = block.timestamp;
        feed.status = reading.status;
        if (stale) return;
        feed.mark = reading.median;
        feed.updatedAt = reading.updatedAt;
        if (feed.referenced && contradicted(asset.reference_, feed)) feed.status = PriceStatus.Diverged;
        if (feed.status == PriceStatus.Fresh) takeSample(feed);
    }

    function begin(Feeds.Feed memory feed, uint256 mark) internal view {
        (feed.fast, feed.slow, feed.sampled) = (mark, mark, mark);
        feed.sampledAt = block.timestamp;
        feed.shortVariance = Volatility.INITIAL;
        feed.longVariance = Volatility.INITIAL;
    }

    /// @dev A move between fresh prices counts, whatever happened in between.
    function takeSample(Feeds.Feed memory feed) internal view {
        uint256 elapsed = block.timestamp - feed.sampledAt;
        if (elapsed < Volatility.LEAST_INTERVAL) return;
        uint256 sample = Volatility.sample(feed.sampled, feed.mark, elapsed);
        feed.shortVariance = Volatility.step(feed.shortVariance, sample, elapsed, Volatility.SHORT);
        feed.longVariance = Volatility.step(feed.longVariance, sample, elapsed, Volatility.LONG);
        (feed.sampled, feed.sampledAt) = (feed.mark, block.timestamp);
    }

    /// @dev A reference follows a real move late, so it is measured from the band between mark and slow.
    function contradicted(Reference memory reference_, Feeds.Feed memory feed) internal view returns (bool) {
        (uint256 price, ) = ask(reference_.source, reference_.maxAge, MAX_DIVERGENCE);
        if (price == 0) return false;
        (uint256 lower, uint256 upper) = feed.mark < feed.slow ? (feed.mark, feed.slow) : (feed.slow, feed.mark);
        uint256 distance = price < lower ? lower - price : (price > upper ? price - upper : 0);
        return distance * 10_000 > feed.mark * reference_.maxDistance;
    }

    function read(Asset storage asset, Feeds.Feed memory feed) internal view returns (Reading memory reading) {
        // Price above, time below: one sort orders both.
        uint256[] memory fresh = new uint256[](feed.count);
        uint256 count;
        for (uint256 i = 0; i < feed.count; ++i) {
            Source storage source = asset.sources[i];
            (uint256 price, uint256 updatedAt) = ask(source.source, source.maxAge, feed.maxDivergence);
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
        if (spread * 10_000 > reading.median * feed.maxDivergence) reading.status = PriceStatus.Diverged;
    }

    /// @notice The price of a source and its time, or zeros when it is not fresh. Gas and return data are capped.
    /// @param maxDoubt the most its own uncertainty may be, in basis points of its price
    function ask(
        address source,
        uint256 maxAge,
        uint256 maxDoubt
    ) internal view returns (uint256 price, uint256 updatedAt) {
        uint256 bound = (SOURCE_GAS * 64) / 63 + 10_000;
        require(gasleft() > bound, TooLittleGasForSource(gasleft(), bound));
        uint256 selector = uint256(bytes32(IPriceSource.latestPrice.selector));
        uint256 confidence;
        bool ok;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, selector)
            ok := staticcall(SOURCE_GAS, source, words, 4, words, 0x60)
            ok := and(ok, gt(returndatasize(), 0x5f))
            price := mload(words)
            updatedAt := mload(add(words, 0x20))
            confidence := mload(add(words, 0x40))
        }
        if (!ok || price < MIN_PRICE || price > MAX_PRICE) return (0, 0);
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > maxAge) return (0, 0);
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

    function write(Price memory price, Feeds.Feed memory feed) internal pure {
        price.mark = feed.mark;
        price.fast = feed.fast;
        price.slow = feed.slow;
        price.sigma = Volatility.sigma(feed.shortVariance, feed.longVariance);
        price.updatedAt = feed.updatedAt;
        price.status = feed.status;
    }
}
