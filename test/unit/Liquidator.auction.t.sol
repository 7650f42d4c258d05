// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Lot, Terms} from "../../contracts/liquidation/Chain.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice Stage 2: lots and bids. The market has no pool.
contract LiquidatorAuctionTest is LiquidationTest {
    // ---- opening

    /// @dev The worked example: planned at 53.3 % of the margin freed, 38.9 %.
    function test_Liquidate_OpensALot() public {
        failing();
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        assertApproxEqAbs(size, 0.389e18, 0.002e18);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertEq(v.lot.size, size);
        assertEq(v.lot.start, block.timestamp);
        assertEq(AccountId.unwrap(v.lot.keeper), AccountId.unwrap(keeperId));
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, size);
        assertEq(sizeOf(aliceId, ETH), 1e18, "nothing has moved");
        assertEq(house.cashOf(keeperId), 0, "nobody is paid yet");
    }

    function test_Liquidate_RevertsWhen_LotIsLive() public {
        uint256 end = opened();
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.LotNotOver.selector, aliceId, ETH, end, block.timestamp));
        step(aliceId, ETH);
    }

    /// @dev A quarter of the margin times depth at most, and at most a fifth of what may be in flight.
    function test_Liquidate_CutsSlices() public {
        fund(alice, aliceId, 570_000e6);
        openLeg(ETH, aliceId, carolId, 2_000e18);
        fall(ETH, 1_850e18);
        uint256 margin = liquidator.outlook(aliceId, ETH).margin;
        (, uint256 size) = step(aliceId, ETH);
        uint256 most = (margin * 50_000_000e18) / 4e18;
        uint256 share = (50_000_000e18 * 5) / 100 / 5;
        assertApproxEqRel((size * 1_850e18) / 1e18, most < share ? most : share, 1e12);
    }

    function test_Liquidate_PassesWhenInFlightIsFull() public {
        Terms memory t = stageTerms();
        t.inFlight = 10;
        liquidator.setTerms(ETH, t);
        // Fifty thousand in flight, ten thousand per account: six accounts of ten thousand.
        for (uint96 i = 1; i <= 5; ++i) heavy(accountId(alice, i));
        heavy(accountId(alice, 6));
        fall(ETH, 1_835e18);
        for (uint96 i = 1; i <= 5; ++i) step(accountId(alice, i), ETH);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                accountId(alice, 6),
                ETH,
                ILiquidator.Reason.NoPool,
                ILiquidator.Reason.NoRoom,
                ILiquidator.Reason.NoBackstop,
                ILiquidator.Reason.NotOrphaned
            )
        );
        step(accountId(alice, 6), ETH);
        fund(bob, accountId(alice, 1), 10_000e6);
        step(accountId(alice, 1), ETH);
        step(accountId(alice, 6), ETH);
        assertGt(liquidator.lotOf(accountId(alice, 6), ETH).lot.size, 0, "there is room again");
    }

    // ---- the price

    /// @dev From z₀ above mark to all that may be paid below it, at the live mark.
    function test_Bid_PremiumClimbs() public {
        uint256 end = opened();
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertLt(v.premium, 0);
        assertGt(v.price, 1_835e18);
        assertApproxEqRel(v.price, 1_835e18 + (1_835e18 * uint256(v.lot.floor)) / 1e9, 1e9);
        int256 before = v.premium;
        while (block.timestamp < end) {
            skip(5);
            v = liquidator.lotOf(aliceId, ETH);
            assertGt(v.premium, before);
            before = v.premium;
        }
        skip(100);
        assertEq(liquidator.lotOf(aliceId, ETH).premium, before, "and stays there");
        uint256 freed = (v.size * 1_835 * liquidator.outlook(aliceId, ETH).margin) / 1e18;
        // What health asks for, less a fifth for the penalty, less the tip.
        uint256 health = liquidator.outlook(aliceId, ETH).health;
        uint256 share = 0.5e18 + (0.45e18 * (1e18 - health)) / 1e18;
        assertApproxEqRel(uint256(before), (freed * (share - 0.2e18)) / 1e18 - 0.5e18, 0.001e18);
    }

    function test_Bid_TakesAtTheLiveMark() public {
        opened();
        setPrice(ETH, 1_833e18);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        (uint256 size, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        assertEq(size, v.size);
        assertEq(price, v.price);
        assertApproxEqRel(price, 1_833e18, 0.01e18);
        assertEq(sizeOf(bobId, ETH), int256(size));
    }

    function test_Bid_ShortLegs() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        fall(ETH, 2_150e18);
        step(aliceId, ETH);
        wait_(30);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertFalse(v.long);
        assertGt(v.price, 2_150e18, "who takes a short is paid more than mark");
        (uint256 size, ) = bid(aliceId, ETH, type(uint256).max);
        assertEq(sizeOf(bobId, ETH), -int256(size));
        assertGe(healthOf(aliceId), 1.2e18);
    }

    // ---- what a fill does

    function test_Bid_Full() public {
        opened();
        skip(30);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        int256 equity = house.assess(aliceId).equity;
        (uint256 size, ) = bid(aliceId, ETH, type(uint256).max);
        assertGe(healthOf(aliceId), 1.2e18);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0, "safe: nothing is on offer");
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, 0);
        uint256 insured = uint256(house.cashOf(INSURANCE));
        int256 paid = equity - house.assess(aliceId).equity;
        assertApproxEqAbs(paid, v.premium + 2 * int256(insured) + 0.5e18, 3);
        assertApproxEqAbs(uint256(house.cashOf(keeperId)), insured + 0.5e18, 1, "who opened the lot");
        assertEq(size, v.size);
    }

    /// @dev What is still needed is on offer again, with its clock at the beginning.
    function test_Bid_PartReplansTheRest() public {
        opened();
        skip(30);
        uint256 whole = liquidator.lotOf(aliceId, ETH).lot.size;
        uint256 before = liquidator.lotOf(aliceId, ETH).size;
        (uint256 size, ) = bid(aliceId, ETH, before / 2);
        assertEq(size, before / 2);
        Lot memory lot = liquidator.lotOf(aliceId, ETH).lot;
        assertEq(lot.start, block.timestamp);
        assertGe(lot.size, before - size);
        assertLt(lot.size, whole - size);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, lot.size);
        assertApproxEqAbs(uint256(house.cashOf(keeperId)) - uint256(house.cashOf(INSURANCE)), 0.25e18, 0.001e18);
        (uint256 since, uint256 left) = liquidator.tipLeft(aliceId);
        assertEq(since, block.timestamp);
        assertApproxEqAbs(left, 0.25e18, 0.001e18);
        fall(ETH, 1_815e18);
        bid(aliceId, ETH, type(uint256).max);
        assertLe(uint256(house.cashOf(keeperId)) - uint256(house.cashOf(INSURANCE)), 0.5e18 + 1, "one tip");
    }

    /// @dev Solvent at the opening, bankrupt at the bid: one transaction, and the loss is booked and paid out of the profit of
    /// who won it.
    function test_Bid_AccountThatWentBankruptMeanwhile() public {
        opened();
        setPrice(ETH, 1_700e18);
        skip(1);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertLe(v.premium, 0, "who has nothing pays nothing");
        int256 equity = house.assess(aliceId).equity;
        int256 winner = house.assess(carolId).equity;
        vm.recordLogs();
        (uint256 size, ) = bid(aliceId, ETH, type(uint256).max);
        uint256 booked = bookedOf(vm.getRecordedLogs(), ETH);
        assertEq(size, v.size);
        assertGt(booked, 0);
        assertApproxEqAbs(house.assess(aliceId).equity, equity + int256(booked) - v.premium, 2);
        assertEq(house.totalDeficit(), 0, "all of it is shared");
        assertApproxEqAbs(house.assess(carolId).equity, winner - int256(booked), 2);
    }

    // ---- recovery

    /// @dev At a health of one the lot sleeps, with its clock running; at the target anybody takes it away.
    function test_Lot_SleepsWakesAndGoes() public {
        opened();
        fund(bob, aliceId, 10e6);
        assertGe(healthOf(aliceId), 1e18);
        assertEq(liquidator.lotOf(aliceId, ETH).size, 0, "asleep");
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, aliceId, ETH));
        liquidator.bid(b);
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        step(aliceId, ETH);
        uint256 start = liquidator.lotOf(aliceId, ETH).start;
        skip(10);
        fall(ETH, 1_800e18);
        assertGt(liquidator.lotOf(aliceId, ETH).size, 0, "awake");
        assertEq(liquidator.lotOf(aliceId, ETH).start, start);
        fund(bob, aliceId, 200e6);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.None));
        assertEq(size, 0);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, 0);
    }

    function test_Lot_AsleepAndOverIsTakenAway() public {
        uint256 end = opened();
        fund(bob, aliceId, 10e6);
        skip(end - block.timestamp);
        assertLt(healthOf(aliceId), 1.2e18);
        step(aliceId, ETH);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
    }

    /// @dev An account that recovers and fails again another day has its auction from the beginning.
    function test_Lot_OfAnotherDayIsForgotten() public {
        uint256 end = opened();
        skip(end - block.timestamp);
        setPrice(ETH, 2_000e18);
        wait_(1 hours - 5 minutes);
        house.accrue(single(ETH));
        fall(ETH, 1_700e18);
        assertEq(liquidator.lotOf(aliceId, ETH).size, 0);
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, aliceId, ETH));
        liquidator.bid(b);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).stage), uint8(ILiquidator.Stage.Auction));
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        assertEq(liquidator.lotOf(aliceId, ETH).start, block.timestamp);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, size, "the old lot is in flight no more");
    }

    function test_Lot_IsRememberedForAnHour() public {
        uint256 end = opened();
        skip(end - block.timestamp);
        setPrice(ETH, 2_000e18);
        wait_(1 hours - 6 minutes);
        house.accrue(single(ETH));
        fall(ETH, 1_700e18);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).stage), uint8(ILiquidator.Stage.Offset));
    }

    function test_Lot_OwnerClosesTheLeg() public {
        opened();
        trade(ETH, carolId, aliceId, 1e18, 1_835e18);
        assertEq(liquidator.lotOf(aliceId, ETH).size, 0);
        step(aliceId, ETH);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
    }

    /// @dev A better price needs less: the bid gets the smaller plan of now.
    function test_Bid_OfWhatIsNeededNow() public {
        opened();
        uint256 before = liquidator.lotOf(aliceId, ETH).size;
        fund(bob, aliceId, 4e6);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertLt(v.size, before);
        (uint256 size, ) = bid(aliceId, ETH, type(uint256).max);
        assertEq(size, v.size);
        assertApproxEqRel(healthOf(aliceId), 1.2e18, 0.02e18, "what it got above mark is all that is too much");
    }

    /// @dev What nobody pays for does not need to be sold: an early bid gets less than was planned for a late one.
    function test_Bid_EarlyIsSmaller() public {
        uint256 end = opened();
        uint256 early = liquidator.lotOf(aliceId, ETH).size;
        skip(end - block.timestamp);
        uint256 late = liquidator.lotOf(aliceId, ETH).size;
        assertLt(early, (late * 8) / 10);
        assertLe(late, liquidator.lotOf(aliceId, ETH).lot.size);
    }

    // ---- when nobody bids

    function test_Lot_OverIsOpenedAgain() public {
        uint256 end = opened();
        skip(end - block.timestamp);
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        assertEq(liquidator.lotOf(aliceId, ETH).start, block.timestamp);
    }

    function test_Bid_StillPossibleWhenOver() public {
        uint256 end = opened();
        skip(end - block.timestamp + 100);
        bid(aliceId, ETH, type(uint256).max);
        assertGe(healthOf(aliceId), 1.2e18);
    }

    /// @dev Less margin, more volatility: what opens now would be shorter, and so is what is open.
    function test_Lot_EndsSoonerInAPanic() public {
        calm();
        failing();
        step(aliceId, ETH);
        uint256 before = liquidator.lotOf(aliceId, ETH).end;
        setPrice(ETH, 1_760e18);
        assertLt(liquidator.lotOf(aliceId, ETH).end, before);
    }

    // ---- bids that are refused

    function test_Bid_RevertsWhen_NotTheTaker() public {
        opened();
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NotOwnerOrOperator.selector, bobId, carol));
        liquidator.bid(b);
        vm.prank(bob);
        house.setOperator(carol, true);
        vm.prank(carol);
        liquidator.bid(b);
    }

    function test_Bid_RevertsWhen_Late() public {
        opened();
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        skip(1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.DeadlinePassed.selector, b.deadline, block.timestamp));
        liquidator.bid(b);
    }

    function test_Bid_RevertsWhen_PriceBeyondLimit() public {
        opened();
        uint256 price = liquidator.lotOf(aliceId, ETH).price;
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        b.limit = price - 1;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.PriceBeyondLimit.selector, price, price - 1));
        liquidator.bid(b);
        b.limit = price;
        vm.prank(bob);
        liquidator.bid(b);
    }

    function test_Bid_RevertsWhen_LessThanATenth() public {
        opened();
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertEq(v.least, (uint256(v.lot.size) + 9) / 10);
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        b.most = v.least - 1;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, v.least - 1, v.least));
        liquidator.bid(b);
        (b.most, b.least) = (v.size / 2, v.size / 2 + 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, v.size / 2, v.size / 2 + 1));
        liquidator.bid(b);
        (b.most, b.least) = (v.least, 0);
        vm.prank(bob);
        liquidator.bid(b);
    }

    /// @dev What a bid leaves of a leg that is to be closed is worth a hundred tips.
    function test_Bid_RevertsWhen_ItWouldLeaveDust() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_700e18);
        step(aliceId, ETH);
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        uint256 dust = uint256(50e36) / 1_700e18;
        assertEq(liquidator.lotOf(aliceId, ETH).size, 1e18);
        b.most = 1e18 - dust + 1;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, b.most, 1e18));
        liquidator.bid(b);
        b.most = 1e18 - dust - 1;
        vm.prank(bob);
        liquidator.bid(b);
        bid(aliceId, ETH, type(uint256).max);
        assertEq(house.legsOf(aliceId).length, 0);
    }

    function test_Bid_RevertsWhen_NoLot() public {
        failing();
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NoLot.selector, aliceId, ETH));
        liquidator.bid(b);
    }

    function test_Bid_RevertsWhen_TakerBelowInitialMargin() public {
        opened();
        ILiquidator.Bid memory b = bidTerms(aliceId, ETH);
        b.taker = accountId(bob, 5);
        vm.prank(bob);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        liquidator.bid(b);
    }

    // ---- any account, any moment

    /// @dev LIQ-2 and CHAIN-1 whatever the price did and however long the lot was open.
    function testFuzz_Bid_NeverLowersHealthAndPaysWithinTheShare(
        uint256 first,
        uint256 then,
        uint256 elapsed,
        uint256 part,
        bool long
    ) public {
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        fall(ETH, boundLiquidatable(long, 250e18, first));
        step(aliceId, ETH);
        skip(bound(elapsed, 0, 900));
        setPrice(ETH, bound(then, 1_500e8, 2_500e8) * 1e10);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        if (v.size == 0) return;
        Assessor.Assessment memory before = house.assess(aliceId);
        (uint256 size, ) = bid(aliceId, ETH, part % 2 == 0 ? type(uint256).max : bound(part, v.least, v.size));
        Assessor.Assessment memory a = house.assess(aliceId);
        if (before.equity < 0) return assertLe(before.equity, a.equity, "only mark or better");
        uint256 freed = before.maintenance - a.maintenance;
        uint256 capped = uint256(before.equity) < before.maintenance ? uint256(before.equity) : before.maintenance;
        uint256 share = 0.95e18 - (0.45e18 * capped) / before.maintenance;
        uint256 most = (((freed * capped) / before.maintenance) * share) / 1e18;
        assertLe(before.equity - a.equity, int256(most) + 4, "CHAIN-1");
        assertGe(a.marginEquity * int256(before.maintenance), before.marginEquity * int256(a.maintenance), "LIQ-2");
        assertLe(size, v.size);
    }

    // ---- numbers

    function failing() internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_835e18);
    }

    function opened() internal returns (uint256 end) {
        failing();
        step(aliceId, ETH);
        return liquidator.lotOf(aliceId, ETH).end;
    }

    /// @dev A position that needs about ten thousand closed.
    function heavy(AccountId account) internal {
        fund(alice, account, 10_000e6);
        openLeg(ETH, account, carolId, 40e18);
    }

    /// @dev Two days without a move: volatility at its least.
    function calm() internal {
        for (uint256 i = 0; i < 200; ++i) {
            wait_(30 minutes);
            house.accrue(single(ETH));
        }
    }
}
