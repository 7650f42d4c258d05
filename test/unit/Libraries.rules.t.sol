// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";
import {Budget} from "../../contracts/core/Ledger.sol";
import {Average} from "../../contracts/libraries/Average.sol";
import {Budgets} from "../../contracts/libraries/Budgets.sol";
import {Legs} from "../../contracts/libraries/Legs.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";
import {Ticks} from "../../contracts/libraries/Ticks.sol";
import {FixedPoint} from "../../contracts/libraries/math/FixedPoint.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE} from "../../contracts/types/Price.sol";

/// @notice Each rule against its definition, over its whole range; Libraries.t.sol has the single last bits.
contract TicksTest is Test {
    function testFuzz_TickOf_HoldsItsPrice(uint256 price) public pure {
        price = bound(price, MIN_PRICE, MAX_PRICE);
        uint256 tick = Ticks.tickOf(price);
        assertLe(Ticks.lower(tick), price);
        assertLt(price, Ticks.upper(tick));
        // Between 1/128 and 1/64 wide.
        uint256 width = Ticks.upper(tick) - Ticks.lower(tick);
        assertLe(width * 64, Ticks.lower(tick));
        assertGt(width * 128, Ticks.lower(tick));
    }

    function testFuzz_TickOf_IsMonotone(uint256 a, uint256 b) public pure {
        a = bound(a, MIN_PRICE, MAX_PRICE);
        b = bound(b, a, MAX_PRICE);
        assertLe(Ticks.tickOf(a), Ticks.tickOf(b));
    }

    /// @dev Every tick there is: edges exact, neighbours touch.
    function test_Ticks_EveryEdge() public pure {
        uint256 last = Ticks.tickOf(MAX_PRICE);
        for (uint256 tick = Ticks.tickOf(MIN_PRICE); tick <= last; ++tick) {
            uint256 lower = Ticks.lower(tick);
            assertEq(Ticks.tickOf(lower), tick);
            assertEq(Ticks.tickOf(Ticks.upper(tick) - 1), tick);
            assertEq(Ticks.upper(tick), Ticks.lower(tick + 1));
        }
        assertEq(Ticks.upper(last), MAX_PRICE + 1);
        assertLt(last, 1 << 13);
    }
}

contract LegsTest is Test {
    using Legs for uint96;

    /// @dev Against a plain list: adds and removes in any order.
    function testFuzz_Legs_AgainstAPlainList(uint256[24] memory seeds) public {
        uint96 legs;
        uint16[] memory model = new uint16[](8);
        uint256 n;
        for (uint256 i = 0; i < 24; ++i) {
            uint16 id = uint16(1 + (seeds[i] % 12) * 372);
            (bool held, uint256 place) = find(model, n, id);
            assertEq(legs.contains(AssetId.wrap(id)), held);
            if (held) {
                legs = legs.remove(AssetId.wrap(id));
                model[place] = model[--n];
            } else if (n < 8) {
                legs = legs.add(AssetId.wrap(id));
                model[n++] = id;
            } else {
                vm.expectRevert(abi.encodeWithSelector(Legs.TooManyLegs.selector, 9, 8));
                this.add(legs, AssetId.wrap(id));
            }
            assertEq(legs.count(), n);
            AssetId[] memory list = legs.list();
            assertEq(list.length, n);
            for (uint256 j = 0; j < n; ++j) {
                assertEq(AssetId.unwrap(list[j]), model[j]);
                assertEq(AssetId.unwrap(legs.legAt(j)), model[j]);
            }
        }
    }

    function add(uint96 legs, AssetId asset) external pure returns (uint96) {
        return legs.add(asset);
    }

    function find(uint16[] memory model, uint256 n, uint16 id) internal pure returns (bool, uint256) {
        for (uint256 i = 0; i < n; ++i) if (model[i] == id) return (true, i);
        return (false, 0);
    }
}

