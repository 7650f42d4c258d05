// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {PriceStatus} from "../types/Price.sol";
import {Situations} from "./Situations.sol";

/// @notice Stage 4, for what nobody takes. A perp of an account that is bankrupt or below half of its maintenance closes at
/// mark against the other side: the whole leg of a bankrupt account, else the smallest reduction. A spot of a bankrupt
/// account whose price is stale goes to insurance.
library Orphans {
    using Situations for Situations.Situation;

    function offer(Situations.Situation memory s) internal pure returns (ILiquidator.Offer memory o) {
        if (s.isSpot()) return offerSpot(s, o);
        if (s.isFrozen()) return Situations.passed(o, ILiquidator.Reason.Frozen);
        if (!Assessor.orphaned(s.standing)) return Situations.passed(o, ILiquidator.Reason.NotOrphaned);
        o.planned = s.standing.equity < 0 ? FixedPoint.abs(s.size) : s.smallestAfterTip(s.penaltyRate()).size;
        (o.size, o.capacity) = (o.planned, s.notional(o.planned));
        if (o.size == 0) return Situations.passed(o, ILiquidator.Reason.Toxic);
    }

    /// @dev As much as pays what is owed at what the spot counts for, within the budget of insurance.
    function offerSpot(
        Situations.Situation memory s,
        ILiquidator.Offer memory o
    ) private pure returns (ILiquidator.Offer memory) {
        if (s.price.status != PriceStatus.Stale) return Situations.passed(o, ILiquidator.Reason.NotOrphaned);
        if (s.debtSale || !s.isBankrupt()) return Situations.passed(o, ILiquidator.Reason.NotOrphaned);
        if (s.margin >= WAD) return Situations.passed(o, ILiquidator.Reason.Toxic);
        uint256 owed = FixedPoint.mulDivUp(Assessor.debt(s.standing), WAD, WAD - s.margin);
        (o.planned, o.capacity) = (s.sizeOf(owed), FixedPoint.mulDivDown(s.insurable, WAD, WAD - s.margin));
        o.size = FixedPoint.min(o.planned, s.sizeOf(o.capacity));
        o.cost = s.margin;
        return o.size == 0 ? Situations.passed(o, ILiquidator.Reason.NoRoom) : o;
    }
}
