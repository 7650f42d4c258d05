// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice The worked example: ETH 2,000, alice long 1 with 250; maintenance 5 %.
contract ClearingHouseLiquidateTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 250e6);
        fund(bob, bobId, 10_000e6);
        fund(carol, carolId, 10_000e6);
        trade(ETH, aliceId, bobId, 1e18, 2_000e18);
    }

    function expectLiquidateRevert(IClearingHouse.Liquidation memory terms, bytes4 selector) internal {
        vm.prank(stage);
        vm.expectPartialRevert(selector);
        house.liquidate(terms);
    }

    function test_Liquidatable_WorkedExample() public {
        Assessor.Assessment memory a = house.assess(aliceId);
        assertEq(a.maintenance, 100.04e18);
        settlePrice(ETH, 1_843e18);
        assertFalse(house.isLiquidatable(aliceId));
        settlePrice(ETH, 1_842e18);
        assertTrue(house.isLiquidatable(aliceId));
    }

    function test_Liquidatable_WickGuardWaitsForFast() public {
        setPrice(ETH, 2_000e18);
        accrueEth();
        setPrice(ETH, 1_835e18);
        accrueEth();
        assertFalse(house.isLiquidatable(aliceId), "only the mark is below");
        vm.warp(block.timestamp + 185);
        assertFalse(house.isLiquidatable(aliceId));
        vm.warp(block.timestamp + 10);
        assertTrue(house.isLiquidatable(aliceId), "fast has followed");
    }

    function test_Liquidatable_WickGuardEndsFarBelow() public {
        setPrice(ETH, 1_824e18);
        assertFalse(house.isLiquidatable(aliceId));
        setPrice(ETH, 1_822e18);
        assertTrue(house.isLiquidatable(aliceId));
    }

    function test_Liquidate_RevertsWhen_Healthy() public {
        expectLiquidateRevert(
            liquidation(ETH, aliceId, carolId, 1e18, 2_000e18),
            IClearingHouse.AccountAboveMaintenance.selector
        );
        configurator.setCapability(stage, Capability.Liquidate, false);
        expectLiquidateRevert(
            liquidation(ETH, aliceId, carolId, 1e18, 2_000e18),
            IClearingHouse.CapabilityMissing.selector
        );
    }

    function test_Liquidate_PartOfALong() public {
        settlePrice(ETH, 1_835e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.3e18, 1_830e18);
        terms.keeper = keeperId;
        (terms.reward, terms.penalty, terms.bound) = (1e18, 2e18, 4.5e18);
        assertEq(liquidate(terms), 0, "no deficit");
        assertEq(sizeOf(aliceId, ETH), 0.7e18);
        assertEq(sizeOf(carolId, ETH), 0.3e18);
        assertEq(house.cashOf(keeperId), 1e18);
        assertEq(house.cashOf(INSURANCE), 2e18);
        assertEq(house.cashOf(aliceId), 250e18 - 2_000e18 + 549e18 - 3e18);
        terms.size = 1;
        terms.bound = 1;
        expectLiquidateRevert(terms, IClearingHouse.AccountAboveMaintenance.selector);
    }

    function test_Liquidate_RevertsWhen_LossAboveBound() public {
        settlePrice(ETH, 1_835e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.3e18, 1_830e18);
        terms.penalty = 2e18;
        terms.bound = 3.5e18 - 1;
        expectLiquidateRevert(terms, IClearingHouse.LossAboveBound.selector);
        terms.bound = 3.5e18;
        liquidate(terms);
    }

    function test_Liquidate_RevertsWhen_HealthFalls() public {
        settlePrice(ETH, 1_760e18);
        // Equity 10 of 88: a tenth frees 8.8 of maintenance, worth 1 of equity.
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 0.1e18, 1_749e18);
        expectLiquidateRevert(terms, IClearingHouse.HealthLowered.selector);
        terms.price = 1_751e18;
        liquidate(terms);
    }

    function test_Liquidate_RevertsWhen_LegFlipsOrGrows() public {
        settlePrice(ETH, 1_800e18);
        expectLiquidateRevert(
            liquidation(ETH, aliceId, carolId, 1e18 + 1, 1_800e18),
            IClearingHouse.OnlyReductions.selector
        );
        // A leg the account does not have.
        expectLiquidateRevert(
            liquidation(BTC, aliceId, carolId, 1e15, 60_000e18),
            IClearingHouse.OnlyReductions.selector
        );
        expectLiquidateRevert(liquidation(ETH, aliceId, aliceId, 1, 1_800e18), IClearingHouse.SelfExchange.selector);
    }

    function test_Liquidate_RevertsWhen_TakerBelowInitial() public {
        settlePrice(ETH, 1_800e18);
        expectLiquidateRevert(
            liquidation(ETH, aliceId, keeperId, 1e18, 1_800e18),
            IClearingHouse.InsufficientMargin.selector
        );
        // A taker that closes its own short needs no more than it has.
        assertEq(liquidate(liquidation(ETH, aliceId, bobId, 1e18, 1_800e18)), 0);
        assertEq(house.perpOf(ETH).openInterest, 0);
    }

    function test_Liquidate_BankruptBooksTheDeficit() public {
        settlePrice(ETH, 1_700e18);
        assertEq(liquidate(liquidation(ETH, aliceId, carolId, 1e18, 1_700e18)), 50e18);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.cashOf(deficitRow(ETH)), -50e18);
        assertEq(house.totalDeficit(), 50e18);
        assertEq(house.perpOf(ETH).coverable, 40e18, "insurance may pay 80 %");
        assertEq(house.legsOf(aliceId).length, 0);
    }

    function test_Liquidate_BankruptInPartsBooksItsPart() public {
        settlePrice(ETH, 1_700e18);
        uint256 first = liquidate(liquidation(ETH, aliceId, carolId, 0.5e18, 1_700e18));
        // Half of the size frees a little more than half of the maintenance.
        assertApproxEqAbs(first, 25e18, 0.01e18);
        assertGt(first, 25e18);
        assertEq(first + liquidate(liquidation(ETH, aliceId, carolId, 0.5e18, 1_700e18)), 50e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    function test_Liquidate_RevertsWhen_BankruptWouldPay() public {
        settlePrice(ETH, 1_700e18);
        IClearingHouse.Liquidation memory terms = liquidation(ETH, aliceId, carolId, 1e18, 1_700e18 - 1);
        expectLiquidateRevert(terms, IClearingHouse.HealthLowered.selector);
        terms.price = 1_700e18;
        terms.penalty = 1;
        expectLiquidateRevert(terms, IClearingHouse.HealthLowered.selector);
    }

    function test_Liquidate_Short() public {
        AccountId shortId = keeperId;
        fund(keeper, shortId, 250e6);
        trade(ETH, carolId, shortId, 1e18, 2_000e18);
        settlePrice(ETH, 2_300e18);
        assertEq(liquidate(liquidation(ETH, shortId, carolId, 1e18, 2_300e18)), 50e18);
        assertEq(house.cashOf(shortId), 0);
        assertEq(house.perpOf(ETH).openInterest, 1e18);
    }

    function test_Liquidate_HedgedAccountKeepsItsOtherLeg() public {
        fund(alice, aliceId, 800e6);
        trade(BTC, bobId, aliceId, 0.1e18, 60_000e18);
        settlePrice(ETH, 1_500e18);
        assertTrue(house.isLiquidatable(aliceId) || house.assess(aliceId).marginEquity >= 0);
        settlePrice(BTC, 66_000e18);
        assertTrue(house.isLiquidatable(aliceId));
        uint256 deficit = liquidate(liquidation(ETH, aliceId, carolId, 1e18, 1_500e18));
        assertGt(deficit, 0);
        assertEq(house.legsOf(aliceId).length, 1);
        deficit += liquidate(liquidation(BTC, aliceId, bobId, 0.1e18, 66_000e18));
        assertEq(deficit, 50e18, "1,050 of margin, 500 and 600 of loss");
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.totalDeficit(), 50e18);
    }

    function test_Liquidate_SpotIsSoldWithinItsHaircut() public {
        fundSpot(keeper, keeperId, 1e18);
        trade(BTC, keeperId, bobId, 0.25e18, 60_000e18);
        settlePrice(BTC, 56_000e18);
        assertTrue(house.isLiquidatable(keeperId));
        IClearingHouse.Liquidation memory terms = liquidation(WETH, keeperId, carolId, 1e18, 1_599e18);
        expectLiquidateRevert(terms, IClearingHouse.HealthLowered.selector);
        terms.price = 1_990e18;
        assertEq(liquidate(terms), 0);
        assertEq(house.positionOf(carolId, WETH).size, 1e18);
        assertEq(house.cashOf(keeperId), -15_000e18 + 1_990e18);
    }

    function test_Liquidate_SpotLeftOverIsSoldThenTheRestIsBooked() public {
        fundSpot(keeper, keeperId, 1e18);
        trade(BTC, keeperId, bobId, 0.25e18, 60_000e18);
        settlePrice(BTC, 50_000e18);
        // Equity 2,000 − 2,500.
        uint256 deficit = liquidate(liquidation(BTC, keeperId, bobId, 0.25e18, 50_000e18));
        assertEq(deficit, 500e18);
        settlePrice(WETH, 1_500e18);
        assertTrue(house.isLiquidatable(keeperId), "no perp leg left: spot at any health");
        deficit = liquidate(liquidation(WETH, keeperId, carolId, 1e18, 1_500e18));
        assertEq(deficit, 500e18, "cash lacked 2,000, the spot brought 1,500");
        assertEq(house.cashOf(deficitRow(BTC)), -1_000e18, "in the row of the perp closed last");
        assertEq(house.cashOf(keeperId), 0);
    }

    function testFuzz_Liquidate_NeverLowersHealth(uint256 mark, uint256 size, uint256 price, uint256 penalty) public {
        mark = bound(mark, 1_500e18, 1_841e18);
        settlePrice(ETH, mark);
        IClearingHouse.Liquidation memory terms = liquidation(
            ETH,
            aliceId,
            carolId,
            bound(size, 1, 1e18),
            bound(price, (mark * 99) / 100, (mark * 101) / 100)
        );
        terms.penalty = bound(penalty, 0, 5e18);
        Assessor.Assessment memory a = house.assess(aliceId);
        vm.prank(stage);
        try house.liquidate(terms) {
            Assessor.Assessment memory b = house.assess(aliceId);
            assertGe(b.marginEquity * int256(a.maintenance), a.marginEquity * int256(b.maintenance), "LIQ-2");
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IClearingHouse.HealthLowered.selector);
        }
    }

    // ---- cover

    function bankrupt() internal returns (uint256) {
        settlePrice(ETH, 1_000e18);
        return liquidate(liquidation(ETH, aliceId, carolId, 1e18, 1_000e18));
    }

    function cover(uint256 most) internal returns (uint256) {
        vm.prank(stage);
        return house.cover(ETH, most);
    }

    function test_Cover_WithinTheDeficitTheBudgetAndTheFund() public {
        insure(1_000e6);
        assertEq(bankrupt(), 750e18);
        assertEq(house.coverable(ETH), 100e18, "a tenth of the fund in an hour");
        assertEq(cover(30e18), 30e18);
        assertEq(cover(type(uint256).max), 70e18);
        assertEq(cover(type(uint256).max), 0);
        vm.warp(block.timestamp + 1 hours);
        assertEq(cover(type(uint256).max), 90e18, "a tenth of what is left");
        vm.warp(block.timestamp + 1 hours);
        assertEq(cover(type(uint256).max), 60e18, "a quarter of the fund in a day");
        assertEq(house.cashOf(INSURANCE), 750e18);
        assertEq(house.cashOf(deficitRow(ETH)), -500e18);
        assertEq(house.totalDeficit(), 500e18);
    }

    function test_Cover_AtMostEightyPercent() public {
        insure(100_000e6);
        uint256 deficit = bankrupt();
        assertEq(cover(type(uint256).max), (deficit * 8) / 10);
        assertEq(cover(type(uint256).max), 0);
    }

    function test_Cover_NothingToPay() public {
        assertEq(cover(1e18), 0);
        bankrupt();
        assertEq(cover(type(uint256).max), 0, "the fund is empty");
        configurator.setCapability(stage, Capability.Cover, false);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, stage, Capability.Cover));
        cover(1);
    }

    function accrueEth() internal {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = ETH;
        house.accrue(assets);
    }
}
