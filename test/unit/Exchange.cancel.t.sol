// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeCancelTest is OrderTest {
    // ---- by bits

    function testFuzz_Cancel_ExactlyTheBitsOfTheMask(uint56 word, uint256 mask, uint256 other) public {
        vm.expectEmit(address(exchange));
        emit IExchange.NoncesUsed(aliceId, word, mask);
        vm.startPrank(alice);
        exchange.cancel(aliceId, word, mask);
        requireBits(word, mask);
        exchange.cancel(aliceId, word, other);
        requireBits(word, mask | other);
        uint256 next = word == type(uint56).max ? 0 : uint256(word) + 1;
        requireBits(next, 0);
        assertEq(exchange.isUsed(bobId, uint256(word) << 8), false);
        assertEq(exchange.isUsed(accountId(alice, 1), uint256(word) << 8), false);
    }

    function testFuzz_Cancel_RefusesTheOrder(uint64 nonce) public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        o.nonce = nonce;
        IExchange.SignedOrder memory s = signed(o);
        vm.prank(alice);
        exchange.cancel(aliceId, nonce >> 8, 1 << (nonce & 255));
        refuseDone(s);
        // Its neighbour is as good as before.
        o.nonce = nonce ^ 1;
        assertEq(fill(bob, o, bobId, 1e18), 1e18);
    }

    function test_Cancel_StopsTheRestOfAnOrder() public {
        IExchange.Order memory o = order(aliceId, ETH, 4e18, 2_000e18);
        fill(bob, o, bobId, 1e18);
        vm.prank(alice);
        exchange.cancel(aliceId, 0, 1 << o.nonce);
        refuseDone(signed(o));
    }

    function test_Cancel_AWholeWordAtOnce() public {
        vm.prank(alice);
        exchange.cancel(aliceId, 0, type(uint256).max);
        for (uint64 nonce = 0; nonce < 256; ++nonce) assertTrue(exchange.isUsed(aliceId, nonce));
        assertFalse(exchange.isUsed(aliceId, 256));
    }

    // ---- below a floor

    function testFuzz_CancelBelow_ExactlyWhatIsBelow(uint64 floor, uint64 nonce) public {
        floor = uint64(bound(floor, 1, type(uint64).max));
        vm.expectEmit(address(exchange));
        emit IExchange.NoncesRaised(aliceId, floor);
        vm.prank(alice);
        exchange.cancelBelow(aliceId, floor);
        assertEq(exchange.isUsed(aliceId, nonce), nonce < floor);
        assertTrue(exchange.isUsed(aliceId, floor - 1));
        assertFalse(exchange.isUsed(aliceId, floor));
        assertFalse(exchange.isUsed(bobId, nonce));
        assertEq(exchange.floorOf(aliceId), floor);
    }

    function testFuzz_CancelBelow_RevertsWhen_NotHigher(uint64 floor, uint64 next) public {
        floor = uint64(bound(floor, 1, type(uint64).max));
        next = uint64(bound(next, 0, floor));
        vm.startPrank(alice);
        exchange.cancelBelow(aliceId, floor);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NonceFloorNotHigher.selector, next, floor));
        exchange.cancelBelow(aliceId, next);
    }

    function test_CancelBelow_RefusesTheOrder() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        vm.prank(alice);
        exchange.cancelBelow(aliceId, o.nonce + 1);
        refuseDone(signed(o));
        IExchange.Order memory next = order(aliceId, ETH, 1e18, 2_000e18);
        assertEq(fill(bob, next, bobId, 1e18), 1e18);
    }

    // ---- who may

    function test_Cancel_OwnerAndOperatorMay() public {
        refuseCaller(bob, aliceId);
        refuseCaller(address(exchange), aliceId);
        refuseCaller(alice, FEES);
        setOperator(alice, bob, true);
        vm.startPrank(bob);
        exchange.cancel(aliceId, 0, 2);
        exchange.cancelBelow(aliceId, 1);
        vm.stopPrank();
        assertTrue(exchange.isUsed(aliceId, 0) && exchange.isUsed(aliceId, 1));
        setOperator(alice, bob, false);
        refuseCaller(bob, aliceId);
    }

    // ---- one done cancels the other

    function test_Nonce_OneDoneCancelsTheOther() public {
        IExchange.Order memory a = order(aliceId, ETH, 1e18, 2_000e18);
        IExchange.Order memory b = order(aliceId, ETH, 2e18, 1_990e18);
        b.nonce = a.nonce;
        fill(bob, a, bobId, 0.5e18);
        fill(bob, b, bobId, 1e18);
        assertEq(exchange.filled(hashOf(a)), 0.5e18, "parts are counted apart");
        assertEq(exchange.filled(hashOf(b)), 1e18);
        fill(bob, a, bobId, 0.5e18);
        refuseDone(signed(a));
        refuseDone(signed(b));
    }

    function test_Nonce_RevertsWhen_MatchedWithAnOrderThatIsDone() public {
        IExchange.Order memory a = order(aliceId, ETH, 1e18, 2_000e18);
        fill(bob, a, bobId, 1e18);
        IExchange.Match memory m = pair(order(bobId, ETH, -1e18, 2_000e18), a);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, aliceId, a.nonce));
        exchange.matchOrders(m, keeperId);
    }

    /// @dev The same bytes never fill more than the size that was signed.
    function testFuzz_Nonce_ReplaysFillNoMoreThanTheSize(uint256 size, uint256[6] memory parts) public {
        size = bound(size, 1, 10e18);
        IExchange.SignedOrder memory s = signed(aliceId, ETH, int256(size), 2_000e18);
        for (uint256 i = 0; i < parts.length; ++i) {
            uint256 most = bound(parts[i], 1, 4e18);
            vm.prank(bob);
            try exchange.fill(s, bobId, most, 0, block.timestamp) {} catch (bytes memory reason) {
                assertEq(bytes4(reason), IExchange.OrderDone.selector);
            }
        }
        assertLe(sizeOf(aliceId, ETH), int256(size));
        if (sizeOf(aliceId, ETH) == int256(size)) refuseDone(s);
    }

    // ---- helpers

    function requireBits(uint256 word, uint256 mask) internal view {
        for (uint256 i = 0; i < 256; i += 5) {
            assertEq(exchange.isUsed(aliceId, (word << 8) | i), (mask >> i) & 1 == 1);
        }
    }

    function refuseDone(IExchange.SignedOrder memory s) internal {
        bytes memory reason = abi.encodeWithSelector(IExchange.OrderDone.selector, s.order.account, s.order.nonce);
        vm.prank(bob);
        vm.expectRevert(reason);
        exchange.fill(s, bobId, 1e18, 0, block.timestamp);
        vm.expectRevert(reason);
        exchange.execute(s, keeperId);
        vm.expectRevert(reason);
        exchange.fillable(s, 2_000e18, true);
    }

    function refuseCaller(address caller, AccountId account) internal {
        vm.startPrank(caller);
        expectRefused(IExchange.NotOwnerOrOperator.selector, account, caller);
        exchange.cancel(account, 0, 1);
        expectRefused(IExchange.NotOwnerOrOperator.selector, account, caller);
        exchange.cancelBelow(account, 1);
        vm.stopPrank();
    }
}
