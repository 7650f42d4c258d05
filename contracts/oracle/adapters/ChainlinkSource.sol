// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {MAX_PRICE} from "../../types/Price.sol";

/// @notice A Chainlink feed as a price source. On a rollup it speaks only when the sequencer has been up for a while.
contract ChainlinkSource is IPriceSource {
    uint256 internal constant MAX_HEARTBEAT = 2 days;
    uint256 internal constant MAX_GRACE_PERIOD = 1 days;

    AggregatorV3Interface public immutable feed;
    /// @notice The longest that the feed promises to stay silent.
    uint256 public immutable heartbeat;
    /// @notice Zero on a chain without a sequencer.
    AggregatorV3Interface public immutable sequencerUptimeFeed;
    /// @notice How long prices wait once the sequencer is back, so that accounts can be topped up first.
    uint256 public immutable gracePeriod;
    uint256 internal immutable scale;
    uint256 internal immutable maxAnswer;

    error ZeroFeed();
    error TooManyDecimals(uint256 decimals, uint256 bound);
    error HeartbeatOutOfBounds(uint256 heartbeat, uint256 least, uint256 most);
    error GracePeriodOutOfBounds(uint256 gracePeriod, uint256 least, uint256 most);
    error AnswerNotPositive(int256 answer);
    error AnswerAboveBound(int256 answer, uint256 bound);
    error RoundIncomplete(uint256 round);
    error AnswerFromFuture(uint256 updatedAt, uint256 time);
    error AnswerTooOld(uint256 age, uint256 bound);
    error SequencerUnknown();
    error SequencerDown();
    error GracePeriodNotOver(uint256 elapsed, uint256 gracePeriod);

    constructor(
        AggregatorV3Interface feed_,
        uint256 heartbeat_,
        AggregatorV3Interface sequencerUptimeFeed_,
        uint256 gracePeriod_
    ) {
        require(address(feed_) != address(0), ZeroFeed());
        require(heartbeat_ > 0 && heartbeat_ <= MAX_HEARTBEAT, HeartbeatOutOfBounds(heartbeat_, 1, MAX_HEARTBEAT));
        (uint256 least, uint256 most) = address(sequencerUptimeFeed_) == address(0)
            ? (uint256(0), uint256(0))
            : (1, MAX_GRACE_PERIOD);
        require(gracePeriod_ >= least && gracePeriod_ <= most, GracePeriodOutOfBounds(gracePeriod_, least, most));
        uint256 decimals = feed_.decimals();
        require(decimals <= 18, TooManyDecimals(decimals, 18));
        feed = feed_;
        heartbeat = heartbeat_;
        sequencerUptimeFeed = sequencerUptimeFeed_;
        gracePeriod = gracePeriod_;
        scale = 10 ** (18 - decimals);
        maxAnswer = MAX_PRICE / scale;
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256, uint256, uint256) {
        requireSequencer();
        (uint80 round, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        require(answer > 0, AnswerNotPositive(answer));
        require(uint256(answer) <= maxAnswer, AnswerAboveBound(answer, maxAnswer));
        require(round != 0 && updatedAt != 0, RoundIncomplete(round));
        require(updatedAt <= block.timestamp, AnswerFromFuture(updatedAt, block.timestamp));
        uint256 age = block.timestamp - updatedAt;
        require(age <= heartbeat, AnswerTooOld(age, heartbeat));
        return (uint256(answer) * scale, updatedAt, 0);
    }

    /// @dev The status carries the time of another chain, which may run ahead of this one.
    function requireSequencer() internal view {
        if (address(sequencerUptimeFeed) == address(0)) return;
        (, int256 answer, uint256 startedAt, , ) = sequencerUptimeFeed.latestRoundData();
        require(answer == 0, SequencerDown());
        require(startedAt != 0, SequencerUnknown());
        uint256 elapsed = block.timestamp > startedAt ? block.timestamp - startedAt : 0;
        require(elapsed > gracePeriod, GracePeriodNotOver(elapsed, gracePeriod));
    }
}
