// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {PriceStatus} from "../../contracts/types/Price.sol";
import {deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice Faults that were found and mended, each frozen as the test that showed it.
contract RegressionsTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(carol, carolId, 10_000_000e6);
    }

    /// @dev A value of 2²⁵⁶ − x casts to −x: the sender gains x and the other account loses it.
    function test_TransferCash_RevertsWhen_ValueBeyondInt() public {
        fund(alice, aliceId, 1e6);
        vm.prank(alice);
        (bool ok, ) = address(house).call(
            abi.encodeCall(house.transferCash, (aliceId, carolId, uint256(-int256(1_000e18))))
        );
        assertFalse(ok, "theft");
        assertEq(house.cashOf(aliceId), 1e18);
        assertEq(house.cashOf(carolId), 10_000_000e18);
    }

    /// @dev A withdrawal by an operator can only pay the owner; a transfer follows the rules of a withdrawal.
    function test_TransferCash_RevertsWhen_OperatorPaysHimself() public {
        fund(alice, aliceId, 1_000e6);
        vm.prank(alice);
        house.setOperator(bob, true);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.RecipientNotOwner.selector, aliceId, bob));
        house.transferCash(aliceId, bobId, 1_000e18);
    }

    /// @dev A faulty stage must not take from insurance: the same cast.
    function test_Liquidate_RevertsWhen_PenaltyBeyondInt() public {
        insure(1_000e6);
        IClearingHouse.Liquidation memory terms = victim();
        terms.penalty = uint256(-int256(100e18));
        assertFalse(tryLiquidate(terms), "taken from insurance");
    }

    /// @dev Nor from a healthy account, which it calls the keeper.
    function test_Liquidate_RevertsWhen_RewardBeyondInt() public {
        fund(bob, bobId, 1_000e6);
        IClearingHouse.Liquidation memory terms = victim();
        (terms.keeper, terms.reward) = (bobId, uint256(-int256(100e18)));
        assertFalse(tryLiquidate(terms), "taken from a healthy account");
    }

    /// @dev At mark nothing is lost, but the two halves of a long round down apart: a wei of "loss" refuses the step.
    function testFuzz_Liquidate_BankruptLongOfAnySize(uint256 size, uint256 price) public {
        size = bound(size, 1, 1e18);
        fund(alice, aliceId, 250e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, boundBankrupt(true, 250e18, price));
        liquidate(liquidation(ETH, aliceId, carolId, size, peekPrice(ETH).mark));
    }

    /// @dev After the last perp of a bankrupt account closed, equity is exactly zero and the spot stands against as much
    /// debt. It has to be sold, at any health, and nobody takes it at mark.
    function test_Liquidate_SellsSpotLeftByABankruptBelowMark() public {
        fund(alice, aliceId, 250e6);
        fundSpot(alice, aliceId, 0.5e18);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_000e18);
        setPrice(WETH, 1_000e18);
        // Carol has won and closes.
        fund(bob, bobId, 10_000e6);
        trade(ETH, carolId, bobId, 1e18, 1_000e18);
        liquidate(liquidation(ETH, aliceId, bobId, 1e18, 1_000e18));
        assertTrue(house.isLiquidatable(aliceId));
        liquidate(liquidation(WETH, aliceId, carolId, 0.5e18, 990e18));
        assertEq(house.cashOf(aliceId), 0);
        assertEq(house.cashOf(deficitRow(ETH)), -255e18);
    }

    /// @dev The perp was closed by a trade: its market is the one last closed, a spot has no deficit row of its own.
    function test_Liquidate_SpotShortfallGoesToAPerpOrInsurance() public {
        fund(alice, aliceId, 250e6);
        fundSpot(alice, aliceId, 0.5e18);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_500e18);
        trade(ETH, carolId, aliceId, 1e18, 1_500e18);
        assertEq(house.cashOf(aliceId), -250e18);
        setPrice(WETH, 300e18);
        liquidate(liquidation(WETH, aliceId, carolId, 0.5e18, 300e18));
        assertEq(house.cashOf(deficitRow(WETH)), 0);
    }

    /// @dev Open interest stays what it is, so its limit has nothing to say; refusing locks the long in.
    function test_Trade_PassesALegOnAboveTheOpenInterestLimit() public {
        fund(alice, aliceId, 1_000e6);
        fund(bob, bobId, 1_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        configurator.setLimits(ETH, limits(2_000e18, 1e18));
        setPrice(ETH, 2_001e18);
        trade(ETH, bobId, aliceId, 1e18, 2_001e18);
        assertEq(house.perpOf(ETH).openInterest, 1e18);
    }

    /// @dev QUOTE-1: nothing is held, so nothing can be asked for.
    function test_Withdrawable_IsNothingWhenNothingIsHeld() public {
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, 10_000_000e6 - 3_000e6, carol);
        fund(alice, aliceId, 5_000e6);
        fund(bob, bobId, 3_000e6);
        openLeg(ETH, bobId, aliceId, 10e18);
        settlePrice(ETH, 1_000e18);
        openLeg(ETH, aliceId, carolId, 10e18);
        vm.startPrank(alice);
        house.withdraw(aliceId, QUOTE, 15_000e6, alice);
        uint256 amount = lens.withdrawable(aliceId, QUOTE).amount;
        if (amount != 0) house.withdraw(aliceId, QUOTE, amount, alice);
    }

    /// @dev Diverged: only deposits, reductions, auctions and offset.
    function test_Withdraw_RevertsWhen_ALegDiverged() public {
        fund(alice, aliceId, 1_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        sources[0] = router.sources(ETH)[0];
        sources[1] = IOracleRouter.Source(address(new HostileSource(2_040e18)), 1 hours);
        router.setSources(ETH, sources, 1, 100);
        vm.warp(block.timestamp + 1);
        assertEq(uint8(peekPrice(ETH).status), uint8(PriceStatus.Diverged));
        vm.startPrank(alice);
        (bool ok, ) = address(house).call(abi.encodeCall(house.withdraw, (aliceId, QUOTE, 1, alice)));
        assertFalse(ok, "withdrawn");
        (ok, ) = address(house).call(abi.encodeCall(house.transferCash, (aliceId, bobId, 1)));
        assertFalse(ok, "transferred");
    }

    function victim() internal returns (IClearingHouse.Liquidation memory) {
        fund(alice, aliceId, 250e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_800e18);
        return liquidation(ETH, aliceId, carolId, 0.1e18, 1_800e18);
    }

    function tryLiquidate(IClearingHouse.Liquidation memory terms) internal returns (bool ok) {
        vm.prank(stage);
        (ok, ) = address(house).call(abi.encodeCall(house.liquidate, (terms, "")));
    }
}
