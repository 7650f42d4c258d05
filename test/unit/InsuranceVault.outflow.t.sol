// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HouseTerms} from "../../contracts/core/Ledger.sol";
import {IInsuranceVault} from "../../contracts/interfaces/IInsuranceVault.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {InsuranceTest} from "../support/InsuranceTest.sol";

/// @dev A test is one transaction: what must count as held before it is deposited in `setUp`.
contract InsuranceVaultOutflowTest is InsuranceTest {
    uint256 internal shares;

    function setUp() public override {
        super.setUp();
        shares = enter(lina, 1_000_000e6);
        stockWeth(10e18);
        give(bob, 100_000e6);
    }

    function test_Redeem_ToTheEdgeOfTheOutflow() public {
        ask(lina, shares);
        wait_(7 days);
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 0, 0, 5_00, 0));
        uint256 left = house.outflowLeft(QUOTE) / 1e12;
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, left - 100_000e6, carol);
        uint256 most = vault.maxWithdraw(lina);
        assertEq(most, 100_000e6);
        uint256 due = vault.maxRedeem(lina);
        assertLt(due, shares);
        vm.startPrank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, most + 1, most));
        vault.withdraw(most + 1, lina, lina);
        assertApproxEqAbs(vault.redeem(due, lina, lina), most, 1);
        assertLe(vault.maxWithdraw(lina), 1);
    }

    /// @dev 5 % of what is held, or 1 % of the total limit.
    function test_BuySpot_ShrinksToTheOutflow() public {
        configurator.setLimits(WETH, limits(50e18, 1e18));
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 0, 0, 5_00, 0));
        assertEq(vault.forSale(WETH), 0.5e18);
        vm.startPrank(bob);
        (uint256 bought, ) = vault.buySpot(WETH, 2e18, 4_000e6, block.timestamp);
        assertEq(bought, 0.5e18);
        assertEq(vault.forSale(WETH), 0);
        vm.expectPartialRevert(IInsuranceVault.NothingForSale.selector);
        vault.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        vm.stopPrank();
        wait_(1 hours);
        assertEq(vault.forSale(WETH), 0.5e18);
    }
}
