// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @notice Burns a part of every transfer, so that the receiver gets less than was sent.
contract FeeOnTransferToken is TestToken {
    uint256 private constant BPS = 10_000;

    uint256 public feeBps;

    error FeeAboveWhole(uint256 feeBps, uint256 limit);

    constructor(
        string memory name,
        string memory symbol,
        uint8 decimalPlaces,
        uint256 feeBps_
    ) TestToken(name, symbol, decimalPlaces) {
        setFee(feeBps_);
    }

    function setFee(uint256 feeBps_) public {
        require(feeBps_ <= BPS, FeeAboveWhole(feeBps_, BPS));
        feeBps = feeBps_;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : (value * feeBps) / BPS;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}
