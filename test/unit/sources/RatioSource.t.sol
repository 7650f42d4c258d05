// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {IOracleRouter} from "../../../contracts/interfaces/IOracleRouter.sol";
import {IPriceSource} from "../../../contracts/interfaces/IPriceSource.sol";
import {HostileSource} from "../../../contracts/mocks/HostileSource.sol";
import {ChainlinkSource} from "../../../contracts/oracle/adapters/ChainlinkSource.sol";
import {RatioSource} from "../../../contracts/oracle/adapters/RatioSource.sol";
import {AssetId} from "../../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE, Price, PriceStatus} from "../../../contracts/types/Price.sol";
import {BallastTest} from "../../support/BallastTest.sol";

/// @dev Says what it is told.
contract StatedSource is IPriceSource {
    uint256 internal price;
    uint256 internal updatedAt;
    uint256 internal confidence;

    function set(uint256 price_, uint256 updatedAt_, uint256 confidence_) external {
        (price, updatedAt, confidence) = (price_, updatedAt_, confidence_);
    }

    function latestPrice() external view returns (uint256, uint256, uint256) {
        return (price, updatedAt, confidence);
    }
}

contract RatioSourceTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    uint256 internal constant NOW = 1_700_000_000;

    StatedSource internal numerator;
    StatedSource internal denominator;
    RatioSource internal ratio;

    function setUp() public override {
        super.setUp();
        numerator = new StatedSource();
        denominator = new StatedSource();
        ratio = new RatioSource(numerator, denominator);
        numerator.set(3_000e18, NOW, 0);
        denominator.set(60_000e18, NOW, 0);
    }

    function test_LatestPrice_OfOneInTheOther() public view {
        (uint256 price, uint256 updatedAt, uint256 confidence) = ratio.latestPrice();
        assertEq(price, 0.05e18);
        assertEq(updatedAt, NOW);
        assertEq(confidence, 0);
    }

    function testFuzz_LatestPrice_Floors(uint256 n, uint256 d) public {
        (n, d) = (boundPrice(n), boundPrice(d));
        numerator.set(n, NOW, 0);
        denominator.set(d, NOW, 0);
        (uint256 price, , uint256 confidence) = ratio.latestPrice();
        assertLe(price * d, n * 1e18);
        assertGt((price + 1) * d, n * 1e18);
        assertEq(confidence, 0, "two that declare no doubt");
    }

    function testFuzz_LatestPrice_AsOldAsTheOlder(uint256 age, uint256 other) public {
        (age, other) = (bound(age, 0, NOW), bound(other, 0, NOW));
        numerator.set(1e18, NOW - age, 0);
        denominator.set(1e18, NOW - other, 0);
        (, uint256 updatedAt, ) = ratio.latestPrice();
        assertEq(updatedAt, NOW - (age > other ? age : other));
    }

    /// @dev Any two true prices within their own doubts have a ratio within the doubt of the ratio.
    function testFuzz_LatestPrice_ConfidenceCoversEveryRatio(uint256[6] memory x) public {
        (uint256 n, uint256 d) = (boundPrice(x[0]), boundPrice(x[1]));
        (uint256 cn, uint256 cd) = (bound(x[2], 0, n - 1), bound(x[3], 1, d - 1));
        numerator.set(n, NOW, cn);
        denominator.set(d, NOW, cd);
        (uint256 price, , uint256 confidence) = ratio.latestPrice();
        uint256 trueN = bound(x[4], n - cn, n + cn);
        uint256 trueD = bound(x[5], d - cd, d + cd);
        assertLe(trueN * 1e18, (price + confidence) * trueD);
        if (price > confidence) assertGe(trueN * 1e18, (price - confidence) * trueD);
    }

    /// @dev Not less than the relative confidences together, and more only by their product and 3 wei.
    function testFuzz_LatestPrice_ConfidencesAdd(uint256[4] memory x) public {
        (uint256 n, uint256 d) = (bound(x[0], 1e15, 1e23), bound(x[1], 1e15, 1e23));
        (uint256 cn, uint256 cd) = (bound(x[2], 0, n / 10), bound(x[3], 0, d / 10));
        numerator.set(n, NOW, cn);
        denominator.set(d, NOW, cd);
        (uint256 price, , uint256 confidence) = ratio.latestPrice();
        uint256 sum = (cn * 1e36) / n + (cd * 1e36) / d;
        assertGe(confidence, (price * sum) / 1e36);
        uint256 most = (sum * d) / (d - cd) + 1e6;
        assertLe(confidence, (price * most) / 1e36 + 3);
    }

    function test_LatestPrice_ConfidenceByHand() public {
        numerator.set(3_000e18, NOW, 30e18);
        denominator.set(60_000e18, NOW, 600e18);
        (, , uint256 confidence) = ratio.latestPrice();
        // 3,030 / 59,400 - 0.05
        assertEq(confidence, 0.001010101010101011e18);
    }

    function test_LatestPrice_RevertsWhen_TermPriceOutOfBounds() public {
        uint256[4] memory wrong = [uint256(0), MIN_PRICE - 1, MAX_PRICE + 1, type(uint256).max];
        for (uint256 i = 0; i < 4; ++i) {
            bytes4 reason = RatioSource.TermPriceOutOfBounds.selector;
            numerator.set(wrong[i], NOW, 0);
            denominator.set(1e18, NOW, 0);
            refused(abi.encodeWithSelector(reason, numerator, wrong[i], MIN_PRICE, MAX_PRICE));
            numerator.set(1e18, NOW, 0);
            denominator.set(wrong[i], NOW, 0);
            refused(abi.encodeWithSelector(reason, denominator, wrong[i], MIN_PRICE, MAX_PRICE));
        }
        numerator.set(MAX_PRICE, NOW, MAX_PRICE - 1);
        denominator.set(MIN_PRICE, NOW, MIN_PRICE - 1);
        (uint256 price, , ) = ratio.latestPrice();
        assertEq(price, MAX_PRICE * 1e12);
    }

    function test_LatestPrice_RevertsWhen_TermFromFuture() public {
        numerator.set(1e18, NOW + 1, 0);
        refused(abi.encodeWithSelector(RatioSource.TermFromFuture.selector, numerator, NOW + 1, NOW));
        numerator.set(1e18, NOW, 0);
        denominator.set(1e18, NOW + 1, 0);
        refused(abi.encodeWithSelector(RatioSource.TermFromFuture.selector, denominator, NOW + 1, NOW));
    }

    function test_LatestPrice_RevertsWhen_TermTooUncertain() public {
        numerator.set(1e18, NOW, 1e18);
        refused(abi.encodeWithSelector(RatioSource.TermTooUncertain.selector, numerator, 1e18, 1e18));
        numerator.set(1e18, NOW, 0);
        denominator.set(1e18, NOW, type(uint256).max);
        refused(abi.encodeWithSelector(RatioSource.TermTooUncertain.selector, denominator, type(uint256).max, 1e18));
    }

    function test_Constructor_RevertsWhen_ZeroOrSame() public {
        vm.expectRevert(RatioSource.ZeroTerm.selector);
        new RatioSource(IPriceSource(address(0)), denominator);
        vm.expectRevert(RatioSource.ZeroTerm.selector);
        new RatioSource(numerator, IPriceSource(address(0)));
        vm.expectRevert(abi.encodeWithSelector(RatioSource.SameSource.selector, numerator));
        new RatioSource(numerator, numerator);
    }

    /// @dev Whatever either of two hostile terms does, the other sources of the asset decide.
    function testFuzz_Peek_HostileTermIsNotFresh(uint256 mode, bool above) public {
        HostileSource hostile = new HostileSource(1e18);
        hostile.set(HostileSource.Mode(bound(mode, 1, 8)), 1e18);
        HostileSource honest = new HostileSource(1e18);
        ratio = above ? new RatioSource(hostile, honest) : new RatioSource(honest, hostile);
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](2);
        list[0] = IOracleRouter.Source(address(ratio), 1 hours);
        list[1] = IOracleRouter.Source(address(honest), 1 hours);
        router.setSources(NEW, list, 1, 100);
        Price memory p = peekPrice(NEW);
        assertEq(p.mark, 1e18);
        assertEq(uint8(p.status), uint8(PriceStatus.Fresh));
        router.setSources(NEW, list, 2, 100);
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, NEW));
        router.peek(single(NEW));
    }

    function test_Peek_OfTwoFeeds() public {
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](1);
        list[0] = IOracleRouter.Source(address(ethInBtc()), 1 hours);
        router.setSources(NEW, list, 1, 100);
        assertEq(peekPrice(NEW).mark, 0.033333333333333333e18);
        vm.warp(NOW + 1 hours);
        feeds[ETH].updateAnswer(3_000e8);
        assertEq(peekPrice(NEW).mark, 0.05e18);
        router.latch(single(NEW));
        vm.warp(NOW + 1 hours + 1);
        assertEq(uint8(peekPrice(NEW).status), uint8(PriceStatus.Stale), "the other feed is too old");
    }

    function ethInBtc() internal returns (RatioSource) {
        return new RatioSource(sourceOf(feeds[ETH]), sourceOf(feeds[BTC]));
    }

    function sourceOf(MockV3Aggregator feed) internal returns (ChainlinkSource) {
        return new ChainlinkSource(AggregatorV3Interface(address(feed)), 1 days, AggregatorV3Interface(address(0)), 0);
    }

    function boundPrice(uint256 price) internal pure returns (uint256) {
        return bound(price, MIN_PRICE, MAX_PRICE);
    }

    function refused(bytes memory reason) internal {
        vm.expectRevert(reason);
        ratio.latestPrice();
    }
}