contract MarginTest is Test {
    uint256 internal constant MOST = 1e30;

    function testFuzz_Required_IsMonotone(uint256 n, uint256 more, uint256 rate, uint256 depth) public pure {
        n = bound(n, 0, MOST);
        more = bound(more, n, MOST);
        rate = bound(rate, 0, 1e18);
        depth = bound(depth, 10_000e18, 1e28);
        uint256 required = Margin.required(n, rate, depth);
        assertLe(required, Margin.required(more, rate, depth), "in notional");
        assertLe(required, Margin.required(n, rate + 1e15, depth), "in rate");
        assertGe(required, Margin.required(n, rate, depth * 2), "in depth");
    }

    function testFuzz_Required_RoundsUp(uint256 n, uint256 rate, uint256 depth) public pure {
        n = bound(n, 0, 1e24);
        rate = bound(rate, 0, 1e18);
        depth = bound(depth, 10_000e18, 1e26);
        // N·(rate + N / 2D) over the common denominator.
        uint256 exact = n * (rate * 2 * depth + n * 1e18);
        uint256 required = Margin.required(n, rate, depth) * 2 * depth * 1e18;
        assertGe(required, exact);
        assertLt(required, exact + 2 * (2 * depth * 1e18), "less than a wei per term");
    }

    /// @dev The larger a leg, the more each unit of it needs: there are no tiers to sit below.
    function testFuzz_Required_IsConvex(uint256 a, uint256 b, uint256 rate) public pure {
        a = bound(a, 0, 1e28);
        b = bound(b, 0, 1e28);
        rate = bound(rate, 0, 1e18);
        uint256 apart = Margin.required(a, rate, 5e25) + Margin.required(b, rate, 5e25);
        assertLe(apart, Margin.required(a + b, rate, 5e25) + 4);
    }

    function testFuzz_Reserve_OnlyOfProfit(int256 size, uint256 price, uint256 basis, uint256 haircut) public pure {
        size = bound(size, -1e26, 1e26);
        price = bound(price, MIN_PRICE, 1e24);
        basis = bound(basis, MIN_PRICE, 1e24);
        haircut = bound(haircut, 1_00, 50_00);
        uint256 reserve = Margin.reserve(size, price, basis, haircut);
        // In 1e18 · 1e4, exactly.
        int256 profit = size * (int256(price) - int256(basis));
        if (profit <= -2e18) assertEq(reserve, 0);
        if (profit > 0) {
            assertGe(reserve * 1e22, uint256(profit) * haircut, "never less");
            assertLe(reserve * 1e22, (uint256(profit) + 2e18) * haircut + 1e22, "rounding apart");
        }
    }

    function testFuzz_Value_RoundsDownAndNotionalUp(int256 size, uint256 price) public pure {
        size = bound(size, -1e28, 1e28);
        price = bound(price, 0, 1e24);
        int256 product = size * int256(price);
        assertLe(Margin.value(size, price) * 1e18, product);
        assertGt((Margin.value(size, price) + 1) * 1e18, product);
        uint256 magnitude = uint256(product < 0 ? -product : product);
        assertGe(Margin.notionalOf(size, price) * 1e18, magnitude);
        assertLt(Margin.notionalOf(size, price) * 1e18, magnitude + 1e18);
    }

    function testFuzz_Counted(uint256 gross, uint256 haircut) public pure {
        gross = bound(gross, 0, MOST);
        haircut = bound(haircut, 0, 19_000);
        int256 counted = Margin.counted(int256(gross), haircut);
        assertEq(counted, haircut >= 10_000 ? int256(0) : int256((gross * (10_000 - haircut)) / 10_000));
    }

    function testFuzz_Worse_ForTheHolder(int256 size, uint256 a, uint256 b) public pure {
        vm.assume(size != 0);
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        assertEq(Margin.worse(size, a, b), size > 0 ? low : high);
    }
}

