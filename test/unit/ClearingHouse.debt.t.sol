// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {Debt, HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice Quote owed against spot: what perps lost beyond the quote of an account that holds spot.
contract ClearingHouseDebtTest is BallastTest {
    uint256 internal constant YEAR = 365 days;

    function setUp() public override {
        super.setUp();
        configurator.setHouseTerms(HouseTerms(0, 0.1e18, 50_00, 0, 0, 0, 10_000, 0));
        fund(alice, aliceId, 100e6);
        fundSpot(alice, aliceId, 1e18);
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- what is owed

    /// @dev Debt is not negative cash: a long leaves cash negative and owes nothing.
    function test_Debt_IsNotNegativeCash() public {
        openLeg(BTC, aliceId, carolId, 0.01e18);
        assertLt(house.cashOf(aliceId), 0);
        assertEq(amountOf(), 0);
        assertEq(lens.account(aliceId).debt, 0);
    }

    function test_Debt_IsTrackedWheneverPricesAreAtHand() public {
        owe(300e18);
        assertEq(lens.account(aliceId).debt, 300e18, "seen");
        assertEq(amountOf(), 0, "not yet written");
        vm.expectEmit(address(house));
        emit IClearingHouse.DebtChanged(aliceId, 300e18);
        house.settle(single(aliceId));
        assertEq(amountOf(), 300e18);
        assertEq(lens.account(aliceId).debtCap, 1_000e18, "half of the spot's value");
    }

    function test_Debt_WithoutSpotIsNone() public {
        fund(bob, bobId, 100e6);
        openLeg(BTC, bobId, carolId, 0.01e18);
        setPrice(BTC, 40_000e18);
        house.settle(single(bobId));
        (Debt memory debt, uint256 interest) = house.debtOf(bobId);
        assertEq(debt.amount, 0);
        assertEq(interest, 0);
    }

    // ---- interest

    function test_Interest_GoesToInsurance() public {
        oweTracked(300e18);
        vm.warp(block.timestamp + 73 days);
        refresh();
        (, uint256 interest) = house.debtOf(aliceId);
        assertEq(interest, 6e18, "a fifth of 10 % of 300");
        Lens.AccountView memory quoted = lens.account(aliceId);
        vm.expectEmit(address(house));
        emit IClearingHouse.InterestCharged(aliceId, 6e18);
        house.settle(single(aliceId));
        assertEq(house.cashOf(INSURANCE), 6e18);
        assertEq(house.cashOf(aliceId), quoted.cash, "QUOTE-1");
        assertEq(house.assess(aliceId).equity, quoted.assessment.equity, "QUOTE-1");
        assertEq(amountOf(), 306e18, "and bears interest itself");
    }

    /// @dev Poking cannot be used against the account: sliced interest is the whole up to a wei a slice and its own interest.
    function testFuzz_Interest_IndependentOfPokes(uint256 pokes, uint256 wait) public {
        oweTracked(300e18);
        pokes = bound(pokes, 1, 10);
        wait = bound(wait, 1, 2 days);
        for (uint256 i = 0; i < pokes; ++i) {
            vm.warp(block.timestamp + wait);
            refresh();
            house.settle(single(aliceId));
        }
        uint256 simple = (300e18 * 0.1e18 * pokes * wait) / YEAR / 1e18;
        assertGe(uint256(house.cashOf(INSURANCE)), simple);
        assertApproxEqRel(uint256(house.cashOf(INSURANCE)), simple, 0.01e18);
    }

    function test_Interest_ADepositRepays() public {
        oweTracked(300e18);
        vm.warp(block.timestamp + 73 days);
        fund(alice, aliceId, 100e6);
        assertEq(house.cashOf(INSURANCE), 6e18, "paid first");
        assertEq(amountOf(), 200e18, "no price needed");
        refresh();
        house.settle(single(aliceId));
        assertEq(amountOf(), 206e18);
        fund(alice, aliceId, 206e6);
        assertEq(amountOf(), 0);
        vm.warp(block.timestamp + 100 days);
        (, uint256 interest) = house.debtOf(aliceId);
        assertEq(interest, 0);
    }

    function test_Interest_ATransferRepays() public {
        oweTracked(300e18);
        fund(bob, bobId, 100e6);
        vm.prank(bob);
        house.transferCash(bobId, aliceId, 100e18);
        assertEq(amountOf(), 200e18);
    }

    function test_Interest_SpotDepositsAndWithdrawalsKeepTrackOfIt() public {
        fundSpot(alice, aliceId, 1e18);
        oweTracked(300e18);
        vm.warp(block.timestamp + 73 days);
        refresh();
        vm.prank(alice);
        house.withdraw(aliceId, WETH, 0.5e18, alice);
        assertEq(house.cashOf(INSURANCE), 6e18);
        assertEq(amountOf(), 306e18);
    }

    function test_Withdraw_RevertsWhen_QuoteIsOwed() public {
        owe(300e18);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        assertEq(w.amount, 0);
        assertEq(uint8(w.limit), uint8(Lens.Limit.QuoteAgainstSpot));
        vm.prank(alice);
        vm.expectPartialRevert(IClearingHouse.InsufficientQuote.selector);
        house.withdraw(aliceId, QUOTE, 1, alice);
    }

    // ---- the cap

    function test_DebtSale_OnlyAboveTheCap() public {
        owe(1_000e18);
        IClearingHouse.Liquidation memory sale = liquidation(WETH, aliceId, carolId, 0.1e18, 2_000e18);
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.Healthy), "at the cap");
        vm.prank(stage);
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        house.liquidate(sale, "");
        setPrice(BTC, peekPrice(BTC).mark - 1e18);
        Lens.AccountView memory v = lens.account(aliceId);
        assertEq(uint8(v.verdict), uint8(Lens.Verdict.Overborrowed));
        assertFalse(v.liquidatable);
        assertGt(v.health, 1e18);
        liquidate(sale);
        assertApproxEqAbs(lens.account(aliceId).debt, 800e18 + 0.05e18, 1e15);
        assertEq(uint8(lens.account(aliceId).verdict), uint8(Lens.Verdict.Healthy));
    }

    function test_DebtSale_PerpsAreNotForSale() public {
        owe(1_010e18);
        vm.prank(stage);
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        house.liquidate(liquidation(BTC, aliceId, carolId, 0.001e18, 40_000e18), "");
    }

    /// @dev LIQ-1: the exception repays debt and nothing more.
    function testFuzz_DebtSale_RepaysNoMoreThanTheDebt(uint256 size, uint256 price) public {
        owe(1_010e18);
        size = bound(size, 1e15, 1e18);
        price = bound(price, 1_620e18, 2_000e18);
        Assessor.Assessment memory before = house.assess(aliceId);
        bool tooMuch = (size * price) / 1e18 > 1_010e18;
        vm.prank(stage);
        if (tooMuch) vm.expectPartialRevert(IClearingHouse.SaleAboveDebt.selector);
        house.liquidate(liquidation(WETH, aliceId, carolId, size, price), "");
        if (tooMuch) return;
        Assessor.Assessment memory a = house.assess(aliceId);
        assertGe(a.marginEquity + 1, before.marginEquity, "LIQ-2");
        assertLe(a.equity - int256(a.collateral), 0);
        assertEq(amountOf(), lens.account(aliceId).debt);
    }

    function testFuzz_DebtSale_RevertsWhen_BelowItsHaircut(uint256 price) public {
        owe(1_010e18);
        price = bound(price, 1_000e18, 1_599e18);
        vm.prank(stage);
        vm.expectPartialRevert(IClearingHouse.HealthLowered.selector);
        house.liquidate(liquidation(WETH, aliceId, carolId, 0.1e18, price), "");
    }

    // ---- withdrawable spot

    function testFuzz_WithdrawableSpot_GoesAndOneMoreDoesNot(uint256 loss, uint256 price, uint256 wait) public {
        owe(bound(loss, 1e18, 1_200e18));
        setPrice(WETH, bound(price, 1_500e18, 2_500e18));
        house.accrue(single(WETH));
        vm.warp(block.timestamp + (wait % 1 hours));
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, WETH);
        uint256 snapshot = vm.snapshotState();
        vm.startPrank(alice);
        (bool ok, ) = address(house).call(abi.encodeCall(house.withdraw, (aliceId, WETH, w.amount + 1, alice)));
        assertFalse(ok, "one wei more");
        vm.revertToState(snapshot);
        if (w.amount == 0) return;
        assertEq(uint8(w.limit), uint8(Lens.Limit.InitialMargin));
        assertEq(house.withdraw(aliceId, WETH, w.amount, alice), w.paid, "QUOTE-1");
    }

    function test_WithdrawableSpot_AllWhenNothingIsOwed() public view {
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, WETH);
        assertEq(w.amount, 1e18);
        assertEq(uint8(w.limit), uint8(Lens.Limit.Balance));
    }

    // ---- numbers

    /// @dev A long of 0.1 BTC that lost as much beyond the 100 of cash.
    function owe(uint256 amount) internal {
        openLeg(BTC, aliceId, carolId, 0.05e18);
        setPrice(BTC, 60_000e18 - 20 * (amount + 100e18));
        refresh();
        for (uint256 i = 0; i < 3; ++i) {
            house.accrue(single(BTC));
            vm.warp(block.timestamp + 1 days);
            refresh();
        }
        house.accrue(single(BTC));
    }

    function oweTracked(uint256 amount) internal {
        owe(amount);
        house.settle(single(aliceId));
    }

    function amountOf() internal view returns (uint256) {
        (Debt memory debt, ) = house.debtOf(aliceId);
        return debt.amount;
    }
}
