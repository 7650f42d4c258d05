// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reduction} from "../libraries/Reduction.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {Price} from "../types/Price.sol";
import {Assessor} from "./Assessor.sol";
import {AssetKind} from "./Ledger.sol";
import {Markets} from "./Markets.sol";

/// @notice Reduction plans of an account's legs, from the same numbers that its margin is computed from.
library Planner {
    /// @param target the health to reach, in 1e18
    /// @param cost of closing, as a part of the notional closed in 1e18
    function plan(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        uint256 target,
        uint256 cost
    ) internal pure returns (Reduction.Plan memory) {
        return Reduction.plan(legOf(s, market, size, price, target, cost));
    }

    /// @notice A leg and the account around it, as a plan sees them.
    function legOf(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        uint256 target,
        uint256 cost
    ) internal pure returns (Reduction.Leg memory leg) {
        leg.spot = market.config.kind == AssetKind.Spot;
        (leg.gross, leg.equity) = (s.equity, s.marginEquity);
        leg.otherMaintenance = s.maintenance - Assessor.leg(market, size, price).maintenance;
        leg.size = FixedPoint.abs(size);
        leg.price = price.mark;
        leg.rate = Assessor.maintenanceRate(market, price.status);
        leg.depth = market.maintenanceDepth;
        leg.haircut = FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000);
        (leg.target, leg.cost) = (target, cost);
    }

    /// @notice Whether a plan should be taken rather than another: one that reaches the target at the least expense; if none
    /// does, the one that leaves the account healthiest.
    function better(Reduction.Plan memory a, Reduction.Plan memory b) internal pure returns (bool) {
        if (a.toxic || b.toxic) return !a.toxic;
        if (a.reaches != b.reaches) return a.reaches;
        if (a.reaches) return a.expense < b.expense;
        return a.equity * int256(b.maintenance) > b.equity * int256(a.maintenance);
    }
}
