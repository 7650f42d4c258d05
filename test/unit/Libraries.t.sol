// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Budget} from "../../contracts/core/Ledger.sol";
import {Average} from "../../contracts/libraries/Average.sol";
import {Budgets} from "../../contracts/libraries/Budgets.sol";
import {Deleverage} from "../../contracts/libraries/Deleverage.sol";
import {Funding} from "../../contracts/libraries/Funding.sol";
import {Legs} from "../../contracts/libraries/Legs.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";
import {Ticks} from "../../contracts/libraries/Ticks.sol";
import {FixedPoint, RAY} from "../../contracts/libraries/math/FixedPoint.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE} from "../../contracts/types/Price.sol";

/// @notice The pure rules. A random campaign does not see a wrong last bit: every rounding has a number here.
contract LibrariesTest is Test {
    uint256 internal constant ONE = Deleverage.ONE;

    // ---- signed and unsigned division

    function test_FixedPoint_NeverTowardsZero() public pure {
        assertEq(FixedPoint.mulDivFloor(-7, 1, 2), -4);
        assertEq(FixedPoint.mulDivFloor(7, 1, 2), 3);
        assertEq(FixedPoint.mulCeil(-7, 5e17), -3);
        assertEq(FixedPoint.mulCeil(7, 5e17), 4);
        assertEq(FixedPoint.mulFloor(-7, 5e17), -4);
        assertEq(FixedPoint.mulDown(7, 5e17), 3);
        assertEq(FixedPoint.mulUp(7, 5e17), 4);
        assertEq(FixedPoint.divUp(7, 2), 4);
        assertEq(FixedPoint.mulDivUp(7, 1, 2), 4);
    }

    function testFuzz_FixedPoint_FloorAndCeilBracket(int128 x, uint64 y) public pure {
        int256 floor = FixedPoint.mulFloor(x, y);
        int256 ceil = FixedPoint.mulCeil(x, y);
        int256 exact = int256(x) * int256(uint256(y));
        assertTrue(floor * 1e18 <= exact && exact <= ceil * 1e18);
        assertTrue(ceil - floor <= 1);
    }

    // ---- ticks

    function test_Ticks_ExactEdges() public pure {
        assertEq(Ticks.lower(Ticks.tickOf(2_000e18)), 108 << 64);
        assertEq(Ticks.tickOf(64), 0);
        assertEq(Ticks.tickOf(127), 63);
        assertEq(Ticks.tickOf(128), 64);
        assertEq(Ticks.lower(64), 128);
        assertEq(Ticks.upper(63), 128);
    }

    function testFuzz_Ticks_Contain(uint256 price) public pure {
        price = bound(price, MIN_PRICE, MAX_PRICE);
        uint256 tick = Ticks.tickOf(price);
        assertTrue(Ticks.lower(tick) <= price && price < Ticks.upper(tick));
        assertEq(Ticks.tickOf(Ticks.lower(tick)), tick);
        assertEq(Ticks.tickOf(Ticks.upper(tick)), tick + 1);
        assertLt(tick >> 8, 24, "fits the words of a side");
        assertLe((Ticks.upper(tick) - Ticks.lower(tick)) * 64, Ticks.lower(tick), "at most 1/64 wide");
    }

    // ---- legs

    function testFuzz_Legs_LikeAList(uint256 seed) public pure {
        uint96 legs;
        uint256 n;
        bool[16] memory held;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(seed, i))) % 16;
            AssetId asset = AssetId.wrap(uint16(pick * 273));
            if (pick == 0) continue;
            if (held[pick]) (legs, n, held[pick]) = (Legs.remove(legs, asset), n - 1, false);
            else if (n < Legs.MAX) (legs, n, held[pick]) = (Legs.add(legs, asset), n + 1, true);
            assertEq(Legs.count(legs), n);
            for (uint256 j = 1; j < 16; ++j) assertEq(Legs.contains(legs, AssetId.wrap(uint16(j * 273))), held[j]);
        }
        assertEq(Legs.list(legs).length, n);
    }

    // ---- margin

    function testFuzz_Margin_MonotoneAndUp(uint256 notional, uint256 rate, uint256 depth) public pure {
        notional = bound(notional, 0, 1e30);
        rate = bound(rate, 0.005e18, 0.5e18);
        depth = bound(depth, 10_000e18, 1e28);
        uint256 required = Margin.required(notional, rate, depth);
        assertGe(Margin.required(notional + 1, rate, depth), required);
        assertGe(Margin.required(notional, rate + 1, depth), required);
        assertLe(Margin.required(notional, rate, depth + 1), required);
        assertGe(required * 1e18, notional * rate);
    }

    function testFuzz_Margin_ReserveIsOnProfitOnly(int256 size, uint256 price, uint256 basis) public pure {
        size = bound(size, -1e25, 1e25);
        price = bound(price, MIN_PRICE, MAX_PRICE);
        basis = bound(basis, MIN_PRICE, MAX_PRICE);
        uint256 reserve = Margin.reserve(size, price, basis, 30_00);
        bool wins = size > 0 ? price > basis : price < basis;
        if (!wins) assertLe(reserve, 1);
    }

    function test_Margin_WorseAndCounted() public pure {
        assertEq(Margin.worse(1, 10, 20), 10);
        assertEq(Margin.worse(-1, 10, 20), 20);
        assertEq(Margin.counted(100, 20_00), 80);
        assertEq(Margin.counted(100, 100_00), 0);
        assertEq(Margin.value(-1, 15e17), -2);
        assertEq(Margin.value(1, 15e17), 1);
        assertEq(Margin.notionalOf(-1, 15e17), 2);
    }

    // ---- funding

    function test_Funding_Roundings() public pure {
        // One wei of size pays or gets a fraction of a wei: the payer pays one, the receiver gets none.
        assertEq(Funding.cash(1, 0, 1), -1);
        assertEq(Funding.cash(-1, 0, 1), 0);
        assertEq(Funding.cash(1, 1, 0), 0);
        assertEq(Funding.cash(-1, 1, 0), -1);
        assertEq(Funding.accrue(0, 1, 1), 0);
        assertEq(Funding.accrue(0, -1, 1), -1);
        assertEq(Funding.accrue(0, 0.01e18 * 1 days, 2_000e18), 20e27);
        assertEq(Funding.accrue(Funding.LIMIT, 0.01e18 * 3650 days, MAX_PRICE), Funding.LIMIT);
        assertEq(Funding.accrue(-Funding.LIMIT, -0.01e18 * 3650 days, MAX_PRICE), -Funding.LIMIT);
    }

    // ---- averages

    function test_Average_Step() public pure {
        assertEq(Average.step(2_000e18, 1_000e18, 0, 60), 2_000e18);
        assertApproxEqAbs(Average.step(2_000e18, 1_000e18, 60, 60), 1_367.879441171442321e18, 1e6);
        assertEq(Average.step(2_000e18, 1_000e18, 365 days, 60), 1_000e18);
    }

    function testFuzz_Average_StaysBetween(uint256 average, uint256 held, uint256 elapsed) public pure {
        average = bound(average, MIN_PRICE, MAX_PRICE);
        held = bound(held, MIN_PRICE, MAX_PRICE);
        uint256 next = Average.step(average, held, bound(elapsed, 0, 10_000 days), 1_800);
        assertTrue(average < held ? next >= average && next <= held : next <= average && next >= held);
    }

    // ---- budgets

    function test_Budgets_Windows() public pure {
        Budget memory budget = Budgets.current(Budget(0, 0, 0, 0, 0, 0), 1_000e18, 1e9);
        assertEq(Budgets.available(budget), 100e18);
        budget.hourUsed = budget.dayUsed = 100e18;
        assertEq(Budgets.available(Budgets.current(budget, 5_000e18, 1e9 + 3_599)), 0);
        assertEq(Budgets.available(Budgets.current(budget, 5_000e18, 1e9 + 3_600)), 150e18, "the day's bound");
        assertEq(Budgets.available(Budgets.current(budget, 5_000e18, 1e9 + 1 days)), 500e18);
    }

    // ---- deleverage: each rounding in its direction

    function test_Deleverage_Multiplier() public pure {
        assertEq(Deleverage.offsetMultiplier(true, 10, 3, 1), 6);
        assertEq(Deleverage.offsetMultiplier(false, 10, 3, 1), 7);
        assertEq(Deleverage.offsetMultiplier(false, ONE, 5, 5), 0);
    }

    function test_Deleverage_CashIndex() public pure {
        // One wei closed at one wei of price (1e9 ray·wei), a third of the side: 2¹⁰³·1e9/3/2⁶⁴ has a fraction.
        uint256 third = (ONE * 1e9) / 3;
        Deleverage.Index memory index = Deleverage.Index(ONE, 0, 0);
        assertEq(Deleverage.offsetCash(true, index, 0, 3, 1, 1), int256(third >> 64));
        assertEq(Deleverage.offsetCash(false, index, 0, 3, 1, 1), -int256((third + 1) >> 64) - 1);
        // Funding is folded in: floors for a member that has to pay it.
        index.funding = 1;
        assertEq(Deleverage.offsetCash(true, index, ONE - 1, 3, 0, 1), -1);
        assertEq(Deleverage.offsetCash(false, index, ONE - 1, 3, 0, 1), 0);
    }

    function test_Deleverage_Proceeds() public pure {
        assertEq(Deleverage.offsetProceeds(true, 1, 15e17), 1);
        assertEq(Deleverage.offsetProceeds(false, 1, 15e17), -2);
    }

    function test_Deleverage_PickUpSize() public pure {
        assertEq(Deleverage.pickUpSize(true, 10, 3, 1), 3);
        assertEq(Deleverage.pickUpSize(false, 10, 3, 1), 4);
        assertEq(Deleverage.pickUpSize(false, 1, ONE, 1), 1, "a short keeps its last wei");
        assertEq(Deleverage.pickUpSize(true, 1, ONE, ONE - 1), 0);
        assertEq(Deleverage.pickUpSize(false, 10, 3, 0), 0);
    }

    function test_Deleverage_PickUpCash() public pure {
        Deleverage.Index memory from = Deleverage.Index(ONE, 0, 0);
        Deleverage.Index memory to = Deleverage.Index(ONE, 1, 0);
        assertEq(Deleverage.pickUpCash(true, 1, from, to, 0), 0, "less than a wei gained is nothing");
        assertEq(Deleverage.pickUpCash(true, 1, from, to, 2), -1, "less than a wei charged is a wei");
        to = Deleverage.Index(ONE, 0, 1);
        assertEq(Deleverage.pickUpCash(true, 1, from, to, 0), -1);
        assertEq(Deleverage.pickUpCash(false, 1, from, to, 0), 0);
    }

    function test_Deleverage_Share() public pure {
        assertEq(Deleverage.shareCapacity(true, 100, 100, 0.3e18, 0), 0);
        assertEq(Deleverage.shareCapacity(true, 109, 100, 0.3e18, 0), 2);
        assertEq(Deleverage.shareCapacity(false, 91, 100, 0.3e18, 1), 1);
        assertEq(Deleverage.shareCapacity(false, 109, 100, 0.3e18, 0), 0, "a loser pays nothing");
        assertEq(Deleverage.shareCapacity(true, 109, 100, 0.3e18, 3), 0, "what was taken is not taken again");
        assertEq(Deleverage.shareFraction(1, 3e18), RAY / 3 + 1);
        assertEq(Deleverage.shareFraction(3, 3e18), RAY);
        assertEq(Deleverage.shareFraction(4, 3e18), RAY);
        assertEq(Deleverage.shareCharge(RAY / 2 + 1, 1), 500_000_000);
        assertEq(Deleverage.sharePaid(1, RAY - 1), 0);
        assertEq(Deleverage.shareCash(1, 1), 1);
        assertEq(Deleverage.shareTaken(1), 1);
        assertEq(Deleverage.shareTaken(2e9), 2);
    }

    function test_Deleverage_Absorb() public pure {
        assertEq(Deleverage.absorb(true, 100, 1, 0.3e18), 104);
        assertEq(Deleverage.absorb(false, 100, 1, 0.3e18), 96);
        assertEq(Deleverage.absorb(false, 3, 1, 0.3e18), 0);
    }
}
