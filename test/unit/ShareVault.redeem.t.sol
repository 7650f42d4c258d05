// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {VaultTest} from "../support/VaultTest.sol";

contract ShareVaultRedeemTest is VaultTest {
    /// @dev 400 shares of 4,000; a ten-billionth of a quote is the virtual shares'.
    uint256 internal constant VALUE = 400e18 - 1e11 + 24;

    uint256 internal start;

    function setUp() public override {
        super.setUp();
        pay(alice, 1_000e6);
        pay(bob, 3_000e6);
        start = block.timestamp;
    }

    function test_RequestRedeem_TakesSharesIntoCustody() public {
        vm.expectEmit(address(vault));
        emit IShareVault.RequestChanged(alice, 400e18, VALUE, start + 1 days);
        vm.expectEmit(address(vault));
        emit IShareVault.RedeemRequest(alice, alice, 0, alice, 400e18);
        vm.prank(alice);
        assertEq(vault.requestRedeem(400e18, alice, alice), 0);
        assertEq(vault.balanceOf(alice), 600e18);
        assertEq(vault.balanceOf(address(vault)), 400e18);
        assertEq(vault.totalSupply(), 4_000e18, "still in the supply");
        assertEq(vault.pendingRedeemRequest(0, alice), 400e18);
        assertEq(vault.pendingRedeemRequest(1, alice), 0);
        assertEq(vault.claimableRedeemRequest(0, alice), 0);
        assertEq(vault.maxRedeem(alice), 0);
        assertEq(vault.maxWithdraw(alice), 0);
        pass();
        assertEq(vault.pendingRedeemRequest(0, alice), 0);
        assertEq(vault.claimableRedeemRequest(0, alice), 400e18);
        assertEq(vault.claimableRedeemRequest(1, alice), 0);
        assertEq(vault.maxRedeem(alice), 400e18);
        assertEq(vault.maxWithdraw(alice), 400e6 - 1);
    }

    function test_Redeem_PaysInParts() public {
        request(alice, 400e18);
        pass();
        vm.expectEmit(address(vault));
        emit IERC4626.Withdraw(alice, alice, alice, 100e6 - 1, 100e18);
        assertEq(claim(alice, 100e18), 100e6 - 1);
        assertEq(vault.maxRedeem(alice), 300e18);
        assertEq(vault.totalSupply(), 3_900e18);
        assertEq(claim(alice, 300e18), 300e6 - 1);
        assertEq(vault.maxRedeem(alice), 0);
        assertEq(quote.balanceOf(alice), 400e6 - 2);
        (uint256 shares, uint256 value, uint256 claimableAt) = vault.requestOf(alice);
        assertEq(shares + value + claimableAt, 0);
    }

    function test_Withdraw_RevertsWhen_BeyondItsLimits() public {
        request(alice, 400e18);
        pass();
        uint256 now_ = block.timestamp;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.DeadlinePassed.selector, now_ - 1, now_));
        vault.withdraw(100e6, alice, alice, 200e18, 0, now_ - 1);
        vm.expectPartialRevert(IShareVault.AboveMaximum.selector);
        vault.withdraw(100e6, alice, alice, 99e18, 0, now_);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BelowLimit.selector, 100e6, 100e6 + 1));
        vault.withdraw(100e6, alice, alice, 101e18, 100e6 + 1, now_);
        vault.withdraw(100e6, alice, alice, 101e18, 100e6, now_);
        vm.stopPrank();
        assertEq(quote.balanceOf(alice), 100e6);
    }

    function test_Withdraw_TakesTheFewestShares() public {
        request(alice, 400e18);
        pass();
        vm.prank(alice);
        assertApproxEqAbs(vault.withdraw(100e6, carol, alice), 100e18, 1e12);
        assertEq(quote.balanceOf(carol), 100e6);
        uint256 most = vault.maxWithdraw(alice);
        vm.startPrank(alice);
        expectAbove(most + 1, most);
        vault.withdraw(most + 1, alice, alice);
        vault.withdraw(most, alice, alice);
        vm.stopPrank();
        assertEq(vault.maxWithdraw(alice), 0);
    }

    function test_Redeem_GainsAfterTheRequestStayWithTheOthers() public {
        request(alice, 1_000e18);
        earn(4_000e6);
        vault.sync();
        pass();
        assertEq(claim(alice, 1_000e18), 1_000e6 - 1);
        assertApproxEqAbs(vault.convertToAssets(3_000e18), 7_000e6, 10);
    }

    function test_Redeem_LossesAfterTheRequestCount() public {
        request(alice, 1_000e18);
        burn(2_000e18);
        pass();
        assertApproxEqAbs(claim(alice, 1_000e18), 500e6, 1);
    }

    function test_Redeem_LeavingAroundASpreadCosts() public {
        vault.setSpread(40e18);
        pay(carol, 1_000e6);
        pass();
        pass();
        // She pays for 4,040 and gets her share of 4,960, of which there are 4,000 + 990.1 shares.
        assertApproxEqAbs(exitAll(carol), 984_126_984, 2);
    }

    function test_Redeem_RevertsWhen_BeforeCooldown() public {
        request(alice, 1_000e18);
        vm.warp(start + 1 days - 1);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BeforeCooldown.selector, start + 1 days, block.timestamp));
        vault.redeem(1_000e18, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BeforeCooldown.selector, start + 1 days, block.timestamp));
        vault.withdraw(1e6, alice, alice);
        vm.stopPrank();
    }

    function test_Redeem_RevertsWhen_AboveRequest() public {
        request(alice, 400e18);
        pass();
        vm.startPrank(alice);
        expectAbove(400e18 + 1, 400e18);
        vault.redeem(400e18 + 1, alice, alice);
        vm.stopPrank();
        vm.startPrank(bob);
        expectAbove(1, 0);
        vault.redeem(1, bob, bob);
        expectAbove(1, 0);
        vault.withdraw(1, bob, bob);
        vm.stopPrank();
    }

    function test_Redeem_RevertsWhen_Nothing() public {
        request(alice, 400e18);
        pass();
        vm.startPrank(alice);
        expect(IShareVault.ZeroAmount.selector);
        vault.redeem(0, alice, alice);
        expect(IShareVault.ZeroAmount.selector);
        vault.withdraw(0, alice, alice);
        expect(IShareVault.ZeroAddress.selector);
        vault.redeem(1e18, address(0), alice);
        expect(IShareVault.ZeroAddress.selector);
        vault.withdraw(1e6, address(0), alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, 1e12));
        vault.redeem(1e12, alice, alice);
        vm.stopPrank();
    }

    function test_Redeem_RevertsWhen_BelowLimitOrLate() public {
        request(alice, 400e18);
        pass();
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BelowLimit.selector, 400e6 - 1, 400e6));
        vault.redeem(400e18, alice, alice, 400e6, block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(IShareVault.DeadlinePassed.selector, block.timestamp - 1, block.timestamp)
        );
        vault.redeem(400e18, alice, alice, 0, block.timestamp - 1);
        assertEq(vault.redeem(400e18, alice, alice, 400e6 - 1, block.timestamp), 400e6 - 1);
        vm.stopPrank();
    }

    function test_RequestRedeem_RevertsWhen_BelowLimitOrLate() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BelowLimit.selector, VALUE, 400e18));
        vault.requestRedeem(400e18, alice, alice, 400e18, start);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.DeadlinePassed.selector, start - 1, start));
        vault.requestRedeem(400e18, alice, alice, 0, start - 1);
        vault.requestRedeem(400e18, alice, alice, VALUE, start);
        vm.stopPrank();
        assertEq(valueOf(alice), VALUE);
    }

    function test_RequestRedeem_RevertsWhen_Nothing() public {
        vm.startPrank(alice);
        expect(IShareVault.ZeroAmount.selector);
        vault.requestRedeem(0, alice, alice);
        expect(IShareVault.ZeroAddress.selector);
        vault.requestRedeem(1e18, address(0), alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1_000e18, 1_001e18)
        );
        vault.requestRedeem(1_001e18, alice, alice);
        vault.setSpread(5_000e18);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, 1e18));
        vault.requestRedeem(1e18, alice, alice);
        vm.stopPrank();
    }

    function test_Preview_RevertsWhen_Redeeming() public {
        expect(IShareVault.AsynchronousRedemption.selector);
        vault.previewRedeem(1);
        expect(IShareVault.AsynchronousRedemption.selector);
        vault.previewWithdraw(1);
    }

    function test_RequestRedeem_ByAllowance() public {
        vm.prank(alice);
        vault.approve(carol, 300e18);
        vm.startPrank(carol);
        vault.requestRedeem(200e18, carol, alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 100e18, 101e18)
        );
        vault.requestRedeem(101e18, carol, alice);
        vm.stopPrank();
        assertEq(vault.allowance(alice, carol), 100e18);
        assertEq(vault.pendingRedeemRequest(0, carol), 200e18);
        assertEq(vault.pendingRedeemRequest(0, alice), 0);
    }

    function test_Operator_DoesEverythingUntilRevoked() public {
        vm.expectEmit(address(vault));
        emit IShareVault.OperatorSet(alice, carol, true);
        vm.prank(alice);
        assertTrue(vault.setOperator(carol, true));
        assertTrue(vault.isOperator(alice, carol));
        vm.startPrank(carol);
        vault.requestRedeem(100e18, alice, alice);
        vault.requestRedeem(100e18, alice, alice);
        pass();
        vault.redeem(100e18, carol, alice);
        vault.withdraw(50e6, carol, alice);
        vm.stopPrank();
        assertEq(quote.balanceOf(carol), 150e6 - 1);
        vm.prank(alice);
        vault.setOperator(carol, false);
        vm.startPrank(carol);
        bytes memory refusal = abi.encodeWithSelector(IShareVault.NotControllerOrOperator.selector, alice, carol);
        vm.expectRevert(refusal);
        vault.redeem(1e18, carol, alice);
        vm.expectRevert(refusal);
        vault.withdraw(1e6, carol, alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 1e18));
        vault.requestRedeem(1e18, carol, alice);
        vm.stopPrank();
    }

    function test_RequestRedeem_AddingStartsTheCooldownAgain() public {
        request(alice, 400e18);
        vm.warp(start + 23 hours);
        request(alice, 100e18);
        (uint256 shares, uint256 value, uint256 claimableAt) = vault.requestOf(alice);
        assertEq(shares, 500e18);
        assertApproxEqAbs(value, 500e18, 2e11);
        assertEq(claimableAt, start + 47 hours);
        vm.warp(start + 47 hours);
        claim(alice, 500e18);
    }

    /// @dev Nobody postpones another's claim, whether it waits or can be claimed.
    function test_RequestRedeem_RevertsWhen_AddingToAnothers() public {
        request(alice, 400e18);
        bytes memory refusal = abi.encodeWithSelector(IShareVault.NotControllerOrOperator.selector, alice, bob);
        vm.prank(bob);
        vm.expectRevert(refusal);
        vault.requestRedeem(1e18, alice, bob);
        pass();
        vm.prank(bob);
        vm.expectRevert(refusal);
        vault.requestRedeem(1e18, alice, bob);
        claim(alice, 400e18);
        vm.prank(bob);
        vault.requestRedeem(1e18, alice, bob);
        assertEq(vault.pendingRedeemRequest(0, alice), 1e18);
    }

    function test_Redeem_WhileADeficitStandsPaysItsProportion() public {
        request(alice, 1_000e18);
        pass();
        makeDeficit(1_000e18);
        uint256 held = house.reserveOf(QUOTE).held;
        uint256 expected = ((1_000e6 - 1) * held) / (held + 1_000e18);
        uint256 paid = claim(alice, 1_000e18);
        assertApproxEqAbs(paid, expected, 1, "DEF-1");
        assertLt(paid, 1_000e6);
        assertEq(vault.totalSupply(), 3_000e18);
        assertEq(locked(), 0, "what the deficit took was no gain");
        assertApproxEqAbs(totalValue(), 3_000e18, 1e13, "and nothing the others lost");
    }

    function test_Redeem_LimitHoldsWhileADeficitStands() public {
        request(alice, 1_000e18);
        pass();
        makeDeficit(1_000e18);
        vm.prank(alice);
        vm.expectPartialRevert(IShareVault.BelowLimit.selector);
        vault.redeem(1_000e18, alice, alice, 1_000e6 - 1, block.timestamp);
    }

    function test_Redeem_RevertsWhen_TheRowIsBound() public {
        fund(carol, carolId, 1_000_000e6);
        openLeg(ETH, row, carolId, 15e18);
        request(bob, 3_000e18);
        pass();
        vm.prank(bob);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        vault.redeem(3_000e18, bob, bob);
        claim(bob, 500e18);
    }

    function testFuzz_Claim_QuotesAreWhatIsExecuted(uint256 shares, uint256 loss, uint256 gain, bool byAssets) public {
        request(alice, bound(shares, 1e13, 1_000e18));
        burn(bound(loss, 0, 3_900e18));
        vault.sync();
        earn(bound(gain, 1, 10_000e6));
        pass();
        (uint256 most, uint256 assets) = (vault.maxRedeem(alice), vault.maxWithdraw(alice));
        if (assets == 0) return assertEq(most, 0);
        vm.startPrank(alice);
        if (byAssets) assertLe(vault.withdraw(assets, alice, alice), most, "QUOTE-1");
        else assertEq(vault.redeem(most, alice, alice), assets, "QUOTE-1");
        vm.stopPrank();
        assertEq(quote.balanceOf(alice), assets, "QUOTE-1");
    }

    /// @dev Parts are never worth more than the whole.
    function testFuzz_Redeem_PartsAreNoMore(uint256 first, uint256 loss) public {
        first = bound(first, 1e15, 999e18);
        request(alice, 1_000e18);
        burn(bound(loss, 0, 3_900e18));
        pass();
        uint256 whole = vault.maxWithdraw(alice);
        uint256 value = valueOf(alice);
        uint256 paid = claim(alice, first);
        assertLe(valueOf(alice) * 1_000e18, value * (1_000e18 - first), "what is left is worth no more per share");
        assertLe(paid + claim(alice, 1_000e18 - first), whole);
    }

    /// @dev Whatever she does, the row earning nothing, she takes out no more than she put in.
    function testFuzz_Sequence_TakesOutNoMoreThanWentIn(uint256[12] memory steps) public {
        uint256 paidIn;
        for (uint256 i = 0; i < 12; ++i) {
            (uint256 kind, uint256 amount) = (steps[i] % 5, steps[i] >> 8);
            if (kind == 0) {
                amount = bound(amount, 1, 1e12);
                pay(carol, amount);
                paidIn += amount;
            } else if (kind == 1 && vault.balanceOf(carol) > 1e12) {
                request(carol, bound(amount, 2, vault.balanceOf(carol)));
            } else if (kind == 2 && vault.maxWithdraw(carol) != 0) {
                amount = bound(amount, 1, vault.maxWithdraw(carol));
                vm.prank(carol);
                vault.withdraw(amount, carol, carol);
            } else if (kind == 3 && vault.maxRedeem(carol) > 1e13) {
                claim(carol, bound(amount, 1e13, vault.maxRedeem(carol)));
            } else {
                vm.warp(block.timestamp + (amount % 2 days));
                refresh();
            }
        }
        if (vault.balanceOf(carol) > 1) requestAll(carol);
        pass();
        if (vault.maxRedeem(carol) != 0) claim(carol, vault.maxRedeem(carol));
        assertLe(quote.balanceOf(carol), paidIn);
        assertGe(vault.convertToAssets(4_000e18), 4_000e6 - 1, "nor do the others lose");
    }

    /// @dev All claims together are never more than the row has, after any gain and loss.
    function testFuzz_Claims_SumToNoMoreThanTheRow(uint256 gain, uint256 loss, uint256 more, bool late) public {
        earn(bound(gain, 1, 10_000e6));
        vault.sync();
        if (late) vm.warp(block.timestamp + 13 hours);
        requestAll(alice);
        burn(bound(loss, 0, 3_900e18));
        pay(carol, bound(more, 1e6, 1e12));
        requestAll(bob);
        requestAll(carol);
        pass();
        uint256 cash = uint256(house.cashOf(row)) / 1e12;
        uint256 paid = claim(bob, 3_000e18) + claim(carol, vault.maxRedeem(carol)) + claim(alice, 1_000e18);
        assertLe(paid, cash);
        assertEq(vault.totalSupply(), 0);
    }
}
