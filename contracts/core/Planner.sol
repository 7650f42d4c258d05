// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reduction} from "../libraries/Reduction.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {Price} from "../types/Price.sol";
import {Assessor} from "./Assessor.sol";
import {AssetKind} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Planning} from "./Planning.sol";

/// @notice Reduction plans of an account's legs, from the same numbers that its margin is computed from.
library Planner {
    /// @dev The health up to which a solvent account is offset at most.
    uint256 private constant MOST_TARGET = 2e18;

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
        leg.otherMaintenance = s.maintenance - (leg.spot ? 0 : Assessor.maintenance(market, size, price));
        leg.size = FixedPoint.abs(size);
        leg.price = price.mark;
        leg.rate = Assessor.maintenanceRate(market, price.status);
        leg.depth = market.maintenanceDepth;
        leg.haircut = FixedPoint.min(Assessor.haircut(market.config, price.status), 10_000);
        (leg.target, leg.cost) = (target, cost);
    }

    /// @notice What of an orphaned leg is offset at most: the whole one of a bankrupt account, else what brings it well above
    /// maintenance when it has paid for the step.
    function orphaned(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        int256 cost
    ) internal pure returns (uint256) {
        if (s.equity < 0) return FixedPoint.abs(size);
        s = Assessor.Standing(s.equity - cost, s.marginEquity - cost, s.maintenance, s.collateral);
        return Planning.plan(legOf(s, market, size, price, MOST_TARGET, 0)).size;
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
