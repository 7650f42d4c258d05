// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {MockPyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";
import {PythErrors} from "@pythnetwork/pyth-sdk-solidity/PythErrors.sol";
import {PythStructs} from "@pythnetwork/pyth-sdk-solidity/PythStructs.sol";
import {IOracleRouter} from "../../../contracts/interfaces/IOracleRouter.sol";
import {PythSource} from "../../../contracts/oracle/adapters/PythSource.sol";
import {AssetId} from "../../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../../../contracts/types/Price.sol";
import {BallastTest} from "../../support/BallastTest.sol";

/// @dev Pyth's mock with the rule that it leaves out and Pyth's contract has: a unique parse demands uniqueness.
contract UniquePyth {
    MockPyth internal immutable mock;

    constructor(MockPyth mock_) {
        mock = mock_;
    }

    function getUpdateFee(bytes[] calldata updateData) external view returns (uint256) {
        return mock.getUpdateFee(updateData);
    }

    function parsePriceFeedUpdates(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 from,
        uint64 until
    ) external payable returns (PythStructs.PriceFeed[] memory) {
        return mock.parsePriceFeedUpdates{value: msg.value}(updateData, priceIds, from, until);
    }

    function parsePriceFeedUpdatesUnique(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 from,
        uint64 until
    ) external payable returns (PythStructs.PriceFeed[] memory feeds) {
        (feeds, ) = mock.parsePriceFeedUpdatesWithConfig{value: msg.value}(
            updateData,
            priceIds,
            from,
            until,
            true,
            false,
            false
        );
    }
}

/// @dev A keeper that brings another update, or the same, when its refund arrives.
contract ReentrantKeeper {
    PythSource internal immutable source;
    bytes[] internal again;
    uint256 public refunds;

    constructor(PythSource source_) {
        source = source_;
    }

    receive() external payable {
        if (++refunds < 3) source.update{value: msg.value}(again);
    }

    function update(bytes[] calldata first, bytes calldata again_) external payable {
        again.push(again_);
        source.update{value: msg.value}(first);
    }
}

