// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Reduction} from "../../contracts/libraries/Reduction.sol";

/// @notice Plans computed elsewhere with exact fractions, to the wei.
contract ReductionVectorsTest is Test {
    function test_Plans() public view {
        string memory json = vm.readFile("test/scenario/vectors/reduction.json");
        string[] memory names = vm.parseJsonStringArray(json, ".name");
        assertGe(names.length, 26);
        for (uint256 i = 0; i < names.length; ++i) {
            Reduction.Plan memory plan = Reduction.plan(legOf(json, i));
            assertEq(plan.size, vm.parseJsonUintArray(json, ".planned")[i], names[i]);
            assertEq(plan.toxic, vm.parseJsonBoolArray(json, ".toxic")[i], names[i]);
            assertEq(plan.reaches, vm.parseJsonBoolArray(json, ".reaches")[i], names[i]);
            assertEq(plan.expense, vm.parseJsonUintArray(json, ".expense")[i], names[i]);
            assertEq(plan.equity, vm.parseJsonIntArray(json, ".equityAfter")[i], names[i]);
            assertEq(plan.maintenance, vm.parseJsonUintArray(json, ".maintenanceAfter")[i], names[i]);
        }
    }

    function legOf(string memory json, uint256 i) internal pure returns (Reduction.Leg memory leg) {
        leg.spot = vm.parseJsonBoolArray(json, ".spot")[i];
        leg.equity = vm.parseJsonIntArray(json, ".equity")[i];
        leg.otherMaintenance = vm.parseJsonUintArray(json, ".otherMaintenance")[i];
        leg.size = vm.parseJsonUintArray(json, ".size")[i];
        leg.price = vm.parseJsonUintArray(json, ".price")[i];
        leg.rate = vm.parseJsonUintArray(json, ".rate")[i];
        leg.depth = vm.parseJsonUintArray(json, ".depth")[i];
        leg.haircut = vm.parseJsonUintArray(json, ".haircut")[i];
        leg.target = vm.parseJsonUintArray(json, ".target")[i];
        leg.cost = vm.parseJsonUintArray(json, ".cost")[i];
        leg.gross = vm.parseJsonIntArray(json, ".gross")[i];
    }
}
