// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {Ticks} from "../../contracts/libraries/Ticks.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {PayingTest} from "../support/PayingTest.sol";

contract PayingCasesTest is PayingTest {
    /// @dev A bankrupt owner ends with nothing.
    function test_Offset_BooksWhatALongLacks() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_749e18);
        assertEq(offset(aliceId, ETH).deficit, 1e18);
        assertEq(house.cashOf(aliceId), 0);
    }

    /// @dev Fewer ticks than are in use leave a page.
    function test_Pay_FewerTicksThanAreInUse() public {
        standingDeficit();
        setPrice(ETH, 1_600e18);
        house.pay(ETH, 1);
    }

    /// @dev The row of a market is no account: nobody makes deficits out of it.
    function test_Settle_RowsOfTheHouseOweNothing() public {
        makeDeficit(1_000e18);
        uint256 before = house.totalDeficit();
        settle(deficitRow(ETH));
        settle(deficitRow(AssetId.wrap(0)));
        assertEq(house.totalDeficit(), before);
    }

    /// @dev A wei of rounding left of a share says nothing about the next one.
    function test_Book_RoundingIsNotTheEndOfProfit() public {
        (AccountId one, AccountId two) = twoLosers();
        setPrice(ETH, 1_700.12345678e18);
        offset(one, ETH);
        assertGt(house.shareable(ETH, false), 500e18, "there is more to share");
        assertLe(standing(ETH), 10, "all but rounding is paid");
        offset(two, ETH);
        assertLe(standing(ETH), 20, "and so is the second loss in the same block");
    }

    /// @dev A page that was begun comes to its end, and the loss of now is shared besides.
    function test_Book_EndOfAPageIsNotTheEndOfProfit() public {
        deepMarket();
        AccountId small = seat("small", 250e6);
        AccountId one = seat("one", 25_000e6);
        openLeg(ETH, small, carolId, 1e18);
        openLeg(ETH, one, carolId, 100e18);
        setPrice(ETH, 1_700e18);
        offset(small, ETH);
        assertEq(standing(ETH), 50e18, "tolerated: not shared yet");
        house.pay(ETH, 1);
        assertGt(standing(ETH), 1e18);
        offset(one, ETH);
        assertGt(house.shareable(ETH, false), 10_000e18);
        assertLe(standing(ETH), 20, "the winners have enough for both");
    }

    /// @dev An offset has no taker: nothing leaves the fund for one.
    function test_Offset_NoPremium() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        insure(10_000e6);
        setPrice(ETH, 1_700e18);
        int256 before = cashOfAll();
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1e18);
        t.insuredPremium = 10e18;
        vm.prank(stage);
        try house.offset(t) {} catch {}
        assertApproxEqAbs(cashOfAll(), before, 10, "CASH-1");
    }

    /// @dev The bound on what insurance pays for a step is of what is closed.
    function test_Offset_InsuredTipIsBoundedByWhatIsClosed() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        insure(100_000e6);
        setPrice(ETH, 1_700e18);
        IClearingHouse.Liquidation memory t = offsetTerms(aliceId, ETH, 1_000e18);
        t.insuredTip = 5_000e18;
        vm.prank(stage);
        try house.offset(t) {} catch {}
        assertLe(house.cashOf(keeperId), (1_700e18 * 150) / 10_000, "1.5 % of one ETH");
    }

    /// @dev An account that sells at what its spot counts for pays nobody.
    function test_Offset_StaleSpotIsSold() public {
        staleSpot(2_000e8, 8);
        assertEq(uint8(liquidator.outlook(aliceId, WETH).stage), uint8(ILiquidator.Stage.Offset));
        (ILiquidator.Stage stage_, ) = step(aliceId, WETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Offset));
    }

    /// @dev What is paid is the difference of what counts, to the wei.
    function test_Offset_StaleSpotOfAnOddPrice() public {
        staleSpot(2_000e18 + 1, 18);
        offset(aliceId, WETH);
        assertGt(sizeOf(INSURANCE, WETH), 0);
    }

    /// @dev Dust may be left of a solvent account.
    function test_Offset_OfferOfASmallLegIsWhatTheLawCloses() public {
        AccountId small = seat("small", 7e6);
        openLeg(ETH, small, carolId, 0.03e18);
        setPrice(ETH, 1_806e18);
        lotOver(small);
        ILiquidator.Outlook memory o = liquidator.outlook(small, ETH);
        assertLt(o.health, 0.5e18);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        (, uint256 size) = step(small, ETH);
        assertEq(size, o.offset.size, "QUOTE-1");
        assertEq(uint256(0.03e18 - sizeOf(small, ETH)), size, "what it says it closed");
    }

    /// @dev The loss would take the whole budget.
    function test_Offset_KeeperIsPaidBeforeTheLoss() public {
        AccountId big = seat("big", 2_500e6);
        openLeg(ETH, big, carolId, 10e18);
        insure(1_000e6);
        setPrice(ETH, 1_700e18);
        lotOver(big);
        step(big, ETH);
        assertEq(sizeOf(big, ETH), 0);
        assertEq(house.cashOf(keeperId), 0.5e18, "his tip");
    }

    /// @dev A page charges at the mark of now: not who has lost his profit since, nor who never had any.
    function test_Pages_TakeNoPrincipal() public {
        AccountId two = standingDeficit();
        setPrice(ETH, 1_600e18);
        (, uint256 shared) = house.pay(ETH, 1);
        assertGt(shared, 0);
        setPrice(ETH, 1_900e18);
        AccountId weak = accountOfWeak();
        liquidate(liquidation(ETH, weak, bobId, 10e18, 1_900e18));
        (int256 equityTwo, int256 equityBob) = (equityOf(two), equityOf(bobId));
        house.pay(ETH, 128);
        assertEq(equityOf(bobId), equityBob, "SHARE-1: he took it at 1,900 and the mark is 1,900");
        assertEq(equityOf(two), equityTwo, "SHARE-1: short from 1,750, the mark is 1,900");
    }

    /// @dev The breaker looks at the open interest before the trade.
    function test_Trade_BreakerReadsWhatWasOpen() public {
        makeDeficit(1_000e18);
        fund(bob, bobId, 100_000_000e6);
        vm.expectPartialRevert(IClearingHouse.DeficitStands.selector);
        vm.prank(stage);
        house.trade(tradeTerms(ETH, bobId, carolId, 1_000e18, 1_500e18));
        vm.expectPartialRevert(IClearingHouse.DeficitStands.selector);
        vm.prank(stage);
        house.trade(tradeTerms(ETH, bobId, carolId, 7_000e18, 1_500e18));
    }

    /// @dev Nobody has won at a price that nobody knows.
    function test_Pay_NothingAtAStalePrice() public {
        standingDeficit();
        setPrice(ETH, 1_600e18);
        house.accrue(single(ETH));
        skip(2 hours);
        (, uint256 shared) = house.pay(ETH, 128);
        assertEq(shared, 0);
    }

    /// @dev Who takes the leg of a bankrupt account shares his profit before he realises it.
    function test_Bid_TakerOnTheWinningSideShares() public {
        AccountId one = seat("one", 2_500e6);
        AccountId winner = seat("winner", 10_000e6);
        openLeg(ETH, one, winner, 10e18);
        setPrice(ETH, 1_700e18);
        assertEq(house.shareable(ETH, false) > 800e18, true);
        step(one, ETH);
        wait_(30);
        ILiquidator.Bid memory b = bidTerms(one, ETH);
        b.taker = winner;
        vm.prank(makeAddr("winner"));
        liquidator.bid(b);
        assertEq(sizeOf(one, ETH), 0);
        assertLe(standing(ETH), 10, "the only winner had 3,000 of profit");
    }

    /// @dev What is tolerated is a part of the open interest that the offset leaves.
    function test_Offset_ToleranceIsOfWhatIsLeft() public {
        AccountId one = seat("one", 2_500e6);
        openLeg(ETH, one, seat("short", 100_000e6), 10e18);
        setPrice(ETH, 1_749.9e18);
        offset(one, ETH);
        assertEq(openInterest(ETH), 0);
        assertEq(standing(ETH), 0, "the winner has closed 2,500 of profit and shared nothing");
    }

    /// @dev Who won is told by who lost more of what stands.
    function test_Book_ASmallerLossDoesNotTurnTheWinners() public {
        standingDeficit();
        uint256 before = standing(ETH);
        AccountId tiny = accountOfWeak();
        setPrice(ETH, 2_100e18);
        int256 deep = equityOf(rowOf("deep"));
        offset(tiny, ETH);
        assertGt(before, 3_000e18);
        assertGe(equityOf(rowOf("deep")) + 1_701e18, deep, "shorts lost 1,700; longs pay for what longs lost before");
    }

    /// @dev With one tick more than a step looks at nothing is shared within it.
    function test_Offset_ManyTicksAreNotShared() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        dust(129, 2_000e18);
        setPrice(ETH, 1_700e18);
        int256 before = equityOf(carolId);
        offset(aliceId, ETH);
        assertEq(equityOf(carolId), before);
        assertEq(standing(ETH), 50e18, "in its row");
    }

    /// @dev What the most ticks that are looked at cost in the call.
    function test_Gas_OffsetThatSharesManyTicks() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        dust(126, 2_000e18);
        setPrice(ETH, 1_700e18);
        uint256 gas = gasleft();
        offset(aliceId, ETH);
        gas -= gasleft();
        assertLe(standing(ETH), 200);
        assertLt(gas, 15_000_000);
    }

    // ---- situations

    /// @dev Longs that are bankrupt below 1,750, against shorts of two ticks.
    function twoLosers() internal returns (AccountId one, AccountId two) {
        (one, two) = (seat("one", 2_500e6), seat("two", 3_500e6));
        openLeg(ETH, one, seat("short one", 100_000e6), 10e18);
        setPrice(ETH, 2_100e18);
        openLeg(ETH, two, seat("short two", 100_000e6), 10e18);
    }

    /// @dev Five hundred each of two ticks.
    function deepMarket() internal {
        AccountId deep = seat("deep", 5_000_000e6);
        openLeg(ETH, deep, seat("short one", 5_000_000e6), 500e18);
        setPrice(ETH, 2_100e18);
        openLeg(ETH, deep, seat("short two", 5_000_000e6), 500e18);
        setPrice(ETH, 2_000e18);
    }

    /// @dev A loss of longs of about 3,850 at 1,700, where the shorts, of two ticks, have nothing more.
    function standingDeficit() internal returns (AccountId two) {
        AccountId loser_ = seat("loser", 20_000e6);
        AccountId deep = seat("deep", 100_000e6);
        openLeg(ETH, loser_, carolId, 80e18);
        setPrice(ETH, 1_751e18);
        two = seat("short two", 100_000e6);
        openLeg(ETH, deep, two, 10e18);
        settlePrice(ETH, 1_700e18);
        openLeg(ETH, deep, seat("short one", 100_000e6), 10e18);
        openLeg(ETH, deep, seat("weak", 2_300e6), 10e18);
        // Carol has won and takes her profit.
        AccountId late = seat("late", 1_000_000e6);
        trade(ETH, carolId, late, 80e18, 1_700e18);
        liquidate(liquidation(ETH, loser_, late, 80e18, 1_700e18));
        assertGt(standing(ETH), 3_000e18);
    }

    /// @dev Shorts of nothing at one tick after the other upwards.
    function dust(uint256 ticks, uint256 price) internal {
        for (uint96 i = 1; i <= ticks; ++i) {
            price = Ticks.upper(Ticks.tickOf(price)) + 1e10;
            setPrice(ETH, price);
            fund(bob, accountId(bob, i), 1e6);
            openLeg(ETH, accountId(bob, i), carolId, -1e12);
        }
    }

    function accountOfWeak() internal returns (AccountId) {
        return rowOf("weak");
    }

    function rowOf(string memory name) internal returns (AccountId) {
        return accountId(makeAddr(name), 0);
    }

    /// @dev Nobody bids.
    function lotOver(AccountId account) internal {
        step(account, ETH);
        wait_(600);
    }

    /// @dev Alice owes more than her WETH counts for; the feed of WETH is old.
    function staleSpot(int256 price, uint8 decimals) internal {
        feeds[WETH] = new MockV3Aggregator(decimals, price);
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](1);
        sources[0] = IOracleRouter.Source(address(chainlink(feeds[WETH])), 1 hours);
        router.setSources(WETH, sources, 1, 100);
        fundSpot(alice, aliceId, 10e18);
        openLeg(ETH, aliceId, carolId, 60e18);
        insure(1_000_000e6);
        setPrice(ETH, 1_700e18);
        house.accrue(single(WETH));
        liquidate(liquidation(ETH, aliceId, carolId, 60e18, 1_700e18));
        assertLt(house.cashOf(aliceId), 0);
        skip(2 hours);
        feeds[ETH].updateAnswer(feeds[ETH].latestAnswer());
    }
}
