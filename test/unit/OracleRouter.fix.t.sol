// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {OracleRouter} from "../../contracts/oracle/OracleRouter.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Price, PriceStatus} from "../../contracts/types/Price.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract OracleRouterFixTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    uint256 internal constant BASE = 2_000e18;
    uint256 internal constant FAILURES = 8;

    HostileSource[2] internal hostile;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 2; ++i) hostile[i] = new HostileSource(BASE);
        router.setSources(NEW, listOf(1 days), 1, 100);
        router.latch(single(NEW));
    }

    // ---- fix

    /// @dev Whatever happened before and whatever sources do afterwards.
    function testFuzz_Fix_AtSlowAndNeverMovesAgain(uint256[4] memory prices, uint256[4] memory waits) public {
        for (uint256 i = 0; i < 3; ++i) {
            move(bound(prices[i], 1e18, 10_000e18), bound(waits[i], 1, 2 hours));
            router.latch(single(NEW));
        }
        move(bound(prices[3], 1e18, 10_000e18), bound(waits[3], 0, 2 hours));
        Price memory before = peekPrice(NEW);
        router.fix(NEW);
        assertTrue(router.isFixed(NEW));
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, before.slow);
        assertEq(p.fast, before.slow);
        assertEq(p.slow, before.slow);
        assertEq(p.sigma, before.sigma);
        assertEq(p.updatedAt, block.timestamp);
        assertEq(uint8(p.status), uint8(PriceStatus.Fresh));
        uint256 time = block.timestamp;
        for (uint256 mode = 0; mode <= FAILURES; ++mode) {
            for (uint256 i = 0; i < 2; ++i) hostile[i].set(HostileSource.Mode(mode), prices[i]);
            vm.warp(block.timestamp + bound(waits[mode % 4], 0, 3 days));
            staysAt(NEW, p, time);
        }
    }

    function test_Fix_TellsWhatItLatchedAndFixed() public {
        move(3_000e18, 30 minutes);
        Price memory p = peekPrice(NEW);
        uint256 slow = p.slow;
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceLatched(NEW, 3_000e18, p.fast, slow, block.timestamp, PriceStatus.Fresh);
        vm.expectEmit(true, false, false, false, address(router));
        emit IOracleRouter.VarianceSampled(NEW, 0, 0);
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceLatched(NEW, slow, slow, slow, block.timestamp, PriceStatus.Fresh);
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceFixed(NEW, slow);
        router.fix(NEW);
    }

    function test_Fix_AtOnceAfterALatch() public {
        move(3_000e18, 10 minutes);
        uint256 slow = router.latch(single(NEW))[0].slow;
        router.fix(NEW);
        assertEq(peekPrice(NEW).mark, slow);
        assertEq(router.latch(single(NEW))[0].mark, slow, "within the block too");
    }

    function test_Fix_StaleLeavesTheLastMark() public {
        move(3_000e18, 1 minutes);
        uint256 slow = router.latch(single(NEW))[0].slow;
        silence();
        vm.warp(block.timestamp + 30 minutes);
        uint256 now_ = peekPrice(NEW).slow;
        assertGt(now_, slow, "moves on towards the mark");
        router.fix(NEW);
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, now_);
        assertEq(uint8(p.status), uint8(PriceStatus.Fresh));
    }

    function test_Fix_OfAMarketThatWasNeverLatched() public {
        AssetId never = AssetId.wrap(8);
        router.setSources(never, listOf(1 days), 1, 100);
        router.fix(never);
        assertEq(peekPrice(never).mark, BASE);
    }

    function test_Fix_RevertsWhen_UnknownQuoteFixedOrStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, AssetId.wrap(9)));
        router.fix(AssetId.wrap(9));
        addFeed(QUOTE, 1e8);
        router.latch(single(QUOTE));
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NeverFixed.selector, QUOTE));
        router.fix(QUOTE);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NeverFixed.selector, QUOTE));
        router.fixStale(QUOTE);
        router.fix(NEW);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyFixed.selector, NEW));
        router.fix(NEW);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyFixed.selector, NEW));
        router.fixStale(NEW);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        router.fix(ETH);
        assertFalse(router.isFixed(ETH));
    }

    /// @dev The other fields of both words, at the edges of their widths.
    function testFuzz_Fix_BothWordsSurvive(uint8 quorum, uint16 divergence) public {
        quorum = uint8(bound(quorum, 1, 2));
        divergence = uint16(bound(divergence, 10, 2_000));
        router.setSources(NEW, listOf(2 days), quorum, divergence);
        router.setReference(NEW, IOracleRouter.Reference(address(hostile[0]), 2 days, 100));
        move(BASE + 1e18, 1 days);
        Price memory before = peekPrice(NEW);
        router.fix(NEW);
        (uint256 q, uint256 d) = router.rulesOf(NEW);
        assertEq(q, quorum);
        assertEq(d, divergence);
        assertEq(router.sources(NEW).length, 2);
        assertEq(router.referenceOf(NEW).source, address(hostile[0]));
        assertEq(peekPrice(NEW).sigma, before.sigma);
        assertEq(peekPrice(NEW).mark, before.slow);
        assertFalse(router.isFixed(ETH));
    }

    /// @dev No source is asked, so no caller can leave too little gas for one.
    function test_Latch_FixedNeedsNoGasForSources() public {
        router.fix(NEW);
        vm.warp(block.timestamp + 1 days);
        assertEq(router.latch{gas: 40_000}(single(NEW))[0].mark, BASE);
        assertEq(router.peek{gas: 40_000}(single(NEW))[0].mark, BASE);
    }

    function test_Latch_FixedBesideOthers() public {
        router.fix(NEW);
        setPrice(ETH, 2_100e18);
        AssetId[] memory assets = new AssetId[](2);
        (assets[0], assets[1]) = (NEW, ETH);
        Price[] memory prices = router.latch(assets);
        assertEq(prices[0].mark, BASE);
        assertEq(prices[1].mark, 2_100e18);
    }

    // ---- fixStale

    function test_FixStale_ByAnyoneAfterADay() public {
        silence();
        vm.warp(block.timestamp + 1);
        router.latch(single(NEW));
        uint256 since = block.timestamp;
        assertEq(router.staleSince(NEW), since);
        vm.warp(since + 12 hours);
        router.latch(single(NEW));
        assertEq(router.staleSince(NEW), since, "the first of them");
        vm.warp(since + 24 hours - 1);
        tooEarly(since);
        vm.warp(since + 24 hours);
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceFixed(NEW, BASE);
        vm.prank(alice);
        router.fixStale(NEW);
        assertTrue(router.isFixed(NEW));
        assertEq(router.staleSince(NEW), 0);
    }

    function test_FixStale_RevertsWhen_Fresh() public {
        tooEarly(block.timestamp);
        vm.warp(block.timestamp + 12 hours);
        tooEarly(block.timestamp);
    }

    /// @dev However long ago it was stale: a quorum that is fresh now keeps anyone from fixing.
    function testFuzz_FixStale_RevertsWhen_FreshNow(uint256 seconds_, bool latched) public {
        silence();
        vm.warp(block.timestamp + 1);
        router.latch(single(NEW));
        vm.warp(block.timestamp + bound(seconds_, 1, 30 days));
        hostile[1].set(HostileSource.Mode.Honest, BASE);
        if (latched) router.latch(single(NEW));
        tooEarly(block.timestamp);
    }

    function test_FixStale_CountsAgainAfterAFreshLatch() public {
        silence();
        vm.warp(block.timestamp + 1);
        router.latch(single(NEW));
        vm.warp(block.timestamp + 23 hours);
        hostile[1].set(HostileSource.Mode.Honest, BASE);
        router.latch(single(NEW));
        assertEq(router.staleSince(NEW), 0);
        silence();
        vm.warp(block.timestamp + 2 hours);
        tooEarly(block.timestamp);
        router.latch(single(NEW));
        uint256 since = block.timestamp;
        vm.warp(since + 1);
        tooEarly(since);
        vm.warp(since + 24 hours);
        router.fixStale(NEW);
    }

    /// @dev Sources may be old for two days without being stale, and nobody need have latched meanwhile.
    function test_FixStale_OldIsNotStale() public {
        router.setSources(NEW, listOf(2 days), 1, 100);
        hostile[0].setAge(2 days);
        hostile[1].setAge(2 days);
        router.latch(single(NEW));
        vm.warp(block.timestamp + 10 days);
        tooEarly(block.timestamp);
        hostile[0].setAge(2 days + 1);
        hostile[1].setAge(2 days + 1);
        // Stale now, as far as anybody knows for the first time.
        tooEarly(block.timestamp);
    }

    function test_FixStale_RevertsWhen_QuorumIsStarved() public {
        vm.warp(block.timestamp + 2 days);
        (bool ok, bytes memory reason) = address(router).call{gas: 120_000}(abi.encodeCall(router.fixStale, (NEW)));
        assertFalse(ok);
        assertEq(bytes4(reason), IOracleRouter.TooLittleGasForSource.selector);
    }

    function test_FixStale_RevertsWhen_Unknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, AssetId.wrap(9)));
        router.fixStale(AssetId.wrap(9));
    }

    // ---- beginning anew

    function test_SetSources_RevertsWhen_FixedAndListed() public {
        router.fix(ETH);
        IOracleRouter.Source[] memory list = listOf(1 days);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyFixed.selector, ETH));
        router.setSources(ETH, list, 1, 100);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyFixed.selector, ETH));
        router.setReference(ETH, IOracleRouter.Reference(address(hostile[0]), 1 days, 100));
    }

    function test_SetSources_RevertsWhen_FixedAndNotBound() public {
        router = new OracleRouter(address(manager));
        IOracleRouter.Source[] memory list = listOf(1 days);
        router.setSources(NEW, list, 1, 100);
        router.fix(NEW);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyFixed.selector, NEW));
        router.setSources(NEW, list, 1, 100);
    }

    function testFuzz_SetSources_BeginsAnewWhenNoLongerListed(uint256 price, bool referenced) public {
        IOracleRouter.Reference memory reference_ = IOracleRouter.Reference(address(hostile[0]), 1 days, 2_000);
        if (referenced) router.setReference(NEW, reference_);
        move(3_000e18, 1 days);
        router.fix(NEW);
        vm.warp(block.timestamp + 1 days);
        router.setSources(NEW, listOf(2 days), 2, 200);
        assertFalse(router.isFixed(NEW));
        (Price memory p, uint256 time) = router.latched(NEW);
        assertEq(p.mark + time, 0);
        price = bound(price, 1e18, 10_000e18);
        move(price, 1);
        p = router.latch(single(NEW))[0];
        assertEq(p.mark, price);
        assertEq(p.fast, price);
        assertEq(p.slow, price, "of what it begins with");
        addFeed(AssetId.wrap(8), 1e8);
        assertEq(p.sigma, peekPrice(AssetId.wrap(8)).sigma, "as without history");
        (uint256 quorum, ) = router.rulesOf(NEW);
        assertEq(quorum, 2);
        assertEq(router.referenceOf(NEW).source, referenced ? address(hostile[0]) : address(0));
        router.setReference(NEW, reference_);
        router.fix(NEW);
        assertTrue(router.isFixed(NEW), "and may end again");
    }

    // ---- bind

    function test_Bind_Once() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.AlreadyBound.selector, address(house)));
        router.bind(address(house));
        OracleRouter other = new OracleRouter(address(manager));
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.OtherOracle.selector, address(house), address(router)));
        other.bind(address(house));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        other.bind(address(house));
        router = other;
        address another = address(newClearingHouse());
        vm.expectEmit(address(other));
        emit IOracleRouter.ClearingHouseBound(another);
        other.bind(another);
        assertEq(address(other.clearingHouse()), another);
    }

    // ---- numbers

    function listOf(uint32 maxAge) internal view returns (IOracleRouter.Source[] memory list) {
        list = new IOracleRouter.Source[](2);
        for (uint256 i = 0; i < 2; ++i) list[i] = IOracleRouter.Source(address(hostile[i]), maxAge);
    }

    /// @dev Both sources say `price` after so many seconds.
    function move(uint256 price, uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
        for (uint256 i = 0; i < 2; ++i) hostile[i].set(HostileSource.Mode.Honest, price);
    }

    function silence() internal {
        for (uint256 i = 0; i < 2; ++i) hostile[i].set(HostileSource.Mode.Revert, 0);
    }

    function tooEarly(uint256 since) internal {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NotStaleForLong.selector, NEW, since, 24 hours));
        router.fixStale(NEW);
    }

    /// @dev Looked at, latched, and neither told nor written.
    function staysAt(AssetId asset, Price memory p, uint256 fixedAt) internal {
        assertEq(abi.encode(peekPrice(asset)), abi.encode(p));
        vm.recordLogs();
        assertEq(abi.encode(router.latch(single(asset))[0]), abi.encode(p));
        assertEq(vm.getRecordedLogs().length, 0);
        (Price memory latched, uint256 time) = router.latched(asset);
        assertEq(abi.encode(latched), abi.encode(p));
        assertEq(time, fixedAt);
    }
}
