// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetState, Conditions, Pool} from "../../contracts/core/Ledger.sol";
import {Positions} from "../../contracts/core/Positions.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice What the ledger does for the pool of a market: quotes, limits, depth, funding.
contract ClearingHousePoolTest is BallastTest {
    LiquidityPool internal pool;
    AccountId internal poolId;
    address internal provider = makeAddr("provider");

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 10_000_000e6);
        fund(bob, bobId, 10_000_000e6);
        pool = openPool(ETH, provider, 5_000_000e6);
        poolId = pool.account();
    }

    // ---- the quote

    function test_Quote_SpreadAndImpactOnAFreshPrice() public {
        // 100 at 2,000 is 0.4 % of depth: half of it on average, and 5 bp.
        assertEq(poolTrade(aliceId, ETH, 100e18), 2_000e18 + 1e18 + 4e18);
        // The next pays for what the first left, one that sells gets the inventory's discount down to the spread.
        assertEq(poolTrade(bobId, ETH, 100e18), 2_000e18 + 1e18 + 12e18);
        assertEq(poolTrade(bobId, ETH, -100e18), 2_000e18 - 1e18);
        assertEq(sizeOf(poolId, ETH), -100e18);
    }

    function test_Quote_AgeCostsUpToTheDeviation() public {
        vm.warp(block.timestamp + 60);
        (uint256 price, ) = lens.quote(ETH, 1e12);
        uint256 aged = 2 * peekPrice(ETH).sigma * 7_745_966_693;
        assertApproxEqAbs(price, 2_001e18 + (aged * 2_000) / 1e9, 1e15);
        vm.warp(block.timestamp + 50 minutes);
        (price, ) = lens.quote(ETH, 1e12);
        assertApproxEqAbs(price, 2_011e18, 1e12, "50 bp");
        // What rebalances the pool gets the impact off what the age costs.
        poolTrade(aliceId, ETH, 100e18);
        (price, ) = lens.quote(ETH, -100e18);
        assertApproxEqAbs(price, 1_989e18 + 4e18, 1e12);
    }

    function test_Quote_IsAtTheWorseOfMarkAndFast() public {
        setPrice(ETH, 1_900e18);
        uint256 fast = peekPrice(ETH).fast;
        assertGt(fast, 1_990e18);
        (uint256 ask, ) = lens.quote(ETH, 1e12);
        (uint256 bid, ) = lens.quote(ETH, -1e12);
        assertApproxEqAbs(ask, (fast * 10_005) / 10_000, 1e12);
        assertApproxEqAbs(bid, 1_899.05e18, 1e12);
    }

    /// @dev QUOTE-1, in any state of inventory, age and price.
    function testFuzz_Quote_IsWhatExecutes(int256 before, int256 size, uint256 wait, uint256 mark) public {
        before = nonZero(bound(before, -1_000e18, 1_000e18));
        poolTrade(bobId, ETH, before);
        setPrice(ETH, bound(mark, 1_800e18, 2_200e18));
        vm.warp(block.timestamp + bound(wait, 0, 59 minutes));
        size = nonZero(bound(size, -1_000e18, 1_000e18));
        (uint256 quoted, uint256 most) = lens.quote(ETH, size);
        if (magnitude(size) > most) size = size > 0 ? int256(most) : -int256(most);
        if (size == 0) return;
        (quoted, ) = lens.quote(ETH, size);
        assertEq(poolTrade(aliceId, ETH, size), quoted, "QUOTE-1");
    }

    function test_Quote_RevertsWhen_NothingIsQuoted() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC));
        lens.quote(BTC, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, ETH));
        lens.quote(ETH, 0);
        vm.expectRevert(abi.encodeWithSelector(Positions.SizeTooLarge.selector, 1 << 255, type(uint128).max));
        lens.quote(ETH, type(int256).min);
        vm.startPrank(stage);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, ETH));
        house.trade(tradeTerms(ETH, aliceId, bobId, 1e18, 0));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NothingQuoted.selector, BTC));
        house.trade(tradeTerms(BTC, aliceId, poolId, 1e18, 0));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.PoolTradesAtItsQuote.selector, ETH, 2_000e18));
        house.trade(tradeTerms(ETH, aliceId, poolId, 1e18, 2_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        house.trade(tradeTerms(ETH, aliceId, poolId, 0, 0));
    }

    // ---- limits

    function test_Inventory_UpToATenthOfDepth() public {
        // A tenth of 50M at 2,000.
        (, uint256 most) = lens.quote(ETH, 1e18);
        assertEq(most, 2_500e18);
        poolTrade(aliceId, ETH, 2_500e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InventoryAboveLimit.selector, ETH, 5_000_000.002e18, 5_000_000e18)
        );
        this.tradeOf(bobId, ETH, 1e12);
        (, most) = lens.quote(ETH, 1e18);
        assertEq(most, 0);
        (, most) = lens.quote(ETH, -1e18);
        assertEq(most, 5_000e18, "back and as far to the other side");
        poolTrade(bobId, ETH, -100e18);
        poolTrade(bobId, ETH, 100e18);
    }

    function test_Inventory_OneSidedAboveTwiceItsEquity() public {
        LiquidityPool small = openPool(BTC, provider, 100_000e6);
        AccountId id = small.account();
        // Depth is 5M, a tenth of it 500k; thrice its equity is 300k, or 5 at 60,000.
        (, uint256 most) = lens.quote(BTC, 1e18);
        assertEq(most, 5e18);
        poolTrade(aliceId, BTC, 3e18);
        poolTrade(aliceId, BTC, 1e18);
        // 240k are more than twice its equity: only the other side now.
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.InventoryAboveLimit.selector, BTC, 240_060e18, 240_000e18)
        );
        this.tradeOf(bobId, BTC, 0.001e18);
        (, most) = lens.quote(BTC, 1e18);
        assertEq(most, 0);
        poolTrade(bobId, BTC, -1e18);
        poolTrade(bobId, BTC, 0.1e18);
        assertEq(sizeOf(id, BTC), -3.1e18);
    }

    /// @dev What the view promises the ledger takes.
    function testFuzz_Inventory_CapacityIsTaken(int256 before, bool buys) public {
        poolTrade(bobId, ETH, nonZero(bound(before, -2_000e18, 2_000e18)));
        int256 side = buys ? int256(1) : -1;
        (, uint256 most) = lens.quote(ETH, side);
        if (most != 0) poolTrade(aliceId, ETH, side * int256(most));
    }

    function test_Pool_OnlyReducesWhenTheMarketDoes() public {
        poolTrade(aliceId, ETH, 100e18);
        setState(ETH, AssetState.ReduceOnly);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.OnlyReductions.selector, bobId, ETH, int256(0), int256(1e18))
        );
        this.tradeOf(bobId, ETH, 1e18);
        poolTrade(aliceId, ETH, -50e18);
        setState(ETH, AssetState.Halted);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetNotTradable.selector, ETH));
        this.tradeOf(aliceId, ETH, -1e18);
    }

    // ---- funding

    function test_Funding_FollowsThePoolsSkew() public {
        configurator.setFunding(ETH, IRiskConfigurator.FundingTerms(10_00, 50));
        poolTrade(aliceId, ETH, 1_000e18);
        // 2M of 50M at a tenth per day: 0.4 %.
        Conditions memory c = house.perpOf(ETH).conditions;
        assertEq(c.fundingTarget, 0.004e9);
        assertEq(c.fundingRate, 0);
        vm.warp(block.timestamp + 1 hours);
        int256 promised = lens.market(ETH).fundingRate;
        house.accrue(single(ETH));
        c = house.perpOf(ETH).conditions;
        assertEq(promised, c.fundingRate, "QUOTE-1");
        assertApproxEqAbs(c.fundingRate, 0.004e9 * 0.632120, 10, "1 - 1/e of the way");
        // 0.004/24 of the hour less what the average lags: 1/e of it.
        assertApproxEqRel(
            house.perpOf(ETH).fundingIndex,
            (((int256(2_000e27) * 0.004e9) / 24e9) * 0.367879e6) / 1e6,
            1e13
        );
        vm.warp(block.timestamp + 2 days);
        refresh();
        house.accrue(single(ETH));
        assertEq(house.perpOf(ETH).conditions.fundingRate, 0.004e9, "it arrives");
    }

    function test_Funding_IsCapped() public {
        poolTrade(aliceId, ETH, -2_000e18);
        assertEq(house.perpOf(ETH).conditions.fundingTarget, -0.005e9);
        configurator.setFunding(ETH, IRiskConfigurator.FundingTerms(10_00, 1_00));
        assertEq(house.perpOf(ETH).conditions.fundingTarget, -0.008e9, "measured again");
        configurator.setPool(ETH, Pool(address(0), 0, 0, 0, 0, 0, 0));
        assertEq(house.perpOf(ETH).conditions.fundingTarget, 0, "nobody's skew");
    }

    /// @dev The index depends on when the skew changed, not on who called accrue when.
    function testFuzz_Funding_DoesNotDependOnCalls(uint256 first, uint256 second, int256 size, bool often) public {
        poolTrade(aliceId, ETH, nonZero(bound(size, -2_000e18, 2_000e18)));
        (first, second) = (bound(first, 1, 1 days), bound(second, 1, 1 days));
        uint256 snapshot = vm.snapshotState();
        vm.warp(block.timestamp + first + second);
        house.accrue(single(ETH));
        int256 whole = house.perpOf(ETH).fundingIndex;
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + first / 2);
        if (often) house.accrue(single(ETH));
        vm.warp(block.timestamp + first - first / 2);
        house.accrue(single(ETH));
        vm.warp(block.timestamp + second);
        house.accrue(single(ETH));
        // A rate has nine decimals, and what is cut off each time decays within the hour.
        assertApproxEqAbs(house.perpOf(ETH).fundingIndex, whole, 3e20);
    }

    /// @dev The traders' side that outweighs the other pays the pool, which carries the difference.
    function test_Funding_ThePoolEarnsWhatItsTakersPay() public {
        poolTrade(aliceId, ETH, 1_000e18);
        poolTrade(bobId, ETH, -400e18);
        (int256 a, int256 b, int256 p) = (equity(aliceId), equity(bobId), equity(poolId));
        vm.warp(block.timestamp + 3 days);
        refresh();
        (a, b, p) = (equity(aliceId) - a, equity(bobId) - b, equity(poolId) - p);
        assertLt(a, 0);
        assertGt(b, 0);
        assertGt(p, 0);
        assertApproxEqAbs(a + b + p, 0, 3);
    }

    function equity(AccountId account) internal view returns (int256) {
        return house.assess(account).equity;
    }

    function tradeOf(AccountId account, AssetId asset, int256 size) external {
        poolTrade(account, asset, size);
    }
}
