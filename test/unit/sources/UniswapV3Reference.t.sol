// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Test} from "forge-std/Test.sol";
import {IOracleRouter} from "../../../contracts/interfaces/IOracleRouter.sol";
import {IUniswapV3Pool} from "../../../contracts/interfaces/IUniswapV3Pool.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {UniswapV3Reference} from "../../../contracts/oracle/adapters/UniswapV3Reference.sol";
import {AssetId} from "../../../contracts/types/AssetId.sol";
import {MAX_PRICE, PriceStatus} from "../../../contracts/types/Price.sol";
import {IPool, UniswapTest} from "../../support/UniswapTest.sol";

/// @dev A pool of which only the sums of ticks are known.
contract StatedPool {
    address public immutable token0;
    address public immutable token1;
    int56[2] internal cumulatives;

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }

    function set(int56 first, int56 last) external {
        cumulatives = [first, last];
    }

    function observe(uint32[] calldata) external view returns (int56[] memory ticks, uint160[] memory seconds_) {
        ticks = new int56[](2);
        (ticks[0], ticks[1]) = (cumulatives[0], cumulatives[1]);
        seconds_ = new uint160[](2);
    }
}

/// @dev The exponential against powers by squaring, with mantissas of 128 bits.
contract UniswapV3ReferencePriceTest is Test {
    struct Float {
        /// The highest of 128 bits is set.
        uint256 mantissa;
        int256 exponent;
    }

    int256 internal constant MAX_TICK = 887_272;
    uint256 internal constant WINDOW = 1_800;

    function testFuzz_LatestPrice_Precise(int256 tick, uint256 decimals0, uint256 decimals1, bool baseIs0) public {
        (decimals0, decimals1) = (bound(decimals0, 0, 18), bound(decimals1, 0, 18));
        precise(bound(tick, -MAX_TICK, MAX_TICK), decimals0, decimals1, baseIs0);
    }

    /// @dev Ticks of prices that the oracle accepts.
    function testFuzz_LatestPrice_PreciseInBounds(int256 tick, bool baseIs0) public {
        precise(baseIs0 ? bound(tick, -276_300, 140_000) : bound(tick, -140_000, 276_300), 18, 18, baseIs0);
        precise(baseIs0 ? bound(tick, -552_000, -140_000) : bound(tick, 140_000, 552_000), 18, 6, baseIs0);
    }

    function test_LatestPrice_PreciseAtEdges() public {
        int256[9] memory ticks = [-MAX_TICK, -276_324, -1, 0, 1, 2, 139_000, 443_636, MAX_TICK];
        for (uint256 i = 0; i < 9; ++i) {
            for (uint256 side = 0; side < 2; ++side) {
                precise(ticks[i], 18, 18, side == 0);
                precise(ticks[i], 0, 18, side == 0);
                precise(ticks[i], 18, 0, side == 0);
            }
        }
    }

    /// @dev Values of 1.0001^tick worked out with eighty digits.
    function test_LatestPrice_ByHand() public {
        assertEq(priceAt(0, 18, 18, true), 1e18);
        assertApproxEqAbs(priceAt(1, 18, 18, true), 1.0001e18, 1);
        assertApproxEqAbs(priceAt(-1, 18, 18, true), 0.999900009999000099e18, 1);
        assertApproxEqAbs(priceAt(-1, 18, 18, false), 1.0001e18, 1);
        assertApproxEqAbs(priceAt(-200_311, 18, 6, true), 2_000.040289648088261463e18, 1e5);
        assertApproxEqAbs(priceAt(200_311, 6, 18, false), 2_000.040289648088261463e18, 1e5);
        assertApproxEqAbs(priceAt(69_082, 18, 18, true), 1_000.099338977258828485e18, 1e5);
        assertApproxEqAbs(priceAt(-276_324, 18, 6, true), 1.00000264383095067e18, 1);
        assertApproxEqAbs(priceAt(-253_303, 18, 18, true), 9_994_026, 1);
    }

    /// @dev The mean of the ticks rounds towards minus infinity, whichever token is the base.
    function testFuzz_LatestPrice_MeanFloors(int256 first, int256 sum) public {
        sum = bound(sum, -100_000 * int256(WINDOW), 100_000 * int256(WINDOW));
        first = bound(first, -1e15, 1e15);
        int256 mean = sum / int256(WINDOW);
        if (sum % int256(WINDOW) != 0 && sum < 0) --mean;
        for (uint256 side = 0; side < 2; ++side) {
            (UniswapV3Reference source, StatedPool pool) = sourceOf(18, 18, side == 0);
            pool.set(int56(first), int56(first + sum));
            (uint256 price, uint256 updatedAt, uint256 confidence) = source.latestPrice();
            assertEq(price, priceAt(mean, 18, 18, side == 0));
            assertEq(updatedAt, block.timestamp);
            assertEq(confidence, 0);
        }
    }

    function precise(int256 tick, uint256 decimals0, uint256 decimals1, bool baseIs0) internal {
        uint256 price = priceAt(tick, decimals0, decimals1, baseIs0);
        (uint256 baseDecimals, uint256 quoteDecimals) = baseIs0 ? (decimals0, decimals1) : (decimals1, decimals0);
        Float memory exact = power(baseIs0 ? tick : -tick);
        uint256 mantissa = FixedPointMathLib.fullMulDiv(exact.mantissa, 10 ** (18 + baseDecimals), 10 ** quoteDecimals);
        if (exact.exponent >= 0) {
            assertGt(price, MAX_PRICE);
            return;
        }
        uint256 shift = uint256(-exact.exponent);
        uint256 expected = shift > 255 ? 0 : mantissa >> shift;
        assertApproxEqAbs(price, expected, expected / 1e16 + 1);
    }

    function priceAt(int256 tick, uint256 decimals0, uint256 decimals1, bool baseIs0) internal returns (uint256 price) {
        (UniswapV3Reference source, StatedPool pool) = sourceOf(decimals0, decimals1, baseIs0);
        pool.set(7, int56(7 + tick * int256(WINDOW)));
        (price, , ) = source.latestPrice();
    }

    function sourceOf(
        uint256 decimals0,
        uint256 decimals1,
        bool baseIs0
    ) internal returns (UniswapV3Reference source, StatedPool pool) {
        TestToken token0 = new TestToken("0", "0", uint8(decimals0));
        TestToken token1 = new TestToken("1", "1", uint8(decimals1));
        pool = new StatedPool(address(token0), address(token1));
        address base = address(baseIs0 ? token0 : token1);
        source = new UniswapV3Reference(IUniswapV3Pool(address(pool)), base, WINDOW);
    }

    function power(int256 tick) internal pure returns (Float memory result) {
        result = float(1, 0);
        (uint256 above, uint256 below) = tick < 0 ? (10_000, 10_001) : (10_001, 10_000);
        Float memory square = float((above << 200) / below, -200);
        for (uint256 n = uint256(tick < 0 ? -tick : tick); n != 0; n >>= 1) {
            if (n & 1 == 1) result = times(result, square);
            square = times(square, square);
        }
    }

    function times(Float memory a, Float memory b) internal pure returns (Float memory) {
        return float(a.mantissa * b.mantissa, a.exponent + b.exponent);
    }

    function float(uint256 x, int256 exponent) internal pure returns (Float memory) {
        int256 shift = int256(FixedPointMathLib.log2(x)) - 127;
        x = shift < 0 ? x << uint256(-shift) : x >> uint256(shift);
        return Float(x, exponent + shift);
    }
}

