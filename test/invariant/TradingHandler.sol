// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {FEES, INSURANCE, TREASURY} from "../../contracts/types/Rows.sol";
import {Handler} from "./Handler.sol";
import {Action} from "./Watcher.sol";

/// @notice Those who trade by orders and with the pool, and those who provide for it.
contract TradingHandler is Handler {
    uint256 internal constant BOOK = 8;

    /// @dev Orders that were signed lately, to be filled again, in parts, after they are done or have expired.
    IExchange.SignedOrder[] internal book;
    mapping(bytes32 hash => uint256) internal filledOf;

    /// @dev What an order's account had before a fill.
    struct Before {
        int256 size;
        int256 cash;
        bool used;
    }

    // ---- actions

    function tradeWithPool(uint256 who, int256 size, uint256 wait) external {
        vm.warp(block.timestamp + (wait % 120));
        AccountId account = ids[trader(who)];
        size = size % 4 == 0 ? -sizeOf(account, ETH) : bound(size, -40e18, 40e18);
        if (size == 0) size = 1e15;
        (uint256 quoted, ) = lens.quote(ETH, size);
        int256 equity = poolEquity();
        int256 held = sizeOf(account, ETH);
        uint256 limit = size > 0 ? type(uint128).max : 0;
        IExchange.PoolTrade memory terms = IExchange.PoolTrade(account, ETH, size, limit, false, block.timestamp);
        Gate memory gate = gateOf(ETH);
        (bool ok, bytes memory result) = sendTo(
            Action.PoolTrade,
            owners[trader(who)],
            address(exchange),
            abi.encodeCall(exchange.trade, (terms))
        );
        if (!ok) return;
        checkGate(ETH, gate);
        (int256 traded, uint256 price) = abi.decode(result, (int256, uint256));
        if (price != quoted || traded != size) fail_("QUOTE-1");
        if (sizeOf(account, ETH) - held != size) fail_("ORDER-1");
        if (poolEquity() + 1 < equity) fail_("POOL-1");
    }

    /// @dev A bad entry and one that may be good; some orders are new, some were seen before.
    function matchOrders(uint256 a, uint256 b, bool eth, uint256 size, uint256 price, uint256 seed) external {
        AssetId asset = openMarket(eth ? ETH : BTC);
        uint256 mark = markOf(asset);
        size = bound(size, 1, (40_000e18 * 1e18) / mark + 1);
        price = bound(price, (mark * 98) / 100, (mark * 102) / 100);
        IExchange.Match memory pair;
        pair.maker =
            seed % 2 == 0 && book.length != 0
                ? book[seed % book.length]
                : offer(a, asset, side(seed, size), price, seed);
        int256 other = pair.maker.order.size > 0 ? -int256(size) : int256(size);
        pair.taker = offer(b, pair.maker.order.asset, other, other > 0 ? price * 2 : price / 2, seed >> 8);
        pair.size = seed % 3 == 0 ? size / 2 + 1 : size;
        remember(pair.maker, seed);
        remember(pair.taker, seed >> 16);
        if (watchedMatch(Action.Match, pair, ids[seed % ACCOUNTS])) return;
        pair.size = size / 16 + 1;
        watchedMatch(Action.Match, pair, ids[seed % ACCOUNTS]);
    }

    function execute(uint256 who, uint256 size, uint256 seed) external {
        size = bound(size, 1, 20e18);
        uint256 mark = markOf(ETH);
        IExchange.SignedOrder memory order =
            seed % 4 == 0 && book.length != 0
                ? book[seed % book.length]
                : offer(who, ETH, side(seed, size), seed % 2 == 0 ? mark * 2 : mark / 2, seed);
        remember(order, seed);
        Before memory before = look(order.order);
        int256 equity = poolEquity();
        (bool ok, ) = sendTo(
            Action.Execute,
            keeper,
            address(exchange),
            abi.encodeCall(exchange.execute, (order, ids[seed % ACCOUNTS]))
        );
        if (!ok) return;
        if (order.order.asset == ETH && poolEquity() + 1 < equity) fail_("POOL-1");
        checkOrder(order.order, before);
    }

    function cancel(uint256 who, uint256 seed) external {
        who = trader(who);
        bytes memory call =
            seed % 8 == 0
                ? abi.encodeCall(exchange.cancelBelow, (ids[who], exchange.floorOf(ids[who]) + uint64(seed % 3)))
                : abi.encodeCall(exchange.cancel, (ids[who], 0, 1 << (seed % 256)));
        sendTo(Action.Cancel, owners[who], address(exchange), call);
    }

    function shareFees() external {
        int256 fees = house.cashOf(FEES);
        int256 insured = house.cashOf(INSURANCE) - int256(house.totalDeficit());
        int256 kept = house.cashOf(TREASURY);
        send(Action.ShareFees, alice, abi.encodeCall(house.shareFees, ()));
        insured = house.cashOf(INSURANCE) - int256(house.totalDeficit()) - insured;
        if (house.cashOf(FEES) != 0 || insured + house.cashOf(TREASURY) - kept != fees) fail_("CASH-1");
        if (insured < 0 || insured > fees / 2) fail_("CASH-1");
    }

    // ---- orders under watch

    /// @dev ORDER-1: nothing happens to an account beyond what its owner signed: once, that size, that price and that fee.
    function watchedMatch(Action action, IExchange.Match memory pair, AccountId to) internal returns (bool filled) {
        IExchange.Match[] memory pairs = new IExchange.Match[](2);
        (pairs[0], pairs[1]) = (forged(pair), pair);
        Before memory maker = look(pair.maker.order);
        Before memory taker = look(pair.taker.order);
        Gate memory gate = gateOf(pair.maker.order.asset);
        (bool ok, bytes memory result) = sendTo(
            action,
            keeper,
            address(exchange),
            abi.encodeCall(exchange.matchBatch, (pairs, to))
        );
        if (!ok) {
            fail_("LIVE-1");
            return false;
        }
        bytes[] memory reasons = abi.decode(result, (bytes[]));
        if (reasons[0].length == 0) fail_("ORDER-1");
        if (reasons[1].length != 0) {
            ++reverts[uint256(action)];
            checkTyped(action, reasons[1]);
            return false;
        }
        checkGate(pair.maker.order.asset, gate);
        checkOrder(pair.maker.order, maker);
        checkOrder(pair.taker.order, taker);
        return true;
    }

    function checkOrder(IExchange.Order memory order, Before memory before) internal {
        bytes32 hash = exchange.hashOf(order);
        int256 moved = sizeOf(order.account, order.asset) - before.size;
        uint256 size = magnitude(moved);
        filledOf[hash] += size;
        if (before.used || order.expiry < block.timestamp || size == 0 || filledOf[hash] > magnitude(order.size))
            fail_("ORDER-1");
        if (moved > 0 != order.size > 0) fail_("ORDER-1");
        bool shrinks = before.size > 0 ? moved < 0 && -moved <= before.size : moved > 0 && moved <= -before.size;
        if (order.reduceOnly && !shrinks) fail_("ORDER-1");
        // Cash moves by no more than the limit, the highest fee and the tip; what comes in may be a keeper's tip.
        int256 least = (-moved * int256(order.limit)) / 1e18;
        int256 value = int256((size * order.limit) / 1e18);
        int256 most = (value * int256(uint256(order.maxFee))) / 1e6 + int256(order.tip) + 1e4;
        if (now_(order) - before.cash < least - most) fail_("ORDER-1");
    }

    function look(IExchange.Order memory order) internal view returns (Before memory) {
        return Before(sizeOf(order.account, order.asset), now_(order), exchange.isUsed(order.account, order.nonce));
    }

    /// @dev Cash, what is waiting to be picked up included.
    function now_(IExchange.Order memory order) internal view returns (int256) {
        return owned(order.account) + snapshot(order.account, order.asset).cash;
    }

    function offer(
        uint256 who,
        AssetId asset,
        int256 size,
        uint256 limit,
        uint256 seed
    ) internal view returns (IExchange.SignedOrder memory signed) {
        who = trader(who);
        IExchange.Order memory order;
        (order.account, order.asset, order.size, order.limit) = (ids[who], asset, size, limit);
        order.nonce = uint64(exchange.floorOf(ids[who]) + (seed % 64));
        order.expiry = uint64(seed % 16 == 0 ? block.timestamp - 1 : block.timestamp + (seed % 2 weeks));
        order.maxFee = seed % 16 == 1 ? 300 : 500;
        order.reduceOnly = seed % 9 == 0;
        if (seed % 11 == 0) {
            order.condition = IExchange.Condition(1 + (seed % 3));
            order.level = seed % 3 == 2 ? 1.5e18 : limit;
            order.target = 2e18;
        }
        order.tip = seed % 1e18;
        return sign(order, who);
    }

    function sign(IExchange.Order memory order, uint256 who) internal view returns (IExchange.SignedOrder memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(who), exchange.hashOf(order));
        return IExchange.SignedOrder(order, owners[who], abi.encodePacked(r, s, v));
    }

    /// @dev Twice the size under the same signature.
    function forged(IExchange.Match memory pair) internal pure returns (IExchange.Match memory other) {
        other = abi.decode(abi.encode(pair), (IExchange.Match));
        other.maker.order.size *= 2;
    }

    function remember(IExchange.SignedOrder memory order, uint256 seed) internal {
        if (book.length < BOOK) book.push(order);
        else book[seed % BOOK] = order;
    }

    function side(uint256 seed, uint256 size) internal pure returns (int256) {
        return (seed >> 4) % 2 == 0 ? int256(size) : -int256(size);
    }

    /// @dev What a trade pays and the two parts of a leg round apart by less than two wei: equity may come out one lower.
    function poolEquity() internal view returns (int256) {
        return house.assess(pool.account()).equity;
    }

    /// @dev Neither the pool nor the backstop trades of its own will.
    function trader(uint256 who) internal pure returns (uint256) {
        who %= ACCOUNTS;
        if (who == BACKSTOP) return 1;
        return who == POOL ? 3 : who;
    }
}
