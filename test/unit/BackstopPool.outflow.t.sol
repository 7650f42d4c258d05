// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HouseTerms} from "../../contracts/core/Ledger.sol";
import {IBackstopPool} from "../../contracts/interfaces/IBackstopPool.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {BackstopTest} from "../support/BackstopTest.sol";

/// @dev A test is one transaction: what must count as held before it is deposited in `setUp`.
contract BackstopPoolOutflowTest is BackstopTest {
    uint256 internal shares;
    uint256 internal taken;

    function setUp() public override {
        super.setUp();
        shares = enter(lina, 1_000_000e6);
        taken = absorbSpot();
    }

    /// @dev What goes to the buyer leaves the ledger: 5 % of what is held, or 1 % of the total limit.
    function test_BuySpot_ShrinksToTheOutflow() public {
        configurator.setLimits(WETH, limits(50e18, 1e18));
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 0, 0, 5_00, 0));
        assertEq(backstop.unwindable(WETH), 0.5e18);
        buyer();
        (uint256 bought, ) = backstop.buySpot(WETH, 2e18, 4_000e6, block.timestamp);
        assertEq(bought, 0.5e18);
        assertEq(held(WETH), int256(taken - 0.5e18));
        assertEq(backstop.unwindable(WETH), 0);
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        vm.stopPrank();
        wait_(1 hours);
        assertEq(backstop.unwindable(WETH), 0.5e18);
    }

    function test_Redeem_ToTheEdgeOfTheOutflow() public {
        ask(lina, shares);
        wait_(3 days);
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 0, 0, 5_00, 0));
        uint256 left = house.outflowLeft(QUOTE) / 1e12;
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, left - 100_000e6, carol);
        uint256 most = backstop.maxWithdraw(lina);
        assertEq(most, 100_000e6);
        assertLt(backstop.maxRedeem(lina), shares);
        vm.startPrank(lina);
        vm.expectPartialRevert(IClearingHouse.WithdrawalAboveLimit.selector);
        backstop.withdraw(most + 1, lina, lina);
        backstop.withdraw(most, lina, lina);
        assertEq(backstop.maxWithdraw(lina), 0);
        assertEq(backstop.maxRedeem(lina), 0);
    }

    function buyer() internal {
        quote.mint(bob, 10_000e6);
        vm.startPrank(bob);
        quote.approve(address(backstop), type(uint256).max);
    }
}
