// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {Pool} from "../core/Ledger.sol";
import {Planner} from "../core/Planner.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Minutes} from "../libraries/Minutes.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Absorbing} from "./Absorbing.sol";
import {AuctionHouse} from "./AuctionHouse.sol";
import {Chain, Flow, Lot} from "./Chain.sol";
import {Orphans} from "./Orphans.sol";
import {Reducing} from "./Reducing.sol";
import {Situations} from "./Situations.sol";

/// @notice What the closing chain would do, from the code that does it.
library Outlooks {
    using Minutes for Minutes.Minute;
    using Situations for Situations.Situation;

    function outlook(
        Chain storage chain,
        IClearingHouse house,
        AccountId account,
        AssetId asset
    ) external view returns (ILiquidator.Outlook memory o) {
        Situations.Situation memory s = Situations.load(chain, house, house.caseOf(account, asset), account, asset);
        (o.open, o.safe, o.health, o.margin) = (s.open, s.isSafe(), s.health, s.margin);
        if (!s.open) return o;
        Lot memory lot = chain.lots[account][asset];
        if (lot.size != 0 && !AuctionHouse.isOver(s, lot)) return wait(o);
        offers(chain, house, s, lot, o);
        o.stage = stageOf(o, lot.size != 0 && !AuctionHouse.isForgotten(s, lot));
    }

    function flowOf(
        Chain storage chain,
        IClearingHouse house,
        AssetId asset
    ) external view returns (uint256 inFlight, uint256 windowLeft) {
        Flow memory flow = chain.flows[asset];
        uint256 depth = house.marketOf(asset).initialDepth;
        return (flow.inFlight, Reducing.minuteOf(flow).left(depth, chain.terms[asset].window));
    }

    function offers(
        Chain storage chain,
        IClearingHouse house,
        Situations.Situation memory s,
        Lot memory lot,
        ILiquidator.Outlook memory o
    ) private view {
        Flow memory flow = chain.flows[s.asset];
        Pool memory pool = house.poolOf(s.asset);
        o.reduce = Reducing.offer(s, flow, pool, holderOf(house, accountId(pool.owner, 0), s.asset));
        o.auction = AuctionHouse.offer(s, flow.inFlight - lot.size);
        o.absorb = Absorbing.offer(s, chain.backstop, holderOf(house, chain.backstop, s.asset));
        o.offset = Orphans.offer(s);
        if (o.offset.size != 0 && !s.isSpot()) o.offset.size = closed(house, s, o.offset);
    }

    function holderOf(
        IClearingHouse house,
        AccountId account,
        AssetId asset
    ) private view returns (Assessor.Holder memory holder) {
        if (AccountId.unwrap(account) == 0) return holder;
        IClearingHouse.Case memory c = house.caseOf(account, asset);
        return Assessor.holder(c.account, c.size);
    }

    /// @dev What the ledger closes of what the stage asks for: it looks at what the step costs indeed, and drops what rounding
    /// leaves of a leg that has nothing on the other side.
    function closed(
        IClearingHouse house,
        Situations.Situation memory s,
        ILiquidator.Offer memory o
    ) private view returns (uint256 size) {
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        size = Planner.orphaned(s.standing, s.market, s.size, s.price, int256(d.penalty + d.tip));
        size = FixedPoint.min(size, o.size);
        if (size >= house.perpOf(s.asset).openInterest) size = FixedPoint.abs(s.size);
    }

    /// @dev A lot that is over had its time: the stages after it come first.
    function stageOf(ILiquidator.Outlook memory o, bool over) private pure returns (ILiquidator.Stage) {
        if (o.reduce.size != 0) return ILiquidator.Stage.Reduce;
        if (!over && o.auction.size != 0) return ILiquidator.Stage.Auction;
        if (o.absorb.size != 0) return ILiquidator.Stage.Absorb;
        if (o.offset.size != 0) return ILiquidator.Stage.Offset;
        return o.auction.size != 0 ? ILiquidator.Stage.Auction : ILiquidator.Stage.None;
    }

    function wait(ILiquidator.Outlook memory o) private pure returns (ILiquidator.Outlook memory) {
        (o.reduce.reason, o.auction.reason) = (ILiquidator.Reason.LotIsLive, ILiquidator.Reason.LotIsLive);
        (o.absorb.reason, o.offset.reason) = (ILiquidator.Reason.LotIsLive, ILiquidator.Reason.LotIsLive);
        return o;
    }
}
