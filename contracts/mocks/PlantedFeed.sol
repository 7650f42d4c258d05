// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";

/// @notice A feed whose code is put where a network has a real one. Without a constructor: all that it says is set.
contract PlantedFeed is AggregatorV3Interface {
    string public description;
    uint8 public decimals;
    int256 public answer;
    uint256 public startedAt;
    uint256 public updatedAt;

    function set(string calldata description_, uint8 decimals_, int256 answer_, uint256 startedAt_) external {
        (description, decimals) = (description_, decimals_);
        (answer, startedAt, updatedAt) = (answer_, startedAt_, block.timestamp);
    }

    function version() external pure returns (uint256) {
        return 1;
    }

    function latestRoundData() public view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, startedAt, updatedAt, 1);
    }

    function getRoundData(uint80) external view returns (uint80, int256, uint256, uint256, uint80) {
        return latestRoundData();
    }
}
