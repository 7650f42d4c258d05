// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Pool} from "../../contracts/core/Ledger.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AttackTest} from "./AttackTest.sol";

/// @notice The true price moves first; who knows it trades with the pool at the mark that has not moved yet. He holds the
/// other side elsewhere, so that he can wait until the pool quotes the new price, and then gets exactly that.
contract PoolSnipingTest is AttackTest {
    /// @dev Half a spread and a fee, there and back, in hundredths of a basis point.
    int256 private constant COSTS = 2_000;
    int256 private constant DEPTH = 50_000_000e18;
    /// @dev 100 % a year in 12 s, what the oracle begins with.
    int256 private constant USUAL = 616;

    LiquidityPool private pool;
    /// @dev Of the pool's terms, in hundredths.
    uint16 private factor = 2_00;

    /// @dev A random walk of the true price.
    struct Walk {
        uint256 random;
        uint256 price;
        uint256 elapsed;
        /// Hundredths of a basis point in a step of 12 s, one deviation.
        int256 step;
    }

    struct Tally {
        int256 pool;
        int256 attacker;
        uint256 trades;
    }

    function setUp() public override {
        super.setUp();
        pool = openPool(ETH, bob, 10_000_000e6);
        fund(alice, aliceId, 10_000_000e6);
        calm(ETH, 1);
    }

    // ---- a hundred rounds

    /// @dev He trades whenever he knows which way the feed will go: the pool keeps more than 10 bp of 50,000 in each round,
    /// and the fees come on top.
    function test_Sniping_EveryUpdate() public {
        for (uint256 seed = 0; seed < 4; ++seed) {
            uint256 state = vm.snapshotState();
            Tally memory tally = hundred(seed, USUAL, false);
            vm.revertToState(state);
            assertEq(tally.trades, 100);
            assertGt(tally.pool, 5_000e18);
            assertLt(tally.attacker, -tally.pool - 4_000e18);
        }
    }

    /// @dev He knows the next price to the cent and trades only when the move is larger than all that it costs, in the best
    /// size. Moves of the volatility that the market knows leave him 3 of 400 updates, worth 18 in all and 81 to the pool.
    function test_Sniping_OnlyWhenItPays() public {
        Tally memory tally = fourHundred(USUAL);
        assertLe(tally.trades, 4);
        assertLe(tally.attacker, 20e18);
        assertGe(tally.pool, -100e18);
    }

    /// @dev At three deviations, the default outside of tests, none of them is left: the pool loses nothing to him.
    function test_Sniping_NothingPaysAtThreeDeviations() public {
        factor = 3_00;
        Pool memory terms = poolTerms(address(pool));
        terms.ageFactor = factor;
        configurator.setPool(ETH, terms);
        Tally memory tally = fourHundred(USUAL);
        assertEq(tally.trades, 0);
        assertGe(tally.pool, 0);
        tally = fourHundred(2 * USUAL);
        assertGe(tally.pool, -650e18, "at twice the volatility it knows");
    }

    /// @dev Twice that volatility, before the averages have noticed: 53 of 400 updates, 2,114 of the pool's 10 million.
    function test_Sniping_OnlyWhenItPaysAtTwiceTheVolatility() public {
        Tally memory tally = fourHundred(2 * USUAL);
        assertLe(tally.trades, 60);
        assertLe(tally.attacker, 800e18);
        assertGe(tally.pool, -2_200e18);
    }

    // ---- the bound

    /// @dev Exactly what the quote promises: age and spread for the pool, the fees on top for the attacker.
    function testFuzz_Sniping_LosesInsideTheAge(uint256 elapsed, int256 move, uint256 size) public {
        elapsed = bound(elapsed, 0, 1 hours);
        size = bound(size, 0.001e18, 1_000e18);
        int256 most = ageRate(elapsed) + COSTS - 10;
        move = bound(move, -most, most);
        (int256 poolGain, int256 gain) = snipe(elapsed, move, size);
        assertLe(gain, 0, "attacker");
        if (FixedPointMathLib.abs(move) <= uint256(most - 990)) assertGe(poolGain, 0, "pool");
    }

    function test_Sniping_ClosingAtOnceMeetsTheAverage() public {
        (int256 before, int256 start) = (equityOf(pool), equityOf(aliceId));
        poolTrade(aliceId, ETH, 100e18);
        setPrice(ETH, 2_100e18);
        poolTrade(aliceId, ETH, -100e18);
        assertGt(equityOf(pool), before);
        assertLt(equityOf(aliceId), start - 800e18, "the old price again, and the spreads");
    }

    /// @dev The smallest move that pays him is what the quote says: 20 bp and the age, however small he trades.
    function test_Sniping_TheMoveThatPays() public {
        frontier([uint256(0), 12, 60, 300, 900, 3_000]);
    }

    /// @dev Ten calm days, 20 % a year: a move of 26 bp in the minute after an update pays, one of 33 bp in five.
    function test_Sniping_TheMoveThatPaysInACalmMarket() public {
        calm(ETH, 10 days);
        assertEq(ageRate(60), 551);
        assertEq(ageRate(300), 1_233);
        frontier([uint256(0), 12, 60, 300, 900, 3_000]);
    }

    /// @dev A jump beyond the age is paid for by the pool: at most half its depth times the edge squared, because the
    /// attacker's own size moves the price against him.
    function test_Sniping_WhatAJumpCosts() public {
        jump(5_000, 79e18, 170e18);
        jump(10_000, 1_150e18, 1_490e18);
        jump(50_000, 54_700e18, 57_000e18);
    }

    function test_Sniping_WhatAJumpCostsInACalmMarket() public {
        calm(ETH, 10 days);
        jump(5_000, 190e18, 330e18);
        jump(10_000, 1_510e18, 1_900e18);
        jump(50_000, 57_100e18, 59_400e18);
    }

    function frontier(uint256[6] memory ages) private {
        for (uint256 i = 0; i < 6; ++i) {
            (int256 lower, int256 upper) = (0, 10_000);
            while (upper - lower > 10) {
                int256 middle = (lower + upper) / 2;
                uint256 state = vm.snapshotState();
                (, int256 gain) = snipe(ages[i], middle, 0.1e18);
                vm.revertToState(state);
                if (gain > 0) upper = middle;
                else lower = middle;
            }
            assertGe(upper, ageRate(ages[i]) + COSTS - 10);
            assertLe(upper, ageRate(ages[i]) + COSTS + 60);
        }
    }

    /// @dev In the best size: the last unit of depth times the edge pays for its own impact.
    function jump(int256 move, int256 gained, int256 lost) private {
        int256 edge = move - ageRate(12) - COSTS;
        uint256 state = vm.snapshotState();
        (int256 poolGain, int256 gain) = snipe(12, move, uint256((edge * DEPTH) / 1e6 / 2_000));
        vm.revertToState(state);
        assertLe(gain, (DEPTH * edge * edge) / 2e12);
        assertLe(gain, gained);
        assertGe(poolGain, -lost);
    }

    // ---- rounds

    function fourHundred(int256 step) private returns (Tally memory sum) {
        for (uint256 seed = 0; seed < 4; ++seed) {
            uint256 state = vm.snapshotState();
            Tally memory tally = hundred(seed, step, true);
            vm.revertToState(state);
            sum.pool += tally.pool;
            sum.attacker += tally.attacker;
            sum.trades += tally.trades;
        }
    }

    function hundred(uint256 seed, int256 step, bool selective) private returns (Tally memory tally) {
        Walk memory w;
        (w.random, w.step) = (seed, step);
        for (uint256 i = 0; i < 100; ++i) {
            int256 move = untilUpdate(w);
            int256 edge = int256(FixedPointMathLib.abs(move)) - ageRate(w.elapsed) - COSTS;
            if (selective && edge <= 0) {
                rest(w.elapsed, move);
                continue;
            }
            uint256 size = selective ? uint256((edge * DEPTH) / 1e6 / 2_000) : 25e18;
            (int256 poolGain, int256 gain) = snipe(w.elapsed, move, size);
            tally.pool += poolGain;
            tally.attacker += gain;
            ++tally.trades;
        }
    }

    /// @dev The feed follows when the price is 50 bp away, and once in 50 minutes.
    function untilUpdate(Walk memory w) private pure returns (int256 move) {
        w.elapsed = 0;
        while (FixedPointMathLib.abs(move) < 5_000 && w.elapsed < 3_000) {
            w.random = uint256(keccak256(abi.encode(w.random)));
            // Twelve uniform parts of variance 1/12 each.
            int256 sum;
            for (uint256 i = 0; i < 12; ++i) sum += int256((w.random >> (20 * i)) % 1e6) - 5e5;
            move += (sum * w.step) / 1e6;
            w.elapsed += 12;
        }
    }

    /// @dev In and out around one update, after `elapsed` without one.
    function snipe(uint256 elapsed, int256 move, uint256 size) private returns (int256 poolGain, int256 gain) {
        (int256 before, int256 start) = (equityOf(pool), equityOf(aliceId));
        uint256 mark = peekPrice(ETH).mark;
        int256 signed = move > 0 ? int256(size) : -int256(size);
        age(elapsed);
        poolTrade(aliceId, ETH, signed);
        setPrice(ETH, moved(mark, move));
        calm(ETH, 5 minutes);
        poolTrade(aliceId, ETH, -signed);
        return (equityOf(pool) - before, equityOf(aliceId) - start);
    }

    function rest(uint256 elapsed, int256 move) private {
        uint256 mark = peekPrice(ETH).mark;
        age(elapsed);
        setPrice(ETH, moved(mark, move));
        calm(ETH, 5 minutes);
    }

    /// @dev In hundredths of a basis point, down.
    function ageRate(uint256 elapsed) private view returns (int256) {
        uint256 rate = (factor * peekPrice(ETH).sigma * FixedPointMathLib.sqrt(elapsed * 1e18)) / 100 / 1e9 / 1e12;
        return int256(rate < 5_000 ? rate : 5_000);
    }
}
