// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HouseTerms, Loser} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {PayingTest} from "../support/PayingTest.sol";

/// @notice Who pays what an account could not: insurance within its budget, then a share of profit, and what stands until then.
contract ClearingHousePayTest is PayingTest {
    AccountId internal weak;
    AccountId internal first;
    AccountId internal second;
    AccountId internal third;

    // ---- in the call that finds it

    /// @dev Insurance four fifths, the winners the rest, in this order.
    function test_Book_InsuranceThenProfit() public {
        insure(100_000e6);
        losing(1_700e18);
        int256 before = wealth();
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitBooked(ETH, weak, 500e18, Loser.Longs);
        vm.expectEmit(address(house));
        emit IClearingHouse.InsuranceUsed(ETH, 400e18);
        vm.expectEmit(address(house));
        emit IClearingHouse.DeficitInsured(ETH, 400e18);
        offset(weak, ETH);
        assertEq(house.cashOf(INSURANCE), 99_600e18);
        assertApproxEqAbs(before - wealth(), 100e18, 1e4);
        assertLe(standing(ETH), 3, "all but the rounding of three ticks");
    }

    /// @dev The budget of the hour bounds insurance; the winners pay what is left, within the haircut.
    function test_Book_BeyondTheBudgetProfitPays() public {
        insure(1_000e6);
        losing(1_700e18);
        int256 before = wealth();
        offset(weak, ETH);
        assertEq(house.cashOf(INSURANCE), 900e18);
        assertApproxEqAbs(before - wealth(), 400e18, 1e4);
    }

    /// @dev Everybody pays the same fraction of his profit, as his tick measures it.
    function test_Book_TheSameFractionOfProfit() public {
        losing(1_700e18);
        (int256 a, int256 b, int256 c) = (equityOf(first), equityOf(second), equityOf(third));
        uint256[3] memory profits = [profitOf(first), profitOf(second), profitOf(third)];
        offset(weak, ETH);
        uint256 sum = profits[0] + profits[1] + profits[2];
        assertApproxEqRel(uint256(a - equityOf(first)), (500e18 * profits[0]) / sum, 0.08e18);
        assertApproxEqRel(uint256(b - equityOf(second)), (500e18 * profits[1]) / sum, 0.08e18);
        assertApproxEqRel(uint256(c - equityOf(third)), (500e18 * profits[2]) / sum, 0.08e18);
    }

    /// @dev Only the other side of who lost: longs have profit as well here, and keep it.
    function test_Book_OnlyTheWinningSideIsAsked() public {
        losing(1_700e18);
        AccountId late = seat("late", 1_000_000e6);
        openLeg(ETH, late, carolId, 100e18);
        setPrice(ETH, 1_740e18);
        int256 before = equityOf(late);
        assertGt(house.shareable(ETH, true), 0);
        offset(weak, ETH);
        assertEq(equityOf(late), before);
        assertLe(standing(ETH), 3);
    }

    /// @dev What is below a ten thousandth of open interest, 22.7 here, disturbs nobody; anybody may still have it paid.
    function test_Book_ToleratedStands() public {
        losing(1_750e18);
        openLeg(ETH, bobId, carolId, 100e18);
        setPrice(ETH, 1_749e18);
        offset(weak, ETH);
        assertEq(standing(ETH), 10e18);
        vm.prank(bob);
        (uint256 insured, uint256 shared) = house.pay(ETH, 128);
        assertEq(insured, 0);
        assertApproxEqAbs(shared, 10e18, 4);
    }

    function test_Book_JustAboveWhatIsToleratedIsShared() public {
        losing(1_750e18);
        openLeg(ETH, bobId, carolId, 100e18);
        setPrice(ETH, 1_747.5e18);
        offset(weak, ETH);
        assertLe(standing(ETH), 4);
    }

    // ---- exhausted

    /// @dev At this mark all of the side was asked: nobody looks again before it moves on.
    function test_Exhausted_IsNotAskedAgainUntilTheMarkMovesOn() public {
        losingMuch(1_500e18);
        offset(weak, ETH);
        assertEq(house.perpOf(ETH).losses.sharedAt, 1_500e18);
        assertEq(uint8(house.perpOf(ETH).losses.loser), uint8(Loser.Longs));
        assertGt(standing(ETH), 0);
        assertEq(house.shareable(ETH, false), 0);
        uint256 version = house.sideOf(ETH, false).shareVersion;
        offset(named("weak two"), ETH);
        assertEq(house.sideOf(ETH, false).shareVersion, version, "not asked");
        setPrice(ETH, 1_510e18);
        offset(offsetTerms(named("weak three"), ETH, 1e18));
        assertEq(house.sideOf(ETH, false).shareVersion, version, "nor where there is less");
        setPrice(ETH, 1_490e18);
        offset(named("weak three"), ETH);
        assertGt(house.sideOf(ETH, false).shareVersion, version, "there is profit again");
    }

    /// @dev The same where shorts lost: higher is further.
    function test_Exhausted_OfLongs() public {
        AccountId winner = seat("winner", 1e12);
        openLeg(ETH, seat("short", 12_500e6), winner, -50e18);
        openLeg(ETH, seat("short two", 500e6), winner, -2e18);
        openLeg(ETH, seat("short three", 500e6), winner, -2e18);
        setPrice(ETH, 2_500e18);
        offset(named("short"), ETH);
        assertEq(house.perpOf(ETH).losses.sharedAt, 2_500e18);
        assertEq(uint8(house.perpOf(ETH).losses.loser), uint8(Loser.Shorts));
        uint256 version = house.sideOf(ETH, true).shareVersion;
        offset(named("short two"), ETH);
        setPrice(ETH, 2_490e18);
        offset(offsetTerms(named("short three"), ETH, 1e18));
        assertEq(house.sideOf(ETH, true).shareVersion, version);
        setPrice(ETH, 2_530e18);
        offset(offsetTerms(named("short three"), ETH, 0.5e18));
        assertGt(house.sideOf(ETH, true).shareVersion, version);
    }

    /// @dev More than it takes: only what is needed is taken, and the mark is good for more.
    function test_Exhausted_NotWhileThereIsMore() public {
        losing(1_700e18);
        offset(weak, ETH);
        assertEq(house.perpOf(ETH).losses.sharedAt, 0);
        assertGt(house.shareable(ETH, false), 0);
    }

    // ---- pay

    function test_Pay_NothingStands() public {
        (uint256 insured, uint256 shared) = house.pay(ETH, 128);
        assertEq(insured + shared, 0);
        (insured, shared) = house.pay(AssetId.wrap(99), 128);
        assertEq(insured + shared, 0);
    }

    /// @dev The budget of the next hour, then the profit that the next move brings, by whoever calls.
    function test_Pay_ByAnybodyLater() public {
        insure(1_000e6);
        losingMuch(1_500e18);
        offset(weak, ETH);
        uint256 left = standing(ETH);
        wait_(1 hours);
        vm.prank(bob);
        (uint256 insured, uint256 shared) = house.pay(ETH, 0);
        assertEq(insured, 90e18, "a tenth of what is left in the fund");
        assertEq(shared, 0);
        setPrice(ETH, 1_480e18);
        uint256 most = house.shareable(ETH, false);
        assertGt(most, 0);
        (insured, shared) = house.pay(ETH, 128);
        assertEq(insured, 0);
        assertApproxEqAbs(shared, most, 3);
        assertEq(standing(ETH), left - 90e18 - shared);
    }

    /// @dev QUOTE-1: of a large deficit all that the view says is taken, and then it says nothing.
    function testFuzz_Pay_TakesWhatIsShareable(uint256 price) public {
        losingMuch(1_400e18);
        offset(weak, ETH);
        setPrice(ETH, bound(price, 1_000e8, 1_399e8) * 1e10);
        uint256 most = house.shareable(ETH, false);
        uint256 left = standing(ETH);
        int256 before = wealth();
        (, uint256 shared) = house.pay(ETH, 128);
        assertApproxEqAbs(shared, smaller(most, left), 4);
        assertApproxEqAbs(uint256(before - wealth()), shared, 1e4);
        if (most > left) return;
        assertEq(house.shareable(ETH, false), 0);
        assertEq(house.perpOf(ETH).losses.sharedAt, peekPrice(ETH).mark);
    }

    // ---- page by page

    /// @dev A share of three pages takes of everybody exactly what one of one page takes.
    function test_Pages_ChargeAsOneShare() public {
        unpaid();
        uint256 snapshot = vm.snapshotState();
        house.pay(ETH, 128);
        (int256 a, int256 b, int256 c) = (equityOf(first), equityOf(second), equityOf(third));
        uint256 left = standing(ETH);
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 3; ++i) house.pay(ETH, 1);
        assertApproxEqAbs(equityOf(first), a, 1);
        assertApproxEqAbs(equityOf(second), b, 2);
        assertApproxEqAbs(equityOf(third), c, 3);
        assertApproxEqAbs(standing(ETH), left, 3);
    }

    /// @dev Who leaves before his page has come keeps what he has; who was asked before has paid.
    function test_Pages_WhoLeavesInBetween() public {
        unpaid();
        (int256 a, int256 c) = (equityOf(first), equityOf(third));
        house.pay(ETH, 1);
        assertLt(equityOf(first), a, "the lowest tick is the first");
        trade(ETH, third, named("strong"), 9e18, 1_650e18);
        assertEq(equityOf(third), c);
        house.pay(ETH, 128);
        assertEq(equityOf(third), c, "he has no leg");
    }

    /// @dev With the deficit the page is gone.
    function test_Pages_AreForgottenWithTheDeficit() public {
        unpaid();
        house.pay(ETH, 1);
        (int256 b, int256 c) = (equityOf(second), equityOf(third));
        repayAll(bobId, keeperId, 200e18);
        assertEq(standing(ETH), 0);
        assertEq(house.perpOf(ETH).losses.standing, false);
        uint256 version = house.sideOf(ETH, false).shareVersion;
        (, uint256 shared) = house.pay(ETH, 128);
        assertEq(shared, 0);
        assertEq(house.sideOf(ETH, false).shareVersion, version);
        assertEq(equityOf(second), b);
        assertEq(equityOf(third), c);
    }

    // ---- income

    /// @dev The newest first; what is left stays with the fund.
    function test_Income_RepaysTheNewestMarketFirst() public {
        twoDeficits();
        (uint256 eth, uint256 btc) = (standing(ETH), standing(BTC));
        assertGt(eth, 0);
        assertGt(btc, 0);
        earn(10e18);
        assertEq(standing(BTC), btc - 10e18);
        assertEq(standing(ETH), eth);
        earn(btc);
        assertEq(standing(BTC), 0);
        assertEq(standing(ETH), eth - 10e18);
        earn(eth);
        assertEq(house.totalDeficit(), 0);
        assertEq(house.cashOf(INSURANCE), 10e18);
        assertEq(house.owed(), 0);
    }

    /// @dev Never more of it is insurance's to pay than stands.
    function test_Income_LowersWhatIsCoverable() public {
        twoDeficits();
        uint256 btc = standing(BTC);
        assertEq(house.perpOf(BTC).losses.coverable, (btc * 8) / 10);
        earn(btc - 1e18);
        assertEq(house.perpOf(BTC).losses.coverable, 1e18);
        assertEq(house.owed(), 1e18 + house.perpOf(ETH).losses.coverable);
    }

    // ---- fees

    /// @dev The target is 2 % of open interest: 4,000 of 200,000.
    function test_ShareFees_FallsLinearlyToNothingAtTheTarget() public {
        feesOf(100e18);
        uint256 snapshot = vm.snapshotState();
        (uint256 insured, uint256 kept) = house.shareFees();
        assertEq(insured, 50e18, "an empty fund: half, as the terms say");
        assertEq(kept, 50e18);
        assertEq(house.cashOf(INSURANCE), 50e18);
        assertEq(house.cashOf(TREASURY), 50e18);
        assertEq(house.cashOf(FEES), 0);
        vm.revertToState(snapshot);
        insure(2_000e6);
        (insured, kept) = house.shareFees();
        assertEq(insured, 25e18);
        assertEq(kept, 75e18);
        vm.revertToState(snapshot);
        insure(4_000e6);
        (insured, kept) = house.shareFees();
        assertEq(insured, 0);
        assertEq(kept, 100e18);
    }

    /// @dev While something stands, the whole of the fund's part repays it, target or not.
    function test_ShareFees_RepayWhatStands() public {
        losingMuch(1_500e18);
        HouseTerms memory terms = house.houseTerms();
        terms.insuranceShare = 50_00;
        configurator.setHouseTerms(terms);
        IClearingHouse.Trade memory t = tradeTerms(ETH, bobId, carolId, 100e18, 1_500e18);
        t.buyerFee = 1_000;
        vm.prank(stage);
        house.trade(t);
        offset(weak, ETH);
        uint256 left = house.totalDeficit();
        assertGt(left, 75e18);
        insure(1_000_000e6);
        (uint256 insured, ) = house.shareFees();
        assertEq(insured, 75e18);
        assertEq(house.totalDeficit(), left - 75e18);
        assertEq(house.cashOf(INSURANCE), 1_000_000e18);
    }

    // ---- breakers

    /// @dev Nobody adds while it stands; whoever reduces may; and it ends when it is paid.
    function test_Breaker_DeficitStands() public {
        losingMuch(1_500e18);
        openLeg(ETH, bobId, carolId, 300e18);
        offset(weak, ETH);
        IClearingHouse.Trade memory add = tradeTerms(ETH, bobId, carolId, 1e18, 1_500e18);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.DeficitStands.selector, ETH, house.cashOf(deficitRow(ETH)))
        );
        vm.prank(stage);
        house.trade(add);
        int256 held_ = sizeOf(bobId, ETH);
        trade(ETH, carolId, bobId, 1e18, 1_500e18);
        assertEq(sizeOf(bobId, ETH), held_ - 1e18, "both reduce");
        repayAll(bobId, carolId, 200e18);
        assertEq(standing(ETH), 0);
        vm.prank(stage);
        house.trade(add);
    }

    /// @dev Another market goes on.
    function test_Breaker_OnlyTheMarketThatOwes() public {
        losingMuch(1_500e18);
        offset(weak, ETH);
        openLeg(BTC, bobId, carolId, 1e16);
    }

    /// @dev Begins with the last of the budget, ends with the hour.
    function test_Breaker_BudgetSpent() public {
        insure(100e6);
        losing(1_700e18);
        openLeg(ETH, bobId, carolId, 100e18);
        offset(weak, ETH);
        assertEq(house.insurable(ETH), 0);
        uint256 until = block.timestamp + 1 hours;
        assertEq(house.perpOf(ETH).losses.spentUntil, until);
        IClearingHouse.Trade memory add = tradeTerms(ETH, bobId, carolId, 1e18, 1_700e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.BudgetSpent.selector, ETH, until));
        vm.prank(stage);
        house.trade(add);
        trade(ETH, carolId, bobId, 1e18, 1_700e18);
        wait_(1 hours - 1);
        vm.expectPartialRevert(IClearingHouse.BudgetSpent.selector);
        vm.prank(stage);
        house.trade(add);
        wait_(1);
        trade(ETH, bobId, carolId, 1e18, 1_700e18);
    }

    // ---- the row of a loss

    /// @dev Its leg was closed with the whole other side, and it owes: settling it books that.
    function test_Settle_BooksWhatAnAccountWithoutLegsOwes() public {
        AccountId long_ = seat("long", 8_200e6);
        AccountId short_ = seat("short", 4_000e6);
        openLeg(ETH, long_, short_, 10e18);
        openLeg(BTC, long_, carolId, -1e18);
        setPrice(ETH, 2_500e18);
        setPrice(BTC, 75_000e18);
        offset(long_, ETH);
        assertEq(openInterest(ETH), 0);
        uint256 before = standing(ETH);
        settle(short_);
        assertEq(house.legsOf(short_).length, 0);
        assertEq(house.cashOf(short_), 0);
        assertEq(standing(ETH), before + 1_000e18);
        settle(short_);
        assertEq(standing(ETH), before + 1_000e18, "once");
    }

    /// @dev Rows of the house are no accounts that owe.
    function test_Settle_LeavesTheRowsAlone() public {
        losingMuch(1_500e18);
        offset(weak, ETH);
        (uint256 all, uint256 eth) = (house.totalDeficit(), standing(ETH));
        AccountId[7] memory house_ = [
            INSURANCE,
            DUST,
            FEES,
            TREASURY,
            deficitRow(ETH),
            deficitRow(BTC),
            AccountId.wrap(0)
        ];
        for (uint256 i = 0; i < house_.length; ++i) settle(house_[i]);
        assertEq(house.totalDeficit(), all);
        assertEq(standing(ETH), eth);
    }

    /// @dev The part of a loss is its market's; what is left when the last leg is gone is the last one's.
    function test_CloseOut_IntoTheMarketClosedLast() public {
        fundSpot(alice, aliceId, 0.1e18);
        openLeg(ETH, aliceId, carolId, 0.7e18);
        setPrice(ETH, 1_450e18);
        setPrice(WETH, 1_450e18);
        offset(aliceId, ETH);
        assertEq(house.cashOf(aliceId), -135e18);
        assertEq(liquidate(liquidation(WETH, aliceId, bobId, 0.1e18, 1_300e18)), 5e18);
        assertEq(standing(ETH), 5e18, "not shared: the mark of ETH is not at hand");
        assertEq(standing(WETH), 0);
        assertEq(house.cashOf(aliceId), 0);
    }

    // ---- situations

    /// @dev Bankrupt below 1,750 with 10 ETH; three winners of 10 each from 2,000, 2,060 and 1,940.
    function losing(uint256 price) internal {
        weak = carried("weak", 10);
        others(price);
    }

    /// @dev With so much that the winners' profit does not do. Two others fail as well.
    function losingMuch(uint256 price) internal {
        weak = carried("weak", 50);
        carried("weak two", 3);
        carried("weak three", 2);
        others(price);
    }

    /// @dev Against the first of the winners.
    function carried(string memory name, uint256 size) internal returns (AccountId account) {
        account = seat(name, size * 250e6);
        first = seat("first", 1e12);
        openLeg(ETH, account, first, int256(size * 1e18));
    }

    function others(uint256 price) internal {
        (second, third) = (seat("second", 1e12), seat("third", 1e12));
        setPrice(ETH, 2_060e18);
        openLeg(ETH, strong(), second, 10e18);
        setPrice(ETH, 1_940e18);
        openLeg(ETH, strong(), third, 10e18);
        setPrice(ETH, price);
    }

    function strong() internal returns (AccountId account) {
        account = seat("strong", 1e12);
    }

    function named(string memory name) internal returns (AccountId) {
        return accountId(makeAddr(name), 0);
    }

    /// @dev A loss of longs of almost 4,000 that nobody has paid, and shorts of three ticks that have profit since.
    function unpaid() internal {
        AccountId loser_ = seat("loser", 20_000e6);
        (first, second, third) = (seat("first", 1e12), seat("second", 1e12), seat("third", 1e12));
        openLeg(ETH, loser_, carolId, 80e18);
        settlePrice(ETH, 1_700e18);
        openLeg(ETH, strong(), first, 9e18);
        openLeg(ETH, bobId, keeperId, int256(bulk()));
        setPrice(ETH, 1_730e18);
        openLeg(ETH, strong(), second, 9e18);
        setPrice(ETH, 1_760e18);
        openLeg(ETH, strong(), third, 9e18);
        setPrice(ETH, 1_700e18);
        // Who won has taken his profit.
        AccountId late = seat("late", 1e12);
        trade(ETH, carolId, late, 80e18, 1_700e18);
        liquidate(liquidation(ETH, loser_, late, 80e18, 1_700e18));
        assertGt(standing(ETH), 3_000e18);
        setPrice(ETH, 1_650e18);
    }

    /// @dev What keeper and bob hold against each other, so that there is something to pay fees on.
    function bulk() internal returns (uint256) {
        fund(keeper, keeperId, 1e12);
        return 400e18;
    }

    /// @dev No winner is left that could share: carol has closed. A payer is short from now on.
    function twoDeficits() internal {
        AccountId a = seat("a", 250e6);
        AccountId b = seat("b", 250e6);
        openLeg(ETH, a, carolId, 1e18);
        openLeg(BTC, b, carolId, 0.03e18);
        setPrice(BTC, 49_000e18);
        settlePrice(ETH, 1_600e18);
        openLeg(ETH, seat("payer", 40_000e6), bobId, -200e18);
        AccountId late = seat("late", 1e12);
        trade(ETH, carolId, late, 1e18, 1_600e18);
        trade(BTC, carolId, late, 0.03e18, 49_000e18);
        liquidate(liquidation(ETH, a, late, 1e18, 1_600e18));
        liquidate(liquidation(BTC, b, late, 0.03e18, 49_000e18));
        setPrice(ETH, 1_790e18);
    }

    /// @dev As a penalty of a step on somebody else.
    function earn(uint256 value) internal {
        IClearingHouse.Liquidation memory t = liquidation(ETH, named("payer"), bobId, 60e18, 1_790e18);
        t.penalty = value;
        liquidate(t);
    }

    /// @dev Out of fees, all of which are insurance's.
    function repayAll(AccountId long_, AccountId short_, uint256 size) internal {
        HouseTerms memory terms = house.houseTerms();
        terms.insuranceShare = 100_00;
        configurator.setHouseTerms(terms);
        IClearingHouse.Trade memory t = tradeTerms(ETH, short_, long_, size, peekPrice(ETH).mark);
        (t.buyerFee, t.sellerFee) = (10_000, 10_000);
        vm.prank(stage);
        house.trade(t);
        house.shareFees();
    }

    /// @dev Of a market with 200,000 of open interest; the terms give half of the fees to insurance.
    function feesOf(uint256 value) internal {
        HouseTerms memory terms = house.houseTerms();
        terms.insuranceShare = 50_00;
        configurator.setHouseTerms(terms);
        IClearingHouse.Trade memory t = tradeTerms(ETH, bobId, carolId, 100e18, 2_000e18);
        t.buyerFee = uint32((value * 1e6) / 200_000e18);
        vm.prank(stage);
        house.trade(t);
        assertEq(house.cashOf(FEES), int256(value));
    }

    function wealth() internal view returns (int256) {
        return equityOf(first) + equityOf(second) + equityOf(third);
    }

    function profitOf(AccountId account) internal view returns (uint256) {
        uint256 basis = house.previewPosition(account, ETH).basis;
        return (magnitude(sizeOf(account, ETH)) * (basis - peekPrice(ETH).mark)) / 1e18;
    }

    function smaller(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
