// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetState, Loser} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {DUST, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseLiquidateTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 250e6);
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- when

    /// @dev The worked example of the specification: long 1 at 2,000 with a margin of 250 is liquidatable below 1,842.14.
    function test_Liquidate_RevertsWhen_AboveMaintenance() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        refused(1_850e18, 100e18, 92.534225e18);
        settlePrice(ETH, 1_842.15e18);
        assertFalse(house.isLiquidatable(aliceId));
        settlePrice(ETH, 1_842.14e18);
        assertTrue(house.isLiquidatable(aliceId));
    }

    function test_Liquidate_WickGuardWaitsForTheFastAverage() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        refused(1_835e18, 85e18, 91.78367225e18);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 188);
        stillRefused(1_835e18, 85e18, 91.78367225e18);
        vm.warp(block.timestamp + 1);
        liquidate(liquidation(ETH, aliceId, carolId, 0.276e18, 1_835e18));
        assertEq(house.positionOf(aliceId, ETH).size, 0.724e18);
    }

    function test_Liquidate_WickGuardEndsBelowFourFifths() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_822.95e18);
        assertFalse(house.isLiquidatable(aliceId));
        setPrice(ETH, 1_822.94e18);
        assertTrue(house.isLiquidatable(aliceId));
        liquidate(liquidation(ETH, aliceId, carolId, 0.5e18, 1_822.94e18));
    }

    function test_Liquidate_WickGuardForgetsASpike() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_835e18);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 600);
        setPrice(ETH, 1_900e18);
        // The fast average is still below; the mark decides.
        assertLt(house.assess(aliceId).fastMarginEquity, int256(house.assess(aliceId).fastMaintenance));
        assertFalse(house.isLiquidatable(aliceId));
    }

    function test_Liquidate_WickGuardOfAShort() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        refused(2_150e18, 100e18, 107.546225e18);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 182);
        assertFalse(house.isLiquidatable(aliceId));
        vm.warp(block.timestamp + 1);
        assertTrue(house.isLiquidatable(aliceId));
        setPrice(ETH, 2_163.43e18);
        liquidate(liquidation(ETH, aliceId, carolId, 1e18, 2_163.43e18));
        assertEq(house.cashOf(aliceId), 86.57e18);
    }

    function test_Liquidate_GoesOnInEveryState() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        // The price at which a market settles is slow.
        settlePrice(ETH, 1_800e18);
        setState(ETH, AssetState.ReduceOnly);
        fund(bob, bobId, 1_000e6);
        liquidate(liquidation(ETH, aliceId, bobId, 0.1e18, 1_800e18));
        assertEq(house.positionOf(bobId, ETH).size, 0.1e18, "a taker may increase");
        setState(ETH, AssetState.Halted);
        liquidate(liquidation(ETH, aliceId, carolId, 0.1e18, 1_800e18));
        setState(ETH, AssetState.Settling);
        liquidate(liquidation(ETH, aliceId, carolId, 0.1e18, 1_800e18));
        assertEq(house.positionOf(aliceId, ETH).size, 0.7e18);
    }

    function test_Liquidate_FrozenLegWeighsItsInitialRateMore() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        assertEq(house.assess(aliceId).maintenance, 100.04e18);
        setState(ETH, AssetState.Halted);
        assertEq(house.assess(aliceId).maintenance, 300.04e18);
        assertTrue(house.isLiquidatable(aliceId));
        setState(ETH, AssetState.Active);
        vm.warp(block.timestamp + 1 hours + 1);
        assertEq(house.assess(aliceId).maintenance, 300.04e18, "stale");
    }

    function test_Liquidate_FrozenSpotHasTwiceItsHaircut() public {
        fundSpot(alice, aliceId, 1e18);
        assertEq(house.assess(aliceId).marginEquity, 1_850e18, "250 and 80 %");
        setState(WETH, AssetState.Halted);
        assertEq(house.assess(aliceId).marginEquity, 1_450e18, "250 and 60 %");
        assertEq(house.assess(aliceId).initialEquity, 1_450e18);
        assertEq(house.assess(aliceId).equity, 2_250e18);
        configurator.setHaircut(WETH, 60_00);
        assertEq(house.assess(aliceId).marginEquity, 250e18, "never below nothing");
    }

    // ---- who and what

    function test_Liquidate_RevertsWhen_CapabilityMissing() public {
        address trader = makeAddr("trader");
        configurator.setCapability(trader, Capability.Trade, true);
        address[3] memory callers = [alice, address(this), trader];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, callers[i], Capability.Liquidate)
            );
            house.liquidate(liquidation(ETH, aliceId, carolId, 1e18, 2_000e18), "");
        }
    }

    function test_Liquidate_RevertsWhen_NothingMoves() public {
        victim(1_800e18);
        expect(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        house.liquidate(liquidation(ETH, aliceId, carolId, 0, 1_800e18), "");
        expect(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        house.liquidate(liquidation(ETH, aliceId, carolId, 1e18, 0), "");
        expect(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, QUOTE));
        house.liquidate(liquidation(QUOTE, aliceId, carolId, 1e18, 1e18), "");
        expect(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, aliceId));
        house.liquidate(liquidation(ETH, aliceId, aliceId, 1e18, 1_800e18), "");
    }

    function test_Liquidate_RevertsWhen_LegGrowsOrFlips() public {
        victim(1_800e18);
        expect(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, ETH, 1e18, int256(-1)));
        house.liquidate(liquidation(ETH, aliceId, carolId, 1e18 + 1, 1_800e18), "");
        expect(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, BTC, 0, 1e15));
        house.liquidate(liquidation(BTC, aliceId, carolId, 1e15, 60_000e18), "");
        expect(abi.encodeWithSelector(IClearingHouse.InsufficientSize.selector, carolId, WETH, 0, 1e15));
        house.liquidate(liquidation(WETH, aliceId, carolId, 1e15, 2_000e18), "");
        fundSpot(carol, carolId, 1e18);
        expect(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, WETH, 0, 1e15));
        house.liquidate(liquidation(WETH, aliceId, carolId, 1e15, 2_000e18), "");
    }

    function test_Liquidate_RevertsWhen_ShortLegFlips() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        setPrice(ETH, 2_200e18);
        expect(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, ETH, -1e18, int256(1)));
        house.liquidate(liquidation(ETH, aliceId, carolId, 1e18 + 1, 2_200e18), "");
    }

    function test_Liquidate_RevertsWhen_ReservedRow() public {
        victim(1_800e18);
        fund(bob, TREASURY, 1_000e6);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, TREASURY, 0.1e18, 1_800e18);
        expect(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        house.liquidate(terms, "");
        (terms.taker, terms.keeper, terms.reward) = (carolId, deficitRow(ETH), 1);
        expect(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, deficitRow(ETH)));
        house.liquidate(terms, "");
        terms.reward = 0;
        liquidate(terms);
    }

    function test_Liquidate_RevertsWhen_TakerBelowInitial() public {
        victim(1_800e18);
        fund(bob, bobId, 90e6);
        expect(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, bobId, 90e18, 99.009801e18));
        house.liquidate(liquidation(ETH, aliceId, bobId, 0.55e18, 1_800e18), "");
        liquidate(liquidation(ETH, aliceId, bobId, 0.49e18, 1_800e18));
    }

    // ---- what it costs

    function test_Liquidate_RewardAndPenalty() public {
        victim(1_800e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.5e18, 1_795e18);
        (terms.keeper, terms.reward, terms.penalty, terms.bound) = (keeperId, 2e18, 3e18, 7.5e18);
        int256 taker = house.cashOf(carolId);
        vm.expectEmit(address(house));
        emit IClearingHouse.Liquidated(aliceId, ETH, carolId, 0.5e18, 7.5e18);
        assertEq(liquidate(terms), 0);
        assertEq(house.cashOf(keeperId), 2e18);
        assertEq(house.cashOf(INSURANCE), 3e18);
        assertEq(house.cashOf(carolId), taker - 897.5e18);
        assertEq(house.cashOf(aliceId), 250e18 - 2_000e18 + 897.5e18 - 5e18);
    }

    function test_Liquidate_RevertsWhen_LossAboveBound() public {
        victim(1_800e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.5e18, 1_795e18);
        (terms.keeper, terms.reward, terms.penalty, terms.bound) = (keeperId, 2e18, 3e18, 7.5e18 - 1);
        expect(abi.encodeWithSelector(IClearingHouse.LossAboveBound.selector, aliceId, 7.5e18, 7.5e18 - 1));
        house.liquidate(terms, "");
        (terms.price, terms.reward, terms.penalty, terms.bound) = (1_800e18, 0, 0, 0);
        liquidate(terms);
    }

    function test_Liquidate_RevertsWhen_HealthLowered() public {
        // Equity 20 of 88.53: a step of 0.5 may cost 10.0 at most.
        victim(1_770e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.5e18, 1_770e18);
        terms.penalty = 10.01e18;
        expect(abi.encodeWithSelector(IClearingHouse.HealthLowered.selector, aliceId, 9.99e18, 44.25783225e18));
        house.liquidate(terms, "");
        terms.penalty = 10e18;
        liquidate(terms);
    }

    /// @dev LIQ-2, whatever a stage asks for.
    function testFuzz_Liquidate_SolventStaysSolventAndNoLessHealthy(
        uint256 price,
        uint256 size,
        uint256 offer,
        uint256 pay,
        bool long
    ) public {
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        setPrice(ETH, boundLiquidatable(long, 250e18, price));
        uint256 mark = peekPrice(ETH).mark;
        IClearingHouse.Liquidation memory terms = liquidation(
            ETH,
            aliceId,
            carolId,
            bound(size, 1, 1e18),
            bound(offer, (mark * (long ? 90 : 98)) / 100, (mark * (long ? 102 : 110)) / 100)
        );
        terms.keeper = keeperId;
        terms.reward = pay % 8e18;
        terms.penalty = (pay >> 64) % 8e18;
        Assessor.Assessment memory before = house.assess(aliceId);
        int256 sum = total();
        vm.prank(stage);
        try house.liquidate(terms, "") returns (IClearingHouse.Step memory step_) {
            assertEq(step_.deficit, 0);
            Assessor.Assessment memory a = house.assess(aliceId);
            assertGe(a.equity, 0, "LIQ-2");
            assertGe(a.marginEquity * int256(before.maintenance), before.marginEquity * int256(a.maintenance), "LIQ-2");
            assertEq(total(), sum, "CASH-1");
            assertEq(house.cashOf(keeperId), int256(terms.reward));
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IClearingHouse.HealthLowered.selector);
        }
    }

    // ---- bankrupt

    function test_Liquidate_BooksTheDeficit() public {
        victim(1_700e18);
        takeProfit(1_700e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(deficitRow(ETH), -50e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitBooked(ETH, aliceId, 50e18, Loser.Longs);
        assertEq(liquidate(liquidation(ETH, aliceId, bobId, 1e18, 1_700e18)), 50e18);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.legsOf(aliceId).length, 0);
        assertEq(house.cashOf(deficitRow(ETH)), -50e18);
        assertEq(house.totalDeficit(), 50e18);
        assertEq(house.perpOf(ETH).losses.coverable, 40e18);
    }

    /// @dev deficit = −equity · maintenance released / maintenance, at every step, and in the end all of it. What of it does not
    /// stand the winner paid, and only out of profit.
    function testFuzz_Liquidate_BankruptBooksItsPart(uint256 price, uint256 part, bool long) public {
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        setPrice(ETH, boundBankrupt(long, 250e18, price));
        uint256 mark = peekPrice(ETH).mark;
        // Sizes whose value is exact: rounding is for another test.
        uint256 size = bound(part, 1, 1e10 - 1) * 1e8;
        Assessor.Assessment memory before = house.assess(aliceId);
        int256 sum = total();
        uint256 owed = uint256(-before.equity);
        uint256 most = (30 * (owed + 250e18)) / 100;
        uint256 deficit = liquidate(liquidation(ETH, aliceId, carolId, size, mark));
        uint256 released = before.maintenance - house.assess(aliceId).maintenance;
        assertEq(deficit, (owed * released + before.maintenance - 1) / before.maintenance);
        assertEq(house.assess(aliceId).equity, before.equity + int256(deficit));
        checkStanding(deficit, ((1e18 - size) * mark) / 1e22, most);
        deficit += liquidate(liquidation(ETH, aliceId, carolId, 1e18 - size, mark));
        assertEq(deficit, owed, "in the end all of it");
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.legsOf(aliceId).length, 0);
        checkStanding(owed, 0, most);
        assertApproxEqAbs(total(), sum, 4, "CASH-1");
    }

    /// @dev Below what is tolerated nothing is shared; beyond it, at most the haircut on the winner's profit.
    function checkStanding(uint256 deficit, uint256 tolerated, uint256 most) internal view {
        uint256 standing = house.totalDeficit();
        assertEq(house.cashOf(deficitRow(ETH)), -int256(standing));
        if (deficit <= tolerated) assertEq(standing, deficit, "tolerated");
        else assertLe(deficit - standing, most, "never principal");
    }

    function testFuzz_Liquidate_BankruptWithTwoLegs(uint256 eth, uint256 btc, uint256[4] memory parts) public {
        fund(alice, aliceId, 250e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        openLeg(BTC, aliceId, carolId, -0.03e18);
        setPrice(ETH, bound(eth, 1_000e8, 1_500e8) * 1e10);
        setPrice(BTC, bound(btc, 61_000e8, 90_000e8) * 1e10);
        int256 owed = -house.assess(aliceId).equity;
        assertGt(owed, 0);
        int256 sum = total();
        uint256 booked;
        for (uint256 i = 0; i < 4; ++i) {
            AssetId asset = parts[i] % 2 == 0 ? ETH : BTC;
            int256 leg = house.positionOf(aliceId, asset).size;
            uint256 most = uint256(leg < 0 ? -leg : leg) / 1e8;
            if (most == 0 || house.assess(aliceId).equity >= 0) continue;
            booked += step(asset, bound(parts[i] >> 1, 1, most) * 1e8);
        }
        if (house.positionOf(aliceId, ETH).size != 0) booked += step(ETH, 0);
        if (house.positionOf(aliceId, BTC).size != 0) booked += step(BTC, 0);
        assertEq(house.legsOf(aliceId).length, 0);
        assertGe(house.cashOf(aliceId), 0, "owes nothing");
        assertApproxEqAbs(booked, uint256(owed), 6, "one wei per step");
        assertEq(int256(booked) - owed, house.cashOf(aliceId));
        assertLe(house.totalDeficit(), booked, "the rest is shared");
        assertEq(house.cashOf(deficitRow(ETH)) + house.cashOf(deficitRow(BTC)), -int256(house.totalDeficit()));
        assertApproxEqAbs(total(), sum, 8, "CASH-1");
    }

    function test_Liquidate_RevertsWhen_BankruptPaysAnybody() public {
        victim(1_700e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.5e18, 1_700e18);
        // A wei is what two halves of a leg may round apart; two are a payment.
        terms.penalty = 2;
        expect(abi.encodeWithSelector(IClearingHouse.HealthLowered.selector, aliceId, -50e18 - 2, 42.507225e18));
        house.liquidate(terms, "");
        terms.price = 1_700e18 + 4;
        liquidate(terms);
    }

    function test_Liquidate_BetterPriceMakesTheDeficitSmaller() public {
        victim(1_700e18);
        assertEq(liquidate(liquidation(ETH, aliceId, carolId, 1e18, 1_720e18)), 30e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    // ---- spot

    function test_Liquidate_SellsSpotDownToItsHaircut() public {
        victimWithSpot(1_270e18);
        uint256 price = 1_016e18;
        expectRaw(
            liquidation(WETH, aliceId, carolId, 0.25e18, price - 8),
            abi.encodeWithSelector(
                IClearingHouse.HealthLowered.selector,
                aliceId,
                house.assess(aliceId).marginEquity - 2,
                house.assess(aliceId).maintenance
            )
        );
        IClearingHouse.Liquidation memory terms = liquidation(WETH, aliceId, carolId, 0.25e18, price);
        terms.bound = 63.5e18;
        int256 equity = house.assess(aliceId).equity;
        assertEq(liquidate(terms), 0);
        assertEq(house.positionOf(aliceId, WETH).size, 0.25e18);
        assertEq(house.positionOf(carolId, WETH).size, 0.25e18);
        assertEq(house.assess(aliceId).equity, equity - 63.5e18);
        assertEq(house.perpOf(ETH).openInterest, 1e18, "spot is no open interest");
    }

    function test_Liquidate_RevertsWhen_MoreSpotThanHeld() public {
        victimWithSpot(1_270e18);
        expectRaw(
            liquidation(WETH, aliceId, carolId, 0.5e18 + 1, 1_270e18),
            abi.encodeWithSelector(IClearingHouse.InsufficientSize.selector, aliceId, WETH, 0.5e18, 0.5e18 + 1)
        );
    }

    /// @dev The perp is gone, the spot stands against the debt: what its sale lacks is a loss of the perp closed last.
    function test_Liquidate_SpotLeftAfterThePerps() public {
        victimWithSpot(1_200e18);
        // Equity 250 - 800 + 0.5 · 1,200 = 50: solvent, so nothing is booked yet.
        assertEq(liquidate(liquidation(ETH, aliceId, carolId, 1e18, 1_200e18)), 0);
        assertEq(house.cashOf(aliceId), -550e18);
        assertTrue(house.isLiquidatable(aliceId), "550 against 480");
        setPrice(WETH, 1_000e18);
        assertEq(liquidate(liquidation(WETH, aliceId, carolId, 0.2e18, 1_000e18)), 0);
        assertEq(house.cashOf(aliceId), -350e18);
        assertEq(liquidate(liquidation(WETH, aliceId, carolId, 0.3e18, 900e18)), 80e18);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.legsOf(aliceId).length, 0);
        assertEq(house.cashOf(deficitRow(ETH)), -80e18);
        assertEq(house.cashOf(deficitRow(WETH)), 0);
        assertEq(house.totalDeficit(), 80e18);
    }

    function test_Liquidate_SpotOfABankruptCountsFirst() public {
        victimWithSpot(1_000e18);
        takeProfit(1_000e18);
        // Equity 250 - 1,000 + 500 = -250.
        assertEq(liquidate(liquidation(ETH, aliceId, bobId, 1e18, 1_000e18)), 250e18);
        assertEq(house.cashOf(aliceId), -500e18);
        assertEq(liquidate(liquidation(WETH, aliceId, carolId, 0.5e18, 1_000e18)), 0);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.totalDeficit(), 250e18);
    }

    // ---- numbers

    function victim(uint256 mark) internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, mark);
    }

    /// @dev Carol has won and closes: bob, who takes her side, has no profit to share.
    function takeProfit(uint256 mark) internal {
        fund(bob, bobId, 10_000e6);
        trade(ETH, carolId, bobId, 1e18, mark);
    }

    /// @dev Long 1 with 250 and half an ether of spot.
    function victimWithSpot(uint256 mark) internal {
        fundSpot(alice, aliceId, 0.5e18);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, mark);
        setPrice(WETH, mark);
    }

    function step(AssetId asset, uint256 size) internal returns (uint256) {
        int256 leg = house.positionOf(aliceId, asset).size;
        if (size == 0) size = uint256(leg < 0 ? -leg : leg);
        return liquidate(liquidation(asset, aliceId, carolId, size, peekPrice(asset).mark));
    }

    /// @dev What carol's legs have not been charged yet counts.
    function total() internal view returns (int256) {
        return
            house.cashOf(aliceId) +
            house.cashOf(carolId) +
            house.previewPosition(carolId, ETH).cash +
            house.previewPosition(carolId, BTC).cash +
            house.cashOf(keeperId) +
            house.cashOf(INSURANCE) +
            house.cashOf(DUST) +
            house.cashOf(deficitRow(ETH)) +
            house.cashOf(deficitRow(BTC));
    }

    function expect(bytes memory reason) internal {
        vm.prank(stage);
        vm.expectRevert(reason);
    }

    function expectRaw(IClearingHouse.Liquidation memory terms, bytes memory reason) internal {
        expect(reason);
        house.liquidate(terms, "");
    }

    /// @dev At this new price the account is not liquidatable, with these numbers.
    function refused(uint256 mark, int256 equity, uint256 maintenance) internal {
        setPrice(ETH, mark);
        stillRefused(mark, equity, maintenance);
    }

    function stillRefused(uint256 mark, int256 equity, uint256 maintenance) internal {
        assertFalse(house.isLiquidatable(aliceId));
        expectRaw(
            liquidation(ETH, aliceId, carolId, 0.1e18, mark),
            abi.encodeWithSelector(IClearingHouse.AccountAboveMaintenance.selector, aliceId, equity, maintenance)
        );
    }
}
