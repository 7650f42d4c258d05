// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Exchange} from "../../contracts/trading/Exchange.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {AttackTest} from "./AttackTest.sol";

/// @dev Lends quote for the time of a call.
contract FlashLender {
    TestToken private immutable token;

    error NotPaidBack(uint256 balance, uint256 owed);

    constructor(TestToken token_) {
        token = token_;
    }

    function lend(FlashAttacker to, uint256 amount, FlashAttacker.Step[] calldata steps) external {
        uint256 owed = token.balanceOf(address(this));
        token.transfer(address(to), amount);
        to.run(steps, amount, true);
        uint256 balance = token.balanceOf(address(this));
        require(balance >= owed, NotPaidBack(balance, owed));
    }
}

/// @dev Takes steps in a given order, whatever of them is possible.
contract FlashAttacker {
    enum Step {
        Update,
        Accrue,
        Margin,
        Buy,
        Sell,
        Close,
        Enter,
        Ask,
        Redeem,
        Withdraw
    }

    ClearingHouse private immutable house;
    Exchange private immutable exchange;
    LiquidityPool private immutable pool;
    TestToken private immutable quote;
    MockV3Aggregator private immutable feed;
    AssetId private immutable market;
    AccountId public immutable account;
    int256 public answer;
    int256 public size;
    uint256 public done;

    constructor(
        ClearingHouse house_,
        Exchange exchange_,
        LiquidityPool pool_,
        TestToken quote_,
        MockV3Aggregator feed_
    ) {
        (house, exchange, pool, quote, feed) = (house_, exchange_, pool_, quote_, feed_);
        market = pool_.market();
        account = accountId(address(this), 0);
        house.setOperator(address(exchange), true);
        quote.approve(address(house), type(uint256).max);
        quote.approve(address(pool), type(uint256).max);
    }

    function plan(int256 answer_, int256 size_) external {
        (answer, size) = (answer_, size_);
    }

    function run(Step[] calldata steps, uint256 borrowed, bool returns_) external {
        for (uint256 i = 0; i < steps.length; ++i) {
            try this.take(steps[i]) {
                done |= 1 << uint8(steps[i]);
            } catch {}
        }
        if (returns_) quote.transfer(msg.sender, borrowed);
    }

    function take(Step step) external {
        if (step == Step.Update) feed.updateAnswer(answer);
        if (step == Step.Accrue) accrue();
        if (step == Step.Margin) house.deposit(account, QUOTE, quote.balanceOf(address(this)) / 2);
        if (step == Step.Buy) trade(size, false);
        if (step == Step.Sell) trade(-size, false);
        if (step == Step.Close) close();
        if (step == Step.Enter) pool.deposit(quote.balanceOf(address(this)) / 2, address(this));
        if (step == Step.Ask) pool.requestRedeem(pool.balanceOf(address(this)), address(this), address(this));
        if (step == Step.Redeem) redeem();
        if (step == Step.Withdraw) exchange.withdraw(account, QUOTE, type(uint256).max);
    }

    function close() private {
        int256 held = house.previewPosition(account, market).size;
        trade(-held, true);
    }

    function redeem() private {
        (uint256 shares, , ) = pool.requestOf(address(this));
        pool.redeem(shares, address(this), address(this));
    }

    function trade(int256 bought, bool reduceOnly) private {
        uint256 limit = bought > 0 ? type(uint256).max : 0;
        exchange.trade(IExchange.PoolTrade(account, market, bought, limit, reduceOnly, block.timestamp));
    }

    function accrue() private {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = market;
        house.accrue(assets);
    }
}

