// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {VaultHandler} from "./VaultHandler.sol";
import {Action} from "./Watcher.sol";

/// @notice Those who come for what is not theirs, mostly with several calls in one block.
contract AttackHandler is VaultHandler {
    address internal mallory = makeAddr("mallory");
    /// @dev What mallory brought into a vault and did not leave in it for longer than a block.
    mapping(IShareVault => uint256) internal brought;

    /// @dev Equity of two accounts of one owner, and what others have come up for so far.
    struct Pair {
        int256 loser;
        int256 both;
        uint256 booked;
        uint256 used;
    }

    // ---- actions

    /// @dev Into a vault right before something that it gains or loses by, and out again: he has nothing of it.
    function snipe(uint256 who, uint256 pick, uint256 seed) external {
        IShareVault target = vaultAt(seed);
        (AccountId account, AssetId asset) = failing(who, seed >> 8);
        if (seed % 3 == 0) drown(account, asset, bound(seed, 0, 0.1e18));
        collect(target);
        uint256 amount = bound(pick, 1e6, 20_000e6);
        uint256 shares = target.balanceOf(mallory);
        if (!enter(Action.Snipe, target, mallory, amount)) return;
        happen(account, asset, pick, seed);
        shares = target.balanceOf(mallory) - shares;
        if (valueOf(booksOf(target), shares) > amount * UNIT + 1) fail_("VAULT-1");
        if (shares == 0 || !ask(Action.Snipe, target, mallory, shares)) return;
        brought[target] += amount;
    }

    /// @dev Two accounts of one owner on both sides of a gap; who loses is closed by the other, for tip, penalty and premium.
    function wash(bool eth, uint256 seed) external {
        AssetId asset = openMarket(eth ? ETH : BTC);
        (AccountId loser, AccountId winner) = seed % 2 == 0 ? (ids[0], ids[5]) : (ids[5], ids[0]);
        takeSides(asset, loser, winner, seed);
        drown(loser, asset, bound(seed >> 8, 0, 0.2e18));
        if (seed % 3 != 0) vm.warp(block.timestamp + 70);
        refresh();
        if (house.positionOf(loser, asset).size == 0) return count(Action.Wash, false);
        Pair memory before = look(loser, winner);
        watchedSink(Action.Wash, loser, asset, winner);
        if (seed % 4 == 0) takeLot(loser, asset, winner);
        checkWash(before, look(loser, winner), ROUNDING + markOf(asset) / 1e17);
    }

    /// @dev Two leave while a deficit stands, one after the other, with as much: who comes second has no less.
    function run(uint256 seed) external {
        if (house.totalDeficit() == 0)
            bookLoss(Action.Run, seed % 2 == 0 ? ETH : BTC, ids[1], bound(seed, 1, 3_000e18));
        uint256 first = leaver(seed);
        uint256 second = leaver(first + 1);
        uint256 held = house.reserveOf(QUOTE).held / UNIT;
        if (first == second || held == 0) return count(Action.Run, false);
        // A whale's claim leaves little of the deficit to anybody else.
        uint256 amount = seed % 2 == 0 ? held * 1_000 : bound(seed, 1, held);
        fund(owners[first], ids[first], amount);
        fund(owners[second], ids[second], amount);
        (bool ok, uint256 paid) = watchedWithdrawal(Action.Run, first, amount);
        (bool too, uint256 paidToo) = watchedWithdrawal(Action.Run, second, amount);
        if (paid > amount || paidToo > amount || (ok && too && paidToo + 1 < paid)) fail_("DEF-1");
    }

    /// @dev The least of everything, and legs that nobody asked for.
    function dust(uint256 who, uint256 seed) external {
        AccountId account = ids[who % ACCOUNTS];
        if (seed % 4 == 0) {
            quote.mint(alice, 1);
            send(Action.Dust, alice, abi.encodeCall(house.deposit, (account, QUOTE, 1)));
        } else if (seed % 4 == 1) forceSpot(account);
        else if (seed % 4 == 2) watchedWithdrawal(Action.Dust, who % POOL, 1);
        else tradeDust(who, seed);
    }

    // ---- what they do

    /// @dev The next of the first four who could leave with all that he brings.
    function leaver(uint256 who) internal view returns (uint256) {
        for (uint256 i = 0; i < POOL; ++i) {
            uint256 at = ((who % POOL) + i) % POOL;
            Assessor.Assessment memory a = house.assess(ids[at]);
            if (!a.diverged && a.initialEquity >= int256(a.initial) && a.quoteEquity >= 0) return at;
        }
        return who % POOL;
    }

    /// @dev VAULT-1: over all visits mallory takes out no more than he brought.
    function collect(IShareVault from) internal {
        uint256 due = from.maxRedeem(mallory);
        if (due == 0) return;
        uint256 paid = claim(Action.Snipe, from, mallory, due);
        if (paid > brought[from] + 1) fail_("VAULT-1");
        brought[from] -= min(brought[from], paid);
    }

    /// @dev In one block.
    function happen(AccountId account, AssetId asset, uint256 pick, uint256 seed) internal {
        uint256 kind = (seed >> 4) % 4;
        if (kind == 0) send(Action.Snipe, alice, abi.encodeCall(house.shareFees, ()));
        else if (kind == 1) send(Action.Snipe, alice, abi.encodeCall(house.pay, (asset, 1 << 20)));
        else watchedStep(Action.Snipe, account, asset, ids[pick % ACCOUNTS]);
    }

    function takeSides(AssetId asset, AccountId loser, AccountId winner, uint256 seed) internal {
        refresh();
        fund(alice, loser, 2_000e6);
        fund(alice, winner, 5_000e6);
        uint256 size = (20_000e18 * 1e18) / markOf(asset);
        bool long = sizeOf(loser, asset) > 0 || (sizeOf(loser, asset) == 0 && (seed >> 4) % 2 == 0);
        (AccountId buyer, AccountId seller) = long ? (loser, winner) : (winner, loser);
        watchedTrade(Action.Wash, tradeTerms(asset, buyer, seller, size, markOf(asset)));
    }

    function takeLot(AccountId account, AssetId asset, AccountId taker) internal {
        if (liquidator.lotOf(account, asset).lot.size == 0) return;
        watchedBid(Action.Wash, atAnyPrice(account, asset, taker, sizeOf(account, asset) > 0), taker.ownerOf());
    }

    function atAnyPrice(
        AccountId account,
        AssetId asset,
        AccountId taker,
        bool long
    ) internal view returns (ILiquidator.Bid memory terms) {
        (terms.account, terms.asset, terms.taker) = (account, asset, taker);
        (terms.most, terms.deadline) = (type(uint256).max, block.timestamp);
        terms.limit = long ? type(uint256).max : 0;
    }

    /// @dev ORDER-1: only an owner opens a leg.
    function forceSpot(AccountId account) internal {
        bool has = house.positionOf(account, WETH).size != 0;
        weth.mint(mallory, 1);
        vm.prank(mallory);
        weth.approve(address(house), 1);
        bool ok = send(Action.Dust, mallory, abi.encodeCall(house.deposit, (account, WETH, 1)));
        if (ok && !has) fail_("ORDER-1");
    }

    function tradeDust(uint256 who, uint256 seed) internal {
        uint256 mark = markOf(BTC);
        IExchange.Match memory pair;
        pair.maker = offer(who, BTC, 1, mark, seed);
        pair.taker = offer((who % ACCOUNTS) + 1, BTC, -1, mark, seed >> 8);
        pair.size = 1;
        watchedMatch(Action.Dust, pair, ids[seed % ACCOUNTS]);
    }

    function look(AccountId loser, AccountId winner) internal view returns (Pair memory) {
        int256 equity = house.assess(loser).equity;
        return Pair(equity, equity + house.assess(winner).equity, bookedSoFar, usedSoFar);
    }

    /// @dev SELF-1: what is forgiven is what he did not have, beside what insurance paid somebody for; and he gains no more.
    function checkWash(Pair memory before, Pair memory now_, uint256 slack) internal {
        uint256 booked = now_.booked - before.booked;
        uint256 used = now_.used - before.used;
        uint256 lacked = before.loser < 0 ? uint256(-before.loser) : 0;
        if (booked > lacked + used + slack) fail_("SELF-1");
        if (now_.both - before.both > int256(booked + used + slack)) fail_("SELF-1");
    }

    // ---- inside a callback

    /// @dev LOCK-1: between a fill and the look at the taker's margin nothing is open but his trades in that asset.
    function onTaken(ILiquidator.Taken calldata taken, bytes calldata data) public override {
        for (uint256 kind = 0; kind < 7; ++kind) {
            (address to, bytes memory attack) = attackInside(taken, kind);
            tryInside(to, attack);
        }
        tryOther(taken.taker, taken.asset == ETH ? BTC : ETH);
        super.onTaken(taken, data);
    }

    /// @dev With whoever has the margin for it.
    function tryOther(AccountId taker, AssetId other) internal {
        uint256 mark = markOf(other);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            bytes memory attack = abi.encodeCall(house.trade, (tradeTerms(other, taker, ids[i], 1e12, mark)));
            vm.prank(stage);
            tryInside(address(house), attack);
        }
    }

    function tryInside(address to, bytes memory data) internal {
        (bool ok, bytes memory reason) = to.call(data);
        if (ok) fail_("LOCK-1");
        else checkTyped(Action.Bid, reason);
    }

    function attackInside(
        ILiquidator.Taken calldata taken,
        uint256 kind
    ) internal returns (address to, bytes memory data) {
        address owner = taken.taker.ownerOf();
        if (kind == 0) return (address(house), abi.encodeCall(house.withdraw, (taken.taker, QUOTE, 1, owner)));
        if (kind == 1) return (address(house), abi.encodeCall(house.transferCash, (taken.taker, ids[0], 1)));
        if (kind == 2) return (address(house), abi.encodeCall(house.settle, (single(taken.taker))));
        if (kind == 3) return (address(house), abi.encodeCall(house.pay, (taken.asset, 8)));
        if (kind == 4)
            return (
                address(liquidator),
                abi.encodeCall(liquidator.liquidate, (taken.account, taken.asset, taken.taker))
            );
        if (kind == 5) {
            ILiquidator.Bid memory terms = atAnyPrice(taken.account, taken.asset, taken.taker, taken.size > 0);
            return (address(liquidator), abi.encodeCall(liquidator.bid, (terms)));
        }
        quote.mint(address(this), 1e6);
        quote.approve(address(vault), 1e6);
        return (address(vault), abi.encodeWithSignature("deposit(uint256,address)", 1e6, address(this)));
    }
}
