// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Assessor} from "../../contracts/core/Assessor.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";
import {FixedPoint} from "../../contracts/libraries/math/FixedPoint.sol";
import {Reduction} from "../../contracts/libraries/Reduction.sol";

contract ReductionTest is Test {
    uint256 private constant MILLION = 1_000_000e18;

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

    // ---- perp: the smallest that reaches

    function testFuzz_Perp_IsTheSmallestThatReaches(Seed memory seed, uint256 smaller) public pure {
        checkSmallest(perp(seed), smaller);
    }

    /// @dev One wei of price is many of size here: the condition flickers near its edge.
    function testFuzz_Perp_IsTheSmallestAtTinyPrices(Seed memory seed, uint256 smaller) public pure {
        seed.price = 1e12 + (seed.price % 1e12);
        checkSmallest(boundReachable(seed), smaller);
    }

    function testFuzz_Perp_ReachesWhatCanBeReached(Seed memory seed, uint256 any) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (!plan.toxic && enough(leg, any % (leg.size + 1))) assertTrue(plan.reaches);
    }

    function testFuzz_Perp_NumbersAreThoseOfTheLedger(Seed memory seed) public pure {
        Reduction.Leg memory leg = perp(seed);
        checkNumbers(leg, Reduction.plan(leg));
    }

    function testFuzz_Perp_Monotone(Seed memory seed, uint256 which, uint256 by) public pure {
        Reduction.Leg memory leg = boundReachable(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        by = scaled(by, 1, 1e18);
        which %= 6;
        if (which == 0) leg.equity -= int256(by);
        if (which == 1) leg.target += by;
        if (which == 2) leg.cost += by / 10;
        if (which == 3) leg.rate += by / 10;
        if (which == 4) leg.otherMaintenance += by;
        if (which == 5) leg.depth -= leg.depth / (1e18 / by + 1);
        Reduction.Plan memory harder = Reduction.plan(leg);
        if (plan.reaches && harder.reaches) assertGe(harder.size, plan.size);
        if (harder.reaches && !plan.toxic) assertTrue(plan.reaches, "the easier is reached too");
    }

    // ---- perp: health

    function testFuzz_Perp_HealthRises(Seed memory seed) public pure {
        checkLaw(perp(seed));
    }

    function testFuzz_Perp_HealthRisesWhenNotReached(Seed memory seed) public pure {
        checkLaw(boundUnreachable(seed));
    }

    /// @dev Toxic whenever f·M ≥ r·E exactly. Otherwise only within the last digit of r, or where rounding eats the
    /// gain.
    function testFuzz_Perp_ToxicRule(Seed memory seed, uint256 any) public pure {
        Reduction.Leg memory leg = perp(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (enough(leg, 0)) {
            assertFalse(plan.toxic, "nothing to do");
            return;
        }
        bool rule = leg.equity <= 0 ? leg.cost != 0 : exactlyToxic(leg);
        if (rule) assertTrue(plan.toxic, "f >= r * health");
        if (!plan.toxic) return;
        assertEq(plan.size, 0, "toxic steps are not planned");
        if (leg.equity <= 0) return;
        (int256 equity, uint256 maintenance) = afterClosing(leg, any % (leg.size + 1));
        (, uint256 before) = afterClosing(leg, 0);
        assertLe(equity * int256(before), leg.equity * (int256(maintenance) + 4), "no step raises health");
    }

    function testFuzz_Perp_NotReachedIsTheHealthiest(Seed memory seed, uint256 any) public pure {
        Reduction.Leg memory leg = boundUnreachable(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.toxic || plan.reaches) return;
        assertGt(plan.size, 0);
        any %= leg.size + 1;
        assertFalse(enough(leg, any), "nothing reaches");
        (int256 equity, uint256 maintenance) = afterClosing(leg, any);
        // Flat at the top: a few wei of rounding decide nothing.
        int256 slack = 8 * (plan.equity + int256(plan.maintenance));
        assertGe(plan.equity * int256(maintenance) + slack, equity * int256(plan.maintenance));
    }

    /// @dev The generator of what is not reached has to give both kinds, or the tests above are empty.
    function test_Perp_NotReachedInsideAndWhole() public pure {
        Reduction.Leg memory leg = worked(300_000e18, 0.03e18);
        (leg.size, leg.price, leg.rate, leg.otherMaintenance) = (2_500e18, 2_000e18, 0.01e18, 500_000e18);
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertTrue(!plan.reaches && !plan.toxic && plan.size > 0 && plan.size < leg.size);
        leg.cost = 0.001e18;
        plan = Reduction.plan(leg);
        assertTrue(!plan.reaches && !plan.toxic);
        assertEq(plan.size, leg.size);
    }

    function test_Perp_NothingToDoAtTheTarget() public pure {
        Reduction.Leg memory leg = worked(0, 0.0105e18);
        (, uint256 maintenance) = afterClosing(leg, 0);
        leg.equity = int256((maintenance * 12 + 9) / 10);
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertTrue(plan.reaches && !plan.toxic);
        assertEq(plan.size + plan.expense, 0);
        leg.equity -= 1;
        assertGt(Reduction.plan(leg).size, 0);
    }

    function testFuzz_Perp_WithoutEquity(Seed memory seed, uint256 loss) public pure {
        Reduction.Leg memory leg = perp(seed);
        leg.equity = -int256(scaled(loss, 1, MILLION));
        leg.cost = 0;
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertEq(plan.size, leg.size, "free: the whole leg");
        assertTrue(!plan.toxic && !plan.reaches);
        assertEq(plan.equity, leg.equity);
        assertTrue(lawAllows(leg, plan));
        leg.cost = 1;
        plan = Reduction.plan(leg);
        assertTrue(plan.toxic);
        assertEq(plan.size, 0);
    }

    function test_Perp_WithoutHealthAndFree() public pure {
        Reduction.Leg memory leg = worked(0, 0);
        leg.otherMaintenance = 1;
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertEq(plan.size, leg.size);
        assertTrue(!plan.toxic && !plan.reaches);
    }

    /// @dev One wei of cost for one wei of notional: nothing that small can be closed to anyone's good.
    function test_Perp_DustThatRoundingEats() public pure {
        Reduction.Leg memory leg = worked(40, 0.0105e18);
        (leg.size, leg.price, leg.otherMaintenance) = (10, 1e18, 100);
        Reduction.Plan memory plan = Reduction.plan(leg);
        (int256 equity, uint256 maintenance) = afterClosing(leg, leg.size);
        assertLt(equity * 102, 40 * int256(maintenance), "closing it lowers health");
        assertTrue(plan.toxic);
        assertEq(plan.size, 0);
    }

    /// @dev The condition touches its edge at 2,125 and holds for a few wei around it.
    function test_Perp_TargetThatIsOnlyTouched() public {
        Reduction.Leg memory leg = worked(743_250e18, 0.03e18);
        (leg.size, leg.price, leg.rate, leg.otherMaintenance) = (2_500e18, 2_000e18, 0.01e18, 500_000e18);
        Reduction.Plan memory plan;
        int256[6] memory more = [int256(-1), 0, 1, 1e3, 1e6, 1e12];
        for (uint256 i = 0; i < more.length; ++i) {
            leg.equity = 743_250e18 + more[i];
            uint256 gas = gasleft();
            plan = Reduction.plan(leg);
            emit log_named_uint("gas", gas - gasleft());
            checkNumbers(leg, plan);
            assertEq(plan.reaches, more[i] >= 0);
            assertApproxEqAbs(plan.size, 2_125e18, 0.01e18);
            if (plan.reaches) assertFalse(enough(leg, plan.size - 1), "an edge");
            assertTrue(lawAllows(leg, plan));
        }
    }

    // ---- spot

    function testFuzz_Spot_IsTheSmallestThatReaches(Seed memory seed, uint256 smaller) public pure {
        checkSmallest(spot(seed), smaller);
    }

    function testFuzz_Spot_IsTheSmallestAtTinyPrices(Seed memory seed, uint256 smaller) public pure {
        seed.price = 1e12 + (seed.price % 1e12);
        seed.cost %= 0.02e18;
        checkSmallest(spot(seed), smaller);
    }

    function testFuzz_Spot_NumbersAreThoseOfTheLedger(Seed memory seed) public pure {
        Reduction.Leg memory leg = spot(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        checkNumbers(leg, plan);
        assertEq(plan.maintenance, leg.otherMaintenance, "selling spot leaves maintenance as it is");
    }

    function testFuzz_Spot_HealthRises(Seed memory seed) public pure {
        checkLaw(spot(seed));
    }

    function testFuzz_Spot_ToxicRule(Seed memory seed, uint256 any) public pure {
        Reduction.Leg memory leg = spot(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (enough(leg, 0)) {
            assertFalse(plan.toxic);
            return;
        }
        if (leg.cost >= leg.haircut * 1e14) assertTrue(plan.toxic, "f >= h");
        if (!plan.toxic) return;
        assertEq(plan.size, 0);
        (int256 equity, ) = afterClosing(leg, any % (leg.size + 1));
        if (leg.gross != 0) assertLe(equity, leg.equity + 2, "no sale raises margin equity");
    }

    function testFuzz_Spot_NotReachedSellsAll(Seed memory seed, uint256 any) public pure {
        Reduction.Leg memory leg = spot(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.toxic || plan.reaches) return;
        assertFalse(enough(leg, any % (leg.size + 1)), "nothing reaches");
        if (plan.size == leg.size) return;
        assertTrue(leg.gross >= 0 && leg.otherMaintenance != 0, "only a solvent account with positions keeps some");
        (int256 equity, ) = afterClosing(leg, leg.size);
        assertLe(leg.gross + equity - leg.equity - counted(leg, leg.size), int256(leg.size * leg.price) / 1e18);
        uint256 more = plan.size + (any % (leg.size - plan.size)) + 1;
        uint256 expense = FixedPoint.mulUp(Margin.notionalOf(int256(more), leg.price), leg.cost);
        assertGe(int256(expense) + 1, leg.gross, "more would use its equity up");
    }

    function testFuzz_Spot_Monotone(Seed memory seed, uint256 which, uint256 by) public pure {
        Reduction.Leg memory leg = spot(seed);
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (!crosses(leg, plan)) return;
        by = scaled(by, 1, 1e18);
        which %= 4;
        if (which == 0) leg.equity -= int256(by);
        if (which == 1) leg.target += by;
        if (which == 2) leg.cost += by / 10;
        if (which == 3) leg.otherMaintenance += by;
        Reduction.Plan memory harder = Reduction.plan(leg);
        if (plan.reaches && harder.reaches) assertGe(harder.size, plan.size);
    }

    function test_Spot_SolventAccountStaysSolvent() public pure {
        Reduction.Leg memory leg;
        (leg.spot, leg.haircut, leg.target, leg.cost) = (true, 2_000, 1.2e18, 0.05e18);
        (leg.size, leg.price, leg.equity, leg.gross) = (1e18, 1_000e18, -180e18, 20e18);
        leg.otherMaintenance = 50e18;
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertTrue(!plan.reaches && !plan.toxic);
        assertApproxEqAbs(plan.size, 0.4e18, 1);
        assertTrue(lawAllows(leg, plan));
        leg.otherMaintenance = 0;
        assertEq(Reduction.plan(leg).size, leg.size, "without positions the debt has to end");
    }

    /// @dev A thousandth is left between cost and haircut, and a wei of value is a million of size.
    function test_Spot_AlmostToxicEndsAtAnEdge() public {
        Reduction.Leg memory leg = worked(119e18, 0.199e18);
        (leg.spot, leg.haircut, leg.gross, leg.otherMaintenance) = (true, 2_000, 10_000e18, 100e18);
        (leg.size, leg.price) = (1e28 + 3_333_333, 1e12 + 77_777);
        uint256 gas = gasleft();
        Reduction.Plan memory plan = Reduction.plan(leg);
        emit log_named_uint("gas", gas - gasleft());
        checkNumbers(leg, plan);
        assertTrue(plan.reaches);
        assertFalse(enough(leg, plan.size - 1), "an edge");
        // Without rounding it is a thousand quote, a thousand times what is missing.
        uint256 exact = 1e39 / leg.price;
        assertApproxEqAbs(plan.size, exact, 10_000 * 1e6);
        assertFalse(enough(leg, exact - 10_000 * 1e6));
    }

    // ---- ranges and gas

    function testFuzz_Plan_NeverReverts(Seed memory seed, bool spot_) public pure {
        Reduction.Leg memory leg = spot_ ? spot(seed) : perp(seed);
        uint256 value = scaled(seed.notional, 1, 2 ** 115);
        leg.price = scaled(seed.price, 1e9, 2 ** 80);
        leg.size = FixedPoint.min((value * 1e18) / leg.price + 1, 2 ** 95);
        leg.otherMaintenance = scaled(seed.others, 1, 2 ** 115);
        if (!leg.spot) leg.depth = scaled(seed.depth, 10_000e18, 1e28);
        leg.cost = scaled(seed.cost, 1, 1e18);
        (, uint256 maintenance) = afterClosing(leg, 0);
        leg.equity = (int256(FixedPoint.min(maintenance, 2 ** 118)) * int256(seed.health % 3e18)) / 1e18;
        leg.gross = leg.equity;
        checkNumbers(leg, Reduction.plan(leg));
    }

    function test_Plan_Gas() public {
        Reduction.Leg memory leg = worked(200e18, 0.0105e18);
        measure("healthy", leg, 5_000);
        leg.equity = 10e18;
        measure("toxic", leg, 5_000);
        leg.equity = 85e18;
        measure("perp", leg, 15_000);
        leg.otherMaintenance = 30e18;
        leg.equity = 110e18;
        measure("perp among others", leg, 15_000);
        leg.otherMaintenance = 600e18;
        leg.equity = 450e18;
        measure("perp, not reached", leg, 15_000);
        (leg.otherMaintenance, leg.equity) = (0, 85e18);
        (leg.size, leg.price) = (1_835e18, 1e18);
        measure("perp of a small price", leg, 40_000);
        (leg.size, leg.price, leg.equity) = (1e27, 1e9, 0.04e18);
        measure("perp of a tiny price", leg, 40_000);
        leg = worked(90e18, 0.02e18);
        (leg.spot, leg.haircut, leg.gross, leg.otherMaintenance) = (true, 2_000, 300e18, 100e18);
        measure("spot", leg, 15_000);
    }

    function measure(string memory name, Reduction.Leg memory leg, uint256 limit) internal {
        uint256 gas = gasleft();
        Reduction.plan(leg);
        gas -= gasleft();
        emit log_named_uint(name, gas);
        assertLt(gas, limit, name);
    }

    // ---- checks

    function checkSmallest(Reduction.Leg memory leg, uint256 smaller) internal pure {
        Reduction.Plan memory plan = Reduction.plan(leg);
        assertLe(plan.size, leg.size);
        if (!plan.reaches) return;
        assertTrue(enough(leg, plan.size), "enough");
        if (plan.size == 0) return;
        assertFalse(enough(leg, plan.size - 1), "one wei less");
        if (!crosses(leg, plan)) return;
        assertFalse(enough(leg, smaller % plan.size), "anything less");
        // Within what rounding moves the edge.
        for (uint256 i = 0; i < 16; ++i) {
            smaller = uint256(keccak256(abi.encode(smaller)));
            uint256 near = 1 + (smaller % (1 + 1e20 / leg.price));
            if (near <= plan.size) assertFalse(enough(leg, plan.size - near), "a little less");
        }
    }

    /// @dev Whether the condition crosses its edge steeply enough for the ascent to end: what a step costs is well
    /// below what it frees.
    function crosses(Reduction.Leg memory leg, Reduction.Plan memory plan) internal pure returns (bool) {
        if (leg.spot) return leg.cost + 0.05e18 <= leg.haircut * 1e14;
        uint256 stays = Margin.notionalOf(int256(leg.size - plan.size), leg.price);
        uint256 slope = leg.rate + (stays * 1e18) / leg.depth;
        return leg.cost <= (slope * leg.target * 9) / 10e18;
    }

    function checkNumbers(Reduction.Leg memory leg, Reduction.Plan memory plan) internal pure {
        (int256 equity, uint256 maintenance) = afterClosing(leg, plan.size);
        assertEq(plan.equity, equity, "equity");
        assertEq(plan.maintenance, maintenance, "maintenance");
        assertEq(plan.reaches, enough(leg, plan.size), "reaches");
        uint256 expense = FixedPoint.mulUp(FixedPoint.mulUp(plan.size, leg.price), leg.cost);
        assertEq(plan.expense, expense, "expense");
        assertLe(plan.size, leg.size);
        if (plan.toxic) assertTrue(plan.size == 0 && !plan.reaches);
        if (plan.size == 0) assertTrue(plan.toxic || plan.reaches, "no step is either not needed or not good");
    }

    function checkLaw(Reduction.Leg memory leg) internal pure {
        Reduction.Plan memory plan = Reduction.plan(leg);
        if (plan.size == 0) return;
        assertFalse(plan.toxic);
        assertTrue(lawAllows(leg, plan), "LIQ-2");
        (, uint256 before) = afterClosing(leg, 0);
        if (leg.spot) assertGt(plan.equity, leg.equity);
        else if (leg.equity <= 0) assertEq(plan.expense, 0);
        else if (plan.maintenance == 0) assertGe(plan.equity, 0);
        else assertGt(plan.equity * int256(before), leg.equity * int256(plan.maintenance));
    }

    function lawAllows(Reduction.Leg memory leg, Reduction.Plan memory plan) internal pure returns (bool) {
        (, uint256 before) = afterClosing(leg, 0);
        int256 gross = leg.gross - int256(plan.expense);
        if (leg.spot) gross += value(leg, plan.size) + value(leg, leg.size - plan.size) - value(leg, leg.size);
        return
            Assessor.noWorse(
                Assessor.Standing(leg.gross, leg.equity, before, 0),
                Assessor.Standing(gross, plan.equity, plan.maintenance, 0)
            );
    }

    // ---- the rules once more

    function enough(Reduction.Leg memory leg, uint256 n) internal pure returns (bool) {
        (int256 equity, uint256 maintenance) = afterClosing(leg, n);
        return equity >= int256(FixedPoint.mulUp(leg.target, maintenance));
    }

    function afterClosing(
        Reduction.Leg memory leg,
        uint256 n
    ) internal pure returns (int256 equity, uint256 maintenance) {
        equity = leg.equity - int256(FixedPoint.mulUp(FixedPoint.mulUp(n, leg.price), leg.cost));
        maintenance = leg.otherMaintenance;
        if (leg.spot) {
            // Not selling rounds nothing.
            if (n != 0) equity += value(leg, n) + counted(leg, leg.size - n) - counted(leg, leg.size);
        } else {
            uint256 stays = Margin.notionalOf(int256(leg.size - n), leg.price);
            maintenance += Margin.required(stays, leg.rate, leg.depth);
        }
    }

    /// @dev f·M·D ≥ (rate·D + N)·E
    function exactlyToxic(Reduction.Leg memory leg) internal pure returns (bool) {
        (, uint256 maintenance) = afterClosing(leg, 0);
        uint256 slope = leg.rate * leg.depth + Margin.notionalOf(int256(leg.size), leg.price) * 1e18;
        return leg.cost * maintenance * leg.depth >= slope * uint256(leg.equity);
    }

    function value(Reduction.Leg memory leg, uint256 size) internal pure returns (int256) {
        return Margin.value(int256(size), leg.price);
    }

    function counted(Reduction.Leg memory leg, uint256 size) internal pure returns (int256) {
        return Margin.counted(value(leg, size), leg.haircut);
    }

    // ---- generators

    /// @dev Every order of magnitude is as likely as any other.
    function scaled(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        uint256 octaves = 0;
        while (high >> (octaves + 1) >= low) ++octaves;
        uint256 top = high >> (seed % (octaves + 1));
        return bound(uint256(keccak256(abi.encode(seed))), FixedPoint.max(top / 2, low), top);
    }

    function worked(int256 equity, uint256 cost) internal pure returns (Reduction.Leg memory leg) {
        (leg.equity, leg.gross, leg.cost) = (equity, equity, cost);
        (leg.size, leg.price, leg.rate, leg.depth, leg.target) = (1e18, 1_835e18, 0.05e18, 50_000_000e18, 1.2e18);
    }

    /// @dev Any perp leg, its account from far below zero to beyond the target.
    function perp(Seed memory seed) internal pure returns (Reduction.Leg memory leg) {
        leg.price = scaled(seed.price, 1e12, 1_000_000e18);
        leg.size = (scaled(seed.notional, 1, 10 * MILLION) * 1e18) / leg.price + 1;
        leg.rate = bound(seed.rate, 0.005e18, 0.5e18);
        leg.depth = scaled(seed.depth, 10_000e18, 10_000 * MILLION);
        leg.target = bound(seed.target, 1e18, 2e18);
        leg.cost = seed.cost % 8 == 0 ? 0 : scaled(seed.cost, 1e12, 0.1e18);
        leg.otherMaintenance = seed.others % 3 == 0 ? 0 : scaled(seed.others, 1, 10 * MILLION);
        (, uint256 maintenance) = afterClosing(leg, 0);
        leg.equity = int256((maintenance * bound(seed.health, 0, (leg.target * 11) / 10)) / 1e18);
        if (seed.health % 16 == 0) leg.equity = -leg.equity;
        leg.gross = leg.equity;
    }

    /// @dev A perp leg that mostly reaches the target: it is the larger part of its account and cheap to close.
    function boundReachable(Seed memory seed) internal pure returns (Reduction.Leg memory leg) {
        seed.notional = 2 * bound(seed.notional, 1e6, 5 * MILLION);
        leg = perp(seed);
        leg.cost = FixedPoint.min(leg.cost, leg.rate / 4);
        (, uint256 others) = afterClosing(leg, leg.size);
        (, uint256 all) = afterClosing(leg, 0);
        leg.otherMaintenance = FixedPoint.min(others, (all - others) / 2);
        (, all) = afterClosing(leg, 0);
        leg.equity = int256((all * bound(seed.health, 0.8e18, leg.target)) / 1e18);
        leg.gross = leg.equity;
    }

    /// @dev A perp leg that mostly does not: large against its depth, next to larger ones.
    function boundUnreachable(Seed memory seed) internal pure returns (Reduction.Leg memory leg) {
        leg = perp(seed);
        leg.size = (scaled(seed.notional, MILLION / 1_000, 10 * MILLION) * 1e18) / leg.price + 1;
        leg.depth = scaled(seed.depth, MILLION, 100 * MILLION);
        leg.rate = bound(seed.rate, 0.005e18, 0.05e18);
        leg.cost = scaled(seed.cost, 0.0001e18, 0.05e18);
        (, uint256 others) = afterClosing(leg, leg.size);
        (, uint256 all) = afterClosing(leg, 0);
        leg.otherMaintenance = ((all - others) * bound(seed.others, 0.5e18, 3e18)) / 1e18 + 1;
        (, all) = afterClosing(leg, 0);
        leg.equity = int256((all * bound(seed.health, 0.3e18, 0.95e18)) / 1e18);
        leg.gross = leg.equity;
    }

    function spot(Seed memory seed) internal pure returns (Reduction.Leg memory leg) {
        leg = perp(seed);
        leg.spot = true;
        leg.haircut = bound(seed.rate, 500, 9_500);
        (leg.rate, leg.depth) = (0, 0);
        leg.equity = int256((leg.otherMaintenance * bound(seed.health, 0, 2.2e18)) / 1e18);
        int256 whole = value(leg, leg.size);
        if (seed.health % 4 == 0) leg.equity -= whole / 4;
        leg.gross = leg.equity + whole - counted(leg, leg.size);
    }
}
