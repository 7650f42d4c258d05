// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {deficitRow} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice What an offset of a bankrupt account books is its loss, whatever side the leg is on, and every loss is shared.
contract OffsettingLossTest is LiquidationTest {
    function test_Offset_BooksTheLossOfALong() public {
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        offsetAt(1_700e18);
    }

    function test_Offset_BooksTheLossOfAShort() public {
        trade(ETH, carolId, aliceId, 1e18, 2_000e18);
        offsetAt(2_300e18);
    }

    /// @dev What rounding leaves of one share, over two ticks, does not keep the next loss at the same mark from being shared.
    function testFuzz_Offset_SharesTheSecondLoss(uint256 size, uint256 price) public {
        AccountId second = accountId(alice, 1);
        fund(alice, second, 300e6);
        size = bound(size, 0.98e18, 1e18);
        trade(ETH, aliceId, carolId, size, 2_000e18);
        fall(ETH, 2_060e18);
        trade(ETH, second, bobId, size, 2_060e18);
        fall(ETH, bound(price, 1_700e8, 1_720e8) * 1e10);
        for (uint256 i = 0; i < 3 && sizeOf(aliceId, ETH) != 0; ++i) {
            step(aliceId, ETH);
            step(second, ETH);
            wait_(10 minutes);
        }
        assertEq(sizeOf(aliceId, ETH) + sizeOf(second, ETH), 0);
        assertApproxEqAbs(house.cashOf(deficitRow(ETH)), 0, 10);
    }

    /// @dev She ends with nothing: neither with what she lacked nor with the worth of her leg.
    function offsetAt(uint256 price) internal {
        fall(ETH, price);
        for (uint256 i = 0; i < 3 && sizeOf(aliceId, ETH) != 0; ++i) {
            step(aliceId, ETH);
            wait_(10 minutes);
        }
        assertEq(sizeOf(aliceId, ETH), 0);
        assertEq(house.assess(aliceId).equity, 0);
    }
}
