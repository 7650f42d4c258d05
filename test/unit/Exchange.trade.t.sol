// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Positions} from "../../contracts/core/Positions.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {Exchange} from "../../contracts/trading/Exchange.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeTradeTest is OrderTest {
    // ---- what a trade does

    function test_Trade_BuysAtTheQuote() public {
        int256 poolCash = house.cashOf(pool.account());
        vm.prank(alice);
        (int256 size, uint256 price) = exchange.trade(poolTerms(aliceId, 1e18));
        // Half a spread of 5 bp, and half of 2,000 / 50,000,000.
        assertEq(price, 2_001.04e18);
        assertEq(size, 1e18);
        assertEq(sizeOf(aliceId, ETH), 1e18);
        assertEq(sizeOf(pool.account(), ETH), -1e18);
        assertEq(house.cashOf(aliceId), 10_000e18 - 2_001.04e18 - 1.00052e18, "the taker pays the fee");
        assertEq(house.cashOf(pool.account()), poolCash + 2_001.04e18, "the pool pays none");
        assertEq(house.cashOf(FEES), 1.00052e18);
    }

    function test_Trade_SellsAtTheQuote() public {
        int256 poolCash = house.cashOf(pool.account());
        vm.prank(alice);
        (int256 size, uint256 price) = exchange.trade(poolTerms(aliceId, -1e18));
        assertEq(price, 1_998.96e18);
        assertEq(size, -1e18);
        assertEq(sizeOf(aliceId, ETH), -1e18);
        assertEq(house.cashOf(aliceId), 10_000e18 + 1_998.96e18 - 0.99948e18);
        assertEq(house.cashOf(pool.account()), poolCash - 1_998.96e18);
    }

    function testFuzz_Trade_ExecutesWhatIsQuoted(int256 held, int256 size, uint256 mark, uint256 age) public {
        held = bound(held, -2_000e18, 2_000e18);
        if (held != 0) poolTrade(carolId, ETH, held);
        setPrice(ETH, bound(mark, 1_800e18, 2_200e18));
        vm.warp(block.timestamp + bound(age, 0, 30 minutes));
        size = bound(size, -200e18, 200e18);
        if (size == 0) size = 1;
        (uint256 quoted, uint256 most) = lens.quote(ETH, size);
        assertGe(most, size > 0 ? uint256(size) : uint256(-size));
        assertEq(poolTrade(carolId, ETH, size), quoted, "QUOTE-1");
    }

    /// @dev Of what it holds more, or anything while it holds nothing.
    function testFuzz_Trade_TakesTheMostThatIsQuoted(uint256 held, bool buys, uint256 mark) public {
        held = bound(held, 0, 2_000e18);
        if (held != 0) poolTrade(carolId, ETH, buys ? int256(held) : -int256(held));
        setPrice(ETH, bound(mark, 1_800e18, 2_200e18));
        takeTheMost(buys);
    }

    /// @dev A pool of a hundred thousand holds at most three times as much.
    function testFuzz_Trade_TakesTheMostOfASmallPool(uint256 held, bool buys) public {
        shrinkPool(100_000e18);
        held = bound(held, 0, 90e18);
        if (held != 0) poolTrade(carolId, ETH, buys ? int256(held) : -int256(held));
        takeTheMost(buys);
    }

    function testFuzz_Trade_AnOverloadedPoolQuotesOneSide(int256 held, bool buys, uint256 share) public {
        held = bound(held, 1_000e18, 2_000e18);
        poolTrade(carolId, ETH, buys ? held : -held);
        // Twice its equity is less than what it holds.
        shrinkPool((uint256(held) * bound(share, 60, 95) * 10));
        (, uint256 more) = lens.quote(ETH, buys ? int256(1) : -1);
        assertEq(more, 0);
        IExchange.PoolTrade memory terms = poolTerms(carolId, buys ? int256(1e15) : -1e15);
        vm.prank(carol);
        vm.expectPartialRevert(IClearingHouse.InventoryAboveLimit.selector);
        exchange.trade(terms);
        (uint256 quoted, uint256 most) = lens.quote(ETH, buys ? -held : held);
        assertGe(most, uint256(held));
        assertEq(poolTrade(carolId, ETH, buys ? -held : held), quoted, "QUOTE-1");
    }

    // ---- limits

    function testFuzz_Trade_KeepsTheLimit(uint256 size, bool buys) public {
        int256 wanted = buys ? int256(bound(size, 1e12, 20e18)) : -int256(bound(size, 1e12, 20e18));
        IExchange.PoolTrade memory terms = poolTerms(aliceId, wanted);
        (uint256 price, ) = lens.quote(ETH, wanted);
        terms.limit = buys ? price - 1 : price + 1;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceBeyondLimit.selector, price, terms.limit));
        exchange.trade(terms);
        terms.limit = price;
        exchange.trade(terms);
        assertEq(sizeOf(aliceId, ETH), wanted);
    }

    function test_Trade_RevertsWhen_DeadlinePassed() public {
        IExchange.PoolTrade memory terms = poolTerms(aliceId, 1e18);
        vm.startPrank(alice);
        terms.deadline = block.timestamp - 1;
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.DeadlinePassed.selector, block.timestamp - 1, block.timestamp)
        );
        exchange.trade(terms);
        terms.deadline = block.timestamp;
        exchange.trade(terms);
    }

    function test_Trade_RevertsWhen_SizeOutOfBounds() public {
        refuseSize(0);
        refuseSize(int256(uint256(type(uint128).max)) + 1);
        refuseSize(-int256(uint256(type(uint128).max)) - 1);
        refuseSize(type(int256).max);
        refuseSize(type(int256).min);
    }

    function test_Trade_RevertsWhen_LargerThanAnyPosition() public {
        uint256 largest = (1 << 95) - 1;
        IExchange.PoolTrade memory terms = poolTerms(aliceId, int256(uint256(type(uint128).max)));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Positions.SizeTooLarge.selector, type(uint128).max, largest));
        exchange.trade(terms);
    }

    function test_Trade_RevertsWhen_NoPool() public {
        IExchange.PoolTrade memory terms = poolTerms(aliceId, 1e18);
        terms.asset = BTC;
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC));
        exchange.trade(terms);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC));
        lens.quote(BTC, 1e18);
    }

    function test_Trade_RevertsWhen_MarginIsMissing() public {
        // 52 · 2,000 at 10 %, the second term, and what spread and fee take.
        IExchange.PoolTrade memory terms = poolTerms(aliceId, 52e18);
        vm.prank(alice);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        exchange.trade(terms);
    }

    // ---- to reduce only

    function testFuzz_Trade_ReduceOnlyShrinksToThePosition(uint256 held, uint256 wanted, bool long) public {
        held = bound(held, 1e12, 20e18);
        wanted = bound(wanted, 1, type(uint128).max);
        poolTrade(aliceId, ETH, long ? int256(held) : -int256(held));
        IExchange.PoolTrade memory terms = poolTerms(aliceId, long ? -int256(wanted) : int256(wanted));
        terms.reduceOnly = true;
        vm.prank(alice);
        (int256 size, ) = exchange.trade(terms);
        uint256 closed = wanted < held ? wanted : held;
        assertEq(size, long ? -int256(closed) : int256(closed));
        assertEq(sizeOf(aliceId, ETH), long ? int256(held - closed) : -int256(held - closed));
    }

    function test_Trade_RevertsWhen_NothingToReduce() public {
        IExchange.PoolTrade memory terms = poolTerms(aliceId, 1e18);
        terms.reduceOnly = true;
        refuseReduction(terms, 0);
        poolTrade(aliceId, ETH, 0.5e18);
        refuseReduction(terms, 0.5e18);
        poolTrade(aliceId, ETH, -1e18);
        terms.size = -1e18;
        refuseReduction(terms, -0.5e18);
    }

    // ---- who may

    function test_Trade_OwnerAndOperatorMay() public {
        IExchange.PoolTrade memory terms = poolTerms(aliceId, 1e18);
        vm.prank(bob);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, bob);
        exchange.trade(terms);
        setOperator(alice, bob, true);
        vm.prank(bob);
        exchange.trade(terms);
        setOperator(alice, bob, false);
        vm.prank(bob);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, bob);
        exchange.trade(terms);
        assertEq(sizeOf(aliceId, ETH), 1e18);
    }

    function test_Trade_RevertsWhen_RowOfTheHouse() public {
        IExchange.PoolTrade memory terms = poolTerms(FEES, 1e18);
        expectRefused(IExchange.NotOwnerOrOperator.selector, FEES, address(this));
        exchange.trade(terms);
    }

    // ---- fees

    function test_SetFees_TakesEffectAndSaysSo() public {
        vm.expectEmit(address(exchange));
        emit IExchange.FeesSet(IExchange.FeeTerms(MAKER, TAKER), IExchange.FeeTerms(0, 2_000));
        exchange.setFees(IExchange.FeeTerms(0, 2_000));
        assertEq(exchange.fees().maker, 0);
        assertEq(exchange.fees().taker, 2_000);
        uint256 price = poolTrade(aliceId, ETH, 1e18);
        assertEq(house.cashOf(FEES), int256(feeOn(1e18, price, 2_000)));
    }

    function test_SetFees_RevertsWhen_OutOfBounds() public {
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeesOutOfBounds.selector, 2_001, 2_000));
        exchange.setFees(IExchange.FeeTerms(0, 2_001));
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeesOutOfBounds.selector, 501, 500));
        exchange.setFees(IExchange.FeeTerms(501, 500));
        vm.expectRevert(abi.encodeWithSelector(IExchange.FeesOutOfBounds.selector, 2_001, 2_000));
        new Exchange(address(manager), lens, IExchange.FeeTerms(0, 2_001));
    }

    function test_SetFees_RevertsWhen_NotTheAuthority() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        exchange.setFees(IExchange.FeeTerms(0, 0));
    }

    // ---- helpers

    function refuseSize(int256 size) internal {
        IExchange.PoolTrade memory terms = poolTerms(aliceId, size);
        for (uint256 i = 0; i < 2; ++i) {
            terms.reduceOnly = i == 1;
            vm.prank(alice);
            vm.expectRevert(
                abi.encodeWithSelector(IExchange.SizeOutOfBounds.selector, size, uint256(type(uint128).max))
            );
            exchange.trade(terms);
        }
    }

    function refuseReduction(IExchange.PoolTrade memory terms, int256 held) internal {
        vm.prank(terms.account.ownerOf());
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.NothingToReduce.selector, terms.account, ETH, held, terms.size)
        );
        exchange.trade(terms);
    }

    /// @dev A fifth more is refused. What a small pool earns by the trade raises its limit, so that a little more is not.
    function takeTheMost(bool buys) internal {
        (, uint256 most) = lens.quote(ETH, buys ? int256(1) : -1);
        int256 size = buys ? int256(most) : -int256(most);
        IExchange.PoolTrade memory above = poolTerms(carolId, (size * 6) / 5);
        vm.prank(carol);
        vm.expectPartialRevert(IClearingHouse.InventoryAboveLimit.selector);
        exchange.trade(above);
        (uint256 quoted, ) = lens.quote(ETH, size);
        assertEq(poolTrade(carolId, ETH, size), quoted, "QUOTE-1");
    }

    /// @dev Leaves the pool's account `left` of equity.
    function shrinkPool(uint256 left) internal {
        AccountId row = pool.account();
        uint256 equity = uint256(house.caseOf(row, ETH).account.equity);
        vm.prank(address(pool));
        house.transferCash(row, keeperId, equity - left);
        house.accrue(single(ETH));
    }
}
