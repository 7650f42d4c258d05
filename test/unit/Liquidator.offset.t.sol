// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {accountId} from "../../contracts/types/AccountId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {PayingTest} from "../support/PayingTest.sol";

/// @notice Stage 4 behind the others, and what insurance adds for a bankrupt account. Alice has 250 for each ETH: bankrupt below
/// 1,750, below half of her maintenance under about 1,795.
contract LiquidatorOffsetTest is PayingTest {
    // ---- when

    /// @dev Nobody bid, no backstop: the same call closes her leg.
    function test_Liquidate_LotOverThenOffset() public {
        failing(1_700e18);
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        wait_(600);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.NoBackstop));
        assertEq(o.offset.size, 1e18);
        assertEq(o.offset.planned, 1e18);
        assertEq(o.offset.capacity, 1_700e18);
        assertEq(uint8(o.offset.reason), uint8(ILiquidator.Reason.None));
        uint256 size;
        (stage_, size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(o.stage), "QUOTE-1");
        assertEq(size, o.offset.size, "QUOTE-1");
        assertEq(sizeOf(aliceId, ETH), 0);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, 0);
    }

    /// @dev While the lot is live nobody is offset.
    function test_Liquidate_RevertsWhen_LotIsLive() public {
        failing(1_700e18);
        step(aliceId, ETH);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).offset.reason), uint8(ILiquidator.Reason.LotIsLive));
        vm.expectPartialRevert(ILiquidator.LotNotOver.selector);
        step(aliceId, ETH);
    }

    /// @dev QUOTE-1 and the target for any health below a half of a large leg.
    function testFuzz_Liquidate_SolventOrphanToItsTarget(uint256 price) public {
        fund(alice, aliceId, 24_750e6);
        openLeg(ETH, aliceId, carolId, 100e18);
        setPrice(ETH, bound(price, 1_755e8, 1_790e8) * 1e10);
        step(aliceId, ETH);
        wait_(600);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        int256 cash = cashOfAll();
        int256 before = equityOf(aliceId);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(o.stage), "QUOTE-1");
        if (stage_ != ILiquidator.Stage.Offset) return;
        assertEq(size, o.offset.size, "QUOTE-1");
        assertEq(uint256(100e18 - sizeOf(aliceId, ETH)), size);
        assertGe(healthOf(aliceId), 1.2e18);
        assertLe(healthOf(aliceId), 1.21e18, "no more than needed");
        assertApproxEqAbs(
            before - equityOf(aliceId),
            house.cashOf(INSURANCE) + house.cashOf(keeperId),
            2,
            "penalty and tip, nothing else"
        );
        assertApproxEqAbs(cashOfAll(), cash, 1e4, "CASH-1");
        assertEq(house.totalDeficit(), 0);
    }

    /// @dev Of next to nothing the tip takes less than was planned on: the ledger closes less of the leg, and everybody says so.
    function testFuzz_Liquidate_OrphanWhoCannotPayTheTip(uint256 price) public {
        fund(alice, aliceId, 24_750e6);
        openLeg(ETH, aliceId, carolId, 100e18);
        setPrice(ETH, bound(price, 1_750e8 + 6e5, 1_750e8 + 1e6) * 1e10);
        step(aliceId, ETH);
        wait_(600);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        uint256 closed = uint256(100e18 - sizeOf(aliceId, ETH));
        assertEq(closed, o.offset.size, "QUOTE-1");
        assertLe(closed, o.offset.planned);
        assertGe(equityOf(aliceId), 0);
        // Who is not safe by that has the rest of it on offer again.
        if (stage_ == ILiquidator.Stage.Offset) assertEq(size, closed, "what was closed");
    }

    /// @dev Between a half and all of its maintenance there is margin for somebody: a new lot.
    function test_Liquidate_ReopensTheLotOfWhoIsNotOrphaned() public {
        failing(1_805e18);
        step(aliceId, ETH);
        wait_(600);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.offset.reason), uint8(ILiquidator.Reason.NotOrphaned));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Auction));
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(o.stage));
        assertEq(size, o.auction.size);
        assertEq(liquidator.lotOf(aliceId, ETH).start, block.timestamp);
        assertEq(sizeOf(aliceId, ETH), 1e18);
    }

    /// @dev No room for her lot: she is offset at once.
    function test_Liquidate_InFlightFull_OffsetAtOnce() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fillFlight(1_700e18);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.NoRoom));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Offset));
        assertEq(size, 1e18);
    }

    /// @dev Nobody knows what it is worth.
    function test_Liquidate_RevertsWhen_Stale() public {
        failing(1_700e18);
        house.accrue(single(ETH));
        skip(2 hours);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).offset.reason), uint8(ILiquidator.Reason.Frozen));
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                aliceId,
                ETH,
                ILiquidator.Reason.NoPool,
                ILiquidator.Reason.Frozen,
                ILiquidator.Reason.NoBackstop,
                ILiquidator.Reason.Frozen
            )
        );
        step(aliceId, ETH);
    }

    /// @dev An offset in one market does not take what the account has in another: each leg has its own stages.
    function test_Liquidate_TwoLegs() public {
        fund(alice, aliceId, 250e6);
        openLeg(BTC, aliceId, carolId, 0.03e18);
        failing(1_700e18);
        setPrice(BTC, 51_000e18);
        int256 equity = equityOf(aliceId);
        step(aliceId, ETH);
        step(aliceId, BTC);
        wait_(600);
        step(aliceId, ETH);
        assertEq(sizeOf(aliceId, ETH), 0);
        assertEq(sizeOf(aliceId, BTC), 0.03e18);
        step(aliceId, BTC);
        assertEq(house.legsOf(aliceId).length, 0);
        assertEq(house.cashOf(aliceId), 0);
        assertLt(equity, 0);
    }

    // ---- the tip of a bankrupt account

    /// @dev Once per episode, from insurance; the account has nothing.
    function test_Offset_InsurancePaysTheTip() public {
        insure(10_000e6);
        failing(1_700e18);
        step(aliceId, ETH);
        wait_(600);
        step(aliceId, ETH);
        assertEq(house.cashOf(keeperId), 0.5e18);
        assertEq(house.cashOf(INSURANCE), 10_000e18 - 40e18 - 0.5e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    function test_Offset_WithoutInsuranceNobodyIsPaid() public {
        failing(1_700e18);
        step(aliceId, ETH);
        wait_(600);
        step(aliceId, ETH);
        assertEq(house.cashOf(keeperId), 0);
    }

    /// @dev Many slices, one tip.
    function test_Bid_TipOfABankruptAccountIsPaidOnce() public {
        insure(1_000_000e6);
        big(1_700e18);
        for (uint256 i = 0; i < 3; ++i) {
            if (liquidator.lotOf(aliceId, ETH).lot.size == 0) step(aliceId, ETH);
            wait_(30);
            bid(aliceId, ETH, type(uint256).max);
        }
        assertLe(house.cashOf(keeperId), 0.5e18);
        (, uint256 left) = liquidator.tipLeft(aliceId);
        assertEq(left + uint256(house.cashOf(keeperId)), 0.5e18);
    }

    // ---- the premium of a bankrupt account

    /// @dev From z₀ above mark to 1.5 % below it within twenty seconds, tip included.
    function test_Bid_InsuredPremiumClimbs() public {
        insure(1_000_000e6);
        failing(1_700e18);
        step(aliceId, ETH);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertLt(v.premium, 0);
        assertEq(v.end - v.start, 20);
        assertEq(v.size, 1e18);
        wait_(10);
        int256 half = liquidator.lotOf(aliceId, ETH).premium;
        wait_(10);
        int256 top = (1_700e18 * 150) / 10_000 - 0.5e18;
        assertEq(liquidator.lotOf(aliceId, ETH).premium, top, "1.5 % less the tip");
        assertApproxEqAbs(half, (top + v.premium) / 2, 2);
        wait_(100);
        assertEq(liquidator.lotOf(aliceId, ETH).premium, top);
    }

    /// @dev The taker gets the leg at mark and his premium in cash; the account loses nothing.
    function test_Bid_InsurancePaysThePremium() public {
        insure(1_000_000e6);
        failing(1_700e18);
        step(aliceId, ETH);
        wait_(20);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        int256 cash = house.cashOf(bobId);
        int256 all = cashOfAll();
        (uint256 size, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        assertEq(size, v.size);
        assertEq(price, v.price, "QUOTE-1");
        assertEq(house.cashOf(bobId), cash - 1_700e18 + v.premium);
        assertEq(house.cashOf(keeperId), 0.5e18);
        assertEq(house.cashOf(INSURANCE), 1_000_000e18 - v.premium - 0.5e18 - 40e18);
        assertEq(house.cashOf(aliceId), 0, "her loss of 50 is booked, no more");
        assertApproxEqAbs(cashOfAll(), all, 1e4);
        assertGe(price, 1_700e18 - uint256(v.premium) - 1);
    }

    /// @dev Above mark the taker pays the account, and that is less of a loss.
    function test_Bid_BelowNothingTheTakerPays() public {
        insure(1_000_000e6);
        failing(1_700e18);
        step(aliceId, ETH);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        int256 cash = house.cashOf(bobId);
        (, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        assertGt(price, 1_700e18);
        assertEq(price, v.price);
        assertEq(house.cashOf(bobId), cash - int256(price));
        assertLt(house.totalDeficit() * 5, 50e18);
    }

    /// @dev Of a short the taker gets more than mark.
    function test_Bid_InsuredPremiumOfAShort() public {
        insure(1_000_000e6);
        openLeg(ETH, aliceId, carolId, -1e18);
        setPrice(ETH, 2_300e18);
        step(aliceId, ETH);
        wait_(20);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        int256 cash = house.cashOf(bobId);
        (, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        assertEq(price, v.price);
        assertEq(house.cashOf(bobId), cash + 2_300e18 + v.premium);
        assertEq(v.premium, (2_300e18 * 150) / 10_000 - 0.5e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    /// @dev What the market may still use of insurance is all that there is to be had.
    function testFuzz_Bid_BudgetShrinksThePremium(uint256 funds) public {
        funds = bound(funds, 1e6, 300e6);
        insure(funds);
        failing(1_700e18);
        step(aliceId, ETH);
        wait_(20);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        uint256 budget = funds * 1e11;
        uint256 room = budget < 25.5e18 ? budget : 25.5e18;
        uint256 tip = room < 0.5e18 ? room : 0.5e18;
        assertEq(v.premium, int256(room - tip));
        int256 cash = house.cashOf(bobId);
        (, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        assertEq(price, v.price);
        assertEq(house.cashOf(bobId), cash - 1_700e18 + v.premium);
        assertEq(house.cashOf(keeperId), int256(tip));
        assertGe(house.cashOf(INSURANCE), int256(funds * 1e12 - budget), "INS-1");
    }

    /// @dev Without insurance nobody pays anything for taking it.
    function test_Bid_WithoutInsuranceNoPremium() public {
        failing(1_700e18);
        step(aliceId, ETH);
        wait_(19);
        assertLt(liquidator.lotOf(aliceId, ETH).premium, 0);
        wait_(100);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        assertEq(v.premium, 0);
        assertEq(v.price, 1_700e18);
        int256 cash = house.cashOf(bobId);
        bid(aliceId, ETH, type(uint256).max);
        assertEq(house.cashOf(bobId), cash - 1_700e18);
    }

    /// @dev A part of it gets its part.
    function testFuzz_Bid_PartsOfABankruptLot(uint256 most, uint256 elapsed) public {
        insure(1_000_000e6);
        big(1_700e18);
        step(aliceId, ETH);
        wait_(bound(elapsed, 0, 40));
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        most = bound(most, v.least, v.size);
        int256 all = cashOfAll();
        int256 equity = equityOf(aliceId);
        int256 cash = house.cashOf(bobId);
        uint256 deficit = house.totalDeficit();
        (uint256 size, uint256 price) = bid(aliceId, ETH, most);
        assertEq(size, most);
        assertApproxEqAbs(cash - house.cashOf(bobId), int256((size * price) / 1e18), size / 1e18 + 3);
        assertApproxEqAbs(cashOfAll(), all, 1e4, "CASH-1");
        assertGe(equityOf(aliceId) + 2, equity, "nothing against mark");
        assertGe(house.totalDeficit(), deficit);
    }

    // ---- a spot whose price is stale

    function test_StaleSpot_GoesToInsurance() public {
        staleSpot();
        insure(1_000_000e6);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, WETH);
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.Frozen));
        assertEq(uint8(o.offset.reason), uint8(ILiquidator.Reason.None));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        assertEq(o.offset.cost, 0.4e18, "twice its haircut");
        assertEq(o.offset.size, 10e18);
        uint256 owed = uint256(-house.cashOf(aliceId));
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, WETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Offset));
        assertEq(size, o.offset.size, "QUOTE-1");
        assertEq(sizeOf(INSURANCE, WETH), 10e18);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(standing(WETH), 0);
        assertLt(owed, 20_000e18);
    }

    function test_StaleSpot_WithinTheBudget() public {
        staleSpot();
        insure(60_000e6);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, WETH);
        assertEq(o.offset.size, 5e18);
        assertEq(o.offset.planned, 10e18);
        int256 cash = house.cashOf(aliceId);
        (, uint256 size) = step(aliceId, WETH);
        assertEq(size, 5e18);
        assertEq(house.cashOf(aliceId), cash + 6_000e18);
        assertEq(house.cashOf(INSURANCE), 54_000e18);
    }

    /// @dev No fund, nothing to be done; and a fresh one is for the auction.
    function test_StaleSpot_NoRoomWithoutAFund() public {
        staleSpot();
        assertEq(uint8(liquidator.outlook(aliceId, WETH).offset.reason), uint8(ILiquidator.Reason.NoRoom));
        refresh();
        insure(60_000e6);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, WETH);
        assertEq(uint8(o.offset.reason), uint8(ILiquidator.Reason.NotOrphaned));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Auction));
    }

    // ---- situations

    function failing(uint256 price) internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, price);
    }

    /// @dev More than a slice.
    function big(uint256 price) internal {
        fund(alice, aliceId, 249_750e6);
        openLeg(ETH, aliceId, carolId, 1_000e18);
        setPrice(ETH, price);
    }

    /// @dev Five others fail, and their lots are all that may be in flight.
    function fillFlight(uint256 price) internal {
        Terms memory t = stageTerms();
        t.inFlight = 10;
        liquidator.setTerms(ETH, t);
        for (uint96 i = 1; i <= 5; ++i) {
            fund(bob, accountId(bob, i), 25_000e6);
            openLeg(ETH, accountId(bob, i), carolId, 100e18);
        }
        setPrice(ETH, price);
        for (uint96 i = 1; i <= 5; ++i) step(accountId(bob, i), ETH);
    }

    /// @dev Alice owes more than her 10 WETH count for, has no perp left, and the feed of WETH is old.
    function staleSpot() internal {
        fundSpot(alice, aliceId, 10e18);
        fund(alice, aliceId, 8_000e6);
        openLeg(ETH, aliceId, carolId, 60e18);
        setPrice(ETH, 1_560e18);
        house.accrue(single(WETH));
        liquidate(liquidation(ETH, aliceId, carolId, 60e18, 1_560e18));
        skip(2 hours);
        feeds[ETH].updateAnswer(feeds[ETH].latestAnswer());
    }
}
