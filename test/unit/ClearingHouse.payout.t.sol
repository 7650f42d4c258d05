// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Lens} from "../../contracts/core/Lens.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice What withdrawals pay while a deficit stands, and when less is held than is claimed.
contract ClearingHousePayoutTest is BallastTest {
    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    function withdraw(address caller, AccountId account, uint256 amount, address to) internal returns (uint256) {
        vm.prank(caller);
        return house.withdraw(account, QUOTE, amount, to);
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
        for (uint256 i = 0; i < 5; ++i) {
            AccountId id = ids[(i + (seed % 5)) % 5];
            int256 before = house.cashOf(id);
            uint256 paid = withdraw(alice, id, uint256(before) / 1e12, alice) * 1e12;
            uint256 ended = uint256(before - house.cashOf(id));
            // Each ends its claim at the ratio of the first moment, to the wei per withdrawal, whatever the order.
            assertApproxEqAbs(ended, (paid * (held + deficit)) / held, 6, "DEF-1");
            assertLt(
                house.cashOf(id),
                int256((1e12 * (held + deficit)) / held + 1e12),
                "less than a token unit is left"
            );
        }
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
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        (uint256 amount, uint256 paid) = (w.amount, w.paid);
        assertEq(amount, 4_000e6);
        assertEq(paid, 3_001e6, "what is held");
        assertEq(withdraw(alice, aliceId, amount, alice), paid);
        assertEq(house.cashOf(aliceId), 999e18, "the rest stays cash");
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientHeld.selector, QUOTE, 0, 1e18));
        withdraw(alice, aliceId, 1e6, alice);
    }
}
