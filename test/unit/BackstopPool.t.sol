// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetState} from "../../contracts/core/Ledger.sol";
import {IBackstopPool} from "../../contracts/interfaces/IBackstopPool.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {PriceStatus} from "../../contracts/types/Price.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {BackstopTest} from "../support/BackstopTest.sol";

/// @notice What the backstop takes, how it gets rid of it, and what its shares are worth meanwhile. What every vault does is
/// tested with ShareVault.
contract BackstopPoolTest is BackstopTest {
    AssetId private constant COIN = AssetId.wrap(4);

    // ---- absorbing

    function test_Absorb_WhenTheLotIsOver() public {
        enter(lina, 1_000_000e6);
        carry(1e18);
        fall(ETH, 1_835e18);
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        vm.expectPartialRevert(ILiquidator.LotNotOver.selector);
        liquidator.liquidate(aliceId, ETH, keeperId);
        uint256 taken = absorbAfterwards();
        assertEq(held(ETH), int256(taken));
        assertEq(sizeOf(aliceId, ETH), 1e18 - int256(taken));
        assertApproxEqAbs(healthOf(aliceId), 1.2e18, 0.001e18);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
    }

    /// @dev Five lots fill what may be on offer: the sixth account goes down the chain in one call.
    function test_Absorb_InTheSameCallWhenNothingMoreMayBeOnOffer() public {
        enter(lina, 1_000_000e6);
        setTerm(ETH, 10, 20_00);
        for (uint96 i = 1; i <= 6; ++i) {
            fund(alice, accountId(alice, i), 5_000e6);
            openLeg(ETH, accountId(alice, i), carolId, 20e18);
        }
        fall(ETH, 1_835e18);
        for (uint96 i = 1; i <= 5; ++i) step(accountId(alice, i), ETH);
        ILiquidator.Outlook memory o = liquidator.outlook(accountId(alice, 6), ETH);
        assertEq(uint8(o.auction.reason), uint8(ILiquidator.Reason.NoRoom));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Absorb));
        (ILiquidator.Stage stage_, uint256 size) = step(accountId(alice, 6), ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Absorb));
        assertEq(size, o.absorb.size);
        assertEq(held(ETH), int256(size));
    }

    /// @dev Depth was measured while the pool had next to nothing. The step measures it anew, and at ten times the depth its account
    /// is safe: nothing of it is on offer again.
    function test_Absorb_OfAPoolLooksAtTheDepthThatIsLeft() public {
        enter(lina, 5_000_000e6);
        fund(alice, aliceId, 3_500_000e6);
        openLeg(ETH, aliceId, carolId, 4_000e18);
        settlePrice(ETH, 1_150e18);
        configurator.setPool(ETH, poolTerms(alice));
        wait_(10 hours);
        setPrice(ETH, 2_000e18);
        (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        wait_(600);
        (stage_, ) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Absorb));
        assertGt(healthOf(aliceId), 1.2e18);
        assertEq(liquidator.lotOf(aliceId, ETH).lot.size, 0);
    }

    /// @dev Half of the margin freed, less a fifth of it as penalty and the tip, and that at mark.
    function test_Absorb_IsPaidWhatTheMarginLeaves() public {
        enter(lina, 1_000_000e6);
        carry(100e18);
        fall(ETH, 1_835e18);
        step(aliceId, ETH);
        wait_(600);
        Assessor.Assessment memory before = house.assess(aliceId);
        step(aliceId, ETH);
        uint256 released = before.maintenance - house.assess(aliceId).maintenance;
        uint256 freed = (released * uint256(before.marginEquity)) / before.maintenance;
        uint256 penalty = freed / 5;
        uint256 health = uint256((before.marginEquity * 1e18)) / before.maintenance;
        uint256 paid = (freed * (0.95e18 - (0.45e18 * health) / 1e18)) / 1e18;
        assertApproxEqAbs(equityOf(backstopId), 1_000_000e18 + int256(paid - penalty - 0.5e18), 1e6);
        assertApproxEqAbs(house.cashOf(INSURANCE), int256(penalty / 2), 1e6);
        assertApproxEqAbs(house.cashOf(keeperId), int256(penalty / 2 + 0.5e18), 1e6);
        assertApproxEqAbs(equityOf(aliceId), before.equity - int256(paid), 1e6);
    }

    /// @dev Far below maintenance nobody waits for another lot: what nobody takes is offset.
    function test_Absorb_PassesWhenItPaysTooLittle() public {
        enter(lina, 1_000_000e6);
        carry(1e18);
        fall(ETH, 1_755e18);
        step(aliceId, ETH);
        wait_(600);
        ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
        assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.PaysTooLittle));
        assertLt(o.absorb.cost, (peekPrice(ETH).sigma * 7_746) / 1_000);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Offset));
        assertEq(size, o.offset.size);
        assertEq(sizeOf(aliceId, ETH), 1e18 - int256(size));
        assertEq(held(ETH), 0);
    }

    function test_Absorb_NothingOfABankruptAccount() public {
        enter(lina, 1_000_000e6);
        carry(1e18);
        fall(ETH, 1_740e18);
        ILiquidator.Stage[2] memory expected = [ILiquidator.Stage.Auction, ILiquidator.Stage.Offset];
        for (uint256 i = 0; i < 2; ++i) {
            ILiquidator.Outlook memory o = liquidator.outlook(aliceId, ETH);
            assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.PaysTooLittle));
            (ILiquidator.Stage stage_, ) = step(aliceId, ETH);
            assertEq(uint8(stage_), uint8(expected[i]));
            wait_(600);
        }
        assertEq(held(ETH), 0);
        assertEq(sizeOf(aliceId, ETH), 0, "all of it is offset");
    }

    /// @dev A basis point of 50 million.
    function test_Absorb_UpToItsShareOfDepth() public {
        setTerm(ETH, 5_00, 1);
        enter(lina, 1_000_000e6);
        uint256 taken = absorb(100e18, 1_835e18);
        assertApproxEqAbs((taken * 1_835) / 1e18, 5_000, 1);
        assertGt(liquidator.lotOf(aliceId, ETH).lot.size, 0, "the rest is on offer");
        wait_(600);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).absorb.reason), uint8(ILiquidator.Reason.NoRoom));
    }

    /// @dev With 10 % of initial margin and 20 % as impact at the cap, a thousand carries 3,333.
    function test_Absorb_UpToWhatItsMarginCarries() public {
        enter(lina, 1_000e6);
        uint256 taken = absorb(100e18, 1_835e18);
        assertApproxEqAbs((taken * 1_835) / 1e18, 3_333, 1);
        Assessor.Assessment memory a = house.assess(backstopId);
        assertGe(a.initialEquity, int256(a.initial));
    }

    /// @dev In a halted market a leg weighs its initial rate twice: a thousand carries 1,000 / 0.201, not 1,000 / 0.101.
    function test_Absorb_UpToWhatItsMarginCarriesOfAHaltedMarket() public {
        setTerm(ETH, 5_00, 10);
        enter(lina, 1_000e6);
        carry(100e18);
        setState(ETH, AssetState.Halted);
        fall(ETH, 1_835e18);
        step(aliceId, ETH);
        uint256 taken = absorbAfterwards();
        assertApproxEqAbs((taken * 1_835) / 1e18, 4_975, 1);
        Assessor.Assessment memory a = house.assess(backstopId);
        assertGe(a.initialEquity, int256(a.initial));
    }

    function test_Absorb_NothingWithoutProviders() public {
        carry(1e18);
        fall(ETH, 1_835e18);
        assertEq(uint8(liquidator.outlook(aliceId, ETH).absorb.reason), uint8(ILiquidator.Reason.NoRoom));
    }

    /// @dev A market far too thin for the leg: what closing it frees is more than it is worth.
    function test_Absorb_ForNextToNothing() public {
        enter(lina, 1_000_000e6);
        fund(alice, aliceId, 4_000_000e6);
        openLeg(ETH, aliceId, carolId, 2_000e18);
        configurator.setDepth(ETH, 500_000e18);
        step(aliceId, ETH);
        wait_(600);
        ILiquidator.Offer memory o = liquidator.outlook(aliceId, ETH).absorb;
        assertGt(o.cost, 1e18);
        step(aliceId, ETH);
        assertGt(o.size, 0);
        assertEq(held(ETH), int256(o.size));
        assertLe(house.cashOf(backstopId), 1_000_000e18, "nobody is paid to take it");
    }

    /// @dev The pool earned by its part: for the steps after it the market is deeper.
    function test_Absorb_BetweenThePoolAndAnOffset() public {
        enter(lina, 1_000_000e6);
        AccountId pool = openPool(ETH, keeper, 1_000_000e6).account();
        wait_(30 days);
        house.accrue(single(ETH));
        Terms memory terms = stageTerms();
        (terms.window, terms.backstop) = (30, 1);
        liquidator.setTerms(ETH, terms);
        fund(alice, aliceId, 39_750e6);
        openLeg(ETH, aliceId, carolId, 100e18);
        fall(ETH, 1_625e18);
        step(aliceId, ETH);
        wait_(600);
        int256 pooled = sizeOf(pool, ETH);
        (ILiquidator.Stage stage_, uint256 size) = step(aliceId, ETH);
        assertGt(sizeOf(pool, ETH), pooled);
        assertGt(held(ETH), 0);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Offset));
        assertGt(size, 0);
        assertGe(healthOf(aliceId), 1.2e18);
    }

    function test_Absorb_TakesAShort() public {
        enter(lina, 1_000_000e6);
        uint256 taken = absorb(-100e18, priceAtHealth(false, 2_000e18, 250e18, 0.9e18));
        assertEq(held(ETH), -int256(taken));
        assertGt(equityOf(backstopId), 1_000_000e18);
    }

    function test_Absorb_TakesSpot() public {
        enter(lina, 1_000_000e6);
        uint256 taken = absorbSpot();
        assertEq(held(WETH), int256(taken));
        uint256 paid = uint256(1_000_000e18 - house.cashOf(backstopId));
        assertGt(paid, 1_798 * taken, "10 % off, and the tip");
        assertLt(paid, 1_801 * taken);
    }

    /// @dev Its inventory is carried by two legs of two kinds; each is a leg like any other.
    function test_Absorb_SeveralLegs() public {
        enter(lina, 1_000_000e6);
        absorbSpot();
        wait_(1 days);
        assertGt(house.legsOf(backstopId).length, 0);
        openLeg(BTC, backstopId, carolId, -1e18);
        IShareVault.Status memory s = backstop.status();
        int256 notional = held(WETH) * 2_000 + 60_000e18;
        assertApproxEqAbs(s.entry - s.equity, notional / 100, 1e6);
        assertApproxEqAbs(s.equity - int256(s.value), notional / 100, 1e6);
    }

    /// @dev It goes the way of any account but the last step: on offer, or into the pool.
    function test_Absorb_NotItsOwnAccount() public {
        enter(lina, 1_000e6);
        absorb(100e18, 1_835e18);
        fall(ETH, 1_300e18);
        assertTrue(house.isLiquidatable(backstopId));
        ILiquidator.Outlook memory o = liquidator.outlook(backstopId, ETH);
        assertEq(uint8(o.absorb.reason), uint8(ILiquidator.Reason.OwnAccount));
        assertEq(uint8(o.stage), uint8(ILiquidator.Stage.Auction));
        (ILiquidator.Stage stage_, ) = step(backstopId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Auction));
        wait_(600);
        openPool(ETH, keeper, 5_000_000e6);
        (stage_, ) = step(backstopId, ETH);
        assertEq(uint8(stage_), uint8(ILiquidator.Stage.Reduce));
    }

    // ---- unwinding into the pool

    /// @dev Ten basis points of 50 million a minute.
    function test_Unwind_AtTheRate() public {
        stock(300e18);
        uint256 quoted = backstop.unwindable(ETH);
        int256 before = held(ETH);
        vm.prank(mallory);
        (uint256 size, uint256 price) = backstop.unwind(ETH, type(uint256).max, block.timestamp);
        assertEq(size, quoted);
        assertApproxEqAbs((size * 1_835) / 1e18, 50_000, 1);
        assertEq(held(ETH), before - int256(size));
        assertGt(price, 1_832e18, "spread and impact");
        skip(59);
        nothing(held(ETH));
        wait_(1);
        (size, ) = unwind();
        assertApproxEqAbs((size * 1_835) / 1e18, 50_000, 1);
    }

    function test_Unwind_PartsOfAMinute() public {
        stock(300e18);
        (uint256 size, ) = backstop.unwind(ETH, 1e18, block.timestamp);
        assertEq(size, 1e18);
        (size, ) = unwind();
        assertApproxEqAbs((size * 1_835) / 1e18, 50_000 - 1_835, 1);
    }

    function test_Unwind_ClosesAndNeverFlips() public {
        stock(30e18);
        int256 before = held(ETH);
        (uint256 size, ) = unwind();
        assertEq(int256(size), before);
        assertEq(held(ETH), 0);
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.unwind(ETH, 1e18, block.timestamp);
    }

    function test_Unwind_BuysBackAShort() public {
        enter(lina, 1_000_000e6);
        absorb(-300e18, priceAtHealth(false, 2_000e18, 250e18, 0.9e18));
        openPool(ETH, keeper, 5_000_000e6);
        int256 before = held(ETH);
        (uint256 size, uint256 price) = unwind();
        assertEq(held(ETH), before + int256(size));
        assertGt(price, peekPrice(ETH).mark);
    }

    function test_Unwind_ShrinksToThePoolsRoom() public {
        enter(lina, 1_000_000e6);
        absorb(300e18, 1_835e18);
        // Three times its equity.
        openPool(ETH, keeper, 5_000e6);
        (uint256 size, ) = unwindAt(5_00);
        assertApproxEqAbs((size * 1_835) / 1e18, 15_000, 10);
    }

    function test_Unwind_RevertsWhen_ItCostsTooMuch() public {
        enter(lina, 1_000_000e6);
        absorb(1_000e18, 1_835e18);
        openPool(ETH, keeper, 5_000_000e6);
        backstop.setUnwinding(IBackstopPool.Unwinding(2_00, 50, 0));
        uint256 bound = (peekPrice(ETH).fast * 9_950) / 10_000;
        vm.expectPartialRevert(IExchange.PriceBeyondLimit.selector);
        backstop.unwind(ETH, type(uint256).max, block.timestamp);
        (, uint256 price) = backstop.unwind(ETH, 200e18, block.timestamp);
        assertGe(price, bound);
    }

    /// @dev A price that fell just now is none to sell at.
    function test_Unwind_WaitsForTheFastAverage() public {
        stock(300e18);
        setPrice(ETH, 1_780e18);
        vm.expectPartialRevert(IExchange.PriceBeyondLimit.selector);
        backstop.unwind(ETH, 1e18, block.timestamp);
        house.accrue(single(ETH));
        wait_(5 minutes);
        unwind();
    }

    function test_Unwind_RevertsWhen_NothingIsKnown() public {
        stock(300e18);
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotFresh.selector, ETH, PriceStatus.Stale));
        backstop.unwind(ETH, 1e18, block.timestamp);
        refresh();
        setState(ETH, AssetState.Halted);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        backstop.unwind(ETH, 1e18, block.timestamp);
    }

    function test_Unwind_RevertsWhen_TooLate() public {
        stock(300e18);
        uint256 deadline = block.timestamp - 1;
        vm.expectRevert(abi.encodeWithSelector(IExchange.DeadlinePassed.selector, deadline, block.timestamp));
        backstop.unwind(ETH, 1e18, deadline);
    }

    // ---- unwinding into orders

    function test_UnwindInto_AtTheRate() public {
        stock(300e18);
        IExchange.SignedOrder memory o = orderOf("dave", 40e18, 1_834e18);
        int256 before = held(ETH);
        vm.prank(mallory);
        uint256 size = backstop.unwindInto(o, type(uint256).max, block.timestamp);
        assertApproxEqAbs((size * 1_835) / 1e18, 50_000, 1);
        assertEq(held(ETH), before - int256(size));
        assertEq(sizeOf(o.order.account, ETH), int256(size));
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.unwindInto(o, type(uint256).max, block.timestamp);
        nothing(held(ETH));
        wait_(60);
        assertEq(backstop.unwindInto(o, type(uint256).max, block.timestamp), 40e18 - size, "what is left of it");
        uint256 rest = backstop.unwindable(ETH);
        (uint256 pooled, ) = unwind();
        assertEq(pooled, rest, "one minute for pool and orders");
    }

    function test_UnwindInto_ClosesAndNeverFlips() public {
        stock(30e18);
        IExchange.SignedOrder memory o = orderOf("dave", 100e18, 1_834e18);
        int256 before = held(ETH);
        assertEq(int256(backstop.unwindInto(o, type(uint256).max, block.timestamp)), before);
        assertEq(held(ETH), 0);
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.unwindInto(o, type(uint256).max, block.timestamp);
    }

    function test_UnwindInto_RevertsWhen_ItWouldAdd() public {
        stock(300e18);
        IExchange.SignedOrder memory o = orderOf("dave", -10e18, 1_834e18);
        vm.expectRevert(abi.encodeWithSelector(IBackstopPool.NoReduction.selector, ETH, held(ETH), int256(10e18)));
        backstop.unwindInto(o, type(uint256).max, block.timestamp);
    }

    function testFuzz_UnwindInto_WithinTheBound(uint256 limit) public {
        stock(300e18);
        limit = bound(limit, 1_800e18, 1_870e18);
        IExchange.SignedOrder memory o = orderOf("dave", 1e18, limit);
        uint256 best = peekPrice(ETH).fast > peekPrice(ETH).mark ? peekPrice(ETH).fast : peekPrice(ETH).mark;
        uint256 least = (best * 9_950 + 9_999) / 10_000;
        if (limit < least) vm.expectRevert(abi.encodeWithSelector(IBackstopPool.PriceTooFar.selector, limit, least));
        uint256 size = backstop.unwindInto(o, type(uint256).max, block.timestamp);
        if (limit >= least) assertEq(size, 1e18);
    }

    // ---- selling spot

    function test_BuySpot_AtTheDiscount() public {
        enter(lina, 1_000_000e6);
        uint256 taken = absorbSpot();
        int256 cash = house.cashOf(backstopId);
        give(bob, 3_960e6);
        vm.prank(bob);
        (uint256 bought, uint256 paid) = backstop.buySpot(WETH, 2e18, 3_960e6, block.timestamp);
        assertEq(bought, 2e18);
        assertEq(paid, 3_960e6, "1 % off 2,000");
        assertEq(weth.balanceOf(bob), 2e18);
        assertEq(quote.balanceOf(bob), 0);
        assertEq(house.cashOf(backstopId), cash + 3_960e18);
        assertEq(held(WETH), int256(taken - 2e18));
    }

    function test_BuySpot_ShrinksToLegAndMinute() public {
        enter(lina, 1_000_000e6);
        uint256 taken = absorbSpot();
        give(bob, 20_000e6);
        backstop.setUnwinding(IBackstopPool.Unwinding(1, 50, 0));
        vm.startPrank(bob);
        (uint256 bought, uint256 paid) = backstop.buySpot(WETH, 100e18, 200_000e6, block.timestamp);
        assertEq(bought, 2.5e18, "5,000 a minute");
        assertEq(paid, 5_000e6);
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        vm.stopPrank();
        wait_(60);
        backstop.setUnwinding(IBackstopPool.Unwinding(5_00, 50, 0));
        vm.prank(bob);
        (bought, ) = backstop.buySpot(WETH, type(uint256).max, type(uint256).max, block.timestamp);
        assertEq(bought, taken - 2.5e18);
        assertEq(held(WETH), 0);
    }

    /// @dev The limit of a part is that part of the limit.
    function test_BuySpot_RevertsWhen_Dearer() public {
        enter(lina, 1_000_000e6);
        absorbSpot();
        give(bob, 10_000e6);
        backstop.setUnwinding(IBackstopPool.Unwinding(1, 50, 0));
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.AboveMaximum.selector, 5_000e6, 4_999_999_999));
        backstop.buySpot(WETH, 5e18, 10_000e6 - 1, block.timestamp);
        vm.expectPartialRevert(IShareVault.DeadlinePassed.selector);
        backstop.buySpot(WETH, 5e18, 10_000e6, block.timestamp - 1);
        vm.stopPrank();
    }

    function test_BuySpot_AtTheDearerOfMarkAndFast() public {
        enter(lina, 1_000_000e6);
        absorbSpot();
        house.accrue(single(WETH));
        setPrice(WETH, 1_900e18);
        uint256 fast = peekPrice(WETH).fast;
        assertGt(fast, 1_990e18);
        give(bob, 2_000e6);
        vm.prank(bob);
        (, uint256 paid) = backstop.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        assertApproxEqAbs(paid, (fast * 99) / 100 / 1e12, 1);
    }

    function test_BuySpot_RevertsWhen_NotSpotOrNotFresh() public {
        enter(lina, 1_000_000e6);
        absorbSpot();
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, ETH));
        backstop.buySpot(ETH, 1e18, 2_000e6, block.timestamp);
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotFresh.selector, WETH, PriceStatus.Stale));
        backstop.buySpot(WETH, 1e18, 2_000e6, block.timestamp);
        vm.stopPrank();
    }

    /// @dev Who looks in while he is paid sees the vault as it is afterwards, and cannot do anything with it.
    function test_BuySpot_FromInsideTheToken() public {
        enter(lina, 1_000_000e6);
        HookToken coin = listCoin(10e8);
        give(bob, 10_000e6);
        coin.setHooks(
            address(backstop),
            abi.encodeCall(backstop.status, ()),
            abi.encodeCall(backstop.buySpot, (COIN, 1e8, 1_000e6, block.timestamp))
        );
        vm.prank(bob);
        (uint256 bought, uint256 paid) = backstop.buySpot(COIN, 2e8, 1_980e6, block.timestamp);
        assertEq(bought, 2e8);
        assertEq(paid, 1_980e6);
        assertEq(coin.balanceOf(bob), 2e8);
        assertEq(held(COIN), 8e18);
        (, bool succeeded, bytes memory returned) = coin.beforeOutcome();
        assertTrue(succeeded);
        assertEq(returned, abi.encode(backstop.status()));
        (, succeeded, returned) = coin.afterOutcome();
        assertFalse(succeeded);
        assertEq(bytes4(returned), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    // ---- terms

    function test_SetUnwinding_SaysWhatItWas() public {
        IBackstopPool.Unwinding memory before = backstop.unwinding();
        IBackstopPool.Unwinding memory terms = IBackstopPool.Unwinding(5_00, 2_00, 5_00);
        vm.expectEmit(address(backstop));
        emit IBackstopPool.UnwindingSet(before, terms);
        backstop.setUnwinding(terms);
        assertEq(backstop.unwinding().rate, 5_00);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        backstop.setUnwinding(terms);
    }

    function test_SetUnwinding_RevertsWhen_OutOfBounds() public {
        refused("rate", IBackstopPool.Unwinding(0, 50, 0), 0, 1, 5_00);
        refused("rate", IBackstopPool.Unwinding(5_01, 50, 0), 5_01, 1, 5_00);
        refused("maxCost", IBackstopPool.Unwinding(1, 4, 0), 4, 5, 2_00);
        refused("maxCost", IBackstopPool.Unwinding(1, 2_01, 0), 2_01, 5, 2_00);
        refused("spotDiscount", IBackstopPool.Unwinding(1, 5, 5_01), 5_01, 0, 5_00);
    }

    // ---- shares

    function test_Shares_CooldownOfThreeDays() public {
        uint256 shares = enter(lina, 1_000e6);
        ask(lina, shares);
        assertEq(backstop.cooldown(), 3 days);
        uint256 due = block.timestamp + 3 days;
        skip(3 days - 1);
        vm.prank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BeforeCooldown.selector, due, block.timestamp));
        backstop.redeem(shares, lina, lina);
        skip(1);
        vm.prank(lina);
        assertEq(backstop.redeem(shares, lina, lina), 1_000e6 - 1);
    }

    /// @dev What an absorption brought is locked and vests over a day.
    function test_Shares_GainsVest() public {
        uint256 shares = enter(lina, 100_000e6);
        stockMore(30e18);
        unwind();
        assertEq(held(ETH), 0);
        backstop.sync();
        IShareVault.Status memory s = backstop.status();
        assertGt(s.value, 100_000e18);
        assertApproxEqAbs(s.locked, s.value - 100_000e18, 1e6);
        assertApproxEqAbs(backstop.convertToAssets(shares), 100_000e6, 1);
        skip(12 hours);
        assertApproxEqRel(backstop.status().locked, s.locked / 2, 1e14);
        skip(12 hours);
        assertEq(backstop.status().locked, 0);
        assertApproxEqAbs(backstop.convertToAssets(shares), s.value / 1e12, 1);
    }

    /// @dev Of 3,333 at 1,835: a percent, each way.
    function test_Shares_InventoryAtASpread() public {
        enter(lina, 1_000e6);
        absorb(100e18, 1_835e18);
        IShareVault.Status memory s = backstop.status();
        assertApproxEqAbs(s.equity, equityOf(backstopId), 0.1e18);
        assertApproxEqAbs(s.entry - s.equity, 33.33e18, 0.1e18);
        assertApproxEqAbs(s.equity - int256(s.value), 33.33e18, 0.1e18);
    }

    function test_Shares_AFifthADayWhileThereIsInventory() public {
        enter(lina, 1_000_000e6);
        assertGt(backstop.maxDeposit(lina), 1e16);
        absorb(300e18, 1_835e18);
        uint256 most = backstop.maxDeposit(lina);
        assertApproxEqAbs(most, uint256(equityOf(backstopId)) / 5e12, 1);
        enter(mallory, most / 2);
        assertApproxEqAbs(backstop.maxDeposit(lina), most / 2, 2);
        wait_(1 days);
        assertGt(backstop.maxDeposit(lina), most);
    }

    function test_Shares_NobodyEntersWhileNobodyKnows() public {
        enter(lina, 1_000_000e6);
        absorb(1e18, 1_835e18);
        assertGt(backstop.maxDeposit(lina), 1e16);
        skip(2 hours);
        assertEq(backstop.maxDeposit(lina), 0);
        refresh();
        assertGt(backstop.maxDeposit(lina), 1e16);
    }

    /// @dev Sources disagree: nobody comes or goes, and nothing is sold.
    function test_Shares_NothingMovesAtAPriceInDoubt() public {
        uint256 shares = enter(lina, 1_000_000e6);
        absorb(1e18, 1_835e18);
        ask(lina, shares);
        wait_(3 days);
        assertGt(backstop.maxRedeem(lina), 0);
        diverge();
        assertEq(backstop.maxDeposit(lina), 0);
        assertEq(backstop.maxRedeem(lina), 0);
        assertEq(backstop.maxWithdraw(lina), 0);
        vm.prank(lina);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.PriceDiverged.selector, backstopId));
        backstop.redeem(shares, lina, lina);
        vm.expectRevert(abi.encodeWithSelector(IExchange.PriceNotFresh.selector, ETH, PriceStatus.Diverged));
        backstop.unwind(ETH, 1e18, block.timestamp);
        assertEq(backstop.unwindable(ETH), 0);
    }

    /// @dev What carries positions cannot leave before them.
    function test_Shares_WhatInventoryNeedsStays() public {
        uint256 shares = enter(lina, 1_000e6);
        absorb(100e18, 1_835e18);
        ask(lina, shares);
        wait_(3 days);
        uint256 most = backstop.maxRedeem(lina);
        uint256 assets = backstop.maxWithdraw(lina);
        assertLt(most, shares);
        vm.prank(lina);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        backstop.redeem(shares, lina, lina);
        vm.prank(lina);
        assertApproxEqAbs(backstop.redeem(most, lina, lina), assets, 1);
    }

    /// @dev Spot is paid for with quote that cannot leave either.
    function test_Shares_QuoteThatPaidForSpotIsGone() public {
        uint256 shares = enter(lina, 10_000e6);
        absorbSpot();
        ask(lina, shares);
        wait_(3 days);
        uint256 assets = backstop.maxWithdraw(lina);
        assertEq(assets, uint256(house.cashOf(backstopId)) / 1e12);
        uint256 most = backstop.maxRedeem(lina);
        vm.prank(lina);
        assertApproxEqAbs(backstop.redeem(most, lina, lina), assets, 1);
    }

    function test_Shares_GenerationEndsWithItsEquity() public {
        uint256 shares = enter(lina, 1_000e6);
        absorb(100e18, 1_835e18);
        setPrice(ETH, 1_200e18);
        backstop.sync();
        assertEq(backstop.status().generation, 0, "a wick ends nothing");
        wait_(15 minutes);
        backstop.sync();
        assertEq(backstop.status().generation, 1);
        assertEq(backstop.balanceOf(lina), 0);
        assertEq(backstop.maxDeposit(lina), 0);
        vm.prank(lina);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, shares));
        backstop.requestRedeem(shares, lina, lina);
        int256 left = held(ETH);
        liquidate(liquidation(ETH, backstopId, carolId, uint256(left), 1_200e18));
        assertEq(enter(lina, 1_000e6), 1_000e18, "one for one");
    }

    // ---- helpers

    /// @dev A token of eight decimals at a thousand, which the backstop's account holds.
    function listCoin(uint256 amount) private returns (HookToken coin) {
        coin = new HookToken("Coin", "COIN", 8);
        addFeed(COIN, 1_000e8);
        configurator.listSpot(COIN, address(coin), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
        coin.mint(address(backstop), amount);
        vm.startPrank(address(backstop));
        coin.approve(address(house), amount);
        house.deposit(backstopId, COIN, amount);
        vm.stopPrank();
    }

    /// @dev A backstop with part of a leg of alice, and a pool to sell it to.
    function stock(int256 size) private {
        enter(lina, 1_000_000e6);
        stockMore(size);
    }

    function stockMore(int256 size) private {
        absorb(size, 1_835e18);
        openPool(ETH, keeper, 5_000_000e6);
    }

    /// @dev A second source of ETH is 2 % away.
    function diverge() private {
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        sources[0] = IOracleRouter.Source(address(chainlink(feeds[ETH])), 1 hours);
        sources[1] = IOracleRouter.Source(address(chainlink(new MockV3Aggregator(8, 1_872e8))), 1 hours);
        router.setSources(ETH, sources, 1, 100);
    }

    function unwindAt(uint16 rate) private returns (uint256, uint256) {
        backstop.setUnwinding(IBackstopPool.Unwinding(rate, 50, 0));
        return unwind();
    }

    function nothing(int256 size) private {
        assertEq(backstop.unwindable(ETH), 0);
        vm.expectPartialRevert(IBackstopPool.NothingToUnwind.selector);
        backstop.unwind(ETH, type(uint256).max, block.timestamp);
        assertEq(held(ETH), size);
    }

    function give(address payer, uint256 amount) private {
        deal(address(quote), payer, amount);
        vm.prank(payer);
        quote.approve(address(backstop), type(uint256).max);
    }

    function refused(
        bytes32 parameter,
        IBackstopPool.Unwinding memory terms,
        uint256 value,
        uint256 lower,
        uint256 upper
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IBackstopPool.OutOfBounds.selector, parameter, value, lower, upper));
        backstop.setUnwinding(terms);
    }
}
