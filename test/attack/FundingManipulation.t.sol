// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Conditions} from "../../contracts/core/Ledger.sol";
import {AttackTest} from "./AttackTest.sol";

/// @notice Carol is 20 million short against dave, and alice, who is the same person, skews the pool so that longs pay
/// shorts: funding comes from everybody's size, and the skew costs only hers.
contract FundingManipulationTest is AttackTest {
    int256 private constant COLLECTING = 10_000e18;

    struct Outcome {
        int256 earned;
        int256 cost;
    }

    function setUp() public override {
        super.setUp();
        openPool(ETH, keeper, 10_000_000e6);
        fund(alice, aliceId, 20_000_000e6);
        fund(bob, bobId, 50_000_000e6);
        fund(carol, carolId, 50_000_000e6);
        openLeg(ETH, carolId, bobId, -COLLECTING);
        calm(ETH, 1);
    }

    // ---- a moment

    function test_Funding_SkewOfOneBlock() public {
        Outcome memory o = skew(1_250e18, 12);
        assertLt(o.earned * 100, o.cost);
    }

    function test_Funding_SkewOfOneMinute() public {
        Outcome memory o = skew(1_250e18, 60);
        assertLt(o.earned * 100, o.cost);
    }

    function testFuzz_Funding_MomentsDoNotPay(int256 size, uint256 elapsed) public {
        size = bound(size, 1e18, 2_500e18);
        Outcome memory o = skew(size, bound(elapsed, 1, 60));
        assertLt(o.earned * 10, o.cost);
    }

    /// @dev Many moments are no better than one: they are as many costs.
    function test_Funding_SkewOfEveryFifthBlock() public {
        uint256 state = vm.snapshotState();
        age(10 minutes + 1 hours);
        int256 idle = equityOf(carolId);
        vm.revertToState(state);
        int256 start = equityOf(aliceId);
        for (uint256 i = 0; i < 10; ++i) {
            poolTrade(aliceId, ETH, 250e18);
            age(12);
            poolTrade(aliceId, ETH, -250e18);
            age(48);
        }
        age(1 hours);
        assertLt((equityOf(carolId) - idle) * 100, start - equityOf(aliceId));
    }

    // ---- longer

    /// @dev Within an hour no skew pays its cost to somebody who collects on 20 million.
    function testFuzz_Funding_AnHourDoesNotPay(int256 size, uint256 elapsed) public {
        Outcome memory o = skew(bound(size, 1e18, 2_500e18), bound(elapsed, 1 minutes, 1 hours));
        assertLt(o.earned, o.cost);
    }

    /// @dev Nor within a day: what a skew collects from a market that is larger grows with its square, like its impact.
    function test_Funding_SkewOfADay() public {
        int256[4] memory sizes = [int256(50e18), 250e18, 500e18, 1_250e18];
        for (uint256 i = 0; i < 4; ++i) {
            uint256 state = vm.snapshotState();
            Outcome memory o = skew(sizes[i], 1 days);
            vm.revertToState(state);
            assertLt(o.earned, o.cost);
        }
    }

    // ---- the rate

    function testFuzz_Funding_RateMovesByItsShareOfAnHour(int256 size, uint256 elapsed) public {
        size = bound(size, -2_500e18, 2_500e18);
        if (size == 0) size = 1e18;
        elapsed = bound(elapsed, 1, 1 hours);
        int256 before = conditions().fundingRate;
        poolTrade(aliceId, ETH, size);
        int256 distance = conditions().fundingTarget - before;
        age(elapsed);
        house.accrue(single(ETH));
        int256 change = conditions().fundingRate - before;
        assertTrue(change == 0 || (change > 0) == (distance > 0));
        uint256 most = (abs(distance) * elapsed) / 1 hours + 1;
        assertLe(abs(change), most);
    }

    function test_Funding_TradeItselfMovesNoRate() public {
        int256 before = conditions().fundingRate;
        poolTrade(aliceId, ETH, 2_500e18);
        assertEq(conditions().fundingRate, before);
        assertEq(conditions().fundingTarget, 2e6, "a tenth of a tenth of depth, a fifth of open interest");
    }

    // ---- how often

    function testFuzz_Funding_SameInAnyParts(uint256[8] memory parts) public {
        poolTrade(aliceId, ETH, 1_250e18);
        uint256 total;
        for (uint256 i = 0; i < 8; ++i) {
            parts[i] = bound(parts[i], 1, 10 minutes);
            total += parts[i];
        }
        uint256 state = vm.snapshotState();
        age(total);
        int256 once = equityOf(carolId);
        vm.revertToState(state);
        for (uint256 i = 0; i < 8; ++i) {
            age(parts[i]);
            house.accrue(single(ETH));
        }
        assertApproxEqAbs(equityOf(carolId), once, 0.01e18, "a cent of 20 million");
    }

    /// @dev Somebody accrues in every block for an hour: the rate is kept in parts of 1e9 a day, and is rounded as
    /// often: 5 cents of 1,533.
    function test_Funding_AccruedInEveryBlock() public {
        poolTrade(aliceId, ETH, 1_250e18);
        uint256 state = vm.snapshotState();
        int256 before = equityOf(carolId);
        age(1 hours);
        int256 once = equityOf(carolId) - before;
        vm.revertToState(state);
        for (uint256 i = 0; i < 300; ++i) {
            age(12);
            house.accrue(single(ETH));
        }
        assertApproxEqRel(equityOf(carolId) - before, once, 0.0005e18);
    }

    /// @dev What carol earns above what she earns anyway, in the time and the hours that the average takes to forget, and
    /// what alice pays: spread, impact, fees, and funding.
    function skew(int256 size, uint256 elapsed) private returns (Outcome memory o) {
        uint256 state = vm.snapshotState();
        age(elapsed + 12 hours);
        int256 idle = equityOf(carolId);
        vm.revertToState(state);
        int256 start = equityOf(aliceId);
        poolTrade(aliceId, ETH, size);
        age(elapsed);
        refresh();
        poolTrade(aliceId, ETH, -size);
        o.cost = start - equityOf(aliceId);
        age(12 hours);
        o.earned = equityOf(carolId) - idle;
    }

    function conditions() private view returns (Conditions memory) {
        return house.perpOf(ETH).conditions;
    }

    function abs(int256 x) private pure returns (uint256) {
        return uint256(x < 0 ? -x : x);
    }
}
