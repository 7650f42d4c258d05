// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseDepositTest is BallastTest {
    function test_Deposit_CreditsScaledQuote() public {
        quote.mint(alice, 250e6);
        vm.startPrank(alice);
        quote.approve(address(house), 250e6);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(aliceId, 250e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.Deposited(aliceId, QUOTE, alice, 250e18, 250e18);
        house.deposit(aliceId, QUOTE, 250e6);
        assertEq(house.cashOf(aliceId), 250e18);
        assertEq(house.reserveOf(QUOTE).held, 251e18, "alice and the dust row");
    }

    function test_Deposit_ForOthers() public {
        fund(bob, aliceId, 10e6);
        assertEq(house.cashOf(aliceId), 10e18);
    }

    function test_Deposit_SubAccountsAreApart() public {
        AccountId second = accountId(alice, 7);
        fund(alice, second, 10e6);
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.cashOf(second), 10e18);
        assertEq(second.ownerOf(), alice);
        assertEq(second.subIdOf(), 7);
    }

    function test_Deposit_RevertsWhen_NewLegFromStranger() public {
        weth.mint(bob, 1e18);
        vm.startPrank(bob);
        weth.approve(address(house), 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NewLegNeedsOwner.selector, aliceId, WETH));
        house.deposit(aliceId, WETH, 1e18);
    }

    function test_Deposit_StrangerMayAddToHeldLeg() public {
        fundSpot(alice, aliceId, 1e18);
        fundSpot(bob, aliceId, 2e18);
        assertEq(house.positionOf(aliceId, WETH).size, 3e18);
        assertEq(house.legsOf(aliceId).length, 1);
    }

    function test_Deposit_OperatorOpensLeg() public {
        vm.prank(alice);
        house.setOperator(bob, true);
        fundSpot(bob, aliceId, 1e18);
        assertEq(house.positionOf(aliceId, WETH).size, 1e18);
    }

    function test_Deposit_RevertsWhen_UnknownAsset() public {
        AssetId unknown = AssetId.wrap(99);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, unknown));
        house.deposit(aliceId, unknown, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, ETH));
        house.deposit(aliceId, ETH, 1);
    }

    function test_Deposit_RevertsWhen_Zero() public {
        vm.expectRevert(IClearingHouse.ZeroAmount.selector);
        house.deposit(aliceId, QUOTE, 0);
    }

    function test_Deposit_ReservedRows() public {
        fund(alice, TREASURY, 1e6);
        fund(alice, INSURANCE, 1e6);
        fund(alice, DUST, 1e6);
        quote.mint(alice, 1e6);
        vm.startPrank(alice);
        AccountId row = deficitRow(ETH);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, row));
        house.deposit(row, QUOTE, 1e6);
        AccountId nobody = AccountId.wrap(77);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, nobody));
        house.deposit(nobody, QUOTE, 1e6);
    }

    function test_Deposit_WithPermit() public {
        (address owner, uint256 key) = makeAddrAndKey("permitter");
        quote.mint(owner, 5e6);
        bytes32 digest = keccak256(
            abi.encodePacked(
                "\x19\x01",
                quote.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        owner,
                        address(house),
                        5e6,
                        0,
                        block.timestamp
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        // Somebody else uses the permit first: the deposit still works.
        quote.permit(owner, address(house), 5e6, block.timestamp, v, r, s);
        vm.prank(owner);
        house.depositWithPermit(accountId(owner, 0), QUOTE, 5e6, block.timestamp, v, r, s);
        assertEq(house.cashOf(accountId(owner, 0)), 5e18);
    }

    function test_Deposit_RevertsWhen_SpotAboveLimit() public {
        configurator.setLimits(WETH, limits(4e18, 0.5e18));
        weth.mint(alice, 10e18);
        vm.startPrank(alice);
        weth.approve(address(house), 10e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SizeAboveLimit.selector, aliceId, WETH, 2e18 + 1, 2e18));
        house.deposit(aliceId, WETH, 2e18 + 1);
        house.deposit(aliceId, WETH, 2e18);
        AccountId second = accountId(alice, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OpenInterestAboveLimit.selector, WETH, 4e18 + 1, 4e18));
        house.deposit(second, WETH, 2e18 + 1);
        house.deposit(second, WETH, 2e18);
    }

    function test_Skim_CreditsDonationsToTreasuryOnly() public {
        fund(alice, aliceId, 10e6);
        quote.mint(address(house), 3e6);
        weth.mint(address(house), 2e18);
        assertEq(house.skim(QUOTE), 3e18);
        assertEq(house.skim(WETH), 2e18);
        assertEq(house.skim(QUOTE), 0);
        assertEq(house.cashOf(TREASURY), 3e18);
        assertEq(house.cashOf(aliceId), 10e18);
        configurator.withdrawTreasury(QUOTE, 3e6, carol);
        configurator.withdrawTreasury(WETH, 2e18, carol);
        assertEq(quote.balanceOf(carol), 3e6);
        assertEq(weth.balanceOf(carol), 2e18);
    }
}
