// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseTransferCashTest is BallastTest {
    AccountId internal second = accountId(alice, 1);

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 1_000e6);
        fund(carol, carolId, 1_000_000e6);
    }

    function testFuzz_TransferCash_MovesAnyWei(uint256 value) public {
        value = bound(value, 1, 1_000e18);
        uint256 held = house.reserveOf(QUOTE).held;
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(aliceId, int256(1_000e18 - value));
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(bobId, int256(value));
        vm.prank(alice);
        house.transferCash(aliceId, bobId, value);
        assertEq(house.cashOf(aliceId) + house.cashOf(bobId), 1_000e18);
        assertEq(house.reserveOf(QUOTE).held, held, "no token moves");
    }

    function test_TransferCash_OperatorMovesBetweenSubAccounts() public {
        vm.prank(alice);
        house.setOperator(bob, true);
        vm.prank(bob);
        house.transferCash(aliceId, second, 400e18);
        assertEq(house.cashOf(second), 400e18);
    }

    function test_TransferCash_RevertsWhen_Stranger() public {
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, aliceId, bob));
        house.transferCash(aliceId, bobId, 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, INSURANCE, bob));
        house.transferCash(INSURANCE, bobId, 1);
    }

    function test_TransferCash_RevertsWhen_ReservedRow() public {
        AccountId[4] memory rows = [TREASURY, INSURANCE, DUST, deficitRow(ETH)];
        vm.startPrank(alice);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, rows[i]));
            house.transferCash(aliceId, rows[i], 1);
        }
    }

    function test_TransferCash_RevertsWhen_ToItself() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, aliceId));
        house.transferCash(aliceId, aliceId, 1);
    }

    function test_TransferCash_RevertsWhen_Zero() public {
        vm.prank(alice);
        vm.expectRevert(IClearingHouse.ZeroAmount.selector);
        house.transferCash(aliceId, bobId, 0);
    }

    function test_TransferCash_RevertsWhen_BeyondCash() public {
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientCash.selector, aliceId, 1_000e18, 1_000e18 + 1)
        );
        house.transferCash(aliceId, bobId, 1_000e18 + 1);
        house.transferCash(aliceId, bobId, 1_000e18);
    }

    function test_TransferCash_RevertsWhen_BelowInitialMargin() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, aliceId, 200.04e18 - 1, 200.04e18)
        );
        house.transferCash(aliceId, bobId, 799.96e18 + 1);
        house.transferCash(aliceId, bobId, 799.96e18);
    }

    function test_TransferCash_RevertsWhen_AgainstSpot() public {
        fundSpot(alice, aliceId, 1e18);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientQuote.selector, aliceId, int256(-1)));
        house.transferCash(aliceId, bobId, 1_000e18 + 1);
        house.transferCash(aliceId, bobId, 1_000e18);
    }

    function test_TransferCash_KeepsTheClaimDuringADeficit() public {
        makeDeficit(1_000e18);
        vm.prank(alice);
        house.transferCash(aliceId, bobId, 1_000e18);
        assertEq(house.cashOf(bobId), 1_000e18);
        assertEq(house.totalDeficit(), 1_000e18);
    }

    // ---- setOperator

    function test_SetOperator_AppliesToEverySubAccountAndEnds() public {
        vm.expectEmit(address(house));
        emit IClearingHouse.OperatorSet(alice, bob, true);
        vm.prank(alice);
        house.setOperator(bob, true);
        assertTrue(house.isOperator(alice, bob));
        assertFalse(house.isOperator(bob, alice));
        vm.prank(bob);
        house.transferCash(aliceId, second, 1);
        vm.prank(bob);
        house.transferCash(second, aliceId, 1);
        vm.expectEmit(address(house));
        emit IClearingHouse.OperatorSet(alice, bob, false);
        vm.prank(alice);
        house.setOperator(bob, false);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, aliceId, bob));
        house.transferCash(aliceId, second, 1);
    }
}
