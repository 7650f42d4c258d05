// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {Deleveraging} from "../../contracts/core/Deleveraging.sol";
import {AssetKind, AssetState, Budget} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {LiquidationHandler} from "./LiquidationHandler.sol";
import {Action} from "./Watcher.sol";
import {Vm} from "forge-std/Vm.sol";

/// @notice What is left to nobody: accounts far under water that go down the whole chain, deficits that are paid when they
/// can be, a market that ends and begins again.
contract PayingHandler is LiquidationHandler {
    /// @dev What the ledger's events say of losses in one market.
    struct Flow {
        uint256 booked;
        uint256 reduced;
        uint256 insured;
        uint256 used;
        uint256 shared;
        uint256 offset;
        uint256 price;
    }

    /// @dev A market before a step.
    struct Market {
        Snapshot[] legs;
        int256 row;
        uint256 openInterest;
        Budget budget;
    }

    // ---- actions

    /// @dev An account whose equity is about so far below nothing, with the seller of last resort at once or later.
    function sink(uint256 who, uint256 seed) external {
        AssetId asset = openMarket(seed % 4 == 0 ? ETH : BTC);
        AccountId account = holder(who, asset);
        if (isTaker(account)) account = ids[1];
        gear(account, asset, seed);
        drown(account, asset, bound(seed >> 8, 0, 0.3e18));
        if (seed % 5 != 0) vm.warp(block.timestamp + 70);
        refresh();
        for (uint256 i = 0; i < 3 && house.positionOf(account, asset).size != 0; ++i) {
            watchedSink(Action.Sink, account, asset, ids[(seed >> 16) % ACCOUNTS]);
            vm.warp(block.timestamp + (seed % 3 == 0 ? 5 : 30));
            refresh();
        }
    }

    function payDeficit(bool eth, uint256 ticks) external {
        AssetId asset = eth ? ETH : BTC;
        if (ticks % 8 == 0) bookLoss(Action.Pay, asset, ids[1], 1 + (ticks % 3_000e18));
        ticks = ticks % 3 == 0 ? ticks % 4 : 1 << 20;
        uint256 fund_ = uint256(house.cashOf(INSURANCE));
        int256 row = house.cashOf(deficitRow(asset));
        Budget memory budget = house.budgetOf(asset);
        (bool ok, bytes memory result, Vm.Log[] memory logs) = sendHeard(
            Action.Pay,
            alice,
            address(house),
            abi.encodeCall(house.pay, (asset, ticks))
        );
        if (!ok) return;
        (uint256 insured, uint256 shared) = abi.decode(result, (uint256, uint256));
        Flow memory flow = flowIn(logs, asset);
        if (flow.insured != insured || flow.shared != shared) fail_("CHAIN-1");
        if (house.cashOf(deficitRow(asset)) - row != int256(insured + shared)) fail_("CHAIN-1");
        if (fund_ - uint256(house.cashOf(INSURANCE)) != insured) fail_("CHAIN-1");
        checkBudget(asset, budget, insured);
    }

    /// @dev BTC comes to its end, everybody is closed, and it is listed again.
    function wind(uint256 who, uint256 seed) external {
        AssetState state_ = stateOf(BTC);
        if (kindOf(BTC) == AssetKind.None) relist();
        else if (state_ != AssetState.Settling) {
            if (seed % 6 == 0) end(seed % 4 == 0);
        } else {
            vm.warp(block.timestamp + (seed % 3 == 0 ? 1 days : 2 hours));
            refresh();
            for (uint256 i = 0; i < ACCOUNTS; ++i) {
                send(
                    Action.Wind,
                    alice,
                    abi.encodeCall(house.settle, (single(ids[((who % ACCOUNTS) + i) % ACCOUNTS])))
                );
            }
        }
        count(Action.Wind, true);
    }

    /// @dev As its authority decided, or anybody after a day without a price.
    function end(bool stale) internal {
        agree();
        refresh();
        if (stale) {
            vm.warp(block.timestamp + 1 hours + 1);
            house.accrue(single(BTC));
            vm.warp(block.timestamp + 1 days);
            if (router.staleSince(BTC) == 0) return fail_("PRICE-1");
            router.fixStale(BTC);
            refresh();
        } else router.fix(BTC);
        vm.prank(alice);
        configurator.windDown(BTC);
    }

    /// @dev Refused while something stands in its row; then the price stays what it was.
    function relist() internal {
        if (house.cashOf(deficitRow(BTC)) != 0) return;
        addFeed(BTC, 60_000e8);
        addWitness(BTC);
        configurator.listPerp(BTC, perpTerms(0.05e18, 0.1e18));
        delete seen[BTC];
        configurator.setMargin(BTC, marginTerms(0.03e18, 0.1e18, 0.06e18));
    }

    // ---- steps under watch

    function watchedSink(Action action, AccountId account, AssetId asset, AccountId keeperOf) internal {
        Market memory market = marketOf(asset);
        Look memory looked = look(account, asset, keeperOf, AccountId.wrap(0));
        bytes memory data = abi.encodeCall(liquidator.liquidate, (account, asset, keeperOf));
        (bool ok, bytes memory result, Vm.Log[] memory logs) = sendHeard(action, alice, address(liquidator), data);
        Told memory told = listen(logs, AccountId.wrap(0));
        checkOutlook(looked, told, ok, result);
        if (!ok) return;
        checkStep(looked, told);
        Flow memory flow = flowIn(logs, asset);
        checkBudget(asset, market.budget, flow.used);
        checkFlow(looked, flow, market.row);
        if (flow.offset == 0) return;
        trade(market, logs, asset);
        checkOffset(account, asset, market, flow, looked.assessment);
    }

    function marketOf(AssetId asset) internal view returns (Market memory market) {
        market.legs = snapshots(asset);
        market.row = house.cashOf(deficitRow(asset));
        market.openInterest = house.perpOf(asset).openInterest;
        market.budget = house.budgetOf(asset);
    }

    /// @dev Brings the market to where the pool and the backstop left it, earlier in the same call.
    function trade(Market memory market, Vm.Log[] memory logs, AssetId asset) internal view {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(house) || logs[i].topics[0] != IClearingHouse.Exchanged.selector) continue;
            if (uint256(logs[i].topics[1]) != AssetId.unwrap(asset)) continue;
            (uint256 size, uint256 price, uint256 openInterest) = abi.decode(logs[i].data, (uint256, uint256, uint256));
            market.openInterest = openInterest;
            for (uint256 k = 0; k < ACCOUNTS; ++k) {
                int256 taken = uint256(logs[i].topics[2]) == AccountId.unwrap(ids[k]) ? int256(size) : int256(0);
                if (uint256(logs[i].topics[3]) == AccountId.unwrap(ids[k])) taken = -int256(size);
                market.legs[k].size += taken;
                market.legs[k].cash -= value(taken, price);
            }
        }
    }

    function checkFlow(Look memory looked, Flow memory flow, int256 row) internal {
        row = house.cashOf(deficitRow(looked.asset)) - row;
        if (row != int256(flow.reduced) - int256(flow.booked)) fail_("CHAIN-1");
        if (flow.reduced < flow.insured + flow.shared) fail_("CHAIN-1");
        if (looked.assessment.equity >= 0 && flow.booked != 0) fail_("LIQ-2");
        checkOwn(looked, flow);
    }

    /// @dev SELF-1 and CHAIN-1: all that the account had pays first; what is booked is at most the rest, and all of it once
    /// nothing is left.
    function checkOwn(Look memory looked, Flow memory flow) internal {
        int256 equity = looked.assessment.equity;
        uint256 lacked = equity < 0 ? uint256(-equity) : 0;
        uint256 slack = ROUNDING + looked.mark / 1e17;
        if (flow.booked > lacked + flow.used + slack) fail_("SELF-1");
        bool gone = house.legsOf(looked.account).length == 0;
        if (gone && flow.booked + flow.used + slack < lacked) fail_("CHAIN-1");
    }

    /// @dev OFFSET-1 and SHARE-1 of what happened at once: everybody else of the other side shrank by the same fraction at mark,
    /// and paid no more than his reserve.
    function checkOffset(
        AccountId account,
        AssetId asset,
        Market memory market,
        Flow memory flow,
        Assessor.Assessment memory a
    ) internal {
        if (a.equity >= 0 && a.marginEquity * 2 >= int256(a.maintenance)) fail_("OFFSET-1", "orphaned");
        if (market.openInterest - house.perpOf(asset).openInterest != flow.offset) fail_("OFFSET-1", "closed at once");
        Snapshot[] memory before = market.legs;
        bool long = sideBefore(account, before);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            if (ids[i] == account || before[i].size == 0 || before[i].size > 0 == long) continue;
            checkCounterparty(asset, before[i], ids[i], market.openInterest, flow);
        }
    }

    function checkCounterparty(
        AssetId asset,
        Snapshot memory before,
        AccountId account,
        uint256 openInterest,
        Flow memory flow
    ) internal {
        Snapshot memory now_ = snapshot(account, asset);
        uint256 want = (magnitude(before.size) * (openInterest - flow.offset)) / openInterest;
        if (magnitude(now_.size) + 1 < want || magnitude(now_.size) > want + 2)
            fail_("OFFSET-1", "by the same at once");
        int256 gained = value(now_.size - before.size, flow.price) + now_.cash + owned(account) - before.cash;
        int256 slack = int256(4 + (8 * MAX_MARK) / 1e18);
        if (gained < -int256(reserve(before, flow.price, false)) - slack) fail_("SHARE-1");
    }

    function sideBefore(AccountId account, Snapshot[] memory before) internal view returns (bool) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) if (ids[i] == account) return before[i].size > 0;
        return false;
    }

    // ---- numbers

    /// @dev The price at which so much of the leg's value is lost beyond equity.
    function drown(AccountId account, AssetId asset, uint256 beyond) internal {
        int256 size = sizeOf(account, asset);
        if (size == 0) return;
        uint256 mark = markOf(asset);
        int256 equity = house.assess(account).equity;
        int256 lost = equity + int256(((magnitude(size) * mark) / 1e18) * beyond) / 1e18;
        if (lost <= 0) return;
        uint256 distance = (uint256(lost) * 1e18) / magnitude(size);
        uint256 price = size > 0 ? (distance < (mark * 6) / 10 ? mark - distance : (mark * 4) / 10) : mark + distance;
        setPrice(asset, bound(price, 1e18, MAX_MARK));
        try house.accrue(single(asset)) {} catch {}
    }

    function flowIn(Vm.Log[] memory logs, AssetId asset) internal view returns (Flow memory flow) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(house) || logs[i].topics.length < 2) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IClearingHouse.Offset.selector) {
                if (uint256(logs[i].topics[2]) == AssetId.unwrap(asset)) {
                    (flow.offset, flow.price) = abi.decode(logs[i].data, (uint256, uint256));
                }
                continue;
            }
            if (uint256(logs[i].topics[1]) != AssetId.unwrap(asset)) continue;
            if (topic == IClearingHouse.DeficitBooked.selector) flow.booked += abi.decode(logs[i].data, (uint256));
            if (topic == IClearingHouse.DeficitReduced.selector) flow.reduced += abi.decode(logs[i].data, (uint256));
            if (topic == IClearingHouse.DeficitInsured.selector) flow.insured += abi.decode(logs[i].data, (uint256));
            if (topic == IClearingHouse.InsuranceUsed.selector) flow.used += abi.decode(logs[i].data, (uint256));
            if (topic == Deleveraging.ProfitShared.selector) flow.shared += paidIn(logs[i].data);
        }
    }

    function paidIn(bytes memory data) internal pure returns (uint256 paid) {
        (, , paid, ) = abi.decode(data, (uint256, uint256, uint256, uint256));
    }
}
