// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {InsuranceTest} from "../support/InsuranceTest.sol";

/// @notice Somebody who knows what insurance is about to earn or to pay, and comes or goes first.
contract InsuranceTimingTest is InsuranceTest {
    // ---- around a penalty

    /// @dev In right before an auction is filled, out as soon as possible: he has nothing of the penalty, however much he
    /// brings and whether or not others book it.
    function testFuzz_Penalty_InAndOut(uint256 amount, bool booked) public {
        enter(lina, 10_000e6);
        amount = bound(amount, 1e6, 100_000_000e6);
        open(300e18);
        uint256 shares = enter(mallory, amount);
        assertGt(penalty(), 100e18);
        if (booked) vault.sync();
        ask(mallory, shares);
        assertLe(waitAndClaim(mallory, shares), amount);
    }

    /// @dev He asks when it has vested: as much of it as everybody else with as much at stake, who all had the risk of a
    /// day and have that of seven more. Measured: 667.56 of a penalty of 1,335.11, with half of the fund.
    function test_Penalty_InUntilItHasVested() public {
        enter(lina, 10_000e6);
        (uint256 gain, uint256 earned) = stayFor(10_000e6);
        assertLe(gain, earned / 2);
        assertLe(gain, 667.56e6);
    }

    /// @dev Nobody insures, and he comes with one quote before a penalty: all of it is his, for the risk was his alone.
    /// Measured: 1,335.109428 of 1,335.110764.
    function test_Penalty_AloneWithLittle() public {
        (uint256 gain, uint256 earned) = stayFor(1e6);
        assertApproxEqRel(gain, earned, 1e13);
    }

    /// @dev Where the row was seeded he has his part, which is next to nothing: 0.13 of 1,335.11.
    function test_Penalty_AloneWithLittleBesideASeed() public {
        insure(10_000e6);
        (uint256 gain, uint256 earned) = stayFor(1e6);
        assertLe(gain, earned / 10_000);
    }

    /// @dev Fees that wait to be shared out are not in the price of a share: who comes, shares them out and stays until they
    /// have vested has his part of them. Measured: 266 of 532, with half of the fund; nothing when somebody did it before.
    function test_Fees_InBeforeTheyAreSharedOut() public {
        enter(lina, 1_000e6);
        collectFees();
        uint256 state = vm.snapshotState();
        uint256 shares = enter(mallory, 1_000e6);
        (uint256 insured, ) = house.shareFees();
        vault.sync();
        wait_(1 days);
        uint256 gain = askAndClaim(mallory, shares) - 1_000e6;
        assertEq(insured, 532e18);
        assertLe(gain, 266e6);
        vm.revertToState(state);
        house.shareFees();
        shares = enter(mallory, 1_000e6);
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        assertLe(askAndClaim(mallory, shares), 1_000e6);
    }

    // ---- around a cover

    /// @dev In when a deficit is about to be covered: he pays the full price and has his part of what is owed to lose.
    function testFuzz_Cover_InBefore(uint256 amount, uint256 deficit, bool covered) public {
        enter(lina, 100_000e6);
        amount = bound(amount, 1e6, 10_000_000e6);
        deficit = bound(deficit, 1e18, 100_000e18);
        book(ETH, deficit);
        uint256 owed = house.owed();
        uint256 shares = enter(mallory, amount);
        uint256 value = vault.convertToAssets(shares);
        uint256 share = (amount * owed) / (amount + 100_000e6) / 1e12;
        assertApproxEqAbs(value, amount - share, 2);
        if (covered) coverAll(ETH);
        assertApproxEqAbs(vault.convertToAssets(shares), value, 1, "a cover takes nothing more");
        assertLe(askAndClaim(mallory, shares), value);
    }

    /// @dev Asked for long ago, claimed right before a cover or right after it: the same, but for what the rest of the deficit
    /// takes of every withdrawal, which is less once insurance has paid.
    function testFuzz_Cover_OutBefore(uint256 deficit, uint256 part) public {
        enter(lina, 100_000e6);
        uint256 shares = enter(mallory, 100_000e6);
        ask(mallory, shares);
        wait_(7 days);
        book(ETH, bound(deficit, 1e18, 100_000e18));
        uint256 most = vault.maxRedeem(mallory);
        part = bound(part, most / 1_000, most);
        uint256 state = vm.snapshotState();
        uint256 first = claim(mallory, part);
        vm.revertToState(state);
        coverAll(ETH);
        assertLe(first, claim(mallory, part) + 1, "haste is no gain");
    }

    /// @dev Who asked seven days ago may claim when he sees an account fail and before anybody books what it cannot pay. He
    /// saves his part of it and nothing else; he has earned nothing since he asked, and what he saves the others lose.
    /// Measured: of 200,000, half of them his, and 800 owed, 400.
    function test_Deficit_OutBeforeItIsBooked() public {
        uint256 hers = enter(lina, 100_000e6);
        uint256 shares = enter(mallory, 100_000e6);
        ask(mallory, shares);
        wait_(7 days);
        uint256 state = vm.snapshotState();
        uint256 early = claim(mallory, shares);
        makeDeficit(1_000e18);
        assertApproxEqAbs(vault.convertToAssets(hers), 99_200e6, 2, "all of it hers");
        vm.revertToState(state);
        makeDeficit(1_000e18);
        uint256 late = claim(mallory, shares);
        assertApproxEqAbs(vault.convertToAssets(hers), 99_600e6, 2);
        assertApproxEqAbs(early, 100_000e6, 1);
        // Of the rest the ratio takes a hundred-thousandth.
        assertApproxEqAbs(early - late, 400e6, 1.1e6);
    }

    /// @dev A request that always stands open, to be claimed at the first sign: of the gains since it was made it has nothing,
    /// and a new one starts the seven days again.
    function test_Deficit_AlwaysReadyEarnsNothing() public {
        enter(lina, 100_000e6);
        uint256 shares = enter(mallory, 100_000e6);
        ask(mallory, shares - 1e18);
        wait_(7 days);
        insure(20_000e6);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.maxWithdraw(mallory), 99_999e6, 1);
        ask(mallory, 1e18);
        assertEq(vault.maxRedeem(mallory), 0);
        (, uint256 value, ) = vault.requestOf(mallory);
        assertApproxEqRel(value, 100_000.1e18, 1e10, "what he left behind stays there");
    }

    /// @dev Who makes a deficit himself cannot leave without his part either, and insurance pays it within its budget.
    function test_Deficit_OfOnesOwnMaking() public {
        enter(lina, 100_000e6);
        uint256 shares = enter(mallory, 100_000e6);
        ask(mallory, shares);
        wait_(7 days);
        makeDeficit(50_000e18);
        assertEq(house.owed(), 20_000e18, "a tenth of the fund was paid at once");
        assertLe(claim(mallory, shares), 80_000e6);
        assertEq(coverAll(ETH), 0, "no more within the hour");
        assertEq(house.owed(), 20_000e18);
    }

    /// @dev Who gets a deficit booked right before somebody else's deposit shifts nothing to him: he would have had the same
    /// part of it a moment later.
    function testFuzz_Deficit_BookedBeforeOrAfterADeposit(uint256 amount, uint256 deficit) public {
        enter(lina, 100_000e6);
        amount = bound(amount, 1e6, 10_000_000e6);
        deficit = bound(deficit, 1e18, 200_000e18);
        uint256 state = vm.snapshotState();
        book(ETH, deficit);
        uint256 later = vault.convertToAssets(enter(milo, amount));
        vm.revertToState(state);
        uint256 shares = enter(milo, amount);
        book(ETH, deficit);
        assertEq(vault.convertToAssets(shares), later);
    }

    /// @dev In when a deficit stands that others are about to pay: he gets back what he paid, not more.
    function testFuzz_Deficit_InBeforeOthersPayIt(uint256 amount, uint256 deficit, uint256 withdrawn) public {
        enter(lina, 100_000e6);
        book(ETH, bound(deficit, 1e18, 100_000e18));
        amount = bound(amount, 1e6, 10_000_000e6);
        uint256 shares = enter(mallory, amount);
        vm.prank(carol);
        house.withdraw(carolId, QUOTE, bound(withdrawn, 1e6, 100_000_000e6), carol);
        vault.sync();
        wait_(1 days);
        assertLe(askAndClaim(mallory, shares), amount);
    }

    // ---- gifts

    /// @dev He comes first, gives to the row and waits for a victim: he loses what he gives, the victim a unit or two.
    function testFuzz_Gift_InflatesNothing(uint256 first, uint256 gift, uint256 amount) public {
        first = bound(first, 1, 1_000e6);
        gift = bound(gift, 1, 1_000_000e6);
        amount = bound(amount, 1e6, 1_000_000e6);
        uint256 his = enter(mallory, first);
        insure(gift);
        vault.sync();
        uint256 hers = enter(lina, amount);
        wait_(1 days);
        assertGe(vault.convertToAssets(hers) + 3 + gift / 1e11, amount);
        ask(mallory, his);
        assertLe(waitAndClaim(mallory, his), first + gift);
    }

    /// @dev Before anybody comes: what he gives is nobody's, not even his.
    function testFuzz_Gift_BeforeTheFirst(uint256 gift, uint256 amount) public {
        gift = bound(gift, 1e6, 10_000_000e6);
        amount = bound(amount, 1e6, 1_000_000e6);
        insure(gift);
        uint256 shares = enter(mallory, amount);
        assertLe(askAndClaim(mallory, shares), amount);
        assertGe(cash(), gift * 1e12);
    }

    // ---- around a sale of spot

    /// @dev In before spot is sold, which is worth more to leavers as cash: he paid for it at mark.
    function testFuzz_Spot_InBeforeASale(uint256 amount, uint256 price) public {
        enter(lina, 100_000e6);
        stockWeth(20e18);
        house.accrue(single(WETH));
        setPrice(WETH, bound(price, 1_600e18, 2_400e18));
        amount = bound(amount, 1e6, 10_000_000e6);
        uint256 shares = enter(mallory, amount);
        sell();
        wait_(1 days);
        vault.sync();
        wait_(1 days);
        assertLe(askAndClaim(mallory, shares), amount);
    }

    /// @dev He lets the price get stale, or finds it so: nobody enters, and who leaves leaves the spot to the others.
    function test_Spot_OutWhileItIsStale() public {
        uint256 hers = enter(lina, 100_000e6);
        uint256 shares = enter(mallory, 100_000e6);
        stockWeth(20e18);
        vault.sync();
        wait_(1 days);
        ask(mallory, shares);
        skip(7 days);
        assertEq(vault.maxDeposit(mallory), 0);
        assertApproxEqAbs(claim(mallory, shares), 100_000e6, 1);
        wait_(1);
        vault.sync();
        wait_(1 days);
        assertApproxEqAbs(vault.convertToAssets(hers), 132_000e6, 2);
    }

    // ---- helpers

    /// @dev Alice's leg opened at 2,000 with 250 per unit, at a price where a lot is on offer and its premium is not negative.
    function open(int256 size) private {
        fund(alice, aliceId, 250 * (magnitude(size) / 1e12 - 1e6));
        openLeg(ETH, aliceId, carolId, size);
        fall(ETH, 1_835e18);
        step(aliceId, ETH);
        wait_(300);
    }

    /// @dev Bob takes the lot; half of the penalty is the row's.
    function penalty() private returns (uint256) {
        uint256 before = cash();
        bid(aliceId, ETH, type(uint256).max);
        return cash() - before;
    }

    /// @dev Mallory comes before a penalty and asks a day after it.
    function stayFor(uint256 amount) private returns (uint256 gain, uint256 earned) {
        open(300e18);
        uint256 shares = enter(mallory, amount);
        earned = penalty() / 1e12;
        vault.sync();
        wait_(1 days);
        gain = askAndClaim(mallory, shares) - amount;
    }

    function collectFees() private {
        configurator.setHouseTerms(HouseTerms(0, 0, 0, 0, 40_00, 0, 100_00, 0));
        IClearingHouse.Trade memory t = tradeTerms(ETH, bobId, carolId, 1_000e18, 2_000e18);
        (t.buyerFee, t.sellerFee) = (500, 200);
        vm.prank(stage);
        house.trade(t);
    }

    function sell() private {
        give(bob, 1_000_000e6);
        vm.prank(bob);
        vault.buySpot(WETH, type(uint256).max, type(uint256).max, block.timestamp);
        assertEq(held(WETH), 0);
    }
}
