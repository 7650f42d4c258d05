// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetState, Pool} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidationStage} from "../../contracts/interfaces/ILiquidationStage.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {POOL} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice What the ledger gives to a stage and asks of it: examination, the pool as taker, sessions.
contract ClearingHouseStagesTest is BallastTest, ILiquidationStage {
    LiquidityPool internal pool;
    bytes[] internal calls;
    bytes[] internal reasons;

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 250e6);
        fund(bob, bobId, 10e6);
        fund(carol, carolId, 10_000_000e6);
        stage = address(this);
        configurator.setCapability(stage, Capability.Trade, true);
        configurator.setCapability(stage, Capability.Liquidate, true);
    }

    // ---- examine

    /// @dev QUOTE-1: the view is what the call returns, whatever has accrued since.
    function testFuzz_Examine_IsCaseOf(uint256 price, uint256 elapsed, bool btc) public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, bound(price, 1_500e8, 2_500e8) * 1e10);
        wait_(bound(elapsed, 0, 2 hours));
        AssetId asset = btc ? BTC : ETH;
        bytes memory seen = abi.encode(house.caseOf(aliceId, asset));
        assertEq(keccak256(abi.encode(house.examine(aliceId, asset))), keccak256(seen));
        assertEq(keccak256(abi.encode(house.caseOf(aliceId, asset))), keccak256(seen));
    }

    /// @dev QUOTE-1: both as the views say, at one price; where there is no pool, nothing.
    function testFuzz_ExamineWithPool_IsCaseOfBoth(uint256 price, uint256 elapsed, bool btc) public {
        openPool(ETH, keeper, 5_000_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        poolTrade(aliceId, ETH, 0.1e18);
        setPrice(ETH, bound(price, 1_500e8, 2_500e8) * 1e10);
        wait_(bound(elapsed, 0, 2 hours));
        AssetId asset = btc ? BTC : ETH;
        IClearingHouse.Case memory seen = house.caseOf(aliceId, asset);
        Pool memory terms = house.poolOf(asset);
        Assessor.Holder memory held;
        if (terms.owner != address(0)) {
            IClearingHouse.Case memory beside = house.caseOf(accountId(terms.owner, 0), asset);
            held = Assessor.holder(beside.account, beside.size);
        }
        (IClearingHouse.Case memory c, Pool memory pool, Assessor.Holder memory holder) = house.examineWithPool(
            aliceId,
            asset
        );
        assertEq(keccak256(abi.encode(c, pool, holder)), keccak256(abi.encode(seen, terms, held)));
    }

    function test_Examine_RevertsWhen_UnknownAsset() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, AssetId.wrap(99)));
        house.examine(aliceId, AssetId.wrap(99));
    }

    // ---- the pool takes

    function test_Liquidate_PoolTakesAtItsQuote() public {
        failing();
        (uint256 price, ) = lens.quote(ETH, -0.3e18);
        IClearingHouse.Step memory step = house.liquidate(into(POOL, 0.3e18, 1), "");
        assertEq(step.price, price, "QUOTE-1");
        assertEq(step.size, 0.7e18);
        assertEq(sizeOf(accountId(address(pool), 0), ETH), 0.3e18);
        assertEq(step.standing.equity, house.assess(aliceId).equity);
        assertEq(step.standing.maintenance, house.assess(aliceId).maintenance);
    }

    /// @dev The depth it lends and the skew it is asked about are those afterwards.
    function test_Liquidate_PoolIsMeasured() public {
        failing();
        house.liquidate(into(POOL, 0.3e18, 0), "");
        int32 target = house.perpOf(ETH).conditions.fundingTarget;
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).conditions.fundingTarget, target);
        assertTrue(target != 0);
    }

    function test_Liquidate_RevertsWhen_PoolHasNoRoom() public {
        failing();
        Pool memory none = poolTerms(address(pool));
        none.inventoryLimit = 0;
        configurator.setPool(ETH, none);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InventoryAboveLimit.selector, ETH, 0.3e18 * 1_800, 0));
        house.liquidate(into(POOL, 0.3e18, 0), "");
    }

    function test_Liquidate_RevertsWhen_PoolDoesNotQuote() public {
        bytes memory reason = abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, ETH);
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_800e18);
        vm.expectRevert(reason);
        house.liquidate(into(POOL, 0.3e18, 0), "");
        pool = openPool(ETH, keeper, 5_000_000e6);
        setState(ETH, AssetState.Halted);
        vm.expectRevert(reason);
        house.liquidate(into(POOL, 0.3e18, 0), "");
        setState(ETH, AssetState.Active);
        skip(2 hours);
        vm.expectRevert(reason);
        house.liquidate(into(POOL, 0.3e18, 0), "");
    }

    function test_Liquidate_RevertsWhen_PoolTakesFromItself() public {
        pool = openPool(ETH, keeper, 100_000e6);
        AccountId row = accountId(address(pool), 0);
        poolTrade(carolId, ETH, -100e18);
        settlePrice(ETH, 1_000e18);
        assertTrue(house.isLiquidatable(row));
        IClearingHouse.Liquidation memory terms = into(POOL, 1e18, 0);
        terms.account = row;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, row));
        house.liquidate(terms, "");
    }

    /// @dev The pool's equity is gone, so is the depth that it lends: who takes from it needs the margin of what is left.
    function test_Liquidate_TakerIsLookedAtWithTheDepthThatIsLeft() public {
        configurator.setDepth(ETH, 1_000_000e18);
        pool = openPool(ETH, keeper, 100_000e6);
        Pool memory terms = poolTerms(address(pool));
        (terms.inventoryLimit, terms.leverageLimit, terms.oneSided) = (20_00, 5_00, 5_00);
        configurator.setPool(ETH, terms);
        AccountId row = accountId(address(pool), 0);
        poolTrade(carolId, ETH, -95e18);
        settlePrice(ETH, 2_000e18);
        setPrice(ETH, 780e18);
        assertTrue(house.isLiquidatable(row));
        IClearingHouse.Liquidation memory step = liquidation(ETH, row, bobId, 20e18, 780e18);
        fund(bob, bobId, 2_700e6);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, bobId, 2_710e18, 2_776.8e18)
        );
        house.liquidate(step, "");
        fund(bob, bobId, 1_000e6);
        house.liquidate(step, "");
        assertGe(house.assess(bobId).initialEquity, int256(house.assess(bobId).initial));
    }

    /// @dev What an account earns of its own step is part of what the step leaves it.
    function test_Liquidate_StandingOfAnAccountThatIsItsKeeper() public {
        failing();
        IClearingHouse.Liquidation memory terms = into(carolId, 0.3e18, 1_790e18);
        (terms.keeper, terms.reward, terms.penalty) = (aliceId, 1e18, 0.5e18);
        IClearingHouse.Step memory step = house.liquidate(terms, "");
        assertEq(step.standing.equity, house.assess(aliceId).equity);
        assertEq(step.standing.marginEquity, house.assess(aliceId).marginEquity);
    }

    // ---- what a taker pays

    /// @dev No stage charges anybody more than 2 % beyond mark; less is the account's loss, which has its own bound.
    function test_Liquidate_RevertsWhen_TakerPaysBeyondTheBand() public {
        failing();
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, 1_836e18 + 1, 1_800e18, 200));
        house.liquidate(into(carolId, 0.3e18, 1_836e18 + 1), "");
        house.liquidate(into(carolId, 0.3e18, 1_836e18), "");
    }

    function test_Liquidate_RevertsWhen_TakerOfAShortGetsTooLittle() public {
        openLeg(ETH, aliceId, carolId, -1e18);
        setPrice(ETH, 2_200e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, 2_156e18 - 1, 2_200e18, 200));
        house.liquidate(into(carolId, 0.3e18, 2_156e18 - 1), "");
        house.liquidate(into(carolId, 0.3e18, 2_156e18), "");
    }

    // ---- sessions

    /// @dev Bob has ten quote and takes 540 worth: he has sold it when his margin is looked at.
    function test_Session_TakerOffloadsBeforeHisMarginIsLookedAt() public {
        failing();
        calls.push(abi.encodeCall(house.trade, tradeTerms(ETH, POOL, bobId, 0.3e18, 0)));
        house.liquidate(into(bobId, 0.3e18, 1_780e18), "go");
        assertEq(reasons[0].length, 0);
        assertEq(sizeOf(bobId, ETH), 0);
        assertGt(house.cashOf(bobId), 10e18);
    }

    function test_Session_RevertsWhen_NothingWasSold() public {
        failing();
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        house.liquidate(into(bobId, 0.3e18, 1_780e18), "go");
    }

    /// @dev Everything else of the ledger is locked, and trades of others and in other assets are.
    function test_Session_OnlyTheTakersTradesAreOpen() public {
        failing();
        calls.push(abi.encodeCall(house.trade, tradeTerms(ETH, carolId, aliceId, 0.1e18, 1_800e18)));
        calls.push(abi.encodeCall(house.trade, tradeTerms(BTC, bobId, carolId, 1e12, 60_000e18)));
        calls.push(abi.encodeCall(house.deposit, (bobId, QUOTE, 1)));
        calls.push(abi.encodeCall(house.withdraw, (bobId, QUOTE, 1, bob)));
        calls.push(abi.encodeCall(house.transferCash, (bobId, carolId, 1)));
        calls.push(abi.encodeCall(house.liquidate, (into(carolId, 0.1e18, 1_800e18), "")));
        calls.push(abi.encodeCall(house.examine, (aliceId, ETH)));
        calls.push(abi.encodeCall(house.accrue, single(ETH)));
        calls.push(abi.encodeCall(house.settle, single(aliceId)));
        calls.push(abi.encodeCall(house.shareFees, ()));
        calls.push(abi.encodeCall(house.skim, (QUOTE)));
        uint256 refused = calls.length;
        calls.push(abi.encodeCall(house.trade, tradeTerms(ETH, POOL, bobId, 0.3e18, 0)));
        house.liquidate(into(bobId, 0.3e18, 1_780e18), "go");
        for (uint256 i = 0; i < refused; ++i) {
            assertEq(bytes4(reasons[i]), bytes4(keccak256("ReentrancyGuardReentrantCall()")), vm.toString(i));
        }
        assertEq(reasons[refused].length, 0);
    }

    /// @dev Not even in the same transaction is anything of it left.
    function test_Session_IsOverAfterwards() public {
        failing();
        calls.push(abi.encodeCall(house.trade, tradeTerms(ETH, POOL, bobId, 0.3e18, 0)));
        house.liquidate(into(bobId, 0.3e18, 1_780e18), "go");
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        house.trade(tradeTerms(ETH, bobId, carolId, 1e18, 1_800e18));
        vm.prank(alice);
        vm.expectPartialRevert(IClearingHouse.CapabilityMissing.selector);
        house.trade(tradeTerms(ETH, bobId, carolId, 1e18, 1_800e18));
    }

    /// @dev A trade inside needs the capability as always.
    function test_Session_RevertsWhen_TraderHasNoCapability() public {
        failing();
        configurator.setCapability(stage, Capability.Trade, false);
        calls.push(abi.encodeCall(house.trade, tradeTerms(ETH, POOL, bobId, 0.3e18, 0)));
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        house.liquidate(into(bobId, 0.3e18, 1_780e18), "go");
    }

    function onTaken(bytes calldata data) external {
        assertEq(data, "go");
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory reason) = address(house).call(calls[i]);
            reasons.push(ok ? bytes("") : reason);
        }
    }

    // ---- numbers

    function failing() internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        pool = openPool(ETH, keeper, 5_000_000e6);
        setPrice(ETH, 1_800e18);
        house.accrue(single(ETH));
    }

    function into(
        AccountId taker,
        uint256 size,
        uint256 price
    ) internal view returns (IClearingHouse.Liquidation memory) {
        return liquidation(ETH, aliceId, taker, size, price);
    }

    function wait_(uint256 elapsed) internal {
        skip(elapsed);
        refresh();
    }
}
