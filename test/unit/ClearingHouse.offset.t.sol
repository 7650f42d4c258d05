// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetState, Loser} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {DUST, INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {PayingTest} from "../support/PayingTest.sol";

/// @notice The law of OFFSET. Alice has 250 for each ETH bought at 2,000: bankrupt below 1,750, below half of maintenance under
/// about 1,795.
contract ClearingHouseOffsetTest is PayingTest {
    AccountId internal one;
    AccountId internal two;
    AccountId internal three;

    // ---- may it be

    function test_Offset_RevertsWhen_CapabilityMissing() public {
        failing(1_700e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, address(this), Capability.Offset)
        );
        house.offset(t);
    }

    function test_Offset_RevertsWhen_AboveMaintenance() public {
        failing(1_900e18);
        expectRefusal(offsetTerms(aliceId, ETH, 1e18), IClearingHouse.AccountAboveMaintenance.selector);
    }

    /// @dev Liquidatable, but there is still margin for somebody who takes the leg.
    function test_Offset_RevertsWhen_NotOrphaned() public {
        failing(1_800e18);
        uint256 maintenance = house.assess(aliceId).maintenance;
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.NotOrphaned.selector, aliceId, int256(50e18), maintenance)
        );
        vm.prank(stage);
        house.offset(offsetTerms(aliceId, ETH, 1e18));
    }

    function test_Offset_RevertsWhen_Stale() public {
        failing(1_700e18);
        house.accrue(single(ETH));
        skip(2 hours);
        expectRefusal(offsetTerms(aliceId, ETH, 1e18), IClearingHouse.AssetNotTradable.selector);
    }

    function test_Offset_RevertsWhen_NothingToClose() public {
        failing(1_700e18);
        expectRefusal(offsetTerms(aliceId, ETH, 0), IClearingHouse.ZeroAmount.selector);
        expectRefusal(offsetTerms(aliceId, BTC, 1e18), IClearingHouse.ZeroAmount.selector);
        expectRefusal(offsetTerms(aliceId, AssetId.wrap(99), 1e18), IClearingHouse.UnknownAsset.selector);
    }

    /// @dev A halted market's chains go on.
    function test_Offset_WhileHaltedOrReduceOnly() public {
        failing(1_700e18);
        setState(ETH, AssetState.Halted);
        offset(offsetTerms(aliceId, ETH, 0.5e18));
        setState(ETH, AssetState.ReduceOnly);
        offset(aliceId, ETH);
        assertEq(sizeOf(aliceId, ETH), 0);
    }

    function test_Offset_RevertsWhen_LossAboveBound() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.5e18);
        (t.penalty, t.reward, t.bound) = (1e18, 1e18, 1.9e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.LossAboveBound.selector, aliceId, int256(2e18), 1.9e18));
        vm.prank(stage);
        house.offset(t);
    }

    function test_Offset_RevertsWhen_HealthFalls() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.1e18);
        t.penalty = 5e18;
        expectRefusal(t, IClearingHouse.HealthLowered.selector);
    }

    function test_Offset_RevertsWhen_KeeperIsARow() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.5e18);
        (t.reward, t.keeper) = (1e18, INSURANCE);
        expectRefusal(t, IClearingHouse.ReservedRow.selector);
    }

    function test_Offset_RevertsWhen_InsuredTipOfASolventAccount() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.5e18);
        t.insuredTip = 1;
        expectRefusal(t, IClearingHouse.NotBankrupt.selector);
    }

    function test_Offset_RevertsWhen_InsuredTipBeyondItsBound() public {
        failing(1_700e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1e18);
        t.insuredTip = 25.5e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, 25.5e18 + 1, 25.5e18));
        vm.prank(stage);
        house.offset(t);
    }

    function test_OffsetSpot_RevertsWhen_FreshOrSolventOrDebtSale() public {
        fundSpot(alice, aliceId, 10e18);
        openLeg(ETH, aliceId, carolId, 60e18);
        setPrice(ETH, 2_000e18);
        expectRefusal(offsetTerms(aliceId, WETH, 1e18), IClearingHouse.AccountAboveMaintenance.selector);
        setPrice(ETH, 1_790e18);
        expectRefusal(offsetTerms(aliceId, WETH, 1e18), IClearingHouse.NotBankrupt.selector);
        setPrice(ETH, 1_600e18);
        expectRefusal(offsetTerms(aliceId, WETH, 1e18), IClearingHouse.AssetNotTradable.selector);
    }

    // ---- a bankrupt account

    /// @dev The only leg: all of it is gone, what was missing is booked to the wei, and nothing is left of the account.
    function test_Offset_WholeLegOfABankruptAccount() public {
        failing(1_700e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitBooked(ETH, aliceId, 50e18, Loser.Longs);
        vm.expectEmit(address(house));
        emit IClearingHouse.Offset(aliceId, ETH, 1e18, 1_700e18);
        IClearingHouse.Step memory s = offset(aliceId, ETH);
        assertEq(s.price, 1_700e18);
        assertEq(s.deficit, 50e18, "deficit = -equity");
        assertEq(s.size, 0);
        assertEq(s.standing.equity, 0);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.legsOf(aliceId).length, 0);
        assertEq(sizeOf(carolId, ETH), 0);
        assertEq(openInterest(ETH), 0);
    }

    function test_Offset_ShortOfABankruptAccount() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        setPrice(ETH, 2_300e18);
        int256 before = equityOf(carolId);
        assertEq(offset(aliceId, ETH).deficit, 50e18);
        assertEq(house.cashOf(aliceId), 0);
        assertApproxEqAbs(equityOf(carolId), before - 50e18, 2, "her share, and nothing else");
    }

    /// @dev Half of the leg releases a little more than half of the maintenance, and that much of the loss.
    function test_Offset_PartOfTheLegIsItsPartOfTheLoss() public {
        failing(1_700e18);
        uint256 maintenance = house.assess(aliceId).maintenance;
        IClearingHouse.Step memory s = offset(offsetTerms(aliceId, ETH, 0.5e18));
        uint256 released = maintenance - house.assess(aliceId).maintenance;
        assertEq(s.deficit, (50e18 * released + maintenance - 1) / maintenance);
        assertEq(s.standing.equity, equityOf(aliceId));
        assertEq(s.deficit + offset(aliceId, ETH).deficit, 50e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    /// @dev Each market books its part, by the maintenance that it releases; the last one what is left.
    function test_Offset_EveryMarketBooksItsPart() public {
        fund(alice, aliceId, 250e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        openLeg(BTC, aliceId, carolId, 0.03e18);
        setPrice(ETH, 1_700e18);
        setPrice(BTC, 51_000e18);
        int256 equity = equityOf(aliceId);
        assertLt(equity, 0);
        uint256 maintenance = house.assess(aliceId).maintenance;
        IClearingHouse.Step memory s = offset(aliceId, ETH);
        uint256 released = maintenance - house.assess(aliceId).maintenance;
        assertEq(s.deficit, (uint256(-equity) * released + maintenance - 1) / maintenance);
        assertApproxEqAbs(s.deficit + offset(aliceId, BTC).deficit, uint256(-equity), 2);
        assertEq(house.cashOf(aliceId), 0);
    }

    /// @dev OFFSET-1 and CASH-1 for any size, price and margin, of a long or a short, against three of different bases.
    function testFuzz_Offset_ClosesAtMarkAndBooksWhatIsMissing(uint256 seed, uint256 size, bool long) public {
        size = bound(size, 1e12, 100e18);
        crowd(long ? -int256(size) : int256(size));
        AccountId weak = seat("weak", (size * 260) / 1e12 + 1);
        AccountId other = three;
        setPrice(ETH, 2_000e18);
        openLeg(ETH, weak, other, long ? int256(size) : -int256(size));
        setPrice(ETH, boundBankrupt(long, 270e18, seed));
        int256 equity = equityOf(weak);
        vm.assume(equity < 0);
        uint256 before = openInterest(ETH);
        int256[3] memory sizes = sizesOfCrowd();
        int256 cash = cashOfAll();
        int256 wealth = equityOf(one) + equityOf(two) + equityOf(three) - int256(standing(ETH));
        IClearingHouse.Step memory s = offset(weak, ETH);
        assertEq(s.deficit, uint256(-equity), "deficit = -equity");
        assertEq(house.cashOf(weak), 0);
        assertEq(openInterest(ETH), before - size, "closed = orphaned");
        requireSameFraction(sizes, before - size, before);
        assertApproxEqAbs(cashOfAll(), cash, 3e4, "CASH-1");
        assertLe(cashOfAll(), cash, "never more");
        int256 after_ = equityOf(one) + equityOf(two) + equityOf(three) - int256(standing(ETH));
        assertApproxEqAbs(after_, wealth + equity, 3e4, "EQUITY-1");
    }

    /// @dev In any parts: together they book what is missing and leave nothing.
    function testFuzz_Offset_InParts(uint256 seed, uint256 part, bool long) public {
        crowd(long ? -7e18 : int256(7e18));
        AccountId weak = seat("weak", 1_820e6);
        openLeg(ETH, weak, three, long ? int256(7e18) : -int256(7e18));
        setPrice(ETH, boundBankrupt(long, 261e18, seed));
        int256 equity = equityOf(weak);
        uint256 deficit = offset(offsetTerms(weak, ETH, bound(part, 1, 7e18 - 1))).deficit;
        assertApproxEqAbs(equityOf(weak), equity + int256(deficit), 3);
        deficit += offset(weak, ETH).deficit;
        assertApproxEqAbs(deficit, uint256(-equity), 3);
        assertEq(house.cashOf(weak), 0);
        assertEq(house.legsOf(weak).length, 0);
    }

    // ---- a solvent account

    /// @dev At most what brings it to twice its maintenance.
    function test_Offset_SolventToTwiceItsMaintenance() public {
        failing(1_790e18);
        IClearingHouse.Step memory s = offset(aliceId, ETH);
        assertEq(s.deficit, 0);
        assertGt(s.size, 0);
        assertGe(uint256(s.standing.marginEquity), 2 * s.standing.maintenance);
        assertApproxEqRel(uint256(s.standing.marginEquity), 2 * s.standing.maintenance, 1e6);
        assertEq(s.standing.equity, 40e18, "at mark");
        assertEq(equityOf(aliceId), 40e18);
        expectRefusal(offsetTerms(aliceId, ETH, 1e18), IClearingHouse.AccountAboveMaintenance.selector);
    }

    function test_Offset_SolventPaysPenaltyAndKeeper() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.5e18);
        (t.penalty, t.reward, t.bound) = (2e18, 3e18, 5e18);
        IClearingHouse.Step memory s = offset(t);
        assertEq(house.cashOf(INSURANCE), 2e18);
        assertEq(house.cashOf(keeperId), 3e18);
        assertEq(equityOf(aliceId), 35e18);
        assertEq(s.standing.equity, 35e18);
    }

    /// @dev What it earns of its own step is part of what the step leaves it.
    function test_Offset_KeeperIsTheAccount() public {
        failing(1_790e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 0.5e18);
        (t.penalty, t.reward, t.keeper, t.bound) = (2e18, 3e18, aliceId, 2e18);
        assertEq(offset(t).standing.equity, 38e18);
        assertEq(equityOf(aliceId), 38e18);
    }

    // ---- insurance pays the keeper

    function test_Offset_InsuredTip() public {
        insure(10_000e6);
        failing(1_700e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1e18);
        t.insuredTip = 7e18;
        offset(t);
        assertEq(house.cashOf(keeperId), 7e18);
        assertEq(house.cashOf(INSURANCE), 10_000e18 - 7e18 - 40e18);
    }

    /// @dev Nobody is paid for being bankrupt.
    function test_Offset_InsuredTipIsNotForTheAccountItself() public {
        insure(10_000e6);
        failing(1_700e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1e18);
        (t.insuredTip, t.keeper) = (7e18, aliceId);
        offset(t);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.cashOf(INSURANCE), 10_000e18 - 40e18);
    }

    // ---- the other side

    /// @dev All by the same fraction, at mark: their equity does not change, whatever they paid for it.
    function test_Offset_CounterpartiesShrinkByTheSameFraction() public {
        crowd(-40e18);
        openLeg(ETH, aliceId, one, 1e18);
        fund(alice, aliceId, 2_400e6);
        openLeg(ETH, aliceId, two, 9e18);
        setPrice(ETH, 1_740e18);
        int256[3] memory sizes = sizesOfCrowd();
        (int256 first, int256 second, int256 third) = (equityOf(one), equityOf(two), equityOf(three));
        uint256 before = openInterest(ETH);
        int256 equity = equityOf(aliceId);
        assertGe(equity, 0);
        uint256 closed = uint256(10e18 - offset(offsetTerms(aliceId, ETH, 5e18)).size);
        assertEq(closed, 5e18);
        requireSameFraction(sizes, before - closed, before);
        assertApproxEqAbs(equityOf(one), first, 1e4);
        assertApproxEqAbs(equityOf(two), second, 1e4);
        assertApproxEqAbs(equityOf(three), third, 1e4);
        assertLe(equityOf(one), first, "rounding is against who asks");
    }

    /// @dev The pool is a member of the other side like any, and lends what it then has.
    function test_Offset_PoolIsMeasuredAgain() public {
        LiquidityPool pool = openPool(ETH, makeAddr("provider"), 5_000_000e6);
        AccountId row = accountId(address(pool), 0);
        rows.push(row);
        fund(alice, aliceId, 30_000e6);
        poolTrade(aliceId, ETH, 100e18);
        setPrice(ETH, 1_690e18);
        house.accrue(single(ETH));
        int32 target = house.perpOf(ETH).conditions.fundingTarget;
        int256 inventory = sizeOf(row, ETH);
        offset(aliceId, ETH);
        assertEq(inventory, -100e18);
        assertEq(sizeOf(row, ETH), 0);
        assertGt(target, 0);
        assertEq(house.perpOf(ETH).conditions.fundingTarget, 0);
        assertEq(openInterest(ETH), 0);
    }

    /// @dev The whole other side is closed: both end with nothing, leftovers of rounding included.
    function testFuzz_Offset_WholeSideLeavesNothing(uint256 a, uint256 b, uint256 price) public {
        (a, b) = (bound(a, 1e12, 50e18), bound(b, 1e12, 50e18));
        AccountId weak = seat("weak", 0);
        (one, two, three) = (seat("one", 1e12), seat("two", 1e12), seat("three", 100e6));
        fund(address(this), weak, ((a + b) * 230) / 1e12 + 1);
        openLeg(ETH, weak, one, int256(a));
        openLeg(ETH, weak, two, int256(b));
        openLeg(ETH, three, one, 0.3e18);
        setPrice(ETH, 1_600e18);
        offset(three, ETH);
        setPrice(ETH, bound(price, 500e18, 1_590e18));
        vm.assume(equityOf(weak) < 0);
        offset(weak, ETH);
        assertEq(openInterest(ETH), 0);
        assertEq(house.legsOf(weak).length, 0);
        assertEq(house.cashOf(weak), 0);
        settle(one);
        settle(two);
        assertEq(house.legsOf(one).length + house.legsOf(two).length, 0);
        assertEq(house.assess(one).maintenance + house.assess(two).maintenance, 0);
    }

    /// @dev Its own leg was shrunk by an earlier offset of the other side: what counts is what it has now.
    function test_Offset_OfALegThatWasShrunkBefore() public {
        AccountId long_ = seat("long", 2_600e6);
        AccountId short_ = seat("short", 2_600e6);
        openLeg(ETH, long_, short_, 10e18);
        openLeg(ETH, carolId, bobId, 10e18);
        setPrice(ETH, 1_700e18);
        offset(long_, ETH);
        assertApproxEqAbs(sizeOf(short_, ETH), -5e18, 1);
        setPrice(ETH, 3_000e18);
        int256 equity = equityOf(short_);
        assertLt(equity, 0);
        int256 bobs = sizeOf(bobId, ETH);
        IClearingHouse.Step memory s = offset(short_, ETH);
        assertEq(s.deficit, uint256(-equity));
        assertEq(house.cashOf(short_), 0);
        assertEq(sizeOf(bobId, ETH), bobs, "its own side is not touched");
        assertApproxEqAbs(sizeOf(carolId, ETH), 5e18, 2);
    }

    // ---- nobody realises profit without his share of the loss

    /// @dev The only winner is closed whole, and has paid before: all that was missing, for less than 30 % of his profit.
    function test_Offset_SharesBeforeItCloses() public {
        failing(1_700e18);
        int256 before = equityOf(carolId);
        offset(aliceId, ETH);
        assertEq(sizeOf(carolId, ETH), 0);
        assertApproxEqAbs(equityOf(carolId), before - 50e18, 2);
        assertEq(house.totalDeficit(), 0);
        assertApproxEqAbs(house.cashOf(DUST), 1e18, 10);
    }

    /// @dev Never more than 30 % of the profit; the rest stands.
    function test_Offset_SharesNoMoreThanTheHaircut() public {
        failing(1_500e18);
        uint256 most = house.shareable(ETH, false);
        int256 before = equityOf(carolId);
        offset(aliceId, ETH);
        assertApproxEqAbs(uint256(before - equityOf(carolId)), most, 1);
        assertEq(standing(ETH), 250e18 - most);
        assertLe(most, 150e18);
    }

    /// @dev Insurance pays four fifths first.
    function test_Offset_InsuranceBeforeTheShare() public {
        insure(10_000e6);
        failing(1_700e18);
        int256 before = equityOf(carolId);
        offset(aliceId, ETH);
        assertEq(house.cashOf(INSURANCE), 9_960e18);
        assertApproxEqAbs(equityOf(carolId), before - 10e18, 2);
        assertEq(house.cashOf(deficitRow(ETH)), 0);
    }

    // ---- a spot whose price is stale

    /// @dev For last mark·(1 − 2·haircut): what it counts for, so that health does not fall.
    function test_OffsetSpot_GoesToInsurance() public {
        staleSpot(14e18);
        insure(1_000_000e6);
        int256 before = house.cashOf(aliceId);
        IClearingHouse.Step memory s = offset(offsetTerms(aliceId, WETH, 3e18));
        assertEq(s.price, 1_200e18, "60 % of 2,000");
        assertEq(s.deficit, 0);
        assertEq(s.size, 11e18);
        assertEq(sizeOf(INSURANCE, WETH), 3e18);
        assertEq(house.cashOf(INSURANCE), 1_000_000e18 - 3_600e18);
        assertEq(house.cashOf(aliceId), before + 3_600e18);
        assertEq(s.standing.marginEquity, house.assess(aliceId).marginEquity);
        assertEq(house.budgetOf(WETH).hourUsed, 3_600e18);
    }

    /// @dev Any price, size and haircut: what it counts for, to the wei.
    function testFuzz_OffsetSpot_LowersNothing(uint256 price, uint256 size) public {
        staleSpot(10e18);
        insure(1_000_000e6);
        vm.warp(block.timestamp + 1);
        feeds[WETH].updateAnswer(int256(bound(price, 1e8, 2_000e8)));
        house.accrue(single(WETH));
        skip(2 hours);
        feeds[ETH].updateAnswer(feeds[ETH].latestAnswer());
        int256 before = house.assess(aliceId).marginEquity;
        offset(offsetTerms(aliceId, WETH, bound(size, 1e9, 10e18 - 1)));
        assertGe(house.assess(aliceId).marginEquity + 1, before);
        assertLe(house.assess(aliceId).marginEquity, before + 1);
    }

    /// @dev The budget bounds it: what is left waits for the next hour.
    function test_OffsetSpot_WithinTheBudget() public {
        staleSpot(10e18);
        insure(60_000e6);
        offset(aliceId, WETH);
        assertEq(sizeOf(INSURANCE, WETH), 5e18, "6,000 at 1,200");
        assertEq(house.cashOf(INSURANCE), 54_000e18);
        expectRefusal(offsetTerms(aliceId, WETH, 1e18), IClearingHouse.ZeroAmount.selector);
    }

    /// @dev When it is all sold, what then lacks is booked to the perp closed last.
    function test_OffsetSpot_BooksTheRestToThePerpClosedLast() public {
        staleSpot(2e18);
        insure(1_000_000e6);
        uint256 owed = uint256(-house.cashOf(aliceId));
        IClearingHouse.Step memory s = offset(aliceId, WETH);
        assertEq(s.deficit, owed - 2_400e18);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(sizeOf(INSURANCE, WETH), 2e18);
        assertEq(standing(WETH), 0);
        // Of what stood before, profit has paid more than the fifth that is not insured.
        assertApproxEqAbs(standing(ETH), s.deficit / 5, 1, "four fifths are insured");
    }

    function test_OffsetSpot_PaysUnlessNothingIsLeftOfTheBudget() public {
        staleSpot(10e18);
        expectRefusal(offsetTerms(aliceId, WETH, 1e18), IClearingHouse.ZeroAmount.selector);
    }

    // ---- situations

    function failing(uint256 price) internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, price);
    }

    /// @dev Three of one side in a half, a third and a sixth of the size, at different bases, against carol.
    function crowd(int256 size) internal {
        (one, two, three) = (seat("one", 1e12), seat("two", 1e12), seat("three", 1e12));
        openLeg(ETH, one, carolId, nonZero(size / 2));
        setPrice(ETH, 2_050e18);
        openLeg(ETH, two, carolId, nonZero(size / 3));
        setPrice(ETH, 1_950e18);
        openLeg(ETH, three, carolId, nonZero(size / 6));
        setPrice(ETH, 2_000e18);
    }

    function sizesOfCrowd() internal view returns (int256[3] memory) {
        return [sizeOf(one, ETH), sizeOf(two, ETH), sizeOf(three, ETH)];
    }

    function requireSameFraction(int256[3] memory sizes, uint256 left, uint256 all) internal view {
        int256[3] memory now_ = sizesOfCrowd();
        for (uint256 i = 0; i < 3; ++i) {
            assertApproxEqAbs(magnitude(now_[i]), (magnitude(sizes[i]) * left) / all, 2, "OFFSET-1");
        }
    }

    /// @dev Alice owes about 18,000 against her WETH, or what it is worth, has no perp left, and the feed of WETH is old.
    function staleSpot(uint256 amount) internal {
        fundSpot(alice, aliceId, amount);
        fund(alice, aliceId, amount < 5e18 ? 10_000e6 : 8_000e6);
        openLeg(ETH, aliceId, carolId, 60e18);
        setPrice(ETH, 1_560e18);
        house.accrue(single(WETH));
        if (amount > 12e18) trade(ETH, carolId, aliceId, 60e18, 1_560e18);
        else liquidate(liquidation(ETH, aliceId, carolId, 60e18, 1_560e18));
        skip(2 hours);
        feeds[ETH].updateAnswer(feeds[ETH].latestAnswer());
    }

    function expectRefusal(IClearingHouse.Liquidation memory t, bytes4 reason) internal {
        vm.expectPartialRevert(reason);
        vm.prank(stage);
        house.offset(t);
    }
}
