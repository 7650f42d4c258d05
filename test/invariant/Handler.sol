// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetKind, AssetLimits, AssetState, Budget, HouseTerms} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {BackstopPool} from "../../contracts/liquidation/BackstopPool.sol";
import {IBackstopPool} from "../../contracts/interfaces/IBackstopPool.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {InsuranceVault} from "../../contracts/vaults/InsuranceVault.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {Action, Watcher} from "./Watcher.sol";

/// @notice Actors over the whole ledger. Every action is allowed to fail with a typed error; what it does when it succeeds
/// is checked against the laws that speak of single steps. Broken laws are collected in `broken`.
contract Handler is Watcher {
    /// @dev Basis points between sources beyond which none is believed.
    uint16 internal constant MAX_DIVERGENCE = 1_00;

    mapping(AssetId => HostileSource) internal witnesses;

    function setUp() public virtual override {
        super.setUp();
        openVaults();
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            address owner = ownerAt(i);
            owners.push(owner);
            ids.push(accountId(owner, i == POOL || i == BACKSTOP ? 0 : uint96(i)));
            vm.prank(owner);
            quote.approve(address(house), type(uint256).max);
            vm.prank(owner);
            weth.approve(address(house), type(uint256).max);
            if (i != BACKSTOP) fund(owner, ids[i], i == 0 ? 500e6 : 20_000e6);
        }
        // One who has spot and little quote, so that losses are owed.
        fundSpot(owners[0], ids[0], 10e18);
        addFeed(QUOTE, 1e8);
        for (uint16 i = 1; i <= 3; ++i) addWitness(AssetId.wrap(i));
        configurator.setMargin(ETH, marginTerms(0.05e18, 0.12e18, 0.1e18));
        configurator.setMargin(BTC, marginTerms(0.03e18, 0.1e18, 0.06e18));
        configurator.setLimits(ETH, AssetLimits(10_000_000e18, 50_000e18, 1e18));
        configurator.setHouseTerms(HouseTerms(10e18, 0.1e18, 50_00, 3_00, 50_00, 0, 10_000, 0));
        setFundingRate(ETH, 0.003e9);
        setFundingRate(BTC, -0.002e9);
    }

    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    /// @dev Each with what its first provider brings.
    function openVaults() internal {
        pool = openPool(ETH, keeper, 1e6);
        vault = new InsuranceVault(house, "Ballast Insurance", "BIN");
        configurator.setCapability(address(vault), Capability.Cover, true);
        IBackstopPool.Unwinding memory terms = IBackstopPool.Unwinding(10, 50, 1_00);
        backstop = new BackstopPool(address(manager), lens, exchange, terms, "Ballast Backstop", "BBS");
        provide(vault, keeper, 20_000e6);
        provide(backstop, keeper, 20_000e6);
    }

    function provide(IShareVault to, address provider, uint256 amount) internal returns (uint256) {
        quote.mint(provider, amount);
        vm.startPrank(provider);
        quote.approve(address(to), amount);
        uint256 shares = to.deposit(amount, provider);
        vm.stopPrank();
        return shares;
    }

    /// @dev A second source beside the feed, silent until it is told to speak.
    function addWitness(AssetId asset) internal {
        if (address(witnesses[asset]) == address(0)) witnesses[asset] = new HostileSource(0);
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        sources[0] = IOracleRouter.Source(address(chainlink(feeds[asset])), 1 hours);
        sources[1] = IOracleRouter.Source(address(witnesses[asset]), 1 hours);
        router.setSources(asset, sources, 1, MAX_DIVERGENCE);
        witnesses[asset].set(HostileSource.Mode.Revert, 0);
    }

    /// @dev No source contradicts any more.
    function agree() internal {
        for (uint16 i = 1; i <= 3; ++i) {
            HostileSource witness = witnesses[AssetId.wrap(i)];
            if (witness.mode() != HostileSource.Mode.Revert) witness.set(HostileSource.Mode.Revert, 0);
        }
    }

    function ownerAt(uint256 i) internal view returns (address) {
        if (i == POOL) return address(pool);
        return i == BACKSTOP ? address(backstop) : vm.addr(keyOf(i));
    }

    /// @dev The first and the sixth account have one owner.
    function keyOf(uint256 who) internal pure returns (uint256) {
        return 0xA11CE + (who == 5 ? 0 : who);
    }

    function accountsLength() external pure returns (uint256) {
        return ACCOUNTS;
    }

    // ---- actions

    function deposit(uint256 who, uint256 amount) external {
        who %= ACCOUNTS;
        amount = bound(amount, 1, 4_000e6);
        address payer = owners[who == POOL || who == BACKSTOP ? 0 : who];
        quote.mint(payer, amount);
        send(Action.Deposit, payer, abi.encodeCall(house.deposit, (ids[who], QUOTE, amount)));
    }

    function depositSpot(uint256 who, uint256 amount) external {
        who %= POOL;
        amount = bound(amount, 1, 2e18);
        weth.mint(owners[who], amount);
        send(Action.DepositSpot, owners[who], abi.encodeCall(house.deposit, (ids[who], WETH, amount)));
    }

    function withdraw(uint256 who, uint256 amount) external {
        who %= POOL;
        int256 cash = house.cashOf(ids[who]);
        uint256 room = lens.withdrawable(ids[who], QUOTE).amount;
        amount = amount % 4 == 0 ? room : bound(amount, 1, uint256(cash < 1e13 ? int256(1e13) : cash) / 1e12);
        (bool ok, ) = watchedWithdrawal(Action.Withdraw, who, amount);
        if (!ok && amount == room && room != 0) fail_("QUOTE-1");
    }

    function withdrawSpot(uint256 who, uint256 amount) external {
        who %= ACCOUNTS;
        int256 size = house.positionOf(ids[who], WETH).size;
        amount = bound(amount, 1, size <= 0 ? 1 : uint256(size));
        send(Action.WithdrawSpot, owners[who], abi.encodeCall(house.withdraw, (ids[who], WETH, amount, owners[who])));
    }

    function transferCash(uint256 from, uint256 to, uint256 amount) external {
        from %= POOL;
        if (amount % 16 != 0) amount = bound(amount, 1, 20_000e18);
        send(
            Action.TransferCash,
            owners[from],
            abi.encodeCall(house.transferCash, (ids[from], ids[to % ACCOUNTS], amount))
        );
    }

    function deal(uint256 a, uint256 b, bool eth, uint256 size, uint256 price, uint256 fee) external {
        AssetId asset = openMarket(eth ? ETH : BTC);
        if (a % ACCOUNTS == b % ACCOUNTS && a % 8 != 0) b = (b % ACCOUNTS) + 1;
        // Mostly a dollar, sometimes unknown or off its peg.
        if (fee % 16 != 0) feeds[QUOTE].updateAnswer(fee % 16 == 1 ? int256(0.9e8) : int256(1e8));
        uint256 mark = markOf(asset);
        // Up to about what the poorer of the two can carry, sometimes dust.
        int256 equity = smaller(house.assess(ids[a % ACCOUNTS]).equity, house.assess(ids[b % ACCOUNTS]).equity);
        uint256 most = equity < 1e18 ? 1e18 : uint256(equity) * 11;
        size = size % 16 == 0 ? bound(size, 1, 100) : bound(size, 1, (most * 1e18) / mark + 1);
        IClearingHouse.Trade memory terms = tradeTerms(asset, ids[a % ACCOUNTS], ids[b % ACCOUNTS], size, 0);
        uint256 distance = price % 8 == 0 ? 300 : 190;
        terms.price = bound(price, (mark * (10_000 - distance)) / 10_000, (mark * (10_000 + distance)) / 10_000);
        if (asset == ETH && (a % ACCOUNTS == POOL || b % ACCOUNTS == POOL)) terms.price = 0;
        terms.buyerFee = uint32((fee % 100) * 100);
        terms.sellerFee = uint32((fee % 7) * 100);
        (terms.buyerTip, terms.keeper) = (fee % 1e18, ids[fee % ACCOUNTS]);
        if (!watchedTrade(Action.Trade, terms)) {
            terms.size = terms.size / 4 + 1;
            watchedTrade(Action.Trade, terms);
        }
    }

    /// @dev Two opposite legs close against each other, wholly or in part.
    function close(uint256 a, uint256 b, bool eth, uint256 size) external {
        AssetId asset = eth ? ETH : BTC;
        AccountId seller = memberOf(asset, true, a);
        AccountId buyer = memberOf(asset, false, b);
        uint256 most = min(magnitude(sizeOf(seller, asset)), magnitude(sizeOf(buyer, asset)));
        size = size % 2 == 0 ? most : bound(size, 1, most == 0 ? 1 : most);
        uint256 price = asset == ETH && (seller == ids[POOL] || buyer == ids[POOL]) ? 0 : markOf(asset);
        watchedTrade(Action.Close, tradeTerms(asset, buyer, seller, size, price));
    }

    function reduce(uint256 who, uint256 taker, uint256 pick, uint256 size, uint256 price, uint256 reward) external {
        if (taker % 4 != 0) fund(owners[taker % ACCOUNTS], ids[taker % ACCOUNTS], 20_000e6);
        // Now and then somebody who is well: nothing may happen to him.
        AccountId account = reward % 4 == 0 ? holder(who, price % 2 == 0 ? ETH : BTC) : victim(who, size);
        AssetId[] memory legs = house.legsOf(account);
        AssetId asset = legs.length == 0 ? ETH : legs[pick % legs.length];
        int256 leg = sizeOf(account, asset);
        IClearingHouse.Liquidation memory terms = liquidation(
            asset,
            account,
            ids[taker % ACCOUNTS],
            size % 3 == 0 ? magnitude(leg) : bound(size, 1, magnitude(leg) + 1),
            markOf(asset)
        );
        if (price % 2 == 0) terms.price = bound(price, (terms.price * 98) / 100, (terms.price * 102) / 100);
        terms.keeper = ids[reward % ACCOUNTS];
        if (reward % 3 == 0) terms.reward = reward % 20e18;
        if (reward % 5 == 0) terms.penalty = reward % 20e18;
        if (reward % 31 == 0) terms.reward = type(uint256).max - (size % 1_000e18);
        terms.bound = 1_000e18;
        if (size % 2 == 0) watchedLiquidation(unfair(terms, leg > 0));
        if (price % 3 == 0) outdate(terms, size);
        watchedLiquidation(terms);
    }

    /// @dev A look at an account, which then gets what it lacks: no step, however harmless, may start from what the look found.
    function outdate(IClearingHouse.Liquidation memory terms, uint256 seed) internal {
        Assessor.Assessment memory a = house.assess(terms.account);
        int256 lacks = int256(a.maintenance) - a.marginEquity;
        uint256 least = lacks > 0 ? uint256(lacks) / 1e12 + 1 : 1;
        send(Action.Liquidate, stage, abi.encodeCall(house.examine, (terms.account, terms.asset)));
        fund(alice, terms.account, bound(seed, least, 2 * least));
        (terms.price, terms.reward, terms.penalty) = (markOf(terms.asset), 0, 0);
    }

    /// @dev A step that anybody but a bankrupt account is worse off after.
    function unfair(
        IClearingHouse.Liquidation memory terms,
        bool long
    ) internal pure returns (IClearingHouse.Liquidation memory) {
        uint256 price = (terms.price * (long ? 85 : 115)) / 100;
        return liquidation(terms.asset, terms.account, terms.taker, terms.size, price);
    }

    function move(bool eth, uint256 factor) external {
        AssetId asset = eth ? ETH : BTC;
        uint256 mark = uint256(feeds[asset].latestAnswer()) * 1e10;
        uint256 price = (mark * bound(factor, 70, 135)) / 100;
        price = bound(price, 1e18, MAX_MARK);
        agree();
        setPrice(asset, price);
        if (eth) setPrice(WETH, price);
        count(Action.Move, true);
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, seconds_ % 8 == 0 ? 2 days : 600));
        if (seconds_ % 5 != 0) {
            refresh();
            agree();
        }
        count(Action.Wait, true);
    }

    function fundingRate(bool eth, int256 rate) external {
        if (kindOf(eth ? ETH : BTC) == AssetKind.None) return;
        setFundingRate(eth ? ETH : BTC, int32(int256(bound(rate, -0.005e9, 0.005e9))));
        count(Action.FundingRate, true);
    }

    function offset(uint256 who, bool eth, uint256 size) external {
        AssetId asset = eth ? ETH : BTC;
        AccountId account = holder(who, asset);
        int256 leg = sizeOf(account, asset);
        size = size % 16 == 0 ? magnitude(leg) : bound(size, 1, magnitude(leg) / 2 + 1);
        watchedOffset(account, asset, leg > 0, size);
    }

    function share(bool eth, bool long) external {
        watchedShare(eth ? ETH : BTC, long);
    }

    function lose(uint256 who, bool eth, uint256 amount) external {
        amount = bound(amount, 1, amount % 4 == 0 ? 100 : 5_000e18);
        bookLoss(Action.Book, eth ? ETH : BTC, ids[who % ACCOUNTS], amount);
    }

    function bookLoss(Action action, AssetId asset, AccountId account, uint256 amount) internal {
        bytes memory data = abi.encodeCall(ClearingHouseHarness.bookSynthetic, (asset, account, amount));
        send(action, stage, data);
    }

    function cover(bool eth) external {
        AssetId asset = eth ? ETH : BTC;
        int256 row = house.cashOf(deficitRow(asset));
        uint256 fundBefore = uint256(house.cashOf(INSURANCE));
        Budget memory budget = house.budgetOf(asset);
        if (!send(Action.Cover, stage, abi.encodeCall(house.pay, (asset, 0)))) return;
        uint256 paid = fundBefore - uint256(house.cashOf(INSURANCE));
        if (house.cashOf(deficitRow(asset)) - row != int256(paid)) fail_("CHAIN-1");
        checkBudget(asset, budget, paid);
    }

    function settle(uint256 who) external {
        AccountId account = holder(who, who % 2 == 0 ? ETH : BTC);
        // Some funding has accrued that nobody has picked up.
        vm.warp(block.timestamp + 1 + (who % 900));
        AccountId[] memory one = new AccountId[](1);
        one[0] = account;
        Snapshot memory eth = snapshot(account, ETH);
        Snapshot memory btc = snapshot(account, BTC);
        int256 cash = owned(account) + eth.cash + btc.cash;
        // A market that is wound down closes legs besides.
        bool ends = stateOf(BTC) == AssetState.Settling;
        if (!send(Action.Settle, alice, abi.encodeCall(house.settle, (one))) || ends) return;
        if (house.positionOf(account, ETH).size != eth.size || house.positionOf(account, BTC).size != btc.size)
            fail_("QUOTE-1");
        bool flat = house.legsOf(account).length == 0;
        if (owned(account) != cash && !(flat && cash < 0 && owned(account) == 0)) fail_("QUOTE-1");
    }

    /// @dev Good, bad, good: the bad one is skipped and says why.
    function batch(uint256 who, uint256 amount) external {
        who %= POOL;
        amount = bound(amount, 1, 1_000e6);
        quote.mint(owners[who], 2 * amount);
        bytes[] memory entries = new bytes[](3);
        entries[0] = abi.encodeCall(house.deposit, (ids[who], QUOTE, amount));
        entries[1] = abi.encodeCall(house.deposit, (ids[who], AssetId.wrap(999), amount));
        entries[2] = entries[0];
        int256 cash = owned(ids[who]);
        if (!send(Action.Batch, owners[who], abi.encodeCall(house.batch, (entries)))) return fail_("LIVE-1");
        if (owned(ids[who]) - cash != int256(2 * amount * 1e12)) fail_("LIVE-1");
    }

    function state(bool eth, uint8 to) external {
        AssetId asset = eth ? ETH : BTC;
        if (kindOf(asset) == AssetKind.Perp && stateOf(asset) != AssetState.Settling) {
            setState(asset, to % 16 == 0 ? AssetState((to / 16) % 3) : AssetState.Active);
        }
        count(Action.State, true);
    }

    /// @dev Somebody with spot loses on a perp more than his quote; some of the spot is then sold.
    function owe(uint256 taker, uint256 size, uint256 loss, uint256 sale) external {
        AccountId account = ids[0];
        if (openMarket(BTC) != BTC) return count(Action.Owe, false);
        if (house.positionOf(account, WETH).size < 10e18) fundSpot(owners[0], account, 10e18);
        feeds[QUOTE].updateAnswer(1e8);
        uint256 mark = markOf(BTC);
        size = bound(size, 1, (2_000e18 * 1e18) / mark);
        watchedTrade(Action.Owe, tradeTerms(BTC, account, ids[1 + (taker % (ACCOUNTS - 1))], size, mark));
        int256 leg = sizeOf(account, BTC);
        Assessor.Assessment memory a = house.assess(account);
        if (leg <= 0) return;
        int256 lost = a.equity - int256(a.collateral) + int256(bound(loss, 1, (a.collateral * 7) / 10));
        if (lost > 0 && lost < value(leg, mark)) {
            setPrice(BTC, bound(mark - (uint256(lost) * 1e18) / uint256(leg), 1e18, MAX_MARK));
        }
        vm.warp(block.timestamp + 1 + (loss % 600));
        send(Action.Owe, alice, abi.encodeCall(house.settle, (single(account))));
        vm.warp(block.timestamp + 1 + (sale % 900));
        size = bound(sale, 1, uint256(int256(house.positionOf(account, WETH).size)) / 4 + 1);
        mark = (markOf(WETH) * bound(sale, 80, 100)) / 100;
        if (mark != 0) watchedLiquidation(liquidation(WETH, account, ids[1 + (sale % (ACCOUNTS - 1))], size, mark));
    }

    /// @dev A liquidatable account; if there is none, one whose largest market has just moved against it.
    function victim(uint256 who, uint256 jump) internal returns (AccountId account) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            account = ids[((who % ACCOUNTS) + i) % ACCOUNTS];
            if (house.isLiquidatable(account)) return account;
        }
        for (uint256 i = 0; i < ACCOUNTS && sizeOf(account, ETH) == 0 && sizeOf(account, BTC) == 0; ++i)
            account = ids[i];
        AssetId asset = sizeOf(account, ETH) != 0 ? ETH : BTC;
        uint256 percent = sizeOf(account, asset) > 0 ? 100 - bound(jump, 3, 60) : 100 + bound(jump, 3, 80);
        setPrice(asset, bound((markOf(asset) * percent) / 100, 1e18, MAX_MARK));
    }

    /// @dev An account on this side of the market, if there is one.
    function memberOf(AssetId asset, bool long, uint256 who) internal view returns (AccountId account) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            account = ids[((who % ACCOUNTS) + i) % ACCOUNTS];
            int256 size = sizeOf(account, asset);
            if (long ? size > 0 : size < 0) return account;
        }
    }

    /// @dev An account with a leg of the asset, if there is one.
    function holder(uint256 who, AssetId asset) internal view returns (AccountId account) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            account = ids[((who % ACCOUNTS) + i) % ACCOUNTS];
            if (sizeOf(account, asset) != 0) return account;
        }
    }

    // ---- steps under watch

    function watchedWithdrawal(Action action, uint256 who, uint256 amount) internal returns (bool ok, uint256 paid) {
        bytes memory data = abi.encodeCall(house.withdraw, (ids[who], QUOTE, amount, owners[who]));
        uint256 deficit = house.totalDeficit();
        uint256 claims = house.reserveOf(QUOTE).held + deficit;
        bytes memory result;
        (ok, result) = sendTo(action, owners[who], address(house), data);
        if (!ok) return (false, 0);
        uint256 afterwards = house.totalDeficit();
        if (afterwards * claims > deficit * (house.reserveOf(QUOTE).held + afterwards)) fail_("DEF-1");
        return (true, abi.decode(result, (uint256)));
    }

    function watchedTrade(Action action, IClearingHouse.Trade memory terms) internal returns (bool ok) {
        AccountId bystander = ids[((terms.size % ACCOUNTS) + steps) % ACCOUNTS];
        Snapshot memory other = stored(bystander, terms.asset);
        Assessor.Assessment memory buyer = house.assess(terms.buyer);
        int256 sizes = sizeOf(terms.buyer, terms.asset) + sizeOf(terms.seller, terms.asset);
        Gate memory gate = gateOf(terms.asset);
        if (!send(action, stage, abi.encodeCall(house.trade, (terms)))) return false;
        ok = true;
        checkGate(terms.asset, gate);
        if (bystander != terms.buyer && bystander != terms.seller) unchanged(other, stored(bystander, terms.asset));
        if (sizes != sizeOf(terms.buyer, terms.asset) + sizeOf(terms.seller, terms.asset)) fail_("SIZE-1");
        Assessor.Assessment memory a = house.assess(terms.buyer);
        bool meets = a.initialEquity >= int256(a.initial);
        if (!meets && lowered(buyer, a)) fail_("LIQ-2");
        if (buyer.equity >= 0 && a.equity < 0) fail_("LIQ-2");
    }

    function watchedLiquidation(IClearingHouse.Liquidation memory terms) internal {
        Assessor.Assessment memory before = house.assess(terms.account);
        int256 leg = sizeOf(terms.account, terms.asset);
        int256 row = house.cashOf(deficitRow(terms.asset));
        if (!send(Action.Liquidate, stage, abi.encodeCall(house.liquidate, (terms, "")))) return;
        bool debtSale = before.marginEquity >= int256(before.maintenance);
        if (debtSale) checkDebtSale(terms, before);
        int256 left = sizeOf(terms.account, terms.asset);
        if (magnitude(left) > magnitude(leg) || (leg > 0 ? left < 0 : left > 0)) fail_("LIQ-2");
        Assessor.Assessment memory a = house.assess(terms.account);
        if (lowered(before, a)) fail_("LIQ-2");
        bool spotOnly = before.maintenance == 0;
        if (!spotOnly && before.equity >= 0 && (a.equity < 0 || house.cashOf(deficitRow(terms.asset)) < row))
            fail_("LIQ-2");
        if (terms.account != terms.keeper && before.equity - a.equity > int256(terms.bound)) fail_("CHAIN-1");
        Assessor.Assessment memory taker = house.assess(terms.taker);
        if (taker.initialEquity < int256(taker.initial)) fail_("LIQ-1");
        if (house.legsOf(terms.account).length == 0 && house.cashOf(terms.account) < 0) fail_("CHAIN-1");
    }

    /// @dev The one exception to LIQ-1 here: spot, while more is owed against it than the cap, and no more than is owed.
    function checkDebtSale(IClearingHouse.Liquidation memory terms, Assessor.Assessment memory before) internal {
        int256 owed = int256(before.collateral) - before.equity;
        if (terms.asset != WETH || owed * 2 <= int256(before.collateral)) fail_("LIQ-1");
        Assessor.Assessment memory a = house.assess(terms.account);
        if (a.equity > int256(a.collateral)) fail_("LIQ-1");
        ++debtSales;
    }

    function watchedOffset(AccountId account, AssetId asset, bool long, uint256 size) internal {
        Snapshot[] memory before = snapshots(asset);
        uint256 openInterest = house.perpOf(asset).openInterest;
        bytes memory data = abi.encodeCall(ClearingHouseHarness.forceOffset, (account, asset, size));
        int256 leg = sizeOf(account, asset);
        if (!send(Action.Offset, stage, data)) return;
        uint256 closed = openInterest - house.perpOf(asset).openInterest;
        if (magnitude(leg) - magnitude(sizeOf(account, asset)) != closed || closed > size) fail_("OFFSET-1", "closed");
        if (closed == 0) return;
        uint256 mark = markOf(asset);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            Snapshot memory now_ = snapshot(ids[i], asset);
            now_.cash += owned(ids[i]);
            int256 drift = value(now_.size - before[i].size, mark) + now_.cash - before[i].cash;
            if (magnitude(drift) > 4 + (4 * MAX_MARK) / 1e18) fail_("OFFSET-1", "at mark");
            if (before[i].size == 0 || before[i].size > 0 == long) continue;
            uint256 want = (magnitude(before[i].size) * (openInterest - closed)) / openInterest;
            if (magnitude(now_.size) + 1 < want || magnitude(now_.size) > want + 2) fail_("OFFSET-1", "by the same");
        }
    }

    function watchedShare(AssetId asset, bool long) internal {
        Snapshot[] memory before = snapshots(asset);
        int256 row = house.cashOf(deficitRow(asset));
        int256 dust = house.cashOf(DUST);
        uint256 mark = markOf(asset);
        uint256[ACCOUNTS] memory reserves;
        bool ends = stateOf(asset) == AssetState.Settling;
        for (uint256 i = 0; i < ACCOUNTS; ++i) reserves[i] = reserve(before[i], mark, ends);
        if (!send(Action.Share, stage, abi.encodeCall(ClearingHouseHarness.forceShare, (asset, long)))) return;
        int256 taken;
        // A lazy member pays for the fraction of a wei of size that its pick-up will round away.
        int256 slack = int256(mark / 1e18 + 4);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            Snapshot memory now_ = snapshot(ids[i], asset);
            int256 charge = before[i].cash - now_.cash - owned(ids[i]);
            taken += charge;
            if (now_.size != before[i].size) fail_("SHARE-1");
            if (charge < -slack || (charge > slack && before[i].size > 0 != long)) fail_("SHARE-1");
            if (charge > int256(reserves[i]) + slack) fail_("SHARE-1");
            if (charge != 0 && int256(reserve(now_, mark, ends)) + charge > int256(reserves[i]) + slack)
                fail_("SHARE-2");
        }
        int256 paid = house.cashOf(deficitRow(asset)) - row;
        if (paid < 0 || taken + int256(ACCOUNTS) * slack < paid + house.cashOf(DUST) - dust) fail_("CHAIN-1");
    }
}
