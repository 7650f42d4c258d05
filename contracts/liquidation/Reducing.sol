// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {AssetState, Pool} from "../core/Ledger.sol";
import {Quotes} from "../core/Quotes.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Margin} from "../libraries/Margin.sol";
import {Minutes} from "../libraries/Minutes.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {accountId} from "../types/AccountId.sol";
import {PriceStatus} from "../types/Price.sol";
import {Flow} from "./Chain.sol";
import {Situations} from "./Situations.sol";

/// @notice Stage 1: the smallest reduction trades with the market's pool, as far as that moves its price little and a minute's
/// allowance goes.
library Reducing {
    using Minutes for Minutes.Minute;
    using Situations for Situations.Situation;

    /// @dev A part of what is planned below which the stage is passed.
    uint256 internal constant LEAST_PART = 10;

    /// @param holder the pool; nothing where there is none
    function offer(
        Situations.Situation memory s,
        Flow memory flow,
        Pool memory pool,
        Assessor.Holder memory holder
    ) internal view returns (ILiquidator.Offer memory o) {
        o.reason = hindrance(s, pool);
        if (o.reason != ILiquidator.Reason.None) return o;
        o.capacity = minuteOf(flow).left(s.market.initialDepth, s.terms.window);
        o.capacity = FixedPoint.min(o.capacity, roomOf(s, pool, holder));
        uint256 most = s.sizeOf(o.capacity);
        if (most == 0) return Situations.passed(o, ILiquidator.Reason.NoRoom);
        // The dearest that any part of it can be.
        int256 taken = s.size > 0 ? -int256(most) : int256(most);
        uint256 price = Quotes.price(pool, s.price, holder.size, taken, s.market.initialDepth);
        o.cost = rateOf(s, price);
        if (o.cost + s.penaltyRate() > s.mostCost()) return Situations.passed(o, ILiquidator.Reason.Toxic);
        Reduction.Plan memory p = s.planAfterTip(o.cost + s.penaltyRate());
        o.planned = p.size;
        if (p.size == 0) return Situations.passed(o, ILiquidator.Reason.Toxic);
        o.size = FixedPoint.min(p.size, most);
        if (o.size * LEAST_PART < p.size) {
            return Situations.passed(o, ILiquidator.Reason.NoRoom);
        }
    }

    /// @notice What the window has used when `notional` more goes through it.
    function used(Flow memory flow, uint256 notional) internal view returns (Flow memory) {
        Minutes.Minute memory minute = minuteOf(flow).plus(notional);
        (flow.windowStart, flow.windowUsed) = (minute.start, minute.used);
        return flow;
    }

    function minuteOf(Flow memory flow) internal pure returns (Minutes.Minute memory) {
        return Minutes.Minute(flow.windowUsed, flow.windowStart);
    }

    function hindrance(Situations.Situation memory s, Pool memory pool) private pure returns (ILiquidator.Reason) {
        if (s.isSpot() || pool.owner == address(0)) return ILiquidator.Reason.NoPool;
        if (accountId(pool.owner, 0) == s.account) return ILiquidator.Reason.OwnAccount;
        bool open = s.price.status == PriceStatus.Fresh && s.market.config.state < AssetState.Halted;
        return open ? ILiquidator.Reason.None : ILiquidator.Reason.Frozen;
    }

    /// @dev The least of what the pool takes and can carry and of what moves its price by the bound.
    function roomOf(
        Situations.Situation memory s,
        Pool memory pool,
        Assessor.Holder memory holder
    ) private pure returns (uint256) {
        uint256 depth = s.market.initialDepth;
        bool buys = s.size < 0;
        uint256 room = s.notional(Quotes.room(pool, holder.equity, holder.size, buys, s.price.mark, depth));
        int256 against = Margin.value(buys ? -holder.size : holder.size, s.price.mark);
        uint256 relieved = against < 0 ? uint256(-against) : 0;
        uint256 carried = s.carriedBy(holder, pool.inventoryLimit);
        room = FixedPoint.min(room, carried == 0 ? 0 : relieved + carried);
        int256 free = 2 * (int256(Situations.share(depth, s.terms.reduceImpact)) - against);
        return FixedPoint.min(room, free > 0 ? uint256(free) : 0);
    }

    /// @dev What a price is from mark against the account, per notional.
    function rateOf(Situations.Situation memory s, uint256 price) private pure returns (uint256) {
        uint256 mark = s.price.mark;
        uint256 lost = s.size > 0 ? mark - FixedPoint.min(mark, price) : FixedPoint.max(mark, price) - mark;
        return FixedPoint.mulDivUp(lost, WAD, mark);
    }
}
