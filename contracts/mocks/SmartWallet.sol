// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";

/// @notice A wallet that approves hashes one by one, and answers in every way a wallet can.
contract SmartWallet is IERC1271 {
    enum Mode {
        Honest,
        Revert,
        BurnGas,
        /// The selector, with dirt behind it.
        Garbage,
        /// Four bytes instead of a word.
        Short,
        Nothing,
        /// A hundred kilobytes, as an array.
        Huge,
        /// A megabyte, more than there is gas for.
        Endless,
        /// The selector, and a hundred kilobytes behind it.
        Long
    }

    error Hostile();

    Mode public mode;
    mapping(bytes32 hash => bool) public approved;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function approve(bytes32 hash) external {
        approved[hash] = true;
    }

    function setOperator(IClearingHouse house, address operator, bool allowed) external {
        house.setOperator(operator, allowed);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        if (mode == Mode.Revert) revert Hostile();
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.Garbage) answer(bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(1)), 0x20);
        if (mode == Mode.Short) answer(IERC1271.isValidSignature.selector, 4);
        if (mode == Mode.Nothing) answer(0, 0);
        if (mode == Mode.Huge) answer(bytes32(uint256(0x20)), 100_000);
        if (mode == Mode.Endless) answer(IERC1271.isValidSignature.selector, 1_000_000);
        if (mode == Mode.Long) answer(IERC1271.isValidSignature.selector, 100_000);
        return approved[hash] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function answer(bytes32 word, uint256 length) private pure {
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}
