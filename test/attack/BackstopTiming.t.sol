// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBackstopPool} from "../../contracts/interfaces/IBackstopPool.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {BackstopTest} from "../support/BackstopTest.sol";

/// @notice Somebody who knows what the backstop is about to take or to get rid of: as a provider, and as a trader.
contract BackstopTimingTest is BackstopTest {
    AccountId private malloryId = accountId(mallory, 0);

    function setUp() public override {
        super.setUp();
        enter(lina, 1_000_000e6);
    }

    // ---- deposits around an absorption

    /// @dev In right before it, out right after it: what it brought is locked, and inventory is left at a spread.
    function testFuzz_Timing_InAndOutAroundAnAbsorption(uint256 amount, bool long, bool sold) public {
        amount = bound(amount, 1e6, 100_000_000e6);
        lotOver(long);
        uint256 shares = enter(mallory, amount);
        step(aliceId, ETH);
        assertGt(magnitude(held(ETH)), 0);
        ask(mallory, shares);
        if (sold) sellAll();
        assertLe(waitAndClaim(mallory, shares), amount);
    }

    /// @dev He comes when it is too late to bid and stays until all is sold and has vested: with as much as everybody else he
    /// gets half of what it brought, and had the risk of half of it for as long. Measured: 2,297 to a million.
    function test_Timing_InUntilTheGainHasVested() public {
        lotOver(true);
        uint256 shares = enter(mallory, 1_000_000e6);
        int256 before = equityOf(backstopId);
        step(aliceId, ETH);
        int256 gain = equityOf(backstopId) - before;
        sellAll();
        backstop.sync();
        wait_(1 days);
        ask(mallory, shares);
        uint256 paid = waitAndClaim(mallory, shares);
        assertLe(paid, 1_000_000e6 + uint256(gain) / 2e12);
        assertLe(paid, 1_002_297e6);
    }

    /// @dev One who comes when the inventory is there buys his part of it at a spread.
    function testFuzz_Timing_InAndOutAroundAnUnwinding(uint256 amount, bool long, uint256 minutes_) public {
        lotOver(long);
        step(aliceId, ETH);
        amount = bound(amount, 1e6, backstop.maxDeposit(mallory));
        openPool(ETH, keeper, 5_000_000e6);
        uint256 shares = enter(mallory, amount);
        sell(bound(minutes_, 1, 5));
        ask(mallory, shares);
        assertLe(waitAndClaim(mallory, shares), amount);
    }

    /// @dev Leaving right before an unwinding saves nothing: who leaves has paid more for it.
    function testFuzz_Timing_OutBeforeAnUnwinding(uint256 part) public {
        lotOver(true);
        uint256 shares = enter(mallory, 1_000_000e6);
        step(aliceId, ETH);
        part = bound(part, shares / 100, shares);
        ask(mallory, part);
        sellAll();
        uint256 paid = waitAndClaim(mallory, part);
        assertLe(paid, backstop.convertToAssets(part) + 1);
    }

    /// @dev A jump that the spread does not cover, with a fifth of the pool: a sixth of what it brings beyond, at most. Measured:
    /// 5 % on 274,577 bring 1,347 to 201,000.
    function test_Timing_InBeforeAJump() public {
        lotOver(true);
        step(aliceId, ETH);
        uint256 most = backstop.maxDeposit(mallory);
        uint256 shares = enter(mallory, most);
        assertEq(backstop.maxDeposit(mallory), 0);
        uint256 notional = magnitude(held(ETH)) * 1_835;
        settlePrice(ETH, (1_835e18 * 105) / 100);
        backstop.sync();
        wait_(1 days);
        ask(mallory, shares);
        uint256 paid = waitAndClaim(mallory, shares);
        assertLe(paid, most + (notional * 4) / 100 / 6 / 1e12);
        assertLe(paid, most + 1_347e6);
    }

    // ---- trades around an unwinding

    /// @dev He sells to the pool, has the backstop sell after him, and buys back. The bound on the price limits what that can
    /// bring; spreads and fees cost him more.
    function testFuzz_Unwinding_Sandwich(uint256 size) public {
        lotOver(true);
        step(aliceId, ETH);
        openPool(ETH, keeper, 5_000_000e6);
        fund(mallory, malloryId, 10_000_000e6);
        size = bound(size, 1e18, 100e18);
        (int256 hers, int256 his) = (equityOf(backstopId), equityOf(malloryId));
        poolTrade(malloryId, ETH, -int256(size));
        uint256 notional;
        try backstop.unwind(ETH, type(uint256).max, block.timestamp) returns (uint256 unwound, uint256) {
            notional = (unwound * 1_835) / 1e18;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IExchange.PriceBeyondLimit.selector);
        }
        poolTrade(malloryId, ETH, int256(size));
        assertEq(sizeOf(malloryId, ETH), 0);
        assertLe(equityOf(malloryId), his, "he gains nothing");
        // Half a percent of 50,000 and the fee of the exchange.
        assertGe(equityOf(backstopId), hers - 275e18);
        assertLe(notional, 50_000);
    }

    /// @dev Somebody takes all that there is every minute, at the worst price that is allowed: half a percent of 50,000.
    function test_Unwinding_IntoTheWorstOrders() public {
        lotOver(true);
        step(aliceId, ETH);
        fund(mallory, malloryId, 1_000_000e6);
        IExchange.SignedOrder memory worst = orderOf("dave", 1_000e18, (1_835.01e18 * 9_950) / 10_000);
        for (uint256 i = 0; i < 3; ++i) {
            int256 before = equityOf(backstopId);
            uint256 size = backstop.unwindInto(worst, type(uint256).max, block.timestamp);
            assertLe((size * 1_835) / 1e18, 50_000);
            assertGe(equityOf(backstopId), before - 275e18);
            assertLe(equityOf(backstopId), before - 250e18);
            vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
            backstop.unwindInto(worst, type(uint256).max, block.timestamp);
            wait_(1 minutes);
        }
    }

    /// @dev For a moment the price is 5 % lower. Whoever wants what the backstop holds at that price does not get it.
    function test_Unwinding_NothingInAWick() public {
        lotOver(true);
        step(aliceId, ETH);
        house.accrue(single(ETH));
        IExchange.SignedOrder memory low = orderOf("dave", 10e18, 1_743e18);
        setPrice(ETH, 1_743e18);
        vm.expectPartialRevert(IBackstopPool.PriceTooFar.selector);
        backstop.unwindInto(low, type(uint256).max, block.timestamp);
        openPool(ETH, keeper, 5_000_000e6);
        vm.expectPartialRevert(IExchange.PriceBeyondLimit.selector);
        backstop.unwind(ETH, 1e18, block.timestamp);
    }

    /// @dev Only what the backstop itself lets go: nobody trades its account, nobody signs for it.
    function test_Unwinding_NobodyElseMovesTheAccount() public {
        lotOver(true);
        step(aliceId, ETH);
        openPool(ETH, keeper, 5_000_000e6);
        vm.startPrank(mallory);
        vm.expectPartialRevert(IExchange.NotOwnerOrOperator.selector);
        exchange.trade(IExchange.PoolTrade(backstopId, ETH, -1e18, 0, true, block.timestamp));
        vm.stopPrank();
        IExchange.SignedOrder memory forged = orderOf("dave", 1e18, 1_835e18);
        forged.order.account = backstopId;
        forged.signer = address(backstop);
        vm.expectPartialRevert(IExchange.BadSignature.selector);
        backstop.unwindInto(forged, type(uint256).max, block.timestamp);
    }

    // ---- helpers

    /// @dev Of alice's 300 ETH a lot that nobody bid for: the next call brings the backstop.
    function lotOver(bool long) private {
        carry(long ? int256(300e18) : -300e18);
        fall(ETH, long ? 1_835e18 : priceAtHealth(false, 2_000e18, 250e18, 0.9e18));
        step(aliceId, ETH);
        wait_(600);
    }

    function sellAll() private {
        openPool(ETH, keeper, 5_000_000e6);
        sell(20);
        assertEq(held(ETH), 0);
    }

    /// @dev The pool sells it on, so that it can take more.
    function sell(uint256 most) private {
        for (; most > 0 && held(ETH) != 0; --most) {
            unwind();
            wait_(1 minutes);
            poolTrade(carolId, ETH, sizeOf(accountId(house.poolOf(ETH).owner, 0), ETH));
        }
    }
}