contract FixedPointTest is Test {
    /// @dev Against counting: ⌊x·y/d⌋ is the largest q with q·d ≤ x·y.
    function testFuzz_MulDiv_AgainstTheDefinition(int64 x, uint64 y, uint64 d) public pure {
        vm.assume(d != 0);
        int256 product = int256(x) * int256(uint256(y));
        int256 divisor = int256(uint256(d));
        int256 floor = FixedPoint.mulDivFloor(x, y, d);
        assertLe(floor * divisor, product);
        assertGt((floor + 1) * divisor, product);
        if (x < 0) return;
        uint256 down = FixedPoint.mulDivDown(uint64(x), y, d);
        uint256 up = FixedPoint.mulDivUp(uint64(x), y, d);
        assertEq(int256(down), floor);
        assertEq(up, product % divisor == 0 ? down : down + 1);
    }

    /// @dev Products that fit one word and products that do not, and both at the border: as the one that always takes two.
    function testFuzz_MulDiv_WideAndNarrow(
        uint256 x,
        uint256 y,
        uint256 d,
        uint8 xBits,
        uint8 yBits,
        uint8 dBits
    ) public pure {
        (x, y, d) = (x >> xBits, y >> yBits, (d >> dBits) | 1);
        // The quotient fits: the upper word of the product is below the divisor.
        (uint256 high, ) = Math.mul512(x, y);
        if (high >= d) (x, d) = (x >> 128, d | (1 << 255));
        assertEq(FixedPoint.mulDivDown(x, y, d), Math.mulDiv(x, y, d));
        assertEq(FixedPoint.mulDivUp(x, y, d), Math.mulDiv(x, y, d, Math.Rounding.Ceil));
    }

    function test_MulDiv_AtTheBorderOfAWord() public pure {
        uint256[6] memory borders = [uint256(1), 2, 1e18, 1 << 127, 1 << 128, 1 << 200];
        for (uint256 i = 0; i < 27 * 6; ++i) {
            uint256 x = borders[i % 6] + ((i / 6) % 3) - 1;
            for (uint256 j = 0; j < 27 * 6; ++j) {
                uint256 y = borders[j % 6] + ((j / 6) % 3) - 1;
                uint256 d = borders[(i / 18 + j / 18) % 6] + 1;
                (uint256 high, ) = Math.mul512(x, y);
                if (high >= d) continue;
                assertEq(FixedPoint.mulDivDown(x, y, d), Math.mulDiv(x, y, d));
                assertEq(FixedPoint.mulDivUp(x, y, d), Math.mulDiv(x, y, d, Math.Rounding.Ceil));
            }
        }
    }

    function test_Mul_SmallNumbersBothSigns() public pure {
        for (int256 x = -20; x <= 20; ++x) {
            for (uint256 y = 0; y <= 20; ++y) {
                // In halves: x·y/2 with y in units of 0.5.
                int256 product = x * int256(y);
                int256 floor = (product - (product < 0 ? int256(1) : int256(0))) / 2;
                int256 ceil = (product + (product > 0 ? int256(1) : int256(0))) / 2;
                assertEq(FixedPoint.mulFloor(x, y * 0.5e18), floor);
                assertEq(FixedPoint.mulCeil(x, y * 0.5e18), ceil);
            }
        }
        assertEq(FixedPoint.mulDivFloor(-7, 1, 2), -4, "never towards zero");
        assertEq(FixedPoint.mulCeil(-7, 0.5e18), -3);
    }

    function testFuzz_Mul_FloorAndCeil(int128 x, uint96 y) public pure {
        int256 product = int256(x) * int256(uint256(y));
        int256 floor = FixedPoint.mulFloor(x, y);
        int256 ceil = FixedPoint.mulCeil(x, y);
        assertLe(floor * 1e18, product);
        assertGe(ceil * 1e18, product);
        assertEq(ceil - floor, product % 1e18 == 0 ? int256(0) : int256(1));
        assertEq(FixedPoint.mulFloor(-int256(x), y), -ceil, "mirror");
    }

    function testFuzz_Mul_DownAndUp(uint128 x, uint128 y) public pure {
        uint256 product = uint256(x) * y;
        assertEq(FixedPoint.mulDown(x, y), product / 1e18);
        assertEq(FixedPoint.mulUp(x, y), product / 1e18 + (product % 1e18 == 0 ? 0 : 1));
    }

    function testFuzz_DivUp(uint128 x, uint128 d) public pure {
        vm.assume(d != 0);
        assertEq(FixedPoint.divUp(x, d), (uint256(x) + d - 1) / d);
    }

    function testFuzz_AbsAndMin(int256 x, uint256 a, uint256 b) public pure {
        x = bound(x, type(int256).min + 1, type(int256).max);
        assertEq(FixedPoint.abs(x), uint256(x < 0 ? -x : x));
        assertEq(FixedPoint.min(a, b), a < b ? a : b);
    }
}

