// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HouseTerms, Reserve} from "../../contracts/core/Ledger.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {Outflows} from "../../contracts/libraries/Outflows.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {TREASURY} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @dev A test is one transaction: what must count as held before it is deposited in `setUp`. A million of quote, 10 WETH.
contract ClearingHouseOutflowTest is BallastTest {
    LiquidityPool internal pool;
    address internal lina = makeAddr("lina");

    function setUp() public override {
        super.setUp();
        fund(carol, TREASURY, 99_999e6);
        fund(alice, aliceId, 600_000e6);
        fundSpot(alice, aliceId, 10e18);
        pool = openPool(BTC, lina, 300_000e6);
        limitTo(20_00, 0);
        configurator.setLimits(WETH, limits(20e18, 1e18));
        assertEq(house.reserveOf(QUOTE).held, 1_000_000e18);
    }

    // ---- the hour

    function test_Withdraw_ToTheEdgeOfTheHour() public {
        assertEq(house.outflowLeft(QUOTE), 200_000e18);
        refused(QUOTE, 200_000e6 + 1, 200_000.000001e18, 200_000e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.OutflowWindow(QUOTE, block.timestamp, 1_000_000e18);
        take(QUOTE, 150_000e6);
        assertEq(house.outflowLeft(QUOTE), 50_000e18);
        take(QUOTE, 50_000e6);
        refused(QUOTE, 1, 1e12, 0);
    }

    function test_Withdraw_WindowBeginsAgainAfterAnHour() public {
        take(QUOTE, 200_000e6);
        uint256 start = block.timestamp;
        wait(1 hours - 1);
        refused(QUOTE, 1, 1e12, 0);
        assertEq(house.reserveOf(QUOTE).windowStart, start);
        wait(1);
        assertEq(house.outflowLeft(QUOTE), 160_000e18, "of what is left");
        refused(QUOTE, 160_000e6 + 1, 160_000.000001e18, 160_000e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.OutflowWindow(QUOTE, block.timestamp, 800_000e18);
        take(QUOTE, 160_000e6);
        Reserve memory reserve = house.reserveOf(QUOTE);
        assertEq(reserve.windowStart, start + 1 hours);
        assertEq(reserve.windowHeld, 800_000_000);
        assertEq(reserve.token, address(quote));
        assertEq(reserve.decimals, 6);
    }

    function test_Withdraw_NetOfDeposits() public {
        take(QUOTE, 200_000e6);
        Reserve memory before = house.reserveOf(QUOTE);
        fund(bob, bobId, 50_000e6);
        assertEq(house.reserveOf(QUOTE).windowStart, before.windowStart);
        assertEq(house.reserveOf(QUOTE).windowHeld, before.windowHeld);
        refused(QUOTE, 50_000e6 + 1, 50_000.000001e18, 50_000e18);
        take(QUOTE, 50_000e6);
        refused(QUOTE, 1, 1e12, 0);
    }

    function test_Deposit_LeavesAnOldWindowAlone() public {
        take(QUOTE, 1e6);
        uint256 start = block.timestamp;
        wait(2 hours);
        fund(bob, bobId, 50_000e6);
        fundSpot(alice, aliceId, 1e18);
        assertEq(house.reserveOf(QUOTE).windowStart, start);
        assertEq(house.reserveOf(QUOTE).windowHeld, 1_000_000_000);
        assertEq(house.reserveOf(WETH).windowStart, 0);
    }

    /// @dev The law, over any withdrawals and deposits of an hour.
    function testFuzz_Withdraw_HourNeverLosesMoreThanTheShare(uint256 share, uint256[6] memory amounts) public {
        share = bound(share, 5_00, 99_99);
        limitTo(uint16(share), 0);
        uint256 start = house.reserveOf(QUOTE).held;
        for (uint256 i = 0; i < 6; ++i) {
            uint256 amount = bound(amounts[i] >> 1, 1, 200_000e6);
            if (amounts[i] % 2 == 0) {
                fund(bob, bobId, amount / 4 + 1);
            } else {
                vm.prank(alice);
                try house.withdraw(aliceId, QUOTE, amount, alice) {} catch {}
            }
            assertGe(house.reserveOf(QUOTE).held * 10_000, start * (10_000 - share));
        }
    }

    /// @dev Brought and taken in one transaction, at the begin of an hour: others may take as much as without.
    function testFuzz_Withdraw_BorrowedDepositUsesNothingUp(uint256 borrowed) public {
        borrowed = bound(borrowed, 1, 1e15);
        fund(bob, bobId, borrowed);
        vm.startPrank(bob);
        house.withdraw(bobId, QUOTE, 1, bob);
        if (borrowed > 1) house.withdraw(bobId, QUOTE, borrowed - 1, bob);
        vm.stopPrank();
        assertEq(house.reserveOf(QUOTE).windowHeld, 1_000_000_000);
        assertEq(house.outflowLeft(QUOTE), 200_000e18);
        take(QUOTE, 200_000e6);
    }

    function test_Withdraw_WithoutLimitNothingIsWritten() public {
        limitTo(100_00, 0);
        assertEq(house.outflowLeft(QUOTE), 1_000_000e18);
        take(QUOTE, 600_000e6);
        take(WETH, 10e18);
        assertEq(house.reserveOf(QUOTE).windowStart, 0);
        assertEq(house.reserveOf(QUOTE).windowHeld, 0);
        assertEq(house.reserveOf(WETH).windowStart, 0);
    }

    // ---- floors

    function test_Withdraw_QuoteFloor() public {
        limitTo(20_00, 300);
        refused(QUOTE, 300_000e6 + 1, 300_000.000001e18, 300_000e18);
        take(QUOTE, 300_000e6);
        refused(QUOTE, 1, 1e12, 0);
        limitTo(20_00, 65_535);
        take(QUOTE, 300_000e6);
        assertEq(house.outflowLeft(QUOTE), 400_000e18, "no more than is held");
    }

    function test_Withdraw_Spot() public {
        // A fifth of 10 WETH; the floor is 0.2.
        refused(WETH, 2e18 + 1, 2e18 + 1, 2e18);
        take(WETH, 2e18);
        refused(WETH, 1, 1, 0);
        wait(1 hours);
        assertEq(house.outflowLeft(WETH), 1.6e18);
        configurator.setLimits(WETH, limits(500e18, 1e18));
        refused(WETH, 5e18 + 1, 5e18 + 1, 5e18);
        take(WETH, 5e18);
        refused(WETH, 1, 1, 0);
        assertEq(house.outflowLeft(QUOTE), 200_000e18, "each reserve for itself");
    }

    /// @dev Whatever is held, at the smallest share and with no floor configured, the last one gets out.
    function testFuzz_Withdraw_TailEnds(uint256 amount) public {
        limitTo(100_00, 0);
        take(WETH, 10e18 - bound(amount, 1, 0.1e18));
        limitTo(5_00, 0);
        configurator.setLimits(WETH, limits(0, 1e18));
        for (uint256 hours_ = 0; house.reserveOf(WETH).held != 0; ++hours_) {
            assertLt(hours_, 12);
            wait(1 hours);
            take(WETH, house.outflowLeft(WETH));
        }
    }

    // ---- rounding

    function test_Withdraw_WindowIsRoundedUp() public {
        limitTo(100_00, 0);
        take(WETH, 1);
        take(QUOTE, 1);
        limitTo(50_00, 0);
        // Half of 10 WETH as the window counts it stays.
        assertEq(house.outflowLeft(WETH), 5e18 - 1);
        assertEq(house.outflowLeft(QUOTE), 500_000e18 - 1e12);
        take(WETH, 5e18 - 1);
        take(QUOTE, 500_000e6 - 1);
        assertEq(house.reserveOf(WETH).windowHeld, 10_000);
        assertEq(house.reserveOf(QUOTE).windowHeld, 1_000_000_000);
        refused(WETH, 1, 1, 0);
        refused(QUOTE, 1, 1e12, 0);
    }

    function testFuzz_Left_NeverMoreThanShareOrFloor(
        uint128 held,
        uint256 inflow,
        uint256 share,
        uint256 floor
    ) public {
        held = uint128(bound(held, 0, 7e31));
        inflow = bound(inflow, 0, held);
        share = bound(share, 5_00, 99_99);
        floor = bound(floor, 1e16, 1e26);
        Reserve memory reserve = Outflows.current(Reserve(address(quote), 6, 0, 0, held, 0), inflow, block.timestamp);
        assertEq(reserve.windowStart, block.timestamp);
        uint256 left = Outflows.left(reserve, share, floor);
        uint256 most = ((held - inflow) * share) / 10_000;
        if (most < floor) most = floor;
        assertLe(left, most + inflow + 1);
        assertLe(left, held);
        uint256 least = most + inflow < held ? most + inflow : held;
        assertGe(left + Outflows.GRAIN, least);
    }

    function test_Current_HoldsAtTheEndOfItsWidth() public view {
        Reserve memory reserve = Reserve(address(quote), 6, 0, 0, type(uint128).max, 0);
        reserve = Outflows.current(reserve, 0, block.timestamp);
        assertEq(reserve.windowHeld, type(uint56).max);
        assertGt(Outflows.left(reserve, 5_00, 0), 0);
    }

    // ---- everybody

    function test_WithdrawTreasury_ToTheEdge() public {
        take(QUOTE, 150_000e6);
        vm.expectRevert(above(QUOTE, 50_000.000001e18, 50_000e18));
        configurator.withdrawTreasury(QUOTE, 50_000e6 + 1, bob);
        assertEq(configurator.withdrawTreasury(QUOTE, 50_000e6, bob), 50_000e6);
        refused(QUOTE, 1, 1e12, 0);
    }

    function test_Redeem_ToTheEdge() public {
        uint256 shares = pool.balanceOf(lina);
        vm.prank(lina);
        pool.requestRedeem(shares, lina, lina);
        wait(1 days);
        take(QUOTE, 100_000e6);
        assertEq(pool.maxWithdraw(lina), 100_000e6);
        uint256 most = pool.maxRedeem(lina);
        assertApproxEqRel(most, shares / 3, 1e12);
        vm.startPrank(lina);
        vm.expectRevert(above(QUOTE, 100_000.000001e18, 100_000e18));
        pool.withdraw(100_000e6 + 1, lina, lina);
        assertApproxEqAbs(pool.redeem(most, lina, lina), 100_000e6, 1);
        vm.stopPrank();
        assertLe(pool.maxWithdraw(lina), 1);
        wait(1 hours);
        assertEq(pool.maxWithdraw(lina), 160_000e6);
        vm.prank(lina);
        pool.withdraw(160_000e6, lina, lina);
        assertEq(pool.maxRedeem(lina), 0);
    }

    /// @dev A claim is what ends; what leaves is less.
    function testFuzz_Redeem_ToTheEdgeDuringADeficit(uint256 loss, uint256 share) public {
        makeDeficit(bound(loss, 1, 100e6) * 250e12);
        limitTo(uint16(bound(share, 5_00, 25_00)), 0);
        uint256 shares = pool.balanceOf(lina);
        vm.prank(lina);
        pool.requestRedeem(shares, lina, lina);
        wait(1 days);
        configurator.withdrawTreasury(QUOTE, 1e6, bob);
        takeUntil(house.reserveOf(QUOTE).held / 50);
        uint256 most = pool.maxWithdraw(lina);
        uint256 left = house.outflowLeft(QUOTE);
        vm.startPrank(lina);
        vm.expectPartialRevert(IClearingHouse.WithdrawalAboveLimit.selector);
        pool.withdraw(most + 1, lina, lina);
        uint256 before = quote.balanceOf(lina);
        pool.withdraw(most, lina, lina);
        assertEq(quote.balanceOf(lina) - before, left / 1e12, "all that may leave");
    }

    // ---- while a deficit stands

    function testFuzz_Withdraw_WhatIsPaidCounts(uint256 loss) public {
        take(QUOTE, 1);
        makeDeficit(bound(loss, 4, 2e6) * 250e12);
        (uint256 held, uint256 deficit) = (house.reserveOf(QUOTE).held, house.totalDeficit());
        uint256 left = house.outflowLeft(QUOTE);
        uint256 claim = (left * (held + deficit)) / held / 1e12;
        refusedPartly(claim + 3);
        vm.prank(alice);
        assertApproxEqAbs(house.withdraw(aliceId, QUOTE, claim, alice), left / 1e12, 1);
        assertLt(house.outflowLeft(QUOTE), 2e12);
    }

    // ---- Lens

    function testFuzz_Withdrawable_IsWhatTheCallDoes(
        uint256 loss,
        uint256 share,
        uint256 floor,
        uint256 first,
        int256 size
    ) public {
        loss = bound(loss, 0, 400e6) * 250e12;
        if (loss != 0) makeDeficit(loss);
        fund(carol, carolId, 10_000_000e6);
        openLeg(BTC, aliceId, carolId, nonZero(bound(size, -3e18, 3e18)));
        limitTo(uint16(bound(share, 5_00, 100_00)), uint16(bound(floor, 0, 1_000)));
        first = bound(first, 1, 20_000e6);
        if (first % 2 == 0) take(QUOTE, first);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        uint256 left = house.outflowLeft(QUOTE);
        bytes4 reason = bytes4(attempt(QUOTE, w.amount + 1));
        bool limited = w.limit == Lens.Limit.Outflow;
        assertEq(reason == IClearingHouse.WithdrawalAboveLimit.selector, limited, "one unit more");
        // The unit may be what a deficit keeps.
        assertTrue(reason != 0 || loss != 0);
        if (limited) assertEq(w.paid, left / 1e12);
        vm.prank(alice);
        assertEq(house.withdraw(aliceId, QUOTE, w.amount, alice), w.paid, "QUOTE-1");
    }

    function testFuzz_Withdrawable_Spot(uint256 share, uint96 total, uint256 amount) public {
        limitTo(uint16(bound(share, 5_00, 100_00)), 0);
        configurator.setLimits(WETH, limits(uint96(bound(total, 0, 1_500e18)), 1e18));
        amount = bound(amount, 1, 0.01e18);
        if (amount % 2 == 0) take(WETH, amount);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, WETH);
        bool limited = w.limit == Lens.Limit.Outflow;
        assertEq(w.amount, limited ? house.outflowLeft(WETH) : uint256(sizeOf(aliceId, WETH)));
        bytes4 expected =
            limited ? IClearingHouse.WithdrawalAboveLimit.selector : IClearingHouse.InsufficientSize.selector;
        assertEq(bytes4(attempt(WETH, w.amount + 1)), expected);
        take(WETH, w.amount);
    }

    function test_Withdrawable_NothingLeft() public {
        take(QUOTE, 200_000e6);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        assertEq(w.amount + w.paid, 0);
        assertEq(uint8(w.limit), uint8(Lens.Limit.Outflow));
    }

    // ---- numbers

    function limitTo(uint16 share, uint16 floor) internal {
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 0, 0, share, floor));
    }

    function wait(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
        refresh();
    }

    function take(AssetId asset, uint256 amount) internal {
        vm.prank(alice);
        house.withdraw(aliceId, asset, amount, alice);
    }

    /// @dev Alice takes what leaves so much.
    function takeUntil(uint256 left) internal {
        uint256 now_ = house.outflowLeft(QUOTE);
        if (now_ > left) take(QUOTE, (now_ - left) / 1e12);
    }

    /// @dev What a withdrawal that is undone says.
    function attempt(AssetId asset, uint256 amount) internal returns (bytes memory reason) {
        uint256 snapshot = vm.snapshotState();
        vm.prank(alice);
        try house.withdraw(aliceId, asset, amount, alice) {} catch (bytes memory error_) {
            reason = error_;
        }
        vm.revertToState(snapshot);
    }

    function refused(AssetId asset, uint256 amount, uint256 value, uint256 left) internal {
        vm.expectRevert(above(asset, value, left));
        take(asset, amount);
    }

    function refusedPartly(uint256 amount) internal {
        vm.prank(alice);
        vm.expectPartialRevert(IClearingHouse.WithdrawalAboveLimit.selector);
        house.withdraw(aliceId, QUOTE, amount, alice);
    }

    function above(AssetId asset, uint256 value, uint256 left) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingHouse.WithdrawalAboveLimit.selector, asset, value, left);
    }
}
