// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {INSURANCE, POOL, TREASURY} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice Owners, keepers and bidders who play for the pay of the chain, or for its delay. Mallory's account is long 100 ETH at
/// ten times her margin.
contract LiquidationGamingTest is LiquidationTest {
    uint256 private constant TIP = 0.5e18;

    error Did(ILiquidator.Stage stage);

    address private mallory = makeAddr("mallory");
    AccountId private thinId = accountId(mallory, 0);
    AccountId private malloryId = accountId(mallory, 1);

    function setUp() public override {
        super.setUp();
        fund(mallory, thinId, 25_000e6);
        openLeg(ETH, thinId, carolId, 100e18);
    }

    // ---- tips

    /// @dev Tenth by tenth: the tips of all fills of an episode are one tip at most.
    function testFuzz_Tip_SlicesPayOne(uint256 price, uint256 part) public {
        fall(ETH, bound(price, 1_785e18, 1_835e18));
        part = bound(part, 10, 100);
        vm.recordLogs();
        for (uint256 i = 0; i < 12; ++i) {
            if (!openOrLive()) break;
            wait_(60);
            uint256 size = (liquidator.lotOf(thinId, ETH).size * part) / 100;
            bidIfAny(size);
        }
        (uint256 tips, uint256 steps) = tipsPaid();
        assertLe(tips, TIP);
        if (steps == 0) assertEq(tips, 0);
    }

    /// @dev The price goes up and down around a health of one, the owner adds a unit now and then: still one tip an hour.
    function testFuzz_Tip_FlickerPaysOne(uint256[10] memory prices, uint256 part) public {
        vm.recordLogs();
        uint256 safe;
        uint256 since = block.timestamp;
        part = bound(part, 10, 100);
        for (uint256 i = 0; i < 10; ++i) {
            fall(ETH, bound(prices[i], 1_825e18, 1_860e18));
            refresh();
            fund(mallory, thinId, 1);
            if (openOrLive()) bidIfAny((liquidator.lotOf(thinId, ETH).size * part) / 100);
            if (healthOf(thinId) >= 1.2e18) ++safe;
        }
        (uint256 tips, ) = tipsPaid();
        uint256 hours_ = (block.timestamp - since) / 1 hours + 1;
        assertLe(tips, TIP * (hours_ + safe));
    }

    /// @dev A tip is a part of what the account pays anyway: at most 2 % of what it must hold.
    function test_Tip_IsSmallWhereTheAccountIsSmall() public {
        AccountId small = accountId(mallory, 2);
        fund(mallory, small, 12.5e6);
        openLeg(ETH, small, carolId, 0.05e18);
        fall(ETH, 1_825e18);
        vm.recordLogs();
        openPool(ETH, bob, 5_000_000e6);
        liquidator.liquidate(small, ETH, keeperId);
        (uint256 tips, ) = tipsPaid();
        uint256 maintenance = (0.05e18 * 1_825) / 20;
        assertLe(tips, maintenance / 50 + 1e15);
        assertGt(tips, 0);
    }

    // ---- self-liquidation

    /// @dev She is owner, keeper and bidder in one. What she has at mark is never more afterwards, and what pool and insurance
    /// have is never less.
    function testFuzz_Self_NeverGains(uint256 price, uint256 elapsed, uint256 part, bool withPool) public {
        LiquidityPool pool = openPoolIf(withPool);
        fund(mallory, malloryId, 200_000e6);
        fall(ETH, bound(price, 1_760e18, 1_835e18));
        refresh();
        house.accrue(single(ETH));
        int256 before = worth();
        int256 others = othersWorth(pool);
        for (uint256 i = 0; i < 4; ++i) {
            if (!openOrLive()) break;
            wait_(bound(elapsed, 0, 600));
            uint256 size = (liquidator.lotOf(thinId, ETH).size * bound(part, 10, 100)) / 100;
            if (size != 0) takeAs(malloryId, size);
        }
        assertLe(worth(), before + 10);
        assertGe(othersWorth(pool) + 10, others);
    }

    /// @dev She closes with the pool, or she lets herself be reduced into it and keeps the keeper's half: the first is cheaper while
    /// the penalty's other half is more than the taker's fee.
    function test_Self_ReductionAgainstClosing() public {
        LiquidityPool pool = openPoolIf(true);
        uint256[5] memory prices = [uint256(1_835e18), 1_815e18, 1_790e18, 1_765e18, 1_755e18];
        for (uint256 i = 0; i < 5; ++i) {
            uint256 state = vm.snapshotState();
            fall(ETH, prices[i]);
            refresh();
            house.accrue(single(ETH));
            int256 before = worth();
            uint256 inner = vm.snapshotState();
            vm.prank(mallory);
            (, uint256 size) = liquidator.liquidate(thinId, ETH, malloryId);
            int256 reduced = worth() - before;
            vm.revertToState(inner);
            poolTrade(thinId, ETH, -int256(size));
            int256 closed = worth() - before;
            emit log_named_decimal_uint("price", prices[i], 18);
            emit log_named_decimal_int("by reduction", reduced, 18);
            emit log_named_decimal_int("by closing", closed, 18);
            assertLe(reduced, 0);
            vm.revertToState(state);
        }
        assertEq(sizeOf(pool.account(), ETH), 0);
    }

    // ---- dust

    function test_Dust_BidIsRefused() public {
        fall(ETH, 1_825e18);
        step(thinId, ETH);
        wait_(300);
        uint256 least = liquidator.lotOf(thinId, ETH).least;
        ILiquidator.Bid memory b = bidTerms(thinId, ETH);
        b.most = least - 1;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, least - 1, least));
        liquidator.bid(b);
        b.most = 1;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.BidTooSmall.selector, 1, least));
        liquidator.bid(b);
    }

    /// @dev A leg of 40 quote needs a reduction of a part; what it would leave is dust, so it goes whole.
    function test_Dust_RemainderIsClosedWhole() public {
        AccountId small = accountId(mallory, 2);
        fund(mallory, small, 5e6);
        openLeg(ETH, small, carolId, 0.02e18);
        fall(ETH, 1_825e18);
        step(small, ETH);
        assertEq(liquidator.lotOf(small, ETH).size, 0.02e18);
        wait_(100);
        bid(small, ETH, type(uint256).max);
        assertEq(sizeOf(small, ETH), 0);
    }

    /// @dev However a lot of a small leg is bid on, nothing below a hundred tips is left of it.
    function testFuzz_Dust_NothingIsLeft(uint256 size, uint256 price) public {
        AccountId small = accountId(mallory, 2);
        size = bound(size, 0.01e18, 0.2e18);
        fund(mallory, small, (size * 250) / 1e12);
        openLeg(ETH, small, carolId, int256(size));
        price = bound(price, 1_765e18, 1_835e18);
        fall(ETH, price);
        step(small, ETH);
        wait_(100);
        bid(small, ETH, type(uint256).max);
        uint256 left = magnitude(sizeOf(small, ETH));
        if (left != 0) assertGe((left * price) / 1e18, 50e18 - 1);
    }

    // ---- owners inside auctions

    /// @dev The smallest top-up that brings health to one puts the lot to sleep. It locks nothing: a unit of the price later the lot
    /// goes on, as old as it is.
    function test_Owner_TopUpToOneIsNoLock() public {
        fall(ETH, 1_834e18);
        step(thinId, ETH);
        uint256 start = liquidator.lotOf(thinId, ETH).start;
        uint256 units = topUp();
        assertGe(healthOf(thinId), 1e18);
        assertLt(healthOf(thinId), 1e18 + 1e12, "by less than a unit of quote");
        assertEq(liquidator.lotOf(thinId, ETH).size, 0);
        ILiquidator.Bid memory b = bidTerms(thinId, ETH);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NothingOnOffer.selector, thinId, ETH));
        liquidator.bid(b);
        vm.expectPartialRevert(IClearingHouse.AccountAboveMaintenance.selector);
        step(thinId, ETH);
        wait_(240);
        setPrice(ETH, 1_833e18);
        house.accrue(single(ETH));
        wait_(300);
        ILiquidator.LotView memory v = liquidator.lotOf(thinId, ETH);
        assertGt(v.size, 0);
        assertEq(v.start, start);
        assertGt(v.premium, 0, "far along");
        bid(thinId, ETH, type(uint256).max);
        assertGt(units, 0);
    }

    /// @dev One unit less and the lot is awake.
    function test_Owner_TopUpBelowOneChangesNothing() public {
        fall(ETH, 1_834e18);
        refresh();
        house.accrue(single(ETH));
        wait_(1_200);
        house.accrue(single(ETH));
        step(thinId, ETH);
        uint256 units = unitsToOne();
        fund(mallory, thinId, units - 1);
        assertLt(healthOf(thinId), 1e18);
        assertGt(liquidator.lotOf(thinId, ETH).size, 0);
    }

    function test_Owner_MayRescueByDeposit() public {
        fall(ETH, 1_825e18);
        step(thinId, ETH);
        fund(mallory, thinId, 10_000e6);
        assertGe(healthOf(thinId), 1.2e18);
        (ILiquidator.Stage stage_, uint256 size) = step(thinId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.None));
        assertEq(size, 0);
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        assertEq(inFlight, 0);
    }

    function test_Owner_MayRescueByReducing() public {
        fall(ETH, 1_825e18);
        step(thinId, ETH);
        openPool(ETH, keeper, 5_000_000e6);
        wait_(100);
        vm.prank(mallory);
        exchange.trade(IExchange.PoolTrade(thinId, ETH, -60e18, 0, true, block.timestamp));
        assertEq(sizeOf(thinId, ETH), 40e18);
        assertGe(healthOf(thinId), 1.2e18);
        step(thinId, ETH);
        assertEq(liquidator.lotOf(thinId, ETH).lot.size, 0);
    }

    // ---- the cap of what is in flight

    /// @dev Mallory's lots fill the cap. Who has none goes to the backstop in the same call.
    function test_Cap_OthersPassToTheBackstop() public {
        AccountId[] memory whales = fillCap(250e6);
        assertNoRoom(thinId);
        fund(stage, accountId(stage, 0), 5_000_000e6);
        liquidator.setBackstop(accountId(stage, 0));
        (ILiquidator.Stage stage_, ) = step(thinId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Absorb));
        assertGt(liquidator.lotOf(whales[0], ETH).lot.size, 0);
    }

    /// @dev Without one: she puts all of hers to sleep, and the cap stays full until they are over, ten minutes at most; then
    /// anybody takes them away.
    function test_Cap_SleepingLotsEnd() public {
        AccountId[] memory whales = fillCap(250e6);
        uint256 since = block.timestamp;
        for (uint256 i = 0; i < whales.length; ++i) fund(mallory, whales[i], 51_000e6);
        uint256 longest;
        for (uint256 turn = 0; turn < 61; ++turn) {
            for (uint256 i = 0; i < whales.length; ++i) clear(whales[i]);
            try liquidator.liquidate(thinId, ETH, keeperId) {
                break;
            } catch {}
            wait_(10);
            longest = block.timestamp - since;
            assertLe(longest, 600);
        }
        emit log_named_uint("longest delay", longest);
        assertGt(liquidator.lotOf(thinId, ETH).size, 0);
    }

    /// @dev Lots that nobody takes, of accounts that stay in trouble, are opened anew: those hold the cap for as long as they last.
    function test_Cap_IsHeldByAccountsThatStayInTrouble() public {
        AccountId[] memory whales = fillCap(250e6);
        for (uint256 round = 0; round < 6; ++round) {
            wait_(600);
            for (uint256 i = 0; i < whales.length; ++i) step(whales[i], ETH);
            assertNoRoom(thinId);
        }
        // Bids make room: what is taken is not needed again.
        for (uint256 round = 0; round < 3; ++round) {
            wait_(500);
            for (uint256 i = 0; i < whales.length; ++i) {
                if (liquidator.lotOf(whales[i], ETH).size != 0) bid(whales[i], ETH, type(uint256).max);
            }
        }
        step(thinId, ETH);
        assertGt(liquidator.lotOf(thinId, ETH).size, 0);
    }

    // ---- keepers

    /// @dev A row of the house cannot be paid: who names one does not get to pass the pool, nor to open a lot that no bid can pay.
    function test_Keeper_RevertsWhen_Reserved() public {
        openPool(ETH, bob, 5_000_000e6);
        fall(ETH, 1_825e18);
        refresh();
        AccountId[3] memory reserved = [POOL, TREASURY, INSURANCE];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, reserved[i]));
            liquidator.liquidate(thinId, ETH, reserved[i]);
        }
        ILiquidator.Entry[] memory entries = new ILiquidator.Entry[](1);
        entries[0] = ILiquidator.Entry(thinId, ETH);
        bytes[] memory reasons = liquidator.liquidateMany(entries, TREASURY);
        assertEq(reasons[0], abi.encodeWithSelector(IClearingHouse.ReservedRow.selector, TREASURY));
        (ILiquidator.Stage stage_, ) = step(thinId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
    }

    /// @dev A keeper is a row, never called: one without code, one that reverts, the account itself and its taker are all the same.
    function test_Keeper_MayBeAnybody() public {
        openPool(ETH, bob, 5_000_000e6);
        fall(ETH, 1_825e18);
        refresh();
        AccountId[4] memory keepers = [accountId(address(quote), 0), thinId, carolId, accountId(address(1), 7)];
        uint256 size;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 state = vm.snapshotState();
            (ILiquidator.Stage stage_, uint256 reduced) = liquidator.liquidate(thinId, ETH, keepers[i]);
            assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
            if (i == 0) size = reduced;
            assertEq(reduced, size);
            assertGe(healthOf(thinId) + 1e6, 1.2e18);
            vm.revertToState(state);
        }
    }

    // ---- gas

    /// @dev However little gas: the right stage, or nothing.
    function test_Gas_CannotPassTheReduction() public {
        openPool(ETH, bob, 5_000_000e6);
        fall(ETH, 1_825e18);
        refresh();
        uint256 passed;
        for (uint256 gas = 250_000; gas < 900_000; gas += 5_000) passed += tryWith(gas, ILiquidator.Stage.Reduce);
        assertEq(passed, 0);
    }

    /// @dev The backstop holds another asset, whose price is only latched inside the step.
    function test_Gas_CannotPassTheBackstop() public {
        AccountId backstop = accountId(stage, 0);
        fund(stage, backstop, 5_000_000e6);
        openLeg(BTC, backstop, carolId, 1e18);
        liquidator.setBackstop(backstop);
        fall(ETH, 1_825e18);
        refresh();
        step(thinId, ETH);
        wait_(600);
        uint256 passed;
        for (uint256 gas = 250_000; gas < 1_500_000; gas += 5_000) passed += tryWith(gas, ILiquidator.Stage.Absorb);
        assertEq(passed, 0);
    }

    // ---- order inside a block

    /// @dev Who is second in a block finds the next lot, which begins anew, or his limit.
    function test_Order_SecondBidderMeetsTheNextLot() public {
        fall(ETH, 1_825e18);
        step(thinId, ETH);
        wait_(400);
        ILiquidator.LotView memory first = liquidator.lotOf(thinId, ETH);
        bid(thinId, ETH, first.size / 2);
        ILiquidator.LotView memory second = liquidator.lotOf(thinId, ETH);
        assertGt(second.price, first.price);
        ILiquidator.Bid memory b = bidTerms(thinId, ETH);
        b.limit = first.price;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.PriceBeyondLimit.selector, second.price, first.price));
        liquidator.bid(b);
    }

    /// @dev One bid or two of it in a block, once there is a premium: the account pays no more.
    function testFuzz_Order_SplittingABidPaysNoMore(uint256 elapsed, uint256 part) public {
        fall(ETH, 1_825e18);
        step(thinId, ETH);
        wait_(bound(elapsed, 100, 600));
        ILiquidator.LotView memory v = liquidator.lotOf(thinId, ETH);
        uint256 size = v.size;
        uint256 state = vm.snapshotState();
        bid(thinId, ETH, size);
        int256 whole = equityOf(bobId);
        vm.revertToState(state);
        uint256 first = bound(part, v.least, size);
        bid(thinId, ETH, first);
        bidIfAny(size - first);
        assertLe(equityOf(bobId), whole + 1e15);
    }

    /// @dev Sells to the pool, has the account reduced into it, buys back: never for a profit.
    function testFuzz_Order_SandwichingAReductionLoses(uint256 size, uint256 price) public {
        openPool(ETH, bob, 5_000_000e6);
        fund(mallory, malloryId, 1_000_000e6);
        fall(ETH, bound(price, 1_785e18, 1_835e18));
        refresh();
        size = bound(size, 1e15, 500e18);
        int256 before = house.cashOf(malloryId);
        poolTrade(malloryId, ETH, -int256(size));
        step(thinId, ETH);
        poolTrade(malloryId, ETH, int256(size));
        assertLt(house.cashOf(malloryId), before);
    }

    // ---- helpers

    /// @dev Five accounts of 1,000 ETH, each with a fifth of the cap on offer.
    function fillCap(uint256 perUnit) private returns (AccountId[] memory whales) {
        whales = new AccountId[](5);
        for (uint96 i = 0; i < 5; ++i) {
            whales[i] = accountId(mallory, 10 + i);
            fund(mallory, whales[i], perUnit * 1_000);
            openLeg(ETH, whales[i], carolId, 1_000e18);
        }
        settlePrice(ETH, 1_825e18);
        for (uint256 i = 0; i < 5; ++i) step(whales[i], ETH);
    }

    function assertNoRoom(AccountId account) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidator.NothingPossible.selector,
                account,
                ETH,
                ILiquidator.Reason.NoPool,
                ILiquidator.Reason.NoRoom,
                ILiquidator.Reason.NoBackstop,
                ILiquidator.Reason.NotOrphaned
            )
        );
        liquidator.liquidate(account, ETH, keeperId);
    }

    function clear(AccountId account) private {
        try liquidator.liquidate(account, ETH, keeperId) {} catch {}
    }

    /// @return whether a call with so much gas did something else than this stage
    function tryWith(uint256 gas, ILiquidator.Stage wanted) private returns (uint256) {
        try this.attempt(gas) {} catch (bytes memory reason) {
            if (bytes4(reason) != Did.selector) return 0;
            if (reason[35] == bytes1(uint8(wanted))) return 0;
            emit log_named_uint("passed at", gas);
        }
        return 1;
    }

    /// @dev Undone, whatever it did.
    function attempt(uint256 gas) external {
        (ILiquidator.Stage done, ) = liquidator.liquidate{gas: gas}(thinId, ETH, keeperId);
        revert Did(done);
    }

    /// @return whether there is a lot now
    function openOrLive() private returns (bool) {
        clear(thinId);
        return liquidator.lotOf(thinId, ETH).size != 0;
    }

    function bidIfAny(uint256 size) private {
        ILiquidator.LotView memory v = liquidator.lotOf(thinId, ETH);
        if (v.size != 0 && size >= v.least) bid(thinId, ETH, size);
    }

    function takeAs(AccountId taker, uint256 size) private {
        ILiquidator.LotView memory v = liquidator.lotOf(thinId, ETH);
        if (size < v.least) return;
        ILiquidator.Bid memory b = bidTerms(thinId, ETH);
        (b.taker, b.most) = (taker, size);
        vm.prank(mallory);
        liquidator.bid(b);
    }

    /// @dev What all fills and steps that were recorded paid as tips.
    function tipsPaid() private returns (uint256 tips, uint256 steps) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic != ILiquidator.LotFilled.selector && topic != ILiquidator.Stepped.selector) continue;
            (, , , , uint256 tip) = abi.decode(logs[i].data, (uint256, uint256, int256, uint256, uint256));
            tips += tip;
            ++steps;
        }
    }

    function unitsToOne() private view returns (uint256) {
        ILiquidator.Outlook memory o = liquidator.outlook(thinId, ETH);
        assertTrue(o.open);
        int256 lacks = int256(house.assess(thinId).maintenance) - house.assess(thinId).marginEquity;
        return (uint256(lacks) + 1e12 - 1) / 1e12;
    }

    function topUp() private returns (uint256 units) {
        units = unitsToOne();
        fund(mallory, thinId, units);
    }

    function openPoolIf(bool wanted) private returns (LiquidityPool pool) {
        if (wanted) pool = openPool(ETH, bob, 5_000_000e6);
    }

    function equityOf(AccountId account) private view returns (int256) {
        return house.assess(account).equity;
    }

    /// @dev What mallory has, her keeper's pay included.
    function worth() private view returns (int256) {
        return equityOf(thinId) + equityOf(malloryId) + equityOf(keeperId);
    }

    function othersWorth(LiquidityPool pool) private view returns (int256 sum) {
        sum = house.cashOf(INSURANCE) - int256(house.totalDeficit());
        if (address(pool) != address(0)) sum += equityOf(pool.account());
    }
}
