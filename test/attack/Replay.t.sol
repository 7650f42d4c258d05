// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {Exchange} from "../../contracts/trading/Exchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {AttackTest} from "./AttackTest.sol";

/// @notice A maker signed to buy one unit 2 % above the mark. The attacker sells to him as often as anybody lets him: each
/// unit beyond the first would be 40 of profit.
contract ReplayTest is AttackTest {
    uint256 private constant LIMIT = 2_040e18;
    uint256 private constant CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    address private maker;
    uint256 private key;
    AccountId private makerId;
    IExchange.SignedOrder private order;

    function setUp() public override {
        super.setUp();
        (maker, key) = makeAddrAndKey("maker");
        makerId = accountId(maker, 0);
        fund(maker, makerId, 100_000e6);
        fund(maker, accountId(maker, 1), 100_000e6);
        fund(alice, aliceId, 100_000e6);
        order = signedBy(key, orderOf(makerId, 1e18, LIMIT, 7));
    }

    // ---- somewhere else

    function test_Replay_OnAnotherChain() public {
        fillPart(order, aliceId, 0.5e18);
        bytes32 hash = exchange.hashOf(order.order);
        vm.chainId(block.chainid + 1);
        assertTrue(exchange.hashOf(order.order) != hash);
        refusedFor(exchange, order, exchange.hashOf(order.order));
    }

    function test_Replay_AtAnotherDeployment() public {
        Exchange other = new Exchange(address(manager), lens, IExchange.FeeTerms(200, 500));
        configurator.setCapability(address(other), Capability.Trade, true);
        fillAll(order, aliceId);
        refusedFor(other, order, other.hashOf(order.order));
    }

    /// @dev Any field that is not the signed one makes another order.
    function testFuzz_Replay_OfAnotherOrder(uint256 field, uint64 value) public {
        IExchange.SignedOrder memory forged = tampered(field % 13, value);
        bytes32 hash = exchange.hashOf(forged.order);
        vm.assume(hash != exchange.hashOf(order.order));
        vm.prank(alice);
        try exchange.fill(forged, aliceId, 1e18, 0, block.timestamp) {
            fail();
        } catch {
            assertEq(exchange.filled(hash), 0);
        }
        assertEq(sizeOf(aliceId, ETH), 0);
    }

    function test_Replay_OfTheOtherSignature() public {
        fillPart(order, aliceId, 0.5e18);
        (bytes32 r, bytes32 s, uint8 v) = split(order.signature);
        IExchange.SignedOrder memory twin = order;
        twin.signature = abi.encodePacked(r, bytes32(CURVE - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        refusedFor(exchange, twin, exchange.hashOf(twin.order));
    }

    // ---- once more

    function test_Replay_OfAFilledOrder() public {
        fillAll(order, aliceId);
        refusedAsDone();
    }

    /// @dev In any parts, by any of the ways an order can be filled.
    function testFuzz_Replay_PartsAreTheOrderAtMost(uint256[6] memory parts) public {
        int256 before = equityOf(aliceId);
        uint256 total;
        for (uint256 i = 0; i < 6 && total < 1e18; ++i) {
            total += fillPart(order, aliceId, bound(parts[i], 1, 1e18));
            assertLe(total, 1e18);
        }
        if (total < 1e18) total += fillAll(order, aliceId);
        assertEq(total, 1e18);
        assertEq(sizeOf(aliceId, ETH), -1e18);
        refusedAsDone();
        assertLe(equityOf(aliceId) - before, 40e18, "what was signed");
    }

    function test_Replay_InOneBatch() public {
        (address taker, uint256 takerKey) = makeAddrAndKey("taker");
        fund(taker, accountId(taker, 0), 100_000e6);
        IExchange.Match[] memory pairs = new IExchange.Match[](5);
        for (uint64 i = 0; i < 5; ++i) {
            pairs[i].maker = order;
            pairs[i].taker = signedBy(takerKey, orderOf(accountId(taker, 0), -1e18, 1_900e18, i));
            pairs[i].size = 0.4e18;
        }
        bytes[] memory reasons = exchange.matchBatch(pairs, keeperId);
        assertEq(sizeOf(makerId, ETH), 1e18, "0.4 and 0.4 and 0.2");
        for (uint256 i = 3; i < 5; ++i) assertEq(reasons[i], done());
    }

    /// @dev An order that may only reduce is done with what it reduced: it does not wait for the next position.
    function test_Replay_OfAReductionOnTheNextPosition() public {
        fillAll(order, aliceId);
        IExchange.Order memory exit = orderOf(makerId, -5e18, 1_960e18, 8);
        exit.reduceOnly = true;
        IExchange.SignedOrder memory stop = signedBy(key, exit);
        assertEq(fillAll(stop, aliceId), 1e18);
        fillAll(signedBy(key, orderOf(makerId, 3e18, 2_000e18, 9)), aliceId);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OrderDone.selector, makerId, 8));
        exchange.fill(stop, aliceId, 3e18, 0, block.timestamp);
    }

    // ---- cancelled

    function test_Cancel_BeforeTheFillInItsBlock() public {
        cancel();
        refusedAsDone();
        assertEq(sizeOf(aliceId, ETH), 0);
    }

    function test_Cancel_AfterTheFillInItsBlock() public {
        fillPart(order, aliceId, 0.25e18);
        cancel();
        refusedAsDone();
        assertEq(sizeOf(aliceId, ETH), -0.25e18, "what was filled stays, the rest is dead");
    }

    function test_Cancel_BothSidesOfAFill() public {
        cancel();
        refusedAsDone();
        cancel();
        refusedAsDone();
        assertEq(exchange.filled(exchange.hashOf(order.order)), 0);
    }

    function test_Cancel_FloorUnderAPartlyFilledOrder() public {
        fillPart(order, aliceId, 0.25e18);
        vm.prank(maker);
        exchange.cancelBelow(makerId, 8);
        refusedAsDone();
        vm.prank(maker);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NonceFloorNotHigher.selector, 7, 8));
        exchange.cancelBelow(makerId, 7);
        refusedAsDone();
    }

    /// @dev The floor is exclusive: what is above it lives on.
    function test_Cancel_FloorSparesWhatIsAbove() public {
        vm.prank(maker);
        exchange.cancelBelow(makerId, 7);
        assertEq(fillAll(order, aliceId), 1e18);
    }

    function test_Cancel_ByStrangersAndSubAccounts() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotOwnerOrOperator.selector, makerId, alice));
        exchange.cancel(makerId, 0, type(uint256).max);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotOwnerOrOperator.selector, makerId, alice));
        exchange.cancelBelow(makerId, 100);
        vm.prank(maker);
        exchange.cancel(accountId(maker, 1), 0, type(uint256).max);
        assertEq(fillAll(order, aliceId), 1e18, "an account's nonces are its own");
    }

    /// @dev Cancelled and replaced in one transaction: the old one cannot be filled between them, nor after.
    function test_Cancel_AndReplaceAtOnce() public {
        fillPart(order, aliceId, 0.25e18);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IExchange.cancel, (makerId, 0, 1 << 7));
        calls[1] = abi.encodeCall(IExchange.cancelBelow, (makerId, 5));
        vm.prank(maker);
        exchange.multicall(calls);
        refusedAsDone();
        assertEq(fillAll(signedBy(key, orderOf(makerId, 0.75e18, 2_000e18, 8)), aliceId), 0.75e18);
        assertEq(sizeOf(makerId, ETH), 1e18);
    }

    /// @dev Orders of one nonce cancel each other when one is done, not before: the most is all but one of them in parts,
    /// and one whole.
    function test_Cancel_OfTheSameNonceComesWhenOneIsDone() public {
        IExchange.SignedOrder memory second = signedBy(key, orderOf(makerId, 1e18, 2_039e18, 7));
        fillPart(order, aliceId, 1e18 - 1);
        assertEq(fillAll(second, aliceId), 1e18);
        refusedAsDone();
        assertEq(sizeOf(makerId, ETH), 2e18 - 1);
    }

    // ---- helpers

    function cancel() private {
        vm.prank(maker);
        exchange.cancel(makerId, 0, 1 << 7);
    }

    function done() private view returns (bytes memory) {
        return abi.encodeWithSelector(IExchange.OrderDone.selector, makerId, 7);
    }

    function refusedAsDone() private {
        int256 before = equityOf(aliceId);
        vm.prank(alice);
        vm.expectRevert(done());
        exchange.fill(order, aliceId, 1, 0, block.timestamp);
        assertEq(equityOf(aliceId), before);
    }

    function refusedFor(Exchange venue, IExchange.SignedOrder memory signed, bytes32 hash) private {
        int256 before = equityOf(aliceId);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, maker, hash));
        venue.fill(signed, aliceId, 1e18, 0, block.timestamp);
        assertEq(equityOf(aliceId), before);
    }

    function tampered(uint256 field, uint64 value) private view returns (IExchange.SignedOrder memory forged) {
        forged = order;
        IExchange.Order memory o = forged.order;
        if (field == 0) o.account = accountId(maker, 1);
        if (field == 1) o.asset = BTC;
        if (field == 2) o.size = int256(uint256(value)) + 1;
        if (field == 3) o.limit = 1_970e18 + (uint256(value) * 1e18) / (1 << 60);
        if (field == 4) o.nonce = value;
        if (field == 5) o.expiry = uint64(block.timestamp) + (value >> 2);
        if (field == 6) o.notBefore = value % uint64(block.timestamp);
        if (field == 7) o.maxFee = uint32(value);
        if (field == 8) o.reduceOnly = true;
        if (field == 9) o.condition = IExchange.Condition(1 + (value % 3));
        if (field == 10) o.level = value;
        if (field == 11) o.target = value;
        if (field == 12) o.tip = value;
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