contract PythSourceTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    bytes32 internal constant FEED = keccak256("ETH/USD");
    uint256 internal constant NOW = 1_700_000_000;
    uint256 internal constant FEE = 3;

    MockPyth internal pyth;
    IPyth internal unique;
    PythSource internal source;

    function setUp() public override {
        super.setUp();
        pyth = new MockPyth(60, FEE);
        unique = IPyth(address(new UniquePyth(pyth)));
        source = new PythSource(unique, FEED, 100);
        vm.deal(keeper, 1 ether);
        vm.deal(address(this), 1 ether);
    }

    receive() external payable {}

    // ---- what is stored

    function test_Update_StoresAndEmits() public {
        vm.warp(NOW + 3);
        vm.expectEmit(address(source));
        emit PythSource.Updated(2_000e18, NOW, 1.5e18);
        source.update{value: FEE}(one(2_000e8, 1.5e8, -8, NOW, NOW - 6));
        stored(2_000e18, NOW, 1.5e18);
        assertEq(address(pyth).balance + address(unique).balance, FEE);
    }

    function testFuzz_Update_AnyExponent(uint256 price, uint256 expo, uint256 confidence) public {
        expo = bound(expo, 0, 18);
        uint256 scale = 10 ** (18 - expo);
        uint256 most = MAX_PRICE / scale;
        price = bound(
            price,
            (MIN_PRICE - 1) / scale + 1,
            most < uint64(type(int64).max) ? most : uint64(type(int64).max)
        );
        confidence = bound(confidence, 0, price / 100);
        source.update{value: FEE}(one(int64(uint64(price)), uint64(confidence), -int32(uint32(expo)), NOW, NOW - 6));
        stored(price * scale, NOW, confidence * scale);
    }

    function test_Update_RevertsWhen_PriceNotPositive() public {
        refused(one(0, 0, -8, NOW, NOW - 6), abi.encodeWithSelector(PythSource.PriceNotPositive.selector, 0));
        refused(one(-1, 0, -8, NOW, NOW - 6), abi.encodeWithSelector(PythSource.PriceNotPositive.selector, -1));
        refused(
            one(type(int64).min, 0, -8, NOW, NOW - 6),
            abi.encodeWithSelector(PythSource.PriceNotPositive.selector, type(int64).min)
        );
    }

    function testFuzz_Update_RevertsWhen_ExponentOutOfBounds(int32 expo) public {
        if (expo >= -18 && expo <= 0) expo -= 19;
        bytes4 reason = PythSource.ExponentOutOfBounds.selector;
        refused(one(2_000e8, 0, expo, NOW, NOW - 6), abi.encodeWithSelector(reason, expo, -18, 0));
        refused(one(2_000e8, 0, 1, NOW, NOW - 6), abi.encodeWithSelector(reason, 1, -18, 0));
        refused(one(2_000e8, 0, -19, NOW, NOW - 6), abi.encodeWithSelector(reason, -19, -18, 0));
    }

    function test_Update_RevertsWhen_PriceOutOfBounds() public {
        bytes4 reason = PythSource.PriceOutOfBounds.selector;
        bytes memory tooLow = abi.encodeWithSelector(reason, MIN_PRICE - 1, MIN_PRICE, MAX_PRICE);
        refused(one(int64(uint64(MIN_PRICE - 1)), 0, -18, NOW, NOW - 6), tooLow);
        bytes memory tooHigh = abi.encodeWithSelector(reason, 1_208_926e18, MIN_PRICE, MAX_PRICE);
        refused(one(1_208_926, 0, 0, NOW, NOW - 6), tooHigh);
        uint256 highest = uint256(uint64(type(int64).max)) * 1e18;
        tooHigh = abi.encodeWithSelector(reason, highest, MIN_PRICE, MAX_PRICE);
        refused(one(type(int64).max, type(uint64).max, 0, NOW, NOW - 6), tooHigh);
        source.update{value: FEE}(one(int64(uint64(MIN_PRICE)), 0, -18, NOW, NOW - 6));
        stored(MIN_PRICE, NOW, 0);
    }

    function testFuzz_Update_RevertsWhen_ConfidenceTooWide(uint256 price, uint256 confidence, uint256 most) public {
        most = bound(most, 1, 2_000);
        price = bound(price, 1, 1_000_000e8);
        confidence = bound(confidence, 0, (price * most) / 5_000 + 1);
        source = new PythSource(unique, FEED, most);
        bytes[] memory data = one(int64(uint64(price)), uint64(confidence), -8, NOW, NOW - 6);
        if (confidence * 10_000 > price * most) {
            bytes4 reason = PythSource.ConfidenceTooWide.selector;
            refused(data, abi.encodeWithSelector(reason, confidence * 1e10, price * 1e10, most));
        } else {
            source.update{value: FEE}(data);
            stored(price * 1e10, NOW, confidence * 1e10);
        }
    }

    function test_Update_EdgeOfConfidence() public {
        bytes4 reason = PythSource.ConfidenceTooWide.selector;
        bytes memory tooWide = abi.encodeWithSelector(reason, 20e18 + 1e10, 2_000e18, 100);
        refused(one(2_000e8, 20e8 + 1, -8, NOW, NOW - 6), tooWide);
        source.update{value: FEE}(one(2_000e8, 20e8, -8, NOW, NOW - 6));
        stored(2_000e18, NOW, 20e18);
    }

    function test_LatestPrice_RevertsWhen_NothingStored() public {
        vm.expectRevert(PythSource.NoPriceStored.selector);
        source.latestPrice();
    }

    // ---- which update counts

    function test_Update_RevertsWhen_Older() public {
        source.update{value: FEE}(one(2_000e8, 0, -8, NOW - 2, NOW - 6));
        vm.warp(NOW + 1);
        bytes4 reason = PythSource.UpdateNotNewer.selector;
        refused(one(1_900e8, 0, -8, NOW - 3, NOW - 6), abi.encodeWithSelector(reason, NOW - 3, NOW - 2));
        refused(one(1_900e8, 0, -8, NOW - 2, NOW - 6), abi.encodeWithSelector(reason, NOW - 2, NOW - 2));
        refused(one(2_000e8, 1, -8, NOW - 2, NOW - 6), abi.encodeWithSelector(reason, NOW - 2, NOW - 2));
    }

    function test_Update_RevertsWhen_TooOld() public {
        bytes[] memory data = one(2_000e8, 0, -8, NOW - 5, NOW - 6);
        vm.warp(NOW + 1);
        refused(data, abi.encodeWithSelector(PythSource.UpdateTooOld.selector, NOW - 5, NOW - 4));
        vm.warp(NOW);
        source.update{value: FEE}(data);
        stored(2_000e18, NOW - 5, 0);
    }

    function test_Update_RevertsWhen_FromFuture() public {
        bytes[] memory data = one(2_000e8, 0, -8, NOW + 1, NOW - 6);
        refused(data, abi.encodeWithSelector(PythSource.UpdateFromFuture.selector, NOW + 1, NOW));
        vm.warp(NOW + 1);
        source.update{value: FEE}(data);
        stored(2_000e18, NOW + 1, 0);
    }

    function test_Update_RevertsWhen_NotFirst() public {
        bytes4 reason = PythSource.UpdateNotFirst.selector;
        refused(one(2_000e8, 0, -8, NOW, NOW - 1), abi.encodeWithSelector(reason, NOW, NOW - 5));
        // Another was published in the second of the bound itself.
        refused(one(2_000e8, 0, -8, NOW - 5, NOW - 5), abi.encodeWithSelector(reason, NOW - 5, NOW - 5));
        source.update{value: FEE}(one(2_000e8, 0, -8, NOW - 2, NOW - 6));
        vm.warp(NOW + 1);
        refused(one(2_000e8, 0, -8, NOW, NOW - 1), abi.encodeWithSelector(reason, NOW, NOW - 1));
        source.update{value: FEE}(one(2_100e8, 0, -8, NOW - 1, NOW - 2));
        stored(2_100e18, NOW - 1, 0);
    }

    /// @dev An update every second: whoever brings whichever in whatever order, one price comes out.
    function testFuzz_Update_NobodyChooses(uint256[12] memory picks, uint256 jump) public {
        for (uint256 i = 0; i < 6; ++i) bring(picks[i]);
        stored(priceOf(NOW - 5) * 1e10, NOW - 5, 0);
        jump = bound(jump, 1, 20);
        vm.warp(NOW + jump);
        for (uint256 i = 6; i < 12; ++i) bring(picks[i]);
        uint256 publishTime = NOW + jump - 5;
        stored(priceOf(publishTime) * 1e10, publishTime, 0);
    }

    /// @dev With a gap between updates the first after the stored one counts, and none in between can be left out.
    function testFuzz_Update_PublishTimeOnlyRises(uint256[20] memory picks) public {
        uint256 last;
        for (uint256 i = 0; i < 20; ++i) {
            vm.warp(block.timestamp + (picks[i] % 3));
            uint256 publishTime = block.timestamp + 2 - (picks[i] % 11);
            uint256 before = publishTime - 1 - ((picks[i] >> 8) % 6);
            bytes[] memory data = one(int64(uint64(priceOf(publishTime))), 0, -8, publishTime, before);
            try source.update{value: FEE}(data) {} catch {}
            (bool ok, bytes memory result) = address(source).staticcall(abi.encodeCall(source.latestPrice, ()));
            if (!ok) continue;
            (uint256 price, uint256 updatedAt, ) = abi.decode(result, (uint256, uint256, uint256));
            assertGe(updatedAt, last);
            assertLe(updatedAt, block.timestamp);
            assertEq(price, priceOf(updatedAt) * 1e10);
            last = updatedAt;
        }
    }

    /// @dev Pyth takes the one that fits out of several, so a keeper need not know the second of its block.
    function testFuzz_Update_OneOfSeveral(uint256 delay) public {
        bytes[] memory several = new bytes[](6);
        for (uint256 i = 0; i < 6; ++i) several[i] = oneOf(NOW - 5 + i)[0];
        delay = bound(delay, 0, 5);
        vm.warp(NOW + delay);
        source.update{value: 6 * FEE}(several);
        stored(priceOf(NOW - 5 + delay) * 1e10, NOW - 5 + delay, 0);
    }

    // ---- an update that is there already

    function test_Update_SecondCallerInTheSameSecond() public {
        bytes[] memory data = oneOf(NOW - 5);
        source.update{value: FEE}(data);
        quiet(data);
        quiet(oneOf(NOW - 4));
        quiet(new bytes[](0));
        stored(priceOf(NOW - 5) * 1e10, NOW - 5, 0);
    }

    function test_Update_SameUpdateInAnotherSecond() public {
        bytes[] memory data = oneOf(NOW - 5);
        source.update{value: FEE}(data);
        for (uint256 i = 1; i < 10; i += 4) {
            vm.warp(NOW + i);
            quiet(data);
        }
        stored(priceOf(NOW - 5) * 1e10, NOW - 5, 0);
    }

    function test_Reveal_AlwaysReverts() public {
        bytes[] memory data = oneOf(NOW - 100);
        PythStructs.Price memory seen = PythStructs.Price(int64(uint64(priceOf(NOW - 100))), 0, -8, NOW - 100);
        vm.expectRevert(abi.encodeWithSelector(PythSource.Revealed.selector, seen));
        source.reveal{value: FEE}(data);
    }

    // ---- other feeds, broken data

    function test_Update_RevertsWhen_OtherFeed() public {
        bytes[] memory data = new bytes[](1);
        data[0] = encode(keccak256("BTC/USD"), 60_000e8, 0, -8, NOW, NOW - 6);
        refused(data, abi.encodeWithSelector(PythErrors.PriceFeedNotFoundWithinRange.selector));
        refused(new bytes[](0), abi.encodeWithSelector(PythErrors.PriceFeedNotFoundWithinRange.selector));
    }

    function test_Update_RevertsWhen_PythRefuses() public {
        bytes[] memory data = oneOf(NOW - 5);
        bytes memory reason = abi.encodeWithSelector(PythErrors.InvalidWormholeVaa.selector);
        vm.mockCallRevert(address(unique), abi.encodeWithSelector(IPyth.parsePriceFeedUpdatesUnique.selector), reason);
        refused(data, reason);
    }

    // ---- fee and refund

    function test_Update_RevertsWhen_FeeTooLow() public {
        bytes[] memory data = oneOf(NOW - 5);
        vm.expectRevert(abi.encodeWithSelector(PythSource.FeeTooLow.selector, FEE - 1, FEE));
        source.update{value: FEE - 1}(data);
    }

    function testFuzz_Update_ReturnsTheExcess(uint256 value) public {
        value = bound(value, FEE, 1 ether);
        bytes[] memory data = oneOf(NOW - 5);
        vm.prank(keeper);
        source.update{value: value}(data);
        assertEq(keeper.balance, 1 ether - FEE);
        assertEq(address(source).balance, 0);
    }

    function test_Update_RevertsWhen_RefundFails() public {
        bytes[] memory data = oneOf(NOW - 5);
        vm.deal(address(quote), 1 ether);
        vm.prank(address(quote));
        vm.expectRevert(abi.encodeWithSelector(PythSource.RefundFailed.selector, quote, 1));
        source.update{value: FEE + 1}(data);
        vm.prank(address(quote));
        source.update{value: FEE}(data);
        stored(priceOf(NOW - 5) * 1e10, NOW - 5, 0);
    }

    function test_Update_ReentrantRefundChangesNothing() public {
        vm.deal(address(source), 5);
        ReentrantKeeper greedy = new ReentrantKeeper(source);
        greedy.update{value: 100}(oneOf(NOW - 5), oneOf(NOW - 4)[0]);
        assertEq(greedy.refunds(), 3);
        assertEq(address(greedy).balance, 100 - FEE);
        assertEq(address(source).balance, 5, "what lay there stays");
        stored(priceOf(NOW - 5) * 1e10, NOW - 5, 0);
    }

    // ---- constructor

    function test_Constructor_RevertsWhen_OutOfBounds() public {
        vm.expectRevert(PythSource.ZeroPyth.selector);
        new PythSource(IPyth(address(0)), FEED, 100);
        vm.expectRevert(PythSource.ZeroFeedId.selector);
        new PythSource(unique, 0, 100);
        vm.expectRevert(abi.encodeWithSelector(PythSource.MaxConfidenceOutOfBounds.selector, 0, 1, 2_000));
        new PythSource(unique, FEED, 0);
        vm.expectRevert(abi.encodeWithSelector(PythSource.MaxConfidenceOutOfBounds.selector, 2_001, 1, 2_000));
        new PythSource(unique, FEED, 2_001);
        source = new PythSource(unique, FEED, 2_000);
        assertEq(address(source.pyth()), address(unique));
        assertEq(source.feedId(), FEED);
        assertEq(source.maxConfidence(), 2_000);
    }

    // ---- through the router

    function test_Peek_FreshWhileNew() public {
        source.update{value: FEE}(one(2_000e8, 10e8, -8, NOW, NOW - 6));
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](1);
        list[0] = IOracleRouter.Source(address(source), 30);
        router.setSources(NEW, list, 1, 100);
        Price memory p = router.latch(single(NEW))[0];
        assertEq(p.mark, 2_000e18);
        assertEq(p.updatedAt, NOW);
        vm.warp(NOW + 30);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Fresh));
        vm.warp(NOW + 31);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
        source.update{value: FEE}(one(2_010e8, 0, -8, NOW + 31, NOW));
        assertEq(peekPrice(NEW).mark, 2_010e18);
        // The router's own bound on doubt is tighter here than the source's.
        vm.warp(NOW + 40);
        source.update{value: FEE}(one(2_020e8, 20e8, -8, NOW + 40, NOW + 31));
        router.setSources(NEW, list, 1, 90);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
    }

    // ---- drivers

    /// @dev Brings one of the updates around the window; most are refused.
    function bring(uint256 pick) internal {
        try source.update{value: FEE}(oneOf(block.timestamp - 7 + (pick % 9))) {} catch {}
        // Whatever was tried, at the end of the block the right one was brought too.
        try source.update{value: FEE}(oneOf(block.timestamp - 5)) {} catch {}
    }

    function priceOf(uint256 publishTime) internal pure returns (uint256) {
        return 2_000e8 + (uint256(keccak256(abi.encode(publishTime))) % 100e8);
    }

    /// @dev The update of a second of a feed that publishes every second.
    function oneOf(uint256 publishTime) internal view returns (bytes[] memory) {
        return one(int64(uint64(priceOf(publishTime))), 0, -8, publishTime, publishTime - 1);
    }

    function one(
        int64 price,
        uint64 confidence,
        int32 expo,
        uint256 publishTime,
        uint256 before
    ) internal view returns (bytes[] memory data) {
        data = new bytes[](1);
        data[0] = encode(FEED, price, confidence, expo, publishTime, before);
    }

    function encode(
        bytes32 id,
        int64 price,
        uint64 confidence,
        int32 expo,
        uint256 publishTime,
        uint256 before
    ) internal view returns (bytes memory) {
        return
            pyth.createPriceFeedUpdateData(
                id,
                price,
                confidence,
                expo,
                price,
                confidence,
                uint64(publishTime),
                uint64(before)
            );
    }

    function stored(uint256 price, uint256 publishTime, uint256 confidence) internal view {
        (uint256 p, uint256 t, uint256 c) = source.latestPrice();
        assertEq(p, price);
        assertEq(t, publishTime);
        assertEq(c, confidence);
    }

    /// @dev No event, no fee, no change.
    function quiet(bytes[] memory data) internal {
        vm.recordLogs();
        vm.prank(keeper);
        source.update{value: 0.5 ether}(data);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(keeper.balance, 1 ether);
    }

    function refused(bytes[] memory data, bytes memory reason) internal {
        vm.expectRevert(reason);
        source.update{value: FEE * (data.length == 0 ? 1 : data.length)}(data);
    }
}
