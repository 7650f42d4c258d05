// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Margin} from "./Margin.sol";
import {FixedPoint, WAD} from "./math/FixedPoint.sol";

/// @notice The smallest reduction of one leg that brings its account to a target health.
///
/// With E the margin equity, f the cost of closing and M the maintenance, closing n is enough when E(n) ≥ ⌈β·M(n)⌉:
///
///     perp: E(n) = E − f·n,        M(n) = M₀ + required(N − n)
///     spot: E(n) = E + (h − f)·n,  M(n) = M
///
/// each with the ledger's own rounding. A step is toxic when it would lower health: f ≥ r·E/M for a perp, r = dM/dn;
/// f ≥ h for a spot. Toxic steps are not planned.
///
/// Exact although rounding makes the condition flicker near its edge: what a step costs and what it frees both climb
/// with n, so from any n that is not beyond the answer, the least size that pays for what n needs is not beyond it
/// either. A closed form without rounding gives the first such n; it is mostly the answer, or a few wei of quote short
/// of it.
library Reduction {
    /// @dev Rounds of the ascent. More are only needed where the condition touches its edge instead of crossing it, or
    /// where a spot of a tiny price costs almost its haircut; there the answer is an edge within the condition's
    /// rounding.
    uint256 internal constant ROUNDS = 32;

    /// @notice A leg and the account around it. Price, and of a perp rate and depth, are above 0; size is below 2^95,
    /// price below 2^80, depth at most 1e28; equity and maintenance are below 2^118, as their product has to fit.
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
        /// Equity of the account with nothing taken off: a sale of spot may not use it up.
        int256 gross;
    }

    struct Plan {
        uint256 size;
        /// Whether no step on this leg raises health; then the size is 0.
        bool toxic;
        /// Whether the target is reached; if not, the size is the one that leaves the account healthiest.
        bool reaches;
        /// What the size costs, and what it leaves.
        uint256 expense;
        int256 equity;
        uint256 maintenance;
    }

    function plan(Leg memory leg) internal pure returns (Plan memory p) {
        Plan memory now_ = closing(leg, 0);
        if (now_.reaches) return now_;
        if (lowersHealth(leg, now_.maintenance)) {
            now_.toxic = true;
            return now_;
        }
        bool found;
        (found, p) = smallest(leg);
        if (!found) p = best(leg, now_);
    }

    /// @notice The account after closing n of the leg.
    function closing(Leg memory leg, uint256 n) internal pure returns (Plan memory p) {
        p.size = n;
        p.expense = FixedPoint.mulUp(notional(leg, n), leg.cost);
        p.equity = leg.equity - int256(p.expense);
        p.maintenance = leg.otherMaintenance;
        if (!leg.spot) p.maintenance += Margin.required(notional(leg, leg.size - n), leg.rate, leg.depth);
        else if (n != 0) p.equity += value(leg, n) - released(leg, n);
        p.reaches = p.equity >= int256(FixedPoint.mulUp(leg.target, p.maintenance));
    }

    /// @dev Whether closing anything lowers health: f·M ≥ r·E, r = rate + N/D rounded down; of a spot f ≥ h. Without
    /// equity every cost lowers it.
    function lowersHealth(Leg memory leg, uint256 maintenance) private pure returns (bool) {
        if (leg.spot) return leg.cost >= leg.haircut * 1e14;
        if (leg.equity <= 0) return leg.cost != 0;
        uint256 slope = leg.rate + FixedPoint.mulDivDown(notional(leg, leg.size), WAD, leg.depth);
        return leg.cost * maintenance >= slope * uint256(leg.equity);
    }

    /// @dev The ascent to the least size that is enough.
    function smallest(Leg memory leg) private pure returns (bool found, Plan memory p) {
        uint256 n;
        (found, n) = leg.spot ? (true, leastSpot(leg)) : leastPerp(leg);
        for (uint256 i = 0; found && n <= leg.size; ++i) {
            p = closing(leg, n);
            if (p.reaches) return (true, p);
            if (i == ROUNDS) return edge(leg, n);
            (found, n) = leg.spot ? (true, nextSpot(leg, p)) : nextPerp(leg, p);
        }
        return (false, p);
    }

    /// @dev Without rounding, x the notional that stays: x² + 2p·x ≤ q, p = D·(rate − f/β), q = 2D·(E − f·N − β·M₀)/β.
    /// E − f·N − β·M₀ is in 1e36, so that q loses less than a wei of notional.
    function leastPerp(Leg memory leg) private pure returns (bool found, uint256 n) {
        int256 p = turn(leg);
        int256 c = equityOfAll(leg) - int256(leg.target * leg.otherMaintenance);
        (found, n) = root(p, FixedPoint.mulDivCeil(c, 2 * leg.depth, leg.target));
        n = leg.size - sizeDown(leg, n);
    }

    /// @dev n pays for a maintenance of ⌊E(n)/β⌋: all but the largest notional that this carries has to go.
    function nextPerp(Leg memory leg, Plan memory p) private pure returns (bool, uint256) {
        if (p.equity < 0) return (false, 0);
        uint256 carried = FixedPoint.mulDivDown(uint256(p.equity), WAD, leg.target);
        if (carried < leg.otherMaintenance) return (false, 0);
        return (true, leg.size - sizeDown(leg, carriedBy(leg, carried - leg.otherMaintenance)));
    }

    /// @dev The largest notional x with required(x) ≤ m, or one that is the same in wei of size. Without rounding
    /// x² + 2p·x = 2D·m, p = D·rate; rounding takes at most 2 wei of maintenance off.
    function carriedBy(Leg memory leg, uint256 m) private pure returns (uint256 low) {
        (, uint256 high) = root(int256(FixedPoint.mulDown(leg.depth, leg.rate)), int256(2 * leg.depth * m));
        low = high - FixedPoint.min(high, FixedPoint.mulDivUp(2, WAD, leg.rate) + 3);
        while (low != high && sizeDown(leg, low) != sizeDown(leg, high)) {
            uint256 middle = (low + high + 1) / 2;
            if (Margin.required(middle, leg.rate, leg.depth) <= m) low = middle;
            else high = middle - 1;
        }
    }

    /// @dev (β·M − E) / (h − f) in value, what is missing reduced by what rounding of the counted value may give.
    function leastSpot(Leg memory leg) private pure returns (uint256) {
        int256 exact = int256(FixedPoint.mulDivUp(leg.size * leg.price, 10_000 - leg.haircut, 10_000 * WAD));
        int256 lack = missing(leg) - exact + counted(leg, leg.size);
        if (lack <= 0) return 0;
        return FixedPoint.mulDivUp(uint256(lack), WAD * WAD, leg.price * (leg.haircut * 1e14 - leg.cost));
    }

    /// @dev The cash of a sale has to pay for what is missing, for its cost, and for what it takes from the counted
    /// value.
    function nextSpot(Leg memory leg, Plan memory p) private pure returns (uint256) {
        int256 due = missing(leg) + int256(p.expense) + released(leg, p.size);
        return FixedPoint.mulDivUp(uint256(due), WAD, leg.price);
    }

    /// @dev An edge of the condition above a size that is not enough; a perp gains until `turn`.
    function edge(Leg memory leg, uint256 low) private pure returns (bool, Plan memory p) {
        int256 stays = leg.spot ? int256(0) : -turn(leg);
        p = closing(leg, leg.size - (stays > 0 ? sizeDown(leg, uint256(stays)) : 0));
        if (!p.reaches || p.size < low) return (false, p);
        while (p.size - low > 1) {
            Plan memory middle = closing(leg, (low + p.size) / 2);
            if (middle.reaches) p = middle;
            else low = middle.size;
        }
        return (true, p);
    }

    /// @dev The size that leaves the account healthiest, if that is healthier than now. An account without equity
    /// closes a perp whole if that is free: its health is no number to keep, and its equity stays.
    function best(Leg memory leg, Plan memory now_) private pure returns (Plan memory p) {
        p = closing(leg, leg.spot ? mostSpot(leg) : leg.size - sizeDown(leg, healthiest(leg)));
        bool helps = leg.equity <= 0 && !leg.spot ? p.size != 0 : healthier(p, now_);
        if (helps) return p;
        now_.toxic = true;
        return now_;
    }

    /// @dev The notional that stays where f·M = (E − f·n)·r: x² + 2p·x = q, p = (E − f·N)/f, q = 2D·(M₀ − rate·p); none
    /// if q ≤ 0.
    function healthiest(Leg memory leg) private pure returns (uint256 x) {
        if (leg.cost == 0) return 0;
        int256 p = FixedPoint.mulDivFloor(equityOfAll(leg), 1, leg.cost);
        int256 c = int256(leg.otherMaintenance * WAD) - int256(leg.rate) * p;
        if (c > 0) (, x) = root(p, FixedPoint.mulDivCeil(c, 2 * leg.depth, WAD));
    }

    /// @dev All of it, but of a solvent account with positions no more than its equity pays for, less a wei of
    /// rounding.
    function mostSpot(Leg memory leg) private pure returns (uint256) {
        if (leg.gross < 0 || leg.otherMaintenance == 0 || leg.cost == 0) return leg.size;
        if (leg.gross == 0) return 0;
        return sizeDown(leg, FixedPoint.mulDivDown(uint256(leg.gross - 1), WAD, leg.cost));
    }

    function healthier(Plan memory a, Plan memory b) private pure returns (bool) {
        if (a.maintenance == b.maintenance) return a.equity > b.equity;
        return a.equity * int256(b.maintenance) > b.equity * int256(a.maintenance);
    }

    /// @dev p = D·(rate − f/β), down: where closing stops to gain on β·M, −p of notional stays.
    function turn(Leg memory leg) private pure returns (int256) {
        int256 slope = int256(leg.rate * leg.target) - int256(leg.cost * WAD);
        return FixedPoint.mulDivFloor(slope, leg.depth, leg.target * WAD);
    }

    /// @dev E − f·N in 1e36, up.
    function equityOfAll(Leg memory leg) private pure returns (int256) {
        return leg.equity * int256(WAD) - int256(FixedPoint.mulDown(leg.size * leg.price, leg.cost));
    }

    /// @dev The larger root of x² + 2p·x = q, up: −p + √(p² + q); a smaller p and a larger q only raise it.
    function root(int256 p, int256 q) private pure returns (bool, uint256) {
        int256 square = p * p + q;
        if (square < 0) return (false, 0);
        int256 x = int256(FixedPoint.sqrtUp(uint256(square))) - p;
        return x < 0 ? (false, 0) : (true, uint256(x));
    }

    /// @dev What β·M asks for above what is there.
    function missing(Leg memory leg) private pure returns (int256) {
        return int256(FixedPoint.mulUp(leg.target, leg.otherMaintenance)) - leg.equity;
    }

    /// @dev What selling n takes from the counted value.
    function released(Leg memory leg, uint256 n) private pure returns (int256) {
        return counted(leg, leg.size) - counted(leg, leg.size - n);
    }

    function counted(Leg memory leg, uint256 size) private pure returns (int256) {
        return Margin.counted(value(leg, size), leg.haircut);
    }

    function value(Leg memory leg, uint256 size) private pure returns (int256) {
        return Margin.value(int256(size), leg.price);
    }

    /// @dev The largest size whose notional is not above x, of this leg.
    function sizeDown(Leg memory leg, uint256 x) private pure returns (uint256) {
        return FixedPoint.min(FixedPoint.mulDivDown(x, WAD, leg.price), leg.size);
    }

    function notional(Leg memory leg, uint256 size) private pure returns (uint256) {
        return Margin.notionalOf(int256(size), leg.price);
    }
}
