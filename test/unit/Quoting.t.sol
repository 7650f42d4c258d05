// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Quoting} from "../../contracts/libraries/Quoting.sol";

contract QuotingTest is Test {
    uint256 internal constant D = 50_000_000e18;

    // ---- age

    function test_AgeRate_GrowsWithTheRootAndStopsAtTheDeviation() public pure {
        // Two deviations of 100 %/yr over a minute are 0.2758 %.
        uint256 sigma = 178_076_360_000_000;
        assertApproxEqRel(Quoting.ageRate(sigma, 60, 2_00, 0.005e18), 0.0027587e18, 1e14);
        assertApproxEqRel(Quoting.ageRate(sigma, 240, 2_00, 1e18), 2 * Quoting.ageRate(sigma, 60, 2_00, 1e18), 1e12);
        assertEq(Quoting.ageRate(sigma, 600, 2_00, 0.005e18), 0.005e18);
        assertEq(Quoting.ageRate(sigma, 0, 2_00, 0.005e18), 0);
    }

    // ---- inventory

    function test_InventoryRate_IsTheMeanOfBothEnds() public pure {
        // From flat to 5M of 50M: 0 % at the start, 10 % at the end.
        assertEq(Quoting.inventoryRate(0, 0, 5_000_000e18, D), 0.05e18);
        assertEq(Quoting.inventoryRate(0.001e18, 1_000_000e18, 1_000_000e18, D), 0.031e18);
    }

    function test_InventoryRate_RebalancingPaysLessNeverBelowZero() public pure {
        // The pool is long 1M, the taker buys it: the impact is negative, and takes off what the age costs, no more.
        assertEq(Quoting.inventoryRate(0.005e18, -1_000_000e18, 1_000_000e18, D), 0.000625e18);
        assertEq(Quoting.inventoryRate(0, -1_000_000e18, 1_000_000e18, D), 0);
        assertEq(Quoting.inventoryRate(0.03e18, -1_000_000e18, 1_000_000e18, D), 0.02e18);
    }

    /// @dev However a size is cut, it costs the same: up to a few wei per piece, against the taker.
    function testFuzz_InventoryRate_IsAdditive(uint256 age, int256 from, uint256 whole, uint256 part) public pure {
        age = bound(age, 0, 0.05e18);
        from = bound(from, -5_000_000e18, 5_000_000e18);
        whole = bound(whole, 1e18, 10_000_000e18);
        part = bound(part, 1e15, whole - 1e15);
        uint256 once = cost(age, from, whole);
        uint256 twice = cost(age, from, part) + cost(age, from + int256(part), whole - part);
        assertApproxEqAbs(twice, once, 4 * (whole / 1e18) + 1e9);
    }

    /// @dev Out and back costs at least the age twice, whatever the pool held.
    function testFuzz_InventoryRate_RoundTripNeverGains(uint256 age, int256 from, uint256 size) public pure {
        age = bound(age, 0, 0.05e18);
        from = bound(from, -5_000_000e18, 5_000_000e18);
        size = bound(size, 1, 10_000_000e18);
        uint256 out = cost(age, from, size);
        uint256 back = cost(age, -(from + int256(size)), size);
        assertGe(out + back + 4, (2 * age * size) / 1e18);
    }

    function testFuzz_InventoryRate_NeverFalls(uint256 age, int256 from, uint256 size, uint256 more) public pure {
        age = bound(age, 0, 0.05e18);
        from = bound(from, -5_000_000e18, 5_000_000e18);
        size = bound(size, 1e12, 10_000_000e18);
        more = bound(more, 0, 1_000_000e18);
        uint256 rate = Quoting.inventoryRate(age, from, size, D);
        assertGe(Quoting.inventoryRate(age, from + int256(more), size, D) + 2, rate, "inventory");
        assertGe(Quoting.inventoryRate(age, from, size + more, D) + 2, rate, "size");
    }

    // ---- price

    function test_Price_WorseOfTheTwoAgainstTheTaker() public pure {
        assertEq(Quoting.price(true, 2_000e18, 2_010e18, 0.001e18), 2_012.01e18);
        assertEq(Quoting.price(true, 2_000e18, 1_990e18, 0.001e18), 2_002e18);
        assertEq(Quoting.price(false, 2_000e18, 1_990e18, 0.001e18), 1_988.01e18);
        assertEq(Quoting.price(false, 2_000e18, 2_010e18, 0.001e18), 1_998e18);
        assertEq(Quoting.price(false, 2_000e18, 2_000e18, 2e18), 1_000e18, "at most half");
    }

    function testFuzz_Price_RoundsAgainstTheTaker(uint256 mark, uint256 rate) public pure {
        mark = bound(mark, 1e6, (1 << 80) - 1);
        rate = bound(rate, 0, 0.5e18);
        assertGe(Quoting.price(true, mark, mark, rate) * 1e18, mark * (1e18 + rate));
        assertLe(Quoting.price(false, mark, mark, rate) * 1e18, mark * (1e18 - rate));
    }

    function cost(uint256 age, int256 from, uint256 notional) internal pure returns (uint256) {
        return (Quoting.inventoryRate(age, from, notional, D) * notional) / 1e18;
    }
}
