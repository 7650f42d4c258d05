// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";
import {Assessor} from "../../contracts/core/Assessor.sol";
import {HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {deficitRow} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice Accounts with several legs. Assets 4 to 9 are more perps, at 2,000 like ETH.
contract LiquidatorLegsTest is LiquidationTest {
    uint256 internal constant TARGET = 1.2e18;
    uint16 internal constant LAST = 9;

    address internal victim = makeAddr("victim");
    AccountId internal victimId = accountId(victim, 0);

    function setUp() public override {
        super.setUp();
        for (uint16 i = 4; i <= LAST; ++i) {
            addFeed(AssetId.wrap(i), 2_000e8);
            configurator.listPerp(AssetId.wrap(i), perpTerms(0.05e18, 0.1e18));
            liquidator.setTerms(AssetId.wrap(i), stageTerms());
        }
        configurator.setHouseTerms(HouseTerms(0, 0, 50_00, 0, 0, 0, 10_000, 0));
    }

    // ---- two and three legs

    function test_TwoLegs_ReduceIntoTheirPools() public {
        fund(victim, victimId, 500e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(BTC, victimId, carolId, -0.03e18);
        openPool(ETH, keeper, 5_000_000e6);
        openPool(BTC, keeper, 5_000_000e6);
        move(ETH, 1_800e18);
        move(BTC, 64_400e18);
        stand();
        assertLt(healthOf(victimId), 0.91e18);
        (ILiquidator.Stage stage_, uint256 size) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
        assertLt(size, 1e18, "the smallest reduction");
        assertGe(healthOf(victimId), TARGET);
        refusedAsHealthy(BTC);
    }

    /// @dev One leg alone is not enough: it goes whole, then the other as far as needed.
    function test_TwoLegs_OneAfterTheOther() public {
        fund(victim, victimId, 450e6);
        openLeg(ETH, victimId, carolId, 0.2e18);
        openLeg(BTC, victimId, carolId, -0.06e18);
        openPool(ETH, keeper, 5_000_000e6);
        openPool(BTC, keeper, 5_000_000e6);
        move(ETH, 1_900e18);
        move(BTC, 64_000e18);
        stand();
        (, uint256 size) = checkedStep(victimId, ETH);
        assertEq(size, 0.2e18);
        assertTrue(house.isLiquidatable(victimId));
        (, size) = checkedStep(victimId, BTC);
        assertLt(size, 0.06e18);
        assertGe(healthOf(victimId), TARGET);
    }

    /// @dev A long and a short of two markets: what one wins pays for the other; neither leg's margin is netted.
    function test_Hedged_LongAndShortOfTwoMarkets() public {
        fund(victim, victimId, 450e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(BTC, victimId, carolId, -0.03e18);
        move(ETH, 1_700e18);
        move(BTC, 51_000e18);
        stand();
        assertGt(healthOf(victimId), TARGET, "both fell");
        move(BTC, 60_000e18);
        stand();
        assertTrue(house.isLiquidatable(victimId), "the hedge is gone");
        assertTrue(liquidator.outlook(victimId, BTC).auction.size != 0, "either leg may go");
        (ILiquidator.Stage stage_, ) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        later(30);
        checkedBid(victimId, ETH);
        assertFalse(house.isLiquidatable(victimId));
    }

    /// @dev Both perps' lots are on offer at once; a fill of one puts the other to sleep.
    function test_TwoLegs_LotsOfBothSleepTogether() public {
        fund(victim, victimId, 500e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(AssetId.wrap(4), victimId, carolId, 1e18);
        move(ETH, 1_830e18);
        move(AssetId.wrap(4), 1_830e18);
        stand();
        checkedStep(victimId, ETH);
        checkedStep(victimId, AssetId.wrap(4));
        later(30);
        checkedBid(victimId, ETH);
        assertGe(healthOf(victimId), 1e18);
        assertEq(liquidator.lotOf(victimId, AssetId.wrap(4)).size, 0, "asleep");
        refusedAsAsleep(AssetId.wrap(4));
    }

    function test_ThreeLegs_SpotLongAndShort() public {
        fundSpot(victim, victimId, 0.25e18);
        fund(victim, victimId, 100e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(BTC, victimId, carolId, -0.03e18);
        move(ETH, 1_850e18);
        move(WETH, 1_850e18);
        move(BTC, 66_000e18);
        stand();
        assertTrue(house.isLiquidatable(victimId));
        drive(victimId);
        assertFalse(house.isLiquidatable(victimId));
        assertEq(house.totalDeficit(), 0);
    }

    // ---- eight legs

    function test_EightLegs_ReduceIntoPools() public {
        openEight(true);
        for (uint16 i = 1; i <= LAST; ++i) if (i != 3) openPool(AssetId.wrap(i), keeper, 5_000_000e6);
        moveAll(90_00);
        (ILiquidator.Stage stage_, ) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
        drive(victimId);
        assertFalse(house.isLiquidatable(victimId));
    }

    function test_EightLegs_Auctions() public {
        openEight(false);
        moveAll(110_00);
        (ILiquidator.Stage stage_, ) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        drive(victimId);
        assertFalse(house.isLiquidatable(victimId));
    }

    function test_EightLegs_Absorption() public {
        openEight(true);
        liquidator.setBackstop(bobId);
        moveAll(90_00);
        // Absorption has to pay for a minute of the market: it waits for calmer ones.
        later(2 hours);
        stand();
        checkedStep(victimId, ETH);
        later(600);
        (ILiquidator.Stage stage_, uint256 size) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Absorb));
        assertEq(sizeOf(bobId, ETH), int256(size));
        later(1);
        drive(victimId);
        assertFalse(house.isLiquidatable(victimId));
    }

    /// @dev Up to eight legs of any size and side, any moves, with or without spot, pool and backstop: no step lowers health or
    /// touches another leg, and the account ends safe or without legs.
    function test_Legs_NoStepLowersHealth_First() public {
        fallApart(2);
    }

    function test_Legs_NoStepLowersHealth_Second() public {
        fallApart(15);
    }

    function test_Legs_NoStepLowersHealth_Third() public {
        fallApart(42);
    }

    /// @dev Eight legs of random sizes and moves. Not fuzzed: a run is some hundred calls on all eight.
    function fallApart(uint256 seed) internal {
        (uint256[9] memory sizes, uint256[9] memory moves) = (words(seed), words(seed + 1));
        fund(victim, victimId, 8_000e6);
        if (seed % 2 == 0) fundSpot(victim, victimId, 1e18);
        if (seed % 3 == 0) liquidator.setBackstop(bobId);
        for (uint16 i = 1; i < LAST; ++i) {
            uint256 size = bound(sizes[i], 0.1e18, 4.9e18) / (i == 2 ? 30 : 1);
            if (i != 3) openLeg(AssetId.wrap(i), victimId, carolId, sizes[i] % 2 == 0 ? int256(size) : -int256(size));
        }
        if (seed % 5 == 0) openPool(ETH, keeper, 5_000_000e6);
        if (seed % 7 == 0) openPool(AssetId.wrap(4), keeper, 50_000e6);
        for (uint16 i = 1; i < LAST; ++i) {
            int256 size = sizeOf(victimId, AssetId.wrap(i));
            uint256 points = size > 0 || i == 3 ? bound(moves[i], 70_00, 100_00) : bound(moves[i], 100_00, 130_00);
            scale(AssetId.wrap(i), points);
        }
        stand();
        drive(victimId);
        assertFalse(house.isLiquidatable(victimId));
    }

    // ---- a stale leg

    function test_StaleLeg_ShieldsNoOther() public {
        fund(victim, victimId, 700e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(BTC, victimId, carolId, 0.03e18);
        later(1);
        stand();
        skip(1 hours);
        feeds[ETH].updateAnswer(1_600e8);
        house.accrue(single(ETH));
        skip(5 minutes);
        assertTrue(house.isLiquidatable(victimId));
        expectFrozen(BTC);
        step(victimId, BTC);
        (ILiquidator.Stage stage_, ) = checkedStep(victimId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        skip(30);
        checkedBid(victimId, ETH);
        assertEq(sizeOf(victimId, BTC), 0.03e18);
    }

    /// @dev A leg that went stale is in the way of nothing: the rest goes, then the account waits for its price.
    function test_StaleLeg_IsClosedWhenItsPriceIsBack() public {
        fund(victim, victimId, 500e6);
        openLeg(ETH, victimId, carolId, 1e18);
        openLeg(BTC, victimId, carolId, 0.03e18);
        skip(1 hours + 1);
        feeds[ETH].updateAnswer(1_650e8);
        house.accrue(single(ETH));
        skip(5 minutes);
        for (uint256 i = 0; i < 10 && sizeOf(victimId, ETH) != 0; ++i) {
            checkedStep(victimId, ETH);
            skip(30);
            checkedBid(victimId, ETH);
        }
        assertEq(sizeOf(victimId, ETH), 0);
        assertTrue(house.isLiquidatable(victimId), "the stale leg weighs three times as much");
        expectFrozen(BTC);
        step(victimId, BTC);
        move(BTC, 60_000e18);
        assertFalse(house.isLiquidatable(victimId), "at a fresh price it is carried");
    }

    // ---- bankrupt

    /// @dev Equal legs, equal parts: each market books its part of what is missing, together all of it. Who won pays what does
    /// not stand.
    function test_Bankrupt_EveryMarketBooksItsPart() public {
        openEight(true);
        moveAll(80_00);
        int256 equity = house.assess(victimId).equity;
        assertLt(equity, 0);
        int256 winner = house.assess(carolId).equity;
        vm.recordLogs();
        closeAll();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(house.legsOf(victimId).length, 0);
        assertEq(house.cashOf(victimId), 0);
        assertApproxEqAbs(bookedOf(logs), uint256(-equity), 1e3, "at mark: nothing but the loss");
        for (uint16 i = 1; i <= LAST; ++i) {
            if (i != 3) assertApproxEqRel(bookedOf(logs, AssetId.wrap(i)), uint256(-equity) / 8, 1e15);
        }
        uint256 paid = uint256(winner - house.assess(carolId).equity);
        assertGt(paid, 0);
        assertApproxEqAbs(paid + house.totalDeficit(), bookedOf(logs), 1e3);
    }

    function test_Bankrupt_EndsWithNothing_First() public {
        endWithNothing(3);
    }

    function test_Bankrupt_EndsWithNothing_Second() public {
        endWithNothing(8);
    }

    function test_Bankrupt_EndsWithNothing_Third() public {
        endWithNothing(21);
    }

    function endWithNothing(uint256 seed) internal {
        (uint256[9] memory sizes, uint256[9] memory moves) = (words(seed), words(seed + 1));
        uint256 points = sizes[8];
        fund(victim, victimId, 6_000e6);
        for (uint16 i = 1; i <= LAST; ++i) {
            if (i == 3) continue;
            uint256 size = bound(sizes[i - 1], 1e18, 3e18) / (i == 2 ? 30 : 1);
            openLeg(AssetId.wrap(i), victimId, carolId, sizes[i - 1] % 2 == 0 ? int256(size) : -int256(size));
        }
        points = bound(points, 40_00, 60_00);
        for (uint16 i = 1; i <= LAST; ++i) {
            uint256 by = points + bound(moves[i - 1], 0, 10_00);
            scale(AssetId.wrap(i), sizeOf(victimId, AssetId.wrap(i)) > 0 ? 100_00 - by : 100_00 + by);
        }
        stand();
        int256 equity = house.assess(victimId).equity;
        assertLt(equity, 0);
        vm.recordLogs();
        closeAll();
        assertEq(house.legsOf(victimId).length, 0);
        assertEq(house.cashOf(victimId), 0);
        assertLe(bookedOf(vm.getRecordedLogs()), uint256(-equity) + 1e3);
    }

    // ---- spot

    /// @dev No perp is left and less cash than nothing: the spot is sold at any health, what then lacks is booked, and waits for
    /// somebody to have it shared.
    function test_Spot_IsSoldWhenNoPerpIsLeft() public {
        fundSpot(victim, victimId, 0.1e18);
        openLeg(ETH, victimId, carolId, 0.7e18);
        move(ETH, 1_600e18);
        move(WETH, 1_600e18);
        stand();
        checkedStep(victimId, ETH);
        later(30);
        int256 winner = house.assess(carolId).equity;
        vm.recordLogs();
        checkedBid(victimId, ETH);
        uint256 booked = bookedOf(vm.getRecordedLogs(), ETH);
        assertApproxEqAbs(booked, 120e18, 1e18, "280 lost, 160 of spot");
        assertEq(sizeOf(victimId, ETH), 0);
        assertLt(house.cashOf(victimId), 0);
        assertEq(sizeOf(victimId, WETH), 0.1e18);
        uint256 deficit = house.totalDeficit();
        assertApproxEqAbs(winner - house.assess(carolId).equity, int256(booked - deficit), 2, "the rest is shared");
        checkedStep(victimId, WETH);
        later(300);
        vm.recordLogs();
        checkedBid(victimId, WETH);
        booked = bookedOf(vm.getRecordedLogs(), ETH);
        assertEq(house.legsOf(victimId).length, 0);
        assertEq(house.cashOf(victimId), 0);
        assertEq(house.totalDeficit(), deficit + booked);
        assertLe(booked, 16e18, "half of the haircut");
        assertEq(uint256(-house.cashOf(deficitRow(ETH))), house.totalDeficit(), "of the perp it closed last");
    }

    function test_DebtSale_StopsUnderTheCap() public {
        owe();
        Assessor.Standing memory s = Assessor.standing(house.assess(victimId));
        assertTrue(Assessor.overborrowed(s, 50_00));
        refusedAsHealthy(ETH);
        (ILiquidator.Stage stage_, ) = step(victimId, WETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        later(60);
        (uint256 size, ) = bid(victimId, WETH, type(uint256).max);
        assertLt(size, 1e18, "not more than needed");
        s = Assessor.standing(house.assess(victimId));
        assertFalse(Assessor.overborrowed(s, 50_00));
        assertEq(liquidator.lotOf(victimId, WETH).lot.size, 0, "gone");
        assertEq(sizeOf(victimId, ETH), 5e18);
        assertGe(healthOf(victimId), 1e18);
        refusedAsHealthy(WETH);
    }

    function test_DebtSale_SleepsWhileTheDebtIsUnderTheCap() public {
        owe();
        step(victimId, WETH);
        later(60);
        fund(alice, victimId, 60e6);
        assertEq(liquidator.lotOf(victimId, WETH).size, 0, "asleep");
        refusedAsAsleep(WETH);
        move(ETH, 1_775e18);
        assertGt(liquidator.lotOf(victimId, WETH).size, 0, "awake again, its clock went on");
        bid(victimId, WETH, type(uint256).max);
        assertFalse(Assessor.overborrowed(Assessor.standing(house.assess(victimId)), 50_00));
    }

    // ---- the chain's own accounts

    /// @dev A pool does not trade with itself: its lot is auctioned.
    function test_PoolsOwnAccount_IsAuctioned() public {
        LiquidityPool pool = openPool(ETH, keeper, 100_000e6);
        poolTrade(bobId, ETH, 40e18);
        AccountId id = pool.account();
        uint256 most = lens.withdrawable(id, AssetId.wrap(0)).amount;
        vm.prank(address(pool));
        house.transferCash(id, carolId, most * 1e12);
        fall(ETH, 2_160e18);
        ILiquidator.Outlook memory o = liquidator.outlook(id, ETH);
        assertEq(uint8(o.reduce.reason), uint8(ILiquidator.Reason.OwnAccount));
        (ILiquidator.Stage stage_, ) = checkedStep(id, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        drive(id);
        assertFalse(house.isLiquidatable(id));
        assertGt(sizeOf(id, ETH), -40e18);
    }

    function test_BackstopsOwnAccount_IsAuctioned() public {
        liquidator.setBackstop(aliceId);
        openLeg(ETH, aliceId, carolId, 1e18);
        openLeg(BTC, carolId, bobId, 1e18);
        fall(ETH, 1_835e18);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).absorb.reason), uint8(ILiquidator.Reason.OwnAccount));
        (ILiquidator.Stage stage_, ) = checkedStep(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        later(600);
        (stage_, ) = checkedStep(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction), "the next lot");
        later(30);
        checkedBid(aliceId, ETH);
        assertFalse(house.isLiquidatable(aliceId));
    }

    // ---- checked steps

    struct Look {
        Assessor.Assessment account;
        int256[10] sizes;
    }

    function look(AccountId account) internal view returns (Look memory found) {
        found.account = house.assess(account);
        for (uint16 i = 1; i <= LAST; ++i) found.sizes[i] = sizeOf(account, AssetId.wrap(i));
    }

    function checkedStep(AccountId account, AssetId asset) internal returns (ILiquidator.Stage stage_, uint256 size) {
        Look memory before = look(account);
        (stage_, size) = step(account, asset);
        check(before, look(account), asset);
    }

    function checkedBid(AccountId account, AssetId asset) internal {
        Look memory before = look(account);
        bid(account, asset, type(uint256).max);
        check(before, look(account), asset);
    }

    /// @dev Health is no lower, solvency stays, this leg came nearer to zero, the others are what they were.
    function check(Look memory before, Look memory afterwards, AssetId asset) internal pure {
        for (uint16 i = 1; i <= LAST; ++i) {
            if (i != AssetId.unwrap(asset)) assertEq(afterwards.sizes[i], before.sizes[i], "another leg");
        }
        int256 size = before.sizes[AssetId.unwrap(asset)];
        int256 left = afterwards.sizes[AssetId.unwrap(asset)];
        assertTrue(size > 0 ? left >= 0 && left <= size : left <= 0 && left >= size, "its own leg");
        (Assessor.Assessment memory a, Assessor.Assessment memory b) = (before.account, afterwards.account);
        if (a.equity >= 0 && a.maintenance != 0) assertGe(b.equity, 0, "solvent");
        if (a.marginEquity > 0) {
            assertGe((b.marginEquity + 1) * int256(a.maintenance), a.marginEquity * int256(b.maintenance), "health");
        } else if (a.maintenance != b.maintenance) assertGe(b.equity + 2, a.equity, "no loss without health");
    }

    /// @dev Leg after leg, as keepers would, until nothing is open.
    function drive(AccountId account) internal {
        for (uint256 round = 0; round < 40 && house.isLiquidatable(account); ++round) {
            AssetId[] memory legs = house.legsOf(account);
            for (uint256 i = 0; i < legs.length; ++i) advance(account, legs[i]);
            later(20);
        }
    }

    function advance(AccountId account, AssetId asset) internal {
        Look memory before = look(account);
        if (liquidator.lotOf(account, asset).size != 0 && block.timestamp % 3 != 0) {
            bid(account, asset, type(uint256).max);
        } else {
            try liquidator.liquidate(account, asset, keeperId) {} catch {}
        }
        check(before, look(account), asset);
    }

    /// @dev Every lot is taken when it is at mark.
    function closeAll() internal {
        for (uint256 round = 0; round < 40 && house.legsOf(victimId).length != 0; ++round) {
            AssetId asset = house.legsOf(victimId)[0];
            checkedStep(victimId, asset);
            later(20);
            checkedBid(victimId, asset);
        }
    }

    /// @dev In all markets together.
    function bookedOf(Vm.Log[] memory logs) internal pure returns (uint256 sum) {
        for (uint16 i = 1; i <= LAST; ++i) sum += bookedOf(logs, AssetId.wrap(i));
    }

    function refusedAsHealthy(AssetId asset) internal {
        Assessor.Assessment memory a = house.assess(victimId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.AccountAboveMaintenance.selector,
                victimId,
                a.marginEquity,
                a.maintenance
            )
        );
        step(victimId, asset);
    }

    function refusedAsAsleep(AssetId asset) internal {
        ILiquidator.Bid memory b = bidTerms(victimId, asset);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, victimId, asset));
        vm.prank(bob);
        liquidator.bid(b);
    }

    function expectFrozen(AssetId asset) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                victimId,
                asset,
                ILiquidator.Reason.NoPool,
                ILiquidator.Reason.Frozen,
                ILiquidator.Reason.NoBackstop,
                ILiquidator.Reason.Frozen
            )
        );
    }

    // ---- worlds

    /// @dev Eight perps of 2,000 each, all on one side, with 250 of margin each.
    function openEight(bool long) internal {
        fund(victim, victimId, 2_000e6);
        for (uint16 i = 1; i <= LAST; ++i) {
            int256 size = i == 2 ? int256(1e18) / 30 : int256(1e18);
            if (i != 3) openLeg(AssetId.wrap(i), victimId, carolId, long ? size : -size);
        }
    }

    /// @dev Healthy, but more is owed than half of the spot.
    function owe() internal {
        fundSpot(victim, victimId, 1e18);
        openLeg(ETH, victimId, carolId, 5e18);
        move(ETH, 1_790e18);
        stand();
        assertGe(healthOf(victimId), TARGET);
    }

    function move(AssetId asset, uint256 price) internal {
        setPrice(asset, price);
    }

    function scale(AssetId asset, uint256 points) internal {
        feeds[asset].updateAnswer((feeds[asset].latestAnswer() * int256(points)) / 100_00);
    }

    function moveAll(uint256 points) internal {
        skip(1);
        for (uint16 i = 1; i <= LAST; ++i) scale(AssetId.wrap(i), points);
        stand();
    }

    /// @dev Prices stand, latched, for five minutes.
    function stand() internal {
        skip(1);
        for (uint16 i = 1; i <= LAST; ++i) house.accrue(single(AssetId.wrap(i)));
        later(5 minutes);
    }

    function later(uint256 elapsed) internal {
        wait_(elapsed);
        for (uint16 i = 4; i <= LAST; ++i) feeds[AssetId.wrap(i)].updateAnswer(feeds[AssetId.wrap(i)].latestAnswer());
    }

    function words(uint256 seed) internal pure returns (uint256[9] memory list) {
        for (uint256 i = 0; i < 9; ++i) list[i] = uint256(keccak256(abi.encode(seed, i)));
    }
}
