// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Incentives} from "../../contracts/libraries/Incentives.sol";
import {FixedPoint, WAD} from "../../contracts/libraries/math/FixedPoint.sol";
import {MAX_PRICE} from "../../contracts/types/Price.sol";

contract IncentivesTest is Test {
    // ---- health

    function test_Health_IsBetweenNothingAndOne() public pure {
        assertEq(Incentives.health(-1, 100), 0);
        assertEq(Incentives.health(0, 100), 0);
        assertEq(Incentives.health(93, 100), 0.93e18);
        assertEq(Incentives.health(99, 100), 0.99e18);
        assertEq(Incentives.health(100, 100), WAD);
        assertEq(Incentives.health(1e30, 100), WAD);
        assertEq(Incentives.health(0, 0), 0, "nothing needed, nothing there");
        assertEq(Incentives.health(1, 0), WAD);
    }

    function testFuzz_Health_RoundsDown(uint256 equity, uint256 maintenance) public pure {
        maintenance = bound(maintenance, 1, 1e36);
        equity = bound(equity, 1, maintenance);
        uint256 health = Incentives.health(int256(equity), maintenance);
        assertLe(health, WAD);
        assertLe(health * maintenance, equity * WAD);
        if (health < WAD) assertGt((health + 1) * maintenance, equity * WAD);
    }

    // ---- move

    function test_Move_OfAMinuteAndOfTheLatency() public pure {
        // σ 80 %/yr: 0.8·√(60 / 31,536,000) and 0.8·√(2 / 31,536,000).
        assertApproxEqAbs(Incentives.move(yearly(0.8e18), 60), 0.001103474518136490e18, 1e6);
        assertApproxEqAbs(Incentives.move(yearly(0.8e18), 2), 0.000201465961738499e18, 1e6);
        assertEq(Incentives.move(yearly(0.8e18), 0), 0);
    }

    function testFuzz_Move_RoundsUp(uint256 sigma, uint256 elapsed) public pure {
        sigma = bound(sigma, 1e13, 2e15);
        elapsed = bound(elapsed, 0, 1 days);
        uint256 move = Incentives.move(sigma, elapsed);
        assertGe(move * move, sigma * sigma * elapsed);
        if (move > 1) assertLt((move - 2) * (move - 2), sigma * sigma * elapsed + 1);
    }

    // ---- duration

    /// @dev The worked example: 600 s at 80 %/yr; at 300 %/yr (0.025 / 4σ)² = 136.875.
    function test_Duration_OfTheWorkedExample() public pure {
        assertEq(Incentives.duration(0.0463e18, yearly(0.8e18)), 600);
        assertEq(Incentives.duration(0.025e18, yearly(3e18)), 137);
    }

    function test_Duration_StaysWithinItsBounds() public pure {
        assertEq(Incentives.duration(0, yearly(0.8e18)), 20);
        assertEq(Incentives.duration(0.0463e18, yearly(10e18)), 43);
        assertEq(Incentives.duration(0.03e18, yearly(10e18)), 20);
        assertEq(Incentives.duration(WAD, 1), 600, "so calm that the square would be huge");
        assertEq(Incentives.duration(type(uint96).max, 1), 600);
    }

    function testFuzz_Duration_LongerWithMarginShorterWithVolatility(uint256 margin, uint256 sigma) public pure {
        margin = bound(margin, 0, WAD);
        sigma = bound(sigma, 1e12, 2e15);
        uint256 duration = Incentives.duration(margin, sigma);
        assertGe(duration, 20);
        assertLe(duration, 600);
        assertGe(Incentives.duration(margin + margin / 10 + 1, sigma), duration);
        assertLe(Incentives.duration(margin, sigma + sigma / 10 + 1), duration);
    }

    /// @dev Between the bounds σ·√duration is a quarter of the margin, less than a second off; the ratio rounds by 1e-18.
    function testFuzz_Duration_LetsTheMarketEatAQuarter(uint256 margin, uint256 sigma) public pure {
        margin = bound(margin, 0, WAD);
        sigma = bound(sigma, 1e12, 2e15);
        uint256 duration = Incentives.duration(margin, sigma);
        uint256 rounding = (800 * sigma * sigma) / WAD + 32 * sigma;
        if (duration > 20) assertLe(16 * sigma * sigma * (duration - 1), margin * margin + rounding);
        if (duration < 600) assertGe(16 * sigma * sigma * duration, margin * margin);
    }

    // ---- slice

    function test_Slice_IsAQuarterOfTheMarginOfDepth() public pure {
        assertEq(Incentives.slice(0.04e18, 50_000_000e18), 500_000e18);
        assertEq(Incentives.slice(0.01e18, 50_000_000e18), 125_000e18);
        assertEq(Incentives.slice(0.009e18, 50_000_000e18), 125_000e18, "never less than of 1 %");
        assertEq(Incentives.slice(0, 50_000_000e18), 125_000e18);
        assertEq(Incentives.slice(0.2e18, 50_000_000e18), 2_500_000e18);
    }

    function testFuzz_Slice_MovesTheMarketByAtMostAQuarter(uint256 margin, uint256 depth) public pure {
        margin = bound(margin, 0, WAD);
        depth = bound(depth, 1e21, 1e28);
        uint256 slice = Incentives.slice(margin, depth);
        assertLe(4 * slice * WAD, FixedPoint.max(margin, 0.01e18) * depth);
        assertGe(Incentives.slice(margin + 4, depth), slice);
    }

    // ---- premium

    function test_Premium_EndsAreExact() public pure {
        assertEq(Incentives.premium(1_835e18, 0.0002e18, 25e18, 0, 600), -0.367e18);
        assertEq(Incentives.premium(1_835e18, 0.0002e18, 25e18, 600, 600), 25e18);
        assertEq(Incentives.premium(1_835e18, 0.0002e18, 25e18, 601, 600), 25e18);
        assertEq(Incentives.premium(1_835e18, 0.0002e18, 25e18, 300, 600), 12.3165e18);
        assertEq(Incentives.premium(1_835e18, 0, 0, 300, 600), 0);
    }

    function testFuzz_Premium_EndsAreExact(uint256 notional, uint256 floor, uint256 top, uint256 duration) public pure {
        (notional, floor, top) = boundPremium(notional, floor, top);
        duration = bound(duration, 20, 600);
        assertEq(Incentives.premium(notional, floor, top, 0, duration), -int256(FixedPoint.mulUp(notional, floor)));
        assertEq(Incentives.premium(notional, floor, top, duration, duration), int256(top));
        assertEq(Incentives.premium(notional, floor, top, type(uint256).max, duration), int256(top));
    }

    function testFuzz_Premium_OnlyClimbs(
        uint256[3] memory numbers,
        uint256 duration,
        uint256 a,
        uint256 b
    ) public pure {
        (numbers[0], numbers[1], numbers[2]) = boundPremium(numbers[0], numbers[1], numbers[2]);
        duration = bound(duration, 20, 600);
        a = bound(a, 0, 700);
        b = bound(b, a, 700);
        int256 early = Incentives.premium(numbers[0], numbers[1], numbers[2], a, duration);
        int256 late = Incentives.premium(numbers[0], numbers[1], numbers[2], b, duration);
        assertLe(early, late);
        assertLe(late, int256(numbers[2]), "never more than may be paid");
    }

    // ---- price

    function test_Price_RoundsForTheAccount() public pure {
        assertEq(Incentives.price(true, 2_000e18, 10e18, 1e18), 1_990e18);
        assertEq(Incentives.price(false, 2_000e18, 10e18, 1e18), 2_010e18);
        assertEq(Incentives.price(true, 2_000e18, -10e18, 1e18), 2_010e18);
        assertEq(Incentives.price(false, 2_000e18, -10e18, 1e18), 1_990e18);
        assertEq(Incentives.price(true, 2_000e18, 1, 3e18), 2_000e18);
        assertEq(Incentives.price(false, 2_000e18, 1, 3e18), 2_000e18);
        assertEq(Incentives.price(true, 2_000e18, -1, 3e18), 2_000e18 + 1);
        assertEq(Incentives.price(false, 2_000e18, -1, 3e18), 2_000e18 - 1);
        assertEq(Incentives.price(true, 1e18, 2e18, 1e18), 1, "never nothing: that is no price");
        assertEq(Incentives.price(true, 1e18, 1e18, 1e18), 1);
        assertEq(Incentives.price(false, 1e18, -2e18, 1e18), 1);
        assertEq(Incentives.price(false, MAX_PRICE - 5, 5, 1e18), MAX_PRICE);
        assertEq(Incentives.price(false, MAX_PRICE - 5, 6, 1e18), MAX_PRICE, "never above what a price can be");
        assertEq(Incentives.price(true, MAX_PRICE, -1e18, 1e18), MAX_PRICE);
    }

    /// @dev What the account gives is at most the premium: the price is within a wei of it, on the account's side.
    function testFuzz_Price_RoundsForTheAccount(bool long, uint256 mark, int256 premium, uint256 size) public pure {
        mark = bound(mark, 1e12, MAX_PRICE / 2);
        size = bound(size, 1e6, 1e27);
        int256 most = int256((mark * size) / WAD);
        // Beyond, a price would be nothing.
        most -= int256(size / WAD) + 1;
        premium = bound(premium, -most, most);
        uint256 price = Incentives.price(long, mark, premium, size);
        int256 perUnit = long ? int256(mark) - int256(price) : int256(price) - int256(mark);
        assertLe(perUnit * int256(size), premium * int256(WAD));
        assertGt((perUnit + 1) * int256(size), premium * int256(WAD));
    }

    function boundPremium(
        uint256 notional,
        uint256 floor,
        uint256 top
    ) internal pure returns (uint256, uint256, uint256) {
        notional = bound(notional, 1, 1e28);
        return (notional, bound(floor, 0, 0.1e18), bound(top, 0, notional));
    }

    /// @dev Per √second.
    function yearly(uint256 sigma) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(sigma, WAD, FixedPoint.sqrtUp(365 days * WAD * WAD));
    }
}
