// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {AssetState, HouseTerms, Pool} from "../../contracts/core/Ledger.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

/// @notice Replays every cell of the table of states and actions. Alice is long and Bob short one ETH at 2,000; Carol is long
/// one against the pool; Dave's long of one fails at 1,835; Erin bids and is the backstop. Where a deficit stands or the
/// budget of insurance is spent, Frank's long of two, which Grace won, was all the time past saving.
contract StatesTest is OrderTest {
    enum State {
        Active,
        ReduceOnly,
        Halted,
        Settling,
        Stale,
        Diverged,
        OffPeg,
        Deficit,
        BudgetSpent
    }

    uint256 internal constant STATES = 9;
    uint256 internal constant ROWS = 25;

    address internal dave = makeAddr("dave");
    address internal erin = makeAddr("erin");
    AccountId internal daveId = accountId(dave, 0);
    AccountId internal erinId = accountId(erin, 0);
    AccountId internal frankId = accountId(makeAddr("frank"), 0);
    AccountId internal graceId = accountId(makeAddr("grace"), 0);
    AccountId internal heidiId = accountId(makeAddr("heidi"), 0);
    /// @dev Alice's account with spot.
    AccountId internal spotId = accountId(alice, 1);
    /// @dev What could be withdrawn before the state came.
    uint256 internal free;
    string internal json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/scenario/vectors/states.json");
        fund(dave, daveId, 250e6);
        fund(erin, erinId, 1_000_000e6);
        fund(erin, frankId, 3_700e6);
        fund(erin, graceId, 10_000e6);
        fund(erin, heidiId, 10_000e6);
    }

    // ---- what goes in and out

    function test_DepositQuote() public {
        replay("depositQuote", ETH, couple, depositQuote);
    }

    function test_DepositSpot() public {
        replay("depositSpot", WETH, spot, depositSpot);
    }

    function test_TopUp() public {
        replay("topUp", ETH, failDave, topUp);
    }

    function test_WithdrawQuote() public {
        replay("withdrawQuote", ETH, pairWithFree, withdrawQuote);
    }

    function test_WithdrawSpot() public {
        replay("withdrawSpot", WETH, spot, withdrawSpot);
    }

    function test_TransferCash() public {
        replay("transferCash", ETH, pairWithFree, transferCash);
    }

    function depositQuote() internal returns (string memory) {
        quote.mint(alice, 1e6);
        int256 before = house.cashOf(aliceId);
        (string memory refusal, ) = perform(
            alice,
            address(house),
            abi.encodeCall(house.deposit, (aliceId, QUOTE, 1e6))
        );
        return done(refusal, house.cashOf(aliceId) == before + 1e18);
    }

    function depositSpot() internal returns (string memory) {
        weth.mint(alice, 1e17);
        (string memory refusal, ) = perform(alice, address(house), abi.encodeCall(house.deposit, (spotId, WETH, 1e17)));
        return done(refusal, sizeOf(spotId, WETH) == 1.1e18);
    }

    function topUp() internal returns (string memory) {
        assertTrue(house.isLiquidatable(daveId));
        quote.mint(bob, 1_000e6);
        (string memory refusal, ) = perform(
            bob,
            address(house),
            abi.encodeCall(house.deposit, (daveId, QUOTE, 1_000e6))
        );
        return done(refusal, !house.isLiquidatable(daveId));
    }

    function withdrawQuote() internal returns (string memory) {
        (uint256 amount, uint256 paid) = most(aliceId, QUOTE);
        (string memory refusal, bytes memory result) = withdraw(aliceId, QUOTE, amount);
        if (bytes(refusal).length != 0) return refusal;
        uint256 got = abi.decode(result, (uint256));
        assertEq(got, paid);
        if (got < amount) return "pays a ratio";
        if (amount == free) return "yes";
        assertEq(free - amount, 200e6, "the initial rate of 2,000 once more");
        return heavier(aliceId, QUOTE);
    }

    function withdrawSpot() internal returns (string memory) {
        (uint256 amount, ) = most(spotId, WETH);
        (string memory refusal, bytes memory result) = withdraw(spotId, WETH, amount);
        if (bytes(refusal).length != 0) return refusal;
        assertEq(abi.decode(result, (uint256)), amount);
        if (amount == free) return "yes";
        assertApproxEqAbs(amount, 1e18 - uint256(200.04e18 * 1e18) / 1_200e18, 1, "at twice the haircut");
        return heavier(spotId, WETH);
    }

    function transferCash() internal returns (string memory) {
        (uint256 amount, ) = most(aliceId, QUOTE);
        int256 before = house.cashOf(bobId);
        bytes memory data = abi.encodeCall(house.transferCash, (aliceId, bobId, amount * 1e12));
        (string memory refusal, ) = perform(alice, address(house), data);
        if (bytes(refusal).length != 0) return refusal;
        assertEq(house.cashOf(bobId), before + int256(amount * 1e12));
        if (amount == free) return "yes";
        assertEq(free - amount, 200e6);
        return heavier(aliceId, QUOTE);
    }

    // ---- trades

    function test_TradeIncrease() public {
        replay("tradeIncrease", ETH, couple, tradeIncrease);
    }

    function test_TradeReduce() public {
        replay("tradeReduce", ETH, couple, tradeReduce);
    }

    function test_PoolIncrease() public {
        replay("poolIncrease", ETH, traders, poolIncrease);
    }

    function test_PoolReduce() public {
        replay("poolReduce", ETH, traders, poolReduce);
    }

    function test_PoolReduceTrader() public {
        replay("poolReduceTrader", ETH, traders, poolReduceTrader);
    }

    function test_Trigger() public {
        replay("trigger", ETH, traders, trigger);
    }

    function tradeIncrease() internal returns (string memory) {
        return between(aliceId, bobId, 1.5e18);
    }

    function tradeReduce() internal returns (string memory) {
        return between(bobId, aliceId, 0.5e18);
    }

    function poolIncrease() internal returns (string memory) {
        return withPool(aliceId, 0.5e18, 1.5e18);
    }

    function poolReduce() internal returns (string memory) {
        return withPool(carolId, -0.5e18, 0.5e18);
    }

    function poolReduceTrader() internal returns (string memory) {
        return withPool(bobId, 0.5e18, -0.5e18);
    }

    function trigger() internal returns (string memory) {
        IExchange.SignedOrder memory o = signed(stop(carolId, -0.5e18, IExchange.Condition.MarkAtMost, 2_100e18));
        (string memory refusal, ) = perform(keeper, address(exchange), abi.encodeCall(exchange.execute, (o, keeperId)));
        return done(refusal, sizeOf(carolId, ETH) == 0.5e18);
    }

    function between(AccountId buyer, AccountId seller, int256 afterwards) internal returns (string memory) {
        IClearingHouse.Trade memory t = tradeTerms(ETH, buyer, seller, 0.5e18, peekPrice(ETH).mark);
        (string memory refusal, ) = perform(stage, address(house), abi.encodeCall(house.trade, (t)));
        return done(refusal, sizeOf(aliceId, ETH) == afterwards && sizeOf(bobId, ETH) == -afterwards);
    }

    function withPool(AccountId account, int256 size, int256 afterwards) internal returns (string memory) {
        bytes memory data = abi.encodeCall(exchange.trade, (poolTerms(account, size)));
        (string memory refusal, ) = perform(account.ownerOf(), address(exchange), data);
        return done(refusal, sizeOf(account, ETH) == afterwards);
    }

    // ---- the closing chain

    function test_Reduce() public {
        replay("reduce", ETH, failDave, chain);
    }

    function test_OpenLot() public {
        replay("openLot", ETH, failWithoutPool, chain);
    }

    function test_Bid() public {
        replay("bid", ETH, failWithLot, bid);
    }

    function test_Absorb() public {
        replay("absorb", ETH, failWithLotThatIsOver, chain);
    }

    function test_Offset() public {
        replay("offset", ETH, sinkWithLotThatIsOver, chain);
    }

    function test_BuySpot() public {
        replay("buySpot", WETH, sinkWithStaleSpot, buySpot);
    }

    /// @dev What is done is what the outlook says; what is refused is refused because the leg is frozen.
    function chain() internal returns (string memory) {
        assertTrue(house.isLiquidatable(daveId));
        ILiquidator.Outlook memory o = liquidator.outlook(daveId, ETH);
        int256 before = sizeOf(daveId, ETH);
        bytes memory data = abi.encodeCall(liquidator.liquidate, (daveId, ETH, keeperId));
        (string memory refusal, ) = perform(keeper, address(liquidator), data);
        bool shrunk = sizeOf(daveId, ETH) < before;
        assertEq(shrunk, o.stage != ILiquidator.Stage.None && o.stage != ILiquidator.Stage.Auction);
        if (o.stage == ILiquidator.Stage.Reduce) return done(refusal, shrunk, "reduces");
        if (o.stage == ILiquidator.Stage.Absorb) return done(refusal, shrunk, "absorbs");
        if (o.stage == ILiquidator.Stage.Offset) return done(refusal, sizeOf(daveId, ETH) == 0, "offsets");
        if (o.stage == ILiquidator.Stage.Auction) return done(refusal, inFlight() == o.auction.size, "opens a lot");
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.Frozen));
        return done(refusal, inFlight() == 0, "ends the lot");
    }

    function buySpot() internal returns (string memory) {
        ILiquidator.Outlook memory o = liquidator.outlook(spotId, WETH);
        int256 before = sizeOf(INSURANCE, WETH);
        bytes memory data = abi.encodeCall(liquidator.liquidate, (spotId, WETH, keeperId));
        (string memory refusal, ) = perform(keeper, address(liquidator), data);
        int256 bought = sizeOf(INSURANCE, WETH) - before;
        assertEq(bought, int256(o.offset.size));
        if (o.stage != ILiquidator.Stage.Auction) return done(refusal, bought > 0);
        return done(refusal, liquidator.lotOf(spotId, WETH).lot.size == o.auction.size, "opens a lot");
    }

    function bid() internal returns (string memory) {
        ILiquidator.LotView memory v = liquidator.lotOf(daveId, ETH);
        ILiquidator.Bid memory b = ILiquidator.Bid(
            daveId,
            ETH,
            erinId,
            type(uint256).max,
            0,
            type(uint256).max,
            block.timestamp,
            ""
        );
        (string memory refusal, bytes memory result) = perform(
            erin,
            address(liquidator),
            abi.encodeCall(liquidator.bid, (b))
        );
        if (bytes(refusal).length != 0) return refusal;
        (uint256 size, uint256 price) = abi.decode(result, (uint256, uint256));
        assertEq(price, v.price);
        return done(refusal, size == v.size && sizeOf(erinId, ETH) == int256(size));
    }

    // ---- the rest

    function test_Pay() public {
        replay("pay", ETH, lose, pay);
    }

    function test_Settle() public {
        replay("settle", ETH, tradersWhoWon, settle);
    }

    function test_SettleLoss() public {
        replay("settleLoss", ETH, tradersWhoLost, settle);
    }

    function test_Accrue() public {
        replay("accrue", ETH, traders, accrue);
    }

    function test_EnterPool() public {
        replay("enterPool", ETH, traders, joinPool);
    }

    function test_LeavePool() public {
        replay("leavePool", ETH, traders, leavePool);
    }

    function test_ClaimFromPool() public {
        replay("claimFromPool", ETH, tradersAndRequest, claimFromPool);
    }

    /// @dev No profit is left at this mark; a rich fund pays within its budget.
    function pay() internal returns (string memory) {
        insure(1_000_000e6);
        uint256 due = house.perpOf(ETH).losses.coverable;
        if (due > house.insurable(ETH)) due = house.insurable(ETH);
        uint256 before = house.totalDeficit();
        assertGt(before, 500e18);
        (string memory refusal, ) = perform(keeper, address(house), abi.encodeCall(house.pay, (ETH, 128)));
        return done(refusal, house.totalDeficit() == before - due, due == 0 ? "pays nothing" : "yes");
    }

    function settle() internal returns (string memory) {
        int256 cash = house.cashOf(carolId) + house.previewPosition(carolId, ETH).cash;
        (string memory refusal, ) = perform(keeper, address(house), abi.encodeCall(house.settle, (single(carolId))));
        bool closed = sizeOf(carolId, ETH) == 0;
        if (closed) cash += int256(peekPrice(ETH).mark);
        bool settled = house.cashOf(carolId) == cash && house.previewPosition(carolId, ETH).cash == 0;
        return done(refusal, settled, closed ? "closes it" : "yes");
    }

    function accrue() internal returns (string memory) {
        (string memory refusal, ) = perform(keeper, address(house), abi.encodeCall(house.accrue, (single(ETH))));
        return done(refusal, house.perpOf(ETH).accruedAt == block.timestamp);
    }

    function joinPool() internal returns (string memory) {
        quote.mint(alice, 1_000e6);
        vm.prank(alice);
        quote.approve(address(pool), 1_000e6);
        uint256 shares = pool.previewDeposit(1_000e6);
        bytes memory data = abi.encodeWithSignature("deposit(uint256,address)", 1_000e6, alice);
        (string memory refusal, ) = perform(alice, address(pool), data);
        return done(refusal, shares != 0 && pool.balanceOf(alice) == shares);
    }

    function leavePool() internal returns (string memory) {
        uint256 shares = pool.balanceOf(provider) / 2;
        bytes memory data = abi.encodeWithSignature(
            "requestRedeem(uint256,address,address)",
            shares,
            provider,
            provider
        );
        (string memory refusal, ) = perform(provider, address(pool), data);
        return done(refusal, pool.pendingRedeemRequest(0, provider) == shares);
    }

    /// @dev Where views promise nothing, all of it is asked for.
    function claimFromPool() internal returns (string memory) {
        (uint256 shares, uint256 due) = (pool.maxRedeem(provider), pool.maxWithdraw(provider));
        if (shares == 0) shares = pool.claimableRedeemRequest(0, provider);
        bytes memory data = abi.encodeWithSignature("redeem(uint256,address,address)", shares, provider, provider);
        (string memory refusal, bytes memory result) = perform(provider, address(pool), data);
        if (bytes(refusal).length != 0) return refusal;
        uint256 paid = abi.decode(result, (uint256));
        if (paid < due) return "pays a ratio";
        return done(refusal, paid == due && quote.balanceOf(provider) == paid);
    }

    // ---- who holds what before the state comes

    function couple() internal {
        openLeg(ETH, aliceId, bobId, 1e18);
    }

    function pairWithFree() internal {
        couple();
        free = lens.withdrawable(aliceId, QUOTE).amount;
    }

    function traders() internal {
        couple();
        poolTrade(carolId, ETH, 1e18);
    }

    /// @dev For long enough that every average knows.
    function tradersWhoWon() internal {
        traders();
        settlePrice(ETH, 2_010e18);
    }

    function tradersWhoLost() internal {
        traders();
        settlePrice(ETH, 1_990e18);
    }

    function tradersAndRequest() internal {
        traders();
        leavePool();
        skip(1 days);
        refresh();
    }

    function spot() internal {
        fundSpot(alice, spotId, 1e18);
        openLeg(ETH, spotId, bobId, 1e18);
        free = lens.withdrawable(spotId, WETH).amount;
    }

    /// @dev Dave's health is 0.93, past the wick guard.
    function failDave() internal {
        openLeg(ETH, daveId, carolId, 1e18);
        setPrice(ETH, 1_835e18);
        house.accrue(single(ETH));
        skip(5 minutes);
    }

    function failWithoutPool() internal {
        configurator.setPool(ETH, Pool(address(0), 0, 0, 0, 0, 0, 0));
        failDave();
    }

    function failWithLot() internal {
        failWithoutPool();
        (ILiquidator.Stage stage_, ) = liquidator.liquidate(daveId, ETH, keeperId);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        skip(5 minutes);
        refresh();
    }

    function failWithLotThatIsOver() internal {
        failWithLot();
        liquidator.setBackstop(erinId);
        house.accrue(single(ETH));
        skip(5 minutes);
        refresh();
        house.accrue(single(ETH));
    }

    /// @dev Dave has less than nothing, and nobody bid.
    function sinkWithLotThatIsOver() internal {
        configurator.setPool(ETH, Pool(address(0), 0, 0, 0, 0, 0, 0));
        openLeg(ETH, daveId, carolId, 1e18);
        setPrice(ETH, 1_740e18);
        (ILiquidator.Stage stage_, ) = liquidator.liquidate(daveId, ETH, keeperId);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        skip(10 minutes);
        refresh();
    }

    /// @dev More is lost than one ether is worth, if anybody knew what it is worth. Insurance may use 10 of 100.
    function sinkWithStaleSpot() internal {
        insure(100e6);
        fundSpot(alice, spotId, 1e18);
        openLeg(ETH, spotId, bobId, 7e18);
        grow(WETH);
        setPrice(ETH, 1_700e18);
        assertLt(house.assess(spotId).equity, 0);
    }

    function lose() internal {
        makeDeficit(1_000e18);
    }

    // ---- states

    function enter(State state, AssetId asset) internal {
        skip(1);
        if (state == State.Stale) grow(asset);
        else if (state == State.Diverged) disagree(asset);
        else if (state == State.OffPeg) loseThePeg();
        else if (state == State.Deficit) standDeficit();
        else if (state == State.BudgetSpent) spendBudget(asset);
        else if (state == State.Settling) end(asset);
        else if (state != State.Active) setState(asset, AssetState(uint8(state)));
    }

    /// @dev At the mark, which has stood for long enough.
    function end(AssetId asset) internal {
        house.accrue(single(asset));
        skip(4 hours);
        refresh();
        setState(asset, AssetState.Settling);
    }

    function grow(AssetId asset) internal {
        MockV3Aggregator feed = feeds[asset];
        skip(1 hours);
        delete feeds[asset];
        refresh();
        feeds[asset] = feed;
    }

    /// @dev Two feeds 2 % apart around the mark, which stays.
    function disagree(AssetId asset) internal {
        int256 mark = feeds[asset].latestAnswer();
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        for (uint256 i = 0; i < 2; ++i) {
            MockV3Aggregator feed = new MockV3Aggregator(8, (mark * (i == 0 ? int256(99) : int256(101))) / 100);
            sources[i] = IOracleRouter.Source(address(chainlink(feed)), 1 hours);
        }
        router.setSources(asset, sources, 1, 100);
    }

    function loseThePeg() internal {
        addFeed(QUOTE, 0.95e8);
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 3_00, 0, 0, 10_000, 0));
    }

    /// @dev A loss from before the actors came, which nobody has looked at yet.
    function sink() internal {
        settlePrice(ETH, 4_000e18);
        openLeg(ETH, frankId, graceId, 2e18);
        settlePrice(ETH, 2_000e18);
        skip(20 days);
        refresh();
        house.accrue(single(ETH));
    }

    /// @dev Who won has taken his profit: there is none left to share.
    function standDeficit() internal {
        address ivan = makeAddr("ivan");
        uint256 mark = peekPrice(ETH).mark;
        fund(ivan, accountId(ivan, 0), 1_000_000e6);
        trade(ETH, graceId, accountId(ivan, 0), 2e18, mark);
        assertGt(liquidate(liquidation(ETH, frankId, accountId(ivan, 0), 2e18, mark)), 0);
        assertGt(house.totalDeficit(), 100e18);
    }

    /// @dev Insurance uses all it may for the market; what is left of the loss the winner's profit pays, but where the price is
    /// that of another loss. Of a spot it is spent on the spot.
    function spendBudget(AssetId asset) internal {
        if (asset == WETH && house.isLiquidatable(spotId)) {
            liquidator.liquidate(spotId, WETH, keeperId);
            return;
        }
        insure(100e6);
        uint256 mark = peekPrice(ETH).mark;
        assertGt(liquidate(liquidation(ETH, frankId, heidiId, 2e18, mark)), 0);
        if (mark > 1_500e18) assertLe(house.totalDeficit(), 4, "what shares round apart");
        assertEq(house.insurable(ETH), 0);
    }

    /// @dev A spot is not wound down.
    function settleSpot() internal returns (string memory) {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.setState(WETH, AssetState.Settling);
        return "does not apply";
    }

    // ---- replay

    function replay(
        string memory key,
        AssetId asset,
        function() internal prepare,
        function() internal returns (string memory) act
    ) internal {
        string[] memory expected = vm.parseJsonStringArray(json, string.concat(".cells.", key));
        string[] memory states = vm.parseJsonStringArray(json, ".states");
        assertEq(expected.length, STATES, key);
        assertEq(states.length, STATES);
        uint256 time = block.timestamp;
        for (uint256 i = 0; i < STATES; ++i) {
            uint256 snapshot = vm.snapshotState();
            if (State(i) >= State.Deficit) sink();
            prepare();
            string memory actual = enterAndAct(State(i), asset, act);
            vm.revertToState(snapshot);
            vm.warp(time);
            assertEq(actual, expected[i], string.concat(key, ", ", states[i]));
        }
    }

    function enterAndAct(
        State state,
        AssetId asset,
        function() internal returns (string memory) act
    ) internal returns (string memory) {
        if (state == State.Settling && asset == WETH) return settleSpot();
        enter(state, asset);
        return act();
    }

    function test_EveryRowIsReplayed() public view {
        assertEq(vm.parseJsonKeys(json, ".cells").length, ROWS);
        assertEq(vm.parseJsonKeys(json, ".actions").length, ROWS);
    }

    // ---- helpers

    /// @return refusal empty for a call that went through, else the name of its error
    function perform(
        address caller,
        address target,
        bytes memory data
    ) internal returns (string memory refusal, bytes memory result) {
        bool ok;
        vm.prank(caller);
        (ok, result) = target.call(data);
        if (!ok) refusal = string.concat("no:", nameOf(bytes4(result)));
    }

    function done(string memory refusal, bool effect) internal pure returns (string memory) {
        return done(refusal, effect, "yes");
    }

    function done(string memory refusal, bool effect, string memory word) internal pure returns (string memory) {
        if (bytes(refusal).length != 0) return refusal;
        assertTrue(effect, word);
        return word;
    }

    /// @dev The most that may leave now; what could before, where nothing may.
    function most(AccountId account, AssetId asset) internal view returns (uint256 amount, uint256 paid) {
        Lens.WithdrawableView memory w = lens.withdrawable(account, asset);
        return w.amount == 0 ? (free, free) : (w.amount, w.paid);
    }

    function withdraw(AccountId account, AssetId asset, uint256 amount) internal returns (string memory, bytes memory) {
        return perform(alice, address(house), abi.encodeCall(house.withdraw, (account, asset, amount, alice)));
    }

    /// @dev All that was free has left, and not a unit more does.
    function heavier(AccountId account, AssetId asset) internal returns (string memory) {
        (string memory refusal, ) = withdraw(account, asset, 1);
        assertEq(refusal, "no:InsufficientMargin");
        return "heavier";
    }

    function inFlight() internal view returns (uint256 size) {
        (size, ) = liquidator.flowOf(ETH);
    }

    function nameOf(bytes4 selector) internal pure returns (string memory) {
        if (selector == IClearingHouse.OnlyReductions.selector) return "OnlyReductions";
        if (selector == IClearingHouse.AssetNotTradable.selector) return "AssetNotTradable";
        if (selector == IClearingHouse.DeficitStands.selector) return "DeficitStands";
        if (selector == IClearingHouse.BudgetSpent.selector) return "BudgetSpent";
        if (selector == IClearingHouse.QuoteOffPeg.selector) return "QuoteOffPeg";
        if (selector == IClearingHouse.PriceDiverged.selector) return "PriceDiverged";
        if (selector == IClearingHouse.InsufficientMargin.selector) return "InsufficientMargin";
        if (selector == IExchange.PriceNotFresh.selector) return "PriceNotFresh";
        if (selector == ILiquidator.NothingPossible.selector) return "NothingPossible";
        if (selector == ILiquidator.NothingOnOffer.selector) return "NothingOnOffer";
        return vm.toString(bytes32(selector));
    }
}
