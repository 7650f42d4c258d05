// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetConfig, AssetKind, AssetState} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow, settlementRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice The end of a market. Dave is long ETH and fails; alice, bob and carol have money. The feeds do not move any more
/// once it has begun.
contract ClearingHouseSettlementTest is BallastTest {
    address internal dave = makeAddr("dave");
    address internal erin = makeAddr("erin");
    AccountId internal daveId = accountId(dave, 0);
    AccountId internal erinId = accountId(erin, 0);
    AccountId[] internal everybody;

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 1_000_000e6);
        fund(bob, bobId, 1_000_000e6);
        fund(carol, carolId, 1_000_000e6);
        fund(dave, daveId, 3_000e6);
        everybody = [aliceId, bobId, carolId, daveId, erinId, keeperId, TREASURY, INSURANCE, DUST, FEES];
        everybody.push(deficitRow(ETH));
        everybody.push(deficitRow(BTC));
        everybody.push(settlementRow(ETH));
        everybody.push(settlementRow(BTC));
    }

    // ---- who may, and what stops

    function test_WindDown_AnybodyOnceThePriceIsFixed() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        router.fix(ETH);
        vm.prank(carol);
        configurator.windDown(ETH);
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(uint8(config.state), uint8(AssetState.Settling));
        assertEq(config.haircut, 100_00, "all profit may have to pay");
    }

    function test_WindDown_RevertsWhen_PriceIsNotFixed() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.PriceNotFixed.selector, ETH));
        configurator.windDown(ETH);
    }

    function test_WindDown_RevertsWhen_ItIsASpot() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.windDown(WETH);
    }

    function test_WindDown_RevertsWhen_ItHasBegun() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        windDown(ETH);
        vm.expectRevert(abi.encodeWithSelector(IRiskConfigurator.SettlingIsFinal.selector, ETH));
        configurator.windDown(ETH);
        vm.expectRevert(abi.encodeWithSelector(IRiskConfigurator.SettlingIsFinal.selector, ETH));
        configurator.setState(ETH, AssetState.Active);
    }

    /// @dev Whatever else is configured afterwards: all profit goes on paying.
    function test_WindDown_HaircutStays() public {
        openLeg(ETH, carolId, aliceId, 1e18);
        windDown(ETH);
        configurator.setDepth(ETH, 40_000_000e18);
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.haircut, 100_00);
        assertEq(uint8(config.state), uint8(AssetState.Settling));
    }

    function test_WindDown_FundingStandsStill() public {
        openPool(ETH, keeper, 1_000_000e6);
        poolTrade(carolId, ETH, 40e18);
        skip(10 minutes);
        refresh();
        windDown(ETH);
        int256 index = house.perpOf(ETH).fundingIndex;
        skip(12 hours);
        refresh();
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).fundingIndex, index);
        assertEq(house.marketOf(ETH).fundingIndex, index);
    }

    function test_WindDown_NobodyTrades() public {
        openLeg(ETH, carolId, aliceId, 1e18);
        windDown(ETH);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        house.trade(tradeTerms(ETH, aliceId, carolId, 1e18, 2_000e18));
    }

    function test_WindDown_LiquidationIsFrozen() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        endAt(1_500e18);
        assertTrue(house.isLiquidatable(daveId));
        ILiquidator.Outlook memory o = liquidator.outlook(daveId, ETH);
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.Frozen));
        assertEq(uint8(o.offset.reason), uint8(ILiquidator.Reason.Frozen));
        vm.expectPartialRevert(ILiquidator.NothingPossible.selector);
        liquidator.liquidate(daveId, ETH, keeperId);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        house.offset(liquidation(ETH, daveId, AccountId.wrap(0), 10e18, 0));
    }

    // ---- losers at once, winners a day later

    function test_Settle_LosersAtOnceWinnersAfterADay() public {
        openLeg(ETH, carolId, aliceId, 10e18);
        endAt(1_900e18);
        house.settle(pair(aliceId, carolId));
        assertEq(sizeOf(carolId, ETH), 0);
        assertEq(house.cashOf(carolId), 999_000e18);
        assertEq(sizeOf(aliceId, ETH), -10e18, "waits");
        skip(24 hours - 1);
        house.settle(single(aliceId));
        assertEq(sizeOf(aliceId, ETH), -10e18);
        skip(1);
        house.settle(single(aliceId));
        assertEq(house.cashOf(aliceId), 1_001_000e18);
        assertTrue(isGone(ETH));
    }

    function test_Settle_WhoNeitherWonNorLostClosesAtOnce() public {
        openLeg(ETH, carolId, aliceId, 10e18);
        windDown(ETH);
        house.settle(pair(aliceId, carolId));
        assertEq(house.cashOf(carolId), 1_000_000e18);
        assertTrue(isGone(ETH));
    }

    /// @dev Dave lacks 2,000 at 1,500: the fund pays a tenth of itself, everybody with profit the same part of the rest.
    function testFuzz_Settle_LossIsInsuredThenSharedByAll(uint256 a, uint256 funds) public {
        a = bound(a, 1e18, 9e18);
        funds = bound(funds, 0, 100_000e6);
        if (funds != 0) insure(funds);
        openLeg(ETH, daveId, aliceId, int256(a));
        openLeg(ETH, daveId, bobId, int256(10e18 - a));
        endAt(1_500e18);
        house.settle(single(daveId));
        uint256 insured = funds * 1e12 - uint256(house.cashOf(INSURANCE));
        assertEq(insured, funds < 16_000e6 ? funds * 1e11 : 1_600e18);
        skip(24 hours);
        house.settle(pair(aliceId, bobId));
        (uint256 first, uint256 second) = (gainOf(aliceId), gainOf(bobId));
        assertApproxEqAbs(first + second + house.totalDeficit(), 3_000e18 + insured, 1e3);
        assertApproxEqRel(first * (10e18 - a), second * a, 1e9, "equal parts");
        assertEq(house.totalDeficit() / 1e3, 0);
        assertTrue(isGone(ETH));
    }

    /// @dev More than 30 %, but for the width of a tick all of it.
    function test_Settle_AllProfitMayPay() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        openLeg(ETH, carolId, bobId, 1e18);
        settlePrice(ETH, 1_000e18);
        trade(ETH, aliceId, erinFunded(), 9e18, 1_000e18);
        windDown(ETH);
        house.settle(single(daveId));
        uint256 kept = uint256(house.assess(aliceId).equity) - 1_009_000e18;
        assertLt(kept, 30e18, "less than a tick of 2,000");
        assertGt(house.totalDeficit(), 4_000e18, "who has left with a profit does not pay");
    }

    // ---- margin meanwhile

    function test_Settle_ProfitThatWaitsCarriesNothing() public {
        openLeg(ETH, carolId, aliceId, 100e18);
        settlePrice(ETH, 1_000e18);
        windDown(ETH);
        assertGe(house.assess(aliceId).initial, 100_000e18, "the reserve");
        vm.prank(alice);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        house.withdraw(aliceId, QUOTE, 1_000_000e6, alice);
        vm.prank(alice);
        house.withdraw(aliceId, QUOTE, 980_000e6, alice);
    }

    function test_Settle_AccountOfTwoMarketsThatEnd() public {
        fund(erin, erinId, 10_000e6);
        openLeg(ETH, erinId, aliceId, 10e18);
        openLeg(BTC, erinId, bobId, -0.3e18);
        int256 before = total();
        settlePrice(BTC, 55_000e18);
        endAt(1_500e18);
        windDown(BTC);
        house.settle(single(erinId));
        assertEq(house.legsOf(erinId).length, 1, "the winning leg waits");
        assertEq(house.cashOf(erinId), 10_000e18 - 5_000e18 + 18_000e18, "its proceeds are still in it");
        skip(24 hours);
        house.settle(single(erinId));
        assertEq(house.cashOf(erinId), 6_500e18);
        house.settle(pair(aliceId, bobId));
        assertTrue(isGone(ETH) && isGone(BTC));
        assertEq(total(), before, "CASH-1");
    }

    /// @dev Bankrupt over two markets: each books its part, the one closed last the rest.
    function test_Settle_BankruptInTwoMarketsThatEnd() public {
        fund(erin, erinId, 10_000e6);
        openLeg(ETH, erinId, aliceId, 10e18);
        openLeg(BTC, erinId, bobId, 0.3e18);
        settlePrice(BTC, 30_000e18);
        endAt(1_000e18);
        windDown(BTC);
        assertEq(house.assess(erinId).equity, -9_000e18);
        house.settle(single(erinId));
        assertEq(house.cashOf(erinId), 0);
        int256 paid = 1_000_000e18 + 10_000e18 - house.assess(aliceId).equity;
        assertGt(paid, 3_000e18);
        paid += 1_000_000e18 + 9_000e18 - house.assess(bobId).equity;
        assertApproxEqAbs(uint256(paid) + house.totalDeficit(), 9_000e18, 1e4, "between the two");
    }

    function test_Settle_SpotStays() public {
        fundSpot(erin, erinId, 1e18);
        house.settle(single(erinId));
        assertEq(house.positionOf(erinId, WETH).size, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.setState(WETH, AssetState.Settling);
    }

    // ---- pools

    function test_Settle_PoolAndItsProviders() public {
        LiquidityPool pool = openPool(ETH, keeper, 1_000_000e6);
        AccountId row = accountId(address(pool), 0);
        poolTrade(carolId, ETH, 40e18);
        endAt(1_900e18);
        uint256 shares = pool.balanceOf(keeper);
        vm.prank(keeper);
        pool.requestRedeem(shares, keeper, keeper);
        house.settle(pair(row, carolId));
        assertEq(sizeOf(row, ETH), -40e18, "a winner like any other");
        skip(24 hours);
        house.settle(single(row));
        assertTrue(isGone(ETH));
        skip(24 hours);
        vm.prank(keeper);
        uint256 paid = pool.redeem(shares, keeper, keeper);
        assertApproxEqRel(paid, 1_000_000e6, 0.01e18);
    }

    // ---- the end of the market

    /// @dev What rounding left goes to dust; the row of the settlement ends with nothing.
    function testFuzz_Retire_CashIsConserved(uint256 part, uint256 price, uint256 size) public {
        size = bound(size, 1e18, 9e18);
        openLeg(ETH, daveId, aliceId, int256(size));
        openLeg(ETH, carolId, bobId, int256(bound(part, 1, 3e19)));
        openLeg(ETH, carolId, aliceId, 1e18 + 1);
        setPrice(ETH, 1_500e18);
        house.accrue(single(ETH));
        int256 before = total();
        if (house.assess(daveId).equity < 0) {
            vm.prank(stage);
            house.offset(liquidation(ETH, daveId, AccountId.wrap(0), size, 0));
        }
        endAt(bound(price, 100e8, 4_000e8) * 1e10);
        house.settle(everybody);
        skip(24 hours);
        house.settle(everybody);
        assertTrue(isGone(ETH));
        assertApproxEqAbs(total(), before, 1e5, "CASH-1");
        assertLe(total(), int256(uint256(house.reserveOf(QUOTE).held)), "CASH-1");
        assertEq(house.cashOf(settlementRow(ETH)), 0);
        assertEq(house.positionOf(settlementRow(ETH), ETH).size, 0);
        for (uint256 i = 0; i < everybody.length; ++i) assertEq(house.legsOf(everybody[i]).length, 0);
    }

    function test_Retire_StateIsWiped() public {
        openPool(ETH, keeper, 1_000_000e6);
        openLeg(ETH, carolId, aliceId, 1e18);
        uint16 listed = house.houseTerms().listed;
        windDown(ETH);
        vm.expectEmit(address(house));
        emit IClearingHouse.MarketRetired(ETH);
        house.settle(pair(aliceId, carolId));
        assertEq(house.houseTerms().listed, listed - 1);
        assertEq(house.poolOf(ETH).owner, address(0));
        assertEq(house.perpOf(ETH).openInterest, 0);
        assertEq(house.budgetOf(ETH).hourUsed, 0);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, ETH));
        house.examine(aliceId, ETH);
    }

    /// @dev What an offset and an end of epoch left counts on, and nobody's old leg comes back.
    function test_Retire_SlotIsListedAndTradedAgain() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        setPrice(ETH, 1_650e18);
        vm.prank(stage);
        house.offset(liquidation(ETH, daveId, AccountId.wrap(0), 10e18, 0));
        assertLe(house.totalDeficit(), 2, "shared");
        insure(10e6);
        house.pay(ETH, 10);
        IClearingHouse.SideView memory side = house.sideOf(ETH, false);
        assertEq(side.epoch, 1);
        windDown(ETH);
        house.settle(everybody);
        addFeed(ETH, 1_650e8);
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        assertEq(house.sideOf(ETH, false).epoch, 1);
        assertEq(house.sideOf(ETH, false).version, side.version);
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.haircut, 30_00);
        for (uint256 i = 0; i < everybody.length; ++i) assertEq(sizeOf(everybody[i], ETH), 0);
        openLeg(ETH, carolId, aliceId, -1e18);
        setPrice(ETH, 1_400e18);
        assertEq(house.assess(carolId).equity, 1_000_250e18);
        trade(ETH, carolId, aliceId, 1e18, 1_400e18);
        assertEq(house.cashOf(carolId), 1_000_250e18);
        assertEq(house.perpOf(ETH).openInterest, 0);
    }

    /// @dev An end and a new listing give nobody a second budget.
    function test_Retire_BudgetStaysSpent() public {
        insure(10e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        endAt(1_500e18);
        skip(24 hours);
        house.settle(pair(daveId, daveId));
        house.settle(everybody);
        assertTrue(isGone(ETH));
        assertEq(house.totalDeficit(), 0, "the winner paid what insurance did not");
        addFeed(ETH, 1_500e8);
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        uint256 until = block.timestamp + 1 hours;
        assertEq(house.perpOf(ETH).losses.spentUntil, until);
        IClearingHouse.Trade memory terms = tradeTerms(ETH, carolId, aliceId, 1e18, 1_500e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.BudgetSpent.selector, ETH, until));
        vm.prank(stage);
        house.trade(terms);
    }

    function test_List_RevertsWhen_ADeficitStands() public {
        openLeg(ETH, daveId, aliceId, 10e18);
        settlePrice(ETH, 1_000e18);
        trade(ETH, aliceId, carolId, 10e18, 1_000e18);
        windDown(ETH);
        house.settle(everybody);
        assertTrue(isGone(ETH));
        addFeed(ETH, 1_000e8);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.DeficitStands.selector, ETH, -7_000e18));
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        insure(1_000_000e6);
        house.pay(ETH, 0);
        assertEq(house.totalDeficit(), 1_400e18, "a fifth is not insured");
    }

    // ---- numbers

    function windDown(AssetId asset) internal {
        house.accrue(single(asset));
        setState(asset, AssetState.Settling);
    }

    function endAt(uint256 price) internal {
        settlePrice(ETH, price);
        windDown(ETH);
    }

    function erinFunded() internal returns (AccountId) {
        fund(erin, erinId, 1_000_000e6);
        return erinId;
    }

    function gainOf(AccountId account) internal view returns (uint256) {
        return uint256(house.cashOf(account) - 1_000_000e18);
    }

    function total() internal view returns (int256 sum) {
        for (uint256 i = 0; i < everybody.length; ++i) sum += house.assess(everybody[i]).equity;
    }

    function isGone(AssetId asset) internal view returns (bool) {
        (AssetConfig memory config, ) = house.configOf(asset);
        return config.kind == AssetKind.None;
    }

    function pair(AccountId a, AccountId b) internal pure returns (AccountId[] memory accounts) {
        accounts = new AccountId[](2);
        (accounts[0], accounts[1]) = (a, b);
    }
}
