// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {Pool} from "../../contracts/core/Ledger.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeExecuteTest is OrderTest {
    // ---- what an execution does

    function test_Execute_TradesWithThePoolAndPaysTheKeeper() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_002e18);
        o.tip = 0.5e18;
        IExchange.SignedOrder memory s = signed(o);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(hashOf(o), aliceId, o.nonce, 1e18, 2_001.04e18, 1.50052e18, 0);
        vm.prank(keeper);
        assertEq(exchange.execute(s, keeperId), 1e18);
        assertEq(sizeOf(aliceId, ETH), 1e18);
        assertEq(sizeOf(pool.account(), ETH), -1e18);
        assertEq(house.cashOf(aliceId), 10_000e18 - 2_001.04e18 - 1.50052e18);
        assertEq(house.cashOf(keeperId), 0.5e18);
        assertEq(house.cashOf(FEES), 1.00052e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, o.nonce));
        exchange.execute(s, keeperId);
    }

    function testFuzz_Execute_KeepsTheLimit(uint256 size, bool buys, int256 held) public {
        held = bound(held, -1_000e18, 1_000e18);
        if (held != 0) poolTrade(carolId, ETH, held);
        int256 wanted = int256(bound(size, 1e12, 20e18));
        if (!buys) wanted = -wanted;
        (uint256 price, ) = lens.quote(ETH, wanted);
        IExchange.SignedOrder memory s = signed(aliceId, ETH, wanted, buys ? price - 1 : price + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, price, buys ? price - 1 : price + 1)
        );
        exchange.execute(s, keeperId);
        s = signed(aliceId, ETH, wanted, price);
        exchange.execute(s, keeperId);
        assertEq(sizeOf(aliceId, ETH), wanted);
    }

    function test_Execute_RevertsWhen_NoPool() public {
        IExchange.SignedOrder memory s = signed(aliceId, BTC, 1e18, 70_000e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC));
        exchange.execute(s, keeperId);
    }

    function test_Execute_RevertsWhen_PriceIsStale() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_100e18);
        o.expiry = uint64(block.timestamp + 1 days);
        IExchange.SignedOrder memory s = signed(o);
        vm.warp(block.timestamp + 2 hours);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        exchange.execute(s, keeperId);
    }

    function test_Execute_RevertsWhen_FeeAboveLimit() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_100e18);
        o.maxFee = TAKER - 1;
        IExchange.SignedOrder memory s = signed(o);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeeAboveLimit.selector, TAKER, TAKER - 1));
        exchange.execute(s, keeperId);
    }

    // ---- conditions on the mark

    function testFuzz_Execute_WhenTheMarkReachesTheLevel(uint256 mark, uint256 level, bool atLeast) public {
        level = bound(level, 1_900e18, 2_100e18);
        poolTrade(aliceId, ETH, atLeast ? int256(1e18) : -1e18);
        IExchange.Condition condition = atLeast ? IExchange.Condition.MarkAtLeast : IExchange.Condition.MarkAtMost;
        IExchange.SignedOrder memory s = signed(stop(aliceId, atLeast ? -1e18 : int256(1e18), condition, level));
        setPrice(ETH, bound(mark, 1_900e18, 2_100e18));
        mark = peekPrice(ETH).mark;
        bool met = atLeast ? mark >= level : mark <= level;
        if (!met) {
            vm.expectRevert(abi.encodeWithSelector(IExchange.ConditionNotMet.selector, condition, mark, level));
        }
        exchange.execute(s, keeperId);
        assertEq(sizeOf(aliceId, ETH) == 0, met);
    }

    function testFuzz_Execute_AtTheLevelItself(uint256 level, bool atLeast) public {
        level = (bound(level, 1_900e18, 2_100e18) / 1e10) * 1e10;
        poolTrade(aliceId, ETH, 1e18);
        IExchange.Condition condition = atLeast ? IExchange.Condition.MarkAtLeast : IExchange.Condition.MarkAtMost;
        IExchange.SignedOrder memory s = signed(stop(aliceId, -1e18, condition, level));
        setPrice(ETH, atLeast ? level - 1e10 : level + 1e10);
        vm.expectPartialRevert(IExchange.ConditionNotMet.selector);
        exchange.execute(s, keeperId);
        setPrice(ETH, level);
        assertEq(exchange.execute(s, keeperId), 1e18);
    }

    function test_Execute_OnlyOnAPriceThatIsNewer() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_100e18);
        o.notBefore = uint64(block.timestamp);
        IExchange.SignedOrder memory s = signed(o);
        vm.warp(block.timestamp + 30);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotNewer.selector, o.notBefore, o.notBefore));
        exchange.execute(s, keeperId);
        setPrice(ETH, 2_000e18);
        assertEq(exchange.execute(s, keeperId), 1e18);
    }

    // ---- on health

    function testFuzz_Execute_BringsHealthToTheTarget(uint256 mark, uint256 target, uint256 tip, bool long) public {
        int256 size = distress(mark, long);
        IExchange.Order memory o = guard(aliceId, -size, 1.6e18, bound(target, 1.6e18, 3e18));
        o.tip = bound(tip, 0, 40e18);
        IExchange.SignedOrder memory s = signed(o);
        uint256 planned = lens.reduction(aliceId, ETH, o.target, costOf(o)).size;
        uint256 done = exchange.execute(s, keeperId);
        assertEq(done, planned, "as much as the plan");
        assertGe(health(aliceId) + 2, o.target, "but for the rounding of fee and value");
        assertEq(sizeOf(aliceId, ETH), long ? size - int256(done) : size + int256(done));
        assertEq(exchange.filled(hashOf(o)), done);
        assertFalse(exchange.isUsed(aliceId, o.nonce), "the rest waits");
    }

    function testFuzz_Execute_BringsAShortToTheTarget(uint256 mark, uint256 target) public {
        poolTrade(aliceId, ETH, -40e18);
        setPrice(ETH, bound(mark, 2_085e18, 2_140e18));
        IExchange.Order memory o = guard(aliceId, 40e18, 1.6e18, bound(target, 1.6e18, 3e18));
        exchange.execute(signed(o), keeperId);
        assertGe(health(aliceId) + 2, o.target, "but for the rounding of fee and value");
    }

    function testFuzz_Execute_TakesTheMostThroughZero(int256 held, bool buys, uint256 mark) public {
        held = bound(held, -2_000e18, 2_000e18);
        if (held != 0) poolTrade(carolId, ETH, held);
        setPrice(ETH, bound(mark, 1_800e18, 2_200e18));
        (, uint256 most) = lens.quote(ETH, buys ? int256(1) : -1);
        IExchange.Order memory o = order(carolId, ETH, buys ? int256(6_000e18) : -6_000e18, buys ? 3_000e18 : 0);
        assertEq(exchange.execute(signed(o), keeperId), most, "QUOTE-1");
    }

    /// @dev It aims at the price of the whole order, which is a little worse than that of the part.
    function testFuzz_Execute_OnHealthIsHardlyLargerThanNeeded(uint256 mark, uint256 target, bool long) public {
        int256 size = distress(mark, long);
        IExchange.Order memory o = guard(aliceId, -size, 1.6e18, bound(target, 1.6e18, 3e18));
        IExchange.SignedOrder memory s = signed(o);
        uint256 state = vm.snapshotState();
        uint256 done = exchange.execute(s, keeperId);
        uint256 price = priceOf(long, done);
        vm.revertToState(state);
        uint256 least = lens.reduction(aliceId, ETH, o.target, costAt(price)).size;
        assertGe(done + done / 100_000, least);
        assertLe(done, least + least / 50);
    }

    function test_Execute_OnHealthAgainWhenItFallsAgain() public {
        int256 size = distress(1_880e18, true);
        IExchange.Order memory o = guard(aliceId, -size, 1.4e18, 1.5e18);
        IExchange.SignedOrder memory s = signed(o);
        uint256 first = exchange.execute(s, keeperId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExchange.ConditionNotMet.selector,
                IExchange.Condition.HealthBelow,
                health(aliceId),
                1.4e18
            )
        );
        exchange.execute(s, keeperId);
        setPrice(ETH, 1_830e18);
        uint256 second = exchange.execute(s, keeperId);
        assertGe(health(aliceId), 1.5e18);
        assertEq(exchange.filled(hashOf(o)), first + second);
    }

    function test_Execute_OnHealthTakesThePartOfTheTip() public {
        int256 size = distress(1_880e18, true);
        IExchange.Order memory o = guard(aliceId, -size, 1.5e18, 1.5e18);
        o.tip = 8e18;
        uint256 done = exchange.execute(signed(o), keeperId);
        assertEq(house.cashOf(keeperId), int256((8e18 * done) / 40e18));
    }

    function test_Execute_OnHealthRevertsWhen_NothingIsNeeded() public {
        int256 size = distress(1_880e18, true);
        // Met at a health that already is above its target.
        IExchange.SignedOrder memory s = signed(guard(aliceId, -size, 3e18, 1e18));
        vm.expectRevert(abi.encodeWithSelector(IExchange.FilledTooLittle.selector, 0, 1));
        exchange.execute(s, keeperId);
    }

    function test_Execute_OnHealthRevertsWhen_ItWouldAdd() public {
        int256 size = distress(1_880e18, true);
        IExchange.Order memory o = guard(aliceId, size, 1.5e18, 1.5e18);
        o.reduceOnly = false;
        IExchange.SignedOrder memory s = signed(o);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NothingToReduce.selector, aliceId, ETH, size, size));
        exchange.execute(s, keeperId);
    }

    function test_Execute_OnHealthRevertsWhen_TargetOutOfBounds() public {
        int256 size = distress(1_880e18, true);
        IExchange.SignedOrder memory s = signed(guard(aliceId, -size, 1.5e18, 1e18 - 1));
        vm.expectRevert(abi.encodeWithSelector(Lens.TargetOutOfBounds.selector, 1e18 - 1, 1e18, 100e18));
        exchange.execute(s, keeperId);
    }

    function test_Execute_OnHealthRevertsWhen_Flat() public {
        IExchange.SignedOrder memory s = signed(guard(aliceId, -1e18, 1.5e18, 1.5e18));
        vm.expectRevert(
            abi.encodeWithSelector(
                IExchange.ConditionNotMet.selector,
                IExchange.Condition.HealthBelow,
                type(uint256).max,
                1.5e18
            )
        );
        exchange.execute(s, keeperId);
    }

    /// @dev Below maintenance the order still comes before a liquidation that would cost more.
    function test_Execute_OnHealthOfALiquidatableAccount() public {
        int256 size = distress(1_820e18, true);
        assertTrue(house.isLiquidatable(aliceId));
        exchange.execute(signed(guard(aliceId, -size, 1.1e18, 1.2e18)), keeperId);
        assertGe(health(aliceId), 1.2e18);
        assertFalse(house.isLiquidatable(aliceId));
    }

    // ---- capacity

    function test_Execute_TakesWhatThePoolTakes() public {
        capacity(10);
        IExchange.Order memory o = order(aliceId, ETH, 40e18, 2_100e18);
        o.tip = 4e18;
        IExchange.SignedOrder memory s = signed(o);
        vm.expectEmit(true, true, true, false, address(exchange));
        emit IExchange.OrderFilled(hashOf(o), aliceId, o.nonce, 0, 0, 0, 0);
        assertEq(exchange.execute(s, keeperId), 25e18, "50,000 at 2,000");
        assertEq(exchange.filled(hashOf(o)), 25e18);
        assertEq(house.cashOf(keeperId), 2.5e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FilledTooLittle.selector, 0, 1));
        exchange.execute(s, keeperId);
        poolTrade(carolId, ETH, -5e18);
        assertEq(exchange.execute(s, keeperId), 5e18);
        poolTrade(carolId, ETH, -20e18);
        assertEq(exchange.execute(s, keeperId), 10e18);
        assertTrue(exchange.isUsed(aliceId, o.nonce));
        assertEq(house.cashOf(keeperId), 4e18);
    }

    function testFuzz_Execute_TakesTheMostOfThePool(uint256 size, uint256 limit, uint256 mark, bool buys) public {
        capacity(uint16(bound(limit, 1, 10)));
        setPrice(ETH, bound(mark, 1_900e18, 2_100e18));
        int256 wanted = int256(bound(size, 1e18, 40e18));
        if (!buys) wanted = -wanted;
        (, uint256 most) = lens.quote(ETH, wanted);
        uint256 whole = uint256(buys ? wanted : -wanted);
        IExchange.Order memory o = order(aliceId, ETH, wanted, buys ? type(uint256).max : 0);
        uint256 done = exchange.execute(signed(o), keeperId);
        assertEq(done, most < whole ? most : whole);
        assertEq(exchange.isUsed(aliceId, o.nonce), done == whole);
    }

    function test_Execute_TheLargestOrderTakesTheMost() public {
        int256 largest = int256(uint256(type(uint128).max));
        assertEq(exchange.execute(signed(carolId, ETH, largest, 2_200e18), keeperId), 2_500e18);
        assertEq(exchange.execute(signed(carolId, ETH, -largest, 1_800e18), keeperId), 5_000e18);
        assertEq(sizeOf(carolId, ETH), -2_500e18);
    }

    // ---- to reduce only

    function test_Execute_ReduceOnlyIsDoneWithThePosition() public {
        poolTrade(aliceId, ETH, 1e18);
        IExchange.Order memory o = stop(aliceId, -5e18, IExchange.Condition.None, 0);
        IExchange.SignedOrder memory s = signed(o);
        assertEq(exchange.execute(s, keeperId), 1e18);
        poolTrade(aliceId, ETH, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, o.nonce));
        exchange.execute(s, keeperId);
        assertEq(sizeOf(aliceId, ETH), 1e18);
    }

    function test_Execute_ReduceOnlyOutlastsAPart() public {
        poolTrade(aliceId, ETH, 40e18);
        poolTrade(carolId, ETH, -60e18);
        // It holds 40,000 of 50,000.
        capacity(10);
        IExchange.Order memory o = stop(aliceId, -50e18, IExchange.Condition.None, 0);
        IExchange.SignedOrder memory s = signed(o);
        assertEq(exchange.execute(s, keeperId), 5e18);
        assertFalse(exchange.isUsed(aliceId, o.nonce));
        poolTrade(carolId, ETH, 50e18);
        assertEq(exchange.execute(s, keeperId), 35e18);
        assertTrue(exchange.isUsed(aliceId, o.nonce));
    }

    /// @dev A stop and a target share a nonce.
    function test_Execute_OneCancelsTheOther() public {
        poolTrade(aliceId, ETH, 1e18);
        IExchange.Order memory loss = stop(aliceId, -1e18, IExchange.Condition.MarkAtMost, 1_950e18);
        IExchange.Order memory gain = stop(aliceId, -1e18, IExchange.Condition.MarkAtLeast, 2_050e18);
        gain.nonce = loss.nonce;
        setPrice(ETH, 2_050e18);
        exchange.execute(signed(gain), keeperId);
        setPrice(ETH, 1_950e18);
        IExchange.SignedOrder memory s = signed(loss);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, loss.nonce));
        exchange.execute(s, keeperId);
    }

    // ---- batches

    function test_ExecuteBatch_SkipsBadEntriesAndSaysWhy() public {
        IExchange.SignedOrder[] memory orders = new IExchange.SignedOrder[](6);
        bytes[] memory expected = new bytes[](6);
        orders[0] = signed(aliceId, ETH, 1e18, 2_100e18);
        (orders[1], expected[1]) = unmet();
        (orders[2], expected[2]) = unquoted();
        (orders[3], expected[3]) = tooDear();
        (orders[4], expected[4]) = (
            orders[0],
            abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, orders[0].order.nonce)
        );
        orders[5] = signed(bobId, ETH, -1e18, 1_900e18);
        for (uint256 i = 1; i < 5; ++i) {
            vm.expectEmit(address(exchange));
            emit IExchange.Skipped(i, expected[i]);
        }
        vm.prank(keeper);
        bytes[] memory reasons = exchange.executeBatch(orders, keeperId);
        assertEq(abi.encode(reasons), abi.encode(expected), "LIVE-1");
        assertEq(sizeOf(aliceId, ETH), 1e18, "LIVE-1");
        assertEq(sizeOf(bobId, ETH), -1e18, "LIVE-1");
    }

    // ---- helpers

    function unmet() internal returns (IExchange.SignedOrder memory s, bytes memory reason) {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_100e18);
        (o.condition, o.level) = (IExchange.Condition.MarkAtLeast, 2_050e18);
        s = signed(o);
        reason = abi.encodeWithSelector(IExchange.ConditionNotMet.selector, o.condition, 2_000e18, o.level);
    }

    function unquoted() internal returns (IExchange.SignedOrder memory s, bytes memory reason) {
        s = signed(aliceId, BTC, 0.1e18, 70_000e18);
        reason = abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC);
    }

    /// @dev The pool is short one by then.
    function tooDear() internal returns (IExchange.SignedOrder memory s, bytes memory reason) {
        s = signed(aliceId, ETH, 1e18, 2_000e18);
        reason = abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, 2_001.12e18, 2_000e18);
    }

    /// @dev 40 ETH at 10,000 of cash, and a price that leaves a health below 1.6.
    function distress(uint256 mark, bool long) internal returns (int256 size) {
        size = long ? int256(40e18) : -40e18;
        poolTrade(aliceId, ETH, size);
        if (mark < 1_800e18 || mark > 1_895e18) mark = bound(mark, 1_840e18, 1_895e18);
        setPrice(ETH, long ? mark : 3_980e18 - mark);
    }

    /// @dev The part of the mark that closing costs: the price of the whole order, the fee and the tip.
    function costOf(IExchange.Order memory o) internal view returns (uint256) {
        uint256 mark = peekPrice(ETH).mark;
        (uint256 price, ) = lens.quote(ETH, o.size);
        uint256 notional = (uint256(o.size > 0 ? o.size : -o.size) * mark + 1e18 - 1) / 1e18;
        return costAt(price) + (o.tip * 1e18 + notional - 1) / notional;
    }

    function costAt(uint256 price) internal view returns (uint256) {
        uint256 mark = peekPrice(ETH).mark;
        uint256 distance = price > mark ? price - mark : mark - price;
        return (distance * 1e18 + mark - 1) / mark + (uint256(TAKER) * 1e12 * price + mark - 1) / mark;
    }

    /// @dev What alice got for the part: the quote for it once somebody has undone it.
    function priceOf(bool long, uint256 size) internal returns (uint256) {
        poolTrade(carolId, ETH, long ? int256(size) : -int256(size));
        (uint256 price, ) = lens.quote(ETH, long ? -int256(size) : int256(size));
        return price;
    }

    /// @dev In basis points of a depth of fifty million.
    function capacity(uint16 limit) internal {
        Pool memory terms = poolTerms(address(pool));
        terms.inventoryLimit = limit;
        configurator.setPool(ETH, terms);
    }
}
