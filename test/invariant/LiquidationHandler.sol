// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {Deleveraging} from "../../contracts/core/Deleveraging.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {ILotTaker} from "../../contracts/interfaces/ILotTaker.sol";
import {Lot, Terms} from "../../contracts/liquidation/Chain.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {TradingHandler} from "./TradingHandler.sol";
import {Action} from "./Watcher.sol";
import {Vm} from "forge-std/Vm.sol";

/// @notice Keepers and bidders of the closing chain, with a plain account as backstop, and owners who save themselves.
contract LiquidationHandler is TradingHandler, ILotTaker {
    uint256 internal constant MARKETS = 3;
    /// @dev A leg may be closed whole where only this much of it, in quote, would be left.
    uint256 internal constant DUST_LEFT = 50e18;
    /// @dev Sums over legs and values of parts of a leg round apart.
    uint256 internal constant ROUNDING = 1e6;

    /// @dev What a step starts from.
    struct Look {
        AccountId account;
        AssetId asset;
        AccountId keeper;
        AccountId taker;
        Assessor.Assessment assessment;
        int256[MARKETS] sizes;
        uint256 mark;
        ILiquidator.Outlook outlook;
        ILiquidator.LotView lot;
        Terms terms;
        uint256 tip;
        IClearingHouse.Case case_;
        int256 insured;
        int256 rewarded;
        int256 poolEquity;
        /// Whether somebody in it pays interest to insurance.
        bool indebted;
    }

    /// @dev What the events of a call say was done and paid.
    struct Told {
        uint256 steps;
        uint256 failures;
        ILiquidator.Stage stage;
        uint256 size;
        uint256 insured;
        uint256 rewarded;
        uint256 tip;
        /// What the ledger booked of the account, what of all that stands was reduced, and by whom; and what else insurance paid.
        uint256 booked;
        uint256 reduced;
        uint256 covered;
        uint256 shared;
        uint256 used;
        /// Whether anybody's leg went against the other side.
        bool offset;
    }

    struct TipGhost {
        uint256 since;
        uint256 paid;
        uint256 most;
    }

    mapping(AccountId => TipGhost) internal tips;

    function setUp() public virtual override {
        super.setUp();
        liquidator.setBackstop(ids[BACKSTOP]);
        // So little that lots of several accounts fill it.
        liquidator.setTerms(ETH, flightTerms(1_00));
        liquidator.setTerms(BTC, flightTerms(20));
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            if (i == POOL || i == BACKSTOP) continue;
            vm.prank(owners[i]);
            house.setOperator(address(this), true);
        }
    }

    function flightTerms(uint16 inFlight) internal pure returns (Terms memory terms) {
        terms = stageTerms();
        terms.inFlight = inFlight;
    }

    // ---- actions

    function step(uint256 who, uint256 pick, uint256 seed) external {
        if (seed % 8 != 0) refresh();
        AccountId account = ids[who % ACCOUNTS];
        if (seed % 4 != 0) (account, ) = failing(who, seed >> 8);
        watchedStep(Action.Step, account, legOf(account, pick), ids[(seed >> 16) % ACCOUNTS]);
    }

    /// @dev Good, bad, good; the bad one is skipped and says why.
    function stepMany(uint256 who, uint256 pick, uint256 seed) external {
        (AccountId first, AssetId asset) = failing(who, seed);
        AccountId second = ids[(seed >> 16) % ACCOUNTS];
        ILiquidator.Entry[] memory entries = new ILiquidator.Entry[](3);
        entries[0] = ILiquidator.Entry(first, asset);
        entries[1] = ILiquidator.Entry(first, AssetId.wrap(999));
        entries[2] = ILiquidator.Entry(second, legOf(second, pick));
        watchedMany(entries, ids[(seed >> 24) % ACCOUNTS]);
    }

    /// @dev A lot, of which there may have to be one first; in parts, with limits, from inventory or without.
    function bidLot(uint256 who, uint256 bidder, uint256 part, uint256 seed) external {
        (AccountId account, AssetId asset) = liveLot(who, seed);
        if (seed % 8 != 0 && !house.isLiquidatable(account)) press(account, asset, bound(seed, 0.2e18, 0.79e18));
        vm.warp(block.timestamp + (seed % 4 == 0 ? 0 : bound(seed, 1, 400)));
        refresh();
        bidder = trader(bidder);
        if (part % 8 != 0) fund(owners[bidder], ids[bidder], 20_000e6);
        ILiquidator.LotView memory v = liquidator.lotOf(account, asset);
        ILiquidator.Bid memory terms;
        (terms.account, terms.asset, terms.taker) = (account, asset, ids[bidder]);
        (terms.most, terms.deadline) = (
            part % 3 == 0 ? type(uint256).max : bound(part, v.size / 11, v.size + 1),
            block.timestamp
        );
        terms.limit = v.long ? v.price : type(uint256).max;
        if (seed % 16 != 1) terms.limit = v.long ? type(uint256).max : 0;
        if (seed % 3 != 0) terms.data = abi.encode(part);
        watchedBid(Action.Bid, terms, terms.data.length != 0 ? address(this) : owners[bidder]);
    }

    /// @notice Half of the bidders who ask for it get rid of what they took at once.
    function onTaken(ILiquidator.Taken calldata taken, bytes calldata data) public virtual {
        calledBack = true;
        if (abi.decode(data, (uint256)) % 2 == 0) return;
        uint256 limit = taken.size < 0 ? type(uint128).max : 0;
        try
            exchange.trade(IExchange.PoolTrade(taken.taker, taken.asset, -taken.size, limit, false, block.timestamp))
        returns (int256, uint256) {} catch {}
    }

    /// @dev An owner saves his account while a part of it is on offer; whoever comes then finds a lot asleep or to be cleared.
    function topUp(uint256 who, uint256 amount, uint256 seed) external {
        (AccountId account, AssetId asset) = liveLot(who, seed);
        Assessor.Assessment memory a = house.assess(account);
        int256 lacks = int256((a.maintenance * bound(seed, 50, 150)) / 100) - a.marginEquity;
        amount = amount % 4 == 0 || lacks <= 0 ? bound(amount, 1, 4_000e6) : uint256(lacks) / 1e12 + 1;
        address payer = payerOf(account);
        quote.mint(payer, amount);
        send(Action.TopUp, payer, abi.encodeCall(house.deposit, (account, QUOTE, amount)));
        if (seed % 2 == 0) watchedStep(Action.TopUp, account, asset, ids[(seed >> 8) % ACCOUNTS]);
    }

    /// @dev Lots that are over: replaced, absorbed or taken away.
    function crank(uint256 who, uint256 seed) external {
        (AccountId account, AssetId asset) = liveLot(who, seed);
        uint256 end = liquidator.lotOf(account, asset).end;
        if (seed % 8 != 0 && end > block.timestamp) vm.warp(end);
        refresh();
        if (seed % 4 == 0) fund(owners[BACKSTOP], ids[BACKSTOP], 20_000e6);
        watchedStep(Action.Crank, account, asset, ids[(seed >> 8) % ACCOUNTS]);
    }

    // ---- who is in trouble

    /// @dev An account of which something is on offer; if there is none, one that has just come to it.
    function liveLot(uint256 who, uint256 seed) internal returns (AccountId account, AssetId asset) {
        (account, asset) = lotFrom(who);
        if (liquidator.lotOf(account, asset).lot.size != 0) return (account, asset);
        (account, asset) = failing(who, seed >> 8);
        watchedStep(Action.Step, account, asset, ids[seed % ACCOUNTS]);
    }

    function lotFrom(uint256 who) internal view returns (AccountId account, AssetId asset) {
        for (uint256 i = 0; i < ACCOUNTS * MARKETS; ++i) {
            uint256 at = ((who % 1_000) + i) % (ACCOUNTS * MARKETS);
            (account, asset) = (ids[at % ACCOUNTS], assetAt(at / ACCOUNTS));
            if (liquidator.lotOf(account, asset).lot.size != 0) break;
        }
    }

    /// @dev Somebody whose price moves until he fails but is not bankrupt, mostly for long enough that it counts.
    function failing(uint256 who, uint256 seed) internal returns (AccountId account, AssetId asset) {
        asset = openMarket(seed % 4 == 0 ? ETH : BTC);
        account = holder(who, asset);
        if (house.isLiquidatable(account) && seed % 2 == 0) return (account, asset);
        if (account == ids[POOL]) account = ids[trader(who)];
        gear(account, asset, seed);
        press(account, asset, bound(seed, 0.05e18, 0.99e18));
        if (seed % 3 == 0) return (account, asset);
        vm.warp(block.timestamp + 5 minutes);
        refresh();
    }

    /// @dev Sets the price at which the account's health is about this, if there is a sensible one, and latches it.
    function press(AccountId account, AssetId asset, uint256 health) internal {
        Assessor.Assessment memory a = house.assess(account);
        uint256 mark = markOf(asset);
        int256 held = value(sizeOf(account, asset), mark);
        int256 divisor = held - int256((a.maintenance * health) / 1e18);
        if (divisor == 0) return;
        int256 factor = ((held - a.marginEquity) * 1e18) / divisor;
        if (factor < 0.4e18 || factor > 2.5e18) return;
        setPrice(asset, bound((mark * uint256(factor)) / 1e18, 1e18, MAX_MARK));
        try house.accrue(single(asset)) {} catch {}
    }

    /// @dev Gives the account a leg that a move of the price can hurt.
    function gear(AccountId account, AssetId asset, uint256 seed) internal {
        if (house.assess(account).equity < 1_000e18) fund(alice, account, 5_000e6);
        refresh();
        uint256 mark = markOf(asset);
        int256 size = sizeOf(account, asset);
        int256 equity = smaller(house.assess(account).equity, 400_000e18);
        uint256 held = (magnitude(size) * mark) / 1e18;
        if (2 * equity <= int256(held)) return;
        uint256 wanted = 3 * uint256(equity);
        AccountId maker = ids[account == ids[1] ? 2 : 1];
        fund(alice, maker, wanted / 1e12);
        bool buys = size == 0 ? (seed >> 4) % 2 == 0 : size > 0;
        (AccountId buyer, AccountId seller) = buys ? (account, maker) : (maker, account);
        IClearingHouse.Trade memory terms = tradeTerms(asset, buyer, seller, ((wanted - held) * 1e18) / mark, mark);
        if (watchedTrade(Action.Step, terms)) return;
        terms.size /= 3;
        watchedTrade(Action.Step, terms);
    }

    function legOf(AccountId account, uint256 pick) internal view returns (AssetId) {
        AssetId[] memory legs = house.legsOf(account);
        return legs.length == 0 ? ETH : legs[pick % legs.length];
    }

    function assetAt(uint256 i) internal pure returns (AssetId) {
        return AssetId.wrap(uint16(i + 1));
    }

    function payerOf(AccountId account) internal view returns (address) {
        return isTaker(account) ? owners[0] : account.ownerOf();
    }

    // ---- steps under watch

    function watchedStep(Action action, AccountId account, AssetId asset, AccountId keeperOf) internal {
        Look memory before = look(account, asset, keeperOf, AccountId.wrap(0));
        (bool ok, bytes memory result, Vm.Log[] memory logs) = sendHeard(
            action,
            alice,
            address(liquidator),
            abi.encodeCall(liquidator.liquidate, (account, asset, keeperOf))
        );
        Told memory told = listen(logs, AccountId.wrap(0));
        checkOutlook(before, told, ok, result);
        if (ok) checkStep(before, told);
    }

    function watchedBid(Action action, ILiquidator.Bid memory terms, address bidder) internal {
        AccountId keeperOf = liquidator.lotOf(terms.account, terms.asset).lot.keeper;
        Look memory before = look(terms.account, terms.asset, keeperOf, terms.taker);
        (bool ok, bytes memory result, Vm.Log[] memory logs) = sendHeard(
            action,
            bidder,
            address(liquidator),
            abi.encodeCall(liquidator.bid, (terms))
        );
        if (!ok) return;
        (uint256 size, uint256 price) = abi.decode(result, (uint256, uint256));
        if (size != min(terms.most, before.lot.size)) fail_("QUOTE-1");
        if (size == before.lot.size && price != before.lot.price) fail_("QUOTE-1");
        if (before.lot.long ? price > terms.limit : price < terms.limit) fail_("QUOTE-1");
        checkStep(before, listen(logs, AccountId.wrap(0)));
        checkTarget(before, size);
        Assessor.Assessment memory taker = house.assess(terms.taker);
        if (taker.initialEquity < int256(taker.initial)) fail_("LIQ-1");
    }

    /// @dev LIVE-1: what could be done on its own is done, what could not says why.
    function watchedMany(ILiquidator.Entry[] memory entries, AccountId keeperOf) internal {
        AccountId idle = AccountId.wrap(0);
        Look memory first = look(entries[0].account, entries[0].asset, keeperOf, idle);
        Look memory second = look(entries[2].account, entries[2].asset, keeperOf, idle);
        bytes memory data = abi.encodeCall(liquidator.liquidateMany, (entries, keeperOf));
        (bool ok, bytes memory result, Vm.Log[] memory logs) = sendHeard(
            Action.StepMany,
            alice,
            address(liquidator),
            data
        );
        if (!ok) return fail_("LIVE-1");
        bytes[] memory reasons = abi.decode(result, (bytes[]));
        if (reasons.length != 3 || reasons[1].length == 0) return fail_("LIVE-1");
        Told memory told = listen(logs, first.account);
        bool wanted = first.outlook.stage != ILiquidator.Stage.None;
        if (told.failures == 0 && wanted && reasons[0].length != 0) fail_("LIVE-1");
        bool sold = first.account == second.account && second.asset == WETH;
        // What one entry shares out or closes against the other side may be the other's.
        bool apart = !told.offset && told.shared == 0;
        checkTips(told.tip, sold ? second : first, apart);
        if (apart && !isTaker(first.account)) checkLegs(first);
        if (apart && !isTaker(second.account)) checkLegs(second);
        if (first.account == second.account) return;
        checkTips(listen(logs, second.account).tip, second, apart);
        if (reasons[2].length != 0) checkRefused(entries[2], keeperOf);
    }

    /// @dev Nothing has happened since it was refused.
    function checkRefused(ILiquidator.Entry memory entry, AccountId keeperOf) internal {
        bytes memory data = abi.encodeCall(liquidator.liquidate, (entry.account, entry.asset, keeperOf));
        (bool ok, ) = sendTo(Action.StepMany, alice, address(liquidator), data);
        if (ok) fail_("LIVE-1");
    }

    function look(
        AccountId account,
        AssetId asset,
        AccountId keeperOf,
        AccountId taker
    ) internal view returns (Look memory seen_) {
        (seen_.account, seen_.asset, seen_.keeper, seen_.taker) = (account, asset, keeperOf, taker);
        seen_.assessment = house.assess(account);
        for (uint256 i = 0; i < MARKETS; ++i) seen_.sizes[i] = sizeOf(account, assetAt(i));
        seen_.mark = markOf(asset);
        seen_.outlook = liquidator.outlook(account, asset);
        seen_.lot = liquidator.lotOf(account, asset);
        seen_.terms = liquidator.termsOf(asset);
        seen_.tip = tipOf(account, seen_.assessment.maintenance, seen_.terms);
        seen_.case_ = house.caseOf(account, asset);
        seen_.insured = house.cashOf(INSURANCE);
        seen_.rewarded = owned(keeperOf);
        seen_.poolEquity = poolEquity();
        seen_.indebted = owes(account) || owes(keeperOf) || owes(taker) || owes(ids[POOL]) || owes(ids[BACKSTOP]);
    }

    /// @param account only what is told of this one; of all when zero
    function listen(Vm.Log[] memory logs, AccountId account) internal view returns (Told memory told) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(house)) hearLedger(told, logs[i]);
            if (logs[i].emitter != address(liquidator)) continue;
            bytes32 topic = logs[i].topics[0];
            if (AccountId.unwrap(account) != 0 && uint256(logs[i].topics[1]) != AccountId.unwrap(account)) continue;
            if (topic == ILiquidator.StageFailed.selector) ++told.failures;
            if (topic == ILiquidator.Stepped.selector) hearStep(told, logs[i].data);
            if (topic == ILiquidator.LotFilled.selector) hearFill(told, logs[i].data);
        }
    }

    function hearLedger(Told memory told, Vm.Log memory entry) internal pure {
        bytes32 topic = entry.topics[0];
        if (topic == IClearingHouse.DeficitBooked.selector) told.booked += abi.decode(entry.data, (uint256));
        if (topic == IClearingHouse.DeficitReduced.selector) told.reduced += abi.decode(entry.data, (uint256));
        if (topic == IClearingHouse.DeficitInsured.selector) told.covered += abi.decode(entry.data, (uint256));
        if (topic == IClearingHouse.InsuranceUsed.selector) told.used += abi.decode(entry.data, (uint256));
        if (topic == IClearingHouse.Offset.selector) told.offset = true;
        if (topic != Deleveraging.ProfitShared.selector) return;
        (, , uint256 paid, ) = abi.decode(entry.data, (uint256, uint256, uint256, uint256));
        told.shared += paid;
    }

    function hearStep(Told memory told, bytes memory data) internal pure {
        (ILiquidator.Stage stage_, uint256 size, , uint256 penalty, uint256 tip) = abi.decode(
            data,
            (ILiquidator.Stage, uint256, uint256, uint256, uint256)
        );
        if (told.steps == 0) (told.stage, told.size) = (stage_, size);
        hear(told, penalty, tip);
    }

    function hearFill(Told memory told, bytes memory data) internal pure {
        uint256 penalty;
        uint256 tip;
        (told.size, , , penalty, tip) = abi.decode(data, (uint256, uint256, int256, uint256, uint256));
        told.stage = ILiquidator.Stage.Auction;
        hear(told, penalty, tip);
    }

    function hear(Told memory told, uint256 penalty, uint256 tip) internal pure {
        ++told.steps;
        told.tip += tip;
        told.insured += penalty - penalty / 2;
        told.rewarded += penalty / 2 + tip;
    }

    /// @dev QUOTE-1: the view says what is done first and how much of it.
    function checkOutlook(Look memory before, Told memory told, bool ok, bytes memory result) internal {
        ILiquidator.Outlook memory o = before.outlook;
        if (!ok) {
            if (o.stage != ILiquidator.Stage.None) fail_("QUOTE-1");
            return;
        }
        if (told.steps == 0) (told.stage, told.size) = abi.decode(result, (ILiquidator.Stage, uint256));
        if (told.stage != o.stage) fail_("QUOTE-1");
        if (told.stage == ILiquidator.Stage.Reduce && told.size != o.reduce.size) fail_("QUOTE-1");
        if (told.stage == ILiquidator.Stage.Auction && told.size != o.auction.size) fail_("QUOTE-1");
        if (told.stage == ILiquidator.Stage.Absorb && told.size != o.absorb.size) fail_("QUOTE-1");
        if (told.stage == ILiquidator.Stage.Offset && told.size != o.offset.size) fail_("QUOTE-1");
    }

    function checkStep(Look memory before, Told memory told) internal {
        checkLegs(before);
        bool alone = told.steps == 1 && told.shared == 0 && !told.offset && before.account != ids[POOL];
        if (alone && told.stage == ILiquidator.Stage.Reduce && poolEquity() + 1 < before.poolEquity) fail_("POOL-1");
        checkPay(before, told);
        checkTips(told.tip, before, true);
        checkOpened(before);
    }

    /// @dev LIQ-1 and LIQ-2, from the assessments alone.
    function checkLegs(Look memory before) internal {
        Assessor.Assessment memory a = before.assessment;
        bool fails =
            a.marginEquity < int256(a.maintenance) &&
                (a.fastMarginEquity < int256(a.fastMaintenance) || a.marginEquity * 10 < int256(a.maintenance) * 8);
        bool overborrowed = (int256(a.collateral) - a.equity) * 2 > int256(a.collateral);
        for (uint256 i = 0; i < MARKETS; ++i) {
            (int256 had, int256 has) = (before.sizes[i], sizeOf(before.account, assetAt(i)));
            if (has == had) continue;
            if (!fails && !(overborrowed && assetAt(i) == WETH)) fail_("LIQ-1");
            if (magnitude(has) > magnitude(had) || (had > 0 ? has < 0 : has > 0)) fail_("LIQ-2");
        }
        Assessor.Assessment memory b = house.assess(before.account);
        if (lowered(a, b)) fail_("LIQ-2");
        if (a.maintenance != 0 && a.equity >= 0 && b.equity < 0) fail_("LIQ-2");
    }

    /// @dev CHAIN-1: a lot and the backstop cost at most their share of the margin freed, the pool what was quoted besides penalty
    /// and tip; half of the penalty is insurance's, all else the keeper's.
    function checkPay(Look memory before, Told memory told) internal {
        int256 paid = house.cashOf(INSURANCE) - before.insured;
        // Its part of a penalty repays what stands before it stays.
        uint256 repaid = told.reduced - told.covered - told.shared;
        if (!before.indebted && paid != int256(told.insured) - int256(told.used + repaid))
            fail_("CHAIN-1", "insurance");
        if (told.reduced < told.covered + told.shared) fail_("CHAIN-1", "more than stood");
        AccountId keeperOf = before.keeper;
        bool apart = !isTaker(keeperOf) && keeperOf != before.account && keeperOf != before.taker;
        if (apart && owned(keeperOf) - before.rewarded != int256(told.rewarded)) fail_("CHAIN-1", "keeper");
        Assessor.Assessment memory a = house.assess(before.account);
        uint256 budget = (freed(before, a, told.steps > 1) * shareOf(before)) / 1e18;
        uint256 slack = ROUNDING + before.mark / 1e18;
        if (told.steps == 1 && told.stage == ILiquidator.Stage.Offset) slack += unfreed(before, told.size);
        uint256 paidByInsurance = told.used - told.covered;
        if (told.insured + told.rewarded > budget + slack + paidByInsurance) fail_("CHAIN-1", "penalty and tip");
        if (told.steps != 1 || keeperOf == before.account) return;
        int256 loss = before.assessment.equity - a.equity + int256(told.booked);
        if (told.stage == ILiquidator.Stage.Reduce)
            budget = told.insured + told.rewarded + (before.outlook.reduce.cost * told.size * before.mark) / 1e36;
        // What insurance buys while nobody knows its worth is sold for what it counts.
        if (told.stage == ILiquidator.Stage.Offset) budget = freed(before, a, false);
        if (loss > int256(budget + slack)) fail_("CHAIN-1", "loss");
    }

    /// @dev What would be freed besides of what was asked for: the ledger closes no more than is needed when tip and penalty, which
    /// are planned at the slope of the whole leg, turn out smaller, nor more than rounding has left of the other side. Of spot
    /// no more is asked for than insurance has room for.
    function unfreed(Look memory before, uint256 size) internal returns (uint256 margin) {
        bool spot = before.asset == WETH;
        uint256 asked = spot ? before.outlook.offset.size : before.outlook.offset.planned;
        if (size >= asked) return 0;
        margin =
            spot
                ? marginOf(before, asked - size)
                : neededWithout(before.case_, size) - neededWithout(before.case_, asked);
        uint256 penalty = (marginOf(before, asked) * before.terms.penalty) / 10_000;
        if (margin > 2 * (before.tip + penalty) + ROUNDING) fail_("OFFSET-1", "less than asked for");
    }

    /// @dev What a leg asks for when so much of it is closed.
    function neededWithout(IClearingHouse.Case memory c, uint256 size) internal pure returns (uint256) {
        return Assessor.leg(c.market, c.size > 0 ? c.size - int256(size) : c.size + int256(size), c.price).maintenance;
    }

    function marginOf(Look memory before, uint256 size) internal pure returns (uint256) {
        return (((size * before.mark) / 1e18) * before.outlook.margin) / 1e18;
    }

    /// @dev The most that the account may pay as tip now.
    function tipOf(AccountId account, uint256 maintenance, Terms memory terms) internal view returns (uint256) {
        (uint256 since, uint256 left) = liquidator.tipLeft(account);
        return block.timestamp < since + 1 hours ? left : min(terms.tip, maintenance / 50);
    }

    /// @dev κ + (95 % − κ)·(1 − health); of a spot κ.
    function shareOf(Look memory before) internal pure returns (uint256) {
        uint256 least = uint256(before.terms.incentive) * 1e14;
        if (before.asset == WETH) return least;
        return least + ((0.95e18 - least) * (1e18 - before.outlook.health)) / 1e18;
    }

    /// @dev Of a perp (maintenance released)·clamp(health, 0, 1), of a spot the haircut of what was sold. Health rises between
    /// the steps of one call.
    function freed(Look memory before, Assessor.Assessment memory a, bool many) internal view returns (uint256) {
        if (before.asset == WETH) {
            uint256 sold = uint256(before.sizes[2] - sizeOf(before.account, WETH));
            return (((sold * before.mark) / 1e18) * before.outlook.margin) / 1e18 + 1;
        }
        uint256 maintenance = before.assessment.maintenance;
        if (a.maintenance >= maintenance) return 0;
        int256 health = many ? int256(1e18) : (before.assessment.marginEquity * 1e18) / int256(maintenance);
        if (health <= 0) return 0;
        return ((maintenance - a.maintenance) * min(uint256(health) + 1, 1e18)) / 1e18;
    }

    /// @dev TIP-1: over one episode an account pays at most one tip; only an account at its target, or an hour, ends it.
    /// @param apart whether nothing but its own step may have changed the account
    function checkTips(uint256 tip, Look memory before, bool apart) internal {
        AccountId account = before.account;
        TipGhost storage ghost = tips[account];
        if (tip != 0) {
            if (block.timestamp >= ghost.since + 1 hours) {
                uint256 bound_ = before.assessment.maintenance;
                if (before.asset == WETH)
                    bound_ = max(bound_, (value_(before.sizes[2], before.mark) * before.outlook.margin) / 1e18);
                (ghost.since, ghost.paid) = (block.timestamp, 0);
                ghost.most = min(before.terms.tip, bound_ / 50);
            }
            ghost.paid += tip;
            if (ghost.paid > ghost.most + ROUNDING) fail_("TIP-1");
        }
        (uint256 since, ) = liquidator.tipLeft(account);
        if (since != 0 || ghost.since == 0) return;
        ghost.since = 0;
        if (!apart) return;
        Assessor.Assessment memory a = house.assess(account);
        if (a.marginEquity + int256(ROUNDING) < int256((a.maintenance * before.terms.target) / 10_000)) fail_("TIP-1");
    }

    /// @dev LOT-1, of a lot that has just been put on offer: within what may be in flight, and no more than brings the account
    /// to its target when it costs all that it may.
    function checkOpened(Look memory before) internal {
        Lot memory lot = liquidator.lotOf(before.account, before.asset).lot;
        if (lot.size == 0 || lot.start != block.timestamp) return;
        if (lot.start == before.lot.lot.start && lot.size == before.lot.lot.size) return;
        uint256 whole = magnitude(sizeOf(before.account, before.asset));
        (uint256 inFlight, ) = liquidator.flowOf(before.asset);
        if (lot.size > whole) fail_("LOT-1");
        uint256 cap = capOf(before.asset, before.terms);
        if ((inFlight * before.mark) / 1e18 > cap + DUST_LEFT) fail_("LOT-1");
        if ((lot.size * before.mark) / 1e18 > cap / 5 + DUST_LEFT) fail_("LOT-1");
        // What an account earns as its own keeper reaches it after the step was planned on.
        if (lot.size == whole || before.asset == WETH || before.keeper == before.account) return;
        uint256 margin = liquidator.outlook(before.account, before.asset).margin;
        checkPlan(before, house.caseOf(before.account, before.asset), margin, lot.size);
    }

    function checkPlan(Look memory before, IClearingHouse.Case memory c, uint256 margin, uint256 size) internal {
        uint256 maintenance = c.account.maintenance + neededWithout(c, size) - neededWithout(c, 0);
        uint256 cost = (((margin * shareOf(before)) / 1e18 + 2) * ((size * before.mark) / 1e18)) / 1e18;
        int256 target = int256((maintenance * before.terms.target) / 10_000);
        if (c.account.marginEquity - int256(cost) > target + int256(ROUNDING + before.mark / 1e17)) fail_("LOT-1");
    }

    /// @dev LOT-1, of a fill: had it cost all that it may, its account would not be above the target. Reckoned on the market
    /// as it was, for who bids may trade with the pool before he is done.
    function checkTarget(Look memory before, uint256 size) internal {
        if (before.asset == WETH || sizeOf(before.account, before.asset) == 0) return;
        before.case_.account.marginEquity -= int256(uint256(before.terms.tip));
        checkPlan(before, before.case_, before.outlook.margin, size);
    }

    /// @dev LOT-1: what is in flight in a market is the sum of its lots.
    function checkLots() internal {
        for (uint256 i = 0; i < MARKETS; ++i) {
            uint256 sum;
            for (uint256 k = 0; k < ACCOUNTS; ++k) sum += liquidator.lotOf(ids[k], assetAt(i)).lot.size;
            (uint256 inFlight, ) = liquidator.flowOf(assetAt(i));
            if (inFlight != sum) fail_("LOT-1");
        }
    }

    // ---- numbers

    function capOf(AssetId asset, Terms memory terms) internal view returns (uint256) {
        return (house.marketOf(asset).initialDepth * terms.inFlight) / 10_000;
    }

    /// @dev Whether an account may have been the other party of a step.
    function isTaker(AccountId account) internal view returns (bool) {
        return account == ids[POOL] || account == ids[BACKSTOP];
    }

    function owes(AccountId account) internal view returns (bool) {
        (, uint256 interest) = house.debtOf(account);
        return interest != 0;
    }

    function value_(int256 size, uint256 price) internal pure returns (uint256) {
        return (magnitude(size) * price) / 1e18;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }
}
