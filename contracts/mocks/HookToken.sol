// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @notice Calls a target before and after every transfer and keeps what came of it, for tests of re-entrancy. A call
/// that fails does not fail the transfer; transfers that a hook makes itself have no hooks.
contract HookToken is TestToken {
    struct Outcome {
        uint256 count;
        bool succeeded;
        bytes returned;
    }

    address public hookTarget;
    bytes public beforeData;
    bytes public afterData;
    /// @notice The last call of each hook, and how many there were.
    Outcome public beforeOutcome;
    Outcome public afterOutcome;

    bool private transient inHook;

    constructor(string memory name, string memory symbol, uint8 decimalPlaces) TestToken(name, symbol, decimalPlaces) {}

    /// @param beforeData_ Call data of the hook before a transfer; empty for none.
    /// @param afterData_ The same after it.
    function setHooks(address target_, bytes calldata beforeData_, bytes calldata afterData_) external {
        (hookTarget, beforeData, afterData) = (target_, beforeData_, afterData_);
        delete beforeOutcome;
        delete afterOutcome;
    }

    function _update(address from, address to, uint256 value) internal override {
        bool hooked = !inHook && from != address(0) && to != address(0);
        if (hooked) callHook(beforeData, beforeOutcome);
        super._update(from, to, value);
        if (hooked) callHook(afterData, afterOutcome);
    }

    function callHook(bytes memory data, Outcome storage outcome) private {
        if (data.length == 0) return;
        inHook = true;
        (outcome.succeeded, outcome.returned) = hookTarget.call(data);
        inHook = false;
        ++outcome.count;
    }
}
