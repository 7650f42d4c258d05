// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";

contract MarginRatesTest is Test {
    function test_TargetRate_OfTheWorkedExample() public pure {
        // 80 % per year: 4 · 0.8 · √(1,800 / 31,536,000) = 2.42 %, so the floor; 300 %: 9.066 %; 1,000 %: the cap.
        uint256 year = 5_615_692_299_262_843_000_000;
        assertEq(rate(uint256(0.8e36) / year), 0.05e18);
        assertApproxEqRel(rate(uint256(3e36) / year), 0.090_659e18, 0.0001e18);
        assertEq(rate(uint256(10e36) / year), 0.12e18);
    }

    function testFuzz_TargetRate_MonotoneAndBounded(
        uint256 sigma,
        uint256 more,
        uint256 z,
        uint256 horizon
    ) public pure {
        sigma = bound(sigma, 1e13, 2e15);
        more = bound(more, 0, 1e15);
        z = bound(z, 1_00, 10_00);
        horizon = bound(horizon, 60, 1 days);
        uint256 lower = Margin.targetRate(z, horizon, sigma, 2_00, 20_00);
        assertGe(lower, 0.02e18);
        assertLe(Margin.targetRate(z, horizon, sigma + more, 2_00, 20_00), 0.2e18);
        assertGe(Margin.targetRate(z, horizon, sigma + more, 2_00, 20_00), lower);
        assertGe(Margin.targetRate(z, horizon + 1, sigma, 2_00, 20_00), lower);
    }

    function test_Ramped_TwoPointsUpOneDownPerHour() public pure {
        assertEq(Margin.ramped(0.05e18, 0.12e18, 1 hours), 0.07e18);
        assertEq(Margin.ramped(0.05e18, 0.12e18, 3.5 hours), 0.12e18);
        assertEq(Margin.ramped(0.05e18, 0.12e18, 10 days), 0.12e18);
        assertEq(Margin.ramped(0.12e18, 0.05e18, 1 hours), 0.11e18);
        assertEq(Margin.ramped(0.12e18, 0.05e18, 7 hours), 0.05e18);
        assertEq(Margin.ramped(0.05e18, 0.05e18, 1 hours), 0.05e18);
        assertEq(Margin.ramped(0.05e18, 0.12e18, 0), 0.05e18);
    }

    /// @dev Pokes move nothing: the same ramp in one step or in many, up to a wei per step.
    function testFuzz_Ramped_IndependentOfPokes(uint256 from, uint256 to, uint256 pokes, uint256 wait) public pure {
        from = bound(from, 0.005e18, 0.5e18);
        to = bound(to, 0.005e18, 0.5e18);
        pokes = bound(pokes, 1, 40);
        wait = bound(wait, 1, 1 hours);
        uint256 sliced = from;
        for (uint256 i = 0; i < pokes; ++i) sliced = Margin.ramped(sliced, to, wait);
        assertApproxEqAbs(sliced, Margin.ramped(from, to, pokes * wait), pokes);
    }

    function test_InitialRate() public pure {
        assertEq(Margin.initialRate(0.05e18, 0.05e18, 20_000, 30_00), 0.1e18);
        assertEq(Margin.initialRate(0.05e18, 0.09e18, 20_000, 30_00), 0.18e18, "follows the target at once");
        assertEq(Margin.initialRate(0.09e18, 0.05e18, 20_000, 30_00), 0.18e18, "and what open positions still need");
        assertEq(Margin.initialRate(0.2e18, 0.05e18, 20_000, 30_00), 0.3e18, "capped");
        assertEq(Margin.initialRate(0.4e18, 0.05e18, 20_000, 30_00), 0.4e18, "never below maintenance");
    }

    function test_CrowdedRate() public pure {
        assertEq(Margin.crowdedRate(0.1e18, 20e18, 20e18, 50e18), 0.1e18);
        assertEq(Margin.crowdedRate(0.1e18, 35e18, 20e18, 50e18), 0.3e18, "half way to 50 %");
        assertEq(Margin.crowdedRate(0.1e18, 50e18, 20e18, 50e18), 0.5e18);
        assertEq(Margin.crowdedRate(0.1e18, 51e18, 20e18, 50e18), 0.5e18);
        assertEq(Margin.crowdedRate(0.1e18, 5e18, 5e18, 5e18), 0.1e18, "a market without a crowd");
        assertEq(Margin.crowdedRate(0.6e18, 35e18, 20e18, 50e18), 0.6e18, "never lower");
    }

    function test_DepthShare() public pure {
        assertEq(Margin.depthShare(5_000_000e18, 50_000_000e18), 1e9);
        assertEq(Margin.depthShare(50_000_000e18, 50_000_000e18), 1e9);
        assertEq(Margin.depthShare(2_500_000e18, 50_000_000e18), 0.5e9);
        assertEq(Margin.depthShare(1e18, 50_000_000e18), 0.1e9);
        assertEq(Margin.depthShare(-1, 50_000_000e18), 0.1e9);
    }

    function test_HeldShare_RisesAtOnceAndFallsSlowly() public pure {
        assertEq(Margin.heldShare(0.2e9, 0.9e9, 0), 0.9e9);
        assertEq(Margin.heldShare(1e9, 0.1e9, 1 hours), 0.9e9);
        assertEq(Margin.heldShare(1e9, 0.1e9, 9 hours), 0.1e9);
        assertEq(Margin.heldShare(1e9, 0.95e9, 1 hours), 0.95e9);
        assertEq(Margin.heldShare(1e9, 0.1e9, 0), 1e9);
    }

    function rate(uint256 sigma) internal pure returns (uint256) {
        return Margin.targetRate(4_00, 1_800, sigma, 5_00, 12_00);
    }
}
