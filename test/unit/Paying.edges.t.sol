// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetConfig, AssetKind, AssetState} from "../../contracts/core/Ledger.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice The edges of the paying chain and of the end of a market, one each.
contract PayingEdgesTest is BallastTest {
    address internal dave = makeAddr("dave");
    AccountId internal daveId = accountId(dave, 0);

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 100_000_000e6);
        fund(bob, bobId, 100_000_000e6);
        fund(carol, carolId, 100_000_000e6);
    }

    // ---- booking

    /// @dev At mark the leg is worth what it brings: the deficit is what the account lacks, not its notional.
    function testFuzz_Offset_BooksWhatTheAccountLacks(bool long, uint256 seed) public {
        fund(dave, daveId, 250e6);
        openLeg(ETH, daveId, carolId, long ? int256(1e18) : -1e18);
        setPrice(ETH, boundBankrupt(long, 250e18, seed));
        house.accrue(single(ETH));
        int256 equity = house.assess(daveId).equity;
        assertApproxEqAbs(int256(offset(daveId, 1e18)), -equity, 10);
        assertApproxEqAbs(house.cashOf(daveId), 0, 10);
    }

    /// @dev A short beside another leg books its part as well.
    function test_Offset_ShortBesideAnotherLegBooksItsPart() public {
        fund(dave, daveId, 500e6);
        openLeg(ETH, daveId, carolId, -1e18);
        openLeg(BTC, daveId, carolId, -0.03e18);
        setPrice(ETH, 3_000e18);
        house.accrue(single(ETH));
        assertApproxEqAbs(offset(daveId, 1e18), 312.5e18, 1e18);
    }

    /// @dev A row without an owner is nobody's debt.
    function test_Settle_OfADeficitRowBooksNothing() public {
        makeDeficit(1_000e18);
        house.settle(single(deficitRow(ETH)));
        for (uint256 i = 0; i < 10; ++i) house.settle(single(deficitRow(QUOTE)));
        assertEq(house.totalDeficit(), 1_000e18);
        assertEq(house.cashOf(deficitRow(ETH)), -1_000e18);
    }

    // ---- sharing

    /// @dev A wei that rounding left does not mean that there is no profit any more.
    function test_Share_SecondLossAtTheSameMark() public {
        fund(dave, daveId, 3_000e6);
        fund(keeper, keeperId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 7e18);
        openLeg(ETH, keeperId, bobId, 7e18);
        settlePrice(ETH, 2_100e18);
        openLeg(ETH, carolId, bobId, 91.234567890123456789e18);
        setPrice(ETH, 1_500e18);
        offset(daveId, 7e18);
        assertLe(house.totalDeficit(), 1e3);
        offset(keeperId, 7e18);
        assertLe(house.totalDeficit(), 1e3);
    }

    /// @dev A page smaller than the side leaves the rest to the next call.
    function test_Pay_InPages() public {
        uint256 shared = page();
        assertApproxEqRel(shared, 357e18, 0.05e18);
        (, shared) = house.pay(ETH, 1);
        assertApproxEqRel(shared, 643e18, 0.05e18);
        assertLe(house.totalDeficit(), 2);
    }

    /// @dev Insurance paid in between: the second page takes only what still stands.
    function test_Pay_SecondPageTakesNoMoreThanStands() public {
        page();
        insure(5_000e6);
        int256 dust = house.cashOf(DUST);
        house.pay(ETH, 100);
        assertLt(house.cashOf(DUST) - dust, 1e12);
    }

    /// @dev SHARE-1: bob's profit is gone when the second page comes.
    function test_Pay_SecondPageTakesNoPrincipal() public {
        page();
        setPrice(ETH, 2_600e18);
        house.accrue(single(ETH));
        int256 before = house.assess(bobId).equity;
        house.pay(ETH, 100);
        assertEq(house.assess(bobId).equity, before);
    }

    /// @dev SHARE-1: dave came after the loss and has no profit.
    function test_Pay_SecondPageTakesNothingOfALegOpenedLater() public {
        page();
        settlePrice(ETH, 2_550e18);
        fund(dave, daveId, 10_000_000e6);
        openLeg(ETH, daveId, carolId, -1_000e18);
        int256 before = house.assess(daveId).equity;
        house.pay(ETH, 100);
        assertEq(house.assess(daveId).equity, before);
    }

    /// @dev Nobody holds anything, one wei stands: that closes no market.
    function test_Trade_OpensDespiteAWei() public {
        fund(dave, daveId, 250e6);
        trade(ETH, daveId, aliceId, 1e18, 2_000e18 + 1);
        setPrice(ETH, 1_750e18);
        assertEq(offset(daveId, 1e18), 1);
        assertEq(house.perpOf(ETH).openInterest, 0);
        openLeg(ETH, carolId, aliceId, 1e18);
    }

    // ---- little gas

    /// @dev A lot that is over, a side of many ticks: who brings too little gas for the offset does not put it off.
    function test_Liquidate_LittleGasDoesNotPutOffAnOffset() public {
        fund(dave, daveId, 3_000e6);
        for (uint256 i = 0; i < 100; ++i) {
            setPrice(ETH, 2_000e18 + i * 30e18);
            house.accrue(single(ETH));
            openLeg(ETH, accountOf(i), carolId, -0.5e18);
        }
        settlePrice(ETH, 2_000e18);
        openLeg(ETH, daveId, aliceId, 10e18);
        setPrice(ETH, 1_500e18);
        liquidator.liquidate(daveId, ETH, keeperId);
        skip(10 minutes);
        refresh();
        uint256 before = vm.snapshotState();
        (ILiquidator.Stage done, ) = liquidator.liquidate(daveId, ETH, keeperId);
        assertTrue(done == ILiquidator.Stage.Offset, "with enough");
        vm.revertToState(before);
        for (uint256 gas_ = 600_000; gas_ < 12_000_000; gas_ += gas_ / 8) {
            (bool ok, ) = address(liquidator).call{gas: gas_}(
                abi.encodeCall(ILiquidator.liquidate, (daveId, ETH, keeperId))
            );
            if (!ok) continue;
            assertEq(sizeOf(daveId, ETH), 0, vm.toString(gas_));
            return;
        }
        fail();
    }

    function accountOf(uint256 i) internal returns (AccountId id) {
        id = accountId(bob, uint96(i + 1));
        fund(bob, id, 10_000e6);
    }

    // ---- stale spot

    function test_Offset_StaleSpotOfAnySize() public {
        sink(1_000e18, 100e18);
        insure(100_000_000e6);
        skip(2 hours);
        feeds[ETH].updateAnswer(100e8);
        vm.prank(stage);
        house.offset(liquidation(WETH, daveId, AccountId.wrap(0), 123_456789123456789123, 0));
    }

    /// @dev What is sold for no more than it counts has nothing to pay a tip from.
    function test_Liquidate_StaleSpotIsSoldToInsurance() public {
        sink(10e18, 1_000e18);
        insure(10_000_000e6);
        skip(2 hours);
        feeds[ETH].updateAnswer(1_000e8);
        (ILiquidator.Stage done, ) = liquidator.liquidate(daveId, WETH, keeperId);
        assertTrue(done == ILiquidator.Stage.Offset);
        assertEq(house.cashOf(daveId), 0);
    }

    function sink(uint256 amount, uint256 price) internal {
        fundSpot(dave, daveId, amount);
        feeds[WETH].updateAnswer(1_999_12345678);
        openLeg(ETH, daveId, carolId, int256(3 * amount));
        setPrice(ETH, price);
        house.accrue(single(WETH));
        offset(daveId, 3 * amount);
    }

    // ---- the end of a market

    function test_Retire_OfAMarketThatNobodyHolds() public {
        setState(ETH, AssetState.Settling);
        house.settle(single(aliceId));
        house.accrue(single(BTC));
        assertTrue(isGone(ETH));
    }

    /// @dev Alice's leg went with dave's offset; she has not been touched since.
    function test_Retire_WhenTheLastLegWasOffset() public {
        fund(dave, daveId, 300e6);
        openLeg(ETH, daveId, aliceId, 1e18);
        setPrice(ETH, 1_500e18);
        offset(daveId, 1e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(aliceId));
        assertEq(house.legsOf(aliceId).length, 0);
        assertTrue(isGone(ETH));
    }

    /// @dev INS-1: a tenth of the fund in an hour, before and after the end.
    function test_Retire_BudgetStaysUsed() public {
        insure(100_000e6);
        fund(dave, daveId, 11_000e6);
        openLeg(ETH, daveId, aliceId, 50e18);
        settlePrice(ETH, 800e18);
        trade(ETH, aliceId, bobId, 50e18, 800e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(daveId));
        assertEq(house.cashOf(INSURANCE), 90_000e18);
        house.settle(single(bobId));
        assertTrue(isGone(ETH));
        house.pay(ETH, 0);
        assertEq(house.cashOf(INSURANCE), 90_000e18);
    }

    /// @dev The price of what has ended stands still: nobody trades at it again.
    function test_List_RevertsWhen_PriceIsStillFixed() public {
        openLeg(ETH, bobId, aliceId, 1e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(bobId));
        house.settle(single(aliceId));
        skip(24 hours);
        house.settle(single(aliceId));
        assertTrue(isGone(ETH));
        vm.expectRevert();
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
    }

    function test_Retire_ProvidersGetTheirMoney() public {
        LiquidityPool pool = openPool(ETH, keeper, 1_000_000e6);
        openLeg(ETH, aliceId, bobId, 1e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(aliceId));
        house.settle(single(bobId));
        assertTrue(isGone(ETH));
        uint256 shares = pool.balanceOf(keeper);
        vm.startPrank(keeper);
        pool.requestRedeem(shares, keeper, keeper);
        skip(2 days);
        assertApproxEqAbs(pool.redeem(shares, keeper, keeper), 1_000_000e6, 1e6);
        vm.stopPrank();
    }

    /// @dev A lot that was open when its market ended holds nothing of the next one's capacity.
    function test_Retire_LotLeftOverCanBeTakenAway() public {
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        setPrice(ETH, 1_750e18);
        house.accrue(single(ETH));
        liquidator.liquidate(daveId, ETH, keeperId);
        setState(ETH, AssetState.Settling);
        house.settle(single(daveId));
        skip(24 hours);
        house.settle(single(aliceId));
        assertTrue(isGone(ETH));
        refresh();
        addFeed(ETH, 1_750e8);
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        liquidator.liquidate(daveId, ETH, keeperId);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, 0);
    }

    /// @dev While the market lives a small loss disturbs nobody; at its end nobody is paid a profit before it.
    function test_Settle_SmallLossIsSharedBeforeWinnersArePaid() public {
        fund(dave, daveId, 1_000e6);
        openLeg(ETH, daveId, aliceId, 4e18);
        openLeg(ETH, carolId, aliceId, 10_000e18);
        settlePrice(ETH, 1_500e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(daveId));
        house.settle(single(carolId));
        skip(24 hours);
        house.settle(single(aliceId));
        assertTrue(isGone(ETH));
        assertLe(house.totalDeficit(), 1e3, "alice left with 5,002,000");
    }

    /// @dev A loss found without a price at hand is shared before the winners leave, too.
    function test_Settle_LossOfAnAccountWithoutLegsIsSharedBeforeWinnersArePaid() public {
        fund(dave, daveId, 6_000e6);
        fund(keeper, keeperId, 300e6);
        openLeg(ETH, daveId, keeperId, 1e18);
        openLeg(ETH, carolId, bobId, -10e18);
        openLeg(BTC, daveId, aliceId, 0.5e18);
        settlePrice(ETH, 4_000e18);
        settlePrice(BTC, 40_000e18);
        offset(daveId, 1e18);
        setState(ETH, AssetState.Settling);
        house.settle(single(keeperId));
        house.settle(single(carolId));
        skip(24 hours);
        house.settle(single(bobId));
        assertLe(house.totalDeficit(), 1e3, "bob has won 20,000");
    }

    // ---- numbers

    /// @dev A loss of 1,000 that is tolerated, of which the lowest of two ticks has paid its part: alice is short from 2,000, bob
    /// from 2,400, the mark is 1,500.
    function page() internal returns (uint256 shared) {
        settlePrice(ETH, 2_400e18);
        openLeg(ETH, bobId, carolId, -5_000e18);
        settlePrice(ETH, 2_000e18);
        openLeg(ETH, aliceId, carolId, -5_000e18);
        makeDeficit(1_000e18);
        (, shared) = house.pay(ETH, 1);
    }

    function offset(AccountId account, uint256 size) internal returns (uint256) {
        vm.prank(stage);
        return house.offset(liquidation(ETH, account, AccountId.wrap(0), size, 0)).deficit;
    }

    function isGone(AssetId asset) internal view returns (bool) {
        (AssetConfig memory config, ) = house.configOf(asset);
        return config.kind == AssetKind.None;
    }
}
