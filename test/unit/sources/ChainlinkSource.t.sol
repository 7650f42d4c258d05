// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ArbitrumSequencerUptimeFeed} from "@chainlink/contracts/src/v0.8/l2ep/arbitrum/ArbitrumSequencerUptimeFeed.sol";
import {BaseSequencerUptimeFeed} from "@chainlink/contracts/src/v0.8/l2ep/base/BaseSequencerUptimeFeed.sol";
import {Flags} from "@chainlink/contracts/src/v0.8/l2ep/Flags.sol";
import {ZKSyncSequencerUptimeFeed} from "@chainlink/contracts/src/v0.8/l2ep/zksync/ZKSyncSequencerUptimeFeed.sol";
import {SimpleWriteAccessController} from "@chainlink/contracts/src/v0.8/shared/access/SimpleWriteAccessController.sol";
import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {AddressAliasHelper} from "@chainlink/contracts/src/v0.8/vendor/arb-bridge-eth/v0.8.0-custom/contracts/libraries/AddressAliasHelper.sol";
import {IOracleRouter} from "../../../contracts/interfaces/IOracleRouter.sol";
import {ChainlinkSource} from "../../../contracts/oracle/adapters/ChainlinkSource.sol";
import {AssetId} from "../../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, PriceStatus} from "../../../contracts/types/Price.sol";
import {BallastTest} from "../../support/BallastTest.sol";

/// @dev Stands for Optimism's messenger on the second layer: it says whose message it relays.
contract CrossDomainMessenger {
    address public xDomainMessageSender;

    function relay(address from, address to, bytes calldata message) external {
        xDomainMessageSender = from;
        (bool ok, bytes memory reason) = to.call(message);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
        xDomainMessageSender = address(0);
    }
}

/// @dev Chainlink's uptime feed for the chains of the Optimism family, with that family's rule of who may report. Only
///      the rule is written here: Chainlink's own file needs a package of Optimism that is not installed.
contract OptimismUptimeFeed is BaseSequencerUptimeFeed {
    CrossDomainMessenger internal immutable messenger;

    constructor(address l1Sender, CrossDomainMessenger messenger_, bool down) BaseSequencerUptimeFeed(l1Sender, down) {
        messenger = messenger_;
    }

    function typeAndVersion() external pure override returns (string memory) {
        return "OptimismUptimeFeed";
    }

    function _validateSender(address l1Sender) internal view override {
        if (msg.sender != address(messenger) || messenger.xDomainMessageSender() != l1Sender) revert InvalidSender();
    }
}

/// @dev The feed as it is proxied on Arbitrum before its first round: nothing but zeros.
contract SilentFeed {
    function latestRoundData() external pure returns (uint80, int256, uint256, uint256, uint80) {}
}

