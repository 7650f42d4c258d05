// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {Positions} from "../../contracts/core/Positions.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {Funding} from "../../contracts/libraries/Funding.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {PriceStatus} from "../../contracts/types/Price.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseFundingTest is BallastTest {
    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 100_000e6);
        fund(bob, bobId, 100_000e6);
    }

    // ---- accrue

    function test_Accrue_LatchesAndAccruesOncePerTimestamp() public {
        setFundingRate(ETH, 0.005e9);
        vm.warp(block.timestamp + 1 days / 2);
        feeds[ETH].updateAnswer(2_100e8);
        // The price that is latched now is what the whole interval is charged at: 0.25 % of 2,100.
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceLatched(ETH, 2_100e18, 2_000e18, 2_000e18, block.timestamp, PriceStatus.Fresh);
        vm.expectEmit(address(house));
        emit IClearingHouse.FundingAccrued(ETH, 5.25e27);
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).accruedAt, block.timestamp);
        vm.recordLogs();
        house.accrue(single(ETH));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_Accrue_SpotHasNoFunding() public {
        vm.warp(block.timestamp + 1);
        house.accrue(single(WETH));
        assertEq(house.perpOf(WETH).fundingIndex, 0);
    }

    function test_Accrue_RevertsWhen_UnknownAsset() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, QUOTE));
        house.accrue(single(QUOTE));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, AssetId.wrap(99)));
        house.accrue(single(AssetId.wrap(99)));
    }

    // ---- who pays whom

    function test_Funding_LongPaysShortOfTheSameSize() public {
        openLeg(ETH, aliceId, bobId, 3e18);
        setFundingRate(ETH, 0.001e9);
        vm.warp(block.timestamp + 1 days);
        refresh();
        assertEq(house.previewPosition(aliceId, ETH).cash, -6e18);
        assertEq(house.previewPosition(bobId, ETH).cash, 6e18);
        int256 cash = house.cashOf(aliceId);
        vm.expectEmit(address(house));
        emit Positions.PositionChanged(aliceId, ETH, 3e18, 2_000e18, -6e18);
        house.settle(single(aliceId));
        assertEq(house.cashOf(aliceId), cash - 6e18);
        house.settle(single(aliceId));
        assertEq(house.cashOf(aliceId), cash - 6e18, "once");
    }

    /// @dev The payer pays rounded up, the receiver gets rounded down: at most a wei each goes to nobody.
    function testFuzz_Funding_RoundsAgainstBoth(uint256 size, int64 rate, uint256 elapsed, uint256 mark) public {
        mark = bound(mark, 1e8, 2_000e8) * 1e10;
        settlePrice(ETH, mark);
        size = bound(size, 1, 10e18);
        openLeg(ETH, aliceId, bobId, int256(size));
        setFundingRate(ETH, int32(int256(bound(rate, -0.005e9, 0.005e9))));
        (int256 long, int256 short) = (house.cashOf(aliceId), house.cashOf(bobId));
        elapsed = bound(elapsed, 1, 30 days);
        vm.warp(block.timestamp + elapsed);
        AccountId[] memory both = new AccountId[](2);
        (both[0], both[1]) = (aliceId, bobId);
        house.settle(both);
        (long, short) = (house.cashOf(aliceId) - long, house.cashOf(bobId) - short);
        int256 index = house.perpOf(ETH).fundingIndex;
        assertEq(long, floor(-int256(size) * index));
        assertEq(short, floor(int256(size) * index));
        assertLe(long + short, 0, "never created");
        assertGe(long + short, -1);
    }

    function testFuzz_Funding_SplitIntervalsAddUp(uint256 first, uint256 second, int64 rate) public {
        first = bound(first, 1, 50 minutes);
        second = bound(second, 1, 50 minutes);
        openLeg(ETH, aliceId, bobId, 5e18);
        setFundingRate(ETH, int32(int256(bound(rate, -0.005e9, 0.005e9))));
        uint256 snapshot = vm.snapshotState();
        vm.warp(block.timestamp + first + second);
        house.accrue(single(ETH));
        int256 whole = house.perpOf(ETH).fundingIndex;
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + first);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + second);
        house.accrue(single(ETH));
        assertApproxEqAbs(house.perpOf(ETH).fundingIndex, whole, 1);
    }

    function test_Funding_RateChangeIsNotRetroactive() public {
        setFundingRate(ETH, 0.001e9);
        vm.warp(block.timestamp + 1 days);
        refresh();
        setFundingRate(ETH, -0.001e9);
        assertEq(house.perpOf(ETH).fundingIndex, 2e27);
        vm.warp(block.timestamp + 1 days);
        refresh();
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).fundingIndex, 0);
    }

    function test_Funding_GoesOnAtTheLastMarkWhenStale() public {
        setFundingRate(ETH, 0.001e9);
        vm.warp(block.timestamp + 10 days);
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).fundingIndex, 20e27);
    }

    function test_Funding_CountsInMarginBeforeItIsSettled() public {
        openLeg(ETH, aliceId, bobId, 1e18);
        int256 equity = house.assess(aliceId).equity;
        setFundingRate(ETH, 0.005e9);
        vm.warp(block.timestamp + 1 days);
        assertEq(house.assess(aliceId).equity, equity - 10e18);
        assertEq(house.assess(aliceId).quoteEquity, equity - 10e18);
    }

    /// @dev At the bound the index stands still, so that no pick-up can ever overflow.
    function testFuzz_Funding_IndexIsClamped(int256 index, int64 rate, uint256 mark, uint256 elapsed) public pure {
        index = bound(index, -Funding.LIMIT, Funding.LIMIT);
        int256 perDay = bound(rate, -0.05e18, 0.05e18);
        mark = bound(mark, 1e6, (1 << 80) - 1);
        elapsed = bound(elapsed, 0, 100 * 365 days);
        int256 next = Funding.accrue(index, perDay * int256(elapsed), mark);
        assertLe(next, Funding.LIMIT);
        assertGe(next, -Funding.LIMIT);
        if (perDay >= 0) assertGe(next, index);
        if (perDay <= 0) assertLe(next, index);
        // The largest size times the largest change fits.
        Funding.cash(-int256((1 << 95) - 1), Funding.LIMIT, -Funding.LIMIT);
    }

    // ---- settle

    function test_Settle_LeavesFlatAndSpotAlone() public {
        fundSpot(alice, aliceId, 1e18);
        vm.recordLogs();
        house.settle(single(aliceId));
        house.settle(single(bobId));
        house.settle(new AccountId[](0));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(house.positionOf(aliceId, WETH).size, 1e18);
    }

    function test_Settle_AllLegsInOneCashChange() public {
        openLeg(ETH, aliceId, bobId, 1e18);
        openLeg(BTC, aliceId, bobId, -0.1e18);
        setFundingRate(ETH, 0.001e9);
        setFundingRate(BTC, 0.002e9);
        vm.warp(block.timestamp + 1 days);
        refresh();
        int256 cash = house.cashOf(aliceId);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(aliceId, cash - 2e18 + 12e18);
        house.settle(single(aliceId));
    }

    function floor(int256 x) internal pure returns (int256) {
        return x >= 0 ? x / 1e27 : -((-x + 1e27 - 1) / 1e27);
    }
}
