// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Average} from "./Average.sol";
import {FixedPoint, WAD, RAY} from "./math/FixedPoint.sol";

/// @notice The funding index of a perp: quote per unit of size in ray; longs pay when it rises, shorts when it falls.
library Funding {
    /// @dev Beyond ±LIMIT the index stands still, so that no amount of funding can overflow a pick-up and block it.
    int256 internal constant LIMIT = 1 << 110;

    /// @dev The time constant of the average, and the unit of rates: parts per day in 1e9.
    uint256 internal constant CONSTANT = 1 hours;
    uint256 internal constant UNIT = 1e9;

    /// @notice clamp(slope · skew / max(depth, open interest) · min(1, |skew| / open interest), ±cap): the skew is what
    /// traders are long against their pool. Slope and cap are in basis points, the result in 1e9 per day. The last factor
    /// keeps a small skew from setting the rate of a large market: what it would collect grows with its square, as does
    /// the impact that it costs.
    function target(
        int256 skew,
        uint256 depth,
        uint256 openInterest,
        uint256 slope,
        uint256 cap
    ) internal pure returns (int256) {
        uint256 size = FixedPoint.abs(skew);
        uint256 rate = FixedPoint.mulDivDown(size, slope * UNIT, FixedPoint.max(depth, openInterest) * 10_000);
        if (size < openInterest) rate = FixedPoint.mulDivDown(rate, size, openInterest);
        rate = FixedPoint.min(rate, FixedPoint.mulDivDown(cap, UNIT, 10_000));
        return skew < 0 ? -int256(rate) : int256(rate);
    }

    /// @notice rate' = target + (rate − target)·exp(−elapsed / hour), and what that sums to over the interval: however the
    /// interval is cut, the sum is the same.
    /// @return next the rate at the end of the interval
    /// @return accrued Σ rate·seconds in 1e18
    function averaged(
        int256 rate,
        int256 target_,
        uint256 elapsed
    ) internal pure returns (int256 next, int256 accrued) {
        accrued = target_ * int256(elapsed * (WAD / UNIT));
        if (rate == target_) return (rate, accrued);
        uint256 decay = Average.decay(elapsed, CONSTANT);
        int256 left = int256(FixedPoint.mulDown(FixedPoint.abs(rate - target_), decay));
        next = rate > target_ ? target_ + left : target_ - left;
        accrued += (rate - target_) * int256((CONSTANT * (WAD - decay)) / UNIT);
    }

    /// @notice index' = clamp(index + ⌊accrued · mark / day⌋, ±LIMIT).
    function accrue(int256 index, int256 accrued, uint256 mark) internal pure returns (int256) {
        int256 next = index + FixedPoint.mulDivFloor(accrued, mark * (RAY / WAD), WAD * 1 days);
        if (next > LIMIT) return LIMIT;
        return next < -LIMIT ? -LIMIT : next;
    }

    /// @notice ⌊size · (from − to)⌋: the payer pays rounded up, the receiver gets rounded down.
    function cash(int256 size, int256 from, int256 to) internal pure returns (int256) {
        int256 change = size * (from - to);
        return FixedPoint.mulDivFloor(change, 1, RAY);
    }
}
