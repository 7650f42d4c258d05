// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Assessor} from "../../contracts/core/Assessor.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";
import {Reduction} from "../../contracts/libraries/Reduction.sol";

contract ReductionTest is Test {
    struct Seed {
        uint256 notional;
        uint256 price;
        uint256 rate;
        uint256 depth;
        uint256 target;
        uint256 cost;
        uint256 others;
        uint256 health;
    }

    // ---- perp

    function testFuzz_Plan_IsTheSmallestThatReaches(Seed memory seed, uint256 smaller) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertLe(plan.size, leg.size);
        if (!plan.reaches || plan.size == 0) return;
        assertTrue(Reduction.reached(leg, plan.size));
        assertFalse(Reduction.reached(leg, plan.size - 1), "one wei less");
        assertFalse(Reduction.reached(leg, smaller % plan.size), "anything less");
    }

    function testFuzz_Plan_HealthNeverFalls(Seed memory seed) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.toxic) {
            assertEq(plan.size, 0, "toxic steps are not planned");
            return;
        }
        if (leg.equity <= 0) return;
        uint256 before = Reduction.maintenanceAfter(leg, 0);
        assertGe(plan.equity * int256(before), leg.equity * int256(plan.maintenance));
        if (plan.size != 0) assertTrue(lawAllows(leg, plan), "LIQ-2");
    }

    /// @dev Toxic exactly when f·M ≥ r·E.
    function testFuzz_Plan_ToxicRule(Seed memory seed) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.reaches && plan.size == 0) return;
        if (leg.equity <= 0) {
            assertEq(plan.toxic, leg.cost != 0);
            if (leg.cost == 0) assertEq(plan.size, leg.size, "free: the whole leg");
            return;
        }
        uint256 slope = leg.rate + (Margin.notionalOf(int256(leg.size), leg.price) * 1e18) / leg.depth;
        bool toxic = leg.cost * Reduction.maintenanceAfter(leg, 0) >= slope * uint256(leg.equity);
        assertEq(plan.toxic, toxic);
    }

    /// @dev A first small step of a toxic plan lowers health, of any other raises it.
    function testFuzz_Plan_ToxicMeansWorse(Seed memory seed) public pure {
        seed.notional = bound(seed.notional, 1_000e18, 10_000_000e18);
        seed.price = bound(seed.price, 1e18, 100_000e18);
        Reduction.Leg memory leg = perp(seed);
        if (leg.equity <= 1e18 || Reduction.reached(leg, 0)) return;
        uint256 n = leg.size / 1_000;
        int256 gain =
            Reduction.equityAfter(leg, n) * int256(Reduction.maintenanceAfter(leg, 0)) -
                leg.equity * int256(Reduction.maintenanceAfter(leg, n));
        // The slope falls by a thousandth of N/D on the way.
        int256 slack = (leg.equity * int256(Margin.notionalOf(int256(n), leg.price))) / 1_000;
        if (Reduction.plan(leg).toxic) assertLe(gain, slack);
        else assertGe(gain, -slack);
    }

    function testFuzz_Plan_NotReachedIsTheHealthiest(Seed memory seed, uint256 other) public pure {
        // A large leg of an account with other large ones, which closing this one alone does not help enough.
        seed.notional = bound(seed.notional, 1_000_000e18, 10_000_000e18);
        seed.others = 3 * bound(seed.others, 100_000e18, 1_000_000e18) + 1;
        seed.depth = bound(seed.depth, 10_000_000e18, 100_000_000e18);
        seed.rate = bound(seed.rate, 0.005e18, 0.05e18);
        seed.health = bound(seed.health, 0.3e18, 0.9e18);
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.reaches || Reduction.isToxic(leg) || leg.equity <= 0) return;
        assertGt(plan.size, 0);
        other = bound(other, 0, leg.size);
        assertFalse(Reduction.reached(leg, other), "nothing reaches");
        int256 planned = plan.equity * int256(Reduction.maintenanceAfter(leg, other));
        int256 tried = Reduction.equityAfter(leg, other) * int256(plan.maintenance);
        // Flat at the top: a few wei of rounding decide nothing.
        int256 slack = int256(plan.maintenance) * 8 + (planned < 0 ? -planned : planned) / 1e12;
        assertGe(planned + slack, tried);
    }

    function testFuzz_Plan_MonotoneInEveryInput(Seed memory seed, uint256 which, uint256 by) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (!plan.reaches) return;
        by = bound(by, 1, 100);
        which %= 6;
        if (which == 0) leg.equity -= int256(by * 1e15);
        if (which == 1) leg.target += by * 1e15;
        if (which == 2) leg.cost += by * 1e14;
        if (which == 3) leg.rate += by * 1e14;
        if (which == 4) leg.otherMaintenance += by * 1e16;
        if (which == 5) leg.depth -= (leg.depth * by) / 1_000;
        Reduction.Plan memory worse = Reduction.plan(leg);
        if (worse.reaches) assertGe(worse.size, plan.size);
    }

    function test_Plan_HealthyNeedsNothing() public pure {
        Reduction.Leg memory leg = worked(85e18, 0.0105e18);
        leg.equity = 200e18;
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertTrue(plan.reaches && !plan.toxic);
        assertEq(plan.size, 0);
        assertEq(plan.expense, 0);
    }

    function test_Plan_EdgeOfTheTarget() public pure {
        Reduction.Leg memory leg = worked(0, 0.0105e18);
        leg.equity = int256((Reduction.maintenanceAfter(leg, 0) * 12 + 9) / 10);
        assertEq(Reduction.plan(leg).size, 0);
        leg.equity -= 1;
        assertGt(Reduction.plan(leg).size, 0);
    }

    // ---- spot

    function testFuzz_Plan_SpotIsTheSmallest(Seed memory seed, uint256 haircut, uint256 smaller) public pure {
        Reduction.Leg memory leg = spot(seed, haircut);
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertLe(plan.size, leg.size);
        assertEq(plan.toxic, !Reduction.reached(leg, 0) && leg.cost >= leg.haircut * 1e14);
        if (plan.toxic) assertEq(plan.size, 0);
        if (plan.size == 0) return;
        assertEq(plan.maintenance, leg.otherMaintenance, "selling spot leaves maintenance as it is");
        if (!plan.reaches) {
            assertEq(plan.size, leg.size, "the whole leg");
            assertFalse(Reduction.reached(leg, smaller % leg.size));
            return;
        }
        assertFalse(Reduction.reached(leg, plan.size - 1));
        // Values are floored at three places: up to that, nothing smaller reaches.
        smaller %= plan.size;
        if ((plan.size - smaller) * leg.price > 1e21) assertFalse(Reduction.reached(leg, smaller));
    }

    function testFuzz_Plan_SpotRaisesMarginEquity(Seed memory seed, uint256 haircut) public pure {
        Reduction.Leg memory leg = spot(seed, haircut);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.size != 0) assertGe(plan.equity + 3, leg.equity);
    }

    // ---- gas

    function test_Plan_Gas() public {
        Reduction.Leg memory leg = worked(85e18, 0.0105e18);
        uint256 gas = gasleft();
        Reduction.plan(leg);
        gas -= gasleft();
        emit log_named_uint("gas of a plan", gas);
        assertLt(gas, 40_000);
    }

    // ---- numbers

    function worked(int256 equity, uint256 cost) internal pure returns (Reduction.Leg memory leg) {
        (leg.equity, leg.cost) = (equity, cost);
        (leg.size, leg.price, leg.rate, leg.depth, leg.target) = (1e18, 1_835e18, 0.05e18, 50_000_000e18, 1.2e18);
    }

    function perp(Seed memory seed) internal pure returns (Reduction.Leg memory leg) {
        uint256 notional = bound(seed.notional, 1e9, 10_000_000e18);
        leg.price = bound(seed.price, 1e12, 1_000_000e18);
        leg.size = (notional * 1e18) / leg.price + 1;
        leg.rate = bound(seed.rate, 0.005e18, 0.5e18);
        leg.depth = bound(seed.depth, 10_000_000e18, 10_000_000_000e18);
        leg.target = bound(seed.target, 1e18, 2e18);
        leg.cost = seed.cost % 8 == 0 ? 0 : bound(seed.cost, 1e12, 0.1e18);
        leg.otherMaintenance = seed.others % 3 == 0 ? 0 : bound(seed.others, 0, 10_000_000e18);
        uint256 health = bound(seed.health, 0, 1.6e18);
        leg.equity = int256((Reduction.maintenanceAfter(leg, 0) * health) / 1e18);
        if (seed.health % 16 == 0) leg.equity = -leg.equity;
    }

    function spot(Seed memory seed, uint256 haircut) internal pure returns (Reduction.Leg memory leg) {
        leg = perp(seed);
        leg.spot = true;
        leg.haircut = bound(haircut, 500, 9_500);
        leg.equity = int256((leg.otherMaintenance * bound(seed.health, 0, 2.2e18)) / 1e18);
        if (seed.health % 4 == 0) leg.equity -= int256((leg.size * leg.price) / 1e18) / 4;
    }

    function lawAllows(Reduction.Leg memory leg, Reduction.Plan memory plan) internal pure returns (bool) {
        // Equity proper may be larger than margin equity; without spot they are one.
        return
            Assessor.noWorse(
                Assessor.Standing(leg.equity, leg.equity, Reduction.maintenanceAfter(leg, 0), 0),
                Assessor.Standing(plan.equity, plan.equity, plan.maintenance, 0)
            );
    }
}
