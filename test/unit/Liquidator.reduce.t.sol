// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Pool} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {INSURANCE, TREASURY} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice Stage 1, and the entry that all stages share.
contract LiquidatorReduceTest is LiquidationTest {
    LiquidityPool internal pool;

    function setUp() public override {
        super.setUp();
        pool = openPool(ETH, keeper, 5_000_000e6);
    }

    // ---- what it does

    /// @dev The worked example: 27.6 % at a route cost of 1.05 % of what is closed.
    function test_Liquidate_SmallestReduction() public {
        failing();
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Reduce));
        int256 equity = house.assess(aliceId).equity;
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
        assertEq(size, o.reduce.size);
        assertApproxEqAbs(size, 0.29e18, 0.02e18);
        assertGe(healthOf(aliceId), 1.2e18);
        assertLt(healthOf(aliceId), 1.202e18);
        assertEq(sizeOf(aliceId, ETH), 1e18 - int256(size));
        assertEq(sizeOf(accountId(address(pool), 0), ETH), int256(size));
        int256 cost = equity - house.assess(aliceId).equity;
        assertLe(uint256(cost), (size * 1_835 * 0.0232e18) / 1e18 + 0.005e18, "within half of the margin freed");
    }

    /// @dev A fifth of the margin that the step frees, half to each; and once a tip.
    function test_Liquidate_PaysKeeperAndInsurance() public {
        failing();
        uint256 margin = liquidator.outlook(aliceId, ETH).margin;
        (, uint256 size) = step(aliceId, ETH);
        uint256 freed = (((size * 1_835e18) / 1e18) * margin) / 1e18;
        uint256 insured = uint256(house.cashOf(INSURANCE));
        assertApproxEqRel(insured, freed / 10, 0.001e18);
        assertApproxEqAbs(uint256(house.cashOf(keeperId)), insured + 0.5e18, 1);
        (uint256 since, uint256 left) = liquidator.tipLeft(aliceId);
        assertEq(since + left, 0, "safe: the episode is over");
    }

    function test_Liquidate_ShortsToo() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        fall(ETH, 2_150e18);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
        assertEq(sizeOf(aliceId, ETH), int256(size) - 1e18);
        assertGe(healthOf(aliceId), 1.2e18);
    }

    // ---- its capacity

    /// @dev What the minute does not allow goes to an auction in the same call.
    function test_Liquidate_PassesOnWhatTheMinuteDoesNotAllow() public {
        large(1_000e18);
        terms(50, 50);
        (, uint256 allowed) = liquidator.flowOf(ETH);
        uint256 planned = liquidator.outlook(aliceId, ETH).reduce.planned;
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction), "the last that did something");
        uint256 reduced = uint256(1_000e18 - sizeOf(aliceId, ETH));
        assertApproxEqAbs((reduced * 1_835e18) / 1e18, allowed, 1e4);
        assertLt(reduced, planned);
        assertGt(liquidator.lotOf(aliceId, ETH).lot.size, 0);
        (, uint256 left) = liquidator.flowOf(ETH);
        assertLe(left, 1e4);
        wait_(60);
        (, left) = liquidator.flowOf(ETH);
        assertApproxEqRel(left, allowed, 0.01e18, "another minute");
    }

    function test_Liquidate_PassesWhenImpactIsTooLarge() public {
        large(1_000e18);
        terms(1, 2_00);
        // A basis point of 50 million twice, nothing held.
        assertApproxEqRel(liquidator.outlook(aliceId, ETH).reduce.capacity, 10_000e18, 0.05e18);
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        assertEq(sizeOf(aliceId, ETH), 1_000e18, "less than a tenth of what is planned is not worth a step");
    }

    /// @dev What the pool holds on the other side is room.
    function test_Outlook_PoolWithOppositeInventoryHasMoreRoom() public {
        large(1_000e18);
        uint256 before = liquidator.outlook(aliceId, ETH).reduce.capacity;
        poolTrade(bobId, ETH, 20e18);
        assertGt(liquidator.outlook(aliceId, ETH).reduce.capacity, before);
    }

    function test_Outlook_NoRoomWhenThePoolIsOneSided() public {
        failing();
        Pool memory other = poolTerms(address(pool));
        (other.oneSided, other.leverageLimit) = (0, 0);
        configurator.setPool(ETH, other);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).reduce.reason), uint8(ILiquidator.Reason.NoRoom));
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
    }

    /// @dev So little margin that the pool's price would lower health.
    function test_Liquidate_ToxicStepsAreNotTaken() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_750.1e18);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.reduce.reason), uint8(ILiquidator.Reason.Toxic));
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
    }

    /// @dev What would stay of a leg is never dust.
    function test_Liquidate_ClosesWholeInsteadOfLeavingDust() public {
        fund(carol, bobId, 1e6);
        AccountId small = accountId(alice, 7);
        fund(alice, small, 7e6);
        openLeg(ETH, small, carolId, 0.03e18);
        fall(ETH, 1_835e18);
        step(small, ETH);
        assertEq(sizeOf(small, ETH), 0);
        assertEq(house.legsOf(small).length, 0);
    }

    // ---- who may and when not

    function test_Liquidate_RevertsWhen_AboveMaintenance() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.AccountAboveMaintenance.selector, aliceId, 250e18, 100.04e18)
        );
        step(aliceId, ETH);
    }

    function test_Liquidate_RevertsWhen_GuardedByTheFastAverage() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_835e18);
        assertFalse(liquidator.outlook(aliceId, ETH).open);
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        step(aliceId, ETH);
    }

    /// @dev A row that nobody owns cannot be paid: it must not become the keeper of a lot.
    function test_Liquidate_RevertsWhen_KeeperIsReserved() public {
        failing();
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        liquidator.liquidate(aliceId, ETH, TREASURY);
    }

    function test_SetBackstop_RevertsWhen_Reserved() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        liquidator.setBackstop(TREASURY);
        liquidator.setBackstop(AccountId.wrap(0));
    }

    function test_Liquidate_RevertsWhen_UnknownAsset() public {
        failing();
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, UNLISTED));
        step(aliceId, UNLISTED);
    }

    function test_Liquidate_RevertsWhen_NoSuchLeg() public {
        failing();
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        step(aliceId, BTC);
    }

    // ---- batches

    function test_LiquidateMany_SettlesAllOthers() public {
        failing();
        AccountId other = accountId(alice, 1);
        fund(alice, other, 250e6);
        setPrice(ETH, 2_000e18);
        openLeg(ETH, other, carolId, 1e18);
        fall(ETH, 1_835e18);
        ILiquidator.Entry[] memory entries = new ILiquidator.Entry[](3);
        entries[0] = ILiquidator.Entry(aliceId, ETH);
        entries[1] = ILiquidator.Entry(carolId, ETH);
        entries[2] = ILiquidator.Entry(other, ETH);
        vm.expectEmit(true, false, false, false, address(liquidator));
        emit ILiquidator.Skipped(1, "");
        bytes[] memory reasons = liquidator.liquidateMany(entries, keeperId);
        assertEq(reasons[0].length + reasons[2].length, 0);
        assertEq(bytes4(reasons[1]), IClearingHouse.AccountAboveMaintenance.selector);
        assertGe(healthOf(aliceId), 1.2e18);
        assertGe(healthOf(other), 1.2e18);
    }

    // ---- numbers

    function failing() internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_835e18);
    }

    /// @dev So many units with so much more margin, failing.
    function large(uint256 size) internal {
        fund(alice, aliceId, (260e6 * size) / 1e18);
        openLeg(ETH, aliceId, carolId, int256(size));
        fall(ETH, 1_835e18);
        assertTrue(house.isLiquidatable(aliceId));
    }

    function terms(uint16 impact, uint16 window) internal {
        Terms memory t = stageTerms();
        (t.reduceImpact, t.window) = (impact, window);
        liquidator.setTerms(ETH, t);
    }
}
