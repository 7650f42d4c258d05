// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {AssetState} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {Incentives} from "../../contracts/libraries/Incentives.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {settlementRow} from "../../contracts/types/Rows.sol";
import {PayingTest} from "../support/PayingTest.sol";

/// @notice What an offset leaves of a leg, or of a row, to whoever comes after it.
contract LeftoversTest is PayingTest {
    /// @dev At which a short of 2,000 is bankrupt.
    uint256 private constant MARK = 9_000e18;
    AccountId internal row = settlementRow(ETH);

    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    /// @dev The row of a market that ends took bob's long over, which went with all others in an offset: it has nothing to close.
    function testFuzz_Retire_WhenTheRowWasOffset(uint256 first, uint256 second) public {
        (first, second) = (bound(first, 1, 50e18), bound(second, 1, 50e18));
        fund(alice, aliceId, 100_000e6);
        openLeg(ETH, bobId, carolId, int256(first));
        openLeg(ETH, aliceId, carolId, int256(second));
        setState(ETH, AssetState.Settling);
        settle(bobId);
        ClearingHouseHarness(address(house)).forceOffset(carolId, ETH, first + second);
        assertEq(house.positionOf(row, ETH).size, int256(first), "it has not been touched since");
        int256 cash = cashOfAll() + liveCash(row);
        settle(aliceId);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, ETH));
        house.examine(aliceId, ETH);
        assertEq(house.positionOf(row, ETH).size, 0);
        assertEq(house.legsOf(row).length, 0);
        assertEq(house.cashOf(row), 0);
        assertApproxEqAbs(cashOfAll(), cash, 2, "CASH-1");
    }

    /// @dev Two shorts were rounded up, so that the second has two wei that no long has; insurance pays for the leg asked for.
    function test_Offset_InsuredTipOfALegWithoutAnOtherSide() public {
        (AccountId weak, uint256 size) = roundedUp();
        assertEq(size, openInterest(ETH) + 2);
        IClearingHouse.Liquidation memory t = offsetTerms(weak, ETH, size);
        t.insuredTip = Incentives.insured((size * MARK) / 1e18);
        assertGt(t.insuredTip, Incentives.insured((openInterest(ETH) * MARK) / 1e18), "more than of what closes");
        offset(t);
        assertEq(uint256(house.cashOf(keeperId)), t.insuredTip);
        assertEq(openInterest(ETH), 0);
        assertEq(house.legsOf(weak).length, 0, "nothing is left over");
    }

    function test_Offset_RevertsWhen_InsuredTipIsOfMoreThanTheLeg() public {
        (AccountId weak, uint256 size) = roundedUp();
        IClearingHouse.Liquidation memory t = offsetTerms(weak, ETH, type(uint96).max);
        uint256 bound = Incentives.insured((size * MARK) / 1e18);
        t.insuredTip = bound + 1;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, bound + 1, bound));
        vm.prank(stage);
        house.offset(t);
    }

    /// @dev A third of three is left of a market: each short keeps a wei more than its half. One of them leaves, the other is bankrupt.
    function roundedUp() internal returns (AccountId weak, uint256 size) {
        insure(100_000e6);
        weak = seat("weak", 1_100e6);
        AccountId gone = seat("gone", 10_000e6);
        fund(bob, bobId, 10_000e6);
        fund(alice, aliceId, 270e6);
        openLeg(ETH, aliceId, weak, 1e18);
        openLeg(ETH, aliceId, gone, 1e18);
        openLeg(ETH, bobId, weak, 0.5e18);
        openLeg(ETH, bobId, gone, 0.5e18);
        setPrice(ETH, 1_700e18);
        offset(aliceId, ETH);
        trade(ETH, gone, bobId, uint256(-sizeOf(gone, ETH)), 1_700e18);
        setPrice(ETH, MARK);
        size = uint256(-sizeOf(weak, ETH));
    }
}
