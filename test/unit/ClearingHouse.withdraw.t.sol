// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {TREASURY} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseWithdrawTest is BallastTest {
    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    function withdraw(address caller, AccountId account, uint256 amount, address to) internal returns (uint256) {
        vm.prank(caller);
        return house.withdraw(account, QUOTE, amount, to);
    }

    function openLong(uint256 margin) internal {
        fund(alice, aliceId, margin);
        fund(bob, bobId, 100_000e6);
        trade(ETH, aliceId, bobId, 1e18, 2_000e18);
    }

    function test_Withdraw_Flat() public {
        fund(alice, aliceId, 10e6);
        vm.expectEmit(address(house));
        emit IClearingHouse.Withdrawn(aliceId, QUOTE, carol, 4e18, 4e6, 6e18);
        assertEq(withdraw(alice, aliceId, 4e6, carol), 4e6);
        assertEq(quote.balanceOf(carol), 4e6);
        assertEq(house.reserveOf(QUOTE).held, 7e18);
    }

    function test_Withdraw_RevertsWhen_StrangerOrReserved() public {
        fund(alice, aliceId, 10e6);
        bytes memory refusal = abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, aliceId, bob);
        vm.expectRevert(refusal);
        withdraw(bob, aliceId, 1, bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, TREASURY, address(0)));
        withdraw(address(0), TREASURY, 1, bob);
    }

    function test_Withdraw_OperatorPaysOwnerOnly() public {
        fund(alice, aliceId, 10e6);
        vm.prank(alice);
        house.setOperator(bob, true);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.RecipientNotOwner.selector, aliceId, bob));
        withdraw(bob, aliceId, 1e6, bob);
        withdraw(bob, aliceId, 1e6, alice);
        vm.prank(alice);
        house.setOperator(bob, false);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, aliceId, bob));
        withdraw(bob, aliceId, 1e6, alice);
    }

    function test_Withdraw_RevertsWhen_ZeroOrTooMuch() public {
        fund(alice, aliceId, 10e6);
        vm.expectRevert(IClearingHouse.ZeroAmount.selector);
        withdraw(alice, aliceId, 0, alice);
        vm.expectRevert(IClearingHouse.ZeroAddress.selector);
        withdraw(alice, aliceId, 1, address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientCash.selector, aliceId, int256(10e18), 10e18 + 1e12)
        );
        withdraw(alice, aliceId, 10e6 + 1, alice);
        withdraw(alice, aliceId, 10e6, alice);
    }

    /// @dev Long 1 at 2,000 needs 200.04 initial margin: the edge lies at the token unit.
    function test_Withdraw_InitialMarginEdge() public {
        openLong(250e6);
        (uint256 amount, ) = lens.withdrawable(aliceId);
        assertEq(amount, 49.96e6);
        Assessor.Assessment memory a = house.assess(aliceId);
        assertEq(a.initial, 200.04e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, aliceId, 200.04e18 - 1e12, 200.04e18)
        );
        withdraw(alice, aliceId, amount + 1, alice);
        withdraw(alice, aliceId, amount, alice);
    }

    function testFuzz_Withdraw_LensIsTheEdge(uint256 margin, uint256 price) public {
        openLong(bound(margin, 201e6, 2_000e6));
        setPrice(ETH, bound(price, 1_700e18, 2_600e18));
        (uint256 amount, uint256 paid) = lens.withdrawable(aliceId);
        vm.expectRevert();
        withdraw(alice, aliceId, amount + 1, alice);
        if (amount != 0) assertEq(withdraw(alice, aliceId, amount, alice), paid);
    }

    function test_Withdraw_ProfitCountsLessHaircutAndAtSlow() public {
        openLong(250e6);
        setPrice(ETH, 2_400e18);
        (uint256 amount, ) = lens.withdrawable(aliceId);
        assertLt(amount, 60e6, "slow has not moved: nothing of the jump can leave");
        settlePrice(ETH, 2_400e18);
        (amount, ) = lens.withdrawable(aliceId);
        // 650 equity, 240.0576 initial, 30 % of 400 reserved.
        assertEq(amount, 289.9424e6);
    }

    function test_Withdraw_RevertsWhen_QuoteAgainstSpot() public {
        fundSpot(alice, aliceId, 10e18);
        fund(bob, bobId, 100_000e6);
        trade(ETH, aliceId, bobId, 1e18, 2_000e18);
        settlePrice(ETH, 2_100e18);
        fund(alice, aliceId, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientQuote.selector, aliceId, -int256(1e12)));
        withdraw(alice, aliceId, 101e6 + 1, alice);
        withdraw(alice, aliceId, 101e6, alice);
    }

    function test_Withdraw_Spot() public {
        fundSpot(alice, aliceId, 10e18);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientSize.selector, aliceId, WETH, 10e18, 10e18 + 1)
        );
        house.withdraw(aliceId, WETH, 10e18 + 1, alice);
        house.withdraw(aliceId, WETH, 10e18, alice);
        assertEq(weth.balanceOf(alice), 10e18);
        assertEq(house.legsOf(aliceId).length, 0);
        assertEq(house.reserveOf(WETH).held, 0);
    }

    function test_TransferCash() public {
        openLong(250e6);
        AccountId second = accountId(alice, 1);
        vm.startPrank(alice);
        house.transferCash(aliceId, second, 49e18);
        assertEq(house.cashOf(second), 49e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, aliceId, 199e18, 200.04e18));
        house.transferCash(aliceId, second, 2e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        house.transferCash(second, TREASURY, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, second));
        house.transferCash(second, second, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientCash.selector, second, 49e18, 50e18));
        house.transferCash(second, aliceId, 50e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, bobId, alice));
        house.transferCash(bobId, second, 1);
    }

    /// @dev Everybody withdraws everything, in any order, while a deficit stands: the same ratio for each.
    function testFuzz_Withdraw_SameRatioInAnyOrder(uint256 seed, uint256 deficit) public {
        AccountId[5] memory ids;
        for (uint256 i = 0; i < 5; ++i) {
            ids[i] = accountId(alice, uint96(i + 1));
            fund(alice, ids[i], 1_000e6);
        }
        deficit = bound(deficit, 1, 4_000e18);
        ClearingHouseHarness(address(house)).bookSynthetic(ETH, ids[4], deficit);
        uint256 held = house.reserveOf(QUOTE).held;
        uint256 ratio = (held * 1e18) / (held + deficit);
        for (uint256 i = 0; i < 5; ++i) {
            AccountId id = ids[(i + (seed % 5)) % 5];
            uint256 amount = uint256(house.cashOf(id)) / 1e12;
            uint256 paid = withdraw(alice, id, amount, alice);
            assertApproxEqAbs(paid, (amount * ratio) / 1e18, 2, "DEF-1");
        }
        // What nobody took out is still owed at the same ratio to the dust row, which nobody can withdraw.
        uint256 left = house.totalDeficit();
        assertApproxEqAbs((left * 1e18) / (left + house.reserveOf(QUOTE).held), 1e18 - ratio, 1e13, "DEF-1");
    }

    function test_Withdraw_ShortOfHeldPaysWhatIsHeld() public {
        fund(alice, aliceId, 1_000e6);
        fund(bob, bobId, 1_000e6);
        fund(carol, carolId, 1_000e6);
        trade(ETH, aliceId, bobId, 2e18, 2_000e18);
        settlePrice(ETH, 3_500e18);
        // Alice's gain is more than everybody put in: bob, who owes it, is bankrupt and not liquidated yet.
        trade(ETH, carolId, aliceId, 2e18, 3_500e18);
        assertEq(house.cashOf(aliceId), 4_000e18);
        (uint256 amount, uint256 paid) = lens.withdrawable(aliceId);
        assertEq(amount, 4_000e6);
        assertEq(paid, 3_001e6, "what is held");
        assertEq(withdraw(alice, aliceId, amount, alice), paid);
        assertEq(house.cashOf(aliceId), 999e18, "the rest stays cash");
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientHeld.selector, QUOTE, 0, 1e18));
        withdraw(alice, aliceId, 1e6, alice);
    }
}