contract ChainlinkSourceTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    uint256 internal constant NOW = 1_700_000_000;
    uint256 internal constant HEARTBEAT = 1 hours;
    uint256 internal constant GRACE = 30 minutes;
    AggregatorV3Interface internal constant NONE = AggregatorV3Interface(address(0));

    MockV3Aggregator internal feed;
    ChainlinkSource internal source;
    address internal reporter = makeAddr("reporter on the first layer");

    function setUp() public override {
        super.setUp();
        feed = new MockV3Aggregator(8, 2_000e8);
        source = sourceOf(feed, HEARTBEAT, NONE, 0);
    }

    // ---- the answer

    function testFuzz_LatestPrice_AnyDecimals(uint8 decimals, uint256 answer) public {
        decimals = uint8(bound(decimals, 0, 18));
        uint256 scale = 10 ** (18 - decimals);
        answer = bound(answer, 1, MAX_PRICE / scale);
        source = sourceOf(new MockV3Aggregator(decimals, int256(answer)), HEARTBEAT, NONE, 0);
        (uint256 price, uint256 updatedAt, uint256 confidence) = source.latestPrice();
        assertEq(price, answer * scale);
        assertEq(updatedAt, NOW);
        assertEq(confidence, 0);
    }

    function testFuzz_LatestPrice_RevertsWhen_AboveBound(uint8 decimals, uint256 answer) public {
        decimals = uint8(bound(decimals, 0, 18));
        uint256 most = MAX_PRICE / 10 ** (18 - decimals);
        int256 above = int256(bound(answer, most + 1, uint256(type(int256).max)));
        source = sourceOf(new MockV3Aggregator(decimals, above), HEARTBEAT, NONE, 0);
        refused(abi.encodeWithSelector(ChainlinkSource.AnswerAboveBound.selector, above, most));
    }

    function testFuzz_LatestPrice_RevertsWhen_NotPositive(int256 answer) public {
        answer = bound(answer, type(int256).min, 0);
        feed.updateAnswer(answer);
        refused(abi.encodeWithSelector(ChainlinkSource.AnswerNotPositive.selector, answer));
    }

    function test_LatestPrice_RevertsWhen_RoundIncomplete() public {
        feed.updateRoundData(17, 2_000e8, 0, 0);
        refused(abi.encodeWithSelector(ChainlinkSource.RoundIncomplete.selector, 17));
        feed.updateRoundData(0, 2_000e8, NOW, NOW);
        refused(abi.encodeWithSelector(ChainlinkSource.RoundIncomplete.selector, 0));
    }

    function testFuzz_LatestPrice_RevertsWhen_OlderThanHeartbeat(uint256 age) public {
        age = bound(age, 0, 2 * HEARTBEAT);
        feed.updateRoundData(17, 2_000e8, NOW - age, NOW);
        if (age > HEARTBEAT) {
            refused(abi.encodeWithSelector(ChainlinkSource.AnswerTooOld.selector, age, HEARTBEAT));
        } else {
            (, uint256 updatedAt, ) = source.latestPrice();
            assertEq(updatedAt, NOW - age);
        }
    }

    function test_LatestPrice_EdgeOfHeartbeat() public {
        vm.warp(NOW + HEARTBEAT);
        source.latestPrice();
        vm.warp(NOW + HEARTBEAT + 1);
        refused(abi.encodeWithSelector(ChainlinkSource.AnswerTooOld.selector, HEARTBEAT + 1, HEARTBEAT));
    }

    function test_LatestPrice_RevertsWhen_FromFuture() public {
        feed.updateRoundData(17, 2_000e8, NOW + 1, NOW);
        refused(abi.encodeWithSelector(ChainlinkSource.AnswerFromFuture.selector, NOW + 1, NOW));
        feed.updateRoundData(17, 2_000e8, type(uint256).max, NOW);
        refused(abi.encodeWithSelector(ChainlinkSource.AnswerFromFuture.selector, type(uint256).max, NOW));
    }

    // ---- the sequencer of Arbitrum

    function test_LatestPrice_ArbitrumDownAndUpAgain() public {
        ArbitrumSequencerUptimeFeed uptime = arbitrumFeed(true);
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        graceNotOver(0);
        vm.warp(NOW + GRACE);
        graceNotOver(GRACE);
        vm.warp(NOW + GRACE + 1);
        source.latestPrice();
        reportArbitrum(uptime, true);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
        vm.warp(block.timestamp + 2 hours);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
        reportArbitrum(uptime, false);
        graceNotOver(0);
        vm.warp(block.timestamp + GRACE);
        reportArbitrum(uptime, false);
        graceNotOver(GRACE);
        vm.warp(block.timestamp + 1);
        (uint256 price, , ) = source.latestPrice();
        assertEq(price, 2_000e18);
    }

    function test_LatestPrice_RevertsWhen_ArbitrumHasNoRound() public {
        ArbitrumSequencerUptimeFeed uptime = arbitrumFeed(false);
        source = sourceOf(feed, HEARTBEAT, AggregatorV3Interface(address(uptime)), GRACE);
        refused(abi.encodeWithSelector(ArbitrumSequencerUptimeFeed.Uninitialized.selector));
        SilentFeed silent = new SilentFeed();
        source = sourceOf(feed, HEARTBEAT, AggregatorV3Interface(address(silent)), GRACE);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerUnknown.selector));
    }

    function test_LatestPrice_RevertsWhen_ArbitrumDeniesAccess() public {
        ArbitrumSequencerUptimeFeed uptime = arbitrumFeed(true);
        source = sourceOf(feed, HEARTBEAT, AggregatorV3Interface(address(uptime)), GRACE);
        vm.warp(NOW + GRACE + 1);
        uptime.enableAccessCheck();
        refused("No access");
        uptime.addAccess(address(source));
        source.latestPrice();
    }

    // ---- the sequencer of Optimism

    function test_LatestPrice_OptimismDownAndUpAgain() public {
        CrossDomainMessenger messenger = new CrossDomainMessenger();
        OptimismUptimeFeed uptime = new OptimismUptimeFeed(reporter, messenger, false);
        uptime.disableAccessCheck();
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        graceNotOver(0);
        vm.warp(NOW + GRACE + 1);
        source.latestPrice();
        reportOptimism(messenger, uptime, true);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
        vm.warp(block.timestamp + 1 hours);
        reportOptimism(messenger, uptime, false);
        graceNotOver(0);
        vm.warp(block.timestamp + GRACE);
        graceNotOver(GRACE);
        // A report that repeats the status renews its update but not its start.
        reportOptimism(messenger, uptime, false);
        vm.warp(block.timestamp + 1);
        source.latestPrice();
    }

    function test_LatestPrice_RevertsWhen_OptimismStartsDown() public {
        CrossDomainMessenger messenger = new CrossDomainMessenger();
        OptimismUptimeFeed uptime = new OptimismUptimeFeed(reporter, messenger, true);
        uptime.disableAccessCheck();
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        vm.warp(NOW + GRACE + 1);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
    }

    /// @dev The first layer's clock may run ahead of the second's.
    function test_LatestPrice_RevertsWhen_StatusFromFuture() public {
        CrossDomainMessenger messenger = new CrossDomainMessenger();
        OptimismUptimeFeed uptime = new OptimismUptimeFeed(reporter, messenger, true);
        uptime.disableAccessCheck();
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        bytes memory message = abi.encodeCall(uptime.updateStatus, (false, uint64(NOW + 12)));
        messenger.relay(reporter, address(uptime), message);
        graceNotOver(0);
    }

    function test_LatestPrice_ZKSyncDownAndUpAgain() public {
        ZKSyncSequencerUptimeFeed uptime = new ZKSyncSequencerUptimeFeed(reporter, true);
        uptime.disableAccessCheck();
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        vm.warp(NOW + GRACE + 1);
        refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
        vm.prank(AddressAliasHelper.applyL1ToL2Alias(reporter));
        uptime.updateStatus(false, uint64(block.timestamp));
        vm.warp(block.timestamp + GRACE);
        graceNotOver(GRACE);
        vm.warp(block.timestamp + 1);
        source.latestPrice();
    }

    function testFuzz_LatestPrice_AnyStatusButZeroIsDown(int256 status) public {
        MockV3Aggregator uptime = new MockV3Aggregator(0, status);
        source = sourceOf(feed, HEARTBEAT, AggregatorV3Interface(address(uptime)), GRACE);
        if (status == 0) graceNotOver(0);
        else refused(abi.encodeWithSelector(ChainlinkSource.SequencerDown.selector));
    }

    // ---- constructor

    function test_Constructor_RevertsWhen_ZeroFeed() public {
        vm.expectRevert(ChainlinkSource.ZeroFeed.selector);
        new ChainlinkSource(NONE, HEARTBEAT, NONE, 0);
    }

    function test_Constructor_RevertsWhen_TooManyDecimals() public {
        AggregatorV3Interface wide = AggregatorV3Interface(address(new MockV3Aggregator(19, 1)));
        vm.expectRevert(abi.encodeWithSelector(ChainlinkSource.TooManyDecimals.selector, 19, 18));
        new ChainlinkSource(wide, HEARTBEAT, NONE, 0);
    }

    function test_Constructor_RevertsWhen_HeartbeatOutOfBounds() public {
        AggregatorV3Interface it = AggregatorV3Interface(address(feed));
        vm.expectRevert(abi.encodeWithSelector(ChainlinkSource.HeartbeatOutOfBounds.selector, 0, 1, 2 days));
        new ChainlinkSource(it, 0, NONE, 0);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkSource.HeartbeatOutOfBounds.selector, 2 days + 1, 1, 2 days));
        new ChainlinkSource(it, 2 days + 1, NONE, 0);
        new ChainlinkSource(it, 2 days, NONE, 0);
        new ChainlinkSource(it, 1, NONE, 0);
    }

    function test_Constructor_RevertsWhen_GracePeriodOutOfBounds() public {
        AggregatorV3Interface it = AggregatorV3Interface(address(feed));
        bytes4 reason = ChainlinkSource.GracePeriodOutOfBounds.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, 1, 0, 0));
        new ChainlinkSource(it, HEARTBEAT, NONE, 1);
        vm.expectRevert(abi.encodeWithSelector(reason, 0, 1, 1 days));
        new ChainlinkSource(it, HEARTBEAT, it, 0);
        vm.expectRevert(abi.encodeWithSelector(reason, 1 days + 1, 1, 1 days));
        new ChainlinkSource(it, HEARTBEAT, it, 1 days + 1);
        source = new ChainlinkSource(it, HEARTBEAT, it, 1 days);
        assertEq(address(source.feed()), address(feed));
        assertEq(source.heartbeat(), HEARTBEAT);
        assertEq(address(source.sequencerUptimeFeed()), address(feed));
        assertEq(source.gracePeriod(), 1 days);
    }

    // ---- through the router

    function test_Peek_SequencerDownIsStale() public {
        ArbitrumSequencerUptimeFeed uptime = arbitrumFeed(true);
        source = sourceOf(feed, 1 days, AggregatorV3Interface(address(uptime)), GRACE);
        use(1 days);
        vm.warp(NOW + GRACE + 1);
        router.latch(single(NEW));
        vm.warp(block.timestamp + 1);
        reportArbitrum(uptime, true);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
        reportArbitrum(uptime, false);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale), "the grace period runs");
        vm.warp(block.timestamp + GRACE + 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Fresh));
    }

    function test_Peek_TheShorterOfHeartbeatAndMaxAge() public {
        use(1 days);
        router.latch(single(NEW));
        vm.warp(NOW + HEARTBEAT + 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale));
        vm.warp(NOW + 2 * HEARTBEAT);
        feed.updateAnswer(2_100e8);
        assertEq(peekPrice(NEW).mark, 2_100e18);
    }

    function test_Peek_EdgesOfPrice() public {
        feed = new MockV3Aggregator(18, int256(MIN_PRICE));
        source = sourceOf(feed, HEARTBEAT, NONE, 0);
        use(1 days);
        assertEq(peekPrice(NEW).mark, MIN_PRICE);
        feed.updateAnswer(int256(MAX_PRICE));
        assertEq(peekPrice(NEW).mark, MAX_PRICE);
    }

    // ---- drivers

    function sourceOf(
        MockV3Aggregator feed_,
        uint256 heartbeat,
        AggregatorV3Interface uptime,
        uint256 grace
    ) internal returns (ChainlinkSource) {
        return new ChainlinkSource(AggregatorV3Interface(address(feed_)), heartbeat, uptime, grace);
    }

    /// @dev As Chainlink deploys it: flags that the feed may raise and lower, then the first round.
    function arbitrumFeed(bool initialised) internal returns (ArbitrumSequencerUptimeFeed uptime) {
        SimpleWriteAccessController access = new SimpleWriteAccessController();
        Flags flags = new Flags(address(access), address(access));
        uptime = new ArbitrumSequencerUptimeFeed(address(flags), reporter);
        access.addAccess(address(uptime));
        flags.addAccess(address(uptime));
        uptime.disableAccessCheck();
        if (initialised) uptime.initialize();
    }

    /// @dev A retryable ticket arrives from the alias of its sender.
    function reportArbitrum(ArbitrumSequencerUptimeFeed uptime, bool down) internal {
        vm.prank(uptime.aliasedL1MessageSender());
        uptime.updateStatus(down, uint64(block.timestamp));
    }

    function reportOptimism(CrossDomainMessenger messenger, OptimismUptimeFeed uptime, bool down) internal {
        bytes memory message = abi.encodeCall(uptime.updateStatus, (down, uint64(block.timestamp)));
        messenger.relay(reporter, address(uptime), message);
    }

    function use(uint32 maxAge) internal {
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](1);
        list[0] = IOracleRouter.Source(address(source), maxAge);
        router.setSources(NEW, list, 1, 100);
    }

    function graceNotOver(uint256 elapsed) internal {
        refused(abi.encodeWithSelector(ChainlinkSource.GracePeriodNotOver.selector, elapsed, GRACE));
    }

    function refused(bytes memory reason) internal {
        vm.expectRevert(reason);
        source.latestPrice();
    }
}
