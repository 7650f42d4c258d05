// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Debt} from "../../contracts/core/Ledger.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice One who holds nothing but spot, bought from an account that failed with quote that he did not have.
contract PricingSpotTest is LiquidationTest {
    AccountId internal daveId = accountId(makeAddr("dave"), 0);

    function setUp() public override {
        super.setUp();
        fundSpot(alice, aliceId, 10e18);
        openLeg(ETH, aliceId, carolId, 75e18);
        fall(ETH, 1_835e18);
        fund(makeAddr("dave"), daveId, 3_000e6);
        liquidate(liquidation(WETH, aliceId, daveId, 4e18, 2_000e18));
    }

    function test_Taker_OwesWhatHePaidBeyondHisCash() public view {
        assertEq(house.cashOf(daveId), -5_000e18);
        (Debt memory debt, ) = house.debtOf(daveId);
        assertEq(debt.amount, 5_000e18);
    }

    /// @dev 4 · 1,300 less a fifth is below 5,000.
    function test_Taker_IsLiquidatedAsTheViewSays() public {
        setPrice(WETH, 1_300e18);
        assertTrue(house.isLiquidatable(daveId));
        liquidate(liquidation(WETH, daveId, bobId, 1e18, 1_300e18));
        assertEq(sizeOf(daveId, WETH), 3e18);
    }

    /// @dev Nothing is left of 5,000 but 4 · 1,000.
    function test_Taker_IsLiquidatedWhenBankrupt() public {
        setPrice(WETH, 1_000e18);
        assertTrue(house.isLiquidatable(daveId));
        liquidate(liquidation(WETH, daveId, bobId, 1e18, 1_000e18));
        assertEq(sizeOf(daveId, WETH), 3e18);
    }
}
