// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Deleverage} from "../libraries/Deleverage.sol";

/// @notice The formulas of offset and share one to one, so that a test can ask each for its last bit.
contract DeleverageMathHarness {
    function offsetMultiplier(bool long, uint256 m, uint256 side, uint256 closed) external pure returns (uint256) {
        return Deleverage.offsetMultiplier(long, m, side, closed);
    }

    function offsetCash(
        bool long,
        Deleverage.Index calldata index,
        uint256 multiplierAfter,
        uint256 side,
        uint256 closed,
        uint256 price
    ) external pure returns (int256) {
        return Deleverage.offsetCash(long, index, multiplierAfter, side, closed, price);
    }

    function offsetProceeds(bool long, uint256 closed, uint256 price) external pure returns (int256) {
        return Deleverage.offsetProceeds(long, closed, price);
    }

    function pickUpSize(bool long, uint256 size, uint256 from, uint256 to) external pure returns (uint256) {
        return Deleverage.pickUpSize(long, size, from, to);
    }

    function pickUpCash(
        bool long,
        uint256 size,
        Deleverage.Index calldata from,
        Deleverage.Index calldata to,
        uint256 charged
    ) external pure returns (int256) {
        return Deleverage.pickUpCash(long, size, from, to, charged);
    }

    function shareCapacity(
        bool long,
        uint256 mark,
        uint256 edge,
        uint256 maxHaircut,
        uint256 taken
    ) external pure returns (uint256) {
        return Deleverage.shareCapacity(long, mark, edge, maxHaircut, taken);
    }

    function shareFraction(uint256 deficit, uint256 capacity) external pure returns (uint256) {
        return Deleverage.shareFraction(deficit, capacity);
    }

    function shareCharge(uint256 fraction, uint256 capacityPerUnit) external pure returns (uint256) {
        return Deleverage.shareCharge(fraction, capacityPerUnit);
    }

    function sharePaid(uint256 size, uint256 charge) external pure returns (uint256) {
        return Deleverage.sharePaid(size, charge);
    }

    function shareCash(uint256 charge, uint256 multiplier) external pure returns (uint256) {
        return Deleverage.shareCash(charge, multiplier);
    }

    function shareTaken(uint256 charge) external pure returns (uint256) {
        return Deleverage.shareTaken(charge);
    }

    function absorb(bool long, uint256 basis, uint256 taken, uint256 maxHaircut) external pure returns (uint256) {
        return Deleverage.absorb(long, basis, taken, maxHaircut);
    }
}
