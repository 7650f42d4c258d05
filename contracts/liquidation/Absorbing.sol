// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {Margin} from "../libraries/Margin.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {Situations} from "./Situations.sol";

/// @notice Stage 3: the backstop takes at mark, for what is left of the account's margin, within its caps and only if that
/// pays for a minute of the market.
library Absorbing {
    using Situations for Situations.Situation;

    /// @dev The backstop is paid at least σ·√60 s.
    uint256 internal constant HOLDING = 60;

    /// @param holder the backstop; nothing where there is none
    function offer(
        Situations.Situation memory s,
        AccountId backstop,
        Assessor.Holder memory holder
    ) internal pure returns (ILiquidator.Offer memory o) {
        if (AccountId.unwrap(backstop) == 0) return Situations.passed(o, ILiquidator.Reason.NoBackstop);
        if (backstop == s.account) return Situations.passed(o, ILiquidator.Reason.OwnAccount);
        if (s.isFrozen()) return Situations.passed(o, ILiquidator.Reason.Frozen);
        o.planned = s.plan(s.mostCost()).size;
        if (o.planned == 0) return Situations.passed(o, ILiquidator.Reason.Toxic);
        o.capacity = capacity(s, holder);
        o.size = FixedPoint.min(o.planned, s.sizeOf(o.capacity));
        if (o.size == 0) return Situations.passed(o, ILiquidator.Reason.NoRoom);
        uint256 pay = s.dealOf(o.size, o.planned).premium;
        o.cost = FixedPoint.mulDivDown(pay, WAD, FixedPoint.max(s.notional(o.size), 1));
        if (o.cost >= Incentives.move(s.price.sigma, HOLDING)) return o;
        return Situations.passed(o, ILiquidator.Reason.PaysTooLittle);
    }

    /// @dev Up to its share of depth and to what its free margin carries; what it holds against the leg comes on top. A spot is
    /// paid for with the cash that nothing else needs.
    function capacity(Situations.Situation memory s, Assessor.Holder memory holder) private pure returns (uint256) {
        uint256 cap = Situations.share(s.market.initialDepth, s.terms.backstop);
        uint256 held = Margin.notionalOf(holder.size, s.price.mark);
        int256 quote = holder.freeQuote;
        uint256 carried = s.isSpot() ? (quote > 0 ? uint256(quote) : 0) : s.carriedBy(holder, s.terms.backstop);
        if (carried == 0) return 0;
        if (holder.size != 0 && (holder.size > 0) != (s.size > 0)) return held + FixedPoint.min(cap, carried);
        return FixedPoint.min(cap > held ? cap - held : 0, carried);
    }
}
