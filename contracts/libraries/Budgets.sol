// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Budget} from "../core/Ledger.sol";
import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice How much of the insurance fund one market may use: shares of the fund as it was when the window began.
library Budgets {
    uint256 internal constant HOUR_SHARE = 1_000;
    uint256 internal constant DAY_SHARE = 2_500;

    /// @notice The budget at `time`, with windows that ended begun again at the present fund.
    function current(Budget memory budget, uint256 fund, uint256 time) internal pure returns (Budget memory) {
        if (time >= uint256(budget.hourStart) + 1 hours) {
            (budget.hourStart, budget.hourUsed, budget.hourFund) = (uint40(time), 0, uint128(fund));
        }
        if (time >= uint256(budget.dayStart) + 1 days) {
            (budget.dayStart, budget.dayUsed, budget.dayFund) = (uint40(time), 0, uint128(fund));
        }
        return budget;
    }

    /// @notice What may still be used of a current budget.
    function available(Budget memory budget) internal pure returns (uint256) {
        return
            FixedPoint.min(
                left(budget.hourFund, HOUR_SHARE, budget.hourUsed),
                left(budget.dayFund, DAY_SHARE, budget.dayUsed)
            );
    }

    /// @notice When a budget with nothing left has something again.
    function refilledAt(Budget memory budget) internal pure returns (uint256 time) {
        if (left(budget.hourFund, HOUR_SHARE, budget.hourUsed) == 0) time = uint256(budget.hourStart) + 1 hours;
        if (left(budget.dayFund, DAY_SHARE, budget.dayUsed) != 0) return time;
        return FixedPoint.max(time, uint256(budget.dayStart) + 1 days);
    }

    function left(uint256 fund, uint256 share, uint256 used) private pure returns (uint256) {
        uint256 most = FixedPoint.mulDivDown(fund, share, 10_000);
        return most > used ? most - used : 0;
    }
}