contract BudgetsTest is Test {
    function testFuzz_Current_WindowsBeginAgain(Budget memory b, uint256 fund, uint256 time) public pure {
        fund = bound(fund, 0, type(uint128).max);
        time = bound(time, 2 days, type(uint40).max);
        (bytes memory old, bool hour, bool day) = (
            abi.encode(b),
            time >= uint256(b.hourStart) + 1 hours,
            time >= uint256(b.dayStart) + 1 days
        );
        Budget memory before = abi.decode(old, (Budget));
        Budget memory now_ = Budgets.current(b, fund, time);
        assertEq(now_.hourStart, hour ? time : before.hourStart);
        assertEq(now_.hourUsed, hour ? 0 : before.hourUsed);
        assertEq(now_.hourFund, hour ? fund : before.hourFund);
        assertEq(now_.dayStart, day ? time : before.dayStart);
        assertEq(now_.dayUsed, day ? 0 : before.dayUsed);
        assertEq(now_.dayFund, day ? fund : before.dayFund);
    }

    function testFuzz_Available_IsTheLeastAndNeverNegative(Budget memory b) public pure {
        uint256 hour = uint256(b.hourFund) / 10;
        uint256 day = uint256(b.dayFund) / 4;
        hour = hour > b.hourUsed ? hour - b.hourUsed : 0;
        day = day > b.dayUsed ? day - b.dayUsed : 0;
        assertEq(Budgets.available(b), hour < day ? hour : day);
    }
}

contract AverageTest is Test {
    function testFuzz_Step_StaysBetweenAndMovesTowards(uint256 average, uint256 held, uint256 elapsed) public pure {
        average = bound(average, MIN_PRICE, MAX_PRICE);
        held = bound(held, MIN_PRICE, MAX_PRICE);
        uint256 next = Average.step(average, held, elapsed, 60);
        (uint256 low, uint256 high) = average < held ? (average, held) : (held, average);
        assertGe(next, low);
        assertLe(next, high);
        elapsed = bound(elapsed, 0, 10 days);
        uint256 sooner = Average.step(average, held, elapsed, 1_800);
        uint256 later = Average.step(average, held, elapsed + 1, 1_800);
        if (average < held) assertLe(sooner, later);
        else assertGe(sooner, later);
    }

    /// @dev Two steps at the same price are one.
    function testFuzz_Step_Composes(uint256 average, uint256 held, uint256 first, uint256 second) public pure {
        average = bound(average, 1e18, 1e23);
        held = bound(held, 1e18, 1e23);
        first = bound(first, 0, 600);
        second = bound(second, 0, 600);
        uint256 twice = Average.step(Average.step(average, held, first, 60), held, second, 60);
        assertApproxEqAbs(twice, Average.step(average, held, first + second, 60), 1e6);
    }

    function test_Step_KnownValues() public pure {
        assertEq(Average.step(2_000e18, 2_000e18, 77, 60), 2_000e18);
        assertEq(Average.step(2_000e18, 1_000e18, 0, 60), 2_000e18);
        // 1,000 + 1,000 / e.
        assertApproxEqAbs(Average.step(2_000e18, 1_000e18, 60, 60), 1_367.879441171442321595e18, 1e3);
        assertApproxEqAbs(Average.step(1_000e18, 2_000e18, 60, 60), 1_632.120558828557678404e18, 1e3);
        assertEq(Average.step(1_000e18, 2_000e18, type(uint256).max, 60), 2_000e18);
    }
}
