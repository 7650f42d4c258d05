// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice A step starts from what the look before it found, and from nothing that has changed since.
///
/// A look is remembered
///   of one account, the last that was looked at
///   until anything changes: a deposit, cash or a trade of its own, a step, what is asked of a market
///   for one step
///   until the next block
contract ClearingHouseLooksTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 400e6);
        fund(bob, bobId, 400e6);
        fund(carol, carolId, 10_000_000e6);
        stage = address(this);
        configurator.setCapability(stage, Capability.Trade, true);
        configurator.setCapability(stage, Capability.Liquidate, true);
        openLeg(ETH, aliceId, carolId, 1e18);
        openLeg(BTC, aliceId, carolId, 0.01e18);
        openLeg(ETH, bobId, carolId, 1e18);
        setPrice(ETH, 1_650e18);
        assertTrue(house.isLiquidatable(aliceId));
        assertTrue(house.isLiquidatable(bobId));
    }

    /// @dev The step says of an account what a look afterwards says, whether there was one before or not.
    function testFuzz_Step_IsTheSameWithoutALook(uint256 price, uint256 size, bool seen) public {
        skip(12);
        settlePrice(ETH, bound(price, 1_600e18, 1_650e18));
        if (seen) house.examine(aliceId, ETH);
        else house.examine(bobId, ETH);
        int256 before = house.assess(aliceId).equity;
        IClearingHouse.Step memory step = house.liquidate(into(aliceId, bound(size, 0.1e18, 1e18)), "");
        Assessor.Assessment memory a = house.assess(aliceId);
        assertEq(abi.encode(step.standing), abi.encode(Assessor.standing(a)));
        assertApproxEqAbs(a.equity, before + int256(step.deficit), 2);
    }

    function test_Look_EndsWithADeposit() public {
        house.examine(aliceId, ETH);
        fund(alice, aliceId, 1_000e6);
        refused(aliceId);
    }

    function test_Look_EndsWithCash() public {
        house.examine(aliceId, ETH);
        vm.prank(carol);
        house.transferCash(carolId, aliceId, 1_000e18);
        refused(aliceId);
    }

    function test_Look_EndsWithATrade() public {
        house.examine(aliceId, ETH);
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.9e18, 1_650e18));
        refused(aliceId);
    }

    /// @dev Cash that another call of the same batch brings ends it as well.
    function test_Look_EndsWithinABatch() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.examine, (aliceId, ETH));
        calls[1] = abi.encodeCall(house.transferCash, (carolId, aliceId, 1_000e18));
        vm.prank(carol);
        house.batch(calls);
        refused(aliceId);
    }

    /// @dev What is asked of everybody has changed: less is needed.
    function test_Look_EndsWithATermOfTheMarket() public {
        house.examine(aliceId, ETH);
        configurator.setDepth(ETH, 1_000_000_000e18);
        IClearingHouse.Step memory step = house.liquidate(into(aliceId, 0.1e18), "");
        assertEq(step.standing.maintenance, house.assess(aliceId).maintenance);
    }

    /// @dev The first step made it safe: the second has nothing to stand on.
    function test_Look_IsOfOneStep() public {
        house.examine(aliceId, ETH);
        house.liquidate(into(aliceId, 0.9e18), "");
        refused(aliceId);
    }

    function test_Look_IsOfOneAccount() public {
        house.examine(aliceId, ETH);
        vm.prank(carol);
        house.transferCash(carolId, bobId, 1_000e18);
        house.examine(aliceId, ETH);
        refused(bobId);
    }

    function test_Look_EndsWithTheBlock() public {
        house.examine(aliceId, ETH);
        skip(12);
        settlePrice(ETH, 2_000e18);
        refused(aliceId);
    }

    /// @dev What is forgotten is nobody's, not even that of the account without a number.
    function test_Look_OfNobody() public {
        house.examine(aliceId, ETH);
        house.accrue(single(ETH));
        refused(AccountId.wrap(0));
    }

    /// @dev A look that fails is none: the step looks itself.
    function test_Look_OfAnUnknownAsset() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, AssetId.wrap(99)));
        house.examine(aliceId, AssetId.wrap(99));
        house.liquidate(into(aliceId, 0.1e18), "");
    }

    /// @dev Not below maintenance any more, at the numbers of now.
    function refused(AccountId account) internal {
        Assessor.Assessment memory a = house.assess(account);
        assertFalse(Assessor.liquidatable(a));
        IClearingHouse.Liquidation memory terms = into(account, 0.1e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.AccountAboveMaintenance.selector,
                account,
                a.marginEquity,
                a.maintenance
            )
        );
        house.liquidate(terms, "");
    }

    function into(AccountId account, uint256 size) internal view returns (IClearingHouse.Liquidation memory) {
        return liquidation(ETH, account, carolId, size, peekPrice(ETH).mark);
    }
}
