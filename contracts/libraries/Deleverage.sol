// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint, RAY, WAD} from "./math/FixedPoint.sol";

/// @notice The arithmetic of offset and share: one multiplier and one cash index relate every member of a side to its
/// open interest, so that closing a part of the side, or taking a part of its profit, costs the same for any number of
/// members. Units: multipliers start at ONE = 2¹⁰³; cash indices are ray per unit of size, times ONE, over 2⁶⁴.
///
/// Bounds that make every product fit: price < 2⁸⁰, |size| and open interest < 2⁹⁶, |funding index| ≤ 2¹¹⁰, hence
/// |cash index| < 2¹⁵¹ within an epoch.
library Deleverage {
    uint256 internal constant ONE = 1 << 103;
    /// @dev An epoch ends when the multiplier falls below this, long before its precision is gone.
    uint256 internal constant EPOCH_FLOOR = 1 << 80;

    /// @notice What a member of a side is related to at one moment.
    struct Index {
        uint256 multiplier;
        int256 cash;
        int256 funding;
    }

    /// @notice m' = m·S'/S, down for longs, up for shorts.
    function offsetMultiplier(
        bool long,
        uint256 m,
        uint256 openInterest,
        uint256 closed
    ) internal pure returns (uint256) {
        uint256 left = openInterest - closed;
        return long ? FixedPoint.mulDivDown(m, left, openInterest) : FixedPoint.mulDivUp(m, left, openInterest);
    }

    /// @notice K' = K + ⌊(dK − s·(m − m')·F) / 2⁶⁴⌋ with dK = s·d·P·m/S, down for longs, up in size for shorts. Funding is
    /// folded in, so that no offset needs to remember the funding index.
    function offsetCash(
        bool long,
        Index memory index,
        uint256 multiplierAfter,
        uint256 openInterest,
        uint256 closed,
        uint256 price
    ) internal pure returns (int256) {
        uint256 value = closed * price * (RAY / WAD);
        int256 funded = int256(index.multiplier - multiplierAfter) * index.funding;
        int256 change =
            long
                ? int256(FixedPoint.mulDivDown(value, index.multiplier, openInterest)) - funded
                : funded - int256(FixedPoint.mulDivUp(value, index.multiplier, openInterest));
        return index.cash + (change >> 64);
    }

    /// @notice What the account whose exposure is offset gets (a long) or pays (a short) for the closed size.
    function offsetProceeds(bool long, uint256 closed, uint256 price) internal pure returns (int256) {
        return long ? int256(FixedPoint.mulDown(closed, price)) : -int256(FixedPoint.mulUp(closed, price));
    }

    /// @notice |size'| = |size|·m/m₀, down for longs, up for shorts: a pick-up cannot change a sign.
    function pickUpSize(bool long, uint256 size, uint256 from, uint256 to) internal pure returns (uint256) {
        return long ? FixedPoint.mulDivDown(size, to, from) : FixedPoint.mulDivUp(size, to, from);
    }

    /// @notice ⌊|size|·[(K − K₀ − ΔX)·2⁶⁴ − s·(m·F − m₀·F₀)] / (m₀·1e27)⌋ with one rounding.
    function pickUpCash(
        bool long,
        uint256 size,
        Index memory from,
        Index memory to,
        uint256 charged
    ) internal pure returns (int256) {
        int256 moved = (to.cash - from.cash - int256(charged)) * (1 << 64);
        int256 funded = int256(to.multiplier) * to.funding - int256(from.multiplier) * from.funding;
        return FixedPoint.mulDivFloor(long ? moved - funded : moved + funded, size, from.multiplier * RAY);
    }

    /// @notice w = max(0, ⌊maxHaircut·(profit of the tick, from the edge nearest the mark)⌋ − taken), in 1e18.
    function shareCapacity(
        bool long,
        uint256 mark,
        uint256 edge,
        uint256 maxHaircut,
        uint256 taken
    ) internal pure returns (uint256) {
        if (long ? mark <= edge : edge <= mark) return 0;
        uint256 cap = FixedPoint.mulDown(maxHaircut, long ? mark - edge : edge - mark);
        return cap > taken ? cap - taken : 0;
    }

    /// @notice h = min(1, ⌈deficit / capacity⌉) in ray; `capacity` is Σ size·w, in 1e36.
    function shareFraction(uint256 deficit, uint256 capacity) internal pure returns (uint256) {
        if (deficit * WAD >= capacity) return RAY;
        return FixedPoint.mulDivUp(deficit * WAD, RAY, capacity);
    }

    /// @notice c = ⌊h·w⌋ in ray per unit of size.
    function shareCharge(uint256 fraction, uint256 capacityPerUnit) internal pure returns (uint256) {
        return FixedPoint.mulDown(fraction, capacityPerUnit);
    }

    /// @notice What a tick of this size pays at this charge.
    function sharePaid(uint256 size, uint256 charge) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(size, charge, RAY);
    }

    /// @notice ΔX = ⌈c·m / 2⁶⁴⌉.
    function shareCash(uint256 charge, uint256 multiplier) internal pure returns (uint256) {
        return FixedPoint.mulDivUp(charge, multiplier, 1 << 64);
    }

    /// @notice What is taken per unit, from ray up to 1e18.
    function shareTaken(uint256 charge) internal pure returns (uint256) {
        return FixedPoint.divUp(charge, RAY / WAD);
    }

    /// @notice Moves the basis by ⌈taken / maxHaircut⌉ towards the mark, so that a profit is never shared twice.
    function absorb(bool long, uint256 basis, uint256 taken, uint256 maxHaircut) internal pure returns (uint256) {
        uint256 shift = FixedPoint.mulDivUp(taken, WAD, maxHaircut);
        return long ? basis + shift : basis - FixedPoint.min(shift, basis);
    }
}
