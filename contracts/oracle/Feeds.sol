// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PriceStatus} from "../types/Price.sol";

/// @notice What the router knows of an asset, in two words that a latch reads and writes once.
///
/// first:  mark 80 · fast 80 · time 32 · updatedAt 32 · status 2 · count 3 · quorum 3 · referenced 1 · maxDivergence 16 · fixed 1
/// second: slow 80 · sampled 80 · sampledAt 32 · shortVariance 32 · longVariance 32
library Feeds {
    struct Words {
        uint256 first;
        uint256 second;
    }

    struct Feed {
        uint256 mark;
        uint256 fast;
        uint256 slow;
        /// Of the last latch; zero before the first.
        uint256 time;
        /// The sources' own time of the mark.
        uint256 updatedAt;
        PriceStatus status;
        /// How many sources there are, how many must be fresh, and how far they may differ in basis points.
        uint256 count;
        uint256 quorum;
        uint256 maxDivergence;
        /// Whether there is a reference.
        bool referenced;
        /// Whether the price stays as it is for good.
        bool fixed_;
        /// The price of the last sample of variance, and its time.
        uint256 sampled;
        uint256 sampledAt;
        uint256 shortVariance;
        uint256 longVariance;
    }

    uint256 private constant PRICE = (1 << 80) - 1;
    uint256 private constant TIME = (1 << 32) - 1;

    function load(Words storage words) internal view returns (Feed memory feed) {
        (uint256 first, uint256 second) = (words.first, words.second);
        feed.mark = first & PRICE;
        feed.fast = (first >> 80) & PRICE;
        feed.time = (first >> 160) & TIME;
        feed.updatedAt = (first >> 192) & TIME;
        feed.status = PriceStatus((first >> 224) & 3);
        feed.count = (first >> 226) & 7;
        feed.quorum = (first >> 229) & 7;
        feed.referenced = (first >> 232) & 1 == 1;
        feed.maxDivergence = (first >> 233) & 0xffff;
        feed.fixed_ = first >> 249 == 1;
        feed.slow = second & PRICE;
        feed.sampled = (second >> 80) & PRICE;
        feed.sampledAt = (second >> 160) & TIME;
        feed.shortVariance = (second >> 192) & TIME;
        feed.longVariance = second >> 224;
    }

    /// @dev Prices, times and variances are bounded where they come from.
    function store(Words storage words, Feed memory feed) internal {
        words.first =
            feed.mark |
            (feed.fast << 80) |
            (feed.time << 160) |
            (feed.updatedAt << 192) |
            (uint256(feed.status) << 224) |
            (feed.count << 226) |
            (feed.quorum << 229) |
            (uint256(feed.referenced ? 1 : 0) << 232) |
            (feed.maxDivergence << 233) |
            (uint256(feed.fixed_ ? 1 : 0) << 249);
        words.second =
            feed.slow |
            (feed.sampled << 80) |
            (feed.sampledAt << 160) |
            (feed.shortVariance << 192) |
            (feed.longVariance << 224);
    }
}
