// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice Gains that are locked first and vest linearly. What is locked is rounded up and ends late: against who leaves.
/// Moments are kept in microseconds, so that a gain of dust, whose end is rounded up as well, postpones nothing one could
/// notice, and no gain is small enough to vest with the gains before it instead of later.
library Vesting {
    struct Locked {
        /// What was locked at `start`; it falls to nothing at `end`.
        uint128 amount;
        uint64 start;
        uint64 end;
    }

    uint256 internal constant MICROSECONDS = 1e6;
    uint256 internal constant PERIOD = 24 hours * MICROSECONDS;

    /// @notice locked = amount · (end − now) / (end − start), with `time` in seconds.
    function lockedAt(Locked memory gains, uint256 time) internal pure returns (uint256) {
        uint256 now_ = time * MICROSECONDS;
        if (gains.amount == 0 || now_ >= gains.end) return 0;
        return FixedPoint.mulDivUp(gains.amount, gains.end - now_, gains.end - gains.start);
    }

    /// @notice What is locked after a value went from `before` to `present`; the same gains when it did not move.
    function follow(
        Locked memory gains,
        uint256 before,
        uint256 present,
        uint256 time
    ) internal pure returns (Locked memory) {
        if (present > before) return gain(gains, present - before, time);
        return present < before ? lose(gains, before - present, time) : gains;
    }

    /// @notice R of what is left for r more, and a gain g: R + g for (R·r + g·24 h) / (R + g).
    function gain(Locked memory gains, uint256 amount, uint256 time) internal pure returns (Locked memory) {
        uint256 now_ = time * MICROSECONDS;
        uint256 left = lockedAt(gains, time);
        uint256 rest = left == 0 ? 0 : gains.end - now_;
        uint256 duration = rest + FixedPoint.mulDivUp(PERIOD - rest, amount, left + amount);
        return Locked(uint128(left + amount), uint64(now_), uint64(now_ + duration));
    }

    /// @notice A loss eats what is locked and leaves its end where it is; what it exceeds that by is nobody's gain.
    function lose(Locked memory gains, uint256 amount, uint256 time) internal pure returns (Locked memory) {
        uint256 left = lockedAt(gains, time);
        if (left <= amount) return Locked(0, 0, 0);
        return Locked(uint128(left - amount), uint64(time * MICROSECONDS), gains.end);
    }
}
