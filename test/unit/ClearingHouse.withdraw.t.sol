// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract ClearingHouseWithdrawTest is BallastTest {
    function setUp() public override {
        super.setUp();
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- who may

    function test_Withdraw_OwnerSendsAnywhere() public {
        fund(alice, aliceId, 250e6);
        uint256 held = house.reserveOf(QUOTE).held;
        vm.expectEmit(address(house));
        emit IClearingHouse.CashChanged(aliceId, 150e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.Withdrawn(aliceId, QUOTE, bob, 100e18, 100e6, 150e18);
        vm.prank(alice);
        assertEq(house.withdraw(aliceId, QUOTE, 100e6, bob), 100e6);
        assertEq(quote.balanceOf(bob), 100e6);
        assertEq(house.cashOf(aliceId), 150e18);
        assertEq(house.reserveOf(QUOTE).held, held - 100e18);
    }

    function test_Withdraw_OperatorPaysTheOwnerOnly() public {
        fund(alice, aliceId, 10e6);
        vm.prank(alice);
        house.setOperator(bob, true);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.RecipientNotOwner.selector, aliceId, bob));
        house.withdraw(aliceId, QUOTE, 10e6, bob);
        house.withdraw(aliceId, QUOTE, 10e6, alice);
        assertEq(quote.balanceOf(alice), 10e6);
    }

    function test_Withdraw_RevertsWhen_Stranger() public {
        fund(alice, aliceId, 10e6);
        expectUnauthorized(aliceId, bob);
        vm.prank(alice);
        house.setOperator(bob, true);
        vm.prank(alice);
        house.setOperator(bob, false);
        expectUnauthorized(aliceId, bob);
    }

    function testFuzz_Withdraw_RevertsWhen_ReservedRow(address caller, uint96 row) public {
        vm.assume(caller != address(configurator));
        expectUnauthorized(AccountId.wrap(row), caller);
        expectUnauthorized(TREASURY, caller);
        expectUnauthorized(deficitRow(ETH), caller);
    }

    function test_Withdraw_RevertsWhen_ConfiguratorTouchesOtherRows() public {
        insure(10e6);
        fund(alice, aliceId, 10e6);
        expectUnauthorized(INSURANCE, address(configurator));
        expectUnauthorized(DUST, address(configurator));
        expectUnauthorized(aliceId, address(configurator));
    }

    function test_Withdraw_RevertsWhen_NobodyOrNothing() public {
        fund(alice, aliceId, 10e6);
        vm.startPrank(alice);
        vm.expectRevert(IClearingHouse.ZeroAddress.selector);
        house.withdraw(aliceId, QUOTE, 1, address(0));
        vm.expectRevert(IClearingHouse.ZeroAmount.selector);
        house.withdraw(aliceId, QUOTE, 0, alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, ETH));
        house.withdraw(aliceId, ETH, 1, alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, AssetId.wrap(4095)));
        house.withdraw(aliceId, AssetId.wrap(4095), 1, alice);
    }

    function test_Withdraw_RevertsWhen_ToTheClearingHouse() public {
        fund(alice, aliceId, 10e6);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.TokenAmountMismatch.selector, address(quote), 10e6, uint256(0))
        );
        house.withdraw(aliceId, QUOTE, 10e6, address(house));
    }

    // ---- how much

    function testFuzz_Withdraw_FlatPaysAllAndNoMore(uint256 cash, uint256 amount) public {
        cash = bound(cash, 1, 1e15);
        amount = bound(amount, 1, cash);
        fund(alice, aliceId, cash);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.InsufficientCash.selector,
                aliceId,
                int256(cash * 1e12),
                (cash + 1) * 1e12
            )
        );
        house.withdraw(aliceId, QUOTE, cash + 1, alice);
        assertEq(house.withdraw(aliceId, QUOTE, amount, alice), amount);
        assertEq(house.cashOf(aliceId), int256((cash - amount) * 1e12));
        assertEq(quote.balanceOf(alice), amount);
    }

    /// @dev The room is computed here, from the words of the specification, at any mark and any slow average.
    function testFuzz_Withdraw_ToTheEdgeOfInitialMargin(int256 size, uint256 margin, uint256 jump) public {
        size = int256(bound(uint256(size), 1e15, 50e18)) * (size % 2 == 0 ? int256(1) : int256(-1));
        uint256 notional = (magnitudeOf(size) * 2_000) / 1e12;
        fund(alice, aliceId, bound(margin, notional / 2 + 1, notional));
        openLeg(ETH, aliceId, carolId, size);
        setPrice(ETH, bound(jump, 1_800e18, 2_200e18));
        house.accrue(single(ETH));
        vm.warp(block.timestamp + (jump % 40 minutes));
        refresh();
        int256 left = roomOf(size, house.cashOf(aliceId));
        assertGt(left, 0);
        uint256 room = uint256(left) / 1e12;
        vm.startPrank(alice);
        (int256 equity, uint256 initial) = initialOf(size, house.cashOf(aliceId) - int256((room + 1) * 1e12));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientMargin.selector, aliceId, equity, initial));
        house.withdraw(aliceId, QUOTE, room + 1, alice);
        assertEq(house.withdraw(aliceId, QUOTE, room, alice), room);
        assertLt(roomOf(size, house.cashOf(aliceId)), 1e12);
    }

    function test_Withdraw_ValuesAtTheWorseOfMarkAndSlow() public {
        fund(alice, aliceId, 1_000e6);
        fund(bob, bobId, 1_000e6);
        openLeg(ETH, aliceId, bobId, 1e18);
        // Up: the long does not see it before the slow average does, the short sees it at once.
        setPrice(ETH, 2_100e18);
        uint256 long = lens.withdrawable(aliceId, QUOTE).amount;
        uint256 short = lens.withdrawable(bobId, QUOTE).amount;
        assertEq(long, 799.96e6, "1,000 - 200 - impact at 2,000");
        assertEq(short, 689.9559e6, "900 - 210 - impact at 2,100");
        // Down: the other way round.
        setPrice(ETH, 1_900e18);
        long = lens.withdrawable(aliceId, QUOTE).amount;
        short = lens.withdrawable(bobId, QUOTE).amount;
        assertEq(long, 709.9639e6, "900 - 190 - impact at 1,900");
        assertLt(short, 800e6, "no profit before the slow average has it");
    }

    function test_Withdraw_KeepsTheProfitReserve() public {
        fund(alice, aliceId, 1_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        settlePrice(ETH, 3_000e18);
        // Equity 2,000, initial 300.09 with impact, and 30 % of the profit of 1,000 stays.
        uint256 room = lens.withdrawable(aliceId, QUOTE).amount;
        assertEq(room, 1_399.91e6);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.InsufficientMargin.selector,
                aliceId,
                int256(2_000e18 - 1_399.910001e18),
                600.09e18
            )
        );
        house.withdraw(aliceId, QUOTE, room + 1, alice);
        house.withdraw(aliceId, QUOTE, room, alice);
        assertLt(house.cashOf(aliceId), 0, "a long owes for its leg");
    }

    function test_Withdraw_FrozenLegAsksTwiceTheInitialRate() public {
        fund(alice, aliceId, 1_000e6);
        openLeg(ETH, aliceId, carolId, 1e18);
        vm.warp(block.timestamp + 1 hours + 1);
        uint256 room = lens.withdrawable(aliceId, QUOTE).amount;
        assertEq(room, 599.96e6, "stale: 1,000 - 400 - impact");
        vm.prank(alice);
        house.withdraw(aliceId, QUOTE, room, alice);
    }

    // ---- spot

    function test_Withdraw_Spot() public {
        fundSpot(alice, aliceId, 3e18);
        vm.startPrank(alice);
        vm.expectEmit(address(house));
        emit IClearingHouse.Withdrawn(aliceId, WETH, bob, 1e18, 1e18, 2e18);
        assertEq(house.withdraw(aliceId, WETH, 1e18, bob), 1e18);
        assertEq(weth.balanceOf(bob), 1e18);
        assertEq(house.reserveOf(WETH).held, 2e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientSize.selector, aliceId, WETH, 2e18, 2e18 + 1)
        );
        house.withdraw(aliceId, WETH, 2e18 + 1, alice);
        house.withdraw(aliceId, WETH, 2e18, alice);
        assertEq(house.legsOf(aliceId).length, 0);
    }

    function testFuzz_Withdraw_SpotToTheEdgeOfInitialMargin(uint256 spot, uint256 size) public {
        size = bound(size, 1e15, 20e18);
        // Cash is nothing: the spot alone carries the leg, at 80 % of its value.
        spot = bound(spot, size / 4, size);
        fundSpot(alice, aliceId, spot);
        openLeg(ETH, aliceId, carolId, int256(size));
        uint256 notional = size * 2_000;
        uint256 initial = ceilDiv(notional, 10) + ceilDiv(notional * notional, 100_000_000e18);
        uint256 keep = ceilDiv(initial, 1_600);
        vm.startPrank(alice);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        house.withdraw(aliceId, WETH, spot - keep + 1, alice);
        house.withdraw(aliceId, WETH, spot - keep, alice);
    }

    function test_Withdraw_RevertsWhen_QuoteAgainstSpot() public {
        fund(alice, aliceId, 1_000e6);
        fundSpot(alice, aliceId, 5e18);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientQuote.selector, aliceId, -int256(0.000001e18))
        );
        house.withdraw(aliceId, QUOTE, 1_000e6 + 1, alice);
        house.withdraw(aliceId, QUOTE, 1_000e6, alice);
        assertEq(house.cashOf(aliceId), 0);
    }

    function test_Withdraw_RevertsWhen_QuoteAgainstSpotThroughALeg() public {
        fund(alice, aliceId, 100e6);
        fundSpot(alice, aliceId, 5e18);
        openLeg(ETH, aliceId, carolId, 1e18);
        // The spot carries the leg, so all of the quote is free, but no unit more.
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InsufficientQuote.selector, aliceId, -int256(0.000001e18))
        );
        house.withdraw(aliceId, QUOTE, 100e6 + 1, alice);
        house.withdraw(aliceId, QUOTE, 100e6, alice);
        assertEq(house.cashOf(aliceId), -2_000e18);
    }

    // ---- while a deficit stands

    /// @dev DEF-1: whatever the order, everybody gets the same share of his claim, and the deficit per claim never grows.
    function testFuzz_Withdraw_SameRatioInEveryOrder(uint256 loss, uint256[3] memory claims, uint256 order) public {
        loss = bound(loss, 1, 400e6) * 250e12;
        payOutCarol();
        address[3] memory owners = [alice, bob, makeAddr("dora")];
        for (uint256 i = 0; i < 3; ++i) {
            claims[i] = bound(claims[i], 1e6, 1e12);
            fund(owners[i], accountId(owners[i], 0), claims[i]);
        }
        makeDeficit(loss);
        uint256 held = house.reserveOf(QUOTE).held;
        assertEq(house.totalDeficit(), loss);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 who = ((order % 6) + i * (1 + (order % 2))) % 3;
            uint256 paid = withdrawWatched(owners[who], claims[who]);
            assertApproxEqAbs(
                paid,
                (claims[who] * held) / (held + loss),
                1 + i,
                "the same ratio, give or take the rounding of those before"
            );
        }
        // Less than what a token unit costs is left, and it is still owed at the same ratio.
        assertLt(house.cashOf(aliceId), int256((1e12 * (held + loss)) / held + 1));
        uint256 deficit = house.totalDeficit();
        assertGe((deficit + 3) * (held + loss), loss * (house.reserveOf(QUOTE).held + deficit), "unchanged");
        assertEq(house.cashOf(deficitRow(ETH)), -int256(deficit));
    }

    function testFuzz_Withdraw_SlicingGainsNothing(uint256 loss, uint256 claim, uint256 slices) public {
        loss = bound(loss, 1, 400e6) * 250e12;
        claim = bound(claim, 1e6, 1e12);
        slices = bound(slices, 2, 10);
        payOutCarol();
        fund(alice, aliceId, claim);
        fund(bob, bobId, claim);
        makeDeficit(loss);
        uint256 whole = withdrawWatched(bob, claim);
        uint256 sum;
        for (uint256 i = 1; i < slices; ++i) sum += withdrawWatched(alice, claim / slices);
        sum += withdrawWatched(alice, uint256(house.cashOf(aliceId)) / 1e12);
        assertLe(sum, whole + 1);
        assertGe(sum + slices, whole);
    }

    function test_Withdraw_EventTellsWhatWasForgone() public {
        fund(alice, aliceId, 1_000e6);
        makeDeficit(100_000e18);
        uint256 held = house.reserveOf(QUOTE).held;
        uint256 paid = (1_000e6 * held) / (held + 100_000e18);
        uint256 forgone = (paid * 1e12 * 100_000e18 + held - 1) / held;
        uint256 ended = paid * 1e12 + forgone;
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitReduced(ETH, forgone);
        vm.expectEmit(address(house));
        emit IClearingHouse.Withdrawn(aliceId, QUOTE, alice, ended, paid, int256(1_000e18 - ended));
        vm.prank(alice);
        house.withdraw(aliceId, QUOTE, 1_000e6, alice);
        assertEq(house.totalDeficit(), 100_000e18 - forgone);
    }

    function test_Withdraw_SpotIsPaidInFullDuringADeficit() public {
        fundSpot(alice, aliceId, 1e18);
        makeDeficit(1_000e18);
        vm.prank(alice);
        assertEq(house.withdraw(aliceId, WETH, 1e18, alice), 1e18);
        assertEq(house.totalDeficit(), 1_000e18);
    }

    /// @dev A loss nobody has booked yet: claims exceed what is held, what is there is paid, the rest stays cash.
    function test_Withdraw_PaysWhatIsHeld() public {
        ownLedger();
        uint256 held = house.reserveOf(QUOTE).held;
        assertEq(held, 11_001e18);
        vm.startPrank(alice);
        assertEq(house.withdraw(aliceId, QUOTE, 15_000e6, alice), 11_001e6);
        assertEq(house.cashOf(aliceId), 3_999e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientHeld.selector, QUOTE, 0, 3_999e18));
        house.withdraw(aliceId, QUOTE, 3_999e6, alice);
    }

    // ---- the treasury

    function test_Withdraw_TreasuryThroughTheConfiguratorOnly() public {
        fund(alice, TREASURY, 5e6);
        expectUnauthorized(TREASURY, address(this));
        assertEq(configurator.withdrawTreasury(QUOTE, 2e6, bob), 2e6);
        assertEq(quote.balanceOf(bob), 2e6);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.InsufficientCash.selector, TREASURY, 3e18, 3.000001e18));
        configurator.withdrawTreasury(QUOTE, 3e6 + 1, bob);
    }

    function test_Withdraw_TreasurySharesTheDeficit() public {
        fund(alice, TREASURY, 1_000e6);
        makeDeficit(100_000e18);
        uint256 held = house.reserveOf(QUOTE).held;
        assertEq(configurator.withdrawTreasury(QUOTE, 1_000e6, bob), (1_000e6 * held) / (held + 100_000e18));
    }

    // ---- numbers

    /// @dev bob is bankrupt at 1,000 and nobody has closed him; alice took her profit; carol is short in her place.
    function ownLedger() internal {
        payOutCarol();
        fund(carol, carolId, 3_000e6);
        fund(alice, aliceId, 5_000e6);
        fund(bob, bobId, 3_000e6);
        openLeg(ETH, bobId, aliceId, 10e18);
        settlePrice(ETH, 1_000e18);
        openLeg(ETH, aliceId, carolId, 10e18);
        assertEq(house.cashOf(aliceId), 15_000e18);
    }

    function payOutCarol() internal {
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, 10_000_000e6, carol);
    }

    function withdrawWatched(address owner, uint256 amount) internal returns (uint256 paid) {
        uint256 deficit = house.totalDeficit();
        uint256 claims = house.reserveOf(QUOTE).held + deficit;
        vm.prank(owner);
        paid = house.withdraw(accountId(owner, 0), QUOTE, amount, owner);
        uint256 left = house.totalDeficit();
        assertLe(left * claims, deficit * (house.reserveOf(QUOTE).held + left), "DEF-1");
    }

    function expectUnauthorized(AccountId account, address caller) internal {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, account, caller));
        house.withdraw(account, QUOTE, 1, alice);
    }

    function roomOf(int256 size, int256 cash) internal view returns (int256) {
        (int256 equity, uint256 initial) = initialOf(size, cash);
        return equity - int256(initial);
    }

    /// @dev Initial margin of a leg opened at 2,000, with 10 %, D = 50M and a reserve of 30 % of profit.
    function initialOf(int256 size, int256 cash) internal view returns (int256 equity, uint256 initial) {
        uint256 mark = peekPrice(ETH).mark;
        uint256 slow = peekPrice(ETH).slow;
        uint256 price = (size > 0) == (mark < slow) ? mark : slow;
        int256 worth = size * int256(price);
        equity = cash + (worth >= 0 ? worth / 1e18 : -int256(ceilDiv(uint256(-worth), 1e18)));
        uint256 notional = ceilDiv(magnitudeOf(worth), 1e18);
        initial = ceilDiv(notional, 10) + ceilDiv(notional * notional, 100_000_000e18);
        int256 profit = size * (int256(price) - 2_000e18);
        if (profit > 0) {
            // Value up, cost down.
            profit = ceil(worth) - floor(size * 2_000e18);
            initial += ceilDiv(uint256(profit) * 3, 10);
        }
    }

    function floor(int256 x) internal pure returns (int256) {
        return x >= 0 ? x / 1e18 : -int256(ceilDiv(uint256(-x), 1e18));
    }

    function ceil(int256 x) internal pure returns (int256) {
        return -floor(-x);
    }

    function ceilDiv(uint256 x, uint256 d) internal pure returns (uint256) {
        return (x + d - 1) / d;
    }

    function magnitudeOf(int256 x) internal pure returns (uint256) {
        return x < 0 ? uint256(-x) : uint256(x);
    }
}
