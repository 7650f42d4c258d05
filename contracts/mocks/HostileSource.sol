// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPriceSource} from "../interfaces/IPriceSource.sol";

/// @notice A price source that fails in every way a source can.
contract HostileSource is IPriceSource {
    enum Mode {
        Honest,
        Revert,
        Zero,
        Huge,
        Future,
        Old,
        BurnGas,
        HugeReturn,
        ShortReturn
    }

    error Hostile();

    Mode public mode;
    uint256 public price;
    uint256 public age;
    uint256 public doubt;

    constructor(uint256 price_) {
        price = price_;
    }

    function set(Mode mode_, uint256 price_) external {
        (mode, price) = (mode_, price_);
    }

    function setAge(uint256 age_) external {
        age = age_;
    }

    function setDoubt(uint256 doubt_) external {
        doubt = doubt_;
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256, uint256, uint256) {
        if (mode == Mode.Revert) revert Hostile();
        if (mode == Mode.Zero) return (0, block.timestamp, 0);
        if (mode == Mode.Huge) return (1 << 80, block.timestamp, 0);
        if (mode == Mode.Future) return (price, block.timestamp + 1, 0);
        if (mode == Mode.Old) return (price, 0, 0);
        if (mode == Mode.BurnGas) while (true) {}
        // A megabyte costs more than the gas a source has.
        if (mode == Mode.HugeReturn) {
            assembly ("memory-safe") {
                return(0, 1000000)
            }
        }
        if (mode == Mode.ShortReturn) {
            assembly ("memory-safe") {
                mstore(0, sload(price.slot))
                mstore(0x20, timestamp())
                return(0, 0x40)
            }
        }
        return (price, block.timestamp - age, doubt);
    }
}
