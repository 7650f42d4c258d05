// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Vesting} from "../../contracts/libraries/Vesting.sol";

contract VestingTest is Test {
    using Vesting for Vesting.Locked;

    uint256 internal constant START = 1_700_000_000;

    function none() internal pure returns (Vesting.Locked memory gains) {}

    function first(uint256 amount) internal pure returns (Vesting.Locked memory) {
        return none().gain(amount, START);
    }

    function test_Gain_VestsLinearlyOverADay() public pure {
        Vesting.Locked memory gains = first(24e18);
        assertEq(gains.lockedAt(START), 24e18);
        assertEq(gains.lockedAt(START + 1 hours), 23e18);
        assertEq(gains.lockedAt(START + 23 hours), 1e18);
        assertEq(gains.lockedAt(START + 24 hours), 0);
        assertEq(gains.lockedAt(START + 365 days), 0);
    }

    function test_Gain_MergesTimeByValue() public pure {
        // After 12 h 100 of 200 are left; 100 more for 24 h: 200 for 18 h.
        Vesting.Locked memory gains = first(200e18).gain(100e18, START + 12 hours);
        assertEq(gains.lockedAt(START + 12 hours), 200e18);
        assertEq(gains.end, (START + 30 hours) * 1e6);
        assertEq(gains.lockedAt(START + 21 hours), 100e18);
    }

    function test_Gain_AfterTheEndStartsAnew() public pure {
        Vesting.Locked memory gains = first(200e18).gain(5e18, START + 2 days);
        assertEq(gains.lockedAt(START + 2 days), 5e18);
        assertEq(gains.end, (START + 3 days) * 1e6);
    }

    function test_Lose_EatsWhatIsLockedAndKeepsTheEnd() public pure {
        Vesting.Locked memory gains = first(24e18).lose(6e18, START + 12 hours);
        assertEq(gains.lockedAt(START + 12 hours), 6e18);
        assertEq(gains.lockedAt(START + 18 hours), 3e18);
        assertEq(gains.lockedAt(START + 24 hours), 0);
        gains = gains.lose(6e18, START + 12 hours);
        assertEq(abi.encode(gains), abi.encode(none()));
        assertEq(abi.encode(none().lose(1, START)), abi.encode(none()));
    }

    function testFuzz_Follow_NothingMovedNothingChanges(uint128 amount, uint256 value, uint32 wait) public pure {
        Vesting.Locked memory gains = first(bound(amount, 1, type(uint128).max));
        assertEq(abi.encode(gains.follow(value, value, START + wait)), abi.encode(gains));
    }

    /// @dev Dust cannot hold back a gain: every second for a day, it postpones it by less than a tenth of a second.
    function test_Gain_DustPostponesNothing() public pure {
        Vesting.Locked memory gains = first(1_000_000e18);
        for (uint256 i = 1; i < 24 hours; i += 60) gains = gains.gain(1e12, START + i);
        assertLe(gains.end, (START + 24 hours) * 1e6 + 1e5);
    }

    /// @dev Nor is a gain in small parts sooner free than their average.
    function test_Gain_InPartsIsNoSooner() public pure {
        Vesting.Locked memory gains = first(1e18);
        uint256 parts = 1_000;
        for (uint256 i = 0; i < parts; ++i) gains = gains.gain(1e15, START + 12 hours);
        Vesting.Locked memory whole = first(1e18).gain(1e18, START + 12 hours);
        assertGe(gains.end, whole.end);
        assertLe(gains.end - whole.end, parts);
        assertEq(gains.amount, whole.amount);
    }

    function testFuzz_Gain_EndsBetweenTheTwo(uint256 amount, uint256 added, uint256 wait) public pure {
        amount = bound(amount, 1, 1e36);
        added = bound(added, 1, 1e36);
        wait = bound(wait, 0, 2 days);
        Vesting.Locked memory before = first(amount);
        Vesting.Locked memory gains = before.gain(added, START + wait);
        assertEq(gains.lockedAt(START + wait), before.lockedAt(START + wait) + added, "all of a gain is locked");
        assertGe(gains.end, before.end);
        assertLe(gains.end, (START + wait + 1 days) * 1e6);
    }

    /// @dev What is locked never exceeds the value it is part of, whatever happens, and only a gain raises it.
    function testFuzz_Follow_NeverMoreThanTheValue(uint256[8] memory values, uint256[8] memory waits) public pure {
        Vesting.Locked memory gains = none();
        (uint256 value, uint256 time) = (0, START);
        for (uint256 i = 0; i < 8; ++i) {
            time += bound(waits[i], 0, 1 days);
            uint256 next = bound(values[i], 0, 1e36);
            uint256 before = gains.lockedAt(time);
            gains = gains.follow(value, next, time);
            assertLe(gains.lockedAt(time), next);
            if (next <= value) assertLe(gains.lockedAt(time), before);
            value = next;
        }
    }

    function testFuzz_LockedAt_OnlyFalls(uint128 amount, uint256 a, uint256 b) public pure {
        Vesting.Locked memory gains = first(bound(amount, 1, type(uint128).max));
        (a, b) = (bound(a, 0, 2 days), bound(b, 0, 2 days));
        if (a > b) (a, b) = (b, a);
        assertGe(gains.lockedAt(START + a), gains.lockedAt(START + b));
        assertLe(gains.lockedAt(START + a), gains.amount);
    }
}
