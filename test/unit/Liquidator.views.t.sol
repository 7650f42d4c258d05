// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";
import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetState, HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Lot, Terms} from "../../contracts/liquidation/Chain.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice QUOTE-1 of the closing chain: what the views say is what the next call in the same block does.
contract LiquidatorViewsTest is LiquidationTest {
    address internal victim = makeAddr("victim");
    address internal backer = makeAddr("backer");
    AccountId internal victimId = accountId(victim, 0);
    AccountId internal backerId = accountId(backer, 0);

    // ---- liquidate does what the outlook says

    /// @dev Random sides, sizes, margins, pools, backstops, prices, times and states; then three looks later on.
    function testFuzz_Liquidate_DoesWhatTheOutlookSays(uint256[8] memory seeds, uint256[3] memory moves) public {
        open(seeds);
        checkLiquidate(victimId, ETH);
        for (uint256 i = 0; i < 3; ++i) {
            drift(moves[i]);
            checkLiquidate(victimId, ETH);
        }
    }

    function testFuzz_Bid_ExecutesWhatTheLotSays(uint256[8] memory seeds, uint256[3] memory moves) public {
        seeds[7] = 0;
        open(seeds);
        for (uint256 i = 0; i < 3; ++i) {
            checkLiquidate(victimId, ETH);
            drift(moves[i]);
            checkBid(victimId, ETH);
        }
    }

    /// @dev With spot as margin: either leg, and a debt above its cap.
    function testFuzz_Spot_DoesWhatTheViewsSay(uint256[4] memory seeds, uint256[3] memory moves) public {
        configurator.setHouseTerms(HouseTerms(0, 0.1e18, 50_00, 0, 0, 0, 10_000, 0));
        fundSpot(victim, victimId, 10e18);
        uint256 size = bound(seeds[0], 10e18, 70e18);
        openLeg(ETH, victimId, carolId, seeds[1] % 2 == 0 ? int256(size) : -int256(size));
        if (seeds[2] % 2 == 0) back(20_000_000e6);
        if (seeds[2] % 3 == 0) insure(1_000_000e6);
        uint256 price = seeds[1] % 2 == 0 ? bound(seeds[3], 1_500e18, 1_980e18) : bound(seeds[3], 2_020e18, 2_400e18);
        setPrice(WETH, price);
        fall(ETH, price);
        for (uint256 i = 0; i < 3; ++i) {
            checkLiquidate(victimId, moves[i] % 3 == 0 ? ETH : WETH);
            drift(moves[i]);
            checkBid(victimId, moves[i] % 3 == 0 ? ETH : WETH);
        }
    }

    function test_Outlook_Reduces() public {
        failWorkedExample();
        openPool(ETH, keeper, 5_000_000e6);
        checkStage(ILiquidator.Stage.Reduce);
    }

    function test_Outlook_OpensALot() public {
        failWorkedExample();
        back(1_000_000e6);
        checkStage(ILiquidator.Stage.Auction);
    }

    function test_Outlook_AbsorbsWhenALotIsOver() public {
        failWorkedExample();
        back(1_000_000e6);
        step(aliceId, ETH);
        wait_(600);
        checkStage(ILiquidator.Stage.Absorb);
    }

    /// @dev Below half of maintenance nobody waits for another lot.
    function test_Outlook_OffsetsWhenALotIsOver() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_770e18);
        step(aliceId, ETH);
        wait_(600);
        uint256 size = liquidator.outlook(aliceId, ETH).offset.size;
        assertLt(size, 1e18, "the smallest reduction");
        checkStage(ILiquidator.Stage.Offset);
        assertEq(sizeOf(aliceId, ETH), 1e18 - int256(size));
    }

    /// @dev A spot that nobody knows the worth of, at what it counts for; nobody is paid for that.
    function test_Outlook_SellsStaleSpotToInsurance() public {
        insure(1_000e6);
        fundSpot(alice, aliceId, 1e18);
        openLeg(ETH, aliceId, carolId, 8e18);
        skip(1 hours + 1);
        feeds[ETH].updateAnswer(1_700e8);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, WETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Offset));
        checkLiquidate(aliceId, WETH);
        assertEq(sizeOf(INSURANCE, WETH), int256(o.offset.size));
        assertApproxEqAbs(house.cashOf(INSURANCE), 900e18, 1e3, "a tenth of the fund");
        assertEq(house.cashOf(keeperId), 0);
    }

    function checkStage(ILiquidator.Stage expected) internal {
        assertEq(uint8(liquidator.outlook(aliceId, ETH).stage), uint8(expected));
        checkLiquidate(aliceId, ETH);
    }

    // ---- why nothing is done

    function test_Liquidate_RevertsWhen_AboveMaintenance() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertFalse(o.open);
        assertTrue(o.safe);
        assertEq(o.health, 1e18);
        checkLiquidate(aliceId, ETH);
        fall(ETH, 1_845e18);
        o = liquidator.outlook(aliceId, ETH);
        assertFalse(o.open, "above maintenance");
        assertFalse(o.safe, "below the target");
        checkLiquidate(aliceId, ETH);
    }

    function test_Liquidate_RevertsWhen_LotNotOver() public {
        failWorkedExample();
        step(aliceId, ETH);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.None));
        assertEq(uint8(o.reduce.reason), uint8(ILiquidator.Reason.LotIsLive));
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.LotIsLive));
        assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.LotIsLive));
        checkLiquidate(aliceId, ETH);
        ILiquidator.LotView memory v = liquidator.lotOf(aliceId, ETH);
        wait_(v.end - block.timestamp - 1);
        checkLiquidate(aliceId, ETH);
        assertEq(liquidator.lotOf(aliceId, ETH).start, v.start, "still the same lot");
    }

    function test_Liquidate_RevertsWhen_NothingPossible() public {
        failWorkedExample();
        skip(1 hours);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertTrue(o.open);
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.None));
        expectNothing(ILiquidator.Reason.NoPool, ILiquidator.Reason.Frozen, ILiquidator.Reason.NoBackstop);
        step(aliceId, ETH);
        openPool(ETH, keeper, 5_000_000e6);
        liquidator.setBackstop(bobId);
        expectNothing(ILiquidator.Reason.Frozen, ILiquidator.Reason.Frozen, ILiquidator.Reason.Frozen);
        step(aliceId, ETH);
    }

    /// @dev Nothing is paid to a keeper or a bidder for an account without margin equity: every stage is at mark or passed.
    function test_Outlook_OfABankruptAccount() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        setPrice(ETH, 1_700e18);
        openPool(ETH, keeper, 5_000_000e6);
        back(1_000_000e6);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(o.health, 0);
        assertEq(o.margin, 0);
        assertEq(uint8(o.reduce.reason), uint8(ILiquidator.Reason.Toxic), "the pool's price is not for nothing");
        assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.PaysTooLittle));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Auction));
        assertEq(o.auction.cost, 0);
        checkLiquidate(aliceId, ETH);
        wait_(60);
        checkBid(aliceId, ETH);
    }

    // ---- flow, tip, terms

    function test_FlowOf_CountsLots() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        fund(victim, victimId, 2_500e6);
        openLeg(ETH, victimId, carolId, 10e18);
        fall(ETH, 1_835e18);
        (, uint256 first) = step(aliceId, ETH);
        (, uint256 second) = step(victimId, ETH);
        (uint256 inFlight, uint256 windowLeft) = liquidator.flowOf(ETH);
        assertEq(inFlight, first + second);
        assertEq(windowLeft, 1_000_000e18, "2 % of depth");
        (inFlight, ) = liquidator.flowOf(BTC);
        assertEq(inFlight, 0);
        wait_(300);
        bid(aliceId, ETH, type(uint256).max);
        (inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, liquidator.lotOf(aliceId, ETH).lot.size + second);
    }

    function test_FlowOf_AMinuteUsesItsWindow() public {
        failWorkedExample();
        openPool(ETH, keeper, 5_000_000e6);
        (, uint256 size) = step(aliceId, ETH);
        (, uint256 windowLeft) = liquidator.flowOf(ETH);
        assertEq(windowLeft, 1_000_000e18 - (size * 1_835e18) / 1e18);
        skip(59);
        (, windowLeft) = liquidator.flowOf(ETH);
        assertEq(windowLeft, 1_000_000e18 - (size * 1_835e18) / 1e18);
        skip(1);
        (, windowLeft) = liquidator.flowOf(ETH);
        assertEq(windowLeft, 1_000_000e18, "another minute");
    }

    function test_TipLeft_IsOfTheEpisode() public {
        failDeeper();
        checkTip(0, 0);
        step(aliceId, ETH);
        checkTip(0, 0);
        wait_(30);
        uint256 planned = liquidator.lotOf(aliceId, ETH).size;
        bid(aliceId, ETH, planned / 5);
        (uint256 since, uint256 left) = liquidator.tipLeft(aliceId);
        assertEq(since, block.timestamp);
        assertApproxEqAbs(left, 0.4e18, 0.01e18, "a fifth of what was planned");
        wait_(30);
        bid(aliceId, ETH, type(uint256).max);
        assertGe(healthOf(aliceId), 1.2e18);
        checkTip(0, 0);
    }

    /// @dev An episode that goes on keeps what is left of its tip; after an hour another begins.
    function testFuzz_TipLeft_IsWhatTheNextStepPays(uint256 part, uint256 elapsed) public {
        failDeeper();
        step(aliceId, ETH);
        wait_(30);
        uint256 size = liquidator.lotOf(aliceId, ETH).size;
        bid(aliceId, ETH, bound(part, size / 9, size / 4));
        (uint256 since, uint256 left) = liquidator.tipLeft(aliceId);
        assertEq(since, block.timestamp);
        assertLt(left, 0.5e18);
        elapsed = bound(elapsed, 0, 1 hours + 10);
        wait_(elapsed);
        uint256 pays = elapsed < 1 hours ? left : 0.5e18;
        vm.recordLogs();
        bid(aliceId, ETH, type(uint256).max);
        (, , , , uint256 tip) = filled(vm.getRecordedLogs());
        assertLe(tip, pays);
        assertApproxEqAbs(tip, pays, 0.02e18, "the rest of the lot gets the rest of the tip");
    }

    function test_TermsOf_IsWhatWasSet() public view {
        assertEq(abi.encode(liquidator.termsOf(ETH)), abi.encode(stageTerms()));
        Terms memory none;
        assertEq(abi.encode(liquidator.termsOf(AssetId.wrap(9))), abi.encode(none));
    }

    /// @dev A market without terms: nothing is done, and nothing breaks.
    function test_Outlook_OfAMarketWithoutTerms() public {
        addFeed(AssetId.wrap(4), 2_000e8);
        configurator.listPerp(AssetId.wrap(4), perpTerms(0.05e18, 0.1e18));
        openLeg(AssetId.wrap(4), aliceId, carolId, 1e18);
        fall(AssetId.wrap(4), 1_835e18);
        bytes memory reason = abi.encodeWithSelector(ILiquidator.NoTerms.selector, AssetId.wrap(4));
        vm.expectRevert(reason);
        liquidator.outlook(aliceId, AssetId.wrap(4));
        vm.expectRevert(reason);
        step(aliceId, AssetId.wrap(4));
    }

    // ---- checks

    function checkLiquidate(AccountId account, AssetId asset) internal {
        ILiquidator.Outlook memory o = liquidator.outlook(account, asset);
        ILiquidator.LotView memory v = liquidator.lotOf(account, asset);
        bytes memory refusal = refusalOf(account, asset, o, v);
        vm.recordLogs();
        try liquidator.liquidate(account, asset, keeperId) returns (ILiquidator.Stage stage_, uint256 size) {
            assertEq(refusal.length, 0, "not refused");
            checkDone(o, stage_, size, vm.getRecordedLogs());
        } catch (bytes memory reason) {
            assertEq(reason, refusal);
        }
    }

    /// @dev Empty when something is done, if only that a lot is taken away.
    function refusalOf(
        AccountId account,
        AssetId asset,
        ILiquidator.Outlook memory o,
        ILiquidator.LotView memory v
    ) internal view returns (bytes memory) {
        bool over = v.lot.size != 0 && block.timestamp >= v.end;
        if (!o.open) {
            if (over || (v.lot.size != 0 && (o.safe || sizeOf(account, asset) == 0))) return "";
            Assessor.Assessment memory a = house.assess(account);
            return
                abi.encodeWithSelector(
                    IClearingHouse.AccountAboveMaintenance.selector,
                    account,
                    a.marginEquity,
                    a.maintenance
                );
        }
        if (over || o.stage != ILiquidator.Stage.None) return "";
        if (v.lot.size != 0) {
            return abi.encodeWithSelector(ILiquidator.LotNotOver.selector, account, asset, v.end, block.timestamp);
        }
        return
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                account,
                asset,
                o.reduce.reason,
                o.auction.reason,
                o.absorb.reason,
                o.offset.reason
            );
    }

    /// @dev The first thing that happened is the stage of the outlook at its size; nothing that had capacity failed.
    function checkDone(
        ILiquidator.Outlook memory o,
        ILiquidator.Stage last,
        uint256 size,
        Vm.Log[] memory logs
    ) internal view {
        (ILiquidator.Stage first, uint256 did) = firstOf(logs);
        assertEq(uint8(first), uint8(o.stage), "stage");
        if (o.stage == ILiquidator.Stage.None) return assertEq(size, 0);
        assertEq(did, offerOf(o).size, "size");
        if (last == first) assertEq(size, did, "returned");
        assertGe(uint8(last), 1);
    }

    function offerOf(ILiquidator.Outlook memory o) internal pure returns (ILiquidator.Offer memory) {
        if (o.stage == ILiquidator.Stage.Reduce) return o.reduce;
        if (o.stage == ILiquidator.Stage.Auction) return o.auction;
        return o.stage == ILiquidator.Stage.Absorb ? o.absorb : o.offset;
    }

    function firstOf(Vm.Log[] memory logs) internal view returns (ILiquidator.Stage, uint256) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(liquidator)) continue;
            assertTrue(logs[i].topics[0] != ILiquidator.StageFailed.selector, "a stage with capacity failed");
            if (logs[i].topics[0] == ILiquidator.Stepped.selector) {
                (ILiquidator.Stage stage_, uint256 size, , , ) = abi.decode(
                    logs[i].data,
                    (ILiquidator.Stage, uint256, uint256, uint256, uint256)
                );
                return (stage_, size);
            }
            if (logs[i].topics[0] != ILiquidator.LotChanged.selector) continue;
            Lot memory lot = abi.decode(logs[i].data, (Lot));
            // One that nobody came for is taken away before its own auction begins.
            if (lot.size != 0) return (ILiquidator.Stage.Auction, lot.size);
        }
        return (ILiquidator.Stage.None, 0);
    }

    function checkBid(AccountId account, AssetId asset) internal {
        ILiquidator.LotView memory v = liquidator.lotOf(account, asset);
        ILiquidator.Bid memory b = bidTerms(account, asset);
        if (v.lot.size == 0) return refused(b, abi.encodeWithSelector(ILiquidator.NoLot.selector, account, asset));
        if (v.size == 0) {
            return refused(b, abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, account, asset));
        }
        checkLimits(b, v);
        checkPart(b, v);
        b.limit = v.price;
        vm.recordLogs();
        vm.prank(bob);
        (uint256 size, uint256 price) = liquidator.bid(b);
        assertEq(size, v.size, "size");
        assertEq(price, v.price, "price");
        (, , int256 premium, , ) = filled(vm.getRecordedLogs());
        assertEq(premium, v.premium, "premium");
    }

    /// @dev A wei less of size or of price than the view says is refused.
    function checkLimits(ILiquidator.Bid memory b, ILiquidator.LotView memory v) internal {
        b.limit = v.long ? v.price - 1 : v.price + 1;
        refused(b, abi.encodeWithSelector(ILiquidator.PriceBeyondLimit.selector, v.price, b.limit));
        b.limit = v.long ? type(uint256).max : 0;
        (b.most, b.least) = (v.least - 1, 0);
        refused(b, abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, v.least - 1, v.least));
        (b.most, b.least) = (type(uint256).max, v.size + 1);
        refused(b, abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, v.size, v.size + 1));
        b.least = 0;
    }

    function checkPart(ILiquidator.Bid memory b, ILiquidator.LotView memory v) internal {
        (uint256 time, uint256 snapshot) = (block.timestamp, vm.snapshotState());
        b.most = v.least;
        vm.prank(bob);
        (uint256 size, ) = liquidator.bid(b);
        assertEq(size, v.least);
        vm.revertToState(snapshot);
        vm.warp(time);
        b.most = type(uint256).max;
    }

    function refused(ILiquidator.Bid memory b, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(bob);
        liquidator.bid(b);
    }

    function checkTip(uint256 since, uint256 left) internal view {
        (uint256 actualSince, uint256 actualLeft) = liquidator.tipLeft(aliceId);
        assertEq(actualSince, since, "since");
        assertEq(actualLeft, left, "left");
    }

    function expectNothing(ILiquidator.Reason reduce, ILiquidator.Reason auction, ILiquidator.Reason absorb) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                aliceId,
                ETH,
                reduce,
                auction,
                absorb,
                liquidator.outlook(aliceId, ETH).offset.reason
            )
        );
    }

    /// @return size, price, premium, penalty and tip of the lot that was filled
    function filled(Vm.Log[] memory logs) internal pure returns (uint256, uint256, int256, uint256, uint256) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ILiquidator.LotFilled.selector) continue;
            return abi.decode(logs[i].data, (uint256, uint256, int256, uint256, uint256));
        }
        assertTrue(false, "not filled");
    }

    // ---- worlds

    function failWorkedExample() internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_835e18);
    }

    /// @dev At a health of 0.72, where a quarter of the plan is not enough.
    function failDeeper() internal {
        openLeg(ETH, aliceId, carolId, 1e18);
        fall(ETH, 1_815e18);
    }

    /// @dev 0: side, 1: size, 2: margin per unit, 3: pool, 4: backstop, 5: price, 6: time, 7: state.
    function open(uint256[8] memory seeds) internal {
        bool long = seeds[0] % 2 == 0;
        uint256 size = bound(seeds[1], 0.05e18, 300e18);
        fund(victim, victimId, (size * bound(seeds[2], 220e18, 400e18)) / 1e30);
        openLeg(ETH, victimId, carolId, long ? int256(size) : -int256(size));
        if (seeds[3] % 3 != 0) openPool(ETH, keeper, seeds[3] % 3 == 1 ? 50_000e6 : 5_000_000e6);
        if (seeds[4] % 3 != 0) back(seeds[4] % 3 == 1 ? 10_000e6 : 1_000_000e6);
        setPrice(ETH, long ? bound(seeds[5], 1_600e18, 1_920e18) : bound(seeds[5], 2_080e18, 2_450e18));
        house.accrue(single(ETH));
        skip(bound(seeds[6], 0, 6 minutes));
        uint256 state = seeds[7] % 6;
        if (state > 2) setState(ETH, AssetState(state - 2));
    }

    function back(uint256 amount) internal {
        fund(backer, backerId, amount);
        liquidator.setBackstop(backerId);
    }

    /// @dev Up to a quarter of an hour, and up to 3 % either way; one in eight times the price is stale.
    function drift(uint256 seed) internal {
        if (seed % 8 == 7) return skip(1 hours + 1);
        skip(bound(seed >> 8, 0, 900));
        uint256 price = (uint256(feeds[ETH].latestAnswer()) * bound(seed >> 64, 970, 1_030)) / 1_000;
        feeds[ETH].updateAnswer(int256(price));
        feeds[WETH].updateAnswer(int256(price));
        refresh();
    }
}
