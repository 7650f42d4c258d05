// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Many questions in one call: what each answers, or with what it fails.
abstract contract Batching {
    struct Outcome {
        bool answered;
        bytes data;
    }

    function batch(bytes[] calldata calls) external returns (uint256 time, Outcome[] memory outcomes) {
        outcomes = new Outcome[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (outcomes[i].answered, outcomes[i].data) = address(this).call(calls[i]);
        }
        return (block.timestamp, outcomes);
    }
}
