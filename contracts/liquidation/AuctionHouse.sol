// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {ILotTaker} from "../interfaces/ILotTaker.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Chain, Flow, Lot} from "./Chain.sol";
import {Situations} from "./Situations.sol";

/// @notice Stage 2: Dutch auctions of slices. The taker gets the size at the live mark and a premium out of the account's margin
/// that begins below nothing and climbs to all that may be paid. How long that takes is what the market leaves: frozen
/// when the lot opens and after each fill, and cut short when it would be shorter now.
library AuctionHouse {
    using Situations for Chain;
    using Situations for Situations.Situation;

    /// @dev Of what is in flight, one account has at most a fifth; of a lot, a bid takes at least a tenth.
    uint256 internal constant PER_ACCOUNT = 5;
    uint256 internal constant LEAST_PART = 10;
    uint256 internal constant FLOOR_UNIT = 1e9;
    uint256 internal constant FORGOTTEN = 1 hours;

    /// @notice The lot that would be opened now.
    /// @param inFlight size in all other lots of the market
    function offer(Situations.Situation memory s, uint256 inFlight) internal pure returns (ILiquidator.Offer memory o) {
        if (s.isFrozen()) return Situations.passed(o, ILiquidator.Reason.Frozen);
        o.planned = s.plan(s.mostCost()).size;
        if (o.planned == 0) return Situations.passed(o, ILiquidator.Reason.Toxic);
        o.cost = s.mostCost();
        uint256 depth = s.market.initialDepth;
        uint256 most = Situations.share(depth, s.terms.inFlight);
        uint256 taken = s.notional(inFlight);
        uint256 room = FixedPoint.min(most / PER_ACCOUNT, most > taken ? most - taken : 0);
        uint256 wanted = s.sizeOf(Incentives.slice(s.margin, depth));
        wanted = FixedPoint.min(FixedPoint.min(o.planned, wanted), s.sizeOf(most / PER_ACCOUNT));
        o.capacity = room;
        o.size = FixedPoint.min(wanted, s.sizeOf(room));
        if (o.size == 0 || o.size * LEAST_PART < wanted) {
            return Situations.passed(o, ILiquidator.Reason.NoRoom);
        }
        uint256 whole = FixedPoint.abs(s.size);
        if (o.planned == whole && s.isDust(whole - o.size)) o.size = whole;
    }

    /// @notice What a bid finds, its price aside: no more than brings the account to its target at what that costs now.
    function look(
        Situations.Situation memory s,
        Lot memory lot
    ) private view returns (ILiquidator.LotView memory v, uint256 planned) {
        (v.lot, v.long) = (lot, s.size > 0);
        (v.start, v.end) = (lot.start, endOf(s, lot));
        if (!s.open || s.isFrozen() || isForgotten(s, lot)) return (v, 0);
        planned = s.planAfterTip(costNow(s, v)).size;
        v.size = FixedPoint.min(lot.size, planned);
        if (v.size == 0) return (v, 0);
        uint256 whole = FixedPoint.abs(s.size);
        if (planned == whole && s.isDust(whole - v.size)) v.size = whole;
        v.least = FixedPoint.min(v.size, FixedPoint.divUp(lot.size, LEAST_PART));
    }

    /// @notice What a bid finds, and what the whole of it costs.
    function quote(
        Chain storage chain,
        IClearingHouse house,
        AccountId account,
        AssetId asset
    ) external view returns (ILiquidator.LotView memory v) {
        Lot memory lot = chain.lots[account][asset];
        if (lot.size == 0) return v;
        Situations.Situation memory s = chain.load(house, house.caseOf(account, asset), account, asset);
        uint256 planned;
        (v, planned) = look(s, lot);
        if (v.size != 0) (v.premium, v.price) = premiumOf(s, v, s.dealOf(v.size, planned));
    }

    /// @notice When the premium of a lot is at its top. Never later than a lot that opens now would last.
    function endOf(Situations.Situation memory s, Lot memory lot) internal pure returns (uint256) {
        return lot.start + FixedPoint.min(lot.duration, Incentives.duration(s.margin, s.price.sigma));
    }

    function isOver(Situations.Situation memory s, Lot memory lot) internal view returns (bool) {
        return block.timestamp >= endOf(s, lot);
    }

    /// @notice Nobody came for what a lot left behind: what fails now fails for another reason, and has its own auction.
    function isForgotten(Situations.Situation memory s, Lot memory lot) internal view returns (bool) {
        return lot.size != 0 && block.timestamp >= endOf(s, lot) + FORGOTTEN;
    }

    /// @notice Takes a part of the lot; what is still needed afterwards is the next lot.
    function fill(
        Chain storage chain,
        IClearingHouse house,
        ILiquidator.Bid calldata bid
    ) external returns (uint256 size, uint256 price) {
        requireValid(house, bid);
        Situations.Situation memory s = chain.load(
            house,
            house.examine(bid.account, bid.asset),
            bid.account,
            bid.asset
        );
        Lot memory lot = lotAt(chain, s.account, s.asset);
        require(lot.size != 0, ILiquidator.NoLot(s.account, s.asset));
        (ILiquidator.LotView memory v, uint256 planned) = look(s, lot);
        require(v.size != 0, ILiquidator.NothingOnOffer(s.account, s.asset));
        size = FixedPoint.min(v.size, bid.most);
        requireEnough(s, v, size, bid.least);
        Situations.Deal memory d = s.dealOf(size, planned);
        v.size = size;
        (v.premium, price) = premiumOf(s, v, d);
        require(v.long ? price <= bid.limit : price >= bid.limit, ILiquidator.PriceBeyondLimit(price, bid.limit));
        (d.taker, d.price) = (bid.taker, price);
        insure(s, d, lot.keeper, v.premium);
        emit ILiquidator.LotFilled(
            s.account,
            s.asset,
            bid.taker,
            size,
            price,
            v.premium,
            d.penalty,
            d.tip + d.insuredTip
        );
        IClearingHouse.Step memory step = house.liquidate(s.termsOf(d), callback(s, bid, d));
        s.take(step.size, step.standing);
        // The bidder may have traded with this very account.
        if (bid.data.length != 0) s.reload(house.examine(s.account, s.asset));
        s.pay(chain.episodes[s.account], d.tip + d.insuredTip);
        settle(chain, s, lot);
    }

    /// @notice What is on offer. What the last lot left behind is of no interest.
    function lotAt(Chain storage chain, AccountId account, AssetId asset) internal view returns (Lot memory lot) {
        Lot storage stored = chain.lots[account][asset];
        if (stored.size != 0) lot = stored;
    }

    /// @notice Tells a bidder what he has taken.
    function hand(bytes calldata data) external {
        (address bidder, ILiquidator.Taken memory taken, bytes memory own) = abi.decode(
            data,
            (address, ILiquidator.Taken, bytes)
        );
        ILotTaker(bidder).onTaken(taken, own);
    }

    /// @notice Opens a lot, in place of one that is over.
    function replace(
        Chain storage chain,
        Situations.Situation memory s,
        Lot memory lot,
        uint256 size,
        AccountId keeper
    ) internal {
        lot.keeper = keeper;
        put(chain, s, lot, size);
    }

    /// @notice Takes a lot away.
    function close(Chain storage chain, Situations.Situation memory s, Lot memory lot) internal {
        put(chain, s, lot, 0);
    }

    function requireValid(IClearingHouse house, ILiquidator.Bid calldata bid) private view {
        require(block.timestamp <= bid.deadline, ILiquidator.DeadlinePassed(bid.deadline, block.timestamp));
        address owner = bid.taker.ownerOf();
        bool allowed = owner != address(0) && (msg.sender == owner || house.isOperator(owner, msg.sender));
        require(allowed, ILiquidator.NotOwnerOrOperator(bid.taker, msg.sender));
    }

    /// @dev A bid on all of a leg takes all of it, or leaves what is worth another bid.
    function requireEnough(
        Situations.Situation memory s,
        ILiquidator.LotView memory v,
        uint256 size,
        uint256 least
    ) private pure {
        bool leavesDust = v.size == FixedPoint.abs(s.size) && s.isDust(v.size - size);
        least = FixedPoint.max(least, leavesDust ? v.size : v.least);
        require(size >= least, ILiquidator.BidTooSmall(size, least));
    }

    /// @dev After a fill: nothing if the account is safe, else the lot that it needs now.
    function settle(Chain storage chain, Situations.Situation memory s, Lot memory lot) private {
        uint256 size;
        if (s.size != 0 && !s.isSafe()) size = offer(s, chain.flows[s.asset].inFlight - lot.size).size;
        put(chain, s, lot, size);
    }

    /// @dev The clock of what is not empty begins now.
    function put(Chain storage chain, Situations.Situation memory s, Lot memory lot, uint256 size) private {
        Flow storage flow = chain.flows[s.asset];
        flow.inFlight = uint96(flow.inFlight - lot.size + size);
        lot.size = uint96(size);
        if (size != 0) {
            lot.start = uint48(block.timestamp);
            lot.duration = uint16(Incentives.duration(s.margin, s.price.sigma));
            uint256 floor = FixedPoint.divUp(Incentives.move(s.price.sigma, s.terms.latency), FLOOR_UNIT);
            lot.floor = uint32(FixedPoint.min(floor, type(uint32).max));
        }
        chain.lots[s.account][s.asset] = lot;
        emit ILiquidator.LotChanged(s.account, s.asset, lot);
    }

    /// @dev What a unit of notional costs the account at this moment at most, the tip aside.
    function costNow(Situations.Situation memory s, ILiquidator.LotView memory v) private view returns (uint256) {
        uint256 penalty = s.penaltyRate();
        uint256 floor = uint256(v.lot.floor) * FLOOR_UNIT;
        uint256 top = s.mostCost() - penalty;
        int256 rate = Incentives.premium(WAD, floor, top, block.timestamp - v.start, v.end - v.start);
        return rate > 0 ? penalty + uint256(rate) + 1 : penalty;
    }

    function premiumOf(
        Situations.Situation memory s,
        ILiquidator.LotView memory v,
        Situations.Deal memory d
    ) private view returns (int256 premium, uint256 price) {
        uint256 value = s.notional(v.size);
        uint256 room = d.premium + d.insuredPremium;
        uint256 floor = uint256(v.lot.floor) * FLOOR_UNIT;
        premium = Incentives.premium(value, floor, room, block.timestamp - v.start, v.end - v.start);
        price = Incentives.price(v.long, s.price.mark, premium, v.size);
    }

    /// @dev A bankrupt account deals at mark; what the taker gets beyond that is the insurance's.
    function insure(
        Situations.Situation memory s,
        Situations.Deal memory d,
        AccountId keeper,
        int256 premium
    ) private pure {
        bool insured = d.insuredPremium != 0 && premium > 0;
        if (insured) d.price = s.price.mark;
        s.payTo(d, keeper, insured ? uint256(premium) : 0);
    }

    function callback(
        Situations.Situation memory s,
        ILiquidator.Bid calldata bid,
        Situations.Deal memory d
    ) private view returns (bytes memory) {
        if (bid.data.length == 0) return "";
        int256 got = s.size > 0 ? int256(d.size) : -int256(d.size);
        return abi.encode(msg.sender, ILiquidator.Taken(s.account, s.asset, bid.taker, got, d.price), bid.data);
    }
}
