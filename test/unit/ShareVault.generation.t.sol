// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {VaultTest} from "../support/VaultTest.sol";

contract ShareVaultGenerationTest is VaultTest {
    function setUp() public override {
        super.setUp();
        fund(carol, carolId, 1_000_000e6);
        pay(alice, 1_000e6);
        openLeg(ETH, row, carolId, 4e18);
    }

    /// @dev Four ETH bought at 2,000 with 1,000: nothing is left at 1,750.
    function drop(uint256 price) internal {
        setPrice(ETH, price);
    }

    function test_Sync_EndsTheGenerationWithoutEquity() public {
        request(alice, 400e18);
        drop(1_750e18);
        assertEq(vault.status().equity, 0);
        vm.expectEmit(address(vault));
        emit IShareVault.GenerationEnded(0, 1_000e18);
        vault.sync();
        assertEq(vault.status().generation, 1);
        assertEq(vault.totalSupply(), 0);
        assertEq(vault.balanceOf(alice), 0);
        assertEq(vault.balanceOf(address(vault)), 0);
        assertEq(vault.totalAssets(), 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, 1));
        vault.transfer(bob, 1);
    }

    function test_Sync_EndsOnce() public {
        drop(1_700e18);
        vault.sync();
        vault.sync();
        assertEq(vault.status().generation, 1, "without shares there is nothing to end");
    }

    function test_Sync_OneWeiOfEquityIsEnough() public {
        drop(1_750.01e18);
        vault.sync();
        assertEq(vault.status().generation, 0);
        assertEq(vault.balanceOf(alice), 1_000e18);
        assertApproxEqAbs(vault.convertToAssets(1_000e18), 0.04e6, 1);
    }

    function test_Requests_EndWithTheirGeneration() public {
        request(alice, 400e18);
        pass();
        drop(1_740e18);
        assertEq(vault.claimableRedeemRequest(0, alice), 0, "views know before the sync");
        assertEq(vault.maxRedeem(alice), 0);
        assertEq(vault.maxWithdraw(alice), 0);
        assertEq(vault.pendingRedeemRequest(0, alice), 0);
        vm.prank(alice);
        expectAbove(400e18, 0);
        vault.redeem(400e18, alice, alice);
        vault.sync();
        drop(2_100e18);
        assertEq(vault.claimableRedeemRequest(0, alice), 0, "and it does not come back");
        vm.prank(alice);
        expectAbove(400e18, 0);
        vault.redeem(400e18, alice, alice);
        pay(bob, 1_000e6);
        assertEq(vault.claimableRedeemRequest(0, alice), 0);
        assertEq(vault.balanceOf(alice), 0);
    }

    function test_Deposit_RevertsWhen_EquityIsNegative() public {
        drop(1_700e18);
        assertEq(vault.maxDeposit(bob), 0);
        assertEq(vault.maxMint(bob), 0);
        give(bob, 10e6);
        bytes memory refusal = abi.encodeWithSelector(IShareVault.NegativeEquity.selector, -200e18);
        vm.startPrank(bob);
        vm.expectRevert(refusal);
        vault.deposit(10e6, bob);
        vm.expectRevert(refusal);
        vault.mint(10e18, bob);
        vm.expectRevert(refusal);
        vault.previewDeposit(1);
        vm.expectRevert(refusal);
        vault.previewMint(1);
        vm.stopPrank();
    }

    function test_Deposit_OpensTheNextGeneration() public {
        drop(1_750e18);
        uint256 quoted = vault.previewDeposit(1_000e6);
        assertEq(pay(bob, 1_000e6), quoted, "QUOTE-1");
        assertEq(quoted, 1_000e18, "at the price of a first share");
        assertEq(vault.status().generation, 1);
        assertEq(vault.balanceOf(bob), 1_000e18);
        assertEq(vault.balanceOf(alice), 0);
        assertEq(vault.totalSupply(), 1_000e18);
        trade(ETH, carolId, row, 4e18, 1_750e18);
        request(bob, 500e18);
        pass();
        assertEq(claim(bob, 500e18), 500e6 - 1);
    }

    function test_Deposit_AfterADebtIsPaid() public {
        drop(1_700e18);
        vault.sync();
        earn(200e6);
        pay(bob, 1_000e6);
        assertEq(vault.balanceOf(bob), 1_000e18);
    }

    /// @dev What reappears belongs to the virtual shares, not to whoever comes first.
    function testFuzz_Deposit_ReappearedValueIsNoWindfall(uint256 price, uint256 deposit, bool booked) public {
        drop(1_700e18);
        vault.sync();
        price = bound(price, 1_750e18, 100_000e18);
        drop(price);
        // Carol's side pays for it.
        fund(carol, carolId, 1_000_000e6);
        if (booked) vault.sync();
        assertEq(locked(), 0, "nobody's gain");
        deposit = bound(deposit, 1e6, 1e12);
        pay(bob, deposit);
        uint256 shares = vault.balanceOf(bob);
        assertLe(vault.convertToAssets(shares), deposit);
        assertGe(vault.convertToAssets(shares) + deposit / 500_000 + 1, deposit, "nor a loss");
        pass();
        pass();
        vault.sync();
        assertLe(vault.convertToAssets(shares), deposit);
    }

    /// @dev Old numbers leave no trace in the next generation.
    function test_Generation_StartsWithoutLockedGains() public {
        drop(2_200e18);
        vault.sync();
        assertEq(locked(), 800e18);
        drop(1_600e18);
        vault.sync();
        assertEq(locked(), 0);
        drop(2_000e18);
        vault.sync();
        assertEq(locked(), 0);
        assertEq(totalValue(), 1_000e18);
    }

    function test_Supply_LastOneOutLeavesNoLock() public {
        trade(ETH, carolId, row, 4e18, 2_000e18);
        earn(500e6);
        vault.sync();
        uint256 shares = requestAll(alice);
        pass();
        claim(alice, shares);
        assertEq(vault.totalSupply(), 0);
        assertApproxEqAbs(totalValue(), 500e18, 1e13, "what she left behind");
        pay(bob, 1_000e6);
        assertEq(locked(), 0);
        assertApproxEqAbs(vault.convertToAssets(vault.balanceOf(bob)), 1_000e6, 2);
    }

    /// @dev Requests of two generations do not mix.
    function test_Requests_OfTheNextGenerationStartFromNothing() public {
        request(alice, 400e18);
        drop(1_750e18);
        pay(alice, 1_000e6);
        vm.prank(bob);
        vault.setOperator(alice, true);
        request(alice, 100e18);
        (uint256 shares, uint256 value, ) = vault.requestOf(alice);
        assertEq(shares, 100e18);
        assertApproxEqAbs(value, 100e18, 1e12);
    }
}
