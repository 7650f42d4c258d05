// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MAX_PRICE} from "../types/Price.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice What a step may cost its account, who gets it, and when.
///
/// A step that closes n of a leg frees margin: of a perp (maintenance released)·clamp(health, 0, 1), of a spot the haircut of
/// what is sold. Everything the account pays for the step is a part of that, so no step lowers health and no account is worth
/// more to its keepers than to its owner. m, the margin freed per notional, is the slope of that.
library Incentives {
    uint256 internal constant LEAST_DURATION = 20;
    uint256 internal constant MOST_DURATION = 600;

    /// @dev What a lot may move the market by: a quarter of m, or of 1 % where m is less.
    uint256 internal constant LEAST_MARGIN = 0.01e18;

    /// @dev The most of a tip, in basis points of what the account must hold.
    uint256 internal constant MOST_TIP = 200;

    /// @dev The most that insurance pays for a step of a bankrupt account, in basis points of what is closed.
    uint256 internal constant MOST_INSURED = 150;

    /// @notice clamp(margin equity / maintenance, 0, 1) in 1e18.
    function health(int256 equity, uint256 maintenance) internal pure returns (uint256) {
        if (equity <= 0) return 0;
        if (uint256(equity) >= maintenance) return WAD;
        return FixedPoint.mulDivDown(uint256(equity), WAD, maintenance);
    }

    /// @notice σ·√seconds.
    function move(uint256 sigma, uint256 elapsed) internal pure returns (uint256) {
        return FixedPoint.mulDivUp(sigma, FixedPoint.sqrtUp(elapsed * WAD * WAD), WAD);
    }

    /// @notice clamp((m / 4σ)², 20 s, 600 s): as long as it takes the market to eat a quarter of the margin.
    function duration(uint256 margin, uint256 sigma) internal pure returns (uint256) {
        uint256 ratio = FixedPoint.mulDivUp(margin, WAD, 4 * sigma);
        uint256 time = ratio >= 1e3 * WAD ? MOST_DURATION : FixedPoint.divUp(ratio * ratio, WAD * WAD);
        return FixedPoint.max(LEAST_DURATION, FixedPoint.min(time, MOST_DURATION));
    }

    /// @notice max(m, 1 %)/4 of depth: the notional of a slice.
    function slice(uint256 margin, uint256 depth) internal pure returns (uint256) {
        return FixedPoint.mulDown(FixedPoint.max(margin, LEAST_MARGIN) / 4, depth);
    }

    /// @notice −z₀·V + (z₀·V + top)·min(1, t / duration), down: what the account pays above mark for the notional V.
    function premium(
        uint256 notional,
        uint256 floor,
        uint256 top,
        uint256 elapsed,
        uint256 duration_
    ) internal pure returns (int256) {
        uint256 below = FixedPoint.mulUp(notional, floor);
        elapsed = FixedPoint.min(elapsed, duration_);
        return int256(FixedPoint.mulDivDown(below + top, elapsed, duration_)) - int256(below);
    }

    /// @notice The most that insurance pays somebody for closing `notional` of a bankrupt account.
    function insured(uint256 notional) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(notional, MOST_INSURED, 10_000);
    }

    /// @notice Mark less (plus, for who gives a short) the premium per unit; for the account by rounding. A premium may come to
    /// more than a leg is worth: nobody is paid to take one, it goes for next to nothing, or for the most that a price can be.
    function price(bool long, uint256 mark, int256 premium_, uint256 size) internal pure returns (uint256) {
        int256 perUnit = FixedPoint.mulDivFloor(premium_, WAD, size);
        int256 offered = long ? int256(mark) - perUnit : int256(mark) + perUnit;
        return offered > 0 ? FixedPoint.min(uint256(offered), MAX_PRICE) : 1;
    }
}
