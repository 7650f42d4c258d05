// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {AssetLimits, AssetState, Conditions, HouseTerms, Pool} from "../../contracts/core/Ledger.sol";
import {Markets} from "../../contracts/core/Markets.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {Reduction} from "../../contracts/libraries/Reduction.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice Margin that knows volatility, size, depth and the crowd.
contract ClearingHouseMarginTest is BallastTest {
    /// @dev σ of 300 % per year asks for 9.07 %.
    uint256 internal constant WILD = 0.0906e18;

    address internal poolOwner = makeAddr("pool");
    AccountId internal poolId = accountId(poolOwner, 0);

    function setUp() public override {
        super.setUp();
        configurator.setMargin(ETH, marginTerms(0.05e18, 0.12e18, 0.1e18));
        fund(alice, aliceId, 250e6);
        fund(bob, bobId, 1_000_000e6);
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- volatility and ramps

    function test_Rates_CalmMarketStandsAtTheFloor() public view {
        Markets.Market memory m = house.marketOf(ETH);
        assertEq(m.maintenanceRate, 0.05e18);
        assertEq(m.initialRate, 0.1e18);
        assertEq(m.initialDepth, 50_000_000e18);
    }

    /// @dev A storm raises what new positions need at once and what open ones need by two points an hour.
    function test_Rates_OpenPositionsFollowByTheRamp() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        storm();
        Markets.Market memory m = house.marketOf(ETH);
        assertGt(targetOf(ETH), WILD);
        uint256 before = m.maintenanceRate;
        assertLt(before, 0.06e18, "the storm took twenty minutes");
        assertEq(m.initialRate, 2 * targetOf(ETH));
        vm.warp(block.timestamp + 30 minutes);
        assertApproxEqAbs(house.marketOf(ETH).maintenanceRate, before + 0.01e18, 1e6);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 10 days);
        refresh();
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 10 days);
        assertEq(house.marketOf(ETH).maintenanceRate, 0.05e18, "and calm brings it back");
    }

    /// @dev Nobody is liquidated by the hour a market was not poked: what held then held until now.
    function test_Rates_ASilentDayIsNoDayOfRamp() public {
        vm.warp(block.timestamp + 20 hours);
        setPrice(ETH, 2_900e18);
        house.accrue(single(ETH));
        assertEq(house.marketOf(ETH).maintenanceRate, 0.05e18);
        assertGt(targetOf(ETH), 0.05e18);
    }

    /// @dev QUOTE-1: a view between two accruals is what the next accrual writes.
    function testFuzz_Rates_ViewsAreWhatAnAccrualFinds(uint256 wait, uint256 price, uint256 share) public {
        configurator.setPool(ETH, poolTerms(poolOwner));
        fund(poolOwner, poolId, bound(share, 1, 6_000_000e6));
        house.accrue(single(ETH));
        storm();
        vm.warp(block.timestamp + bound(wait, 1, 1 days));
        feeds[ETH].updateAnswer(int256(bound(price, 1_000e8, 3_000e8)));
        Markets.Market memory quoted = house.marketOf(ETH);
        house.accrue(single(ETH));
        assertEq(abi.encode(quoted), abi.encode(house.marketOf(ETH)), "QUOTE-1");
    }

    function test_Rates_ChangesAreTold() public {
        vm.warp(block.timestamp + 60);
        vm.recordLogs();
        refresh();
        house.accrue(single(ETH));
        uint256 quiet = vm.getRecordedLogs().length;
        assertEq(quiet, 2, "latch and sample, nothing of the ledger");
    }

    function test_SetMargin_NewPositionsAtOnceOpenOnesByTheRamp() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        uint256 maintenance = house.assess(aliceId).maintenance;
        configurator.setMargin(ETH, marginTerms(0.08e18, 0.12e18, 0.16e18));
        assertEq(house.assess(aliceId).maintenance, maintenance);
        assertEq(house.marketOf(ETH).initialRate, 0.16e18);
        vm.warp(block.timestamp + 90 minutes);
        assertEq(house.marketOf(ETH).maintenanceRate, 0.08e18);
    }

    // ---- price jumps, with and without pokes

    /// @dev After a jump an account is judged by the same numbers whether the market was poked before or not, save for the
    /// average that only pokes can tell: unpoked, the guard still protects.
    function testFuzz_Jump_WithAndWithoutPokes(uint256 percent, bool poked) public {
        percent = percent % 3 == 0 ? 1 : (percent % 3 == 1 ? 10 : 90);
        openLeg(ETH, aliceId, carolId, 1e18);
        for (uint256 i = 0; i < 5 && poked; ++i) {
            vm.warp(block.timestamp + 60);
            refresh();
            house.accrue(single(ETH));
        }
        setPrice(ETH, 20e18 * (100 - percent));
        Assessor.Assessment memory a = house.assess(aliceId);
        assertEq(a.equity, 250e18 - int256(20e18 * percent));
        if (percent == 1) assertFalse(house.isLiquidatable(aliceId));
        // At −10 % equity is 50, a bit more than half of the 90 it needs: so far below that no average protects it.
        if (percent >= 10) assertTrue(house.isLiquidatable(aliceId));
        assertLe(house.marketOf(ETH).maintenanceRate, 0.0501e18, "no jump moves the rate of open positions");
    }

    /// @dev At 1,835 health is 0.93: protected until the fast average has fallen below 1,842, 188 s after the jump.
    function test_Jump_TheGuardLasts188Seconds() public {
        configurator.setMargin(ETH, marginTerms(0.05e18, 0.05e18, 0.1e18));
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_835e18);
        house.accrue(single(ETH));
        Lens.AccountView memory v = lens.account(aliceId);
        assertEq(uint8(v.verdict), uint8(Lens.Verdict.Guarded));
        assertApproxEqAbs(v.health, 0.926e18, 0.001e18);
        vm.warp(block.timestamp + 187);
        assertFalse(house.isLiquidatable(aliceId));
        vm.warp(block.timestamp + 2);
        assertTrue(house.isLiquidatable(aliceId));
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.Below));
        // 0.8 · MM is passed below 1,823.
        setPrice(ETH, 1_822.5e18);
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.Below));
    }

    function test_Jump_FarBelowNeedsNoAverage() public {
        configurator.setMargin(ETH, marginTerms(0.05e18, 0.05e18, 0.1e18));
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_823.1e18);
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.Guarded));
        setPrice(ETH, 1_822.5e18);
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.FarBelow));
        assertTrue(lens.account(aliceId).liquidatable);
    }

    // ---- depth

    function test_Depth_FollowsThePool() public {
        configurator.setPool(ETH, poolTerms(poolOwner));
        Markets.Market memory m = house.marketOf(ETH);
        assertEq(m.initialDepth, 5_000_000e18, "an empty pool: a tenth at once");
        assertEq(m.maintenanceDepth, 50_000_000e18, "not for open positions");
        vm.warp(block.timestamp + 1 hours);
        assertEq(house.marketOf(ETH).maintenanceDepth, 45_000_000e18);
        vm.warp(block.timestamp + 100 hours);
        assertEq(house.marketOf(ETH).maintenanceDepth, 5_000_000e18);
        fund(poolOwner, poolId, 2_500_000e6);
        house.accrue(single(ETH));
        m = house.marketOf(ETH);
        assertEq(m.initialDepth, 25_000_000e18);
        assertEq(m.maintenanceDepth, 25_000_000e18, "rises at once");
        configurator.setPool(ETH, Pool(address(0), 0, 0, 0, 0, 0, 0));
        assertEq(house.marketOf(ETH).initialDepth, 50_000_000e18);
    }

    /// @dev Another spread is no reason to ask less of open positions.
    function test_Depth_NewTermsOfAPoolLiftNothing() public {
        fund(poolOwner, poolId, 1_000_000e6);
        configurator.setPool(ETH, poolTerms(poolOwner));
        vm.warp(block.timestamp + 100 hours);
        refresh();
        house.accrue(single(ETH));
        assertEq(house.marketOf(ETH).maintenanceDepth, 10_000_000e18);
        Pool memory terms = poolTerms(poolOwner);
        terms.halfSpread = 700;
        configurator.setPool(ETH, terms);
        assertEq(house.marketOf(ETH).maintenanceDepth, 10_000_000e18);
        assertEq(house.marketOf(ETH).initialDepth, 10_000_000e18);
    }

    function test_Depth_IsMeasuredAfterEveryTradeOfThePool() public {
        fund(poolOwner, poolId, 1_000_000e6);
        configurator.setPool(ETH, poolTerms(poolOwner));
        assertEq(house.marketOf(ETH).initialDepth, 10_000_000e18);
        trade(ETH, bobId, poolId, 10e18, 0);
        // 10 at 2,000 with half a spread of 5 bp and an impact of 20,000 / 2·10,000,000: 30 earned, lent tenfold.
        assertEq(house.marketOf(ETH).initialDepth, 10_000_300e18, "it earned the spread");
    }

    function test_Depth_ShallowMarketAsksMoreOfItsSize() public {
        openLeg(ETH, bobId, carolId, 500e18);
        uint256 initial = house.assess(bobId).initial;
        configurator.setPool(ETH, poolTerms(poolOwner));
        // N² / 2D: 1e6² / 1e8 before, / 1e7 after.
        assertEq(house.assess(bobId).initial - initial, 90_000e18);
    }

    // ---- the crowd

    function testFuzz_Crowd_EdgeOfTheRate(uint256 crowd) public {
        configurator.setLimits(ETH, AssetLimits(3_000_000e18, 1_000_000e18, 1e18));
        crowd = bound(crowd, 500e18, 1_499e18);
        fund(bob, bobId, 4_000_000e6);
        openLeg(ETH, bobId, carolId, int256(crowd));
        uint256 value = (crowd + 1e18) * 2_000;
        uint256 rate = 0.1e18 + (0.4e18 * (value - 1_000_000e18)) / 2_000_000e18;
        if (value <= 1_000_000e18) rate = 0.1e18;
        uint256 needed = (2_000e18 * rate) / 1e18 + 0.04e18;
        AccountId fresh = accountId(alice, 1);
        fund(alice, fresh, (needed - 2e12) / 1e12);
        vm.prank(stage);
        vm.expectRevert();
        house.trade(tradeTerms(ETH, fresh, carolId, 1e18, 2_000e18));
        fund(alice, fresh, 4);
        trade(ETH, fresh, carolId, 1e18, 2_000e18);
        assertEq(house.assess(fresh).initial, 200.04e18, "once it is in it needs what everybody needs");
    }

    // ---- least margin and the peg

    function test_LeastMargin_OfAnAccountThatAdds() public {
        terms(10e18, 0);
        AccountId small = accountId(alice, 1);
        fund(alice, small, 10e6 - 1);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, small, 10e18 - 1e12, 10e18));
        house.trade(tradeTerms(ETH, small, carolId, 1e12, 2_000e18));
        fund(alice, small, 1);
        trade(ETH, small, carolId, 1e12, 2_000e18);
        vm.prank(alice);
        house.withdraw(small, QUOTE, 5e6, alice);
        trade(ETH, carolId, small, 1e12, 2_000e18);
    }

    function test_Peg_OutsideItNoMarketGrows() public {
        openLeg(ETH, aliceId, carolId, 0.5e18);
        addFeed(QUOTE, 1e8);
        terms(0, 3_00);
        trade(ETH, aliceId, carolId, 0.1e18, 2_000e18);
        int256[4] memory prices = [int256(0.97e8), 1.03e8, 0.97e8 - 1, 1.03e8 + 1];
        for (uint256 i = 0; i < 4; ++i) {
            // Somebody latched it, or nobody did for long enough.
            vm.warp(block.timestamp + (i % 2 == 0 ? 1 : 10 minutes + 1));
            feeds[QUOTE].updateAnswer(prices[i]);
            if (i % 2 == 0) router.latch(single(QUOTE));
            vm.prank(stage);
            if (i >= 2) {
                vm.expectRevert(
                    abi.encodeWithSelector(IClearingHouse.QuoteOffPeg.selector, uint256(prices[i]) * 1e10, 3_00)
                );
            }
            house.trade(tradeTerms(ETH, aliceId, carolId, 0.1e18, 2_000e18));
        }
        trade(ETH, carolId, aliceId, 0.2e18, 2_000e18);
        vm.prank(alice);
        house.withdraw(aliceId, QUOTE, 1e6, alice);
        assertEq(sizeOf(aliceId, ETH), 0.6e18);
        // Whoever wants out gets out, also to one who takes it over.
        trade(ETH, bobId, aliceId, 0.1e18, 2_000e18);
    }

    /// @dev What was latched lately tells: nobody pays for a look at the sources at every trade.
    function test_Peg_LatchedLatelyIsEnough() public {
        addFeed(QUOTE, 1e8);
        terms(0, 3_00);
        feeds[QUOTE].updateAnswer(0.9e8);
        vm.warp(block.timestamp + 10 minutes);
        refresh();
        trade(ETH, aliceId, carolId, 0.1e18, 2_000e18);
        vm.warp(block.timestamp + 1);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.QuoteOffPeg.selector, 0.9e18, 3_00));
        house.trade(tradeTerms(ETH, aliceId, carolId, 0.1e18, 2_000e18));
    }

    function test_Peg_UnknownIsOutside() public {
        addFeed(QUOTE, 1e8);
        terms(0, 3_00);
        vm.warp(block.timestamp + 2 hours);
        feeds[ETH].updateAnswer(2_000e8);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.QuoteOffPeg.selector, 1e18, 3_00));
        house.trade(tradeTerms(ETH, aliceId, carolId, 0.1e18, 2_000e18));
        terms(0, 0);
        trade(ETH, aliceId, carolId, 0.1e18, 2_000e18);
    }

    // ---- a stale leg never shields another

    /// @dev An account with a stale leg is liquidated on its other leg at the same price as one without, or sooner.
    function testFuzz_Stale_NeverShields(uint256 price, bool spot) public {
        AccountId plain = accountId(alice, 7);
        fund(alice, plain, 250e6);
        fund(alice, aliceId, 10e6);
        openLeg(ETH, plain, carolId, 1e18);
        openLeg(ETH, aliceId, carolId, 1e18);
        if (spot) fundSpot(alice, aliceId, 0.0001e18);
        else openLeg(BTC, aliceId, carolId, 0.0001e18);
        vm.warp(block.timestamp + 2 hours);
        setPrice(ETH, bound(price, 1_000e18, 1_834e18));
        house.accrue(single(ETH));
        vm.warp(block.timestamp + 5 minutes);
        feeds[ETH].updateAnswer(feeds[ETH].latestAnswer());
        Lens.AccountView memory v = lens.account(aliceId);
        assertEq(uint8(v.legs[0].hold), uint8(Lens.Hold.None));
        assertEq(uint8(v.legs[1].hold), uint8(Lens.Hold.Stale));
        assertTrue(house.isLiquidatable(plain));
        uint256 mark = peekPrice(ETH).mark;
        if (mark < 1_820e18) {
            assertTrue(house.isLiquidatable(aliceId), "not shielded");
            liquidate(liquidation(ETH, aliceId, carolId, 0.5e18, mark));
        }
        liquidate(liquidation(ETH, plain, carolId, 0.5e18, mark));
    }

    function test_Holds_AreTold() public {
        fund(alice, aliceId, 10_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        openLeg(BTC, aliceId, carolId, 0.01e18);
        assertEq(uint8(lens.account(aliceId).legs[0].hold), uint8(Lens.Hold.None));
        setState(ETH, AssetState.ReduceOnly);
        assertEq(uint8(lens.account(aliceId).legs[0].hold), uint8(Lens.Hold.ReduceOnly));
        uint256 before = lens.account(aliceId).legs[0].maintenance;
        setState(ETH, AssetState.Halted);
        Lens.LegView memory leg = lens.account(aliceId).legs[0];
        assertEq(uint8(leg.hold), uint8(Lens.Hold.Halted));
        assertEq(leg.maintenance, before + 200e18, "its initial rate more");
        setState(ETH, AssetState.Settling);
        assertEq(uint8(lens.account(aliceId).legs[0].hold), uint8(Lens.Hold.Settling));
        diverge(BTC);
        assertEq(uint8(lens.account(aliceId).legs[1].hold), uint8(Lens.Hold.Diverged));
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        assertEq(uint8(w.limit), uint8(Lens.Limit.PriceDiverged));
        assertEq(w.amount, 0);
    }

    // ---- plans

    /// @dev A plan the lens gives is one the ledger takes, and it leaves the health that was promised.
    function testFuzz_Reduction_ExecutesAsPlanned(uint256 price, uint256 cost, bool long) public {
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        price = priceAtHealth(long, 2_000e18, 250e18, bound(price, 0.1e18, 0.79e18));
        setPrice(ETH, price);
        house.accrue(single(ETH));
        cost = bound(cost, 0, 0.03e18);
        Reduction.Plan memory plan = lens.reduction(aliceId, ETH, 1.2e18, cost);
        if (plan.toxic || plan.size == 0) return;
        uint256 mark = peekPrice(ETH).mark;
        uint256 worse = long ? mark - (mark * cost) / 1e18 : mark + (mark * cost) / 1e18;
        liquidate(liquidation(ETH, aliceId, carolId, plan.size, worse));
        Assessor.Assessment memory a = house.assess(aliceId);
        assertApproxEqAbs(a.marginEquity, plan.equity, 3);
        assertApproxEqAbs(a.maintenance, plan.maintenance, 1);
        if (plan.reaches) assertGe(lens.account(aliceId).health + 1e3, 1.2e18);
    }

    function test_FirstReduction_SpotFirstWhenItIsCheaper() public {
        fundSpot(alice, aliceId, 0.1e18);
        fund(alice, aliceId, 450e6);
        openLeg(ETH, aliceId, carolId, 3e18);
        setPrice(ETH, 1_800e18);
        setPrice(WETH, 1_800e18);
        assertEq(lens.account(aliceId).legs.length, 2);
        uint256[] memory costs = new uint256[](2);
        (costs[0], costs[1]) = (0.0001e18, 0.03e18);
        (AssetId first, Reduction.Plan memory plan) = lens.firstReduction(aliceId, 1e18, costs);
        Reduction.Plan memory spot = lens.reduction(aliceId, WETH, 1e18, costs[0]);
        Reduction.Plan memory perp = lens.reduction(aliceId, ETH, 1e18, costs[1]);
        assertTrue(first == (perp.reaches && !(spot.reaches && spot.expense < perp.expense) ? ETH : WETH));
        assertGt(plan.size, 0);
        vm.expectRevert(abi.encodeWithSelector(Lens.CostsDoNotMatchLegs.selector, 1, 2));
        lens.firstReduction(aliceId, 1e18, new uint256[](1));
        vm.expectRevert(abi.encodeWithSelector(Lens.TargetOutOfBounds.selector, 1e18 - 1, 1e18, 100e18));
        lens.reduction(aliceId, ETH, 1e18 - 1, 0);
        vm.expectRevert(abi.encodeWithSelector(Lens.CostAboveBound.selector, 1e18 + 1, 1e18));
        lens.reduction(aliceId, ETH, 1e18, 1e18 + 1);
    }

    // ---- numbers

    function storm() internal {
        for (uint256 i = 0; i < 20; ++i) {
            vm.warp(block.timestamp + 60);
            feeds[ETH].updateAnswer(i % 2 == 0 ? int256(2_030e8) : int256(2_000e8));
            house.accrue(single(ETH));
        }
    }

    function targetOf(AssetId asset) internal view returns (uint256) {
        Conditions memory conditions = house.perpOf(asset).conditions;
        return conditions.targetRate;
    }

    function terms(uint96 leastMargin, uint16 pegBound) internal {
        configurator.setHouseTerms(HouseTerms(leastMargin, 0, 0, pegBound, 0, 0, 10_000, 0));
    }

    function diverge(AssetId asset) internal {
        IOracleRouter.Source[] memory list = new IOracleRouter.Source[](2);
        list[0] = router.sources(asset)[0];
        list[1] = IOracleRouter.Source(address(new HostileSource(2 * peekPrice(asset).mark)), 1 hours);
        router.setSources(asset, list, 1, 100);
        vm.warp(block.timestamp + 1);
    }
}
