// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../../contracts/types/Price.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract OracleRouterTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    uint256 internal constant BASE = 2_000e18;
    uint256 internal constant FAILURES = 8;

    HostileSource[5] internal hostile;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 5; ++i) hostile[i] = new HostileSource(BASE);
    }

    // ---- median, quorum, every subset

    function testFuzz_Peek_MedianOfFresh(uint256 count, uint256[5] memory prices) public {
        count = bound(count, 1, 5);
        use(count, 1);
        for (uint256 i = 0; i < count; ++i) {
            prices[i] = bound(prices[i], MIN_PRICE, MAX_PRICE);
            hostile[i].set(HostileSource.Mode.Honest, prices[i]);
        }
        (uint256 median, bool diverged) = medianOf(prices, count);
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, median);
        assertEq(p.fast, median);
        assertEq(p.slow, median);
        assertEq(uint8(p.status), uint8(diverged ? PriceStatus.Diverged : PriceStatus.Fresh));
    }

    /// @dev Every subset of five sources fails in any way: the median is of the rest, or the last mark stays.
    function test_Latch_EverySubsetFails() public {
        for (uint256 quorum = 1; quorum <= 5; quorum += 2) {
            hostileAgain(0);
            use(5, uint8(quorum));
            router.latch(single(NEW));
            for (uint256 set_ = 0; set_ < 32; ++set_) {
                uint256 last = peekPrice(NEW).mark;
                vm.warp(block.timestamp + 1);
                (uint256 median, uint256 fresh) = hostileAgain(set_);
                Price memory p = router.latch(single(NEW))[0];
                bool stale = fresh == 0 || fresh < quorum;
                assertEq(uint8(p.status), uint8(stale ? PriceStatus.Stale : PriceStatus.Fresh));
                assertEq(p.mark, stale ? last : median);
            }
        }
    }

    function testFuzz_Peek_NoFailureCounts(uint256 mode, uint256 gas_) public {
        use(3, 1);
        hostile[1].set(HostileSource.Mode.Honest, BASE + 1e18);
        hostile[0].set(HostileSource.Mode(bound(mode, 1, FAILURES)), 3 * BASE);
        hostile[2].set(HostileSource.Mode(bound(gas_, 1, FAILURES)), BASE / 3);
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, BASE + 1e18);
        assertEq(uint8(p.status), uint8(PriceStatus.Fresh));
    }

    function test_Peek_AccountWithoutCodeIsNotFresh() public {
        use(2, 1);
        IOracleRouter.Source[] memory list = router.sources(NEW);
        list[0].source = makeAddr("nobody");
        router.setSources(NEW, list, 1, 100);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Fresh));
    }

    function testFuzz_Peek_EdgesOfPriceAndAge(uint256 age) public {
        MockV3Aggregator feed = new MockV3Aggregator(18, int256(BASE));
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](1);
        list[0] = IOracleRouter.Source(address(chainlink(feed)), 3_600);
        router.setSources(NEW, list, 1, 100);
        router.latch(single(NEW));
        age = bound(age, 3_500, 3_700);
        vm.warp(block.timestamp + age);
        assertEq(uint8(peekPrice(NEW).status), uint8(age > 3_600 ? PriceStatus.Stale : PriceStatus.Fresh));
        feed.updateAnswer(int256(MIN_PRICE));
        assertEq(peekPrice(NEW).mark, MIN_PRICE);
        feed.updateAnswer(int256(MIN_PRICE) - 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
        feed.updateAnswer(int256(MAX_PRICE));
        assertEq(peekPrice(NEW).mark, MAX_PRICE);
        feed.updateAnswer(int256(MAX_PRICE) + 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
    }

    function test_Peek_DivergesBeyondTheBound() public {
        use(2, 1);
        // A spread of 1 % of the median: 1,990 and 2,010.
        hostile[0].set(HostileSource.Mode.Honest, 1_990e18);
        hostile[1].set(HostileSource.Mode.Honest, 2_010e18);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Fresh));
        hostile[1].set(HostileSource.Mode.Honest, 2_010e18 + 2);
        Price memory p = peekPrice(NEW);
        assertEq(uint8(p.status), uint8(PriceStatus.Diverged));
        assertEq(p.mark, BASE + 1);
    }

    // ---- starvation

    /// @dev Whatever gas the caller leaves, either the call reverts or the price is the median of all three.
    function testFuzz_Peek_NobodyChoosesTheMedianByStarving(uint256 gas_) public {
        use(3, 1);
        hostile[0].set(HostileSource.Mode.Honest, BASE - 1e18);
        hostile[2].set(HostileSource.Mode.BurnGas, 0);
        gas_ = bound(gas_, 30_000, 600_000);
        (bool ok, bytes memory result) = address(router).staticcall{gas: gas_}(
            abi.encodeCall(router.peek, (single(NEW)))
        );
        if (!ok) return;
        assertEq(abi.decode(result, (Price[]))[0].mark, BASE - 0.5e18);
    }

    function test_Peek_RevertsWhen_TooLittleGasForSource() public {
        use(1, 1);
        (bool ok, bytes memory reason) = address(router).staticcall{gas: 120_000}(
            abi.encodeCall(router.peek, (single(NEW)))
        );
        assertFalse(ok);
        assertEq(bytes4(reason), IOracleRouter.TooLittleGasForSource.selector);
        uint256 left;
        uint256 bound_;
        assembly ("memory-safe") {
            left := mload(add(reason, 0x24))
            bound_ := mload(add(reason, 0x44))
        }
        assertEq(bound_, 131_904);
        assertLt(left, 120_000);
    }

    // ---- latch

    function test_Latch_OncePerTimestamp() public {
        use(1, 1);
        vm.expectEmit(address(router));
        emit IOracleRouter.PriceLatched(NEW, BASE, BASE, BASE, block.timestamp, PriceStatus.Fresh);
        router.latch(single(NEW));
        hostile[0].set(HostileSource.Mode.Honest, 3 * BASE);
        vm.recordLogs();
        assertEq(router.latch(single(NEW))[0].mark, BASE);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(peekPrice(NEW).mark, BASE);
        vm.warp(block.timestamp + 1);
        assertEq(peekPrice(NEW).mark, 3 * BASE);
        assertEq(router.latch(single(NEW))[0].mark, 3 * BASE);
        (Price memory p, uint256 time) = router.latched(NEW);
        assertEq(p.mark, 3 * BASE);
        assertEq(time, block.timestamp);
    }

    function test_Latch_RevertsWhen_NoPriceEver() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, NEW));
        router.latch(single(NEW));
        use(1, 1);
        hostile[0].set(HostileSource.Mode.Revert, 0);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, NEW));
        router.peek(single(NEW));
        hostile[0].set(HostileSource.Mode.Honest, BASE);
        router.latch(single(NEW));
        hostile[0].set(HostileSource.Mode.Revert, 0);
        vm.warp(block.timestamp + 365 days);
        Price memory p = router.latch(single(NEW))[0];
        assertEq(p.mark, BASE, "from now on there is always a last one");
        assertEq(uint8(p.status), uint8(PriceStatus.Stale));
    }

    function test_Latch_ManyInOrder() public {
        AssetId[] memory assets = new AssetId[](3);
        (assets[0], assets[1], assets[2]) = (BTC, ETH, BTC);
        Price[] memory prices = router.latch(assets);
        assertEq(prices[0].mark, 60_000e18);
        assertEq(prices[1].mark, 2_000e18);
        assertEq(prices[2].mark, 60_000e18);
        assertEq(router.latch(new AssetId[](0)).length, 0);
    }

    /// @dev The averages move towards the price that held, not towards the one that is latched now.
    function test_Latch_AveragesFollowThePriceThatHeld() public {
        use(1, 1);
        router.latch(single(NEW));
        hostile[0].set(HostileSource.Mode.Honest, 2_200e18);
        vm.warp(block.timestamp + 60);
        Price memory p = router.latch(single(NEW))[0];
        assertEq(p.mark, 2_200e18);
        assertEq(p.fast, BASE, "2,000 held until now");
        assertEq(p.slow, BASE);
        vm.warp(block.timestamp + 60);
        p = peekPrice(NEW);
        // 2,200 - 200 / e, and 2,200 - 200 · exp(-1/30).
        assertApproxEqAbs(p.fast, 2_126.424111765711535e18, 1e3);
        assertApproxEqAbs(p.slow, 2_006.556779903598819592e18, 1e3);
        vm.warp(block.timestamp + 30 days);
        p = peekPrice(NEW);
        assertApproxEqAbs(p.fast, 2_200e18, 1);
        assertApproxEqAbs(p.slow, 2_200e18, 1);
    }

    function testFuzz_Latch_AveragesStayBetween(uint256[6] memory prices, uint256[6] memory waits) public {
        use(1, 1);
        router.latch(single(NEW));
        uint256 low = BASE;
        uint256 high = BASE;
        for (uint256 i = 0; i < 6; ++i) {
            prices[i] = bound(prices[i], MIN_PRICE, MAX_PRICE);
            hostile[0].set(HostileSource.Mode.Honest, prices[i]);
            vm.warp(block.timestamp + bound(waits[i], 1, 2 hours));
            Price memory p = router.latch(single(NEW))[0];
            assertGe(p.fast, low);
            assertLe(p.fast, high);
            assertGe(p.slow, low);
            assertLe(p.slow, high);
            if (prices[i] < low) low = prices[i];
            if (prices[i] > high) high = prices[i];
        }
    }

    // ---- the sources' time and doubt

    /// @dev Of the one or two sources that make the median, the older time.
    function test_Peek_TellsTheTimeOfTheMedian() public {
        use(4, 1);
        for (uint256 i = 0; i < 4; ++i) hostile[i].set(HostileSource.Mode.Honest, BASE + i * 1e18);
        hostile[0].setAge(50);
        hostile[1].setAge(20);
        hostile[2].setAge(30);
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, BASE + 1.5e18);
        assertEq(p.updatedAt, block.timestamp - 30);
        hostile[3].set(HostileSource.Mode.Revert, 0);
        p = peekPrice(NEW);
        assertEq(p.mark, BASE + 1e18);
        assertEq(p.updatedAt, block.timestamp - 20);
    }

    function test_Peek_AStalePriceKeepsItsTime() public {
        use(1, 1);
        router.latch(single(NEW));
        uint256 then = block.timestamp;
        hostile[0].set(HostileSource.Mode.Revert, 0);
        vm.warp(block.timestamp + 100);
        Price memory p = router.latch(single(NEW))[0];
        assertEq(p.updatedAt, then);
        assertEq(uint8(p.status), uint8(PriceStatus.Stale));
    }

    function test_Peek_TooMuchDoubtIsNotFresh() public {
        use(2, 1);
        hostile[1].set(HostileSource.Mode.Honest, BASE + 2e18);
        hostile[1].setDoubt(20e18);
        assertEq(peekPrice(NEW).mark, BASE + 1e18, "1 % is the most sources may differ");
        hostile[1].setDoubt(20.02e18 + 1);
        assertEq(peekPrice(NEW).mark, BASE);
        hostile[1].setDoubt(type(uint256).max);
        assertEq(peekPrice(NEW).mark, BASE);
    }

    // ---- variance

    function test_Latch_VarianceStartsAtAHundredPercent() public {
        use(1, 1);
        assertApproxEqRel(router.latch(single(NEW))[0].sigma, 178_072_435_306_360, 1e12);
    }

    /// @dev Moves of 1 % per minute for half an hour: 725 % per year. Calm afterwards lets it fall to the floor.
    function test_Latch_VarianceFollowsTheMarket() public {
        use(1, 1);
        router.latch(single(NEW));
        uint256 price = BASE;
        for (uint256 i = 0; i < 60; ++i) {
            price = i % 2 == 0 ? (price * 101) / 100 : (price * 100) / 101;
            later(60, price);
        }
        uint256 sigma = router.latch(single(NEW))[0].sigma;
        // σ = ln 1.01 / √60, of which fifteen sixteenths arrived in an hour.
        assertApproxEqRel(sigma, 1_284_582_000_000_000, 0.04e18);
        for (uint256 i = 0; i < 30; ++i) later(1 days, price);
        assertApproxEqRel(router.latch(single(NEW))[0].sigma, 35_614_487_061_272, 1e12);
    }

    /// @dev Samples are at least a minute apart, so a flicker inside a minute does not count.
    function test_Latch_AFlickerIsNotVolatility() public {
        use(1, 1);
        router.latch(single(NEW));
        later(60, BASE);
        uint256 sigma = router.latch(single(NEW))[0].sigma;
        for (uint256 i = 0; i < 29; ++i) later(2, i % 2 == 0 ? 3 * BASE : BASE);
        assertEq(later(1, BASE).sigma, sigma);
        assertLt(later(1, BASE).sigma, sigma);
    }

    /// @dev A jump counts the same whether the market was poked every minute before it or not at all after it.
    function testFuzz_Latch_AJumpCountsOnce(uint256 percent, bool up) public {
        percent = bound(percent, 1, 3) == 1 ? 1 : (percent % 2 == 0 ? 10 : 90);
        use(1, 1);
        router.latch(single(NEW));
        for (uint256 i = 0; i < 10; ++i) later(60, BASE);
        uint256 price = up ? (BASE * (100 + percent)) / 100 : (BASE * (100 - percent)) / 100;
        uint256 snapshot = vm.snapshotState();
        Price memory poked = later(60, price);
        poked = later(60, price);
        vm.revertToState(snapshot);
        Price memory silent = later(120, price);
        assertEq(poked.mark, silent.mark);
        assertEq(silent.fast, BASE, "nobody said so earlier");
        assertTrue(up ? poked.fast > BASE : poked.fast < BASE, "the poke told the average");
        assertApproxEqRel(poked.sigma, silent.sigma, 0.05e18);
    }

    function test_Latch_OnlyFreshPricesAreSampled() public {
        use(2, 1);
        router.latch(single(NEW));
        uint256 sigma = peekPrice(NEW).sigma;
        hostile[1].set(HostileSource.Mode.Honest, 2 * BASE);
        vm.warp(block.timestamp + 3_600);
        Price memory p = router.latch(single(NEW))[0];
        assertEq(uint8(p.status), uint8(PriceStatus.Diverged));
        assertEq(p.sigma, sigma);
        hostile[0].set(HostileSource.Mode.Revert, 0);
        hostile[1].set(HostileSource.Mode.Revert, 0);
        vm.warp(block.timestamp + 3_600);
        assertEq(router.latch(single(NEW))[0].sigma, sigma);
    }

    // ---- reference

    function test_Reference_OnlyDeclaresDivergence() public {
        use(1, 1);
        router.latch(single(NEW));
        refer(5, 1_00);
        hostile[4].set(HostileSource.Mode.Honest, BASE + 20e18);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Fresh), "at the bound");
        hostile[4].set(HostileSource.Mode.Honest, BASE + 20e18 + 1);
        Price memory p = peekPrice(NEW);
        assertEq(uint8(p.status), uint8(PriceStatus.Diverged));
        assertEq(p.mark, BASE, "it is not in the median");
        hostile[4].set(HostileSource.Mode.Honest, BASE - 20e18 - 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Diverged));
        for (uint256 mode = 1; mode <= FAILURES; ++mode) {
            hostile[4].set(HostileSource.Mode(mode), 3 * BASE);
            p = peekPrice(NEW);
            assertEq(uint8(p.status), uint8(PriceStatus.Fresh), "one that fails says nothing");
            assertEq(p.mark, BASE);
        }
    }

    /// @dev In a real move a slow reference lags as our own slow average does: that is no divergence.
    function test_Reference_MayLagBehindARealMove() public {
        use(1, 1);
        router.latch(single(NEW));
        refer(5, 1_00);
        hostile[4].set(HostileSource.Mode.Honest, 1_950e18);
        Price memory p = later(60, 1_800e18);
        assertEq(uint8(p.status), uint8(PriceStatus.Fresh));
        hostile[4].set(HostileSource.Mode.Honest, 1_780e18);
        assertEq(uint8(later(60, 1_800e18).status), uint8(PriceStatus.Diverged), "beyond the mark");
    }

    function test_Reference_StaleStaysStale() public {
        use(1, 1);
        router.latch(single(NEW));
        refer(5, 1_00);
        hostile[4].set(HostileSource.Mode.Honest, 3 * BASE);
        hostile[0].set(HostileSource.Mode.Revert, 0);
        assertEq(uint8(peekLater().status), uint8(PriceStatus.Stale));
    }

    function test_SetReference_BoundsEventAndRemoval() public {
        IOracleRouter.Reference memory none;
        IOracleRouter.Reference memory some = IOracleRouter.Reference(address(hostile[4]), 3_600, 1_00);
        vm.expectEmit(address(router));
        emit IOracleRouter.ReferenceSet(ETH, none, some);
        router.setReference(ETH, some);
        assertEq(router.referenceOf(ETH).source, some.source);
        (uint256 quorum, uint256 maxDivergence) = router.rulesOf(ETH);
        assertEq(quorum, 1);
        assertEq(maxDivergence, 100);
        router.setReference(ETH, none);
        assertEq(router.referenceOf(ETH).source, address(0));
        some.maxDistance = 9;
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.DivergenceOutOfBounds.selector, 9, 10, 2_000));
        router.setReference(ETH, some);
        some.maxDistance = 2_001;
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.DivergenceOutOfBounds.selector, 2_001, 10, 2_000));
        router.setReference(ETH, some);
        (some.maxDistance, some.maxAge) = (100, 0);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.MaxAgeOutOfBounds.selector, 0, 1, 2 days));
        router.setReference(ETH, some);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        router.setReference(ETH, none);
    }

    // ---- packing

    /// @dev What a latch writes is what the next one reads, at the edges of every width.
    function testFuzz_Latch_NothingSpillsOver(uint256 price, uint256 age, uint8 quorum, uint16 divergence) public {
        price = bound(price, 0, 1) == 0 ? MIN_PRICE : MAX_PRICE;
        age = bound(age, 0, 2 days);
        quorum = uint8(bound(quorum, 1, 5));
        divergence = uint16(bound(divergence, 10, 2_000));
        IOracleRouter.Source[] memory list = listOf(5);
        for (uint256 i = 0; i < 5; ++i) {
            list[i].maxAge = 2 days;
            hostile[i].set(HostileSource.Mode.Honest, price);
            hostile[i].setAge(age);
        }
        router.setSources(NEW, list, quorum, divergence);
        router.setReference(NEW, IOracleRouter.Reference(address(hostile[0]), 2 days, 100));
        Price memory p = router.latch(single(NEW))[0];
        assertEq(router.referenceOf(NEW).source, address(hostile[0]));
        (Price memory stored, uint256 time) = router.latched(NEW);
        assertEq(abi.encode(stored), abi.encode(p));
        assertEq(stored.mark, price);
        assertEq(stored.fast, price);
        assertEq(stored.slow, price);
        assertEq(stored.updatedAt, block.timestamp - age);
        assertEq(time, block.timestamp);
        (uint256 q, uint256 d) = router.rulesOf(NEW);
        assertEq(q, quorum);
        assertEq(d, divergence);
        assertEq(router.sources(NEW).length, 5);
    }

    // ---- setSources

    function test_SetSources_EventAndReplacement() public {
        IOracleRouter.Source[] memory before = router.sources(ETH);
        IOracleRouter.Source[] memory list = listOf(3);
        vm.expectEmit(address(router));
        emit IOracleRouter.SourcesSet(ETH, before, list, 2, 2_000);
        router.setSources(ETH, list, 2, 2_000);
        assertEq(router.sources(ETH).length, 3);
        router.setSources(ETH, before, 1, 10);
        assertEq(router.sources(ETH).length, 1);
    }

    function test_SetSources_RevertsWhen_OutOfBounds() public {
        IOracleRouter.Source[] memory list = listOf(2);
        refused(list, 0, 100, abi.encodeWithSelector(IOracleRouter.QuorumOutOfBounds.selector, 0, 1, 2));
        refused(list, 3, 100, abi.encodeWithSelector(IOracleRouter.QuorumOutOfBounds.selector, 3, 1, 2));
        refused(list, 1, 9, abi.encodeWithSelector(IOracleRouter.DivergenceOutOfBounds.selector, 9, 10, 2_000));
        refused(list, 1, 2_001, abi.encodeWithSelector(IOracleRouter.DivergenceOutOfBounds.selector, 2_001, 10, 2_000));
        list[1].source = address(0);
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.ZeroSource.selector, NEW));
        list = listOf(2);
        list[1].maxAge = 0;
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.MaxAgeOutOfBounds.selector, 0, 1, 2 days));
        list[1].maxAge = 2 days + 1;
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.MaxAgeOutOfBounds.selector, 2 days + 1, 1, 2 days));
        list[1] = list[0];
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.DuplicateSource.selector, list[0].source));
        list = new IOracleRouter.Source[](0);
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.SourceCountOutOfBounds.selector, 0, 1, 5));
        list = new IOracleRouter.Source[](6);
        refused(list, 1, 100, abi.encodeWithSelector(IOracleRouter.SourceCountOutOfBounds.selector, 6, 1, 5));
        list = listOf(5);
        list[4].maxAge = 2 days;
        list[3].maxAge = 1;
        router.setSources(NEW, list, 5, 10);
    }

    // ---- numbers

    function listOf(uint256 count) internal view returns (IOracleRouter.Source[] memory list) {
        list = new IOracleRouter.Source[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = IOracleRouter.Source(address(hostile[i]), 3_600);
    }

    /// @dev Latches `price` of the first source after so many seconds.
    function later(uint256 seconds_, uint256 price) internal returns (Price memory) {
        vm.warp(block.timestamp + seconds_);
        hostile[0].set(HostileSource.Mode.Honest, price);
        return router.latch(single(NEW))[0];
    }

    function peekLater() internal returns (Price memory) {
        vm.warp(block.timestamp + 60);
        return peekPrice(NEW);
    }

    /// @dev The n-th source as the reference.
    function refer(uint256 nth, uint16 maxDistance) internal {
        router.setReference(NEW, IOracleRouter.Reference(address(hostile[nth - 1]), 3_600, maxDistance));
        vm.warp(block.timestamp + 1);
    }

    function use(uint256 count, uint8 quorum) internal {
        router.setSources(NEW, listOf(count), quorum, 100);
    }

    /// @dev The sources in `set_` fail, each in a way of its own; the others answer, a dollar apart.
    function hostileAgain(uint256 set_) internal returns (uint256 median, uint256 fresh) {
        uint256[5] memory prices;
        for (uint256 i = 0; i < 5; ++i) {
            bool fails = (set_ >> i) & 1 == 1;
            uint256 price = BASE + (set_ + i) * 0.5e18;
            uint256 mode = fails ? 1 + ((set_ + i) % FAILURES) : 0;
            hostile[i].set(HostileSource.Mode(mode), price);
            if (!fails) prices[fresh++] = price;
        }
        if (fresh != 0) (median, ) = medianOf(prices, fresh);
    }

    function medianOf(uint256[5] memory prices, uint256 count) internal pure returns (uint256 median, bool diverged) {
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = i + 1; j < count; ++j) {
                if (prices[j] < prices[i]) (prices[i], prices[j]) = (prices[j], prices[i]);
            }
        }
        median = count % 2 == 1 ? prices[count / 2] : (prices[count / 2 - 1] + prices[count / 2]) / 2;
        diverged = (prices[count - 1] - prices[0]) * 100 > median;
    }

    function refused(
        IOracleRouter.Source[] memory list,
        uint8 quorum,
        uint16 divergence,
        bytes memory reason
    ) internal {
        vm.expectRevert(reason);
        router.setSources(NEW, list, quorum, divergence);
    }
}