/// @notice Whatever can be done with borrowed money, and by the order of transactions, within one block.
contract FlashFundsTest is AttackTest {
    uint256 private constant OWN = 1_000_000e6;
    uint256 private constant BORROWED = 20_000_000e6;

    LiquidityPool private pool;
    FlashAttacker private attacker;
    FlashLender private lender;
    uint256 private taken;

    function setUp() public override {
        super.setUp();
        pool = openPool(ETH, bob, 10_000_000e6);
        fund(carol, carolId, 10_000_000e6);
        poolTrade(carolId, ETH, -500e18);
        calm(ETH, 2 days);
        attacker = new FlashAttacker(house, exchange, pool, quote, feeds[ETH]);
        lender = new FlashLender(quote);
        quote.mint(address(attacker), OWN);
        quote.mint(address(lender), BORROWED);
        attacker.plan(2_000e8, 500e18);
        age(12);
    }

    // ---- borrowed for one transaction

    function test_Flash_TradeAndTakeItAllOut() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](4);
        steps[0] = FlashAttacker.Step.Margin;
        steps[1] = FlashAttacker.Step.Buy;
        steps[2] = FlashAttacker.Step.Close;
        steps[3] = FlashAttacker.Step.Withdraw;
        lender.lend(attacker, BORROWED, steps);
        assertApproxEqAbs(total(), int256(OWN) - 12_621e6, 1e6, "20 bp and the impact of a million");
    }

    /// @dev A position cannot be left behind for the lender's money to be taken out from under it.
    function test_Flash_LeavesNoPositionWithoutMargin() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](3);
        steps[0] = FlashAttacker.Step.Margin;
        steps[1] = FlashAttacker.Step.Buy;
        steps[2] = FlashAttacker.Step.Withdraw;
        attacker.plan(2_000e8, 2_000e18);
        lender.lend(attacker, BORROWED, steps);
        assertGe(house.assess(attacker.account()).initialEquity, int256(house.assess(attacker.account()).initial));
        assertLt(total(), int256(OWN));
    }

    /// @dev What is in the pool is there for a day: the loan cannot be paid back.
    function test_Flash_NoWayInAndOutOfThePool() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](6);
        steps[0] = FlashAttacker.Step.Enter;
        steps[1] = FlashAttacker.Step.Margin;
        steps[2] = FlashAttacker.Step.Buy;
        steps[3] = FlashAttacker.Step.Close;
        steps[4] = FlashAttacker.Step.Ask;
        steps[5] = FlashAttacker.Step.Redeem;
        vm.expectRevert();
        lender.lend(attacker, BORROWED, steps);
        attacker.run(steps, 0, false);
        vm.expectPartialRevert(IShareVault.BeforeCooldown.selector);
        attacker.take(FlashAttacker.Step.Redeem);
        assertLt(total(), int256(OWN));
    }

    /// @dev He owns most of the pool for a moment: what he pays as a trader he does not get back as a provider.
    function testFuzz_Flash_ProviderOfHisOwnTrade(uint256 money, int256 size) public {
        quote.mint(address(attacker), bound(money, 0, 100_000_000e6));
        int256 start = total();
        attacker.plan(2_000e8, bound(size, -2_000e18, 2_000e18));
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](5);
        steps[0] = FlashAttacker.Step.Enter;
        steps[1] = FlashAttacker.Step.Margin;
        steps[2] = FlashAttacker.Step.Buy;
        steps[3] = FlashAttacker.Step.Close;
        steps[4] = FlashAttacker.Step.Ask;
        attacker.run(steps, 0, false);
        unwind();
        assertLe(total(), start);
    }

    // ---- the order inside one block

    function test_Order_TradeMarginUpdateWithdrawAccrue() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](5);
        steps[0] = FlashAttacker.Step.Update;
        steps[1] = FlashAttacker.Step.Buy;
        steps[2] = FlashAttacker.Step.Margin;
        steps[3] = FlashAttacker.Step.Withdraw;
        steps[4] = FlashAttacker.Step.Accrue;
        everyOrder(steps);
        assertEq(taken, 0x3 | (1 << 2) | (1 << 3) | (1 << 9), "each was possible in some order");
    }

    function test_Order_BothWaysAroundAnUpdate() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](5);
        steps[0] = FlashAttacker.Step.Update;
        steps[1] = FlashAttacker.Step.Buy;
        steps[2] = FlashAttacker.Step.Sell;
        steps[3] = FlashAttacker.Step.Withdraw;
        steps[4] = FlashAttacker.Step.Accrue;
        attacker.take(FlashAttacker.Step.Margin);
        everyOrder(steps);
    }

    function test_Order_InAndOutOfThePoolAroundTradeAndUpdate() public {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](5);
        steps[0] = FlashAttacker.Step.Update;
        steps[1] = FlashAttacker.Step.Buy;
        steps[2] = FlashAttacker.Step.Enter;
        steps[3] = FlashAttacker.Step.Ask;
        steps[4] = FlashAttacker.Step.Accrue;
        attacker.take(FlashAttacker.Step.Margin);
        everyOrder(steps);
    }

    /// @dev Ten steps, drawn from all there are, and any new price.
    function testFuzz_Order_Any(uint256 seed, int256 move, int256 size) public {
        attacker.plan(2_000e8 + (2_000e8 * bound(move, -50_000, 50_000)) / 1e6, bound(size, -1_000e18, 1_000e18));
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](10);
        for (uint256 i = 0; i < 10; ++i) steps[i] = FlashAttacker.Step((seed >> (8 * i)) % 10);
        attacker.run(steps, 0, false);
        unwind();
        assertLe(total(), int256(OWN));
    }

    /// @dev With the price going up and down, and a size bought and sold first.
    function everyOrder(FlashAttacker.Step[] memory steps) private {
        for (uint256 i = 0; i < 4; ++i) {
            attacker.plan(i % 2 == 0 ? int256(2_040e8) : int256(1_960e8), i < 2 ? int256(300e18) : -int256(300e18));
            for (uint256 order = 0; order < 120; ++order) {
                uint256 state = vm.snapshotState();
                attacker.run(permuted(steps, order), 0, false);
                uint256 succeeded = attacker.done();
                unwind();
                int256 end = total();
                vm.revertToState(state);
                taken |= succeeded;
                assertLe(end, int256(OWN));
            }
        }
    }

    /// @dev The order's digits in the factorial base tell which of those left comes next.
    function permuted(
        FlashAttacker.Step[] memory steps,
        uint256 order
    ) private pure returns (FlashAttacker.Step[] memory result) {
        uint256 n = steps.length;
        FlashAttacker.Step[] memory left = new FlashAttacker.Step[](n);
        for (uint256 i = 0; i < n; ++i) left[i] = steps[i];
        result = new FlashAttacker.Step[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 digit = order % (n - i);
            order /= n - i;
            result[i] = left[digit];
            left[digit] = left[n - i - 1];
        }
    }

    /// @dev Everything he can still get out in the same block.
    function unwind() private {
        FlashAttacker.Step[] memory steps = new FlashAttacker.Step[](3);
        steps[0] = FlashAttacker.Step.Close;
        steps[1] = FlashAttacker.Step.Ask;
        steps[2] = FlashAttacker.Step.Withdraw;
        attacker.run(steps, 0, false);
        assertEq(sizeOf(attacker.account(), ETH), 0);
    }

    /// @dev Tokens, the account, and what the shares and the request are due, in token units.
    function total() private view returns (int256) {
        uint256 shares = pool.balanceOf(address(attacker));
        (uint256 requested, uint256 value, ) = pool.requestOf(address(attacker));
        uint256 due = pool.convertToAssets(requested);
        if (value / 1e12 < due) due = value / 1e12;
        int256 account = equityOf(attacker.account()) / 1e12;
        return account + int256(quote.balanceOf(address(attacker)) + pool.convertToAssets(shares) + due);
    }
}
