// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";
import {console} from "forge-std/console.sol";

contract LiquidatorReduceTest is LiquidationTest {
    function test_Smoke_Reduce() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        openPool(ETH, keeper, 5_000_000e6);
        fall(ETH, 1_835e18);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        console.log("stage %d size %d cost %d", uint256(o.stage), o.reduce.size, o.reduce.cost);
        console.log("planned %d capacity %d margin %d", o.reduce.planned, o.reduce.capacity, o.margin);
        uint256 g = gasleft();
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        console.log("gas %d", g - gasleft());
        console.log("did %d %d", uint256(stage_), size);
        console.log(
            "health %d keeper %d insurance %d",
            healthOf(aliceId),
            uint256(house.cashOf(keeperId)),
            uint256(house.cashOf(INSURANCE))
        );
    }

    function test_Smoke_Auction() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_835e18);
        uint256 g = gasleft();
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        console.log("gas %d", g - gasleft());
        console.log("did %d %d", uint256(stage_), size);
        for (uint256 i = 0; i < 3; ++i) {
            ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
            console.log("lot %d least %d price %d", v.size, v.least, v.price);
            console.logInt(v.premium);
            console.log("start %d end %d", v.start, v.end);
            wait_(300);
        }
        g = gasleft();
        (uint256 got, uint256 price) = bid(aliceId, ETH, type(uint256).max);
        console.log("bid gas %d", g - gasleft());
        console.log("got %d at %d", got, price);
        console.log(
            "health %d keeper %d insurance %d",
            healthOf(aliceId),
            uint256(house.cashOf(keeperId)),
            uint256(house.cashOf(INSURANCE))
        );
    }
}
