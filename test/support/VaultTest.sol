// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {RowVault} from "../../contracts/mocks/RowVault.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {BallastTest} from "./BallastTest.sol";

/// @notice A vault with shares of one account of the clearing house.
abstract contract VaultTest is BallastTest {
    RowVault internal vault;
    AccountId internal row;

    function setUp() public virtual override {
        super.setUp();
        vault = new RowVault(house, address(quote));
        row = vault.account();
    }

    function pay(address payer, uint256 assets) internal returns (uint256) {
        give(payer, assets);
        vm.prank(payer);
        return vault.deposit(assets, payer);
    }

    function give(address payer, uint256 assets) internal {
        quote.mint(payer, assets);
        vm.prank(payer);
        quote.approve(address(vault), type(uint256).max);
    }

    /// @dev Value that comes into the row from outside.
    function earn(uint256 assets) internal {
        fund(makeAddr("benefactor"), row, assets);
    }

    /// @dev Value that leaves the row.
    function burn(uint256 value) internal {
        refresh();
        if (value == 0) return;
        vm.prank(address(vault));
        house.transferCash(row, keeperId, value);
    }

    function request(address owner, uint256 shares) internal {
        vm.prank(owner);
        vault.requestRedeem(shares, owner, owner);
    }

    function claim(address owner, uint256 shares) internal returns (uint256) {
        vm.prank(owner);
        return vault.redeem(shares, owner, owner);
    }

    function requestAll(address owner) internal returns (uint256 shares) {
        shares = vault.balanceOf(owner);
        request(owner, shares);
    }

    function exitAll(address owner) internal returns (uint256) {
        uint256 shares = requestAll(owner);
        pass();
        return claim(owner, shares);
    }

    function pass() internal {
        vm.warp(block.timestamp + 1 days);
        refresh();
    }

    function totalValue() internal view returns (uint256) {
        return vault.status().value;
    }

    function locked() internal view returns (uint256) {
        return vault.status().locked;
    }

    function valueOf(address owner) internal view returns (uint256 value) {
        (, value, ) = vault.requestOf(owner);
    }

    function expect(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expectAbove(uint256 amount, uint256 most) internal {
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, amount, most));
    }
}
