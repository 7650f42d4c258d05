// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {Lot, Terms} from "../../contracts/liquidation/Chain.sol";
import {CallbackBidder} from "../../contracts/mocks/CallbackBidder.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {DUST, FEES, INSURANCE, TREASURY} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

/// @notice A bidder who does everything he can between his fill and the look at his margin.
contract BidderCallbackTest is OrderTest {
    bytes4 private constant REENTERED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    CallbackBidder private bidder;
    AccountId private bidderId;
    AccountId private secondId;
    AccountId private thinId = accountId(alice, 1);
    AccountId private otherId = accountId(alice, 2);

    function setUp() public override {
        super.setUp();
        bidder = new CallbackBidder();
        (bidderId, secondId) = (accountId(address(bidder), 0), accountId(address(bidder), 1));
        fund(bob, bidderId, 200_000e6);
        fund(bob, secondId, 200_000e6);
        enterBidder(100_000e6);
        Terms memory t = stageTerms();
        t.window = 0;
        liquidator.setTerms(ETH, t);
        openLots();
    }

    // ---- entries of the ledger

    function test_Callback_CannotMoveMoney() public {
        refused(address(house), abi.encodeCall(house.withdraw, (bidderId, QUOTE, 1, address(bidder))));
        refused(address(house), abi.encodeCall(house.withdraw, (secondId, QUOTE, 1, address(bidder))));
        refused(address(house), abi.encodeCall(house.transferCash, (bidderId, secondId, 1)));
        refused(address(house), abi.encodeCall(house.transferCash, (secondId, bidderId, 1)));
        refused(address(house), abi.encodeCall(house.deposit, (bidderId, QUOTE, 1e6)));
        refused(address(house), abi.encodeCall(house.deposit, (thinId, QUOTE, 1e6)));
        refused(
            address(house),
            abi.encodeCall(house.depositWithPermit, (bidderId, QUOTE, 1e6, block.timestamp, 0, 0, 0))
        );
        refused(address(exchange), abi.encodeCall(exchange.withdraw, (bidderId, QUOTE, 1)));
        refused(address(exchange), abi.encodeCall(exchange.transferCash, (bidderId, secondId, 1)));
        refused(address(exchange), abi.encodeCall(exchange.deposit, (bidderId, QUOTE, 1e6)));
    }

    function test_Callback_CannotLiquidate() public {
        IClearingHouse.Liquidation memory step = liquidation(ETH, otherId, bidderId, 1e18, mark());
        refused(address(house), abi.encodeCall(house.liquidate, (step, "")));
        refused(address(house), abi.encodeCall(house.examine, (otherId, ETH)));
        refused(address(house), abi.encodeCall(house.pay, (ETH, 1)));
        refused(address(liquidator), abi.encodeCall(liquidator.liquidate, (otherId, ETH, bidderId)));
        refused(address(liquidator), abi.encodeCall(liquidator.liquidate, (thinId, ETH, bidderId)));
        ILiquidator.Bid memory nested = bidOf(otherId, bidderId);
        refused(address(liquidator), abi.encodeCall(liquidator.bid, (nested)));
        nested.data = "";
        refused(address(liquidator), abi.encodeCall(liquidator.bid, (nested)));
        refusedWith(
            address(liquidator),
            abi.encodeCall(liquidator.onTaken, ("")),
            abi.encodeWithSelector(ILiquidator.NotClearingHouse.selector, address(bidder))
        );
    }

    function test_Callback_CannotMaintain() public {
        refused(address(house), abi.encodeCall(house.accrue, (single(ETH))));
        refused(address(house), abi.encodeCall(house.accrue, (single(BTC))));
        refused(address(house), abi.encodeCall(house.settle, (single(thinId))));
        refused(address(house), abi.encodeCall(house.skim, (QUOTE)));
        refused(address(house), abi.encodeCall(house.shareFees, ()));
    }

    /// @dev A list of calls goes through, each of its entries is refused.
    function test_Callback_CannotHideInLists() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.withdraw, (bidderId, QUOTE, 1, address(bidder)));
        calls[1] = abi.encodeCall(house.transferCash, (bidderId, secondId, 1));
        allRefused(address(house), abi.encodeCall(house.batch, (calls)), 2);
        ILiquidator.Entry[] memory entries = new ILiquidator.Entry[](1);
        entries[0] = ILiquidator.Entry(otherId, ETH);
        allRefused(address(liquidator), abi.encodeCall(liquidator.liquidateMany, (entries, bidderId)), 1);
        IExchange.Match[] memory pairs = new IExchange.Match[](1);
        pairs[0] = pair(order(carolId, ETH, 1e18, mark()), order(bobId, ETH, -1e18, mark()));
        allRefused(address(exchange), abi.encodeCall(exchange.matchBatch, (pairs, bidderId)), 1);
        IExchange.SignedOrder[] memory orders = new IExchange.SignedOrder[](1);
        orders[0] = signed(carolId, ETH, 1e18, type(uint256).max);
        allRefused(address(exchange), abi.encodeCall(exchange.executeBatch, (orders, bidderId)), 1);
    }

    function test_Callback_CannotEnterOrLeaveThePool() public {
        uint256 shares = pool.balanceOf(address(bidder));
        refused(address(pool), abi.encodeWithSignature("deposit(uint256,address)", 1e6, address(bidder)));
        refused(address(pool), abi.encodeWithSignature("mint(uint256,address)", 1e18, address(bidder)));
        refused(
            address(pool),
            abi.encodeWithSignature("requestRedeem(uint256,address,address)", shares, address(bidder), address(bidder))
        );
        refused(
            address(pool),
            abi.encodeWithSignature("redeem(uint256,address,address)", shares, address(bidder), address(bidder))
        );
        refused(address(pool), abi.encodeCall(pool.sync, ()));
    }

    // ---- trades

    function test_Callback_CannotTradeAnotherAsset() public {
        IExchange.SignedOrder memory o = signed(carolId, BTC, 1e18, 60_000e18);
        refused(address(exchange), abi.encodeCall(exchange.fill, (o, bidderId, 1e18, 1, block.timestamp)));
    }

    function test_Callback_CannotTradeForOthers() public {
        IExchange.SignedOrder memory o = signed(carolId, ETH, 1e18, mark());
        refused(address(exchange), abi.encodeCall(exchange.fill, (o, secondId, 1e18, 1, block.timestamp)));
        refused(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(secondId, 1e18))));
        refused(address(exchange), abi.encodeCall(exchange.execute, (o, bidderId)));
        IExchange.Match memory strangers = pair(order(carolId, ETH, 1e18, mark()), order(bobId, ETH, -1e18, mark()));
        refused(address(exchange), abi.encodeCall(exchange.matchOrders, (strangers, bidderId)));
    }

    /// @dev The session opens no capability.
    function test_Callback_CannotTradeWithoutTheExchange() public {
        IClearingHouse.Trade memory t = tradeTerms(ETH, carolId, bidderId, 1e18, mark());
        refusedWith(
            address(house),
            abi.encodeCall(house.trade, (t)),
            abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, address(bidder), Capability.Trade)
        );
        t.asset = BTC;
        refused(address(house), abi.encodeCall(house.trade, (t)));
    }

    function test_Callback_MaySellToOrdersAndPool() public {
        uint256 size = liquidator.lotOf(thinId, ETH).size;
        IExchange.SignedOrder memory o = signed(carolId, ETH, int256(size / 2), mark());
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](2);
        calls[0] = call(address(exchange), abi.encodeCall(exchange.fill, (o, bidderId, size / 2, 1, block.timestamp)));
        calls[1] = call(
            address(exchange),
            abi.encodeCall(exchange.trade, (poolTerms(bidderId, -int256(size - size / 2))))
        );
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        bid(thinId);
        assertEq(sizeOf(bidderId, ETH), 0);
        assertLaws();
    }

    /// @dev More instead of less is a trade like any other: with the margin for it.
    function test_Callback_MayTakeMore() public {
        script(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, 10e18))));
        uint256 size = liquidator.lotOf(thinId, ETH).size;
        bid(thinId);
        assertTrue(outcome().succeeded);
        assertEq(sizeOf(bidderId, ETH), int256(size + 10e18));
        assertLaws();
    }

    function test_Callback_CannotTakeMoreThanItsMargin() public {
        leaveBidder(20_000e6);
        script(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, 200e18))));
        bid(thinId);
        assertFalse(outcome().succeeded);
        assertEq(bytes4(outcome().returned), IClearingHouse.InsufficientMargin.selector);
        assertLaws();
    }

    /// @dev With an order that the owner of the account in trouble has signed: the ledger's law for that trade, no other. The
    /// lot is planned on what that left.
    function test_Callback_MayTradeWithTheAccountItself() public {
        uint256 least = liquidator.lotOf(thinId, ETH).least;
        IExchange.Order memory o = order(thinId, ETH, -100e18, mark());
        o.reduceOnly = true;
        script(
            address(exchange),
            abi.encodeCall(exchange.fill, (signed(o), bidderId, type(uint256).max, 1, block.timestamp))
        );
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        b.most = least;
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
        assertTrue(outcome().succeeded);
        assertEq(sizeOf(thinId, ETH), 0);
        assertEq(sizeOf(bidderId, ETH), 100e18);
        assertLaws();
        assertEq(liquidator.lotOf(thinId, ETH).lot.size, 0, "as it is after the callback");
    }

    /// @dev At the worst price of the band, to a friend: not from an account that it would leave with less than nothing.
    function test_Callback_CannotGiveAwayWhatItHasNot() public {
        leaveBidder(1e6);
        uint256 size = liquidator.lotOf(thinId, ETH).size;
        IExchange.SignedOrder memory o = signed(carolId, ETH, int256(size), (mark() * 9_801) / 10_000);
        script(address(exchange), abi.encodeCall(exchange.fill, (o, bidderId, size, 1, block.timestamp)));
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
        assertEq(bidder.taken(), 0);
    }

    function test_Callback_RevertsWhen_TheTakerIsBelowInitialMargin() public {
        leaveBidder(2_000e6);
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
    }

    /// @dev A young lot costs more than mark: who has nothing is bankrupt with it.
    function test_Callback_RevertsWhen_TheTakerIsBankrupt() public {
        leaveBidder(0);
        openFreshLot();
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        assertGt(liquidator.lotOf(thinId, ETH).price, mark());
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
    }

    // ---- what is open besides

    /// @dev Bits and permissions of his own: nothing of the ledger's balances.
    function test_Callback_MayCancelAndAppoint() public {
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](4);
        calls[0] = call(address(exchange), abi.encodeCall(exchange.cancel, (bidderId, 0, 1)));
        calls[1] = call(address(exchange), abi.encodeCall(exchange.cancelBelow, (bidderId, 9)));
        calls[2] = call(address(house), abi.encodeCall(house.setOperator, (bob, true)));
        calls[3] = call(address(router), abi.encodeCall(router.latch, (single(BTC))));
        bytes32 plain = digestOfPlainBid();
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        bid(thinId);
        CallbackBidder.Outcome[] memory outcomes = bidder.outcomesOf();
        for (uint256 i = 0; i < 4; ++i) assertTrue(outcomes[i].succeeded);
        assertEq(digest(), plain);
    }

    function test_Callback_CannotCancelForOthers() public {
        refusedWith(
            address(exchange),
            abi.encodeCall(exchange.cancel, (carolId, 0, 1)),
            abi.encodeWithSelector(IExchange.NotOwnerOrOperator.selector, carolId, address(bidder))
        );
    }

    // ---- how it ends

    function test_Callback_RevertsWhen_ItReverts() public {
        bidder.setScript(new CallbackBidder.Call[](0), CallbackBidder.Ending.Revert);
        expectNothing(abi.encodeWithSelector(CallbackBidder.Scripted.selector), gasleft());
    }

    function test_Callback_RevertsWhen_ItBurnsAllGas() public {
        bidder.setScript(new CallbackBidder.Call[](0), CallbackBidder.Ending.BurnGas);
        expectNothing("", 5_000_000);
    }

    function test_Callback_RevertsWhen_ItRevertsWithAMegabyte() public {
        bidder.setScript(new CallbackBidder.Call[](0), CallbackBidder.Ending.HugeRevert);
        expectNothing("", 5_000_000);
    }

    function test_Callback_RevertsWhen_TheBidderHasNoCode() public {
        ILiquidator.Bid memory b = bidOf(thinId, bobId);
        bytes32 before = digest();
        vm.prank(bob);
        vm.expectRevert(bytes(""));
        liquidator.bid(b);
        assertEq(digest(), before);
    }

    /// @dev A wallet that does not know the callback.
    function test_Callback_RevertsWhen_TheBidderDoesNotKnowIt() public {
        ILiquidator.Bid memory b = bidOf(thinId, accountId(address(quote), 0));
        vm.prank(address(quote));
        vm.expectRevert(bytes(""));
        liquidator.bid(b);
    }

    /// @dev Without data there is no callback, whoever bids.
    function test_Callback_IsOnlyMadeWithData() public {
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        b.data = "";
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
        assertEq(bidder.taken(), 0);
    }

    // ---- what it sees

    /// @dev All that the ledger, the lens and the pool say of balances inside is what they say right after a callback that
    /// does nothing: the account is settled, its shortfall is booked, the taker holds what he took.
    function test_Callback_SeesWhatIsTrueAfterwards() public {
        CallbackBidder.Call[] memory calls = views();
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        bid(thinId);
        assertSeen(calls);
    }

    function test_Callback_SeesABankruptAccountMadeWhole() public {
        setPrice(ETH, 1_700e18);
        CallbackBidder.Call[] memory calls = views();
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        int256 equity = house.assess(thinId).equity;
        assertLt(equity, 0);
        vm.recordLogs();
        bid(thinId);
        uint256 booked = bookedOf(vm.getRecordedLogs(), ETH);
        assertGt(booked, 0);
        assertEq(house.assess(thinId).equity, equity + int256(booked));
        assertSeen(calls);
    }

    /// @dev The liquidator's own books are closed only after the callback: there the lot is still what it was before the bid.
    /// Nobody can act on that, its entries are locked.
    function test_Callback_SeesTheLotAsBefore() public {
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        Lot memory before = liquidator.lotOf(thinId, ETH).lot;
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](3);
        calls[0] = call(address(liquidator), abi.encodeCall(liquidator.flowOf, (ETH)));
        calls[1] = call(address(liquidator), abi.encodeCall(liquidator.lotOf, (thinId, ETH)));
        calls[2] = call(address(liquidator), abi.encodeCall(liquidator.tipLeft, (thinId)));
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        bid(thinId);
        CallbackBidder.Outcome[] memory outcomes = bidder.outcomesOf();
        (uint256 seen, ) = abi.decode(outcomes[0].returned, (uint256, uint256));
        assertEq(seen, inFlight);
        ILiquidator.LotView memory v = abi.decode(outcomes[1].returned, (ILiquidator.LotView));
        assertEq(v.lot.size, before.size);
        assertEq(v.size, 0, "and nothing of it can be taken any more");
        (uint256 left, ) = liquidator.flowOf(ETH);
        assertEq(left, inFlight - before.size);
    }

    // ---- afterwards

    /// @dev The session ends with the bid: in the same transaction every entry is open again, under its own rules.
    function test_Session_IsOverInTheSameTransaction() public {
        CallbackBidder.Call[] memory then = new CallbackBidder.Call[](5);
        IExchange.SignedOrder memory o = signed(carolId, BTC, 1e17, 60_000e18);
        then[0] = call(address(exchange), abi.encodeCall(exchange.fill, (o, secondId, 1e17, 1, block.timestamp)));
        then[1] = call(address(house), abi.encodeCall(house.transferCash, (secondId, bidderId, 1e18)));
        then[2] = call(address(house), abi.encodeCall(house.withdraw, (bidderId, QUOTE, 1e6, address(bidder))));
        then[3] = call(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, -1e18))));
        IClearingHouse.Trade memory t = tradeTerms(ETH, carolId, bidderId, 1e18, mark());
        then[4] = call(address(house), abi.encodeCall(house.trade, (t)));
        CallbackBidder.Outcome[] memory results = bidder.bid(liquidator, bidOf(thinId, bidderId), then);
        for (uint256 i = 0; i < 4; ++i) assertTrue(results[i].succeeded);
        assertEq(
            results[4].returned,
            abi.encodeWithSelector(IClearingHouse.CapabilityMissing.selector, address(bidder), Capability.Trade)
        );
        assertLaws();
    }

    /// @dev A token that calls back while the ledger is locked finds no session left, though it may trade for the taker.
    function test_Session_LeavesNothingToAToken() public {
        (AssetId hooked, HookToken token) = listHooked();
        act(address(house), abi.encodeCall(house.setOperator, (address(token), true)));
        act(address(token), abi.encodeCall(token.approve, (address(house), 1e18)));
        token.mint(address(bidder), 1e18);
        token.setHooks(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, -1e18))), "");
        CallbackBidder.Call[] memory then = new CallbackBidder.Call[](1);
        then[0] = call(address(house), abi.encodeCall(house.deposit, (bidderId, hooked, 1e18)));
        CallbackBidder.Outcome[] memory results = bidder.bid(liquidator, bidOf(thinId, bidderId), then);
        assertTrue(results[0].succeeded);
        (uint256 count, bool succeeded, bytes memory returned) = token.beforeOutcome();
        assertEq(count, 1);
        assertFalse(succeeded);
        assertEq(bytes4(returned), REENTERED);
    }

    /// @dev A callback that reverts leaves no session either.
    function test_Session_IsOverAfterARevert() public {
        (AssetId hooked, HookToken token) = listHooked();
        act(address(house), abi.encodeCall(house.setOperator, (address(token), true)));
        act(address(token), abi.encodeCall(token.approve, (address(house), 1e18)));
        token.mint(address(bidder), 1e18);
        token.setHooks(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, -1e18))), "");
        bidder.setScript(new CallbackBidder.Call[](0), CallbackBidder.Ending.Revert);
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](2);
        calls[0] = call(address(liquidator), abi.encodeCall(liquidator.bid, (bidOf(thinId, bidderId))));
        calls[1] = call(address(house), abi.encodeCall(house.deposit, (bidderId, hooked, 1e18)));
        CallbackBidder.Outcome[] memory results = bidder.perform(calls);
        assertEq(results[0].returned, abi.encodeWithSelector(CallbackBidder.Scripted.selector));
        assertTrue(results[1].succeeded);
        (, , bytes memory returned) = token.beforeOutcome();
        assertEq(bytes4(returned), REENTERED);
    }

    /// @dev Bids one after the other for two takers: the second session is the second taker's alone.
    function test_Session_FollowsTheTaker() public {
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](2);
        calls[0] = call(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(bidderId, -1e18))));
        calls[1] = call(address(exchange), abi.encodeCall(exchange.trade, (poolTerms(secondId, -1e18))));
        bidder.setScript(calls, CallbackBidder.Ending.Return);
        ILiquidator.Entry[] memory entries = new ILiquidator.Entry[](1);
        entries[0] = ILiquidator.Entry(thinId, ETH);
        CallbackBidder.Call[] memory then = new CallbackBidder.Call[](2);
        then[0] = call(address(liquidator), abi.encodeCall(liquidator.bid, (bidOf(otherId, secondId))));
        then[1] = call(address(liquidator), abi.encodeCall(liquidator.liquidateMany, (entries, bidderId)));
        CallbackBidder.Outcome[] memory results = bidder.bid(liquidator, bidOf(thinId, bidderId), then);
        assertTrue(results[0].succeeded);
        assertTrue(results[1].succeeded);
        assertEq(bidder.taken(), 2);
        CallbackBidder.Outcome[] memory outcomes = bidder.outcomesOf();
        assertFalse(outcomes[0].succeeded, "the first taker's is over");
        assertEq(bytes4(outcomes[0].returned), REENTERED);
        assertTrue(outcomes[1].succeeded);
        assertLaws();
    }

    // ---- strangers

    function test_OnTaken_RevertsWhen_NotTheClearingHouse() public {
        bytes memory data = abi.encode(address(bidder), ILiquidator.Taken(thinId, ETH, bidderId, 1, 1), bytes("x"));
        address[3] memory callers = [bob, address(bidder), address(liquidator)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(ILiquidator.NotClearingHouse.selector, callers[i]));
            liquidator.onTaken(data);
        }
    }

    function test_Bid_RevertsWhen_TheTakerIsAStranger() public {
        ILiquidator.Bid memory b = bidOf(thinId, carolId);
        vm.expectRevert(abi.encodeWithSelector(ILiquidator.NotOwnerOrOperator.selector, carolId, address(bidder)));
        bidder.bid(liquidator, b, new CallbackBidder.Call[](0));
    }

    // ---- helpers: the lots

    function openLots() private {
        fund(alice, thinId, 25_000e6);
        fund(alice, otherId, 25_000e6);
        openLeg(ETH, thinId, carolId, 100e18);
        openLeg(ETH, otherId, carolId, 100e18);
        setPrice(ETH, 1_825e18);
        house.accrue(single(ETH));
        later(300);
        liquidator.liquidate(thinId, ETH, keeperId);
        liquidator.liquidate(otherId, ETH, keeperId);
        later(400);
    }

    /// @dev The clock at its beginning, at the price of now.
    function openFreshLot() private {
        later(700);
        liquidator.liquidate(thinId, ETH, keeperId);
        assertEq(liquidator.lotOf(thinId, ETH).start, block.timestamp);
    }

    function later(uint256 elapsed) private {
        skip(elapsed);
        refresh();
    }

    function mark() private view returns (uint256) {
        return peekPrice(ETH).mark;
    }

    function enterBidder(uint256 amount) private {
        quote.mint(address(bidder), amount);
        act(address(quote), abi.encodeCall(quote.approve, (address(pool), type(uint256).max)));
        act(address(quote), abi.encodeCall(quote.approve, (address(house), type(uint256).max)));
        act(address(quote), abi.encodeCall(quote.approve, (address(exchange), type(uint256).max)));
        act(address(house), abi.encodeCall(house.setOperator, (address(exchange), true)));
        act(address(pool), abi.encodeWithSignature("deposit(uint256,address)", amount / 2, address(bidder)));
    }

    /// @dev Takes all but so much out of the bidder's account.
    function leaveBidder(uint256 amount) private {
        uint256 all = uint256(house.cashOf(bidderId)) / 1e12;
        act(address(house), abi.encodeCall(house.withdraw, (bidderId, QUOTE, all - amount, address(bidder))));
    }

    function listHooked() private returns (AssetId hooked, HookToken token) {
        (hooked, token) = (AssetId.wrap(4), new HookToken("Hooked", "HOOK", 18));
        addFeed(hooked, 1e8);
        configurator.listSpot(hooked, address(token), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
    }

    // ---- helpers: calls

    function bidOf(AccountId account, AccountId taker) private view returns (ILiquidator.Bid memory b) {
        (b.account, b.asset, b.taker) = (account, ETH, taker);
        (b.most, b.limit, b.deadline, b.data) = (type(uint256).max, type(uint256).max, block.timestamp, "x");
    }

    function bid(AccountId account) private {
        bidder.bid(liquidator, bidOf(account, bidderId), new CallbackBidder.Call[](0));
    }

    function call(address to, bytes memory data) private pure returns (CallbackBidder.Call memory) {
        return CallbackBidder.Call(to, data);
    }

    function script(address to, bytes memory data) private {
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](1);
        calls[0] = call(to, data);
        bidder.setScript(calls, CallbackBidder.Ending.Return);
    }

    /// @dev The bidder makes a call outside of any bid.
    function act(address to, bytes memory data) private {
        CallbackBidder.Call[] memory calls = new CallbackBidder.Call[](1);
        calls[0] = call(to, data);
        CallbackBidder.Outcome[] memory results = bidder.perform(calls);
        assertTrue(results[0].succeeded);
    }

    function outcome() private view returns (CallbackBidder.Outcome memory) {
        return bidder.outcomesOf()[0];
    }

    /// @dev The call fails because the ledger is locked, and the bid is what it is without it.
    function refused(address to, bytes memory data) private {
        refusedWith(to, data, abi.encodeWithSelector(REENTERED));
    }

    function refusedWith(address to, bytes memory data, bytes memory reason) private {
        bytes32 plain = digestOfPlainBid();
        uint256 state = vm.snapshotState();
        script(to, data);
        bid(thinId);
        assertFalse(outcome().succeeded);
        assertEq(outcome().returned, reason);
        assertEq(digest(), plain);
        vm.revertToState(state);
    }

    function allRefused(address to, bytes memory data, uint256 count) private {
        bytes32 plain = digestOfPlainBid();
        uint256 state = vm.snapshotState();
        script(to, data);
        bid(thinId);
        assertTrue(outcome().succeeded);
        bytes[] memory reasons = abi.decode(outcome().returned, (bytes[]));
        assertEq(reasons.length, count);
        for (uint256 i = 0; i < count; ++i) assertEq(reasons[i], abi.encodeWithSelector(REENTERED));
        assertEq(digest(), plain);
        vm.revertToState(state);
    }

    function expectNothing(bytes memory reason, uint256 gas) private {
        bytes32 before = digest();
        ILiquidator.Bid memory b = bidOf(thinId, bidderId);
        try bidder.bid{gas: gas}(liquidator, b, new CallbackBidder.Call[](0)) {
            assertTrue(false, "goes through");
        } catch (bytes memory actual) {
            if (reason.length != 0) assertEq(actual, reason);
        }
        assertEq(digest(), before);
        assertEq(bidder.taken(), 0);
    }

    function digestOfPlainBid() private returns (bytes32 plain) {
        uint256 state = vm.snapshotState();
        bidder.setScript(new CallbackBidder.Call[](0), CallbackBidder.Ending.Return);
        bid(thinId);
        plain = digest();
        vm.revertToState(state);
    }

    // ---- helpers: what is looked at

    function views() private view returns (CallbackBidder.Call[] memory calls) {
        calls = new CallbackBidder.Call[](9);
        calls[0] = call(address(lens), abi.encodeCall(lens.health, (thinId)));
        calls[1] = call(address(lens), abi.encodeCall(lens.account, (thinId)));
        calls[2] = call(address(house), abi.encodeCall(house.assess, (thinId)));
        calls[3] = call(address(house), abi.encodeCall(house.assess, (bidderId)));
        calls[4] = call(address(house), abi.encodeCall(house.assess, (pool.account())));
        calls[5] = call(address(pool), abi.encodeCall(pool.convertToAssets, (1e18)));
        calls[6] = call(address(pool), abi.encodeCall(pool.previewDeposit, (1e6)));
        calls[7] = call(address(house), abi.encodeCall(house.totalDeficit, ()));
        calls[8] = call(address(lens), abi.encodeCall(lens.market, (ETH)));
    }

    /// @dev The same calls now.
    function assertSeen(CallbackBidder.Call[] memory calls) private view {
        CallbackBidder.Outcome[] memory outcomes = bidder.outcomesOf();
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory now_) = calls[i].to.staticcall(calls[i].data);
            assertTrue(ok && outcomes[i].succeeded);
            assertEq(outcomes[i].returned, now_);
        }
    }

    function rows() private view returns (AccountId[11] memory) {
        return
            [thinId, otherId, bidderId, secondId, carolId, bobId, pool.account(), keeperId, INSURANCE, TREASURY, FEES];
    }

    function digest() private view returns (bytes32 sum) {
        AccountId[11] memory all = rows();
        for (uint256 i = 0; i < all.length; ++i) {
            sum = keccak256(
                abi.encode(sum, house.cashOf(all[i]), house.positionOf(all[i], ETH), house.positionOf(all[i], BTC))
            );
        }
        (uint256 inFlight, ) = liquidator.flowOf(ETH);
        Lot memory lot = liquidator.lotOf(thinId, ETH).lot;
        sum = keccak256(abi.encode(sum, house.reserveOf(QUOTE), house.totalDeficit(), inFlight, lot));
        return keccak256(abi.encode(sum, pool.totalSupply(), quote.balanceOf(address(bidder))));
    }

    /// @dev Longs are shorts, and all cash is quote held.
    function assertLaws() private view {
        AccountId[11] memory all = rows();
        int256 sizes;
        int256 cash = house.cashOf(DUST) + house.cashOf(accountId(alice, 0)) - int256(house.totalDeficit());
        for (uint256 i = 0; i < all.length; ++i) {
            sizes += sizeOf(all[i], ETH);
            cash += house.cashOf(all[i]) + house.previewPosition(all[i], ETH).cash;
        }
        assertEq(sizes, 0);
        assertApproxEqAbs(cash, int256(uint256(house.reserveOf(QUOTE).held)), 1e6);
    }
}
