// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {AssetKind, AssetState} from "../../contracts/core/Ledger.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, TREASURY} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract LensTest is BallastTest {
    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 1_000e6);
        fund(carol, carolId, 10_000_000e6);
    }

    // ---- account

    function testFuzz_Account_IsWhatTheChainFinds(
        int256 eth,
        int256 btc,
        uint256 price,
        int256 rate,
        uint256 wait
    ) public {
        fund(alice, aliceId, 100_000e6);
        fundSpot(alice, aliceId, 3e18);
        openLeg(ETH, aliceId, carolId, nonZero(bound(eth, -100e18, 100e18)));
        openLeg(BTC, aliceId, carolId, nonZero(bound(btc, -3e18, 3e18)));
        setFundingRate(ETH, int32(int256(bound(rate, -0.005e9, 0.005e9))));
        setFundingRate(BTC, int32(int256(bound(-(rate / 2), -0.005e9, 0.005e9))));
        setPrice(ETH, bound(price, 1_500e18, 2_500e18));
        vm.warp(block.timestamp + bound(wait, 1, 2 hours));
        Lens.AccountView memory quoted = lens.account(aliceId);
        house.settle(single(aliceId));
        assertEq(quoted.cash, house.cashOf(aliceId), "QUOTE-1");
        assertEq(abi.encode(quoted.assessment), abi.encode(house.assess(aliceId)), "QUOTE-1");
        assertEq(abi.encode(quoted.legs), abi.encode(lens.account(aliceId).legs), "QUOTE-1");
        assertEq(quoted.liquidatable, house.isLiquidatable(aliceId));
        int256 equity = quoted.cash;
        uint256 maintenance;
        for (uint256 i = 0; i < quoted.legs.length; ++i) {
            Lens.LegView memory leg = quoted.legs[i];
            assertEq(leg.size, house.positionOf(aliceId, leg.asset).size);
            assertEq(leg.basis, house.positionOf(aliceId, leg.asset).basis);
            equity += leg.value;
            maintenance += leg.maintenance;
        }
        assertEq(equity, quoted.assessment.equity, "the legs add up");
        assertEq(maintenance, quoted.assessment.maintenance);
    }

    function test_Account_Health() public {
        assertEq(lens.account(aliceId).health, type(uint256).max, "needs none");
        openLeg(ETH, aliceId, carolId, 1e18);
        assertEq(lens.account(aliceId).health, (uint256(1_000e18) * 1e18) / 100.04e18);
        setPrice(ETH, 900e18);
        assertEq(lens.account(aliceId).health, 0);
        assertTrue(lens.account(aliceId).liquidatable);
        assertEq(lens.account(bobId).legs.length, 0);
    }

    /// @dev Liquidatable is what a liquidation finds.
    function testFuzz_Account_LiquidatableIsWhatTheCallFinds(uint256 price, uint256 wait, bool long) public {
        fund(bob, bobId, 250e6);
        openLeg(ETH, bobId, carolId, long ? int256(1e18) : -1e18);
        setPrice(ETH, priceAtHealth(long, 2_000e18, 250e18, bound(price, 0.7e18, 1.1e18)));
        house.accrue(single(ETH));
        vm.warp(block.timestamp + (wait % 10 minutes));
        bool quoted = lens.account(bobId).liquidatable;
        uint256 mark = peekPrice(ETH).mark;
        vm.prank(stage);
        try house.liquidate(liquidation(ETH, bobId, carolId, 0.1e18, mark), "") {
            assertTrue(quoted, "QUOTE-1");
        } catch {
            assertFalse(quoted, "QUOTE-1");
        }
    }

    // ---- withdrawable

    function testFuzz_Withdrawable_GoesAndOneMoreDoesNot(
        int256 size,
        uint256 spot,
        uint256 price,
        uint256 wait
    ) public {
        openLeg(ETH, aliceId, carolId, nonZero(bound(size, -3e18, 3e18)));
        if (spot % 2 == 0) fundSpot(alice, aliceId, bound(spot, 1, 10e18));
        setPrice(ETH, bound(price, 1_700e18, 2_300e18));
        house.accrue(single(ETH));
        vm.warp(block.timestamp + (wait % 3 hours));
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        (uint256 amount, uint256 paid) = (w.amount, w.paid);
        uint256 snapshot = vm.snapshotState();
        vm.startPrank(alice);
        (bool ok, ) = address(house).call(abi.encodeCall(house.withdraw, (aliceId, QUOTE, amount + 1, alice)));
        assertFalse(ok, "one token unit more");
        vm.revertToState(snapshot);
        if (amount == 0) return;
        assertEq(house.withdraw(aliceId, QUOTE, amount, alice), paid, "QUOTE-1");
    }

    function testFuzz_Withdrawable_DuringADeficit(uint256 loss, uint256 cash) public {
        loss = bound(loss, 1, 400e6) * 250e12;
        fund(alice, aliceId, bound(cash, 1, 1e12));
        makeDeficit(loss);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        (uint256 amount, uint256 paid) = (w.amount, w.paid);
        assertEq(int256(amount * 1e12), house.cashOf(aliceId));
        vm.prank(alice);
        assertEq(house.withdraw(aliceId, QUOTE, amount, alice), paid, "QUOTE-1");
    }

    function test_Withdrawable_NothingBelowInitialMargin() public {
        openLeg(ETH, aliceId, carolId, 3e18);
        setPrice(ETH, 1_700e18);
        Lens.WithdrawableView memory w = lens.withdrawable(aliceId, QUOTE);
        assertEq(w.amount + w.paid, 0);
        assertEq(uint8(w.limit), uint8(Lens.Limit.InitialMargin));
        w = lens.withdrawable(bobId, QUOTE);
        assertEq(w.amount + w.paid, 0);
        assertEq(uint8(w.limit), uint8(Lens.Limit.Balance));
    }

    // ---- market and rows

    function test_Market_TellsWhatStands() public {
        makeDeficit(1_000e18);
        insure(1_000e6);
        Lens.MarketView memory m = lens.market(ETH);
        assertEq(uint8(m.config.kind), uint8(AssetKind.Perp));
        assertEq(uint8(m.config.state), uint8(AssetState.Active));
        assertEq(m.limits.total, 1e27);
        assertEq(m.price.mark, 1_500e18);
        assertEq(m.deficit, 1_000e18);
        assertEq(m.insuranceAvailable, 100e18);
        assertEq(m.perp.openInterest, 0);
        assertEq(m.long.multiplier, m.short.multiplier);
        (uint256 insured, ) = house.pay(ETH, 0);
        assertEq(insured, m.insuranceAvailable, "QUOTE-1");
        m = lens.market(WETH);
        assertEq(uint8(m.config.kind), uint8(AssetKind.Spot));
        assertEq(m.deficit, 0);
    }

    function test_Rows() public {
        fund(alice, TREASURY, 5e6);
        makeDeficit(1_000e18);
        insure(2_000e6);
        Lens.RowsView memory r = lens.rows();
        assertEq(r.treasury, 5e18);
        assertEq(r.insurance, 2_000e18);
        assertEq(r.dust, house.cashOf(DUST));
        assertEq(r.deficit, 1_000e18);
        assertEq(r.quoteHeld, quote.balanceOf(address(house)) * 1e12);
    }
}
