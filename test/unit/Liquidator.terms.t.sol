// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract LiquidatorTermsTest is BallastTest {
    uint256 internal constant FIELDS = 9;

    // ---- bounds

    function test_SetTerms_EveryBoundIsReached() public {
        for (uint256 i = 0; i < FIELDS; ++i) {
            (, uint256 lower, uint256 upper) = boundsOf(i);
            liquidator.setTerms(ETH, changed(i, lower));
            assertEq(valueOf(liquidator.termsOf(ETH), i), lower);
            liquidator.setTerms(ETH, changed(i, upper));
            assertEq(valueOf(liquidator.termsOf(ETH), i), upper);
        }
    }

    function test_SetTerms_RevertsWhen_OutOfBounds() public {
        for (uint256 i = 0; i < FIELDS; ++i) {
            (bytes32 term, uint256 lower, uint256 upper) = boundsOf(i);
            if (lower != 0) refused(i, term, lower - 1, lower, upper);
            refused(i, term, upper + 1, lower, upper);
        }
        assertEq(abi.encode(liquidator.termsOf(ETH)), abi.encode(stageTerms()), "nothing changed");
    }

    function testFuzz_SetTerms_OneFieldOut(uint256 field, uint256 value) public {
        field = bound(field, 0, FIELDS - 1);
        (bytes32 term, uint256 lower, uint256 upper) = boundsOf(field);
        value = bound(value, 0, field == FIELDS - 1 ? type(uint96).max : type(uint16).max);
        if (value < lower || value > upper) return refused(field, term, value, lower, upper);
        liquidator.setTerms(ETH, changed(field, value));
        assertEq(valueOf(liquidator.termsOf(ETH), field), value);
    }

    /// @dev The penalty is a part of what a step may cost.
    function testFuzz_SetTerms_PenaltyWithinIncentive(uint16 incentive, uint16 penalty) public {
        Terms memory terms = stageTerms();
        terms.incentive = uint16(bound(incentive, 0, 80_00));
        terms.penalty = penalty;
        if (penalty > terms.incentive) expectOutOfBounds("penalty", penalty, 0, terms.incentive);
        liquidator.setTerms(ETH, terms);
    }

    // ---- what is stored and told

    function test_SetTerms_TellsOldAndNew() public {
        Terms memory terms = Terms(1_30_00, 60_00, 10_00, 60, 3_00, 6_00, 12, 10_00, 8e18);
        vm.expectEmit(address(liquidator));
        emit ILiquidator.TermsSet(ETH, stageTerms(), terms);
        liquidator.setTerms(ETH, terms);
        assertEq(abi.encode(liquidator.termsOf(ETH)), abi.encode(terms));
        assertEq(abi.encode(liquidator.termsOf(BTC)), abi.encode(stageTerms()), "of one market only");
        vm.expectEmit(address(liquidator));
        emit ILiquidator.TermsSet(ETH, terms, stageTerms());
        liquidator.setTerms(ETH, stageTerms());
    }

    function test_SetBackstop_TellsOldAndNew() public {
        assertEq(AccountId.unwrap(liquidator.backstop()), 0);
        setBackstop(AccountId.wrap(0), bobId);
        setBackstop(bobId, carolId);
        setBackstop(carolId, AccountId.wrap(0));
    }

    // ---- authority

    function testFuzz_SetTerms_RevertsWhen_NotAuthorised(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorised(caller);
        vm.prank(caller);
        liquidator.setTerms(ETH, stageTerms());
    }

    function testFuzz_SetBackstop_RevertsWhen_NotAuthorised(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorised(caller);
        vm.prank(caller);
        liquidator.setBackstop(bobId);
    }

    function test_SetTerms_RoleOfTheManager() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = ILiquidator.setTerms.selector;
        manager.setTargetFunctionRole(address(liquidator), selectors, 7);
        manager.grantRole(7, alice, 0);
        vm.prank(alice);
        liquidator.setTerms(ETH, changed(0, 1_50_00));
        assertEq(liquidator.termsOf(ETH).target, 1_50_00);
        expectUnauthorised(alice);
        vm.prank(alice);
        liquidator.setBackstop(aliceId);
    }

    // ---- helpers

    function boundsOf(uint256 field) internal pure returns (bytes32 term, uint256 lower, uint256 upper) {
        if (field == 0) return ("target", 1_05_00, 2_00_00);
        if (field == 1) return ("incentive", 20_00, 80_00);
        if (field == 2) return ("penalty", 0, 50_00);
        if (field == 3) return ("reduceImpact", 0, 2_00);
        if (field == 4) return ("window", 0, 50_00);
        if (field == 5) return ("inFlight", 10, 50_00);
        if (field == 6) return ("latency", 0, 60);
        if (field == 7) return ("backstop", 0, 50_00);
        return ("tip", 0, 100e18);
    }

    function changed(uint256 field, uint256 value) internal pure returns (Terms memory terms) {
        terms = stageTerms();
        if (field == 0) terms.target = uint16(value);
        else if (field == 1) terms.incentive = uint16(value);
        else if (field == 2) terms.penalty = uint16(value);
        else if (field == 3) terms.reduceImpact = uint16(value);
        else if (field == 4) terms.window = uint16(value);
        else if (field == 5) terms.inFlight = uint16(value);
        else if (field == 6) terms.latency = uint16(value);
        else if (field == 7) terms.backstop = uint16(value);
        else terms.tip = uint96(value);
    }

    function valueOf(Terms memory terms, uint256 field) internal pure returns (uint256) {
        uint16[8] memory shares = [
            terms.target,
            terms.incentive,
            terms.penalty,
            terms.reduceImpact,
            terms.window,
            terms.inFlight,
            terms.latency,
            terms.backstop
        ];
        return field < 8 ? shares[field] : terms.tip;
    }

    /// @dev An incentive below the penalty is refused for the penalty.
    function refused(uint256 field, bytes32 term, uint256 value, uint256 lower, uint256 upper) internal {
        bool below = term == "incentive" && value < lower;
        if (below) expectOutOfBounds("penalty", stageTerms().penalty, 0, value);
        else expectOutOfBounds(term, value, term == "incentive" ? 0 : lower, upper);
        liquidator.setTerms(ETH, changed(field, value));
    }

    function expectOutOfBounds(bytes32 term, uint256 value, uint256 lower, uint256 upper) internal {
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.TermOutOfBounds.selector, term, value, lower, upper));
    }

    function expectUnauthorised(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }

    function setBackstop(AccountId before, AccountId next) internal {
        vm.expectEmit(address(liquidator));
        emit ILiquidator.BackstopSet(before, next);
        liquidator.setBackstop(next);
        assertEq(AccountId.unwrap(liquidator.backstop()), AccountId.unwrap(next));
    }
}
