// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {Assessor} from "../core/Assessor.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {TestToken} from "./TestToken.sol";

/// @notice Everybody in a replayed market: who trades, who bids for lots, the backstop's account and the keeper are rows of this
/// contract, so that one step of the market is one transaction.
contract ReplayMarket {
    /// @dev What a bidder asks: half a pool's spread, and half a minute of the market.
    uint256 private constant LEAST_PREMIUM = 0.0005e18;
    uint256 private constant HOLDING = 30;
    /// @dev Of the room that a bidder's margin has, what he uses.
    uint256 private constant CAUTION = 0.98e18;

    IClearingHouse private immutable house;
    ILiquidator private immutable liquidator;
    AssetId private immutable asset;
    MockV3Aggregator private immutable feed;
    MockV3Aggregator private immutable peg;
    TestToken private immutable token;
    AccountId private immutable keeper;
    uint96[] private bidders;
    uint96[] private makers;
    mapping(uint96 bidder => uint256) private takenAt;

    struct Opening {
        uint96 trader;
        uint96 maker;
        bool long;
        uint256 notional;
        /// Margin per notional in 1e18; more if the market asks for more.
        uint256 margin;
    }

    /// @notice What a step left of an account, and why `liquidate` found nothing to do.
    struct Look {
        uint96 trader;
        int256 size;
        int256 equity;
        uint256 maintenance;
        ILiquidator.Reason auction;
        ILiquidator.Reason absorb;
        ILiquidator.Reason offset;
        /// What `liquidate` used; slots that the step had read before were warm.
        uint256 gas;
    }

    struct Conditions {
        uint256 mark;
        uint256 fast;
        uint256 sigma;
        uint256 rate;
        uint256 depth;
        uint256 initialRate;
        /// Σ equity of the makers.
        int256 makers;
    }

    event Opened(uint96 indexed trader, int256 size, uint256 price, uint256 margin, bool raised);
    /// @notice A bidder has passed on what he took.
    event PassedOn(uint96 indexed bidder, int256 size, uint256 price);
    event Looked(Conditions conditions, Look[] looks);
    /// @notice `liquidate` failed with something else than that nothing is needed or possible.
    event Refused(uint96 indexed trader, bytes reason);

    constructor(
        ILiquidator liquidator_,
        AssetId asset_,
        MockV3Aggregator feed_,
        MockV3Aggregator peg_,
        uint96 keeper_,
        uint96[] memory bidders_,
        uint96[] memory makers_
    ) {
        (liquidator, house, asset) = (liquidator_, liquidator_.clearingHouse(), asset_);
        (feed, peg) = (feed_, peg_);
        (bidders, makers) = (bidders_, makers_);
        token = TestToken(house.reserveOf(QUOTE).token);
        keeper = accountId(address(this), keeper_);
        token.approve(address(house), type(uint256).max);
    }

    /// @notice Mints token units of quote into an account.
    function fund(uint96 trader, uint256 amount) public {
        token.mint(address(this), amount);
        house.deposit(accountId(address(this), trader), QUOTE, amount);
    }

    /// @notice Opens positions at a new price, at mark.
    function open(int256 answer, Opening[] calldata openings) external {
        peg.updateAnswer(peg.latestAnswer());
        latch(answer);
        for (uint256 i = 0; i < openings.length; ++i) openOne(openings[i]);
    }

    /// @notice A new price; then each account in turn is bid for and liquidated, as far as that is possible.
    /// @param waiting accounts with a lot on offer
    /// @param others accounts that may be below maintenance
    function step(int256 answer, uint96[] calldata waiting, uint96[] calldata others) external {
        latch(answer);
        for (uint256 i = 0; i < bidders.length; ++i) passOn(bidders[i]);
        Look[] memory looks = new Look[](waiting.length + others.length);
        uint256 count;
        for (uint256 i = 0; i < waiting.length; ++i) if (attend(waiting[i], looks[count])) ++count;
        for (uint256 i = 0; i < others.length; ++i) if (work(others[i], looks[count])) ++count;
        assembly ("memory-safe") {
            mstore(looks, count)
        }
        emit Looked(conditions(), looks);
    }

    /// @dev What a bidder asks for is what this costs him: half a minute of the market, and half a spread. He closes against who
    /// holds most of the other side, so that neither adds to anything; what is more than that follows with the next step.
    function passOn(uint96 bidder) private {
        if (takenAt[bidder] == 0 || block.timestamp < takenAt[bidder] + HOLDING) return;
        AccountId account = accountId(address(this), bidder);
        IClearingHouse.Case memory c = house.caseOf(account, asset);
        (AccountId maker, uint256 room) = largest(c.size > 0);
        uint256 held = FixedPoint.abs(c.size);
        if (held <= room) takenAt[bidder] = 0;
        uint256 size = FixedPoint.min(held, room);
        if (size == 0 || c.account.equity <= 0) return;
        uint256 distance = FixedPoint.mulDown(c.price.mark, LEAST_PREMIUM);
        uint256 price = c.size > 0 ? c.price.mark - distance : c.price.mark + distance;
        int256 change = c.size > 0 ? -int256(size) : int256(size);
        trade(account, maker, change, price);
        emit PassedOn(bidder, -change, price);
    }

    /// @dev The maker who holds most of the side against a long or a short.
    function largest(bool long) private view returns (AccountId maker, uint256 room) {
        for (uint256 i = 0; i < makers.length; ++i) {
            AccountId candidate = accountId(address(this), makers[i]);
            int256 size = house.caseOf(candidate, asset).size;
            if (long == (size < 0) && FixedPoint.abs(size) > room) (maker, room) = (candidate, FixedPoint.abs(size));
        }
    }

    function look(uint96 trader, Look memory found) private view {
        IClearingHouse.Case memory c = house.caseOf(accountId(address(this), trader), asset);
        (found.trader, found.size) = (trader, c.size);
        (found.equity, found.maintenance) = (c.account.equity, c.account.maintenance);
    }

    function conditions() public view returns (Conditions memory) {
        IClearingHouse.Case memory c = house.caseOf(keeper, asset);
        return
            Conditions(
                c.price.mark,
                c.price.fast,
                c.price.sigma,
                c.market.maintenanceRate,
                c.market.maintenanceDepth,
                c.market.initialRate,
                equityOfMakers()
            );
    }

    function equityOfMakers() private view returns (int256 sum) {
        for (uint256 i = 0; i < makers.length; ++i) {
            sum += house.caseOf(accountId(address(this), makers[i]), asset).account.equity;
        }
    }

    function latch(int256 answer) private {
        feed.updateAnswer(answer);
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        house.accrue(assets);
    }

    function openOne(Opening calldata o) private {
        AccountId account = accountId(address(this), o.trader);
        IClearingHouse.Case memory c = house.caseOf(account, asset);
        int256 size = int256(FixedPoint.mulDivDown(o.notional, WAD, c.price.mark));
        if (!o.long) size = -size;
        uint256 own = FixedPoint.mulUp(o.notional, o.margin);
        uint256 asked = askedFor(c, size);
        uint256 units = FixedPoint.max(own, asked) / 1e12 + 1;
        fund(o.trader, units);
        trade(account, accountId(address(this), o.maker), size, c.price.mark);
        emit Opened(o.trader, size, c.price.mark, units * 1e12, asked > own);
    }

    /// @dev Initial margin, and what the leg is worth less at the worse of mark and slow; a little more for rounding.
    function askedFor(IClearingHouse.Case memory c, int256 size) private pure returns (uint256) {
        uint256 worse = Margin.worse(size, c.price.mark, c.price.slow);
        uint256 distance = worse > c.price.mark ? worse - c.price.mark : c.price.mark - worse;
        return Assessor.initial(c.market, size, c.price.mark, c.price) + Margin.notionalOf(size, distance) + 1e12;
    }

    function trade(AccountId account, AccountId maker, int256 size, uint256 price) private {
        IClearingHouse.Trade memory t;
        (t.asset, t.size, t.price) = (asset, FixedPoint.abs(size), price);
        (t.buyer, t.seller) = size > 0 ? (account, maker) : (maker, account);
        house.trade(t);
    }

    /// @dev Whoever bids is as fast as the keepers: a premium that is enough is taken before a lot that is over goes.
    /// @return whether anything happened
    function attend(uint96 trader, Look memory found) private returns (bool) {
        AccountId account = accountId(address(this), trader);
        ILiquidator.LotView memory v = liquidator.lotOf(account, asset);
        if (v.size != 0 && v.premium > 0 && bid(account, v)) {
            look(trader, found);
            return true;
        }
        return block.timestamp >= v.end && work(trader, found);
    }

    function work(uint96 trader, Look memory found) private returns (bool) {
        uint256 gas = gasleft();
        try liquidator.liquidate(accountId(address(this), trader), asset, keeper) {
            found.gas = gas - gasleft();
        } catch (bytes memory reason) {
            if (bytes4(reason) == IClearingHouse.AccountAboveMaintenance.selector) return false;
            if (bytes4(reason) == ILiquidator.NothingPossible.selector) readReasons(reason, found);
            else emit Refused(trader, reason);
        }
        look(trader, found);
        return true;
    }

    function readReasons(bytes memory reason, Look memory found) private pure {
        uint256[6] memory words;
        assembly ("memory-safe") {
            mcopy(words, add(reason, 0x24), 0xc0)
        }
        (found.auction, found.absorb) = (ILiquidator.Reason(words[3]), ILiquidator.Reason(words[4]));
        found.offset = ILiquidator.Reason(words[5]);
    }

    function bid(AccountId account, ILiquidator.LotView memory v) private returns (bool) {
        IClearingHouse.Case memory c = house.caseOf(keeper, asset);
        uint256 ask = LEAST_PREMIUM + Incentives.move(c.price.sigma, HOLDING);
        if (uint256(v.premium) < FixedPoint.mulUp(FixedPoint.mulUp(v.size, c.price.mark), ask)) return false;
        (AccountId bidder, uint256 room) = richest(account, v.long);
        if (room < v.least) return false;
        ILiquidator.Bid memory b;
        (b.account, b.asset, b.taker, b.most) = (account, asset, bidder, room);
        (b.limit, b.deadline) = (v.long ? type(uint256).max : 0, block.timestamp);
        try liquidator.bid(b) {
            uint96 taker = uint96(AccountId.unwrap(bidder));
            if (takenAt[taker] == 0) takenAt[taker] = block.timestamp;
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The bidder whose margin has the most room, and how much.
    function richest(AccountId account, bool long) private view returns (AccountId bidder, uint256 room) {
        for (uint256 i = 0; i < bidders.length; ++i) {
            AccountId candidate = accountId(address(this), bidders[i]);
            if (candidate == account) continue;
            uint256 size = roomOf(house.caseOf(candidate, asset), long);
            if (size > room) (bidder, room) = (candidate, size);
        }
    }

    /// @dev n of notional with (rate + N/D + d)·n + n²/2D = free, d what it is worth less at the worse of mark and slow.
    function roomOf(IClearingHouse.Case memory c, bool long) private pure returns (uint256) {
        int256 free = c.account.initialEquity - int256(c.account.initial);
        if (free <= 0) return 0;
        uint256 depth = c.market.initialDepth;
        uint256 worse = Margin.worse(long ? int256(1) : int256(-1), c.price.mark, c.price.slow);
        uint256 distance = worse > c.price.mark ? worse - c.price.mark : c.price.mark - worse;
        uint256 slope = c.market.initialRate + FixedPoint.mulDivUp(distance, WAD, c.price.mark);
        slope += FixedPoint.mulDivUp(Margin.notionalOf(c.size, worse), WAD, depth);
        uint256 square = slope * slope + FixedPoint.mulDivDown(2 * uint256(free) * WAD, WAD, depth);
        uint256 notional = FixedPoint.mulDown(depth, FixedPoint.sqrtUp(square) - slope);
        return FixedPoint.mulDivDown(FixedPoint.mulDown(notional, CAUTION), WAD, FixedPoint.max(worse, c.price.mark));
    }
}
