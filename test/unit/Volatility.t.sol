// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Volatility} from "../../contracts/libraries/Volatility.sol";
import {MAX_PRICE, MIN_PRICE} from "../../contracts/types/Price.sol";

contract VolatilityTest is Test {
    function test_Sigma_ClampsToTwentyAndAThousandPercent() public pure {
        // 20 %, 1,000 % and 100 % per year over √31,536,000.
        assertApproxEqRel(Volatility.sigma(0, 0), 35_614_487_061_272, 1e12);
        assertApproxEqRel(Volatility.sigma(Volatility.CAP, 0), 1_780_724_353_063_600, 1e12);
        assertApproxEqRel(Volatility.sigma(0, Volatility.INITIAL), 178_072_435_306_360, 1e12);
        assertEq(Volatility.sigma(7e7, 6e7), Volatility.sigma(6e7, 7e7), "the larger of the two");
        assertLe(Volatility.CAP, type(uint32).max);
    }

    function test_Sample_IsTheSquaredMovePerSecond() public pure {
        // ln 1.01 = 0.00995033085316808…; squared over 60 s: 1.65015…e-6 per second.
        assertApproxEqRel(Volatility.sample(100e18, 101e18, 60), 1_650_151_403, 1e12);
        assertApproxEqRel(Volatility.sample(101e18, 100e18, 60), 1_650_151_403, 1e12);
        assertEq(Volatility.sample(2_000e18, 2_000e18, 60), 0);
        assertApproxEqRel(Volatility.sample(100e18, 101e18, 3_600), 27_502_523, 1e12);
    }

    function testFuzz_Sample_NeverReverts(uint256 before, uint256 price, uint256 elapsed) public pure {
        before = bound(before, MIN_PRICE, MAX_PRICE);
        price = bound(price, MIN_PRICE, MAX_PRICE);
        elapsed = bound(elapsed, 60, type(uint32).max);
        uint256 sample = Volatility.sample(before, price, elapsed);
        if (before == price) assertEq(sample, 0);
        assertLe(Volatility.step(Volatility.CAP, sample, elapsed, Volatility.SHORT), Volatility.CAP);
    }

    function test_Step_HalvesInItsHalfLife() public pure {
        assertApproxEqRel(Volatility.step(2e9, 0, 15 minutes, Volatility.SHORT), 1e9, 1e15);
        assertApproxEqRel(Volatility.step(2e9, 0, 24 hours, Volatility.LONG), 1e9, 1e15);
        assertApproxEqRel(Volatility.step(1e8, 3e8, 24 hours, Volatility.LONG), 2e8, 1e15);
    }

    /// @dev Many small steps and one long one forget alike: nobody gains by poking.
    function testFuzz_Step_IndependentOfPokes(uint256 pokes, uint256 start) public pure {
        pokes = bound(pokes, 1, 30);
        start = bound(start, 1e6, Volatility.CAP);
        uint256 whole = Volatility.step(start, 0, 60 * pokes, Volatility.SHORT);
        uint256 sliced = start;
        for (uint256 i = 0; i < pokes; ++i) sliced = Volatility.step(sliced, 0, 60, Volatility.SHORT);
        assertApproxEqAbs(sliced, whole, pokes + 1);
    }

    /// @dev One violent minute reaches the cap and is forgotten from there, not from the height of its own square.
    function test_Step_ForgetsAGlitch() public pure {
        uint256 sample = Volatility.sample(2_000e18, 200e18, 60);
        uint256 short = Volatility.step(Volatility.INITIAL, sample, 60, Volatility.SHORT);
        assertEq(short, Volatility.CAP);
        for (uint256 i = 0; i < 4 * 60; ++i) short = Volatility.step(short, 0, 60, Volatility.SHORT);
        assertLt(short, Volatility.CAP / 65_000, "sixteen half-lives");
    }
}
