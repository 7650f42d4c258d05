// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {FixedPoint} from "../../contracts/libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow, settlementRow} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "../support/LiquidationTest.sol";

/// @notice What nobody can pay for: every such story ends, and every unit of loss is in a named row. Dave loses.
contract EndingsTest is LiquidationTest {
    uint256 private constant MARKETS = 10;
    uint256 private constant PAIRS = 100;

    address internal dave = makeAddr("dave");
    address internal erin = makeAddr("erin");
    AccountId internal daveId = accountId(dave, 0);
    AccountId internal erinId = accountId(erin, 0);

    AccountId[] internal losers;
    AccountId[] internal others;
    uint16 internal lastAsset = 3;

    /// @dev Everybody's equity at mark; the losers' is below zero.
    struct Sums {
        int256 losers;
        int256 others;
        int256 insurance;
        int256 dust;
        uint256 standing;
    }

    /// @notice Who paid a loss.
    struct Bill {
        uint256 own;
        uint256 insurance;
        uint256 share;
        uint256 standing;
    }

    function setUp() public override {
        super.setUp();
        fund(alice, aliceId, 50_000_000e6);
        losers.push(daveId);
        others = [aliceId, bobId, carolId, keeperId, erinId];
    }

    // ---- endings

    function test_Ending_NobodyButTheWinners() public {
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        openLeg(ETH, carolId, bobId, 90e18);
        Bill memory bill = fails(ETH, 1_500e18);
        assertEq(bill.insurance, 0);
        assertApproxEqAbs(bill.share, 2_000e18, 1e4);
        assertLe(bill.standing, 2);
    }

    function test_Ending_InsuranceThenWinners() public {
        insure(10_000e6);
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        openLeg(ETH, carolId, bobId, 90e18);
        Bill memory bill = fails(ETH, 1_500e18);
        assertApproxEqAbs(bill.insurance, 1_000e18, 10, "a tenth of the fund");
        assertApproxEqAbs(bill.share, 1_000e18, 1e4);
        assertLe(bill.standing, 2);
    }

    /// @dev The winners took their profit in time: nobody is left to share the loss.
    function test_Ending_NobodyAtAll() public {
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        settlePrice(ETH, 1_500e18);
        trade(ETH, aliceId, carolId, 10e18, 1_500e18);
        Bill memory bill = fails(ETH, 1_499e18);
        assertEq(bill.insurance, 0);
        assertEq(bill.share, 0);
        assertApproxEqAbs(bill.standing, 2_010e18, 10);
    }

    /// @dev No pool, no backstop, no fund, and every lot that the market can bear is on offer already.
    function test_Ending_AllCapacitiesAreZero() public {
        settlePrice(ETH, 2_400e18);
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        settlePrice(ETH, 2_000e18);
        for (uint96 i = 1; i <= 5; ++i) {
            others.push(accountId(erin, i));
            fund(erin, accountId(erin, i), 400_000e6);
            openLeg(ETH, accountId(erin, i), carolId, 1_500e18);
        }
        fall(ETH, 1_860e18);
        Sums memory before = photo(ETH);
        for (uint96 i = 1; i <= 5; ++i) {
            (ILiquidator.Stage opened, ) = step(accountId(erin, i), ETH);
            assertTrue(opened == ILiquidator.Stage.Auction);
        }
        ILiquidator.Outlook memory o = liquidator.outlook(daveId, ETH);
        assertTrue(o.auction.reason == ILiquidator.Reason.NoRoom);
        assertTrue(o.absorb.reason == ILiquidator.Reason.NoBackstop);
        assertEq(house.insurable(ETH), 0);
        (ILiquidator.Stage done, ) = step(daveId, ETH);
        assertTrue(done == ILiquidator.Stage.Offset, "in the same call");
        check(ETH, before);
    }

    function test_Ending_TheWholeOtherSide() public {
        fund(dave, daveId, 3_000e6);
        openLeg(ETH, daveId, aliceId, 7e18);
        openLeg(ETH, daveId, bobId, 3e18);
        fails(ETH, 1_500e18);
        assertEq(house.perpOf(ETH).openInterest, 0);
        assertEq(sizeOf(aliceId, ETH), 0);
        assertEq(sizeOf(bobId, ETH), 0);
    }

    /// @dev Dave's other leg takes him down; erin, short against him and bankrupt, loses her leg to his offset.
    function test_Ending_ABankruptAccountWithoutLegs() public {
        fund(dave, daveId, 6_000e6);
        fund(erin, erinId, 300e6);
        openLeg(ETH, daveId, erinId, 1e18);
        openLeg(BTC, daveId, carolId, 0.5e18);
        setPrice(ETH, 3_000e18);
        setPrice(BTC, 40_000e18);
        house.accrue(two(ETH, BTC));
        losers.push(erinId);
        others[4] = TREASURY;
        Sums memory before = photo(ETH);
        close(daveId, ETH);
        house.settle(single(erinId));
        assertEq(house.legsOf(erinId).length, 0);
        assertEq(house.cashOf(erinId), 0);
        assertApproxEqAbs(house.cashOf(deficitRow(ETH)), -700e18, 400e18);
        close(daveId, BTC);
        check(ETH, before);
    }

    /// @dev The live leg closes; the stale one waits until somebody knows its price.
    function test_Ending_AStaleLegBesideALiveOne() public {
        fund(dave, daveId, 8_000e6);
        openLeg(ETH, daveId, aliceId, 10e18);
        openLeg(BTC, daveId, carolId, 0.5e18);
        skip(2 hours);
        feeds[ETH].updateAnswer(1_000e8);
        house.accrue(two(ETH, BTC));
        Sums memory before = photo(ETH);
        vm.expectPartialRevert(ILiquidator.NothingPossible.selector);
        step(daveId, BTC);
        for (uint256 i = 0; i < 5 && sizeOf(daveId, ETH) != 0; ++i) {
            step(daveId, ETH);
            skip(10 minutes);
            feeds[ETH].updateAnswer(1_000e8);
        }
        assertEq(sizeOf(daveId, ETH), 0);
        assertEq(sizeOf(daveId, BTC), 0.5e18);
        requireBalance(ETH);
        refresh();
        close(daveId, BTC);
        check(ETH, before);
    }

    /// @dev What the collateral counts for, in time; the fund holds it afterwards.
    function testFuzz_Ending_AStaleSpot(uint256 amount, uint256 answer) public {
        insure(100_000_000e6);
        amount = bound(amount, 1e18, 1_000e18);
        fundSpot(dave, daveId, amount);
        feeds[WETH].updateAnswer(int256(bound(answer, 1_500e8, 2_500e8)));
        openLeg(ETH, daveId, aliceId, int256(2 * amount));
        setPrice(ETH, 500e18);
        house.accrue(two(ETH, WETH));
        close(daveId, ETH);
        skip(2 hours);
        feeds[ETH].updateAnswer(500e8);
        house.accrue(two(ETH, WETH));
        int256 fundBefore = house.cashOf(INSURANCE);
        (ILiquidator.Stage done, ) = step(daveId, WETH);
        assertTrue(done == ILiquidator.Stage.Offset);
        assertEq(house.legsOf(daveId).length, 0, "at sixty hundredths it is all needed");
        assertEq(house.cashOf(daveId), 0, "the rest is booked");
        assertEq(house.positionOf(INSURANCE, WETH).size, int256(amount));
        assertLe(fundBefore - house.cashOf(INSURANCE), 10_000_000e18, "INS-1");
        requireBalance(ETH);
    }

    function test_Ending_TenMarketsAtOnce() public {
        while (lastAsset < MARKETS + 1) listNext();
        for (uint16 i = 1; i <= lastAsset; ++i) {
            if (i == 3) continue;
            AccountId loser = accountId(dave, i);
            losers.push(loser);
            fund(dave, loser, 3_000e6);
            openLeg(AssetId.wrap(i), loser, i % 2 == 0 ? carolId : aliceId, i == 2 ? int256(0.3e18) : int256(10e18));
        }
        insure(10_000e6);
        for (uint16 i = 1; i <= lastAsset; ++i)
            feeds[AssetId.wrap(i)].updateAnswer(i == 2 ? int256(40_000e8) : int256(1_500e8));
        vm.warp(block.timestamp + 1);
        for (uint16 i = 1; i <= lastAsset; ++i) house.accrue(single(AssetId.wrap(i)));
        Sums memory before = photo(ETH);
        for (uint16 i = 1; i <= lastAsset; ++i) if (i != 3) close(accountId(dave, i), AssetId.wrap(i));
        Bill memory bill = check(ETH, before);
        assertGt(bill.insurance, 1_000e18, "each market has its own budget");
        assertLe(bill.insurance, 10_000e18);
        assertGe(house.cashOf(INSURANCE), 0);
    }

    function test_Ending_ADeficitOfOneWei() public {
        fund(dave, daveId, 250e6);
        trade(ETH, daveId, aliceId, 1e18, 2_000e18 + 1);
        setPrice(ETH, 1_750e18);
        house.accrue(single(ETH));
        assertEq(house.assess(daveId).equity, -1);
        Bill memory bill = fails(ETH, 1_750e18);
        assertLe(bill.standing, 1);
        assertEq(house.cashOf(deficitRow(ETH)), -int256(bill.standing));
        insure(1_000e6);
        house.pay(ETH, 10);
        requireBalance(ETH);
    }

    // ---- the exit

    /// @dev Whoever goes first and whoever goes last get the same of each unit they give up, to a few wei.
    function testFuzz_Exit_SamePartForEverybody(uint256 seed, uint256 loss) public {
        loss = bound(loss, 1, 400_000) * 250e12 * 1_000;
        makeDeficit(loss);
        uint256 claims = house.reserveOf(QUOTE).held + loss;
        uint256 ratio = FixedPoint.mulDivDown(house.reserveOf(QUOTE).held, 1e27, claims);
        AccountId[3] memory who = [aliceId, bobId, carolId];
        for (uint256 i = 0; i < 24; ++i) {
            AccountId id = who[uint256(keccak256(abi.encode(seed, i))) % 3];
            leave(id, uint256(keccak256(abi.encode(seed, i, "amount"))), ratio);
        }
        assertGe(FixedPoint.mulDivDown(house.reserveOf(QUOTE).held, 1e27, rest()) + 1e6, ratio, "DEF-1");
    }

    function leave(AccountId id, uint256 seed, uint256 ratio) internal {
        int256 before = house.cashOf(id);
        if (before < 2e12) return;
        uint256 amount = bound(seed, 2, uint256(before) / 1e12);
        vm.prank(id.ownerOf());
        uint256 paid = house.withdraw(id, QUOTE, amount, id.ownerOf());
        uint256 given = uint256(before - house.cashOf(id));
        assertApproxEqAbs(paid * 1e12, FixedPoint.mulDivDown(given, ratio, 1e27), 1e6, "the same part");
        assertLe(amount * 1e12 - given, 2e12, "but for the unit of the token, all that was asked for is used up");
    }

    function rest() internal view returns (uint256) {
        return house.reserveOf(QUOTE).held + house.totalDeficit();
    }

    // ---- wash insolvency

    /// @dev One owner, a hundred pairs at the highest leverage, a fall of 17 %: what the fund loses is its budget.
    function test_Wash_InsuranceLosesItsBudget() public {
        insure(1_000_000e6);
        uint256 deposited;
        delete losers;
        for (uint96 i = 0; i < PAIRS; ++i) {
            (AccountId long, AccountId short) = (accountId(dave, 2 * i), accountId(dave, 2 * i + 1));
            deposited += 2 * 10_200e18;
            fund(dave, long, 10_200e6);
            fund(dave, short, 10_200e6);
            openLeg(ETH, long, short, 50e18);
            losers.push(long);
            others.push(short);
        }
        setPrice(ETH, 1_660e18);
        house.accrue(single(ETH));
        Sums memory before = photo(ETH);
        for (uint256 i = 0; i < PAIRS; ++i) close(losers[i], ETH);
        Bill memory bill = check(ETH, before);
        assertLe(bill.insurance, 250_000e18, "INS-1: the budget of a day");
        assertLe(bill.standing, 250_000e18);
        int256 left;
        for (uint96 i = 0; i < 2 * PAIRS; ++i) left += house.assess(accountId(dave, i)).equity;
        int256 gain = left - int256(deposited);
        assertApproxEqAbs(gain, int256(bill.insurance + bill.standing), 200e18, "what others paid, and nothing else");
    }

    // ---- how a story ends

    function fails(AssetId asset, uint256 price) internal returns (Bill memory bill) {
        setPrice(asset, price);
        house.accrue(single(asset));
        Sums memory before = photo(asset);
        for (uint256 i = 0; i < losers.length; ++i) close(losers[i], asset);
        return check(asset, before);
    }

    /// @dev As keepers do, until nothing is left of the leg.
    function close(AccountId account, AssetId asset) internal {
        for (uint256 i = 0; i < 6 && sizeOf(account, asset) != 0; ++i) {
            step(account, asset);
            if (sizeOf(account, asset) == 0) return;
            wait_(601);
            for (uint16 j = 4; j <= lastAsset; ++j) {
                feeds[AssetId.wrap(j)].updateAnswer(feeds[AssetId.wrap(j)].latestAnswer());
            }
        }
        assertEq(sizeOf(account, asset), 0, "it ends");
    }

    function check(AssetId asset, Sums memory before) internal view returns (Bill memory bill) {
        Sums memory sums = photo(asset);
        assertApproxEqAbs(sums.losers, 0, 1e3, "nobody is below zero");
        bill.insurance = uint256(before.insurance - sums.insurance);
        bill.standing = sums.standing - before.standing;
        bill.share = uint256(before.others - sums.others);
        uint256 loss = uint256(-before.losers);
        assertApproxEqAbs(bill.insurance + bill.share + bill.standing, loss, 1e6, "who paid");
        requireBalance(asset);
    }

    /// @dev EQUITY-1 over all accounts and rows.
    function requireBalance(AssetId) internal view {
        int256 sum;
        for (uint256 i = 0; i < losers.length; ++i) sum += equity(losers[i]);
        for (uint256 i = 0; i < others.length; ++i) sum += equity(others[i]);
        AccountId[4] memory rows = [TREASURY, INSURANCE, DUST, FEES];
        for (uint256 i = 0; i < 4; ++i) if (!isCounted(rows[i])) sum += equity(rows[i]);
        for (uint16 i = 0; i <= lastAsset; ++i) {
            sum += house.cashOf(deficitRow(AssetId.wrap(i))) + house.cashOf(settlementRow(AssetId.wrap(i)));
        }
        uint256 spot = FixedPoint.mulDown(house.reserveOf(WETH).held, peekPrice(WETH).mark);
        assertApproxEqAbs(sum, int256(house.reserveOf(QUOTE).held + spot), 1e6, "EQUITY-1");
    }

    function isCounted(AccountId row) internal view returns (bool) {
        for (uint256 i = 0; i < others.length; ++i) if (others[i] == row) return true;
        return false;
    }

    function photo(AssetId) internal view returns (Sums memory sums) {
        for (uint256 i = 0; i < losers.length; ++i) sums.losers += equity(losers[i]);
        for (uint256 i = 0; i < others.length; ++i) sums.others += equity(others[i]);
        (sums.insurance, sums.dust) = (equity(INSURANCE), house.cashOf(DUST));
        sums.standing = house.totalDeficit();
    }

    function equity(AccountId account) internal view returns (int256) {
        return house.assess(account).equity;
    }

    function listNext() internal {
        AssetId asset = AssetId.wrap(++lastAsset);
        addFeed(asset, 2_000e8);
        configurator.listPerp(asset, perpTerms(0.05e18, 0.1e18));
        liquidator.setTerms(asset, stageTerms());
    }

    function two(AssetId a, AssetId b) internal pure returns (AssetId[] memory assets) {
        assets = new AssetId[](2);
        (assets[0], assets[1]) = (a, b);
    }
}