contract UniswapV3ReferenceTest is UniswapTest {
    AssetId internal constant NEW = AssetId.wrap(7);
    uint256 internal constant WINDOW = 1_800;

    UniswapV3Reference internal source;
    uint256 internal began;

    function setUp() public override {
        super.setUp();
        source = new UniswapV3Reference(pool, address(token0), WINDOW);
        began = block.timestamp;
    }

    // ---- price

    function test_LatestPrice_AtRest() public {
        vm.warp(began + WINDOW);
        (uint256 price, uint256 updatedAt, uint256 confidence) = source.latestPrice();
        assertApproxEqRel(price, 2_000e18, 1e14);
        assertEq(updatedAt, block.timestamp);
        assertEq(confidence, 0);
    }

    function test_LatestPrice_OfEitherToken() public {
        vm.warp(began + WINDOW);
        (uint256 price, , ) = source.latestPrice();
        (uint256 inverse, , ) = new UniswapV3Reference(pool, address(token1), WINDOW).latestPrice();
        assertApproxEqRel(inverse, 0.0005e18, 1e14);
        assertApproxEqRel((price * inverse) / 1e18, 1e18, 1e6);
    }

    /// @dev The token of fewer decimals first.
    function test_LatestPrice_OtherOrder() public {
        TestToken ether_ = new TestToken("Wrapped Ether", "WETH", 18);
        while (address(ether_) < address(quote)) ether_ = new TestToken("Wrapped Ether", "WETH", 18);
        (token0, token1) = (quote, ether_);
        pool = newPool(token0, token1, 1e18, 2_000e6);
        vm.warp(block.timestamp + WINDOW);
        (uint256 price, , ) = new UniswapV3Reference(pool, address(token1), WINDOW).latestPrice();
        assertApproxEqRel(price, 2_000e18, 1e14);
    }

    /// @dev A swap that stays for t seconds of the window has the weight t / window.
    function testFuzz_LatestPrice_WeighsByTime(uint256 held, uint256 move, bool up) public {
        pool.increaseObservationCardinalityNext(8);
        vm.warp(began + WINDOW);
        int256 before = tickNow();
        move = bound(move, 1, 3_000);
        shift(up ? 10_000 + move : 10_000 - move);
        int256 later = tickNow();
        held = bound(held, 0, WINDOW);
        vm.warp(block.timestamp + held);
        int256 sum = before * int256(WINDOW - held) + later * int256(held);
        (uint256 price, , ) = source.latestPrice();
        assertEq(price, at(sum));
        if (held == WINDOW)
            assertApproxEqRel(price, (2_000e18 * ((up ? 10_000 + move : 10_000 - move) ** 2)) / 1e8, 2e14);
    }

    function test_LatestPrice_ManyMoves() public {
        pool.increaseObservationCardinalityNext(50);
        vm.warp(began + WINDOW);
        int256 sum;
        for (uint256 i = 0; i < 20; ++i) {
            shift(i % 3 == 0 ? 9_500 : 10_200);
            sum += tickNow() * int256(WINDOW / 20);
            vm.warp(block.timestamp + WINDOW / 20);
        }
        (uint256 price, , ) = source.latestPrice();
        assertEq(price, at(sum));
    }

    // ---- manipulation

    function testFuzz_LatestPrice_UnmovedWithinABlock(uint256 factor) public {
        pool.increaseObservationCardinalityNext(8);
        vm.warp(began + WINDOW);
        (uint256 price, , ) = source.latestPrice();
        shift(bound(factor, 100, 1_000_000));
        (uint256 during, , ) = source.latestPrice();
        assertEq(during, price);
        shift(10_000);
        (during, , ) = source.latestPrice();
        assertEq(during, price);
    }

    /// @dev A hundredfold price for one block of twelve seconds is 3 % in half an hour.
    function test_LatestPrice_OneBlockOfAHundredfold() public {
        pool.increaseObservationCardinalityNext(8);
        vm.warp(began + WINDOW);
        shift(100_000);
        vm.warp(block.timestamp + 12);
        (uint256 price, , ) = source.latestPrice();
        assertApproxEqRel(price, 2_062.35e18, 1e14);
    }

    // ---- history

    function test_LatestPrice_RevertsWhen_HistoryTooShort() public {
        vm.warp(began + WINDOW - 1);
        vm.expectRevert(bytes("OLD"));
        source.latestPrice();
        vm.warp(began + WINDOW);
        source.latestPrice();
        // With room for one observation a swap forgets what was before.
        shift(11_000);
        vm.warp(block.timestamp + WINDOW - 1);
        vm.expectRevert(bytes("OLD"));
        source.latestPrice();
        vm.warp(block.timestamp + 1);
        source.latestPrice();
    }

    function test_LatestPrice_RevertsWhen_PoolNotInitialized() public {
        IPool fresh = IPool(factory.createPool(address(token0), address(token1), 500));
        source = new UniswapV3Reference(fresh, address(token0), WINDOW);
        vm.expectRevert(bytes("I"));
        source.latestPrice();
    }

    // ---- constructor

    function test_Constructor_RevertsWhen_ZeroPool() public {
        vm.expectRevert(UniswapV3Reference.ZeroPool.selector);
        new UniswapV3Reference(IUniswapV3Pool(address(0)), address(token0), WINDOW);
    }

    function test_Constructor_RevertsWhen_TokenNotInPool() public {
        address[2] memory wrong = [address(0), address(this)];
        for (uint256 i = 0; i < 2; ++i) {
            bytes4 reason = UniswapV3Reference.TokenNotInPool.selector;
            vm.expectRevert(abi.encodeWithSelector(reason, wrong[i], token0, token1));
            new UniswapV3Reference(pool, wrong[i], WINDOW);
        }
    }

    function test_Constructor_RevertsWhen_WindowOutOfBounds() public {
        uint256[4] memory wrong = [uint256(0), 59, 1 days + 1, uint256(1 << 32) + 60];
        for (uint256 i = 0; i < 4; ++i) {
            bytes4 reason = UniswapV3Reference.WindowOutOfBounds.selector;
            vm.expectRevert(abi.encodeWithSelector(reason, wrong[i], 60, 1 days));
            new UniswapV3Reference(pool, address(token0), wrong[i]);
        }
        assertEq(new UniswapV3Reference(pool, address(token0), 60).window(), 60);
        source = new UniswapV3Reference(pool, address(token1), 1 days);
        assertEq(source.window(), 1 days);
        assertEq(source.base(), address(token1));
        assertEq(address(source.pool()), address(pool));
    }

    function test_Constructor_RevertsWhen_TooManyDecimals() public {
        TestToken wide = new TestToken("Wide", "WIDE", 19);
        IPool other = IPool(factory.createPool(address(wide), address(token0), 3_000));
        vm.expectRevert(abi.encodeWithSelector(UniswapV3Reference.TooManyDecimals.selector, 19, 18));
        new UniswapV3Reference(other, address(token0), WINDOW);
    }

    // ---- through the router

    function test_Peek_DivergesWhenFarFromTheReference() public {
        pool.increaseObservationCardinalityNext(8);
        router.setReference(ETH, IOracleRouter.Reference(address(source), 60, 300));
        router.latch(single(ETH));
        assertEq(uint8(peekPrice(ETH).status), uint8(PriceStatus.Fresh), "too little history says nothing");
        vm.warp(began + WINDOW);
        assertEq(uint8(peekPrice(ETH).status), uint8(PriceStatus.Fresh));
        shift(10_300);
        assertEq(uint8(peekPrice(ETH).status), uint8(PriceStatus.Fresh), "a swap in the same block moves nothing");
        vm.warp(block.timestamp + WINDOW);
        assertEq(uint8(peekPrice(ETH).status), uint8(PriceStatus.Diverged));
    }

    // ---- drivers

    function tickNow() internal view returns (int256 tick) {
        (, tick, , , , , ) = pool.slot0();
    }

    /// @dev The price of a sum of ticks over the window, as a pool would tell it that was never anywhere else.
    function at(int256 sum) internal returns (uint256 price) {
        StatedPool stated = new StatedPool(address(token0), address(token1));
        stated.set(0, int56(sum));
        (price, , ) = new UniswapV3Reference(IUniswapV3Pool(address(stated)), address(token0), WINDOW).latestPrice();
    }
}
