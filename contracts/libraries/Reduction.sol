// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Margin} from "./Margin.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice The smallest reduction of one leg that brings its account to a target health.
///
/// With E the margin equity, f the cost of closing and M the maintenance, closing n is enough when E − f·n ≥ β·M(n).
/// A step is toxic when it would lower health: f ≥ r·E/M for a perp, r = dM/dn; f ≥ h for a spot. Toxic steps are not planned.
/// A closed form gives the answer within a few wei; the condition itself, with the ledger's own rounding, decides them.
library Reduction {
    /// @notice A leg and the account around it.
    struct Leg {
        bool spot;
        /// Margin equity of the account, and the maintenance of all its other legs.
        int256 equity;
        uint256 otherMaintenance;
        /// |size| and mark.
        uint256 size;
        uint256 price;
        /// Of a perp.
        uint256 rate;
        uint256 depth;
        /// Of a spot, in basis points.
        uint256 haircut;
        /// The health to reach, and the cost per notional closed, in 1e18.
        uint256 target;
        uint256 cost;
    }

    struct Plan {
        uint256 size;
        bool toxic;
        /// Whether the target is reached; if not, the size is the one that leaves the account healthiest.
        bool reaches;
        /// What the size costs, and what it leaves.
        uint256 expense;
        int256 equity;
        uint256 maintenance;
    }

    function plan(Leg memory leg) internal pure returns (Plan memory) {
        if (reached(leg, 0)) return outcome(leg, 0, false);
        if (isToxic(leg)) return outcome(leg, 0, true);
        (bool found, uint256 guess) = leg.spot ? spotGuess(leg) : perpGuess(leg);
        if (found) {
            (found, guess) = smallest(leg, guess);
            if (found) return outcome(leg, guess, false);
        }
        return best(leg);
    }

    /// @notice Whether closing anything lowers health: f·M ≥ r·E, r rounded down; of a spot f ≥ h. Without equity everything
    /// that costs is toxic.
    function isToxic(Leg memory leg) internal pure returns (bool) {
        if (leg.spot) return leg.cost * 10_000 >= leg.haircut * WAD;
        if (leg.equity <= 0) return leg.cost != 0;
        uint256 slope = leg.rate + FixedPoint.mulDivDown(notional(leg, leg.size), WAD, leg.depth);
        return leg.cost * maintenanceAfter(leg, 0) >= slope * uint256(leg.equity);
    }

    /// @notice E − f·n ≥ ⌈β·M(n)⌉, as the ledger would find it after the step.
    function reached(Leg memory leg, uint256 n) internal pure returns (bool) {
        return equityAfter(leg, n) >= int256(FixedPoint.mulUp(leg.target, maintenanceAfter(leg, n)));
    }

    function equityAfter(Leg memory leg, uint256 n) internal pure returns (int256 equity) {
        equity = leg.equity - int256(expense(leg, n));
        if (!leg.spot || n == 0) return equity;
        int256 before = Margin.counted(Margin.value(int256(leg.size), leg.price), leg.haircut);
        int256 left = Margin.counted(Margin.value(int256(leg.size - n), leg.price), leg.haircut);
        return equity + left - before + Margin.value(int256(n), leg.price);
    }

    function maintenanceAfter(Leg memory leg, uint256 n) internal pure returns (uint256) {
        if (leg.spot) return leg.otherMaintenance;
        return leg.otherMaintenance + Margin.required(notional(leg, leg.size - n), leg.rate, leg.depth);
    }

    function expense(Leg memory leg, uint256 n) internal pure returns (uint256) {
        return FixedPoint.mulUp(notional(leg, n), leg.cost);
    }

    function outcome(Leg memory leg, uint256 n, bool toxic) private pure returns (Plan memory) {
        return
            Plan({
                size: n,
                toxic: toxic,
                reaches: reached(leg, n),
                expense: expense(leg, n),
                equity: equityAfter(leg, n),
                maintenance: maintenanceAfter(leg, n)
            });
    }

    /// @dev (β·M − E) / (h − f) in value.
    function spotGuess(Leg memory leg) private pure returns (bool, uint256) {
        int256 missing = int256(FixedPoint.mulUp(leg.target, leg.otherMaintenance)) - leg.equity;
        uint256 value = FixedPoint.mulDivUp(uint256(missing), WAD, leg.haircut * 1e14 - leg.cost);
        return (true, sizeOf(leg, value));
    }

    /// @dev With x the notional that stays: x² + 2p·x ≤ q, p = D·(rate − f/β), q = 2D·(E − f·N − β·M₀)/β, M₀ the maintenance
    /// of the other legs. The largest x is −p + √(p² + q).
    function perpGuess(Leg memory leg) private pure returns (bool, uint256) {
        int256 p =
            int256(FixedPoint.mulDown(leg.depth, leg.rate)) -
                int256(FixedPoint.mulDivDown(leg.depth, leg.cost, leg.target));
        uint256 whole = notional(leg, leg.size);
        int256 c =
            leg.equity -
                int256(FixedPoint.mulUp(whole, leg.cost)) -
                int256(FixedPoint.mulUp(leg.target, leg.otherMaintenance));
        int256 square = p * p + FixedPoint.mulDivFloor(c, 2 * leg.depth * WAD, leg.target);
        if (square < 0) return (false, 0);
        int256 stays = int256(FixedPointMathLib.sqrt(uint256(square))) - p;
        if (stays < 0) return (false, 0);
        return (true, whole > uint256(stays) ? sizeOf(leg, whole - uint256(stays)) : 0);
    }

    /// @dev From a guess to the edge of the condition: gallop until it changes, then halve.
    function smallest(Leg memory leg, uint256 guess) private pure returns (bool, uint256) {
        (uint256 low, uint256 high) = (guess, guess);
        uint256 step = 1;
        if (reached(leg, guess)) {
            while (low != 0 && reached(leg, low)) {
                (high, low) = (low, low > step ? low - step : 0);
                step *= 2;
            }
        } else {
            while (!reached(leg, high)) {
                if (high == leg.size) return (false, 0);
                (low, high) = (high, FixedPoint.min(high + step, leg.size));
                step *= 2;
            }
        }
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (reached(leg, middle)) high = middle;
            else low = middle;
        }
        return (true, high);
    }

    /// @dev The health of a perp is highest where f·M = (E − f·n)·r: with A = E − f·N,
    /// f·x² + 2A·x + 2D·(A·rate − f·M₀) = 0, or when everything is closed.
    function best(Leg memory leg) private pure returns (Plan memory) {
        uint256 n = leg.size;
        if (!leg.spot && leg.cost != 0) {
            int256 a = leg.equity - int256(expense(leg, n));
            int256 c = FixedPoint.mulFloor(a, leg.rate) - int256(FixedPoint.mulUp(leg.otherMaintenance, leg.cost));
            if (c < 0) {
                uint256 square = uint256(a * a) + FixedPoint.mulDivDown(uint256(-c), 2 * leg.depth * leg.cost, WAD);
                uint256 stays = FixedPoint.mulDivUp(uint256(int256(FixedPointMathLib.sqrt(square)) - a), WAD, leg.cost);
                uint256 whole = notional(leg, n);
                n = whole > stays ? FixedPoint.min(sizeOf(leg, whole - stays), leg.size) : 0;
            }
        }
        return outcome(leg, n, n == 0);
    }

    function sizeOf(Leg memory leg, uint256 value) private pure returns (uint256) {
        return FixedPoint.min(FixedPoint.mulDivUp(value, WAD, leg.price), leg.size);
    }

    function notional(Leg memory leg, uint256 size) private pure returns (uint256) {
        return Margin.notionalOf(int256(size), leg.price);
    }
}
