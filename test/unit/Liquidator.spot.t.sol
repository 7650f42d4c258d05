// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice Ten of spot behind a long whose account has a little less left than what the whole sale may cost.
contract LiquidatorSpotTest is LiquidationTest {
    address private dave = makeAddr("dave");
    AccountId private daveId = accountId(dave, 0);

    function setUp() public override {
        super.setUp();
        fundSpot(dave, daveId, 10e18);
        openLeg(ETH, daveId, carolId, 75e18);
        fall(ETH, 1_759.95e18);
        assertApproxEqAbs(house.assess(daveId).equity, 1_996.25e18, 1e18);
    }

    /// @dev Dust stays: to sell it too would cost more than there is.
    function test_Outlook_OfSpotThatEquityPaysFor() public {
        ILiquidator.Outlook memory o = liquidator.outlook(daveId, WETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Auction));
        assertLt(o.auction.size, 10e18);
        (ILiquidator.Stage stage_, uint256 size) = step(daveId, WETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        assertEq(size, o.auction.size);
    }

    function test_Bid_AtTheTopLeavesASolventAccountSolvent() public {
        step(daveId, WETH);
        wait_(10 minutes);
        bid(daveId, WETH, type(uint256).max);
        assertGe(house.assess(daveId).equity, 0);
        assertGt(sizeOf(daveId, WETH), 0);
    }
}
