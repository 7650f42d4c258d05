// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {AssetState, HouseTerms} from "../../contracts/core/Ledger.sol";
import {Positions} from "../../contracts/core/Positions.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {Legs} from "../../contracts/libraries/Legs.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {MAX_PRICE} from "../../contracts/types/Price.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseTradeTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 250e6);
        fund(bob, bobId, 250e6);
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- what a fill does

    function test_Trade_MovesSizeAndCash() public {
        vm.expectEmit(address(house));
        emit Positions.PositionChanged(aliceId, ETH, 0.5e18, 2_000e18, 0);
        vm.expectEmit(address(house));
        emit Positions.PositionChanged(bobId, ETH, -0.5e18, 2_000e18, 0);
        vm.expectEmit(address(house));
        emit IClearingHouse.Exchanged(ETH, aliceId, bobId, 0.5e18, 2_010e18, 0.5e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(aliceId, -755e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(bobId, 1_255e18);
        trade(ETH, aliceId, bobId, 0.5e18, 2_010e18);
        assertEq(house.perpOf(ETH).openInterest, 0.5e18);
        assertEq(house.legsOf(aliceId).length, 1);
    }

    function testFuzz_Trade_BasisIsTheMarkNotThePrice(uint256 first, uint256 second, uint256 p, uint256 q) public {
        first = bound(first, 1e12, 10e18);
        second = bound(second, 1e12, 10e18);
        p = bound(p, 1_000e8, 4_000e8) * 1e10;
        q = bound(q, 1_000e8, 4_000e8) * 1e10;
        fund(bob, bobId, 1_000_000e6);
        settlePrice(ETH, p);
        trade(ETH, carolId, bobId, first, (p * 99) / 100);
        settlePrice(ETH, q);
        trade(ETH, carolId, bobId, second, (q * 101) / 100);
        uint256 weighted = p * first + q * second;
        uint256 size = first + second;
        assertEq(house.positionOf(carolId, ETH).basis, (weighted + size - 1) / size, "up for a long");
        assertEq(house.positionOf(bobId, ETH).basis, weighted / size, "down for a short");
        setPrice(ETH, p);
        trade(ETH, bobId, carolId, first, p);
        assertEq(house.positionOf(carolId, ETH).basis, (weighted + size - 1) / size, "a reduction keeps it");
    }

    function test_Trade_FlipsSides() public {
        trade(ETH, aliceId, carolId, 0.5e18, 2_000e18);
        setPrice(ETH, 2_100e18);
        trade(ETH, carolId, aliceId, 1e18, 2_100e18);
        assertEq(house.positionOf(aliceId, ETH).size, -0.5e18);
        assertEq(house.positionOf(aliceId, ETH).basis, 2_100e18, "a new leg");
        assertEq(house.positionOf(carolId, ETH).size, 0.5e18);
        assertEq(house.perpOf(ETH).openInterest, 0.5e18);
        assertEq(house.cashOf(aliceId), 250e18 - 1_000e18 + 2_100e18);
    }

    /// @dev SIZE-1 and CASH-1 over any fills among three.
    function testFuzz_Trade_SidesStayEqual(uint256[8] memory seeds) public {
        AccountId[3] memory ids = [aliceId, bobId, carolId];
        fund(alice, aliceId, 1_000_000e6);
        fund(bob, bobId, 1_000_000e6);
        int256 cash = house.cashOf(aliceId) + house.cashOf(bobId) + house.cashOf(carolId);
        for (uint256 i = 0; i < 8; ++i) {
            seeds[i] >>= 8;
            uint256 size = bound(seeds[i], 1, 20e18);
            trade(ETH, ids[seeds[i] % 3], ids[(seeds[i] + 1 + (seeds[i] % 2)) % 3], size, 2_000e18 + (seeds[i] % 1e18));
            int256 longs;
            int256 shorts;
            for (uint256 j = 0; j < 3; ++j) {
                int256 held = house.positionOf(ids[j], ETH).size;
                if (held > 0) longs += held;
                else shorts -= held;
            }
            assertEq(longs, int256(house.perpOf(ETH).openInterest), "SIZE-1");
            assertEq(shorts, longs, "SIZE-1");
            assertEq(house.cashOf(aliceId) + house.cashOf(bobId) + house.cashOf(carolId), cash, "CASH-1");
        }
    }

    // ---- who and what

    function test_Trade_RevertsWhen_CapabilityMissing() public {
        refusedTo(alice);
        refusedTo(address(this));
        address liquidator = makeAddr("liquidator");
        configurator.setCapability(liquidator, Capability.Liquidate, true);
        refusedTo(liquidator);
        configurator.revokeCapability(stage, Capability.Trade);
        refusedTo(stage);
    }

    function test_Trade_RevertsWhen_NotAPerp() public {
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        house.trade(tradeTerms(WETH, aliceId, bobId, 1e18, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, QUOTE));
        house.trade(tradeTerms(QUOTE, aliceId, bobId, 1e18, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, AssetId.wrap(99)));
        house.trade(tradeTerms(AssetId.wrap(99), aliceId, bobId, 1e18, 2_000e18));
    }

    function test_Trade_RevertsWhen_NothingMoves() public {
        vm.startPrank(stage);
        vm.expectRevert(IClearingHouse.ZeroAmount.selector);
        house.trade(tradeTerms(ETH, aliceId, bobId, 0, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, ETH));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1e18, 0));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.SelfExchange.selector, aliceId));
        house.trade(tradeTerms(ETH, aliceId, aliceId, 1e18, 2_000e18));
    }

    function test_Trade_RevertsWhen_TooLarge() public {
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(Positions.SizeTooLarge.selector, 1 << 95, (1 << 95) - 1));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1 << 95, 2_000e18));
        uint256 price = MAX_PRICE + 1;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, price, MAX_PRICE));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1e18, price));
    }

    function test_Trade_RevertsWhen_ReservedRow() public {
        fund(alice, TREASURY, 1_000e6);
        AccountId[5] memory rows = [TREASURY, INSURANCE, DUST, FEES, deficitRow(ETH)];
        vm.startPrank(stage);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, rows[i]));
            house.trade(tradeTerms(ETH, rows[i], carolId, 0.1e18, 2_000e18));
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, rows[i]));
            house.trade(tradeTerms(ETH, carolId, rows[i], 0.1e18, 2_000e18));
        }
    }

    // ---- states

    function test_Trade_RevertsWhen_NotTradable() public {
        AssetState[2] memory states = [AssetState.Halted, AssetState.Settling];
        trade(ETH, aliceId, bobId, 0.1e18, 2_000e18);
        for (uint256 i = 0; i < 2; ++i) {
            setState(ETH, states[i]);
            vm.prank(stage);
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
            house.trade(tradeTerms(ETH, aliceId, bobId, 0.1e18, 2_000e18));
        }
    }

    function test_Trade_RevertsWhen_Stale() public {
        vm.warp(block.timestamp + 1 hours);
        trade(ETH, aliceId, bobId, 0.1e18, 2_000e18);
        vm.warp(block.timestamp + 1);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        house.trade(tradeTerms(ETH, bobId, aliceId, 0.1e18, 2_000e18));
    }

    function test_Trade_OtherStaleLegDoesNotBlock() public {
        trade(BTC, aliceId, carolId, 0.01e18, 60_000e18);
        vm.warp(block.timestamp + 2 hours);
        feeds[ETH].updateAnswer(2_000e8);
        trade(ETH, aliceId, bobId, 0.1e18, 2_000e18);
        assertEq(house.positionOf(aliceId, ETH).size, 0.1e18);
    }

    function test_Trade_ReduceOnlyLetsReduce() public {
        trade(ETH, aliceId, bobId, 0.5e18, 2_000e18);
        setState(ETH, AssetState.ReduceOnly);
        onlyReductions(2_000e18);
    }

    function test_Trade_DivergedLetsReduce() public {
        trade(ETH, aliceId, bobId, 0.5e18, 2_000e18);
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        sources[0] = router.sources(ETH)[0];
        MockV3Aggregator other = new MockV3Aggregator(8, 2_040e8);
        sources[1] = IOracleRouter.Source(address(chainlink(other)), 1 hours);
        router.setSources(ETH, sources, 1, 100);
        vm.warp(block.timestamp + 1);
        onlyReductions(2_020e18);
    }

    // ---- initial margin

    function testFuzz_Trade_ToTheEdgeOfInitialMargin(uint256 size, bool long) public {
        size = bound(size, 1e15, 100e18);
        uint256 notional = size * 2_000;
        uint256 initial = ceilDiv(notional, 10) + ceilDiv(notional * notional, 100_000_000e18);
        uint256 units = ceilDiv(initial, 1e12);
        address dora = makeAddr("dora");
        AccountId id = accountId(dora, 0);
        fund(dora, id, units - 1);
        IClearingHouse.Trade memory terms = tradeTerms(ETH, long ? id : carolId, long ? carolId : id, size, 2_000e18);
        vm.prank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, id, int256((units - 1) * 1e12), initial)
        );
        house.trade(terms);
        fund(dora, id, 1);
        vm.prank(stage);
        house.trade(terms);
    }

    function test_Trade_PricePaidCountsAtOnce() public {
        // 230 carries 1 ETH at 2,000; 30 above the mark it does not.
        vm.prank(alice);
        house.withdraw(aliceId, QUOTE, 20e6, alice);
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, aliceId, 200e18, 200.04e18));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1e18, 2_030e18));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1e18, 2_029.96e18));
        assertEq(house.cashOf(aliceId), 230e18 - 2_029.96e18);
    }

    // ---- the band

    function testFuzz_Trade_KeepsTheBand(bool up, uint256 size) public {
        size = bound(size, 0.01e18, 0.1e18);
        uint256 edge = up ? 2_040e18 : 1_960e18;
        uint256 beyond = up ? edge + 1 : edge - 1;
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, beyond, 2_000e18, 200));
        house.trade(tradeTerms(ETH, carolId, aliceId, size, beyond));
        house.trade(tradeTerms(ETH, carolId, aliceId, size, edge));
    }

    // ---- below initial margin

    function test_Trade_BelowInitialReducesOnly() public {
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        setPrice(ETH, 1_900e18);
        vm.startPrank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.InsufficientMargin.selector,
                aliceId,
                150e18,
                initialAt(1.00001e18, 1_900e18)
            )
        );
        house.trade(tradeTerms(ETH, aliceId, carolId, 0.00001e18, 1_900e18));
        // A flip is no reduction.
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.InsufficientMargin.selector,
                aliceId,
                150e18 - 70e18,
                initialAt(0.7e18, 2_000e18)
            )
        );
        house.trade(tradeTerms(ETH, carolId, aliceId, 1.7e18, 1_900e18));
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.1e18, 1_900e18));
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.9e18, 1_900e18));
        assertEq(house.cashOf(aliceId), 150e18);
    }

    function testFuzz_Trade_BelowInitialKeepsTheBand(bool long, bool up, uint256 size) public {
        size = bound(size, 0.01e18, 0.1e18);
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        uint256 mark = long ? 1_900e18 : 2_100e18;
        setPrice(ETH, mark);
        uint256 edge = up ? (mark * 102) / 100 : (mark * 98) / 100;
        (AccountId buyer, AccountId seller) = long ? (carolId, aliceId) : (aliceId, carolId);
        uint256 beyond = up ? edge + 1 : edge - 1;
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, beyond, mark, 200));
        house.trade(tradeTerms(ETH, buyer, seller, size, beyond));
        house.trade(tradeTerms(ETH, buyer, seller, size, edge));
    }

    function test_Trade_RevertsWhen_HealthLowered() public {
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        // Equity 20, maintenance 88.53, health 0.226: a step may cost 1.1 %.
        setPrice(ETH, 1_770e18);
        vm.startPrank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.HealthLowered.selector, aliceId, 6.725e18, 44.25783225e18)
        );
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.5e18, 1_743.45e18));
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.5e18, 1_765e18));
    }

    function testFuzz_Trade_HealthNeverFalls(uint256 mark, uint256 size, uint256 price, uint256 fee, bool long) public {
        openLeg(ETH, aliceId, carolId, long ? int256(1e18) : -1e18);
        mark = priceAtHealth(long, 2_000e18, 250e18, bound(mark, 0, 1.9e18));
        setPrice(ETH, mark);
        mark = peekPrice(ETH).mark;
        size = bound(size, 1, 1e18);
        IClearingHouse.Trade memory terms = tradeTerms(
            ETH,
            long ? carolId : aliceId,
            long ? aliceId : carolId,
            size,
            bound(price, (mark * 98) / 100 + 1, (mark * 102) / 100 - 1)
        );
        uint32 rate = uint32(bound(fee, 0, 10_000));
        fee = ((size * terms.price + 1e18 - 1) / 1e18) * rate;
        fee = (fee + 1e6 - 1) / 1e6;
        if (long) terms.sellerFee = rate;
        else terms.buyerFee = rate;
        (int256 equity, uint256 maintenance) = standing();
        vm.prank(stage);
        try house.trade(terms) {
            (int256 after_, uint256 left) = standing();
            assertGe(after_ * int256(maintenance), equity * int256(left), "LIQ-2");
            assertGe(after_, 0, "LIQ-2");
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IClearingHouse.HealthLowered.selector);
            // Refused only when the step costs more than it releases.
            int256 distance = long ? int256(mark) - int256(terms.price) : int256(terms.price) - int256(mark);
            int256 cost = (distance * int256(size)) / 1e18 + int256(fee);
            assertGt(cost * int256(maintenance) + 1e20, (equity * int256((size * mark) / 20)) / 1e18);
        }
    }

    function test_Trade_RevertsWhen_Bankrupt() public {
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        setPrice(ETH, 1_740e18);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.HealthLowered.selector, aliceId, -10e18, 0));
        house.trade(tradeTerms(ETH, carolId, aliceId, 1e18, 1_740e18));
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.HealthLowered.selector, aliceId, -10e18, 43.507569e18));
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.5e18, 1_740e18));
        fund(bob, aliceId, 10e6);
        trade(ETH, carolId, aliceId, 1e18, 1_740e18);
        assertEq(house.cashOf(aliceId), 0, "a deposit makes it solvent");
    }

    function test_Trade_BothBelowInitialReduceAgainstEachOther() public {
        trade(ETH, aliceId, bobId, 1e18, 2_000e18);
        configurator.setMargin(ETH, marginTerms(0.15e18, 0.15e18, 0.2e18));
        trade(ETH, bobId, aliceId, 0.5e18, 2_000e18);
        assertEq(house.perpOf(ETH).openInterest, 0.5e18);
    }

    // ---- fees

    function test_Trade_FeesAreSharedOut() public {
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 40_00, 0, 10_000, 0));
        IClearingHouse.Trade memory terms = tradeTerms(ETH, aliceId, bobId, 0.5e18, 2_000e18);
        (terms.buyerFee, terms.sellerFee) = (10_000, 500);
        vm.prank(stage);
        IClearingHouse.Deal memory deal = house.trade(terms);
        assertEq(abi.encode(deal), abi.encode(IClearingHouse.Deal(2_000e18, 10e18, 0.5e18)));
        assertEq(house.cashOf(aliceId), 250e18 - 1_000e18 - 10e18);
        assertEq(house.cashOf(bobId), 250e18 + 1_000e18 - 0.5e18);
        assertEq(house.cashOf(FEES), 10.5e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.FeesShared(4.2e18, 6.3e18);
        house.shareFees();
        assertEq(house.cashOf(FEES), 0);
        assertEq(house.cashOf(INSURANCE), 4.2e18);
        assertEq(house.cashOf(TREASURY), 6.3e18);
    }

    /// @dev Fee and tip of a side are at most 1 % of the fill's value; what does not fit is taken off the tip.
    function testFuzz_Trade_TipsShrinkToTheBound(uint256 size, uint32 fee, uint256 tip) public {
        size = bound(size, 1, 0.5e18);
        IClearingHouse.Trade memory terms = tradeTerms(ETH, aliceId, bobId, size, 2_000e18);
        (terms.buyerFee, terms.buyerTip, terms.keeper) = (
            uint32(bound(fee, 0, 10_000)),
            bound(tip, 0, 20e18),
            keeperId
        );
        uint256 value = size * 2_000;
        uint256 paid = (value * terms.buyerFee + 1e6 - 1) / 1e6;
        uint256 room = (value + 99) / 100 - paid;
        if (terms.buyerTip < room) room = terms.buyerTip;
        vm.prank(stage);
        IClearingHouse.Deal memory deal = house.trade(terms);
        assertEq(house.cashOf(FEES), int256(paid));
        assertEq(house.cashOf(keeperId), int256(room));
        assertEq(deal.buyerCost, paid + room);
        assertEq(deal.sellerCost, 0);
    }

    function test_Trade_RevertsWhen_FeeAboveBound() public {
        IClearingHouse.Trade memory terms = tradeTerms(ETH, aliceId, bobId, 0.5e18, 2_000e18);
        vm.startPrank(stage);
        terms.buyerFee = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.FeeAboveBound.selector, 10_001, 10_000));
        house.trade(terms);
        (terms.buyerFee, terms.sellerFee) = (10_000, 10_001);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.FeeAboveBound.selector, 10_001, 10_000));
        house.trade(terms);
        (terms.sellerFee, terms.buyerFee, terms.sellerTip, terms.keeper) = (0, 0, 1e18, INSURANCE);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, INSURANCE));
        house.trade(terms);
    }

    // ---- limits

    function test_Trade_LegsAreCappedAndTestedAtTheCap() public {
        fund(alice, aliceId, 1_600e6);
        for (uint16 i = 4; i <= 10; ++i) {
            feeds[AssetId.wrap(i)] = feeds[ETH];
            router.setSources(AssetId.wrap(i), router.sources(ETH), 1, 100);
            configurator.listPerp(AssetId.wrap(i), perpTerms(0.05e18, 0.1e18));
        }
        fundSpot(alice, aliceId, 1e18);
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        for (uint16 i = 4; i <= 9; ++i) trade(AssetId.wrap(i), aliceId, carolId, 1e18, 2_000e18);
        assertEq(house.legsOf(aliceId).length, 8);
        vm.prank(stage);
        vm.expectRevert(abi.encodeWithSelector(Legs.TooManyLegs.selector, 9, 8));
        house.trade(tradeTerms(AssetId.wrap(10), aliceId, carolId, 1e18, 2_000e18));
        // A full account still trades, closes, is liquidated and settles.
        trade(ETH, aliceId, carolId, 1e18, 2_000e18);
        setPrice(ETH, 1_600e18);
        assertTrue(house.isLiquidatable(aliceId));
        liquidate(liquidation(ETH, aliceId, carolId, 2e18, 1_600e18));
        house.settle(single(aliceId));
        assertEq(house.legsOf(aliceId).length, 7);
    }

    function test_Trade_RevertsWhen_SizeAboveLimit() public {
        fund(alice, aliceId, 10_000e6);
        fund(bob, bobId, 10_000e6);
        // A thousandth of the depth of 50 million.
        configurator.setLimits(ETH, limits(1e27, 0.001e18));
        vm.startPrank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.SizeAboveLimit.selector, aliceId, ETH, 50_000e18 + 2_000, 50_000e18)
        );
        house.trade(tradeTerms(ETH, aliceId, bobId, 25e18 + 1, 2_000e18));
        house.trade(tradeTerms(ETH, aliceId, bobId, 25e18, 2_000e18));
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.SizeAboveLimit.selector, bobId, ETH, 50_000e18 + 2_000, 50_000e18)
        );
        house.trade(tradeTerms(ETH, carolId, bobId, 1, 2_000e18));
    }

    function test_Trade_RevertsWhen_OpenInterestAboveLimit() public {
        configurator.setLimits(ETH, limits(1_000e18, 1e18));
        vm.startPrank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.OpenInterestAboveLimit.selector, ETH, 1_000e18 + 2_000, 1_000e18)
        );
        house.trade(tradeTerms(ETH, aliceId, bobId, 0.5e18 + 1, 2_000e18));
        house.trade(tradeTerms(ETH, aliceId, bobId, 0.5e18, 2_000e18));
    }

    function test_Trade_BothReduceAboveTheLimits() public {
        trade(ETH, aliceId, bobId, 0.5e18, 2_000e18);
        configurator.setLimits(ETH, limits(0, 0.001e18));
        trade(ETH, bobId, aliceId, 0.25e18, 2_000e18);
        assertEq(house.perpOf(ETH).openInterest, 0.25e18);
    }

    // ---- numbers

    function refusedTo(address caller) internal {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, caller, Capability.Trade));
        house.trade(tradeTerms(ETH, aliceId, bobId, 0.1e18, 2_000e18));
    }

    /// @dev alice is long and bob short 0.5: more is refused, a flip is refused, less goes through.
    function onlyReductions(uint256 mark) internal {
        vm.startPrank(stage);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, aliceId, ETH, 0.5e18, 0.5e18 + 1)
        );
        house.trade(tradeTerms(ETH, aliceId, bobId, 1, mark));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, bobId, ETH, -0.5e18, int256(1)));
        house.trade(tradeTerms(ETH, bobId, aliceId, 0.5e18 + 1, mark));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, carolId, ETH, 0, 0.5e18));
        house.trade(tradeTerms(ETH, carolId, aliceId, 0.5e18, mark));
        house.trade(tradeTerms(ETH, bobId, aliceId, 0.5e18, mark));
        assertEq(house.perpOf(ETH).openInterest, 0);
    }

    function initialAt(uint256 size, uint256 price) internal pure returns (uint256) {
        uint256 notional = (size * price) / 1e18;
        return notional / 10 + (notional * notional) / 100_000_000e18;
    }

    function standing() internal view returns (int256, uint256) {
        return (house.assess(aliceId).marginEquity, house.assess(aliceId).maintenance);
    }

    function ceilDiv(uint256 x, uint256 d) internal pure returns (uint256) {
        return (x + d - 1) / d;
    }
}
