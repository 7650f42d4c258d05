// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";

/// @notice A Chainlink feed as a price source.
contract ChainlinkSource is IPriceSource {
    AggregatorV3Interface public immutable feed;
    uint256 internal immutable scale;

    error TooManyDecimals(uint256 decimals, uint256 bound);
    error AnswerNotPositive(int256 answer);
    error RoundIncomplete(uint256 round);

    constructor(AggregatorV3Interface feed_) {
        uint256 decimals = feed_.decimals();
        require(decimals <= 18, TooManyDecimals(decimals, 18));
        feed = feed_;
        scale = 10 ** (18 - decimals);
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256, uint256, uint256) {
        (uint80 round, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        require(answer > 0, AnswerNotPositive(answer));
        require(updatedAt != 0, RoundIncomplete(round));
        return (uint256(answer) * scale, updatedAt, 0);
    }
}
