// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice The first stage of the paying chain: what insurance pays of a deficit, when it is booked and whenever somebody asks.
contract ClearingHouseInsuranceTest is BallastTest {
    // ---- when it is booked

    function test_Book_IsInsuredAtOnce() public {
        insure(1_000_000e6);
        makeDeficit(1_000e18);
        assertEq(house.cashOf(INSURANCE), 999_200e18);
        assertEq(house.cashOf(deficitRow(ETH)), -200e18);
        assertEq(house.perpOf(ETH).losses.coverable, 0);
        assertEq(insureAgain(ETH), 0, "the rest is not insured");
    }

    function testFuzz_Book_IsInsuredAsIfAskedFor(uint256 loss, uint256 funds) public {
        loss = bound(loss, 1, 400e6) * 250e12;
        funds = bound(funds, 1, 1e12);
        uint256 state = vm.snapshotState();
        makeDeficit(loss);
        insure(funds);
        insureAgain(ETH);
        (int256 fund_, uint256 standing) = (house.cashOf(INSURANCE), house.totalDeficit());
        vm.revertToState(state);
        insure(funds);
        makeDeficit(loss);
        assertEq(house.cashOf(INSURANCE), fund_);
        assertEq(house.totalDeficit(), standing);
    }

    // ---- when somebody asks

    function test_Pay_FourFifthsOfADeficit() public {
        makeDeficit(1_000e18);
        insure(1_000_000e6);
        assertEq(coverable(ETH), 800e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(INSURANCE, 999_200e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.InsuranceUsed(ETH, 800e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitInsured(ETH, 800e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitReduced(ETH, 800e18);
        assertEq(insureAgain(ETH), 800e18);
        assertEq(house.cashOf(deficitRow(ETH)), -200e18);
        assertEq(house.totalDeficit(), 200e18);
        assertEq(insureAgain(ETH), 0, "the rest is not insured");
        skip(2 days);
        assertEq(insureAgain(ETH), 0, "nor later");
    }

    function testFuzz_Pay_TheLeastOfAll(uint256 loss, uint256 funds) public {
        loss = bound(loss, 1, 400e6) * 250e12;
        funds = bound(funds, 0, 1e12);
        makeDeficit(loss);
        if (funds != 0) insure(funds);
        uint256 expected = smallest((loss * 8) / 10, (funds * 1e12) / 10);
        assertEq(insureAgain(ETH), expected);
        assertEq(house.cashOf(INSURANCE), int256(funds * 1e12 - expected));
        assertEq(house.totalDeficit(), loss - expected);
        assertEq(house.cashOf(deficitRow(ETH)), -int256(loss - expected));
    }

    function test_Pay_HourAndDayOfTheFundAtWindowStart() public {
        makeDeficit(10_000e18);
        insure(1_000e6);
        assertEq(insureAgain(ETH), 100e18, "10 % of the hour");
        assertEq(insureAgain(ETH), 0);
        // More money in the fund does not widen a window that runs.
        insure(100_000e6);
        assertEq(insureAgain(ETH), 0);
        skip(1 hours - 1);
        assertEq(insureAgain(ETH), 0);
        skip(1);
        // The hour begins again at the fund of now, the day still counts from 1,000.
        assertEq(insureAgain(ETH), 150e18, "25 % of the day");
        skip(1 hours);
        assertEq(insureAgain(ETH), 0);
        skip(22 hours - 1);
        assertEq(insureAgain(ETH), 0);
        skip(1);
        uint256 standing = 8_000e18 - 250e18;
        assertEq(insureAgain(ETH), standing, "a new day");
        assertEq(house.totalDeficit(), 2_000e18);
    }

    /// @dev INS-1 over any sequence of calls.
    function testFuzz_Pay_NeverBeyondTheBudget(uint256 funds, uint256[10] memory seeds) public {
        funds = bound(funds, 1, 1e11);
        makeDeficit(100_000e18);
        insure(funds);
        uint256 start = block.timestamp;
        uint256 used;
        for (uint256 i = 0; i < 10; ++i) {
            used += insureAgain(ETH);
            assertGe(house.cashOf(INSURANCE), 0, "INS-1");
            if (block.timestamp < start + 1 hours) assertLe(used, (funds * 1e12) / 10, "INS-1");
            if (block.timestamp < start + 1 days) assertLe(used, (funds * 1e12) / 4, "INS-1");
            skip(seeds[i] % 30 minutes);
        }
    }

    function test_Pay_MarketsHaveTheirOwnBudget() public {
        makeDeficit(10_000e18);
        insure(1_000e6);
        assertEq(insureAgain(ETH), 100e18);
        fund(bob, bobId, 300e6);
        fund(carol, carolId, 1_000_000e6);
        openLeg(BTC, bobId, carolId, 0.03e18);
        setPrice(BTC, 30_000e18);
        address late = makeAddr("late");
        fund(late, accountId(late, 0), 10_000e6);
        trade(BTC, carolId, accountId(late, 0), 0.03e18, 30_000e18);
        assertEq(liquidate(liquidation(BTC, bobId, accountId(late, 0), 0.03e18, 30_000e18)), 600e18);
        assertEq(house.cashOf(INSURANCE), 810e18, "10 % of the 900 that were left, at once");
        assertEq(house.cashOf(deficitRow(BTC)), -510e18);
        assertEq(insureAgain(BTC), 0);
        assertEq(insureAgain(ETH), 0);
    }

    function test_Pay_WithdrawalsThatReduceTheDeficitReduceWhatIsInsured() public {
        makeDeficit(1_000e18);
        insure(1_000_000e6);
        uint256 claims = house.reserveOf(QUOTE).held + 1_000e18;
        address winner = makeAddr("winner");
        uint256 amount = 4_900e6;
        vm.prank(winner);
        house.withdraw(accountId(winner, 0), QUOTE, amount, winner);
        uint256 standing = house.totalDeficit();
        assertApproxEqAbs(standing, 1_000e18 - (4_900e18 * 1_000e18) / claims, 1e12);
        assertEq(coverable(ETH), 800e18, "still below what stands");
        assertEq(insureAgain(ETH), 800e18);
    }

    function test_Pay_ZeroCases() public {
        assertEq(insureAgain(ETH), 0, "no deficit");
        makeDeficit(1_000e18);
        assertEq(insureAgain(ETH), 0, "no fund");
        insure(1_000e6);
        assertEq(insureAgain(BTC), 0, "another market");
        assertEq(insureAgain(AssetId.wrap(99)), 0, "no market");
        assertEq(house.budgetOf(ETH).hourUsed, 0);
        assertEq(house.totalDeficit(), 1_000e18);
    }

    // ---- numbers

    function coverable(AssetId asset) internal view returns (uint256) {
        return smallest(house.perpOf(asset).losses.coverable, house.insurable(asset));
    }

    /// @dev Without a look for profit.
    function insureAgain(AssetId asset) internal returns (uint256 paid) {
        uint256 shared;
        (paid, shared) = house.pay(asset, 0);
        assertEq(shared, 0);
    }

    function smallest(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
