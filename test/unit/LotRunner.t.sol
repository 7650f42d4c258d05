// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {ILotRunner} from "../../contracts/interfaces/ILotRunner.sol";
import {Pool} from "../../contracts/core/Ledger.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {LotRunner} from "../../contracts/periphery/LotRunner.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {TREASURY} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

/// @notice Alice holds 100 ETH at ten times her margin. Her lots come because no reduction is allowed to move the pool's price.
contract LotRunnerTest is OrderTest {
    LotRunner private runner;
    AccountId private runnerId;
    AccountId private thinId = accountId(alice, 1);

    function setUp() public override {
        super.setUp();
        runner = new LotRunner(liquidator, exchange, lens);
        runnerId = runner.ownAccount();
        fund(alice, thinId, 25_000e6);
        closeWindow();
    }

    // ---- offloaded to the pool

    function test_Run_OffloadsToThePool() public {
        openLot(1);
        skipFresh(400);
        (uint256 quoted, int256 expected) = runner.quote(thinId, ETH);
        assertGt(expected, 0);
        vm.expectEmit(address(runner));
        emit ILotRunner.Ran(thinId, ETH, keeperId, quoted, uint256(expected), uint256(expected));
        (uint256 size, uint256 profit) = runner.run(terms(0));
        assertEq(size, quoted);
        assertEq(profit, uint256(expected));
        assertEq(house.cashOf(keeperId), expected);
        assertEmpty();
    }

    /// @dev What the pool earns by a run deepens its market before the rest of the lot is planned.
    function test_Run_WhereThePoolIsTheDepth() public {
        configurator.setDepth(ETH, 400_000_000e18);
        for (uint256 i = 0; i < 48; ++i) {
            skipFresh(1 hours);
            house.accrue(single(ETH));
        }
        openLot(1);
        skipFresh(400);
        uint256 depth = house.marketOf(ETH).maintenanceDepth;
        ILotRunner.Run memory t = terms(0);
        (t.most, ) = runner.quote(thinId, ETH);
        t.most /= 4;
        (uint256 size, ) = runner.run(t);
        assertEq(size, t.most);
        assertGt(house.marketOf(ETH).maintenanceDepth, depth);
        assertGt(liquidator.lotOf(thinId, ETH).size, 0);
        assertEmpty();
    }

    /// @dev The quote is what a run executes, at any time and on either side.
    function testFuzz_Run_IsAsQuoted(bool long, uint256 elapsed, uint256 price) public {
        price = long ? bound(price, 1_765e18, 1_835e18) : bound(price, 2_165e18, 2_230e18);
        openLotAt(long ? int256(1) : int256(-1), price);
        skipFresh(bound(elapsed, 0, 600));
        (uint256 size, int256 expected) = runner.quote(thinId, ETH);
        if (size == 0) return;
        ILotRunner.Run memory t = terms(0);
        if (expected < 0) {
            vm.expectRevert();
            runner.run(t);
            return;
        }
        (uint256 ran, uint256 profit) = runner.run(t);
        assertEq(ran, size);
        assertEq(int256(profit), expected);
        assertEmpty();
    }

    /// @dev The pool has room for less than the lot: the quote says for how much, and is no more than what that earns.
    function test_Quote_IsBoundByThePoolsRoom() public {
        openLot(1);
        skipFresh(400);
        uint256 offered = liquidator.lotOf(thinId, ETH).size;
        narrowPool(5);
        (uint256 size, int256 expected) = runner.quote(thinId, ETH);
        assertLt(size, offered);
        assertGt(expected, 0);
        ILotRunner.Run memory t = terms(0);
        t.most = size;
        (uint256 ran, uint256 profit) = runner.run(t);
        assertEq(ran, size);
        assertGe(int256(profit), expected);
        assertApproxEqRel(profit, uint256(expected), 0.1e18);
        assertEmpty();
    }

    function test_Quote_IsNothingWithoutEnoughRoom() public {
        openLot(1);
        narrowPool(1);
        (uint256 size, int256 expected) = runner.quote(thinId, ETH);
        assertEq(size, 0);
        assertEq(expected, 0);
    }

    function test_Run_TakesShortLots() public {
        openLot(-1);
        skipFresh(400);
        (uint256 quoted, int256 expected) = runner.quote(thinId, ETH);
        (uint256 size, uint256 profit) = runner.run(terms(0));
        assertEq(size, quoted);
        assertEq(int256(profit), expected);
        assertGt(profit, 0);
        assertEmpty();
    }

    function test_Run_TakesAPart() public {
        openLot(1);
        skipFresh(400);
        ILotRunner.Run memory t = terms(0);
        t.most = liquidator.lotOf(thinId, ETH).size / 2;
        (uint256 size, ) = runner.run(t);
        assertEq(size, t.most);
        assertEmpty();
    }

    // ---- offloaded to orders

    function test_Run_OffloadsToOrders() public {
        openLot(1);
        skipFresh(400);
        uint256 offered = liquidator.lotOf(thinId, ETH).size;
        ILotRunner.Run memory t = terms(2);
        t.orders[0] = signed(carolId, ETH, int256(offered / 2), mark());
        t.orders[1] = signed(carolId, ETH, int256(offered), mark());
        uint256 inventory = magnitude(sizeOf(pool.account(), ETH));
        (uint256 size, uint256 profit) = runner.run(t);
        assertEq(size, offered);
        assertGt(profit, 0);
        assertEq(magnitude(sizeOf(pool.account(), ETH)), inventory, "nothing to the pool");
        assertEq(exchange.filled(exchange.hashOf(t.orders[1].order)), offered - offered / 2);
        assertEmpty();
    }

    /// @dev What the order has no room for goes to the pool, and the tip in the order is part of the profit.
    function test_Run_OffloadsToBoth() public {
        openLot(1);
        skipFresh(400);
        uint256 offered = liquidator.lotOf(thinId, ETH).size;
        (, int256 withPool) = runner.quote(thinId, ETH);
        ILotRunner.Run memory t = terms(1);
        IExchange.Order memory o = order(carolId, ETH, int256(offered / 4), mark());
        o.tip = 3e18;
        t.orders[0] = signed(o);
        int256 inventory = sizeOf(pool.account(), ETH);
        (, uint256 profit) = runner.run(t);
        assertGt(int256(profit), withPool + 3e18);
        assertEq(uint256(sizeOf(pool.account(), ETH) - inventory), offered - offered / 4);
        assertEmpty();
    }

    function test_Run_OffloadsShortsToOrders() public {
        openLot(-1);
        skipFresh(400);
        uint256 offered = liquidator.lotOf(thinId, ETH).size;
        ILotRunner.Run memory t = terms(1);
        t.orders[0] = signed(carolId, ETH, -int256(offered), mark());
        (uint256 size, uint256 profit) = runner.run(t);
        assertEq(size, offered);
        assertGt(profit, 0);
        assertEmpty();
    }

    /// @dev Expired, of the other side, of another asset, without margin: each is left out with its reason.
    function test_Run_SkipsOrdersThatFail() public {
        openLot(1);
        skipFresh(400);
        ILotRunner.Run memory t = terms(5);
        IExchange.Order memory o = order(carolId, ETH, 1e18, mark());
        o.expiry = uint64(block.timestamp - 1);
        t.orders[0] = signed(o);
        t.orders[1] = signed(carolId, ETH, -1e18, mark());
        t.orders[2] = signed(carolId, BTC, 1e18, 60_000e18);
        t.orders[3] = signed(accountId(bob, 7), ETH, 1e18, mark());
        t.orders[4] = signed(carolId, ETH, 1e18, mark());
        int256 offered = int256(liquidator.lotOf(thinId, ETH).size);
        vm.recordLogs();
        runner.run(t);
        bytes[] memory reasons = skippedReasons(4);
        assertEq(bytes4(reasons[0]), IExchange.OrderExpired.selector);
        assertEq(reasons[1], abi.encodeWithSelector(ILotRunner.WrongSide.selector, offered, -1e18));
        assertEq(bytes4(reasons[2]), bytes4(keccak256("ReentrancyGuardReentrantCall()")));
        assertEq(bytes4(reasons[3]), IClearingHouse.InsufficientMargin.selector);
        assertTrue(exchange.isUsed(carolId, t.orders[4].order.nonce), "the good one is filled");
        assertEmpty();
    }

    // ---- refused

    function test_Run_RevertsWhen_ProfitIsTooSmall() public {
        openLot(1);
        skipFresh(400);
        (, int256 expected) = runner.quote(thinId, ETH);
        ILotRunner.Run memory t = terms(0);
        t.leastProfit = uint256(expected) + 1;
        vm.expectRevert(abi.encodeWithSelector(ILotRunner.ProfitTooSmall.selector, expected, t.leastProfit));
        runner.run(t);
        t.leastProfit = uint256(expected);
        runner.run(t);
    }

    /// @dev A young lot costs more than the pool pays: the ledger keeps who has nothing from trading at a loss.
    function test_Run_RevertsWhen_ThereIsALoss() public {
        openLot(1);
        (, int256 expected) = runner.quote(thinId, ETH);
        assertLt(expected, 0);
        vm.expectPartialRevert(IClearingHouse.HealthLowered.selector);
        runner.run(terms(0));
    }

    function test_Run_RevertsWhen_ThereIsNoLot() public {
        openPosition(1);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NoLot.selector, thinId, ETH));
        runner.run(terms(0));
        (uint256 size, int256 profit) = runner.quote(thinId, ETH);
        assertEq(size, 0);
        assertEq(profit, 0);
    }

    function test_Run_RevertsWhen_TheLotIsAsleep() public {
        openLot(1);
        fund(alice, thinId, 5_000e6);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, thinId, ETH));
        runner.run(terms(0));
        (uint256 size, ) = runner.quote(thinId, ETH);
        assertEq(size, 0);
    }

    function test_Run_RevertsWhen_DeadlinePassed() public {
        openLot(1);
        skipFresh(400);
        ILotRunner.Run memory t = terms(0);
        t.deadline = block.timestamp - 1;
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.DeadlinePassed.selector, t.deadline, block.timestamp));
        runner.run(t);
    }

    function test_Run_RevertsWhen_TheAccountIsReserved() public {
        openLot(1);
        skipFresh(400);
        ILotRunner.Run memory t = terms(0);
        t.to = TREASURY;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        runner.run(t);
    }

    /// @dev Nobody offloads a spot in a callback: there is no market for it in the ledger.
    function test_Run_RevertsWhen_TheLotIsSpot() public {
        AccountId borrower = accountId(bob, 9);
        fund(bob, borrower, 1_000e6);
        fundSpot(bob, borrower, 10e18);
        openLeg(ETH, borrower, carolId, 50e18);
        setPrice(WETH, 1_700e18);
        setPrice(ETH, 1_700e18);
        house.accrue(single(ETH));
        skipFresh(300);
        liquidator.liquidate(borrower, WETH, keeperId);
        skipFresh(400);
        assertGt(liquidator.lotOf(borrower, WETH).size, 0);
        ILotRunner.Run memory t = terms(0);
        (t.account, t.asset) = (borrower, WETH);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        runner.run(t);
        (uint256 size, ) = runner.quote(borrower, WETH);
        assertEq(size, 0);
    }

    function test_OnTaken_RevertsWhen_NotTheLiquidator() public {
        ILiquidator.Taken memory taken = ILiquidator.Taken(thinId, ETH, runnerId, 1e18, 2_000e18);
        vm.expectRevert(abi.encodeWithSelector(ILotRunner.NotLiquidator.selector, address(this)));
        runner.onTaken(taken, "");
    }

    function test_OnTaken_RevertsWhen_NobodyRuns() public {
        ILiquidator.Taken memory taken = ILiquidator.Taken(thinId, ETH, runnerId, 1e18, 2_000e18);
        vm.prank(address(liquidator));
        vm.expectRevert(ILotRunner.NoRun.selector);
        runner.onTaken(taken, "");
    }

    // ---- donations and further runs

    /// @dev A donation is no profit, blocks nothing, and goes where the profit goes.
    function test_Run_SweepsDonations() public {
        openLot(1);
        skipFresh(400);
        fund(bob, runnerId, 777e6);
        (, int256 expected) = runner.quote(thinId, ETH);
        ILotRunner.Run memory t = terms(0);
        t.leastProfit = uint256(expected) + 1;
        vm.expectRevert(abi.encodeWithSelector(ILotRunner.ProfitTooSmall.selector, expected, t.leastProfit));
        runner.run(t);
        t.leastProfit = 0;
        (, uint256 profit) = runner.run(t);
        assertEq(int256(profit), expected);
        assertEq(house.cashOf(keeperId), expected + 777e18);
        assertEmpty();
    }

    /// @dev Not even a donation pays for a run that loses.
    function test_Run_RevertsWhen_ADonationWouldPayForTheLoss() public {
        openLot(1);
        fund(bob, runnerId, 100_000e6);
        (, int256 expected) = runner.quote(thinId, ETH);
        assertLt(expected, 0);
        vm.expectRevert(abi.encodeWithSelector(ILotRunner.ProfitTooSmall.selector, expected, 0));
        runner.run(terms(0));
    }

    function test_Run_RunsAgainAtOnce() public {
        openLot(1);
        skipFresh(400);
        ILotRunner.Run memory t = terms(0);
        t.most = liquidator.lotOf(thinId, ETH).least;
        runner.run(t);
        ILiquidator.LotView memory next = liquidator.lotOf(thinId, ETH);
        assertEq(next.start, block.timestamp);
        (, int256 expected) = runner.quote(thinId, ETH);
        assertLt(expected, 0, "the clock began anew");
        skipFresh(500);
        runner.run(terms(0));
        assertEmpty();
    }

    function test_Run_ServesTwoLotsInOneBlock() public {
        AccountId other = accountId(alice, 2);
        fund(alice, other, 25_000e6);
        openLeg(ETH, other, carolId, 100e18);
        openLot(1);
        liquidator.liquidate(other, ETH, accountId(stage, 0));
        skipFresh(400);
        (, uint256 first) = runner.run(terms(0));
        ILotRunner.Run memory t = terms(0);
        t.account = other;
        (, uint256 second) = runner.run(t);
        assertEq(house.cashOf(keeperId), int256(first + second));
        assertEmpty();
    }

    // ---- helpers

    function terms(uint256 orders) private view returns (ILotRunner.Run memory t) {
        (t.account, t.asset, t.most, t.to) = (thinId, ETH, type(uint256).max, keeperId);
        t.orders = new IExchange.SignedOrder[](orders);
        t.deadline = block.timestamp;
    }

    function openPosition(int256 side) private {
        openLeg(ETH, thinId, carolId, side * 100e18);
    }

    function openLot(int256 side) private {
        openLotAt(side, side > 0 ? 1_825e18 : 2_170e18);
    }

    /// @dev Its fills pay the stage's own account, so that the keeper's cash is what runs earned.
    function openLotAt(int256 side, uint256 price) private {
        openPosition(side);
        setPrice(ETH, price);
        house.accrue(single(ETH));
        skipFresh(300);
        liquidator.liquidate(thinId, ETH, accountId(stage, 0));
        assertGt(liquidator.lotOf(thinId, ETH).size, 0);
    }

    /// @dev Nothing may go to the pool by a reduction: lots are what is left.
    function closeWindow() private {
        Terms memory t = stageTerms();
        t.window = 0;
        liquidator.setTerms(ETH, t);
    }

    /// @dev The pool's limit of inventory in basis points of a depth of 50 million.
    function narrowPool(uint16 limit) private {
        Pool memory terms_ = house.poolOf(ETH);
        terms_.inventoryLimit = limit;
        configurator.setPool(ETH, terms_);
    }

    /// @dev Of the orders that the last run left out.
    function skippedReasons(uint256 count) private returns (bytes[] memory reasons) {
        reasons = new bytes[](count);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ILotRunner.OrderSkipped.selector) continue;
            reasons[uint256(logs[i].topics[1])] = abi.decode(logs[i].data, (bytes));
            ++found;
        }
        assertEq(found, count);
    }

    function skipFresh(uint256 elapsed) private {
        skip(elapsed);
        refresh();
    }

    function mark() private view returns (uint256) {
        return peekPrice(ETH).mark;
    }

    function assertEmpty() private view {
        assertEq(house.cashOf(runnerId), 0);
        assertEq(house.legsOf(runnerId).length, 0);
    }
}
