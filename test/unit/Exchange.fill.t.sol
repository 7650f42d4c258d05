// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AssetState} from "../../contracts/core/Ledger.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeFillTest is OrderTest {
    // ---- what a fill does

    function test_Fill_TakesTheOrderAtItsLimit() public {
        IExchange.Order memory o = order(aliceId, ETH, 2e18, 1_990e18);
        IExchange.SignedOrder memory s = signed(o);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(hashOf(o), aliceId, o.nonce, 2e18, 1_990e18, 0.796e18, 0);
        vm.prank(bob);
        assertEq(exchange.fill(s, bobId, 2e18, 2e18, block.timestamp), 2e18);
        assertEq(sizeOf(aliceId, ETH), 2e18);
        assertEq(sizeOf(bobId, ETH), -2e18);
        assertEq(house.cashOf(aliceId), 10_000e18 - 3_980e18 - 0.796e18, "the maker's rate");
        assertEq(house.cashOf(bobId), 10_000e18 + 3_980e18 - 1.99e18, "the taker's rate");
        assertEq(house.cashOf(FEES), 0.796e18 + 1.99e18);
        assertTrue(exchange.isUsed(aliceId, o.nonce));
    }

    function test_Fill_TakesASale() public {
        IExchange.Order memory o = order(aliceId, ETH, -2e18, 2_010e18);
        assertEq(fill(bob, o, bobId, type(uint256).max), 2e18);
        assertEq(sizeOf(aliceId, ETH), -2e18);
        assertEq(sizeOf(bobId, ETH), 2e18);
        assertEq(house.cashOf(aliceId), 10_000e18 + 4_020e18 - 0.804e18);
        assertEq(house.cashOf(bobId), 10_000e18 - 4_020e18 - 2.01e18);
    }

    function testFuzz_Fill_InParts(uint256 size, uint256[4] memory parts, bool buys) public {
        size = bound(size, 4, 20e18);
        IExchange.Order memory o = order(aliceId, ETH, buys ? int256(size) : -int256(size), 2_000e18);
        bytes32 hash = hashOf(o);
        uint256 left = size;
        for (uint256 i = 0; i < parts.length && left != 0; ++i) {
            uint256 most = bound(parts[i], 1, size);
            uint256 expected = most < left ? most : left;
            assertEq(fill(bob, o, bobId, most), expected);
            left -= expected;
            assertEq(exchange.isUsed(aliceId, o.nonce), left == 0);
            if (left != 0) assertEq(exchange.filled(hash), size - left);
        }
        assertEq(sizeOf(aliceId, ETH), buys ? int256(size - left) : -int256(size - left));
        assertEq(sizeOf(bobId, ETH), -sizeOf(aliceId, ETH));
    }

    function test_Fill_PaysThePartOfTheTipToTheTaker() public {
        IExchange.Order memory o = order(aliceId, ETH, 4e18, 2_000e18);
        o.tip = 1e18;
        fill(bob, o, bobId, 1e18);
        assertEq(house.cashOf(aliceId), 10_000e18 - 2_000e18 - 0.4e18 - 0.25e18);
        assertEq(house.cashOf(bobId), 10_000e18 + 2_000e18 - 1e18 + 0.25e18);
    }

    function test_Fill_ReduceOnlyShrinksAndIsDone() public {
        poolTrade(aliceId, ETH, 1e18);
        IExchange.Order memory o = order(aliceId, ETH, -5e18, 2_000e18);
        o.reduceOnly = true;
        IExchange.SignedOrder memory s = signed(o);
        assertEq(exchange.fillable(s, 2_000e18, true), 1e18);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(hashOf(o), aliceId, o.nonce, 1e18, 2_000e18, 0.4e18, 0);
        vm.prank(bob);
        assertEq(exchange.fill(s, bobId, 3e18, 0, block.timestamp), 1e18);
        assertEq(sizeOf(aliceId, ETH), 0);
        assertTrue(exchange.isUsed(aliceId, o.nonce));
        // It does not come back with the next position.
        poolTrade(aliceId, ETH, 1e18);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, o.nonce));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
    }

    function test_Fill_ReduceOnlyKeepsItsRest() public {
        poolTrade(aliceId, ETH, 2e18);
        IExchange.Order memory o = order(aliceId, ETH, -5e18, 2_000e18);
        o.reduceOnly = true;
        fill(bob, o, bobId, 0.5e18);
        assertEq(exchange.filled(hashOf(o)), 0.5e18);
        assertFalse(exchange.isUsed(aliceId, o.nonce));
        poolTrade(aliceId, ETH, 2e18);
        assertEq(fill(bob, o, bobId, 10e18), 3.5e18);
        assertTrue(exchange.isUsed(aliceId, o.nonce));
    }

    function test_Fill_WaitsForItsCondition() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        (o.condition, o.level) = (IExchange.Condition.MarkAtMost, 1_990e18);
        IExchange.SignedOrder memory s = signed(o);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExchange.ConditionNotMet.selector,
                IExchange.Condition.MarkAtMost,
                2_000e18,
                1_990e18
            )
        );
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        setPrice(ETH, 1_990e18);
        vm.prank(bob);
        assertEq(exchange.fill(s, bobId, 1e18, 0, block.timestamp), 1e18);
    }

    // ---- who may

    function test_Fill_OperatorOfTheTakerMay() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        vm.prank(carol);
        expectRefused(IExchange.NotOwnerOrOperator.selector, bobId, carol);
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        setOperator(bob, carol, true);
        vm.prank(carol);
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        assertEq(sizeOf(bobId, ETH), -1e18);
    }

    function test_Fill_RevertsWhen_TakerIsThePool() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 0);
        AccountId row = pool.account();
        vm.prank(bob);
        expectRefused(IExchange.NotOwnerOrOperator.selector, row, bob);
        exchange.fill(s, row, 1e18, 0, block.timestamp);
    }

    function test_Fill_RevertsWhen_OwnOrder() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, aliceId));
        exchange.fill(s, aliceId, 1e18, 0, block.timestamp);
    }

    // ---- bounds

    function test_Fill_RevertsWhen_DeadlinePassed() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.DeadlinePassed.selector, block.timestamp - 1, block.timestamp)
        );
        exchange.fill(s, bobId, 1e18, 0, block.timestamp - 1);
    }

    function test_Fill_RevertsWhen_OrderExpired() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        o.expiry = uint64(block.timestamp - 1);
        IExchange.SignedOrder memory s = signed(o);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderExpired.selector, o.expiry, block.timestamp));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        o.expiry = uint64(block.timestamp);
        assertEq(fill(bob, o, bobId, 1e18), 1e18, "its last second is good");
    }

    function testFuzz_Fill_RevertsWhen_FilledTooLittle(uint256 size, uint256 most, uint256 least) public {
        size = bound(size, 1, 10e18);
        most = bound(most, 0, 20e18);
        least = bound(least, 0, 20e18);
        uint256 filled = size < most ? size : most;
        IExchange.SignedOrder memory s = signed(aliceId, ETH, int256(size), 2_000e18);
        bool refused = filled == 0 || filled < least;
        if (refused)
            vm.expectRevert(abi.encodeWithSelector(IExchange.FilledTooLittle.selector, filled, least == 0 ? 1 : least));
        vm.prank(bob);
        exchange.fill(s, bobId, most, least, block.timestamp);
        assertEq(sizeOf(aliceId, ETH), refused ? int256(0) : int256(filled));
    }

    function test_Fill_RevertsWhen_FeeAboveLimit() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        o.maxFee = MAKER - 1;
        IExchange.SignedOrder memory s = signed(o);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeeAboveLimit.selector, MAKER, MAKER - 1));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        o.maxFee = MAKER;
        assertEq(fill(bob, o, bobId, 1e18), 1e18);
    }

    function testFuzz_Fill_KeepsTheBandOfTheLedger(bool up, bool buys) public {
        uint256 edge = up ? 2_040e18 : 1_960e18;
        uint256 beyond = up ? edge + 1 : edge - 1;
        IExchange.SignedOrder memory s = signed(aliceId, ETH, buys ? int256(1e18) : -1e18, beyond);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, beyond, 2_000e18, 200));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        IExchange.Order memory o = order(aliceId, ETH, buys ? int256(1e18) : -1e18, edge);
        fill(bob, o, bobId, 1e18);
    }

    /// @dev A price of zero is the pool's quote, which no order between traders gets.
    function test_Fill_RevertsWhen_LimitIsNone() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, -1e18, 0);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, ETH));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        s = signed(aliceId, ETH, 1e18, type(uint256).max);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, type(uint256).max, (1 << 80) - 1)
        );
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
    }

    function test_Fill_RevertsWhen_SizeOutOfBounds() public {
        int256[4] memory sizes = [
            int256(0),
            type(int256).min,
            int256(uint256(type(uint128).max)) + 1,
            -int256(uint256(type(uint128).max)) - 1
        ];
        for (uint256 i = 0; i < sizes.length; ++i) {
            IExchange.SignedOrder memory s = signed(aliceId, ETH, sizes[i], 2_000e18);
            vm.prank(bob);
            vm.expectRevert(
                abi.encodeWithSelector(IExchange.SizeOutOfBounds.selector, sizes[i], uint256(type(uint128).max))
            );
            exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        }
    }

    function test_Fill_RevertsWhen_NothingToReduce() public {
        IExchange.Order memory o = order(aliceId, ETH, -1e18, 2_000e18);
        o.reduceOnly = true;
        IExchange.SignedOrder memory s = signed(o);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.NothingToReduce.selector, aliceId, ETH, int256(0), int256(-1e18))
        );
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
    }

    // ---- what the ledger refuses

    function test_Fill_RevertsWhen_MakerHasNoMargin() public {
        address dora = key("dora");
        AccountId doraId = accountId(dora, 0);
        fund(dora, doraId, 100e6);
        IExchange.SignedOrder memory s = signed(doraId, ETH, 1e18, 2_000e18);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, doraId, 99.6e18, 200.04e18));
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
    }

    function test_Fill_RevertsWhen_MarketOnlyReduces() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        setState(ETH, AssetState.ReduceOnly);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, ETH, int256(0), int256(1e18))
        );
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
    }

    // ---- the view

    function testFuzz_Fillable_SaysWhatAFillFills(uint256 size, uint256 first, uint256 held, bool reduces) public {
        size = bound(size, 2, 10e18);
        first = bound(first, 1, size - 1);
        held = bound(held, 1e18, 10e18);
        poolTrade(aliceId, ETH, -int256(held));
        IExchange.Order memory o = order(aliceId, ETH, int256(size), 2_000e18);
        o.reduceOnly = reduces;
        if (first < held) fill(bob, o, bobId, first);
        IExchange.SignedOrder memory s = signed(o);
        uint256 fillable = exchange.fillable(s, 2_000e18, true);
        vm.prank(bob);
        assertEq(exchange.fill(s, bobId, type(uint256).max, fillable, block.timestamp), fillable, "QUOTE-1");
    }

    function test_Fillable_RevertsWithTheReason() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        o.maxFee = MAKER;
        IExchange.SignedOrder memory s = signed(o);
        assertEq(exchange.fillable(s, 2_000e18, true), 1e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeeAboveLimit.selector, TAKER, MAKER));
        exchange.fillable(s, 2_000e18, false);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, 2_000e18 + 1, 2_000e18));
        exchange.fillable(s, 2_000e18 + 1, true);
    }
}
