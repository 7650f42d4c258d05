// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {VaultTest} from "../support/VaultTest.sol";

contract ShareVaultVestingTest is VaultTest {
    uint256 internal start;

    function setUp() public override {
        super.setUp();
        pay(alice, 1_000e6);
        start = block.timestamp;
    }

    function free() internal view returns (uint256) {
        return vault.totalAssets();
    }

    function test_Sync_GainVestsOverADay() public {
        earn(240e6);
        assertEq(free(), 1_000e6, "views see it before a sync");
        vm.expectEmit(address(vault));
        emit IShareVault.Valued(1_240e18, 240e18, start * 1e6, (start + 1 days) * 1e6);
        vault.sync();
        assertEq(free(), 1_000e6);
        vm.warp(start + 6 hours);
        assertEq(free(), 1_060e6);
        assertEq(locked(), 180e18);
        vm.warp(start + 24 hours);
        assertEq(free(), 1_240e6);
    }

    /// @dev What nobody booked begins to vest when somebody does.
    function test_Sync_GainBeginsWhenItIsBooked() public {
        earn(240e6);
        vm.warp(start + 12 hours);
        assertEq(free(), 1_000e6);
        vault.sync();
        vm.warp(start + 24 hours);
        assertEq(free(), 1_120e6);
    }

    function test_Sync_GainsMerge() public {
        earn(200e6);
        vault.sync();
        vm.warp(start + 12 hours);
        earn(100e6);
        vault.sync();
        assertEq(locked(), 200e18);
        assertEq(vault.status().gains.end, (start + 30 hours) * 1e6);
    }

    function test_Sync_LossEatsLockedFirst() public {
        earn(240e6);
        vault.sync();
        vm.warp(start + 12 hours);
        assertEq(free(), 1_120e6);
        burn(100e18);
        vault.sync();
        assertEq(free(), 1_120e6, "nobody could have had it");
        assertEq(locked(), 20e18);
        burn(100e18);
        vault.sync();
        assertEq(free(), 1_040e6, "the rest at once");
        assertEq(locked(), 0);
    }

    function test_Sync_ByTheFeed() public {
        fund(carol, carolId, 1_000_000e6);
        openLeg(ETH, row, carolId, 1e18);
        setPrice(ETH, 2_100e18);
        assertEq(free(), 1_000e6);
        vault.sync();
        assertEq(locked(), 100e18);
        setPrice(ETH, 1_900e18);
        vault.sync();
        assertEq(free(), 900e6);
        assertEq(locked(), 0);
    }

    /// @dev Whoever comes before a gain and leaves after it has nothing of it.
    function test_Sync_GainIsNotCaught() public {
        uint256 shares = pay(bob, 1_000e6);
        earn(500e6);
        request(bob, shares);
        pass();
        assertEq(claim(bob, shares), 1_000e6 - 1);
    }

    function test_Flows_AreNoGains() public {
        pay(bob, 5_000e6);
        assertEq(locked(), 0);
        exitAll(bob);
        assertEq(locked(), 0);
        vault.setSpread(10e18);
        vault.sync();
        pay(bob, 5_000e6);
        assertEq(locked(), 0);
    }

    function test_Spread_ComingAndGoingAroundAMoveLoses() public {
        vault.setSpread(10e18);
        vault.sync();
        uint256 shares = pay(bob, 1_000e6);
        assertLt(vault.convertToAssets(shares), 991e6);
        vault.setSpread(0);
        vault.sync();
        request(bob, shares);
        pass();
        assertLt(claim(bob, shares), 1_000e6);
    }

    /// @dev Syncs without a gain change nothing: as many as one likes, whenever.
    function testFuzz_Sync_IsPathIndependent(uint256 gain, uint256[6] memory waits, uint256 loss) public {
        earn(bound(gain, 1, 10_000e6));
        vault.sync();
        burn(bound(loss, 0, 500e18));
        vault.sync();
        (uint256 time, uint256 state) = (block.timestamp, vm.snapshotState());
        for (uint256 i = 0; i < 6; ++i) {
            vm.warp(block.timestamp + bound(waits[i], 0, 4 hours));
            vault.sync();
        }
        vm.warp(time + 1 days);
        bytes memory often = abi.encode(vault.status());
        vm.revertToState(state);
        vm.warp(time + 1 days);
        assertEq(often, abi.encode(vault.status()));
    }

    /// @dev A status told is the status a sync leaves.
    function testFuzz_Status_IsWhatASyncLeaves(uint256 gain, uint256 loss, uint256 wait, uint256 spread) public {
        earn(bound(gain, 1, 10_000e6));
        vault.sync();
        vm.warp(block.timestamp + bound(wait, 0, 30 hours));
        refresh();
        burn(bound(loss, 0, 990e18));
        vault.setSpread(int256(bound(spread, 0, 1_500e18)));
        bytes memory told = abi.encode(vault.status());
        vault.sync();
        assertEq(told, abi.encode(vault.status()), "QUOTE-1");
    }

    /// @dev For those who stay, nothing but time and gains that vest makes more of a share; losses count at once.
    function testFuzz_Sync_LockedNeverMoreThanTheValue(uint256 gain, uint256 loss, uint256 wait) public {
        earn(bound(gain, 1, 10_000e6));
        vault.sync();
        vm.warp(block.timestamp + bound(wait, 0, 30 hours));
        refresh();
        burn(bound(loss, 0, 990e18));
        vault.sync();
        assertLe(locked(), totalValue());
        pay(bob, 1_000e6);
        requestAll(bob);
        pass();
        claim(bob, vault.maxRedeem(bob));
        assertLe(locked(), totalValue());
    }
}
