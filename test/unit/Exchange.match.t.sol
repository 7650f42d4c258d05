// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeMatchTest is OrderTest {
    // ---- what a match does

    function test_Match_FillsBothAtTheMakersLimit() public {
        IExchange.Order memory maker = order(aliceId, ETH, -2e18, 1_995e18);
        IExchange.Order memory taker = order(bobId, ETH, 2e18, 2_010e18);
        IExchange.Match memory m = pair(maker, taker);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(hashOf(maker), aliceId, maker.nonce, 2e18, 1_995e18, 0.798e18, 0);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(hashOf(taker), bobId, taker.nonce, 2e18, 1_995e18, 1.995e18, 0);
        vm.prank(keeper);
        assertEq(exchange.matchOrders(m, keeperId), 2e18);
        assertEq(house.cashOf(aliceId), 10_000e18 + 3_990e18 - 0.798e18, "the maker's rate");
        assertEq(house.cashOf(bobId), 10_000e18 - 3_990e18 - 1.995e18, "the surplus and the taker's rate");
        assertEq(house.cashOf(FEES), 0.798e18 + 1.995e18);
        assertTrue(exchange.isUsed(aliceId, maker.nonce) && exchange.isUsed(bobId, taker.nonce));
    }

    function testFuzz_Match_OnlyWhenLimitsCross(uint256 ask, uint256 bid, bool makerBuys) public {
        (ask, bid) = (bound(ask, 1_970e18, 2_030e18), bound(bid, 1_970e18, 2_030e18));
        IExchange.Order memory seller = order(aliceId, ETH, -1e18, ask);
        IExchange.Order memory buyer = order(bobId, ETH, 1e18, bid);
        IExchange.Match memory m = makerBuys ? pair(buyer, seller) : pair(seller, buyer);
        (uint256 price, uint256 limit) = makerBuys ? (bid, ask) : (ask, bid);
        if (ask > bid) vm.expectRevert(abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, price, limit));
        exchange.matchOrders(m, keeperId);
        if (ask > bid) return;
        uint256 fee = feeOn(1e18, price, makerBuys ? TAKER : MAKER);
        assertEq(house.cashOf(aliceId), int256(10_000e18 + price - fee));
    }

    function testFuzz_Match_FillsTheSmallest(uint256 a, uint256 b, uint256 most) public {
        (a, b, most) = (bound(a, 1, 10e18), bound(b, 1, 10e18), bound(most, 1, 12e18));
        IExchange.Order memory maker = order(aliceId, ETH, int256(a), 2_000e18);
        IExchange.Order memory taker = order(bobId, ETH, -int256(b), 2_000e18);
        IExchange.Match memory m = pair(maker, taker);
        m.size = most;
        uint256 size = a < b ? a : b;
        if (most < size) size = most;
        assertEq(exchange.matchOrders(m, keeperId), size);
        assertEq(sizeOf(aliceId, ETH), int256(size));
        assertEq(exchange.filled(hashOf(maker)), size == a ? 0 : size);
        assertEq(exchange.filled(hashOf(taker)), size == b ? 0 : size);
        assertEq(exchange.isUsed(aliceId, maker.nonce), size == a);
        assertEq(exchange.isUsed(bobId, taker.nonce), size == b);
    }

    function test_Match_ReduceOnlySidesShrink() public {
        poolTrade(aliceId, ETH, 1e18);
        poolTrade(bobId, ETH, -2e18);
        IExchange.Order memory maker = order(aliceId, ETH, -5e18, 2_000e18);
        IExchange.Order memory taker = order(bobId, ETH, 5e18, 2_000e18);
        (maker.reduceOnly, taker.reduceOnly) = (true, true);
        assertEq(exchange.matchOrders(pair(maker, taker), keeperId), 1e18);
        assertTrue(exchange.isUsed(aliceId, maker.nonce), "nothing left to reduce");
        assertFalse(exchange.isUsed(bobId, taker.nonce));
    }

    function test_Match_TwoAccountsOfOneOwner() public {
        AccountId other = accountId(alice, 1);
        fund(alice, other, 1_000e6);
        IExchange.Match memory m = pair(order(aliceId, ETH, 1e18, 2_000e18), order(other, ETH, -1e18, 2_000e18));
        assertEq(exchange.matchOrders(m, keeperId), 1e18);
    }

    function testFuzz_Match_OnHealthTakesTheSmallestReduction(uint256 mark, uint256 target, bool long) public {
        int256 size = long ? int256(40e18) : -40e18;
        poolTrade(aliceId, ETH, size);
        mark = bound(mark, 1_840e18, 1_895e18);
        setPrice(ETH, long ? mark : 3_980e18 - mark);
        mark = peekPrice(ETH).mark;
        IExchange.Order memory taker = guard(aliceId, -size, 1.6e18, bound(target, 1.6e18, 3e18));
        IExchange.Match memory m = pair(order(carolId, ETH, size, mark), taker);
        uint256 least = lens.reduction(aliceId, ETH, taker.target, uint256(TAKER) * 1e12).size;
        assertEq(exchange.matchOrders(m, keeperId), least);
        assertGe(health(aliceId) + 2, taker.target, "but for the rounding of fee and value");
    }

    // ---- what does not match

    function test_Match_RevertsWhen_SameSide() public {
        refuse(order(aliceId, ETH, 1e18, 2_000e18), order(bobId, ETH, 2e18, 2_000e18));
        refuse(order(aliceId, ETH, -1e18, 2_000e18), order(bobId, ETH, -2e18, 2_000e18));
    }

    function test_Match_RevertsWhen_OtherAsset() public {
        refuse(order(aliceId, ETH, 1e18, 2_000e18), order(bobId, BTC, -1e18, 2_000e18));
    }

    function test_Match_RevertsWhen_SizeIsZero() public {
        IExchange.Match memory m = pair(order(aliceId, ETH, 1e18, 2_000e18), order(bobId, ETH, -1e18, 2_000e18));
        m.size = 0;
        vm.expectRevert(abi.encodeWithSelector(IExchange.FilledTooLittle.selector, 0, 1));
        exchange.matchOrders(m, keeperId);
        m = pair(order(aliceId, ETH, 1e18, 2_000e18), order(bobId, ETH, 0, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IExchange.SizeOutOfBounds.selector, 0, uint256(type(uint128).max)));
        exchange.matchOrders(m, keeperId);
    }

    function test_Match_RevertsWhen_OneAccount() public {
        IExchange.Match memory m = pair(order(aliceId, ETH, 1e18, 2_000e18), order(aliceId, ETH, -1e18, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, aliceId));
        exchange.matchOrders(m, keeperId);
    }

    function test_Match_RevertsWhen_TakerOnlyMakes() public {
        IExchange.Order memory taker = order(bobId, ETH, -1e18, 2_000e18);
        taker.maxFee = TAKER - 1;
        IExchange.Order memory other = order(aliceId, ETH, 1e18, 2_000e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeeAboveLimit.selector, TAKER, TAKER - 1));
        exchange.matchOrders(pair(other, taker), keeperId);
        assertEq(exchange.matchOrders(pair(taker, other), keeperId), 1e18);
    }

    function test_Match_RevertsWhen_OutsideTheBand() public {
        IExchange.Match memory m = pair(order(aliceId, ETH, 1e18, 2_050e18), order(bobId, ETH, -1e18, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, 2_050e18, 2_000e18, 200));
        exchange.matchOrders(m, keeperId);
    }

    function test_Match_RevertsWhen_TakerIsThePool() public {
        AccountId row = pool.account();
        IExchange.SignedOrder memory maker = signed(aliceId, ETH, 1e18, 2_000e18);
        IExchange.Order memory o = order(row, ETH, -1e18, 2_000e18);
        IExchange.SignedOrder memory taker = signAs(o, address(pool), keys[alice]);
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, address(pool), hashOf(o)));
        exchange.matchOrders(IExchange.Match(maker, taker, 1e18), keeperId);
    }

    // ---- tips

    function testFuzz_Match_TipsGoToTheKeeper(uint256 size, uint256 makerTip, uint256 takerTip) public {
        size = bound(size, 1e12, 4e18);
        IExchange.Order memory maker = order(aliceId, ETH, 4e18, 2_000e18);
        IExchange.Order memory taker = order(bobId, ETH, -8e18, 2_000e18);
        (maker.tip, taker.tip) = (bound(makerTip, 0, 200e18), bound(takerTip, 0, 400e18));
        IExchange.Match memory m = pair(maker, taker);
        m.size = size;
        exchange.matchOrders(m, keeperId);
        uint256 a = tipWithin(size, (maker.tip * size) / 4e18, MAKER);
        uint256 b = tipWithin(size, (taker.tip * size) / 8e18, TAKER);
        assertEq(house.cashOf(keeperId), int256(a + b));
        int256 value = int256(size * 2_000);
        assertEq(house.cashOf(aliceId), 10_000e18 - value - int256(a + feeOn(size, 2_000e18, MAKER)));
        assertEq(house.cashOf(bobId), 10_000e18 + value - int256(b + feeOn(size, 2_000e18, TAKER)));
    }

    function testFuzz_Match_PartsOfATipAreNoMoreThanTheTip(uint256[4] memory parts, uint256 tip) public {
        IExchange.Order memory taker = order(bobId, ETH, -4e18, 2_000e18);
        taker.tip = bound(tip, 0, 40e18);
        for (uint256 i = 0; i < parts.length; ++i) {
            parts[i] = i == 3 ? type(uint256).max : bound(parts[i], 1e12, 1e18);
            IExchange.Match memory m = pair(order(aliceId, ETH, 4e18, 2_000e18), taker);
            m.size = parts[i];
            exchange.matchOrders(m, keeperId);
        }
        assertEq(sizeOf(bobId, ETH), -4e18);
        assertLe(house.cashOf(keeperId), int256(taker.tip));
        assertGe(house.cashOf(keeperId), int256(taker.tip) - 3, "a wei per part");
    }

    function test_Match_RevertsWhen_TipsGoToNobody() public {
        IExchange.Order memory maker = order(aliceId, ETH, 1e18, 2_000e18);
        IExchange.Order memory taker = order(bobId, ETH, -1e18, 2_000e18);
        maker.tip = 1;
        IExchange.Match memory m = pair(maker, taker);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, FEES));
        exchange.matchOrders(m, FEES);
        maker.tip = 0;
        assertEq(exchange.matchOrders(pair(maker, taker), FEES), 1e18);
    }

    function testFuzz_Match_OnHealthAtABetterPrice(uint256 mark, uint256 price, bool long) public {
        int256 size = long ? int256(40e18) : -40e18;
        poolTrade(aliceId, ETH, size);
        mark = bound(mark, 1_840e18, 1_895e18);
        setPrice(ETH, long ? mark : 3_980e18 - mark);
        mark = peekPrice(ETH).mark;
        price = bound(price, mark, (mark * 101) / 100);
        if (!long) price = 2 * mark - price;
        IExchange.Order memory taker = guard(aliceId, -size, 1.6e18, 2e18);
        IExchange.Match memory m = pair(order(carolId, ETH, size, price), taker);
        uint256 least = lens.reduction(aliceId, ETH, 2e18, uint256(TAKER) * 1e12).size;
        uint256 n = exchange.matchOrders(m, keeperId);
        assertLe(n, least + least / 1_000);
        assertGe(health(aliceId) + 2, 2e18);
    }

    // ---- batches

    function test_MatchBatch_SkipsBadEntriesAndSaysWhy() public {
        IExchange.Match[] memory pairs = new IExchange.Match[](7);
        bytes[] memory expected = new bytes[](7);
        pairs[0] = good();
        (pairs[1], expected[1]) = expired();
        (pairs[2], expected[2]) = done(pairs[0]);
        (pairs[3], expected[3]) = apart();
        (pairs[4], expected[4]) = forged();
        (pairs[5], expected[5]) = offBand();
        pairs[6] = good();
        for (uint256 i = 0; i < 7; ++i) {
            if (expected[i].length == 0) continue;
            vm.expectEmit(address(exchange));
            emit IExchange.Skipped(i, expected[i]);
        }
        vm.prank(keeper);
        bytes[] memory reasons = exchange.matchBatch(pairs, keeperId);
        assertEq(abi.encode(reasons), abi.encode(expected), "LIVE-1");
        assertEq(sizeOf(aliceId, ETH), 2e18, "LIVE-1");
        assertEq(sizeOf(bobId, ETH), -2e18, "LIVE-1");
    }

    function test_MatchBatch_OfNothing() public {
        assertEq(exchange.matchBatch(new IExchange.Match[](0), keeperId).length, 0);
    }

    // ---- helpers

    function refuse(IExchange.Order memory maker, IExchange.Order memory taker) internal {
        IExchange.Match memory m = pair(maker, taker);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExchange.OrdersDoNotMatch.selector,
                maker.asset,
                taker.asset,
                maker.size,
                taker.size
            )
        );
        exchange.matchOrders(m, keeperId);
    }

    /// @dev Fee and tip of a side are at most 1 % of the fill's value.
    function tipWithin(uint256 size, uint256 tip, uint256 rate) internal pure returns (uint256) {
        uint256 room = feeOn(size, 2_000e18, 10_000) - feeOn(size, 2_000e18, rate);
        return tip < room ? tip : room;
    }

    function good() internal returns (IExchange.Match memory) {
        return pair(order(aliceId, ETH, 1e18, 2_000e18), order(bobId, ETH, -1e18, 2_000e18));
    }

    function expired() internal returns (IExchange.Match memory m, bytes memory reason) {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        o.expiry = uint64(block.timestamp - 1);
        m = pair(o, order(bobId, ETH, -1e18, 2_000e18));
        reason = abi.encodeWithSelector(IExchange.OrderExpired.selector, o.expiry, block.timestamp);
    }

    function done(IExchange.Match memory before) internal returns (IExchange.Match memory m, bytes memory reason) {
        m = pair(before.maker.order, order(bobId, ETH, -1e18, 2_000e18));
        reason = abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, before.maker.order.nonce);
    }

    function apart() internal returns (IExchange.Match memory m, bytes memory reason) {
        m = pair(order(aliceId, ETH, 1e18, 1_990e18), order(bobId, ETH, -1e18, 2_000e18));
        reason = abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, 1_990e18, 2_000e18);
    }

    function forged() internal returns (IExchange.Match memory m, bytes memory reason) {
        m = good();
        m.taker = signAs(m.taker.order, bob, keys[alice]);
        reason = abi.encodeWithSelector(IExchange.BadSignature.selector, bob, hashOf(m.taker.order));
    }

    function offBand() internal returns (IExchange.Match memory m, bytes memory reason) {
        m = pair(order(aliceId, ETH, 1e18, 2_100e18), order(bobId, ETH, -1e18, 2_000e18));
        reason = abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, 2_100e18, 2_000e18, 200);
    }
}
