// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttackTest} from "./AttackTest.sol";

/// @notice A size costs the same in one piece or in many, and what was bought is never sold for more.
contract PoolSplittingTest is AttackTest {
    /// @dev 5 million at 2,000: all that the pool may hold.
    int256 private constant WHOLE = 2_500e18;

    function setUp() public override {
        super.setUp();
        openPool(ETH, bob, 10_000_000e6);
        fund(alice, aliceId, 20_000_000e6);
        fund(carol, carolId, 20_000_000e6);
        calm(ETH, 1);
    }

    // ---- one piece or a hundred

    function test_Splitting_AHundredPieces() public {
        assertSplitCostsTheSame(WHOLE, 100);
        assertSplitCostsTheSame(-WHOLE, 100);
    }

    function test_Splitting_AcrossNeutral() public {
        poolTrade(carolId, ETH, -WHOLE / 2);
        assertSplitCostsTheSame(WHOLE, 100);
        poolTrade(carolId, ETH, WHOLE);
        assertSplitCostsTheSame(-WHOLE, 100);
    }

    function test_Splitting_AtAnOldMark() public {
        poolTrade(carolId, ETH, -WHOLE / 2);
        age(10 minutes);
        assertSplitCostsTheSame(WHOLE, 100);
    }

    /// @dev From any inventory, at any age, cut anywhere.
    function testFuzz_Splitting_AnyCut(int256 inventory, uint256 elapsed, uint256 size, uint256[6] memory cuts) public {
        inventory = bound(inventory, -WHOLE / 2, WHOLE / 2);
        size = bound(size, 1e18, uint256(WHOLE) / 2);
        if (inventory != 0) poolTrade(carolId, ETH, inventory);
        age(bound(elapsed, 0, 1 hours));
        bool buys = cuts[0] % 2 == 0;
        int256 whole = costOf(buys, size);
        uint256 state = vm.snapshotState();
        int256 cost;
        uint256 left = size;
        for (uint256 i = 0; i < 6 && left > 1; ++i) {
            uint256 piece = bound(cuts[i], 1, left - 1);
            cost += pay(buys, piece);
            left -= piece;
        }
        cost += pay(buys, left);
        vm.revertToState(state);
        assertApproxEqRel(cost, whole, 1e9, "1e-9");
    }

    /// @dev A pool too small for its market lends it ten times its equity, which what was paid so far has raised: all of
    /// its inventory costs 510,253 at once and 2.4 % less in a hundred pieces.
    function test_Splitting_OfASmallPoolSavesWhatItsDepthGrew() public {
        configurator.setDepth(ETH, 250_000_000e18);
        int256 value = 4 * WHOLE * 1_000;
        uint256 state = vm.snapshotState();
        int256 whole = -poolCash(2 * WHOLE) - value;
        vm.revertToState(state);
        int256 split = -value;
        for (uint256 i = 0; i < 100; ++i) split -= poolCash(WHOLE / 50);
        assertLt(split, whole);
        assertApproxEqRel(split, whole, 0.024e18);
    }

    /// @dev Which is no reason to come and go.
    function testFuzz_Splitting_RoundTripOfASmallPoolLoses(uint256 size, uint256[3] memory cuts) public {
        configurator.setDepth(ETH, 250_000_000e18);
        roundTrip(bound(size, 1e15, uint256(WHOLE)), cuts);
    }

    // ---- round trips

    function testFuzz_Splitting_RoundTripLoses(
        int256 inventory,
        uint256 elapsed,
        uint256 size,
        uint256[3] memory cuts
    ) public {
        inventory = bound(inventory, -WHOLE / 2, WHOLE / 2);
        size = bound(size, 1e15, uint256(WHOLE) / 2);
        if (inventory != 0) poolTrade(carolId, ETH, inventory);
        age(bound(elapsed, 0, 1 hours));
        roundTrip(size, cuts);
    }

    /// @dev In at once, out in parts.
    function roundTrip(uint256 size, uint256[3] memory cuts) private {
        bool buys = cuts[0] % 2 == 0;
        int256 start = equityOf(aliceId);
        pay(buys, size);
        uint256 left = size;
        for (uint256 i = 0; i < 3 && left > 1; ++i) {
            uint256 piece = bound(cuts[i], 1, left - 1);
            pay(!buys, piece);
            left -= piece;
        }
        pay(!buys, left);
        assertEq(sizeOf(aliceId, ETH), 0);
        // Half a spread and a fee, both ways.
        int256 value = int256(size * 2_000);
        assertLe(equityOf(aliceId), start - (value * 19) / 10_000);
    }

    function assertSplitCostsTheSame(int256 size, uint256 pieces) private {
        uint256 state = vm.snapshotState();
        int256 whole = poolCash(size);
        vm.revertToState(state);
        int256 split;
        for (uint256 i = 0; i < pieces; ++i) split += poolCash(size / int256(pieces));
        assertApproxEqRel(split, whole, 1e9, "1e-9");
        vm.revertToState(state);
    }

    function costOf(bool buys, uint256 size) private returns (int256 cost) {
        uint256 state = vm.snapshotState();
        cost = pay(buys, size);
        vm.revertToState(state);
    }

    function pay(bool buys, uint256 size) private returns (int256) {
        return poolCash(buys ? int256(size) : -int256(size));
    }

    /// @dev What a trade brings into the cash of its account.
    function poolCash(int256 size) private returns (int256) {
        int256 before = house.cashOf(aliceId);
        poolTrade(aliceId, ETH, size);
        return house.cashOf(aliceId) - before;
    }
}
