// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {Margin} from "../../contracts/libraries/Margin.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice ETH at 2,000, a long of 1 with 250 of margin: numbers computed elsewhere with whole numbers, to the wei.
contract WorkedExampleTest is BallastTest {
    string internal json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/scenario/vectors/worked-example.json");
        configurator.setMargin(ETH, marginTerms(0.05e18, 0.12e18, 0.1e18));
        fund(alice, aliceId, 250e6);
        fund(carol, carolId, 10_000_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
    }

    function test_Rates() public view {
        assertEq(Margin.targetRate(4_00, 1_800, number(".sigma80"), 5_00, 12_00), number(".rate80"));
        uint256 rate = Margin.targetRate(4_00, 1_800, number(".sigma300"), 5_00, 12_00);
        assertEq(rate, number(".rate300"));
        assertEq(
            Margin.required(2_000e18, Margin.initialRate(rate, rate, 20_000, 30_00), 50_000_000e18),
            number(".initial300")
        );
    }

    function test_Margins() public view {
        Assessor.Assessment memory a = house.assess(aliceId);
        assertEq(a.maintenance, number(".maintenance"));
        assertEq(a.initial, number(".initial"));
        assertEq(a.equity, 250e18);
    }

    function test_LiquidationPrice() public {
        setPrice(ETH, number(".liquidationPrice"));
        assertEq(uint8(verdict()), uint8(Lens.Verdict.Healthy));
        setPrice(ETH, number(".liquidationPrice") - 1e10);
        assertEq(uint8(verdict()), uint8(Lens.Verdict.Guarded));
        setPrice(ETH, number(".immediatePrice") + 1e10);
        assertEq(uint8(verdict()), uint8(Lens.Verdict.Guarded));
        setPrice(ETH, number(".immediatePrice"));
        assertEq(uint8(verdict()), uint8(Lens.Verdict.FarBelow));
        setPrice(ETH, number(".bankruptPrice"));
        assertEq(house.assess(aliceId).equity, 0);
    }

    function test_ReductionAt1835() public {
        setPrice(ETH, 1_835e18);
        assertEq(lens.account(aliceId).health, number(".health1835"));
        string memory plans = vm.readFile("test/scenario/vectors/reduction.json");
        uint256[] memory sizes = vm.parseJsonUintArray(plans, ".planned");
        assertEq(lens.reduction(aliceId, ETH, 1.2e18, 0.0105e18).size, sizes[0]);
        assertEq(lens.reduction(aliceId, ETH, 1.2e18, 0.0232e18).size, sizes[1]);
    }

    function verdict() internal view returns (Lens.Verdict) {
        return lens.account(aliceId).verdict;
    }

    function number(string memory key) internal view returns (uint256) {
        return vm.parseJsonUint(json, key);
    }
}
