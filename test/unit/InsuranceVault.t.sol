// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Accounting} from "../../contracts/core/Accounting.sol";
import {AssetState, HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IInsuranceVault} from "../../contracts/interfaces/IInsuranceVault.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {Minutes} from "../../contracts/libraries/Minutes.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {PriceStatus} from "../../contracts/types/Price.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {InsuranceTest} from "../support/InsuranceTest.sol";

/// @notice What insurance shares are worth, and the sale of spot. What every vault does is tested with ShareVault.
contract InsuranceVaultTest is InsuranceTest {
    AssetId private constant COIN = AssetId.wrap(4);

    // ---- coming and going

    function test_Constructor_IsAboutTheInsuranceRow() public view {
        assertEq(address(vault.clearingHouse()), address(house));
        assertEq(vault.asset(), address(quote));
        assertEq(vault.name(), "Ballast Insurance");
        assertEq(vault.symbol(), "BIN");
        assertEq(vault.cooldown(), 7 days);
    }

    function test_Deposit_GoesIntoTheRow() public {
        give(lina, 100_000e6);
        assertEq(vault.previewDeposit(100_000e6), 100_000e18);
        vm.prank(lina);
        vm.expectEmit(address(house));
        emit IClearingHouse.Deposited(INSURANCE, QUOTE, address(vault), 100_000e18, 100_000e18);
        vm.expectEmit(address(vault));
        emit IERC4626.Deposit(lina, milo, 100_000e6, 100_000e18);
        vm.expectEmit(address(vault));
        emit IShareVault.Valued(100_000e18, 0, 0, 0);
        assertEq(vault.deposit(100_000e6, milo), 100_000e18);
        assertEq(vault.balanceOf(milo), 100_000e18);
        assertEq(cash(), 100_000e18);
        assertEq(quote.balanceOf(address(vault)), 0);
    }

    function test_Mint_CostsTheSame() public {
        enter(milo, 1_000e6);
        insure(500e6);
        give(lina, 2_000e6);
        uint256 quoted = vault.previewMint(1_000e18);
        vm.prank(lina);
        assertEq(vault.mint(1_000e18, lina), quoted);
        assertApproxEqAbs(quoted, 1_500e6, 1, "the gain that nobody could leave with yet included");
        assertEq(cash(), 1_500e18 + quoted * 1e12);
    }

    function test_Redeem_AfterSevenDays() public {
        enter(lina, 100_000e6);
        uint256 value = (40_000e18 * cash()) / (1e23 + 1e12);
        vm.expectEmit(address(vault));
        emit IShareVault.RequestChanged(lina, 40_000e18, value, block.timestamp + 7 days);
        vm.expectEmit(address(vault));
        emit IShareVault.RedeemRequest(lina, lina, 0, lina, 40_000e18);
        ask(lina, 40_000e18);
        uint256 due = block.timestamp + 7 days;
        assertEq(vault.pendingRedeemRequest(0, lina), 40_000e18);
        skip(7 days - 1);
        vm.prank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BeforeCooldown.selector, due, block.timestamp));
        vault.redeem(40_000e18, lina, lina);
        skip(1);
        assertEq(vault.maxRedeem(lina), 40_000e18);
        uint256 quoted = vault.maxWithdraw(lina);
        vm.expectEmit(address(house));
        emit IClearingHouse.Withdrawn(INSURANCE, QUOTE, milo, quoted * 1e12, quoted, int256(1e23 - quoted * 1e12));
        vm.expectEmit(address(vault));
        emit IERC4626.Withdraw(lina, milo, lina, quoted, 40_000e18);
        vm.prank(lina);
        assertEq(vault.redeem(40_000e18, milo, lina), quoted);
        assertEq(quoted, 40_000e6 - 1);
        assertEq(quote.balanceOf(milo), quoted);
    }

    function test_Withdraw_TheSameInAssets() public {
        enter(lina, 100_000e6);
        ask(lina, 100_000e18);
        skip(7 days);
        vm.prank(lina);
        assertApproxEqRel(vault.withdraw(25_000e6, lina, lina), 25_000e18, 1e10);
        assertEq(quote.balanceOf(lina), 25_000e6);
        assertEq(cash(), 75_000e18);
    }

    // ---- gains and losses

    function test_Gains_VestOverADay() public {
        enter(lina, 100_000e6);
        insure(2_400e6);
        vault.sync();
        assertEq(vault.status().locked, 2_400e18);
        assertApproxEqAbs(vault.totalAssets(), 100_000e6, 1);
        skip(6 hours);
        assertApproxEqAbs(vault.totalAssets(), 100_600e6, 1);
        skip(18 hours);
        assertApproxEqAbs(vault.totalAssets(), 102_400e6, 1);
    }

    /// @dev Fees come into the row when they are shared out, interest when it is charged, penalties with the step.
    function test_Gains_FeesAreOne() public {
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 40_00, 0, 100_00, 0));
        enter(lina, 1_000e6);
        IClearingHouse.Trade memory t = tradeTerms(ETH, bobId, carolId, 100e18, 2_000e18);
        (t.buyerFee, t.sellerFee) = (500, 200);
        vm.prank(stage);
        house.trade(t);
        (uint256 insured, ) = house.shareFees();
        assertGt(insured, 0);
        assertEq(vault.status().locked, insured);
        assertEq(vault.status().value, 1_000e18 + insured);
    }

    function test_Redeem_GainsAfterTheRequestStay() public {
        uint256 shares = enter(lina, 100_000e6);
        enter(milo, 100_000e6);
        ask(lina, shares);
        insure(50_000e6);
        assertApproxEqAbs(waitAndClaim(lina, shares), 100_000e6, 2);
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(vault.balanceOf(milo)), 150_000e6, 2);
    }

    /// @dev 8,000 of 10,000 are insured: they count when they are booked, and paying them changes nothing more.
    function test_Redeem_ACoverInTheCooldownLowersTheClaim() public {
        uint256 shares = enter(lina, 100_000e6);
        ask(lina, shares);
        wait_(7 days);
        assertApproxEqAbs(vault.maxWithdraw(lina), 100_000e6, 1);
        book(ETH, 10_000e18);
        assertEq(house.owed(), 8_000e18);
        assertApproxEqAbs(vault.maxWithdraw(lina), 92_000e6, 1);
        assertEq(coverAll(ETH), 8_000e18);
        assertEq(house.owed(), 0);
        assertApproxEqAbs(vault.maxWithdraw(lina), 92_000e6, 1);
        (uint256 paid, uint256 forgone) = payout(vault.maxWithdraw(lina));
        assertEq(claim(lina, shares), paid);
        assertEq(house.totalDeficit(), 2_000e18 - forgone);
    }

    function test_Redeem_ALossNeverComesBackToARequest() public {
        uint256 shares = enter(lina, 100_000e6);
        lose(20_000e6);
        ask(lina, shares);
        insure(20_000e6);
        assertApproxEqAbs(waitAndClaim(lina, shares), 80_000e6, 1);
    }

    // ---- while a deficit stands

    /// @dev The part of what is owed, and of the rest what every withdrawal pays; the difference reduces the deficit.
    function test_Redeem_PaysTheRatioAfterWhatIsOwed() public {
        uint256 shares = enter(lina, 100_000e6);
        enter(milo, 100_000e6);
        ask(lina, shares);
        wait_(7 days);
        book(ETH, 60_000e18);
        assertEq(house.owed(), 48_000e18);
        uint256 asked = vault.maxWithdraw(lina);
        assertApproxEqAbs(asked, 76_000e6, 1, "half of 200,000 less 48,000");
        (uint256 paid, uint256 forgone) = payout(asked);
        assertEq(claim(lina, shares), paid);
        assertGt(forgone, 40e18);
        assertEq(house.totalDeficit(), 60_000e18 - forgone, "DEF-1");
        assertEq(cash(), 200_000e18 - paid * 1e12 - forgone);
        assertEq(house.owed(), 48_000e18);
        assertApproxEqAbs(vault.totalAssets(), 76_000e6, 1, "who stays has as much");
    }

    /// @dev A millionth of quote, of which every claim is paid less than all.
    function test_Redeem_NothingThatPaysNothing() public {
        enter(lina, 100_000e6);
        ask(lina, 1.5e12);
        wait_(7 days);
        assertEq(vault.maxWithdraw(lina), 1);
        book(ETH, 1_000e18);
        assertEq(vault.maxWithdraw(lina), 0);
        assertEq(vault.maxRedeem(lina), 0);
        vm.prank(lina);
        vm.expectPartialRevert(IShareVault.AboveMaximum.selector);
        vault.redeem(1.5e12, lina, lina);
    }

    /// @dev Budgets spread 40,000 over days; a leaver does not wait for them.
    function test_Redeem_CountsWhatBudgetsDoNotLeaveYet() public {
        uint256 shares = enter(lina, 100_000e6);
        book(ETH, 50_000e18);
        assertEq(coverAll(ETH), 10_000e18, "a tenth in an hour");
        assertEq(house.owed(), 30_000e18);
        assertApproxEqAbs(vault.convertToAssets(shares), 60_000e6, 1);
        wait_(1 hours);
        coverAll(ETH);
        assertApproxEqAbs(vault.convertToAssets(shares), 60_000e6, 1);
    }

    /// @dev Insurance must pay more than it has: shares are worth nothing to a leaver, but they do not end.
    function test_Redeem_RevertsWhen_AllIsOwed() public {
        uint256 shares = enter(lina, 100_000e6);
        ask(lina, shares / 2);
        wait_(7 days);
        book(ETH, 200_000e18);
        assertEq(vault.maxRedeem(lina), 0);
        assertEq(vault.maxWithdraw(lina), 0);
        vm.startPrank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, shares / 2));
        vault.redeem(shares / 2, lina, lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, shares / 4));
        vault.requestRedeem(shares / 4, lina, lina);
        vm.stopPrank();
        assertEq(vault.status().generation, 0);
        assertEq(vault.status().equity, 100_000e18);
    }

    /// @dev A deficit that others paid is a gain, which vests.
    function test_Gains_WhatIsNoLongerOwed() public {
        uint256 shares = enter(lina, 100_000e6);
        book(ETH, 10_000e18);
        vault.sync();
        assertApproxEqAbs(vault.convertToAssets(shares), 92_000e6, 1);
        uint256 before = house.totalDeficit();
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, 95_000_000e6, carol);
        assertLt(house.owed(), (before * 8) / 10);
        uint256 gain = 8_000e18 - house.owed();
        assertEq(vault.status().locked, gain);
        assertApproxEqAbs(vault.convertToAssets(shares), 92_000e6, 1);
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(shares), 92_000e6 + gain / 1e12, 1);
    }

    /// @dev Nobody enters at what a leaver would get.
    function test_Deposit_AtTheFullPriceWhileADeficitStands() public {
        enter(lina, 100_000e6);
        book(ETH, 50_000e18);
        assertEq(vault.status().entry, 100_000e18);
        assertEq(vault.status().value, 60_000e18);
        uint256 shares = enter(milo, 100_000e6);
        assertEq(shares, 100_000e18);
        assertApproxEqAbs(vault.convertToAssets(shares), 80_000e6, 1, "half of 200,000 less 40,000");
        assertEq(vault.status().locked, 0, "a flow is no gain");
    }

    // ---- what is nobody's

    /// @dev A million is in the row when the first staker comes with a thousand: he gets the thousandth part of it all, no more.
    function test_Deposit_FirstStakerGetsNothingOfTheRow() public {
        insure(1_000_000e6);
        uint256 shares = enter(lina, 1_000e6);
        assertEq(shares, 999_999_999, "a millionth of quote each");
        assertEq(vault.convertToAssets(shares), 1_000e6 - 1);
        insure(1_001e6);
        wait_(2 days);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(shares), 1_001e6, 2, "a thousandth of what is earned");
        lose(1_001e6);
        assertApproxEqAbs(vault.convertToAssets(shares), 1_000e6, 2, "and of what is lost");
        ask(lina, shares);
        assertLe(waitAndClaim(lina, shares), 1_000e6);
    }

    function testFuzz_Deposit_FirstStakerLosesAndGainsNothing(uint256 before, uint256 amount) public {
        before = bound(before, 0, 1e15);
        amount = bound(amount, 1e6, 1e15);
        if (before != 0) insure(before);
        uint256 shares = enter(lina, amount);
        uint256 paid = askAndClaim(lina, shares);
        assertLe(paid, amount);
        // One share is the 1e12th part of what was there, and one unit is lost each way.
        assertGe(paid + before / 1e12 + 2 + amount / 1e9, amount);
        assertGe(cash(), before * 1e12);
    }

    /// @dev What the last one left behind is the row's.
    function test_Deposit_AfterTheLastOneLeft() public {
        uint256 shares = enter(lina, 1_000e6);
        ask(lina, shares);
        insure(9_000e6);
        waitAndClaim(lina, shares);
        assertEq(vault.totalSupply(), 0);
        assertApproxEqAbs(cash(), 9_000e18, 1e13);
        shares = enter(milo, 1_000e6);
        assertApproxEqAbs(vault.convertToAssets(shares), 1_000e6, 2);
        assertEq(vault.status().locked, 0);
    }

    /// @dev Who comes first with a millionth and gives a million loses it to those who were never there.
    function test_Deposit_InflationTakesNothing() public {
        uint256 shares = enter(mallory, 1);
        insure(1_000_000e6);
        uint256 hers = enter(lina, 1_000e6);
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(hers), 1_000e6, 2);
        assertApproxEqAbs(vault.convertToAssets(shares), 500_000e6, 2, "half of what he gave");
    }

    // ---- the end of a generation

    /// @dev Eleven markets in the same hour, a tenth of the fund each.
    function test_Generation_EndsWhenAllIsPaidOut() public {
        uint256 shares = enter(lina, 100_000e6);
        ask(lina, shares / 4);
        for (uint16 i = 5; i < 16; ++i) {
            listPerp(AssetId.wrap(i));
            // One wei opens the window while the fund is whole.
            book(AssetId.wrap(i), 2);
            coverAll(AssetId.wrap(i));
            book(AssetId.wrap(i), 200_000e18);
        }
        for (uint16 i = 5; i < 16; ++i) coverAll(AssetId.wrap(i));
        assertEq(cash(), 0);
        vm.expectEmit(address(vault));
        emit IShareVault.GenerationEnded(0, 100_000e18);
        vault.sync();
        assertEq(vault.balanceOf(lina), 0);
        assertEq(vault.claimableRedeemRequest(0, lina), 0);
        assertGt(house.owed(), 0);
        assertEq(enter(milo, 50_000e6), 50_000e18, "one for one");
        assertEq(vault.status().generation, 1);
        assertEq(vault.status().value, 0, "all of it is owed");
    }

    function test_Generation_NextStakersStartFresh() public {
        uint256 shares = enter(lina, 100_000e6);
        ask(lina, shares / 4);
        lose(100_000e6);
        assertEq(enter(milo, 50_000e6), 50_000e18);
        insure(5_000e6);
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(50_000e18), 55_000e6, 2);
        vm.prank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, shares / 4, 0));
        vault.redeem(shares / 4, lina, lina);
        assertApproxEqAbs(askAndClaim(milo, 50_000e18), 55_000e6, 2);
    }

    // ---- authority

    function test_Row_OnlyWhoMayCoverWithdraws() public {
        enter(lina, 100_000e6);
        address other = makeAddr("other");
        configurator.setCapability(other, Capability.Liquidate, true);
        refusedToWithdraw(lina);
        refusedToWithdraw(other);
        refusedToWithdraw(address(configurator));
        refusedToWithdraw(address(this));
        vm.prank(address(vault));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.RecipientNotOwner.selector, INSURANCE, lina));
        house.transferCash(INSURANCE, accountId(lina, 0), 1e18);
        configurator.setCapability(address(vault), Capability.Cover, false);
        refusedToWithdraw(address(vault));
    }

    function test_Row_NeverBelowZero() public {
        enter(lina, 100_000e6);
        stockWeth(1_000e18);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, INSURANCE, -1e12, 0));
        house.withdraw(INSURANCE, QUOTE, 100_000e6 + 1, stage);
    }

    // ---- spot in the row

    /// @dev 10 at 2,000: an entrant pays 20,000 for them, a leaver has 16,000.
    function test_Spot_AgainstWhoComesAndGoes() public {
        enter(lina, 100_000e6);
        stockWeth(10e18);
        IShareVault.Status memory s = vault.status();
        assertEq(s.equity, 120_000e18);
        assertEq(s.entry, 120_000e18);
        assertEq(s.value, 116_000e18);
        house.accrue(single(WETH));
        setPrice(WETH, 1_900e18);
        uint256 fast = peekPrice(WETH).fast;
        assertGt(fast, 1_900e18);
        s = vault.status();
        assertEq(s.equity, 119_000e18);
        assertEq(s.entry, int256(100_000e18 + 10 * fast), "the dearer");
        assertEq(s.value, 115_200e18, "the cheaper, less a fifth");
        setPrice(WETH, 2_100e18);
        fast = peekPrice(WETH).fast;
        assertLt(fast, 2_100e18);
        s = vault.status();
        assertEq(s.entry, 121_000e18);
        assertEq(s.value, 100_000e18 + 8 * fast);
    }

    function test_Spot_StaleOrInDoubt() public {
        uint256 shares = enter(lina, 100_000e6);
        stockWeth(10e18);
        vault.sync();
        assertGt(vault.maxDeposit(milo), 0);
        skip(2 hours);
        spotCountsForNothing(shares);
        refresh();
        assertGt(vault.maxDeposit(milo), 0);
        assertEq(vault.status().value, 116_000e18);
        diverge();
        assertEq(uint8(peekPrice(WETH).status), uint8(PriceStatus.Diverged));
        spotCountsForNothing(shares);
    }

    /// @dev What comes back with the price vests like any gain.
    function test_Spot_FreshAgainIsAGain() public {
        uint256 shares = enter(lina, 100_000e6);
        stockWeth(10e18);
        vault.sync();
        skip(1 days);
        refresh();
        assertApproxEqAbs(vault.convertToAssets(shares), 116_000e6, 2);
        skip(2 hours);
        vault.sync();
        wait_(1);
        vault.sync();
        assertApproxEqAbs(vault.convertToAssets(shares), 100_000e6, 1);
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(shares), 116_000e6, 2);
    }

    /// @dev Spot is no cash, and cash that is owed stays.
    function test_Redeem_RevertsWhen_CashMustStay() public {
        uint256 shares = enter(lina, 100_000e6);
        stockWeth(100e18);
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        ask(lina, shares);
        wait_(7 days);
        assertEq(vault.maxWithdraw(lina), 100_000e6, "all the cash, of 260,000");
        book(ETH, 25_000e18);
        assertEq(vault.maxWithdraw(lina), 80_000e6);
        uint256 most = vault.maxRedeem(lina);
        vm.startPrank(lina);
        uint256 due = vault.convertToAssets(shares);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, due, 80_000e6));
        vault.redeem(shares, lina, lina);
        (uint256 paid, ) = payout(80_000e6);
        assertApproxEqAbs(vault.redeem(most, lina, lina), paid, 1, "what it promises it pays");
        assertLe(vault.maxWithdraw(lina), 1);
        vm.stopPrank();
        assertApproxEqAbs(cash(), 20_000e18, 1e13);
    }

    /// @dev The generation lives as long as there is spot.
    function test_Generation_GoesOnWithSpot() public {
        uint256 shares = enter(lina, 100_000e6);
        stockWeth(10e18);
        lose(100_000e6);
        skip(2 hours);
        vault.sync();
        assertEq(vault.status().generation, 0);
        wait_(1);
        give(bob, 20_000e6);
        vm.prank(bob);
        vault.buySpot(WETH, 10e18, 20_000e6, block.timestamp);
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(shares), 19_800e6, 1);
    }

    // ---- selling it

    function test_BuySpot_AtTheDiscount() public {
        enter(lina, 100_000e6);
        stockWeth(10e18);
        give(bob, 3_960e6);
        vm.expectEmit(address(vault));
        emit IInsuranceVault.SpotSold(
            WETH,
            bob,
            2e18,
            1_980e18,
            3_960e6,
            Minutes.Minute(4_000e18, uint48(block.timestamp))
        );
        vm.prank(bob);
        (uint256 bought, uint256 paid) = vault.buySpot(WETH, 2e18, 3_960e6, block.timestamp);
        assertEq(bought, 2e18);
        assertEq(paid, 3_960e6, "1 % off 2,000");
        assertEq(weth.balanceOf(bob), 2e18);
        assertEq(quote.balanceOf(bob), 0);
        assertEq(cash(), 103_960e18);
        assertEq(held(WETH), 8e18);
        assertEq(vault.status().value, 103_960e18 + 12_800e18);
    }

    /// @dev A thousandth of 50 million a minute.
    function test_BuySpot_ShrinksToRowAndMinute() public {
        stockWeth(40e18);
        give(bob, 100_000e6);
        assertEq(vault.forSale(WETH), 25e18);
        vm.startPrank(bob);
        vault.buySpot(WETH, 5e18, 9_900e6, block.timestamp);
        assertEq(vault.forSale(WETH), 20e18);
        (uint256 bought, uint256 paid) = vault.buySpot(WETH, 100e18, 198_000e6, block.timestamp);
        assertEq(bought, 20e18);
        assertEq(paid, 39_600e6);
        vm.expectRevert(abi.encodeWithSelector(IInsuranceVault.NothingForSale.selector, WETH, 15e18, 1e18, 0));
        vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        skip(59);
        assertEq(vault.forSale(WETH), 0);
        skip(1);
        assertEq(vault.forSale(WETH), 15e18);
        (bought, ) = vault.buySpot(WETH, type(uint256).max, type(uint256).max, block.timestamp);
        assertEq(bought, 15e18);
        assertEq(house.legsOf(INSURANCE).length, 0);
        vm.expectRevert(abi.encodeWithSelector(IInsuranceVault.NothingForSale.selector, WETH, 0, 1, 20_000e18));
        vault.buySpot(WETH, 1, 1, block.timestamp);
        vm.stopPrank();
    }

    function test_BuySpot_RevertsWhen_NothingIsAsked() public {
        stockWeth(1e18);
        vm.expectRevert(abi.encodeWithSelector(IInsuranceVault.NothingForSale.selector, WETH, 1e18, 0, 50_000e18));
        vault.buySpot(WETH, 0, 1, block.timestamp);
    }

    /// @dev The limit of a part is that part of the limit.
    function test_BuySpot_RevertsWhen_DearerOrTooLate() public {
        stockWeth(25e18);
        give(bob, 100_000e6);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, 49_500e6, 49_499_999_999));
        vault.buySpot(WETH, 50e18, 99_000e6 - 1, block.timestamp);
        uint256 before = block.timestamp - 1;
        vm.expectRevert(abi.encodeWithSelector(IShareVault.DeadlinePassed.selector, before, block.timestamp));
        vault.buySpot(WETH, 1e18, 2_000e6, before);
        vm.stopPrank();
    }

    function test_BuySpot_AtTheDearerOfMarkAndFast() public {
        stockWeth(25e18);
        give(bob, 10_000e6);
        house.accrue(single(WETH));
        setPrice(WETH, 1_900e18);
        uint256 fast = peekPrice(WETH).fast;
        assertGt(fast, 1_990e18);
        vm.prank(bob);
        (, uint256 paid) = vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        assertApproxEqAbs(paid, (fast * 99) / 100 / 1e12, 1);
        setPrice(WETH, 2_200e18);
        vm.prank(bob);
        (, paid) = vault.buySpot(WETH, 1e18, 2_200e6, block.timestamp);
        assertEq(paid, 2_178e6);
    }

    function test_BuySpot_RevertsWhen_NotSpotOrNotFresh() public {
        stockWeth(1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, ETH));
        vault.buySpot(ETH, 1e18, 2_000e6, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, QUOTE));
        vault.buySpot(QUOTE, 1e6, 2_000e6, block.timestamp);
        skip(2 hours);
        assertEq(vault.forSale(WETH), 0);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotFresh.selector, WETH, PriceStatus.Stale));
        vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        refresh();
        diverge();
        assertEq(vault.forSale(WETH), 0);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotFresh.selector, WETH, PriceStatus.Diverged));
        vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
    }

    function test_BuySpot_RevertsWhen_Halted() public {
        stockWeth(1e18);
        setState(WETH, AssetState.Halted);
        assertEq(vault.forSale(WETH), 0);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, WETH));
        vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
    }

    /// @dev A token of eight decimals: what is less than one of its units stays.
    function testFuzz_BuySpot_RoundsAgainstTheBuyer(uint256 price, uint256 amount) public {
        stockCoin(10e8);
        setPrice(COIN, bound(price, 1, 20_000e8) * 1e10);
        price = peekPrice(COIN).fast > peekPrice(COIN).mark ? peekPrice(COIN).fast : peekPrice(COIN).mark;
        amount = bound(amount, 1, 12e8);
        give(bob, 1e12);
        vm.prank(bob);
        (uint256 bought, uint256 paid) = vault.buySpot(COIN, amount, type(uint256).max, block.timestamp);
        assertGt(bought, 0);
        assertGe(paid * 1e12 * 100, ((bought * price) / 1e8) * 99, "never below the discount");
        assertLe((paid - 1) * 1e12 * 100, ((bought * price) / 1e8) * 99 + 100);
        assertEq(held(COIN), 10e18 - bought * 1e10);
    }

    /// @dev Who looks in while he is paid sees the vault as it is afterwards, and cannot do anything with it.
    function test_BuySpot_FromInsideTheToken() public {
        enter(lina, 100_000e6);
        HookToken coin = stockCoin(10e8);
        give(bob, 10_000e6);
        coin.setHooks(
            address(vault),
            abi.encodeCall(vault.status, ()),
            abi.encodeCall(vault.buySpot, (COIN, 1e8, 1_000e6, block.timestamp))
        );
        vm.prank(bob);
        (uint256 bought, uint256 paid) = vault.buySpot(COIN, 2e8, 1_980e6, block.timestamp);
        assertEq(bought, 2e8);
        assertEq(paid, 1_980e6);
        assertEq(coin.balanceOf(bob), 2e8);
        (, bool succeeded, bytes memory returned) = coin.beforeOutcome();
        assertTrue(succeeded);
        assertEq(returned, abi.encode(vault.status()));
        (, succeeded, returned) = coin.afterOutcome();
        assertFalse(succeeded);
        assertEq(bytes4(returned), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    // ---- anything in any order

    struct Flows {
        uint256 paidIn;
        uint256 paidOut;
        uint256 gained;
        uint256 lost;
    }

    /// @dev Two stakers together never take more than they brought and what was earned meanwhile, and what was there before
    /// them loses no more than what was lost.
    function testFuzz_Sequence_NobodyTakesWhatIsNotHis(uint256 before, uint256[24] memory seeds) public {
        before = bound(before, 0, 1e13);
        if (before != 0) insure(before);
        Flows memory f;
        for (uint256 i = 0; i < 24; ++i) act(f, seeds[i] % 6, seeds[i] >> 8, seeds[i] & 128 == 0 ? lina : milo);
        wait_(7 days);
        leave(f, lina);
        leave(f, milo);
        assertLe(f.paidOut, f.paidIn + f.gained);
        assertGe(cash() + f.lost * 1e12, before * 1e12);
    }

    function act(Flows memory f, uint256 kind, uint256 seed, address staker) private {
        uint256 amount = 1e6 + (seed % 1e12);
        if (kind == 0 && vault.maxDeposit(staker) >= amount) {
            enter(staker, amount);
            f.paidIn += amount;
        }
        if (kind == 1) earn(f, amount);
        if (kind == 2) burn(f, (cash() * (seed % 100)) / 100e12);
        if (kind == 3) askPart(staker, seed);
        if (kind == 4) leave(f, staker);
        if (kind == 5) wait_(seed % 4 days);
    }

    function earn(Flows memory f, uint256 amount) private {
        insure(amount);
        f.gained += amount;
        vault.sync();
    }

    function burn(Flows memory f, uint256 amount) private {
        if (amount == 0) return;
        lose(amount);
        f.lost += amount;
    }

    function askPart(address staker, uint256 seed) private {
        vault.sync();
        uint256 shares = (vault.balanceOf(staker) * (seed % 101)) / 100;
        if (vault.convertToAssets(shares) != 0) ask(staker, shares);
    }

    function leave(Flows memory f, address staker) private {
        uint256 shares = vault.maxRedeem(staker);
        if (shares != 0) f.paidOut += claim(staker, shares);
    }

    // ---- helpers

    /// @dev What a withdrawal of so many token units pays while the deficit stands.
    function payout(uint256 amount) private view returns (uint256 paid, uint256 forgone) {
        uint256 quoteHeld = house.reserveOf(QUOTE).held;
        (paid, forgone) = Accounting.payout(amount * 1e12, quoteHeld, house.totalDeficit(), 1e12);
        paid /= 1e12;
    }

    function spotCountsForNothing(uint256 shares) private {
        assertEq(vault.maxDeposit(milo), 0);
        assertEq(vault.maxMint(milo), 0);
        assertEq(vault.status().value, 100_000e18);
        assertApproxEqAbs(vault.convertToAssets(shares), 100_000e6, 1);
        give(milo, 1e6);
        vm.prank(milo);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, 1e6, 0));
        vault.deposit(1e6, milo);
    }

    function refusedToWithdraw(address caller) private {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, INSURANCE, caller));
        house.withdraw(INSURANCE, QUOTE, 1e6, caller);
    }

    function listPerp(AssetId asset) private {
        addFeed(asset, 100e8);
        configurator.listPerp(asset, perpTerms(0.05e18, 0.1e18));
    }

    /// @dev A token of eight decimals at a thousand, which the row holds.
    function stockCoin(uint256 amount) private returns (HookToken coin) {
        coin = new HookToken("Coin", "COIN", 8);
        addFeed(COIN, 1_000e8);
        configurator.listSpot(COIN, address(coin), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
        coin.mint(alice, amount);
        vm.startPrank(alice);
        coin.approve(address(house), amount);
        house.deposit(aliceId, COIN, amount);
        vm.stopPrank();
        holdSpot(COIN, amount * 1e10);
    }
}
